"""`rhythm CORE-12`: the app at an issue."""

from __future__ import annotations

from typing import Any

import click

from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.commands.issue import show
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.opening import Opening, at_terminal


@click.command(cls=Verb, examples=["rhythm CORE-12", "rhythm open CORE-12", "rhythm CORE-12 --json"])
@click.argument("id_", metavar="ID")
@pass_context
@click.pass_context
def open_issue(ctx: click.Context, context: Context, id_: str) -> Any:
    """Open the app at an issue; without a terminal, print it. The word `open` may be left out."""
    if at_terminal() and not context.json:
        return Opening({**context.flags, "demo": context.demo}, issue=id_.upper())
    return ctx.invoke(show, id_=id_, everything=False)
