"""`rhythm undo` and `rhythm redo`."""

from __future__ import annotations

import click

from rhythm_domain.models.history import UndoResult
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.issue_view import keys
from rhythm_tui.cli.operation import operation_option


@click.command(cls=Verb, examples=["rhythm undo CORE", "rhythm undo CORE --past"])
@click.argument("key")
@click.option("--past", is_flag=True, help="Pass over later changes that can't be taken back.")
@operation_option
@pass_context
async def undo(context: Context, key: str, past: bool) -> None:
    """Take back your latest change in the project KEY; a bulk change as one step.

    What others changed since is left alone, and named. Changes of members, roles and the project's key,
    archiving, purges and imports can't be taken back this way: undo says so and does nothing, and with
    --past it takes back the change before them.
    """
    async with context.session() as session:
        result = await session.history.undo(key, past=past, operation=context.operation)
    _say(context, "Undone", result)


@click.command(cls=Verb, examples=["rhythm redo CORE"])
@click.argument("key")
@operation_option
@pass_context
async def redo(context: Context, key: str) -> None:
    """Do again what your last undo took back, unless you changed something since."""
    async with context.session() as session:
        result = await session.history.redo(key, operation=context.operation)
    _say(context, "Redone", result)


def _say(context: Context, verb: str, result: UndoResult) -> None:
    context.out.done(f"{verb}: {result.text or 'nothing was left to change'}.", result)
    if result.skipped:
        context.out.note(f"Left alone, since others changed them meanwhile: {keys(result.skipped)}")
    for passed in result.passed:
        context.out.note(f"Left alone: you {passed}")
