"""Where the notices of others' changes come from: the database itself, or the hub of a shared instance.

    async with ear.listen() as line:
        for notice in await line.hear(5.0): ...

A notice is only a wake-up, so one that says `everybody` may stand for any that were missed.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import psycopg

from rhythm_domain.connection import Connection
from rhythm_domain.database import Database
from rhythm_domain.deadline import Deadline
from rhythm_domain.errors import Unavailable
from rhythm_domain.refusals import translated
from rhythm_domain.transaction import CHANNEL

BEAT = 0.6
"""Seconds of silence after which the connection is asked whether it still lives."""

PATIENCE = 1.9
"""Seconds for the answer, as a server that is only busy may need them. With a beat that is well below three,
which is how long a person may not know.
"""

GATHER = 0.1
"""The least seconds between two looks of a session, however many notices come."""

POLL = 5.0
"""Seconds between two looks when no notice comes."""

RARE = 60.0
"""The same where a hub looks for all: to find out that the session ended by itself."""

FIRST = 0.1
"""Seconds for the hub's first word, which it has ready."""

LONGEST = 8000
"""Bytes of a notice: PostgreSQL's limit."""

LOST = b"lost "
"""What the hub says instead of a notice when it can't hear the database any more, and why."""


class Notice(NamedTuple):
    """A project in which something happened; None concerns everybody. `said` is an announcement to all."""

    project: int | None = None
    said: str = ""


def parse(payload: str) -> Notice:
    """A notice as it is sent; what another program sent concerns everybody."""
    try:
        told = json.loads(payload)
        if isinstance(said := told.get("say"), str):
            return Notice(-1, said)
        project = told["p"]
        return Notice(project if isinstance(project, int) else None)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Notice()


class Line(Protocol):
    """Notices as they come. Both raise `Unavailable` once the database does not answer."""

    @property
    def poll(self) -> float:
        """Seconds after which one looks without a notice."""

    async def hear(self, seconds: float) -> list[Notice]:
        """Waits for a notice; those that came, or none after so many seconds (or sooner)."""

    async def gather(self, seconds: float) -> list[Notice]:
        """All that come within so many seconds, taken together: to be woken by each would cost more."""


class Ear(Protocol):
    """A way to hear of changes."""

    def listen(self) -> AbstractAsyncContextManager[Line]: ...


class OwnEar:
    """A connection to the database that listens."""

    def __init__(self, db: Database, poll: float = POLL) -> None:
        self._db, self._poll = db, poll

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[OwnLine]:
        """Raises `Unavailable` when it can't be made."""
        async with self._db.connection(listen=True) as connection:
            with in_words(), Deadline(PATIENCE) as deadline:
                deadline.watch(connection)
                await connection.execute(f"LISTEN {CHANNEL}".encode())
            yield OwnLine(connection, self._poll)


class OwnLine:
    """Notices from a connection, which is asked for a sign of life while none come."""

    def __init__(self, connection: Connection, poll: float) -> None:
        self.connection = connection
        self._poll = poll

    @property
    def poll(self) -> float:
        return self._poll

    async def hear(self, seconds: float) -> list[Notice]:
        with in_words():
            beat = min(seconds, BEAT)
            heard = [each async for each in self.connection.notifies(timeout=beat, stop_after=1)]
            if not heard:
                with Deadline(PATIENCE) as deadline:
                    deadline.watch(self.connection)
                    await self.connection.execute(b"SELECT 1")
            return [parse(each.payload) for each in heard]

    async def gather(self, seconds: float) -> list[Notice]:
        await asyncio.sleep(seconds)
        with in_words():
            return [parse(each.payload) async for each in self.connection.notifies(timeout=0)]


@contextmanager
def in_words() -> Iterator[None]:
    """Makes `Unavailable` of what psycopg raises, but for a cancel."""
    try:
        yield
    except psycopg.Error as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # psycopg makes an error of a cancel that comes while it waits for the server.
            raise asyncio.CancelledError from error
        raise Unavailable("The database does not answer.") from translated(error)


class HubEar:
    """The hub of the shared instance, at a unix socket; without it, looking every few seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[HubLine]:
        """Never fails: a hub that is away is asked for again and again. Its first word is waited for: whoever
        looks after it has missed nothing, and need not look twice.
        """
        line = HubLine(self._path)
        try:
            await line.hear(FIRST)
            yield line
        finally:
            line.close()


class HubLine:
    """Notices from the hub. Its first word says that it hears the database: `everybody`, for all that was
    missed before.
    """

    again = 2.0
    """Seconds between two attempts to reach it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket: socket.socket | None = None
        self._hears = False

    @property
    def poll(self) -> float:
        """Rarely while the hub looks for all."""
        return RARE if self._hears else POLL

    def close(self) -> None:
        """Hears no more."""
        self._hears = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def hear(self, seconds: float) -> list[Notice]:
        line = self._socket or await self._reach()
        if line is None:
            await asyncio.sleep(min(seconds, self.again))
            return []
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _readable(line)
        return self._taken(line)

    async def gather(self, seconds: float) -> list[Notice]:
        await asyncio.sleep(seconds)
        heard: list[Notice] = []
        while self._socket is not None and (taken := self._taken(self._socket)):
            heard += taken
        return heard

    async def _reach(self) -> socket.socket | None:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        made.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(made, str(self._path))
            made.send(b"listen")
        except OSError:
            made.close()
            return None
        self._socket = made
        return made

    def _taken(self, line: socket.socket) -> list[Notice]:
        """The notice that is there, if one is. A hub that never heard the database is no news: the session
        looks for itself.
        """
        try:
            told = line.recv(LONGEST)
        except BlockingIOError:
            return []
        except OSError:
            told = b""
        if not told:
            self.close()
            return [Notice()]
        heard, self._hears = self._hears, not told.startswith(LOST)
        if self._hears:
            return [parse(told.decode("utf-8", "replace"))]
        if heard:
            raise Unavailable(told.removeprefix(LOST).decode())
        return []


async def _readable(line: socket.socket) -> None:
    """Waits until there is something to read, without reading it: what is read in a task that is cancelled
    in the same turn of the loop, as its time is over, would be lost.
    """
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(line, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(line)
