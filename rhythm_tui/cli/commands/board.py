"""`rhythm board` and `rhythm backlog`."""

from __future__ import annotations

import click

from rhythm_tui.cli import board_view, issue_view
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.paging import Paging, paging_options


@click.command(cls=Verb, examples=["rhythm board CORE", "rhythm board CORE 'assignee:@me' --cards 20"])
@click.argument("key")
@click.argument("query", nargs=-1)
@click.option(
    "--cards", type=click.IntRange(0, 200), default=8, show_default=True, help="Cards of each column."
)
@pass_context
async def board(context: Context, key: str, query: tuple[str, ...], cards: int) -> None:
    """The board of the project KEY: its columns with their counts and first cards.

    With QUERY only what matches.
    """
    text = " ".join(query)
    async with context.session() as session:
        found = await session.boards.show(key, text, limit=max(1, cards))
    board_view.show(context.out, found, cards=cards, query=text)


@click.command(
    cls=Verb, examples=["rhythm backlog CORE", "rhythm backlog CORE 'priority:>=high' --all --json"]
)
@click.argument("key")
@click.argument("query", nargs=-1)
@paging_options
@pass_context
async def backlog(context: Context, key: str, query: tuple[str, ...], paging: Paging) -> None:
    """Open issues of the project KEY that are in no sprint, in the order in which they are to be done."""
    text = " ".join(query)
    async with context.session() as session:
        page = await paging.read(
            lambda cursor, limit: session.boards.backlog(key, text, cursor=cursor, limit=limit)
        )
    columns = issue_view.columns(terminal=context.out.terminal)
    context.out.page(columns, page, empty="The backlog is empty.")
