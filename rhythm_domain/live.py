"""What others change, as it happens.

    async for change in session.live.changes():
        ...re-read what is on the screen and in `change.issue_ids`; everything after a Resync

The events table is the truth. A notice on the channel only wakes the reader up: at most every 100 ms it looks
what is new, however many notices came, and one that was lost is made good by a look every five seconds.
Sequence numbers are given before COMMIT, so events can appear behind newer ones: each look goes back to where
no transaction was at work any more, and passes over what it has told already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from itertools import groupby
from time import monotonic
from uuid import UUID

from rhythm_domain.database import Database, Row
from rhythm_domain.errors import Unavailable
from rhythm_domain.guard import Guard
from rhythm_domain.models import Model, PersonRef
from rhythm_domain.notices import GATHER, POLL, Ear, HubEar, Line, Notice, OwnEar
from rhythm_domain.repository import live
from rhythm_domain.repository.live import End

OVERLAP = 15.0
"""The most seconds that a look goes back: longer than any transaction of Rhythm lives."""

MANY = 5000
"""More events than this at once are told as a Resync."""

_PAUSES = (0.1, 0.3, 1.0, 2.0)


class Change(Model):
    """One operation of one person in one project: which issues it touched, and what it did (event kinds).

    `seq` grows from change to change, but for those that were committed behind newer ones. An operation of
    several transactions is told as it comes, under the one id.
    """

    operation: UUID
    seq: int
    project_id: int
    project_key: str
    actor: PersonRef
    kinds: frozenset[str]
    issue_ids: frozenset[int]


class Resync(Model):
    """Something may have been missed: read everything that is shown again."""


class Announcement(Model):
    """Words of who runs the instance, for everybody who is there."""

    text: str


class Live:
    """The changes in a person's projects; of their membership in one, also the end of it.

    A program subscribes once, for all that it shows. `watched` is the id of one more project to hear of, the
    one that an administrator looks at without being a member; it can be set at any time.
    """

    def __init__(self, db: Database, guard: Guard, *, poll: float = POLL) -> None:
        self._db, self._guard, self._poll = db, guard, poll
        self._marked: _Tail | None = None
        self.hears = False
        """Whether what others do from now on is told."""
        self.watched: int | None = None
        self.lost: Callable[[Unavailable], None] | None = None
        """Told when the connection broke, before it is made anew; of a server that froze within a beat."""

    async def changes(self) -> AsyncGenerator[Change | Resync | Announcement, None]:
        """Changes from now on, those of this session among them (known by their `operation`), for as long as
        it is iterated, and announcements. Each iteration needs a connection of its own, or the hub's.

        The first is a Resync, and so is the first after each gap in the connection: it reconnects by itself.
        After a `mark` they are the changes since then instead. Raises `NotSignedIn` when the session ended.
        """
        failures = 0
        while True:
            marked, self._marked = self._marked, None
            try:
                async with self._ear().listen() as line:
                    tail = marked or _Tail(self._guard)
                    if marked is None:
                        await tail.begin()
                    missed = [Resync()] if marked is None else await self._look(tail)
                    failures, self.hears = 0, True
                    for each in missed:
                        yield each
                    while True:
                        for said in await self._wait(line, tail):
                            yield Announcement(text=said)
                        for change in await self._look(tail):
                            yield change
            except Unavailable as error:
                if self.lost is not None:
                    self.lost(error)
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    async def mark(self) -> None:
        """Takes what has happened so far as known: who begins to listen later hears what came since, and what
        was read meanwhile need not be read again.
        """
        tail = _Tail(self._guard)
        await tail.begin()
        self._marked = tail

    def _ear(self) -> Ear:
        return OwnEar(self._db, self._poll) if self._db.hub is None else HubEar(self._db.hub)

    async def _wait(self, line: Line, tail: _Tail) -> list[str]:
        """Until it is time to look: after a notice that concerns the person, or for as long as a poll.

        Returns what was announced. A line that died raises.
        """
        until = monotonic() + line.poll
        while (left := until - monotonic()) > 0:
            heard = await line.hear(left)
            if any(self._concerns(notice, tail) for notice in heard):
                # The first is looked at right away, those of a burst together.
                heard += await line.gather(max(tail.looked + GATHER - monotonic(), 0.001))
                return [notice.said for notice in heard if notice.said]
        return []

    def _concerns(self, notice: Notice, tail: _Tail) -> bool:
        """Whether a notice is for the person: everybody, or a project that is listened to."""
        return bool(notice.said) or notice.project in (None, self.watched, *tail.projects)

    async def _look(self, tail: _Tail) -> list[Change | Resync]:
        """What is new. A look that fails misses nothing: the next one begins where the last one ended."""
        for pause in _PAUSES:
            try:
                return await tail.look(self.watched)
            except Unavailable:
                await asyncio.sleep(pause)
        return await tail.look(self.watched)


class _Tail:
    """How far one reader of the history has come."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._since = 0
        self._told: set[int] = set()
        self._ends: deque[tuple[float, End]] = deque()
        self.projects: set[int] = set()
        self.looked = 0.0

    async def begin(self) -> None:
        """Takes what is there as told; what is still being committed with a lower number is not."""
        async with self._guard.person() as tx:
            end = await live.end(tx)
            self._since, self._told = await live.newest(tx, MANY)
            self.projects = await live.projects(tx)
        self._ends = deque([(monotonic(), end)])

    async def look(self, watched: int | None) -> list[Change | Resync]:
        """What is new since the last look."""
        self.looked = now = monotonic()
        async with self._guard.person() as tx:
            end = await live.end(tx)
            rows = await live.since(tx, self._since, told=self._told, watched=watched, limit=MANY + 1)
            self.projects = await live.projects(tx)
        if len(rows) > MANY:
            await self.begin()
            return [Resync()]
        self._told.update(row["seq"] for row in rows)
        self._ends.append((now, end))
        self._settle(now, end)
        return _changes(rows)

    def _settle(self, now: float, end: End) -> None:
        """Lets go of what no transaction can come behind any more: those that were at work when the history
        ended there were over before this look.
        """
        while self._ends and (self._ends[0][1].next <= end.oldest or self._ends[0][0] < now - OVERLAP):
            self._since = max(self._since, self._ends.popleft()[1].seq)
        self._told = {seq for seq in self._told if seq > self._since}


def _changes(rows: list[Row]) -> list[Change | Resync]:
    """Events as changes, in the order of their last events."""

    def operation(row: Row) -> tuple[str, int]:
        return str(row["operation"]), row["project_id"]

    made: list[Change] = []
    for _, group in groupby(sorted(rows, key=operation), operation):
        events = list(group)
        first = events[0]
        made.append(
            Change(
                operation=first["operation"],
                seq=max(row["seq"] for row in events),
                project_id=first["project_id"],
                project_key=first["project_key"],
                actor=PersonRef(id=first["id"], name=first["name"], display_name=first["display_name"]),
                kinds=frozenset(row["kind"] for row in events),
                issue_ids=frozenset(row["issue_id"] for row in events if row["issue_id"] is not None),
            )
        )
    return [*sorted(made, key=lambda change: change.seq)]
