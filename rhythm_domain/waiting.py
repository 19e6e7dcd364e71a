"""A connection that waits for most answers in place, and keeps what reads them.

A statement of ours is answered within a fraction of a millisecond: to have the event loop watch the socket,
and to be woken by it, costs more than many a statement does. So an answer is waited for right here first, for
a millisecond at most, and only then by the loop. What begins a transaction always waits by the loop: others
have their turn then, however many statements follow.

How the parameters of a statement are written and its rows are read, psycopg finds out anew for each cursor,
unless that runs what it ran last: so each statement has a cursor of its own.
"""

from __future__ import annotations

import select
from collections.abc import Generator, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import AsyncRowFactory as RowFactory
from psycopg.waiting import Ready, Wait

T = TypeVar("T")

PATIENCE = 1
"""Milliseconds."""


KEPT = 32
"""Statements. A cursor holds on to the last answer that it read."""


class Connection(psycopg.AsyncConnection[dict[str, Any]]):
    """As psycopg's own."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._cursors: dict[tuple[bytes, RowFactory[Any]], psycopg.AsyncCursor[Any]] = {}

    async def read(
        self,
        statement: bytes,
        params: Mapping[str, Any] | None = None,
        *,
        rows: RowFactory[T],
        prepare: bool | None = None,
        binary: bool = False,
    ) -> tuple[list[T], int]:
        """Runs a statement; what it returned, and how many rows that is, or how many it touched."""
        cursor = self._cursors.pop((statement, rows), None) or self.cursor(row_factory=rows)
        await cursor.execute(statement, params, prepare=prepare, binary=binary)
        found = [] if cursor.rownumber is None else await cursor.fetchall()
        while len(self._cursors) >= KEPT:
            del self._cursors[next(iter(self._cursors))]
        self._cursors[statement, rows] = cursor
        return found, cursor.rowcount

    async def wait(self, gen: Generator[Wait, Ready | int, T], *given: Any, **named: Any) -> T:
        """Takes what waits for the server to its end, and returns what that does."""
        if self.pgconn.transaction_status != TransactionStatus.INTRANS:
            return await super().wait(gen, *given, **named)
        try:
            wanted = next(gen)
            while ready := _ready(self.pgconn.socket, wanted):
                wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
        return await super().wait(_further(gen, wanted), *given, **named)


def _ready(socket: int, wanted: Wait) -> Ready | None:
    """What a socket is ready for; None if it is for nothing yet."""
    poll = select.poll()
    poll.register(socket, (wanted & Wait.R and select.POLLIN) | (wanted & Wait.W and select.POLLOUT))
    for _, event in poll.poll(PATIENCE):
        if not event & select.POLLOUT:
            return Ready.R
        return Ready.W if event == select.POLLOUT else Ready.RW
    return None


def _further(gen: Generator[Wait, Ready | int, T], wanted: Wait) -> Generator[Wait, Ready | int, T]:
    """The rest of what waits for something already."""
    while True:
        ready = yield wanted
        try:
            wanted = gen.send(ready)
        except StopIteration as end:
            result: T = end.value
            return result
