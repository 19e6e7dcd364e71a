"""One export: a project's issues into a file, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from rhythm_domain.formats import ImportIssue, write_csv, write_json
from rhythm_domain.guard import Guard
from rhythm_domain.policy import Permission
from rhythm_domain.query import Query, Sort, SortKey
from rhythm_domain.repository import exchange, search
from rhythm_domain.repository.selection import select

Writer = Callable[[Iterable[ImportIssue], BinaryIO], None]

WRITERS: dict[str, Writer] = {"csv": write_csv, "json": write_json}

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
        self._written = 0

    async def write(self, writer: Writer, stream: BinaryIO) -> int:
        """Writes all issues, oldest first; how many. The writer works beside the event loop, on a thread."""
        page, cursor = await self._page(None)
        await asyncio.to_thread(writer, self._issues(page, cursor, asyncio.get_running_loop()), stream)
        return self._written

    def _issues(
        self, page: list[ImportIssue], cursor: str | None, loop: asyncio.AbstractEventLoop
    ) -> Iterator[ImportIssue]:
        """Every issue; on the writer's thread, which waits for the loop to fetch the pages."""
        while True:
            yield from page
            self._written += len(page)
            self._progress(self._written)
            if cursor is None:
                return
            page, cursor = asyncio.run_coroutine_threadsafe(self._page(cursor), loop).result()

    async def _page(self, cursor: str | None) -> tuple[list[ImportIssue], str | None]:
        async with self._guard.project(Permission.PROJECT_EXPORT, self._key) as tx:
            selection = await select(tx, self._query)
            found = await search.page(tx, selection, cursor=cursor, limit=PAGE)
            return await exchange.records(tx, found.ids), found.next
