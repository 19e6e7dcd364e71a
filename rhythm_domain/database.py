"""The connection to PostgreSQL: pool, hard deadline, errors in words, slow-query log.

Only guard and gate, the migrator and the listener use it. A transaction lives within a deadline of our own:
the server's `statement_timeout` does not help when the server is frozen, and cancelling a psycopg call then
waits for the very server that does not answer. So on expiry the socket is shut down under it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import UUID

import psycopg
from psycopg import errors as pg
from psycopg import sql
from psycopg.rows import dict_row

from rhythm_domain import errors
from rhythm_domain.connection import IN, Connection, Params, Question
from rhythm_domain.names import Names
from rhythm_domain.queries import Named

Row: TypeAlias = dict[str, Any]

DEADLINE = 5.0
"""Seconds from asking for a connection to the answer of COMMIT."""

SLOW_MS = 200.0
"""Queries slower than this many milliseconds are logged, by name, without values."""

CONNECT: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "application_name": "rhythm",
    "client_encoding": "UTF8",
}

MANY_NAMES = 10_000
"""Different labels of issues, whose names are kept."""

CLOSING = 0.1
"""Seconds that the pool has to end: what it does then, such as connecting anew, is of no use any more."""

_PLANS = (
    "plan_cache_mode = force_generic_plan",
    "jit = off",
    "max_parallel_workers_per_gather = 0",
    "effective_io_concurrency = 0",
)
"""How statements are planned and run: once for any values, as with a word's own the planner is sometimes far
off. Compiling them would take longer than running them, and so would starting workers, and having others read
ahead what mostly lies in memory.
"""

_PLANNED = "; ".join(f"SET {setting}" for setting in _PLANS).encode()
_PLANNED_HERE = [Named("planned", f"SET LOCAL {setting}".encode()) for setting in _PLANS]

log = logging.getLogger("rhythm.database")

overheard: ContextVar[list[tuple[Named, Params]] | None] = ContextVar("overheard", default=None)
"""Where queries and their parameters are noted as they are sent, if anybody wants to know."""

_WRITE = Named("begin", b"BEGIN")
_READ = Named("begin", b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
"""How a reading begins. All of it sees the database as of one moment: a card that is moved meanwhile stands
where it is listed.
"""

_COMMIT, _ROLLBACK = Named("commit", b"COMMIT"), Named("rollback", b"ROLLBACK")


class Retry(Exception):  # noqa: N818 - not an error that anyone sees
    """The transaction lost a race (a deadlock, a rank or an operation just taken): run it again."""


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
            raise errors.Unavailable("The database did not answer in time.") from error


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
        self._max_size, self._max_idle = (max_size, 60) if hub is None else (1, 10)
        # PgBouncer in transaction mode gives each transaction another server connection: prepared
        # statements of the last one are not there.
        self._prepares = not pooler
        # Nor is what was set for the connection: it has to be said in each transaction.
        self._beginning = _PLANNED_HERE if pooler else []
        self._pool: Any = None
        self._closed = False
        # The pool tries a refused connection again for as long as somebody waits; they are told at once.
        self._reached = False
        self._refused: asyncio.Future[None] | None = None
        self.hints: dict[Any, Any] = {}
        """What was found out about the data that only decides how to ask for it; it may be old."""
        self._names = Names()

    async def _open(self) -> Any:
        if self._closed:
            # Whoever is still at work: a pool that was opened for them would be closed by nobody.
            raise errors.Unavailable("The connection to the database is closed.")
        if self._pool is None:
            from psycopg_pool import AsyncConnectionPool

            self._pool = AsyncConnectionPool(
                self.conninfo,
                connection_class=self._connection_class(),
                kwargs={
                    **CONNECT,
                    "autocommit": True,
                    "row_factory": dict_row,
                    "prepare_threshold": None,
                },
                min_size=0,
                max_size=self._max_size,
                open=False,
                timeout=3,
                max_waiting=32,
                max_idle=self._max_idle,
                reconnect_timeout=2,
                num_workers=1,
                name="rhythm",
            )
            await self._pool.open()
        return self._pool

    def _connection_class(self) -> type[Connection]:
        database = self

        class Told(Connection):
            """A connection whose making or failing the database is told of."""

            @classmethod
            async def connect(cls, *args: Any, **kwargs: Any) -> Any:
                try:
                    made = await super().connect(*args, **kwargs)
                except psycopg.Error as error:
                    database._refuse(error)
                    raise
                await _in_iso(made)
                made.prepares = database._prepares
                if database._prepares:
                    await made.execute(_PLANNED)
                database._reached = True
                database._names = Names()  # It may be another database by now, from a backup.
                return made

        return Told

    def _refuse(self, error: psycopg.Error) -> None:
        self._reached = False
        if self._refused is not None and not self._refused.done():
            self._refused.set_exception(self._told(error))
            self._refused.exception()  # Seen: whoever waits reads it, and nobody may be waiting any more.

    def _told(
        self, error: psycopg.Error, *, committing: bool = False, operation: UUID | None = None
    ) -> errors.RhythmError | Retry:
        """What an error means, as `translated` says it, to whom it may be said."""
        told = translated(error, committing=committing, operation=operation)
        if self._discreet and type(told) is errors.Unavailable and told.outcome is errors.Outcome.NOT_SAVED:
            log.warning("%s", told.message)
            return errors.Unavailable(hint="Nothing was saved. Try again; an administrator may know more.")
        return told

    def names_of(self, version: UUID) -> Names:
        """What is known of the names of a version; it starts anew where that becomes much."""
        if self._names.version != version or len(self._names.labelled) > MANY_NAMES:
            self._names = Names(version)
        return self._names

    async def close(self) -> None:
        """Closes all connections."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=CLOSING)

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
                yield connection
                if connection.pgconn.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                    # The server would answer COMMIT by rolling back, without a word.
                    raise pg.InFailedSqlTransaction("an error within it was passed over")
                committing = write
                await self._commit(connection)
                committing = False
                deadline.end()
            except psycopg.Error as error:
                if deadline.expired and not committing:
                    raise errors.Unavailable("The database did not answer in time.") from error
                if deadline.cancelled and not committing:
                    raise asyncio.CancelledError from error
                raise self._told(error, committing=committing, operation=operation) from error
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
        pool = await self._open()
        asked = [Question(query) for query in (begin, *self._beginning)]
        for last in [False] * self._max_size + [True]:
            connection: Connection = await self._take(pool)
            deadline.watch(connection)
            try:
                await ask(connection, *asked, *first)
            except psycopg.OperationalError:
                died = connection.closed
                await self._give_back(connection, deadline)
                if last or not died or deadline.expired:
                    raise
                self._reached = False
            except BaseException:
                await self._give_back(connection, deadline)
                raise
            else:
                return connection
        raise AssertionError("unreachable")

    async def _commit(self, connection: Connection) -> None:
        commit = Question(_COMMIT)
        try:
            await ask(connection, commit, *connection.follow)
        except psycopg.Error as error:
            if not commit.answered:
                raise
            log.info("what follows was lost: %s", type(error).__name__)

    async def _take(self, pool: Any) -> Connection:
        from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

        try:
            connection: Connection = await (pool.getconn() if self._reached else self._reach(pool))
        except PoolTimeout as error:
            raise errors.Unavailable("The database can't be reached.") from error
        except TooManyRequests as error:
            raise errors.Unavailable("Too much waits for the database already.") from error
        except PoolClosed as error:
            raise errors.Unavailable("The connection to the database is closed.") from error
        return connection

    async def _reach(self, pool: Any) -> Connection:
        """A connection of the pool, or the reason why there is none as soon as the server gave it."""
        if self._refused is None or self._refused.done():
            self._refused = asyncio.get_running_loop().create_future()
        refused = self._refused
        taking: asyncio.Task[Connection] = asyncio.ensure_future(pool.getconn())
        waiting: set[asyncio.Future[Any]] = {taking, refused}
        taken = False
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            taken = taking.done()
        finally:
            if not taken:
                taking.cancel()
                taking.add_done_callback(partial(self._taken_in_vain, pool))
        if taken:
            return taking.result()
        error = refused.exception()
        raise error or errors.Unavailable("The database can't be reached.")

    def _taken_in_vain(self, pool: Any, taking: asyncio.Task[Connection]) -> None:
        """Gives back what comes although nobody waits for it any more: a cancelled wait may end well."""
        if not taking.cancelled() and taking.exception() is None:
            self._returning = asyncio.ensure_future(pool.putconn(taking.result()))

    async def _give_back(self, connection: Connection, deadline: Deadline) -> None:
        idle = psycopg.pq.TransactionStatus.IDLE
        connection.waiting.clear()
        connection.follow.clear()
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
            if self._pool is None:  # Closed while this was at work.
                await connection.close()
            else:
                await _put_back(self._pool, connection)

    async def run_aside(self, query: Named, params: Params = None) -> None:
        """One statement in autocommit, whose failure is only logged: what it says can be lost.

        Notices go this way, after COMMIT: a NOTIFY within the transaction would make all commits of the
        database queue, and listeners also poll.
        """
        try:
            with Deadline(1.0) as deadline:
                pool = await self._open()
                connection: Connection = await self._take(pool)
                deadline.watch(connection)
                try:
                    await connection.ask(Question(query, params))
                finally:
                    deadline.watch(None)
                    await _put_back(pool, connection)
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
            await _in_iso(connection)
        except psycopg.Error as error:
            raise self._told(error) from error
        try:
            yield connection
        finally:
            await connection.close()


