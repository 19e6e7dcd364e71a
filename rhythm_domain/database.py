"""The database: transactions within a hard deadline, and the statements in them; what is slow is logged.

Only guard and gate, the migrator and the listener use it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg.rows import dict_row

from rhythm_domain import errors
from rhythm_domain.connection import CONNECT, Connection, Params, Question, checked, in_iso
from rhythm_domain.deadline import Deadline
from rhythm_domain.names import Names
from rhythm_domain.pool import Pool, settings
from rhythm_domain.queries import Named
from rhythm_domain.refusals import no_text, translated, unknown

Row: TypeAlias = dict[str, Any]

DEADLINE = 5.0
"""Seconds from asking for a connection to the answer of COMMIT."""

SLOW_MS = 200.0
"""Queries slower than this many milliseconds are logged, by name, without values."""

BUSY = 0.00005
"""Seconds after which a turn of the event loop, which takes a fifth of it, was not for nothing."""

MANY_NAMES = 10_000
"""Different labels of issues, whose names are kept."""

log = logging.getLogger("rhythm.database")

overheard: ContextVar[list[tuple[Named, Params]] | None] = ContextVar("overheard", default=None)
"""Where queries and their parameters are noted as they are sent, if anybody wants to know."""

_WRITE = Named("begin", b"BEGIN")
_READ = Named("begin", b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
"""How a reading begins. All of it sees the database as of one moment: a card that is moved meanwhile stands
where it is listed.
"""

_COMMIT, _ROLLBACK = Named("commit", b"COMMIT"), Named("rollback", b"ROLLBACK")


class Database:
    """A pool of at most two connections to one database, opened on first use."""

    def __init__(
        self,
        conninfo: str,
        *,
        deadline: float | None = None,
        max_size: int = 2,
        pooler: bool = False,
        listen_conninfo: str | None = None,
        discreet: bool = False,
        hub: Path | None = None,
    ) -> None:
        """With the `hub` of a shared instance (its unix socket) it is one of many: it has one connection, and
        only while it works; it leaves listening to the hub.
        """
        self.conninfo = checked(conninfo)
        # Where the database is, and as whom it is spoken to, is not everybody's business.
        self._discreet = discreet
        self.hub = hub
        # A pooler in transaction mode passes no notices on: listening needs the server itself.
        self._listen_conninfo = checked(listen_conninfo or conninfo)
        self.deadline = DEADLINE if deadline is None else deadline
        # Nor is what was set for the connection: it has to be said in each transaction.
        self._beginning = [settings(here=True)] if pooler else []
        size, idle = (max_size, 60) if hub is None else (1, 10)
        self._pool = Pool(
            self.conninfo,
            max_size=size,
            max_idle=idle,
            # PgBouncer in transaction mode gives each transaction another server connection: prepared
            # statements of the last one are not there.
            prepares=not pooler,
            discreet=discreet,
            renewed=self._forget_names,
        )
        self.hints: dict[Any, Any] = {}
        """What was found out about the data, see `repository.hints`; it may be old."""
        self._names = Names()

    def names_of(self, version: UUID) -> Names:
        """What is known of the names of a version; it starts anew where that becomes much."""
        if self._names.version != version or len(self._names.labelled) > MANY_NAMES:
            self._names = Names(version)
        return self._names

    def _forget_names(self) -> None:
        """It may be another database by now, from a backup."""
        self._names = Names()

    async def close(self) -> None:
        """Closes all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, write: bool, operation: UUID | None = None) -> AsyncIterator[Connection]:
        """A transaction within the deadline; committed at the end, rolled back on any exception.

        Raises `Unavailable` (with the outcome: not saved, or unknown if COMMIT was on its way), `Retry` when
        a race was lost, or what the database's own rules say, in words.
        """
        async with self.entered(write=write, operation=operation) as connection:
            yield connection

    @asynccontextmanager
    async def entered(
        self, *first: Question, write: bool, operation: UUID | None = None
    ) -> AsyncIterator[Connection]:
        """The same, with what is asked at first: it goes with BEGIN in one message.

        What the connection has `waiting` at the end goes with COMMIT, what it has to `follow` behind that.
        """
        committing = False
        connection: Connection | None = None
        with Deadline(self.deadline) as deadline:
            try:
                connection = await self._begin(deadline, _WRITE if write else _READ, first)
                connection.ending = None if write else Question(_COMMIT)
                yield connection
                if connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                    # The server would answer COMMIT by rolling back, without a word.
                    raise pg.InFailedSqlTransaction("an error within it was passed over")
                committing = write
                if write or connection.ending is not None:
                    await self._commit(connection, write=write)
                committing = False
                deadline.end()
            except psycopg.Error as error:
                if deadline.expired and not committing:
                    raise errors.Unavailable("The database did not answer in time.") from error
                if deadline.cancelled and not committing:
                    raise asyncio.CancelledError from error
                raise translated(
                    error, discreet=self._discreet, committing=committing, operation=operation
                ) from error
            except UnicodeEncodeError as error:
                raise no_text() from error
            except asyncio.CancelledError as error:
                if committing and deadline.expired:
                    raise unknown(operation) from error
                raise
            finally:
                if connection is not None:
                    await self._give_back(connection, deadline)

    async def _begin(self, deadline: Deadline, begin: Named, first: Sequence[Question]) -> Connection:
        """A connection with a transaction begun, and what was asked at first answered. Those that died while
        they were idle are passed over.
        """
        asked = [Question(query) for query in (begin, *self._beginning)]
        for last in [False] * self._pool.max_size + [True]:
            connection = await self._pool.take()
            deadline.watch(connection)
            try:
                in_place = begin is _WRITE or not await _others_are_busy()
                await ask(connection, *asked, *first, in_place=in_place)
            except psycopg.OperationalError:
                died = connection.closed
                await self._give_back(connection, deadline)
                if last or not died or deadline.expired:
                    raise
                self._pool.reached = False
            except BaseException:
                await self._give_back(connection, deadline)
                raise
            else:
                return connection
        raise AssertionError("unreachable")

    async def _commit(self, connection: Connection, *, write: bool) -> None:
        commit = Question(_COMMIT)
        try:
            await ask(connection, commit, *connection.follow, in_place=not write)
        except psycopg.Error as error:
            if not commit.answered:
                raise
            log.info("what follows was lost: %s", type(error).__name__)

    async def _give_back(self, connection: Connection, deadline: Deadline) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        connection.waiting.clear()
        connection.follow.clear()
        connection.ending = None
        try:
            if not connection.closed and connection.pgconn.transaction_status != idle:
                await connection.ask(Question(_ROLLBACK))
        except psycopg.Error:
            connection.pgconn.finish()
        except asyncio.CancelledError:
            connection.pgconn.finish()
            raise
        finally:
            deadline.watch(None)  # It may be another's at any moment.
            await self._pool.give_back(connection)

    async def run_aside(self, query: Named, params: Params = None) -> None:
        """One statement in autocommit, whose failure is only logged: what it says can be lost.

        Notices go this way, after COMMIT: a NOTIFY within the transaction would make all commits of the
        database queue, and listeners also poll.
        """
        try:
            with Deadline(1.0) as deadline:
                connection = await self._pool.take()
                deadline.watch(connection)
                try:
                    await connection.ask(Question(query, params))
                finally:
                    deadline.watch(None)
                    await self._pool.give_back(connection)
        except (psycopg.Error, errors.Unavailable) as error:
            log.info("%s was lost: %s", query.name, type(error).__name__)

    @asynccontextmanager
    async def connection(self, *, listen: bool = False) -> AsyncIterator[Connection]:
        """A connection of one's own in autocommit, outside the pool: for bulk loads, and to listen."""
        try:
            connection = await Connection.connect(
                self._listen_conninfo if listen else self.conninfo,
                autocommit=True,
                row_factory=dict_row,
                prepare_threshold=None,
                **CONNECT,
            )
            await in_iso(connection)
        except psycopg.Error as error:
            raise translated(error, discreet=self._discreet) from error
        try:
            yield connection
        finally:
            await connection.close()


