"""One export: a project's issues into a file, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import BinaryIO

from rhythm_domain.formats import ImportIssue, Layout
from rhythm_domain.guard import Guard
from rhythm_domain.policy import Permission
from rhythm_domain.query import Query, Sort, SortKey
from rhythm_domain.repository import exchange, search
from rhythm_domain.repository.selection import select

PAGE = 200
"""Issues that are held at a time, with all their comments."""

_OLDEST_FIRST = Sort.by(SortKey.CREATED, reverse=True)


class Exporting:
    """An export at work."""

    def __init__(self, guard: Guard, key: str, query: Query, progress: Callable[[int], None]) -> None:
        self._guard = guard
        self._key = key
        self._query = query.with_sort(_OLDEST_FIRST)
        self._progress = progress

    async def write(self, layout: Layout, stream: BinaryIO) -> int:
        """Writes all issues, oldest first; how many.

        Pages are put into form on a thread, but written here: a thread that waits for the reader of a pipe
        could not be stopped.
        """
        page, cursor = await self._page(None)
        stream.write(layout.head)
        written = 0
        while page:
            put = partial(layout.part, page, first=written == 0)
            stream.write(await asyncio.to_thread(put))
            written += len(page)
            self._progress(written)
            page, cursor = await self._page(cursor) if cursor else ([], None)
        stream.write(layout.tail)
        return written

    async def _page(self, cursor: str | None) -> tuple[list[ImportIssue], str | None]:
        async with self._guard.project(Permission.PROJECT_EXPORT, self._key) as tx:
            selection = await select(tx, self._query)
            found = await search.page(tx, selection, cursor=cursor, limit=PAGE)
            return await exchange.records(tx, found.ids), found.next
