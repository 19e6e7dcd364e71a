"""Lists that never cut silently: --limit, --all, and --after with the cursor that a list ended with."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

if TYPE_CHECKING:
    from rhythm_domain.models import Page

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

LIMIT = 50
CHUNK = 500
"""Items that are asked for at once when all are wanted."""


class Paging(NamedTuple):
    """Which stretch of a list is wanted."""

    limit: int
    everything: bool
    after: str | None

    async def read(self, fetch: Callable[[str | None, int], Awaitable[Page[T]]]) -> Page[T]:
        """The wanted stretch; `fetch` answers a cursor and a number with a page."""
        if not self.everything:
            return await fetch(self.after, self.limit)
        items: list[T] = []
        cursor = self.after
        while True:
            page = await fetch(cursor, CHUNK)
            items += page.items
            cursor = page.next
            if cursor is None:
                return page.replace(items=tuple(items))

    def of(self, items: Sequence[T], name: Callable[[T], str]) -> Page[T]:
        """The wanted stretch of a whole list, which is in the order of its names: those are the cursors."""
        from rhythm_domain.models import Page

        rest = tuple(item for item in items if self.after is None or name(item) > self.after)
        if self.everything or len(rest) <= self.limit:
            return Page(items=rest)
        return Page(items=rest[: self.limit], next=name(rest[self.limit - 1]))


def paging_options(command: F) -> F:
    """Adds --limit, --all and --after; the command gets `paging: Paging`."""

    @functools.wraps(command)
    def wrapper(*args: Any, limit: int, everything: bool, after: str | None, **kwargs: Any) -> Any:
        return command(*args, paging=Paging(limit, everything, after), **kwargs)

    for option in (
        click.option("--after", metavar="CURSOR", help="Go on from where a list ended."),
        click.option("--all", "everything", is_flag=True, help="Everything there is."),
        click.option(
            "--limit",
            type=click.IntRange(1, CHUNK),
            default=LIMIT,
            show_default=True,
            help="At most so many.",
        ),
    ):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]
