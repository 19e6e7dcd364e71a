"""A hard deadline, for what waits for the database.

The server's `statement_timeout` does not help when the server is frozen, and cancelling a psycopg call then
waits for the very server that does not answer. So on expiry the socket is shut down under it.
"""

from __future__ import annotations

import asyncio
import os
import socket
from types import TracebackType
from typing import Self

import psycopg

from rhythm_domain.connection import Connection
from rhythm_domain.errors import Unavailable

HELD_UP = 0.1
"""Seconds by which a deadline may come too late without meaning anything."""


class Deadline:
    """Ends what runs within it after some seconds, whatever the server does.

    A connection given to `watch` is shut down at its socket, so that psycopg's wait ends at once; without
    one the task is cancelled. Raises `Unavailable` in either case. Where this program was held up itself the
    answer may lie there unread: once, it is given as much time again as the deadline came too late.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._extended = False
        self._connection: Connection | None = None
        self.expired = False

    def watch(self, connection: Connection | None) -> None:
        self._connection = connection

    @property
    def cancelled(self) -> bool:
        """Whether somebody else has cancelled the task: psycopg may make an error of it."""
        return self._task.cancelling() > self._cancelling + self.expired

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        late = loop.time() - self._due
        if late > HELD_UP and not self._extended:
            self._extended = True
            self._begin(min(late, self._seconds))
            return
        self.expired = True
        if self._connection is not None and not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.pgconn.socket)) as line:
                line.shutdown(socket.SHUT_RDWR)
            if self._connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                return
        self._task.cancel()

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a running task")
        self._task = task
        self._cancelling = task.cancelling()
        self._begin(self._seconds)
        return self

    def end(self) -> None:
        """It is kept: what comes now may take its time."""
        self._timer.cancel()

    def _begin(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + seconds
        self._timer = loop.call_at(self._due, self._expire)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        if (
            self.expired
            and isinstance(error, asyncio.CancelledError)
            and self._task.uncancel() <= self._cancelling
        ):
            raise Unavailable("The database did not answer in time.") from error
