"""What others change arrives, once, only for those who may know, and a gap is said."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing
from time import monotonic
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from rhythm_domain.database import Database, Row
from rhythm_domain.errors import NotSignedIn, Unavailable
from rhythm_domain.live import Announcement, Change, Live, Resync
from rhythm_domain.models import Role
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.notices import GATHER
from rhythm_domain.policy import Permission
from rhythm_domain.repository import live
from rhythm_domain.repository.live import End
from rhythm_domain.session import Session
from rhythm_domain.transaction import CHANNEL, Chunk
from tests.instances import Team

WAIT = 20.0

Heard = Change | Resync | Announcement


def listen(session: Session, db: Database, poll: float = 0.3) -> AsyncGenerator[Heard, None]:
    return Live(db, session._guard, poll=poll).changes()


async def change_something(session: Session, name: str = "x") -> None:
    async with session._guard.project(Permission.PROJECT_EDIT, "CORE") as tx:
        tx.record("project.edited", after={"name": name}, issue=None)


async def listening(changes: AsyncIterator[Heard]) -> None:
    assert isinstance(await next_of(changes), Resync)


async def next_change(changes: AsyncIterator[Heard]) -> Change:
    change = await next_of(changes)
    assert isinstance(change, Change)
    return change


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many events each look found."""
    found: list[int] = []

    async def counted(*args: Any, **kwargs: Any) -> list[Row]:
        rows = await since(*args, **kwargs)
        found.append(len(rows))
        return rows

    since = live.since
    monkeypatch.setattr(live, "since", counted)
    return found


def write_events(team: Team, count: int, *, notify: bool = False) -> None:
    """Events by the owner behind the services' back, each an operation and a transaction of its own."""
    for _ in range(count):
        team.instance.sql.execute(
            "INSERT INTO events (id, operation, kind, permission, actor_id, project_id)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'project.edited', 'x', %s, %s)",
            (team.owner.user.id, team.project_id),
        )
        if notify:
            team.instance.sql.execute(
                "SELECT pg_notify(%s, %s)", (CHANNEL, json.dumps({"p": team.project_id, "i": [], "o": ""}))
            )


async def next_of(changes: AsyncIterator[Heard]) -> Heard:
    async with asyncio.timeout(WAIT):
        return await anext(changes)


async def test_a_change_arrives_with_who_did_it(team: Team, db: Database) -> None:
    async with aclosing(listen(team.viewer, db)) as changes:
        assert isinstance(await next_of(changes), Resync)
        await change_something(team.owner)
        change = await next_of(changes)
        assert isinstance(change, Change)
        assert (change.actor.name, change.project_key) == ("olga", "CORE")
        assert change.kinds == {"project.edited"}


async def test_an_outsider_hears_nothing(team: Team, db: Database) -> None:
    team.instance.project("MINE", owner=team.outsider)
    async with aclosing(listen(team.outsider, db)) as changes:
        await next_of(changes)
        await change_something(team.owner)
        async with team.outsider._guard.project(Permission.PROJECT_EDIT, "MINE") as tx:
            tx.record("project.edited", after={})
        change = await next_of(changes)
        assert isinstance(change, Change)
        assert change.project_key == "MINE"


async def test_a_lost_notice_is_made_good(team: Team, db: Database) -> None:
    """An event that nobody was notified of is found by the next look."""
    async with aclosing(listen(team.viewer, db)) as changes:
        await next_of(changes)
        waiting = asyncio.create_task(next_of(changes))
        team.instance.sql.execute(
            "INSERT INTO events (id, operation, kind, permission, actor_id, project_id)"
            " VALUES (%s, %s, 'project.edited', 'x', %s, %s)",
            (uuid4(), uuid4(), team.owner.user.id, team.project_id),
        )
        assert isinstance(await waiting, Change)


async def test_an_event_that_commits_behind_a_newer_one_is_not_missed(team: Team, db: Database) -> None:
    """Sequence numbers are given before COMMIT: a slow transaction appears behind a fast one."""
    async with aclosing(listen(team.viewer, db)) as changes:
        await next_of(changes)
        async with team.owner._guard.project(Permission.PROJECT_EDIT, "CORE") as slow:
            slow.record("project.edited", after={"name": "slow"})
            await slow.flush()
            slow._events.clear()
            slow.unchanged()
            await change_something(team.maintainer, "fast")
            first = await next_of(changes)
        await change_something(team.maintainer, "again")
        actors = [first]
        while len(actors) < 3:
            actors.append(await next_of(changes))
        names = [change.actor.name for change in actors if isinstance(change, Change)]
        assert names[0] == "max"
        assert sorted(names) == ["max", "max", "olga"]


