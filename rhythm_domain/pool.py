"""The pool: a few connections to one database, made on first use, lent and given back.

psycopg's own tries a refused connection again for as long as somebody waits. Here they are told at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from functools import partial
from types import coroutine
from typing import Any

import psycopg
from psycopg.rows import dict_row

from rhythm_domain import errors
from rhythm_domain.connection import CONNECT, Connection, in_iso
from rhythm_domain.queries import Named
from rhythm_domain.refusals import translated

_SETTINGS = {
    # Statements are planned once for any values: with a word's own the planner is sometimes far off.
    # Compiling them would take longer than running them, and so would starting workers, and having others
    # read ahead what mostly lies in memory.
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    # What is looked up for each of many issues is looked up once: to remember it costs a third as much again.
    "enable_memoize": "off",
    "max_parallel_workers_per_gather": "0",
    "effective_io_concurrency": "0",
    # What the server ends by itself.
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "15s",
}

CLOSING = 0.1
"""Seconds that the pool has to end: what it does then, such as connecting anew, is of no use any more."""


def settings(*, here: bool) -> Named:
    """How the server is to plan and run statements, and for how long: in this transaction, or from now on."""
    each = (f"set_config('{name}', '{value}', {here})" for name, value in _SETTINGS.items())
    return Named("settings", f"SELECT {', '.join(each)}".encode())


class Pool:
    """At most `max_size` connections, that are let go when they were idle for `max_idle` seconds.

    `renewed` is called whenever a connection was made anew; where the database is, and as whom it is spoken
    to, is kept from people by one that is `discreet`.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        max_size: int,
        max_idle: float,
        prepares: bool,
        discreet: bool,
        renewed: Callable[[], None],
    ) -> None:
        self._conninfo = conninfo
        self.max_size, self._max_idle = max_size, max_idle
        self._prepares, self._discreet = prepares, discreet
        self._renewed = renewed
        self._pool: Any = None
        self._closed = False
        self.reached = False
        """Whether the server let somebody in when it was last asked to: if not, it may be refusing."""
        self._refused: asyncio.Future[None] | None = None

    async def open(self) -> Any:
        """psycopg's own pool. Raises `Unavailable` once this is closed: whoever is still at work would open
        one that is closed by nobody.
        """
        if self._closed:
            raise errors.Unavailable("The connection to the database is closed.")
        if self._pool is None:
            from psycopg_pool import AsyncConnectionPool

            self._pool = AsyncConnectionPool(
                self._conninfo,
                connection_class=self._connection_class(),
                kwargs={
                    **CONNECT,
                    "autocommit": True,
                    "row_factory": dict_row,
                    "prepare_threshold": None,
                },
                min_size=0,
                max_size=self.max_size,
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
        pool = self

        class Told(Connection):
            """A connection whose making or failing the pool is told of."""

            @classmethod
            async def connect(cls, *args: Any, **kwargs: Any) -> Any:
                try:
                    made = await super().connect(*args, **kwargs)
                except psycopg.Error as error:
                    pool._refuse(error)
                    raise
                await in_iso(made)
                made.prepares = pool._prepares
                if pool._prepares:
                    await made.execute(settings(here=False).text)
                pool.reached = True
                pool._renewed()
                return made

        return Told

    def _refuse(self, error: psycopg.Error) -> None:
        self.reached = False
        if self._refused is not None and not self._refused.done():
            self._refused.set_exception(translated(error, discreet=self._discreet))
            self._refused.exception()  # Seen: whoever waits reads it, and nobody may be waiting any more.

    async def take(self) -> Connection:
        """A connection. Raises `Unavailable` if there is none, with the reason."""
        pool = self._pool or await self.open()
        try:
            connection: Connection = await (pool.getconn() if self.reached else self._reach(pool))
        except psycopg.OperationalError as error:
            from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

            reasons = {
                PoolTimeout: "The database can't be reached.",
                TooManyRequests: "Too much waits for the database already.",
                PoolClosed: "The connection to the database is closed.",
            }
            if type(error) not in reasons:
                raise
            raise errors.Unavailable(reasons[type(error)]) from error
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

    async def give_back(self, connection: Connection) -> None:
        """Gives a connection back, whoever is cancelled meanwhile: it would count for ever as in use.

        Nearly always that waits for nothing. Only where it does it becomes a task, which takes as long again.
        """
        if self._pool is None:  # Closed while it was at work.
            await connection.close()
            return
        giving: Coroutine[Any, Any, None] = self._pool.putconn(connection)
        try:
            awaited = giving.send(None)
        except StopIteration:
            return
        await asyncio.shield(_rest(giving, awaited))

    async def close(self) -> None:
        """Closes all connections, for good."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close(timeout=CLOSING)


@coroutine
def _rest(begun: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that waits for something already."""
    yield awaited
    yield from begun
