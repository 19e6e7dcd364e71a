"""The guard: who gets in, what they are told, and that a write happens once."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from rhythm_domain import queries
from rhythm_domain.errors import Forbidden, Invalid, NotFound, NotSignedIn
from rhythm_domain.guard import Guard
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from tests.instances import Instance, Team


def guard(session: Session) -> Guard:
    return session._guard


async def enter(session: Session, permission: Permission, key: str = "CORE") -> str:
    async with guard(session).project(permission, key) as tx:
        if tx.write:
            tx.unchanged()
        return tx.permission


async def test_a_project_does_not_exist_for_an_outsider(team: Team) -> None:
    """The same words as for a key that was never used."""
    with pytest.raises(NotFound) as hidden:
        await enter(team.outsider, Permission.PROJECT_READ)
    with pytest.raises(NotFound) as unused:
        await enter(team.outsider, Permission.PROJECT_READ, "NOPE")
    assert hidden.value.message.replace("CORE", "NOPE") == unused.value.message
    assert hidden.value.hint == unused.value.hint


async def test_a_refusal_says_why(team: Team) -> None:
    with pytest.raises(Forbidden, match="only maintainers may start a sprint"):
        await enter(team.member, Permission.SPRINT_START)


async def test_what_an_administrator_does_by_that_right_is_recorded_so(team: Team) -> None:
    assert await enter(team.admin, Permission.PROJECT_ARCHIVE) == "admin:project.archive"
    assert await enter(team.owner, Permission.PROJECT_ARCHIVE) == "project.archive"


async def test_an_ended_session_is_refused(team: Team) -> None:
    team.instance.end_session(team.owner)
    with pytest.raises(NotSignedIn):
        await enter(team.owner, Permission.PROJECT_READ)


async def test_a_deactivated_person_is_refused(team: Team) -> None:
    team.instance.sql.execute("UPDATE users SET active = false WHERE name = 'mia'")
    with pytest.raises(NotSignedIn):
        await enter(team.member, Permission.PROJECT_READ)


@pytest.mark.parametrize(
    "limit", ["expires_at = now()", "idle_limit = '1 day', last_seen_at = now() - interval '25 h'"]
)
async def test_a_session_ends_by_the_clock_of_the_database(team: Team, limit: str) -> None:
    team.instance.sql.execute(f"UPDATE sessions SET {limit} WHERE id = %s".encode(), (team.owner.id,))
    with pytest.raises(NotSignedIn):
        await enter(team.owner, Permission.PROJECT_READ)


async def test_an_archived_project_refuses_every_write_with_that_reason(team: Team) -> None:
    team.instance.sql.execute("UPDATE projects SET archived_at = now()")
    for permission in Permission:
        if permission.reads or permission.rule.archived or permission is Permission.COMMENT_EDIT:
            continue
        with pytest.raises(Forbidden, match="CORE is archived"):
            await enter(team.owner, permission)
    await enter(team.owner, Permission.PROJECT_READ)


async def test_a_read_only_token_may_only_read(instance: Instance) -> None:
    reader = instance.person("rita", read_only=True)
    instance.project("CORE", owner=reader)
    assert await enter(reader, Permission.PROJECT_READ)
    with pytest.raises(Forbidden, match="only read"):
        await enter(reader, Permission.ISSUE_CREATE)


async def test_a_read_only_instance_refuses_writes(team: Team) -> None:
    team.instance.sql.execute("UPDATE instance SET read_only = true")
    with pytest.raises(Forbidden, match="read-only"):
        await enter(team.owner, Permission.ISSUE_CREATE)


async def test_a_write_without_an_event_is_a_defect(team: Team) -> None:
    with pytest.raises(RuntimeError, match="recorded no event"):
        async with guard(team.owner).project(Permission.PROJECT_EDIT, "CORE"):
            pass


async def test_an_operation_that_is_sent_again_is_known(team: Team) -> None:
    operation = uuid4()
    for time in range(2):
        async with guard(team.owner).project(Permission.PROJECT_EDIT, "CORE", operation=operation) as tx:
            assert (tx.done is not None) == (time == 1)
            if not tx.done:
                tx.record("project.edited", after={"name": "new"})
    assert team.instance.value("SELECT count(*) FROM events") == 1


async def test_a_revocation_waits_for_a_write_and_stops_the_next(team: Team) -> None:
    """Between check and act nobody is removed: the membership row is held until COMMIT."""
    async with guard(team.member).project(Permission.ISSUE_CREATE, "CORE") as tx:
        ended = asyncio.create_task(
            asyncio.to_thread(
                team.instance.sql.execute,
                b"UPDATE project_members SET ended_at = now() WHERE user_id = %s",
                (team.member.user.id,),
            )
        )
        while not team_waits(team):  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.01)
        assert not ended.done()
        tx.unchanged()
    await ended
    with pytest.raises(NotFound):
        await enter(team.member, Permission.ISSUE_CREATE)


def team_waits(team: Team) -> bool:
    import psycopg

    with psycopg.connect(team.instance.db.conninfo, autocommit=True) as sql:
        row = sql.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
        return row is not None and row[0] > 0


async def test_a_reader_writes_nothing(team: Team) -> None:
    """The database itself refuses: a read's transaction is read-only."""
    from rhythm_domain.errors import Unavailable

    update = queries.Named("test", b"UPDATE projects SET name = 'x'")
    with pytest.raises(Unavailable):
        async with guard(team.owner).project(Permission.PROJECT_READ, "CORE") as tx:
            await tx.execute(update)


@pytest.mark.parametrize("ref", ["CORE-1", "NOPE-1", 4711])
async def test_an_issue_that_is_not_there(team: Team, ref: int | str) -> None:
    with pytest.raises(NotFound, match="There is no issue"):
        async with guard(team.owner).issue(Permission.PROJECT_READ, ref):
            pass


@pytest.mark.parametrize("ref", ["CORE", "CORE-", "core_1", "CORE-99999999999", "", "; DROP TABLE"])
async def test_what_is_no_key_is_said_so(team: Team, ref: str) -> None:
    with pytest.raises(Invalid, match="no issue key"):
        async with guard(team.owner).issue(Permission.PROJECT_READ, ref):
            pass