async def test_a_dropped_connection_is_told_as_a_gap(team: Team, db: Database) -> None:
    async with aclosing(listen(team.viewer, db)) as changes:
        await next_of(changes)
        waiting = asyncio.create_task(next_of(changes))
        await asyncio.to_thread(kill_listeners, db.conninfo)
        assert isinstance(await waiting, Resync)
        await change_something(team.owner)
        assert isinstance(await next_of(changes), Change)


def kill_listeners(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as sql:
        killed = 0
        while not killed:
            killed = sql.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query = 'LISTEN rhythm' AND pid <> pg_backend_pid()"
            ).fetchone()[0]  # type: ignore[index]


async def test_listening_ends_with_the_session(team: Team, db: Database) -> None:
    async with aclosing(listen(team.viewer, db)) as changes:
        await next_of(changes)
        team.instance.end_session(team.viewer)
        with pytest.raises(NotSignedIn):
            await next_of(changes)


async def test_chunks_of_one_operation_are_told_as_they_come(team: Team, db: Database) -> None:
    operation = uuid4()
    async with aclosing(listen(team.viewer, db)) as changes:
        await next_of(changes)
        for index in range(2):
            chunk = Chunk(operation, index)
            async with team.owner._guard.project(Permission.PROJECT_EDIT, "CORE", operation=chunk) as tx:
                assert not tx.done
                tx.record("project.edited", after={})
            change = await next_of(changes)
            assert isinstance(change, Change)
            assert change.operation == operation


# Bursts and quiet ---------------------------------------------------------------------------------------


async def test_a_change_is_there_within_a_blink(team: Team, db: Database) -> None:
    """Of some tries the quickest: how long it takes when the machine has time for it."""
    took = []
    async with aclosing(listen(team.viewer, db, poll=WAIT)) as changes:
        await listening(changes)
        for _ in range(5):
            start = monotonic()
            await change_something(team.owner)
            await next_change(changes)
            took.append(monotonic() - start)
    assert min(took) < 0.3


async def test_a_burst_is_read_in_few_looks(team: Team, db: Database, looks: list[int]) -> None:
    """However many notices come, each change is told once."""
    count = 500
    async with aclosing(listen(team.viewer, db)) as changes:
        await listening(changes)
        start = monotonic()
        writing = asyncio.create_task(asyncio.to_thread(write_events, team, count, notify=True))
        told = [await next_change(changes) for _ in range(count)]
        seconds = monotonic() - start
        await writing
    assert len({change.operation for change in told}) == count
    assert len(looks) <= 2 + seconds / GATHER


async def test_a_lasting_flood_is_no_gap(
    team: Team, db: Database, monkeypatch: pytest.MonkeyPatch, looks: list[int]
) -> None:
    """What was told is not read again, though it is younger than the longest transaction may be."""
    monkeypatch.setattr("rhythm_domain.live.MANY", 30)
    async with aclosing(listen(team.viewer, db)) as changes:
        await listening(changes)
        for _ in range(3):
            await asyncio.to_thread(write_events, team, 20)
            for _ in range(20):
                await next_change(changes)
    assert max(looks) <= 20


