"""One ear for all sessions of a shared instance: hears the database's notices and passes them on.

A session connects to the hub's unix socket and says `listen`; from then on it is sent every notice, or `lost
REASON` when the hub can't hear the database any more. The first that it is sent says how it is: `everybody`
once the hub hears the database. The hub looks at the history every few seconds, as a
single session does, and makes lost notices good: the sessions need not. One that is too slow to take its
notices is let go; it connects again, and reads what it missed.

What else it is asked, in fields parted by two NULs, the program that runs it may answer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic

from rhythm_domain import queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database, fetch
from rhythm_domain.deadline import Deadline
from rhythm_domain.errors import RhythmError
from rhythm_domain.notices import GATHER, LOST, POLL, Notice, OwnEar, OwnLine, in_words
from rhythm_domain.transaction import CHANNEL

_Q = queries.load("live")

_OVERLAP = 15.0
"""Seconds that a look goes back: longer than any transaction of Rhythm lives."""

_MANY = 5000
_PAUSES = (0.1, 0.3, 1.0, 2.0)
_EVERYBODY = json.dumps({"p": None}).encode()

log = logging.getLogger("rhythm.hub")

Answer = Callable[[list[str]], Awaitable[str]]


class Hub:
    """`answers` are what it can be asked beside `listen`, by the first word."""

    def __init__(self, db: Database, answers: Mapping[str, Answer], *, poll: float = POLL) -> None:
        self._db = db
        self._answers = answers
        self._poll = poll
        self._listeners: set[socket.socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._state = b""
        """What one who begins to listen is told; nothing until it is known."""
        self._told: dict[int | None, bool] = {}
        """The projects that were told of just now, and whether they are to be told of again."""

    async def serve(self, listener: socket.socket) -> None:
        """Takes who connects, and passes notices on, until it is cancelled."""
        listener.setblocking(False)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._take(listener))
                tasks.create_task(self._pass_on())
        finally:
            for task in self._tasks:
                task.cancel()

    # Who asks --------------------------------------------------------------------------------------------

    async def _take(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            line, _ = await loop.sock_accept(listener)
            if _peer(line) not in (0, os.geteuid()):
                line.close()
                continue
            task = asyncio.create_task(self._ask(line))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, line: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(5):
                question = (await loop.sock_recv(line, 64_000)).decode().split("\0\0")
            if question == ["listen"]:
                await self._keep(line)
            elif question[0] in self._answers:
                answer = await self._answers[question[0]](question[1:])
                await loop.sock_sendall(line, answer.encode())
        except (OSError, UnicodeError, TimeoutError):
            log.debug("somebody who asked did not wait for the answer")
        except RhythmError as error:
            log.warning("a question could not be answered: %s", error.message)
        finally:
            line.close()

    async def _keep(self, line: socket.socket) -> None:
        """Sends a listener how it is and what comes, until it is gone."""
        self._listeners.add(line)
        try:
            if self._state:
                line.send(self._state)
            await asyncio.get_running_loop().sock_recv(line, 1)
        finally:
            self._listeners.discard(line)

    def _become(self, state: bytes) -> None:
        """Tells how it is from now on, also those who come later."""
        self._state = state
        self._tell(state)

    def _tell(self, words: bytes) -> None:
        for line in list(self._listeners):
            try:
                line.send(words)
            except OSError:
                self._listeners.discard(line)
                with suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)

    def _pass(self, notice: Notice) -> None:
        """Tells of a project at once, and while more happens there no more often than a session looks."""
        if notice.said:
            self._tell(_written(notice))
        elif notice.project in self._told:
            self._told[notice.project] = True
        else:
            self._told[notice.project] = False
            self._tell(_written(notice))
            asyncio.get_running_loop().call_later(GATHER, self._again, notice)

    def _again(self, notice: Notice) -> None:
        """Tells of what happened meanwhile, unless it is not known any more."""
        if self._told.pop(notice.project) and self._state == _EVERYBODY:
            self._pass(notice)

    # What it hears ---------------------------------------------------------------------------------------

    async def _pass_on(self) -> None:
        failures = 0
        while True:
            try:
                async with OwnEar(self._db).listen() as line:
                    history = _History()
                    await history.look(line.connection)
                    self._become(_EVERYBODY)
                    failures = 0
                    await self._hear(line, history)
            except RhythmError as error:
                if failures == 0:
                    self._become(LOST + error.message.encode())
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _hear(self, line: OwnLine, history: _History) -> None:
        looked = monotonic()
        while True:
            for notice in await line.hear(self._poll):
                self._pass(notice)
            if monotonic() - looked >= self._poll:
                looked = monotonic()
                for project in await history.look(line.connection):
                    self._pass(Notice(project))


class _History:
    """How far the history was read, for notices that were lost."""

    def __init__(self) -> None:
        self._told: set[int] | None = None
        self._ends: deque[tuple[float, int]] = deque()
        self._since = 0

    async def look(self, connection: Connection) -> set[int | None]:
        """The projects of what is new since the last look. Sequence numbers are given before COMMIT: it goes
        back for as long as a transaction may live.
        """
        first = self._told is None
        told = self._told or set()
        with in_words(), Deadline(5.0) as deadline:
            deadline.watch(connection)
            rows = await fetch(
                connection,
                _Q["newest_with_projects"],
                {"since": self._since, "told": list(told), "limit": _MANY},
            )
        told |= {row["seq"] for row in rows}
        if len(rows) == _MANY:  # What is older counts as told.
            self._since = min(row["seq"] for row in rows) - 1
        now = monotonic()
        if rows:
            self._ends.append((now, max(told)))
        while self._ends and self._ends[0][0] < now - _OVERLAP:
            self._since = max(self._since, self._ends.popleft()[1])
        self._told = {seq for seq in told if seq > self._since}
        return set() if first else {None} if len(rows) == _MANY else {row["project_id"] for row in rows}


async def serve(conninfo: str, listener: socket.socket, answers: Mapping[str, Answer]) -> None:
    """The hub of a database behind a listening socket, until it is cancelled."""
    db = Database(conninfo, discreet=True)
    try:
        await Hub(db, answers).serve(listener)
    finally:
        await db.close()


def announcement(text: str) -> dict[str, str]:
    """The parameters of the query `notify` for words to everybody."""
    return {"channel": CHANNEL, "payload": json.dumps({"say": text})}


def _written(notice: Notice) -> bytes:
    return json.dumps({"say": notice.said} if notice.said else {"p": notice.project}).encode()


def _peer(line: socket.socket) -> int:
    """The user at the other end."""
    return int(struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
