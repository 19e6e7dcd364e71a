"""`rhythm demo`: an instance of its own, full of made-up work."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import Coroutine
from functools import partial

import click

from rhythm_domain.errors import Unavailable
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.opening import Opening, at_terminal
from rhythm_tui.cli.progress import progress
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.looks.wording import REMOVE_DEMO

_NEXT = (
    "issue list 'assignee:@me is:open'",
    "issue list 'project:WEB deadlock'",
    "sprint report STN current",
    "project list",
)

TRIES = 3
"""How often the demo is removed, should somebody be at work in it."""


@click.command(
    cls=Verb,
    examples=[
        "rhythm demo",
        "rhythm demo --issues 200000",
        "rhythm --demo issue list is:overdue",
        "rhythm demo --remove",
    ],
)
@click.option(
    "--issues", type=click.IntRange(1, 5_000_000), metavar="N", help="Add N generated issues in 50 projects."
)
@click.option("--no-open", is_flag=True, help="Only fill it.")
@click.option("--remove", is_flag=True, help="Remove it, with all that was done in it.")
@yes_option
@pass_context
def demo(
    context: Context, issues: int | None, no_open: bool, remove: bool, yes: bool
) -> Coroutine[object, object, None] | Opening | None:
    """Try Rhythm on a workspace that is full of life: a weather station, its dashboard and its app.

    It has a database of its own, beside yours. What you do there stays until you remove it, by `rhythm demo
    --remove`; with `rhythm --demo` in front every other command works on it.
    """
    from rhythm_domain.demo import filler, workspace

    context.demo = True
    if remove:
        if issues or no_open:
            raise click.UsageError("--remove goes without --issues and --no-open.")
        _remove(context, yes=yes)
        return None
    me = asyncio.run(_enter(context))
    conninfo = context.conninfo()
    if workspace.create(conninfo, owner=me):
        context.out.note("Made three projects of people who do not exist.")
    bar = partial(progress, quiet=context.json)
    if issues and not filler.fill(conninfo, issues, owner=me, progress=bar):
        context.out.note(f"It was filled before. To do it anew, first remove it: {REMOVE_DEMO}")
    if no_open:
        context.out.done("The demo is ready: rhythm demo")
        return None
    if at_terminal() and not context.json:
        return Opening({**context.flags, "demo": True})
    return _print(context, workspace.MAIN)


def _remove(context: Context, *, yes: bool) -> None:
    """Stops the demo's server and removes its folders."""
    server = context.embedded
    folders = [folder for folder in {server.home, context.settings.data_dir} if folder.exists()]
    if not folders:
        context.out.done("There is no demo to remove.")
        return
    confirm(f"Remove the demo, with all that was done in it ({server.home})?", yes=yes)
    left = folders
    for _ in range(TRIES):
        server.stop()
        # An app that is open on it starts the server again, as long as there is something to start.
        (server.data / "PG_VERSION").unlink(missing_ok=True)
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        left = [folder for folder in folders if folder.exists()]
        if not left:
            break
    else:
        places = ", ".join(map(str, left))
        raise Unavailable(f"Not all of the demo could be removed: {places}.", hint="Is it in use?")
    context.out.done("The demo is removed.")


async def _enter(context: Context) -> int:
    """Sets the instance up if it is new; the id of the person."""
    async with context.session() as session:
        return session.user.id


async def _print(context: Context, key: str) -> None:
    """The board of the main project, and what to type next."""
    from rhythm_tui.cli import board_view

    async with context.session() as session:
        board = await session.boards.show(key, limit=3)
    board_view.show(context.out, board, cards=3)
    context.out.note("")
    context.out.note(f"This is a demo, in a database of its own: {context.embedded.home}. Type on:")
    # Not everybody has it on their PATH: a virtual environment need not be active.
    called = "python -m rhythm_tui" if sys.argv[0].endswith("__main__.py") else shlex.quote(sys.argv[0])
    program = "rhythm" if shutil.which("rhythm") else called
    for command in (f"board {key}", *_NEXT):
        context.out.note(f"  {program} --demo {command}")
