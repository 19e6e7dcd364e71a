"""Values that a shell completes from what the instance has: soon, or nothing. It starts no server and says no
error: who presses tab has asked for no work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from rhythm_domain.models import Status
from rhythm_domain.text import shown
from rhythm_tui.cli.context import Context

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from rhythm_domain.session import Session

PATIENCE = 0.5
"""Seconds until the shell gets no answer."""

KEYS = 20
"""Issues that are offered: those that were changed last."""


def issues(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Keys of issues with their titles, and what the command does with them: there may be any number of
    issues, so that at each place either may follow.
    """
    from click.shell_completion import CompletionItem

    begun = incomplete.casefold()
    found = [(status.value, "") for status in Status] if ctx.info_name == "move" else []
    if not begun or not any(value.startswith(begun) for value, _ in found):
        found = [*_asked(ctx, _recent_and_people if ctx.info_name == "assign" else _recent), *found]
    return [
        CompletionItem(value, help=help or None)
        for value, help in found
        if value.casefold().startswith(begun)
    ]


async def _recent(session: Session) -> list[tuple[str, str]]:
    page = await session.search.page("sort:updated", limit=KEYS)
    return [(row.key, shown(row.title)) for row in page.items]


async def _recent_and_people(session: Session) -> list[tuple[str, str]]:
    people = [(person.name, shown(person.display_name)) for person in await session.people.directory()]
    return [*await _recent(session), ("me", ""), ("none", ""), *people]


def _asked(
    ctx: click.Context, ask: Callable[[Session], Awaitable[list[tuple[str, str]]]]
) -> list[tuple[str, str]]:
    async def answer() -> list[tuple[str, str]]:
        async with asyncio.timeout(PATIENCE), context.session() as session:
            return await ask(session)

    with suppress(Exception):
        context = Context(ctx.find_root().params)
        if context.settings.database_url or context.embedded.status().running:
            return asyncio.run(answer())
    return []