async def _put_back(pool: Any, connection: Connection) -> None:
    """Gives a connection back, whoever is cancelled meanwhile: the pool would count it for ever as in use."""
    await asyncio.shield(pool.putconn(connection))


async def _in_iso(connection: psycopg.AsyncConnection[Any]) -> None:
    """Sees to it that times come in the style that psycopg reads, whatever PGDATESTYLE or the role says."""
    if not (connection.info.parameter_status("DateStyle") or "ISO").startswith("ISO"):
        await connection.execute(b"SET DateStyle TO ISO")


def checked(conninfo: str) -> str:
    """A URL or conninfo that can be read. Raises `Invalid`, which does not quote it: libpq's own words, that
    the pool would log, hold the password.
    """
    try:
        psycopg.conninfo.conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError:
        raise errors.Invalid(
            "The database's URL can't be read.",
            field="database_url",
            hint="It looks like postgresql://USER@HOST/NAME; in a password, @ is written %40, and % is %25.",
        ) from None
    return conninfo


@contextmanager
def _timed(asked: Sequence[Question]) -> Iterator[None]:
    """Logs what is slow: names of queries, milliseconds and rows."""
    start = perf_counter()
    try:
        yield
    finally:
        ms = (perf_counter() - start) * 1000
        if ms >= SLOW_MS:
            names = ", ".join(question.query.name for question in asked)
            rows = sum(question.count for question in asked)
            log.warning("slow query", extra={"query": names, "ms": round(ms, 1), "rows": rows})


