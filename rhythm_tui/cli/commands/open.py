"""`rhythm CORE-12`: the app at an issue."""

from __future__ import annotations

from typing import Any

import click

from rhythm_domain import text
from rhythm_domain.errors import Invalid
from rhythm_domain.query.tree import KEY
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
    if not KEY.fullmatch(id_.strip()):  # The app would open all the same, with nothing to show but this.
        raise Invalid(f"{id_!r} is no issue key.", field="issue", hint=_instead(id_))
    if at_terminal() and not context.json:
        return Opening({**context.flags, "demo": context.demo}, issue=id_.strip().upper())
    return ctx.invoke(show, id_=id_, everything=False)


def _instead(id_: str) -> str:
    """What to type for something that is no issue's key, but perhaps a project's."""
    try:
        project = text.check_project_key(id_)
    except Invalid:
        return "An issue key looks like CORE-123."
    return f"An issue key looks like {project}-12. To see the project: `rhythm board {project}`."
