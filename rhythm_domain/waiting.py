"""A connection that waits for most answers in place.

A statement of ours is answered within a fraction of a millisecond: to have the event loop watch the socket,
and to be woken by it, costs more than many a statement does. So an answer is waited for right here first, for
a millisecond at most, and only then by the loop. What begins a transaction always waits by the loop: others
have their turn then, however many statements follow.
"""

from __future__ import annotations

import select
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.waiting import Ready, Wait

T = TypeVar("T")

PATIENCE = 1
"""Milliseconds."""


class Connection(psycopg.AsyncConnection[dict[str, Any]]):
    """As psycopg's own."""

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