def question(query: Named, params: Params = None, *, named: bool = True) -> Question:
    """A statement for whom it is asked; noted, if anybody wants to know."""
    if (notes := overheard.get()) is not None:
        notes.append((query, params))
    return Question(query, params, named)


async def ask(connection: Connection, *questions: Question) -> None:
    """Asks all in one message; what is slow is logged."""
    with _timed([*connection.waiting, *questions]):
        await connection.ask(*questions)


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


# Errors in words ---------------------------------------------------------------------------------------

_CONSTRAINTS: dict[str, errors.RhythmError] = {
    "users_name_key": errors.AlreadyExists("There is already a person of that name.", field="name"),
    "project_keys_pkey": errors.AlreadyExists("That key is, or was, another project's.", field="key"),
    "projects_key_key": errors.AlreadyExists("That key is, or was, another project's.", field="key"),
    "labels_name_key": errors.AlreadyExists("There is already a label of that name.", field="name"),
    "sprints_name_key": errors.AlreadyExists("There is already a sprint of that name.", field="name"),
    "sprints_one_active": errors.Invalid(
        "Another sprint of this project is active.",
        field="sprint",
        hint="Finish it first: `rhythm sprint finish KEY SPRINT`.",
    ),
    "sprints_days_check": errors.Invalid("A sprint can't end before it starts.", field="ends_on"),
    "saved_views_name_key": errors.AlreadyExists("You already have a view of that name.", field="name"),
    "ssh_keys_fingerprint_key": errors.AlreadyExists("That key is registered already.", field="key"),
    "issue_links_self_check": errors.Invalid("An issue can't block itself.", field="link"),
    "issues_parent_check": errors.Invalid("An issue can't be its own parent.", field="parent"),
    "issues_assignee_member": errors.Invalid(
        "Only an active member of the project can be assigned.",
        field="assignee",
        hint="`rhythm member list KEY` shows who is.",
    ),
    "issues_assignee_fkey": errors.Invalid(
        "Only an active member of the project can be assigned.",
        field="assignee",
        hint="`rhythm member list KEY` shows who is.",
    ),
    "project_has_owner": errors.Invalid(
        "A project needs at least one active owner.", field="role", hint="Make somebody else an owner first."
    ),
}