async def test_too_much_at_once_is_told_as_a_resync(
    team: Team, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhythm_domain.live.MANY", 10)
    async with aclosing(listen(team.viewer, db, poll=WAIT)) as changes:
        await listening(changes)
        with team.instance.sql.transaction():
            write_events(team, 20)
        await change_something(team.owner)
        await listening(changes)
        await change_something(team.owner)
        await next_change(changes)


async def test_what_was_being_committed_when_listening_began_is_told(team: Team, db: Database) -> None:
    """It has a lower number than what was there already."""
    async with team.owner._guard.project(Permission.PROJECT_EDIT, "CORE") as slow:
        slow.record("project.edited", after={})
        await slow.flush()
        slow._events.clear()
        slow.unchanged()
        await change_something(team.maintainer)
        async with AsyncExitStack() as stack:
            changes = await stack.enter_async_context(aclosing(listen(team.viewer, db)))
            await listening(changes)
            keep = stack.pop_all()
    async with keep:
        assert (await next_change(changes)).actor.name == "olga"


async def test_other_peoples_work_wakes_nobody(team: Team, db: Database, looks: list[int]) -> None:
    team.instance.project("MINE", owner=team.outsider)
    async with aclosing(listen(team.viewer, db, poll=WAIT)) as changes:
        await listening(changes)
        waiting = asyncio.create_task(next_change(changes))
        for _ in range(5):
            await team.outsider.issues.create("MINE", IssueDraft(title="x"))
        await change_something(team.owner)
        await waiting
    assert looks == [1]


async def test_what_another_program_sends_does_no_harm(team: Team, db: Database) -> None:
    async with aclosing(listen(team.viewer, db, poll=WAIT)) as changes:
        await listening(changes)
        for payload in ("", "x", "[]", "1", "{}"):
            team.instance.sql.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
        await change_something(team.owner)
        await next_change(changes)


# Who hears what -----------------------------------------------------------------------------------------


async def test_who_becomes_a_member_hears_of_it_and_who_is_removed_too(team: Team, db: Database) -> None:
    team.instance.project("MINE", owner=team.outsider)
    async with aclosing(listen(team.outsider, db, poll=WAIT)) as changes:
        await listening(changes)
        await team.owner.members.add("CORE", "otto", Role.VIEWER)
        assert (await next_change(changes)).kinds == {"member.added"}
        await team.owner.members.remove("CORE", "otto")
        assert (await next_change(changes)).kinds == {"member.removed"}
        await change_something(team.owner)
        await team.outsider.issues.create("MINE", IssueDraft(title="x"))
        assert (await next_change(changes)).project_key == "MINE"


async def test_an_administrator_hears_of_their_own_projects_and_of_the_one_they_watch(
    team: Team, db: Database
) -> None:
    team.instance.project("MINE", owner=team.admin)
    live = Live(db, team.admin._guard, poll=WAIT)
    async with aclosing(live.changes()) as changes:
        await listening(changes)
        await team.owner.issues.create("CORE", IssueDraft(title="x"))
        await team.admin.issues.create("MINE", IssueDraft(title="x"))
        assert (await next_change(changes)).project_key == "MINE"
        live.watched = team.project_id
        await team.owner.issues.create("CORE", IssueDraft(title="x"))
        assert (await next_change(changes)).project_key == "CORE"


async def test_to_watch_takes_an_administrator(team: Team, db: Database) -> None:
    team.instance.project("MINE", owner=team.outsider)
    live = Live(db, team.outsider._guard, poll=WAIT)
    live.watched = team.project_id
    async with aclosing(live.changes()) as changes:
        await listening(changes)
        await change_something(team.owner)
        await team.outsider.issues.create("MINE", IssueDraft(title="x"))
        assert (await next_change(changes)).project_key == "MINE"


async def test_who_listens_later_hears_of_what_came_since_a_mark(team: Team, db: Database) -> None:
    """Of nothing before it, and nothing has to be read again; after a gap all of it has."""
    await change_something(team.owner)
    live = Live(db, team.viewer._guard, poll=WAIT)
    await live.mark()
    await change_something(team.maintainer)
    assert not live.hears
    async with aclosing(live.changes()) as changes:
        assert (await next_change(changes)).actor.name == "max"
        assert live.hears
        await change_something(team.owner)
        assert (await next_change(changes)).actor == team.owner.user.ref
    async with aclosing(live.changes()) as changes:
        await listening(changes)


async def test_a_change_names_its_operation_and_its_issues(team: Team, db: Database) -> None:
    """By which a program knows its own."""
    operation = uuid4()
    async with aclosing(listen(team.viewer, db)) as changes:
        await listening(changes)
        issue = await team.member.issues.create("CORE", IssueDraft(title="x"), operation=operation)
        change = await next_change(changes)
        assert (change.operation, *change.issue_ids) == (operation, issue.id)
        assert change.actor == team.member.user.ref
        assert change.seq == team.instance.value("SELECT max(seq) FROM events")


async def test_one_live_serves_several_readers(team: Team, db: Database) -> None:
    live = Live(db, team.viewer._guard, poll=WAIT)
    async with aclosing(live.changes()) as one, aclosing(live.changes()) as other:
        await listening(one)
        await change_something(team.owner)
        await listening(other)
        await next_change(one)
        await change_something(team.maintainer)
        for changes in (one, other):
            assert (await next_change(changes)).actor.name == "max"


async def test_a_look_that_fails_misses_nothing(
    team: Team, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection that listens is well: nothing has to be read again."""
    refusals = [Unavailable("Too much waits for the database already.")] * 2

    async def refused(*args: Any, **kwargs: Any) -> End:
        if refusals:
            raise refusals.pop()
        return await end(*args, **kwargs)

    end = live.end
    async with aclosing(listen(team.viewer, db, poll=WAIT)) as changes:
        await listening(changes)
        monkeypatch.setattr(live, "end", refused)
        await change_something(team.owner)
        await next_change(changes)
    assert not refusals
