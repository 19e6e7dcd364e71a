"""What others change arrives, once, only for those who may know, and a gap is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from uuid import uuid4

import psycopg
import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import NotSignedIn
from rhythm_domain.guard import Chunk
from rhythm_domain.live import Change, Live, Resync
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from tests.instances import Team

WAIT = 20.0


def listen(session: Session, db: Database, poll: float = 0.3) -> AsyncGenerator[Change | Resync, None]:
    return Live(db, session._guard, poll=poll).changes()


async def change_something(session: Session, name: str = "x") -> None:
    async with session._guard.project(Permission.PROJECT_EDIT, "CORE") as tx:
        tx.record("project.edited", after={"name": name}, issue=None)


async def next_of(changes: AsyncIterator[Change | Resync]) -> Change | Resync:
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