_RACES = (pg.DeadlockDetected, pg.SerializationFailure)
_RACED = {
    *("issues_number_key", "issues_rank_key", "issue_sources_pkey", "sprint_scope_now"),
    *("events_id_key", "sessions_one_local"),
}


def _unreachable(said: str) -> errors.Unavailable:
    """Why a connection was not made. libpq says that in words only, the reason last."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("\t")]
    reason = lines[-1].rpartition("FATAL:")[2].rpartition("failed: ")[2].strip() if lines else "no answer"
    if "password authentication failed" in said or "no password supplied" in said:
        hint = "Check RHYTHM_DATABASE_URL or `database_url` in config.toml."
    elif 'database "' in said and "does not exist" in said:
        hint = "Create it with `createdb`, then run `rhythm db migrate`."
    else:
        hint = "Is the server running, and the URL right? `rhythm doctor` looks closer."
    return errors.Unavailable(f"The database can't be reached: {reason}", hint=hint)


def unknown(operation: UUID | None) -> errors.Unavailable:
    """The answer to COMMIT did not come."""
    return errors.Unavailable(
        "The connection was lost while saving.", outcome=errors.Outcome.UNKNOWN, operation=operation
    )


def no_text() -> errors.Invalid:
    """A value holds what no text of PostgreSQL can: NUL, or half of a character."""
    return errors.Invalid(
        "A text has a character that can't be stored or looked for: NUL, or half of one.",
        hint="Remove it and try again.",
    )


def _log_refusal(error: psycopg.Error) -> None:
    """What the server refused and where, never with which values: its own message and detail quote them."""
    asked = [note.removeprefix(IN) for note in getattr(error, "__notes__", ()) if note.startswith(IN)]
    log.warning(
        "the database refused it",
        extra={
            "query": asked[0] if asked else None,
            "kind": type(error).__name__,
            "sqlstate": error.sqlstate,
            "constraint": error.diag.constraint_name,
            "table": error.diag.table_name,
        },
    )


def translated(
    error: psycopg.Error, *, committing: bool = False, operation: UUID | None = None
) -> errors.RhythmError | Retry:
    """What a psycopg error means, by SQLSTATE and constraint name; the one place that knows."""
    constraint = error.diag.constraint_name or ""
    if isinstance(error, _RACES) or constraint in _RACED:
        return Retry(constraint or type(error).__name__)
    if known := _CONSTRAINTS.get(constraint):
        return type(known)(known.message, field=getattr(known, "field", ""), hint=known.hint)  # type: ignore[call-arg]
    if error.sqlstate is not None or isinstance(error, psycopg.ProgrammingError):
        _log_refusal(error)
    match error:
        case pg.UndefinedTable() | pg.UndefinedColumn() | pg.UndefinedFunction() | pg.UndefinedObject():
            return errors.SchemaMismatch("The database does not have the tables that this program needs.")
        case pg.InsufficientPrivilege():
            return errors.Busy(
                "The database role may not do that.",
                hint="Grant it what it needs: `rhythm db migrate --grant ROLE` as the database's owner.",
            )
        case pg.QueryCanceled():
            return errors.Busy("The database took too long over it.", hint="Nothing was saved. Try again.")
        case pg.LockNotAvailable():
            return errors.Busy("Somebody else is changing the same.", hint="Nothing was saved. Try again.")
        case pg.DiskFull() | pg.ReadOnlySqlTransaction() | pg.InsufficientResources():
            return errors.Busy(f"The database can't write: {error.diag.message_primary}.")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            if committing:
                return unknown(operation)
            if error.diag.message_primary:
                return errors.Unavailable(f"The database went away: {error.diag.message_primary}.")
            return _unreachable(str(error))
        case psycopg.DataError() if error.sqlstate is None:  # psycopg's own, before anything was sent
            return no_text()
        case (
            pg.CheckViolation()
            | pg.StringDataRightTruncation()
            | pg.NotNullViolation()
            | pg.NumericValueOutOfRange()
        ):
            return errors.Invalid(
                f"The database refused a value ({constraint or error.diag.message_primary})."
            )
        case _:
            return errors.RhythmError(
                f"The database refused it: {error.diag.message_primary or type(error).__name__}.",
                hint="This is a defect of Rhythm; the log has the details.",
            )


__all__ = [
    "Connection",
    "Database",
    "Deadline",
    "Params",
    "Question",
    "Retry",
    "Row",
    "ask",
    "checked",
    "execute",
    "fetch",
    "question",
    "sql",
    "translated",
    "tuples",
]
