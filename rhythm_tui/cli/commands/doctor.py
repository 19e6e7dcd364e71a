"""`rhythm doctor`: is everything well? The health check of an instance and of the place it is used from."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile

import click

from rhythm_domain.errors import RhythmError
from rhythm_domain.maintenance.health import Check, State, database_checks, verdict
from rhythm_domain.text import shown
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.errors import Exit, exit_code
from rhythm_tui.cli.output import Output

_MARKS = {State.WELL: ("✓", "green"), State.NOTE: ("i", "blue"), State.BAD: ("✗", "bold red")}


@click.command(cls=Verb, examples=["rhythm doctor", "rhythm doctor --json | jq .well"])
@click.pass_context
@pass_context
async def doctor(context: Context, ctx: click.Context, /) -> None:
    """Is everything well? Exits with 0 only if it is.

    Looks at the settings, the database, its schema and clock, what is derived from the issues, the sign-in,
    the private files and the terminal.
    """
    checks: list[Check] = []
    out = context.out
    async for check in _all(context):
        checks.append(check)
        if not out.as_json:
            _say(out, check)
    bad = [check for check in checks if check.state is State.BAD]
    if out.as_json:
        items = [
            {"name": one.name, "state": one.state, "message": one.message, "hint": one.hint} for one in checks
        ]
        out.document({"well": not bad, "items": items, "next": None})
    if bad:
        errors = [check.error for check in bad if check.error is not None]
        ctx.exit(exit_code(errors[0]) if errors else Exit.UNEXPECTED)


async def _all(context: Context) -> AsyncIterator[Check]:
    """Every check, in the order in which one would look."""
    signed_in = await _sign_in(context)  # It sets up an embedded instance, or brings it up to date.
    yield Check("settings", State.WELL, f"instance {context.instance_name}")
    reached = True
    try:
        conninfo = context.conninfo()
    except RhythmError as error:
        yield _unreached(Check("database", State.BAD, error.message, error.hint, error))
        reached = False
    else:
        async for check in database_checks(conninfo):
            reached = reached and check.error is None
            yield _unreached(check)
    # What is wrong with the database is said once, and nobody can sign in before it is well.
    yield signed_in if reached else Check("signed in", State.NOTE, "not known before the database is well")
    for check in (*_files(context), *_folders(context), *_terminal(context.out)):
        yield check


def _unreached(check: Check) -> Check:
    """The check with a hint for somebody who asked the doctor already."""
    return replace(check, hint=check.hint.replace(" `rhythm doctor` looks closer.", ""))


def _say(out: Output, check: Check) -> None:
    mark, style = _MARKS[check.state]
    out.line(f"{out.styled(mark, style)} {check.name:12} {shown(check.message)}")
    if check.hint:
        out.line(f"{'':14} {out.styled(shown(check.hint), 'dim')}")


async def _sign_in(context: Context) -> Check:
    try:
        async with context.session() as session:
            return Check("signed in", State.WELL, f"as {session.user.name}")
    except RhythmError as error:
        return Check("signed in", State.BAD, error.message, error.hint, error)


def _files(context: Context) -> Iterator[Check]:
    """What holds secrets or data must be the person's alone."""
    settings = context.settings
    places = [settings.log_dir / "rhythm.log", settings.state_dir / "sessions.json"]
    if not settings.database_url:
        places.append(context.embedded.data)
    open_ones = [place for place in places if _open_to_others(place)]
    if not settings.database_url:
        yield Check("log", State.NOTE, f"the server's own: {context.embedded.log}")
    yield verdict(
        "files",
        bool(open_ones),
        f"others may read {', '.join(map(str, open_ones))}" if open_ones else "private to you",
        f"Run `chmod -R go= {' '.join(map(str, open_ones))}`.",
    )
    free = shutil.disk_usage(_existing(settings.data_dir)).free
    yield verdict(
        "disk", free < 200e6, f"{free / 1e9:,.1f} GB free", "Make room: a full disk stops all work."
    )


def _folders(context: Context) -> Iterator[Check]:
    """Whether the log and what a person has not saved yet can be written."""
    settings = context.settings
    for name, folder, lost in (
        ("log folder", settings.log_dir, "nothing is logged"),
        ("state folder", settings.state_dir, "drafts and sign-ins are not kept"),
    ):
        problem = _unwritable(folder)
        yield verdict(
            name,
            bool(problem),
            f"{folder} can't be written: {problem}; {lost}" if problem else f"{folder}",
            "Make room there, see whose it is, or set another (`rhythm config` names the setting).",
        )


def _unwritable(folder: Path) -> str:
    """Why a folder takes no file, or would not if it existed; empty if it does."""
    try:
        with TemporaryFile(dir=_existing(folder), buffering=0) as file:
            file.write(bytes(4096))
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _open_to_others(place: Path) -> bool:
    try:
        return bool(place.stat().st_mode & 0o077)
    except OSError:
        return False


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _terminal(out: Output) -> Iterator[Check]:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    yield verdict(
        "encoding", encoding != "utf8", encoding or "unknown", "Use a UTF-8 locale: export LC_ALL=C.UTF-8"
    )
    if not out.terminal:
        yield Check("terminal", State.NOTE, "none: output goes to a pipe or a file")
        return
    size = shutil.get_terminal_size()
    term, truecolor = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "")
    colors = (
        "24-bit colours" if truecolor in ("truecolor", "24bit") else "256 colours" if "256" in term else ""
    )
    described = ", ".join(filter(None, (f"{size.columns}x{size.lines}", term or "no TERM", colors)))
    yield verdict(
        "terminal",
        size.columns < 80 or size.lines < 24 or term in ("", "dumb"),
        described,
        "The app is at its best from 80x24 up, in a terminal whose TERM is right.",
    )