async def _others_are_busy() -> bool:
    """Lets others have their turn, and says whether they took it: then they may have more to do."""
    start = perf_counter()
    await asyncio.sleep(0)
    return perf_counter() - start > BUSY


def question(query: Named, params: Params = None, *, named: bool = True) -> Question:
    """A statement for whom it is asked; noted, if anybody wants to know."""
    if (notes := overheard.get()) is not None:
        notes.append((query, params))
    return Question(query, params, named)


async def ask(connection: Connection, *questions: Question, in_place: bool | None = None) -> None:
    """Asks all in one message, see `Connection.ask`. What is slow is logged: names, milliseconds and rows."""
    asked = [*connection.waiting, *questions]
    if not asked:
        return
    start = perf_counter()
    try:
        await connection.ask(*questions, in_place=in_place)
    finally:
        ms = (perf_counter() - start) * 1000
        if ms >= SLOW_MS:
            names = ", ".join(question.query.name for question in asked)
            rows = sum(question.count for question in asked)
            log.warning("slow query", extra={"query": names, "ms": round(ms, 1), "rows": rows})


async def end(connection: Connection) -> None:
    """Asks what is waiting; a transaction that only reads ends with it, in one message."""
    ending, connection.ending = connection.ending, None
    await ask(connection, *([ending] if ending else []))


async def fetch(connection: Connection, query: Named, params: Params = None) -> list[Row]:
    """All rows of a query."""
    asked = question(query, params)
    await ask(connection, asked)
    return asked.rows


async def tuples(connection: Connection, query: Named, params: Params = None) -> list[tuple[Any, ...]]:
    """All rows of a query, without the names of their columns; values of an enum are bytes."""
    asked = question(query, params, named=False)
    await ask(connection, asked)
    return asked.rows


async def execute(connection: Connection, query: Named, params: Params = None) -> int:
    """Runs a query; the number of rows it touched."""
    asked = question(query, params)
    await ask(connection, asked)
    return asked.count
