"""What others change, as it happens.

    async for change in session.live.changes():
        ...re-read what is on the screen and in `change.issue_ids`; everything after a Resync

The events table is the truth. A notice on the channel only wakes the reader up, and one that was lost is made
good by a look every five seconds. Sequence numbers are given before COMMIT, so events can appear behind newer
ones: each look goes back to where the end was fifteen seconds ago, longer than any transaction lives, and
passes over what it has told already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from itertools import groupby
from time import monotonic
from uuid import UUID

import psycopg

from rhythm_domain.database import Connection, Database, Deadline, Row
from rhythm_domain.errors import Unavailable
from rhythm_domain.guard import CHANNEL, Guard
from rhythm_domain.models import Model, PersonRef
from rhythm_domain.repository import live

POLL = 5.0
"""Seconds between two looks when no notice comes."""

OVERLAP = 15.0
"""Seconds that a look goes back."""

MANY = 5000
"""More events than this at once are told as a Resync."""

_PATIENCE = 2.0
_PAUSES = (0.1, 0.3, 1.0, 2.0)


class Change(Model):
    """One operation of one person in one project: which issues it touched, and what it did (event kinds)."""

    operation: UUID
    project_id: int
    project_key: str
    actor: PersonRef
    kinds: frozenset[str]
    issue_ids: frozenset[int]


class Resync(Model):
    """Something may have been missed: read everything that is shown again."""


class Live:
    """The changes in a person's projects. Needs a connection of its own while it listens."""

    def __init__(self, db: Database, guard: Guard, *, poll: float = POLL) -> None:
        self._db = db
        self._guard = guard
        self._poll = poll
        self._told: set[int] = set()
        self._ends: deque[tuple[float, int]] = deque()

    async def changes(self) -> AsyncGenerator[Change | Resync, None]:
        """Changes from now on, those of this session among them, for as long as it is iterated.

        The first is a Resync, and so is the first after each gap in the connection: it reconnects by itself.
        Raises `NotSignedIn` when the session ended.
        """
        failures = 0
        while True:
            try:
                async with self._db.connection(listen=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    await self._begin()
                    failures = 0
                    yield Resync()
                    while True:
                        await self._wait(connection)
                        for change in await self._look():
                            yield change
            except (Unavailable, psycopg.Error):
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def _wait(self, connection: Connection) -> None:
        """Until there is a notice, or for as long as a poll; a connection that died raises."""
        async for _ in connection.notifies(timeout=self._poll, stop_after=1):
            return
        with Deadline(_PATIENCE) as deadline:
            deadline.watch(connection)
            await connection.execute(b"SELECT 1")

    async def _begin(self) -> None:
        self._told.clear()
        self._ends.clear()
        async with self._guard.person() as tx:
            self._ends.append((monotonic(), await live.latest(tx)))

    async def _look(self) -> list[Change | Resync]:
        now = monotonic()
        while len(self._ends) > 1 and self._ends[1][0] < now - OVERLAP:
            self._ends.popleft()
        since = self._ends[0][1]
        async with self._guard.person() as tx:
            rows = await live.since(tx, since, MANY + 1)
        self._told = {seq for seq in self._told if seq > since}
        fresh = [row for row in rows if row["seq"] not in self._told]
        self._told |= {row["seq"] for row in fresh}
        if rows:
            self._ends.append((now, rows[-1]["seq"]))
        if len(rows) > MANY:
            await self._begin()
            return [Resync()]
        return _changes(fresh)


def _changes(rows: list[Row]) -> list[Change | Resync]:
    def operation(row: Row) -> tuple[str, int]:
        return str(row["operation"]), row["project_id"]

    made: list[Change | Resync] = []
    for _, group in groupby(sorted(rows, key=operation), operation):
        events = list(group)
        first = events[0]
        made.append(
            Change(
                operation=first["operation"],
                project_id=first["project_id"],
                project_key=first["project_key"],
                actor=PersonRef(id=first["id"], name=first["name"], display_name=first["display_name"]),
                kinds=frozenset(row["kind"] for row in events),
                issue_ids=frozenset(row["issue_id"] for row in events if row["issue_id"] is not None),
            )
        )
    return made
