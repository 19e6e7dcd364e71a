"""Races run for real: over connections of their own, and in processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from rhythm_domain import credentials
from rhythm_domain.database import Database
from rhythm_domain.errors import Conflict, Invalid, NotFound
from rhythm_domain.models import Issue, Priority, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.instances import Team

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def elsewhere(conninfo: str, *people: Session) -> AsyncIterator[list[Session]]:
    """The same people, each on a connection of their own."""
    lines = [Database(conninfo, max_size=1) for _ in people]
    try:
        yield [Session(line, one.user, one.id) for line, one in zip(lines, people, strict=True)]
    finally:
        for line in lines:
            await line.close()


async def issues(team: Team, count: int) -> list[Issue]:
    return [await team.member.issues.create("CORE", IssueDraft(title=f"n{at}")) for at in range(count)]


async def test_one_operation_on_two_connections_creates_once(team: Team, conninfo: str) -> None:
    async with elsewhere(conninfo, team.member, team.member) as people:
        for _ in range(5):
            operation = uuid4()
            one, other = await asyncio.gather(
                *(who.issues.create("CORE", IssueDraft(title="x"), operation=operation) for who in people)
            )
            assert one == other
    assert team.instance.value("SELECT count(*) FROM issues") == 5
    assert team.instance.value("SELECT count(*) FROM events") == 5


async def test_bulks_in_opposite_orders_all_succeed(team: Team, conninfo: str) -> None:
    made = [issue.key for issue in await issues(team, 30)]
    everybody = (team.owner, team.maintainer, team.member, team.admin) * 2
    async with elsewhere(conninfo, *everybody) as people:
        await asyncio.gather(
            *(
                who.issues.edit_many(
                    made if at % 2 else made[::-1],
                    IssueEdit(priority=list(Priority)[at % 4], status=list(Status)[at % 4]),
                )
                for at, who in enumerate(people)
            )
        )
    values = team.instance.sql.execute("SELECT DISTINCT priority, status FROM issues").fetchall()
    assert len(values) == 1


async def test_moves_and_bulks_and_links_do_not_lock_each_other_out(team: Team, conninfo: str) -> None:
    made = [issue.key for issue in await issues(team, 12)]
    async with elsewhere(conninfo, *(team.member,) * 6) as people:
        results = await asyncio.gather(
            people[0].issues.edit_many(made, IssueEdit(priority=Priority.HIGH)),
            people[1].issues.edit_many(made[::-1], IssueEdit(assignee="vic")),
            people[2].issues.move(made[3], Status.DONE, after=made[-1]),
            people[3].issues.order(made[-1], before=made[0]),
            people[4].issues.delete([made[5], made[2]]),
            people[5].issues.create("CORE", IssueDraft(title="new", parent=made[7])),
            return_exceptions=True,
        )
    # A bulk that comes behind the deletion is refused as a whole.
    assert not [one for one in results[2:] if isinstance(one, BaseException)]
    assert all(isinstance(one, tuple | NotFound) for one in results[:2])
    assert team.instance.value("SELECT count(DISTINCT rank) FROM issues") == 13


async def test_of_two_editors_of_a_title_neither_loses_a_word(team: Team, conninfo: str) -> None:
    (issue,) = await issues(team, 1)
    async with elsewhere(conninfo, team.member, team.maintainer) as people:
        results = await asyncio.gather(
            *(
                who.issues.edit(issue.key, IssueEdit(title=f"by {who.user.name}", base_version=issue.version))
                for who in people
            ),
            return_exceptions=True,
        )
    refused = [one for one in results if isinstance(one, Conflict)]
    assert len(refused) == 1
    assert {refused[0].current, refused[0].mine} == {"by mia", "by max"}
    assert (await team.member.issues.show(issue.key)).title == refused[0].current


# Processes ----------------------------------------------------------------------------------------------


def token(team: Team, session: Session) -> str:
    text, hashed = credentials.new_token(credentials.SESSION_PREFIX)
    team.instance.sql.execute("UPDATE sessions SET token_hash = %s WHERE id = %s", (hashed, session.id))
    return text


async def process(conninfo: str, token: str, home: Path, *line: str) -> tuple[int, str]:
    """Runs one command in a process of its own; its exit code and what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RHYTHM_")}
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rhythm_tui", *line),
        env={
            **environ,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "XDG_STATE_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "RHYTHM_DATABASE_URL": conninfo,
            "RHYTHM_TOKEN": token,
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await running.communicate()
    return running.returncode or 0, printed.decode()


async def test_processes_that_create_at_once_get_numbers_of_their_own(
    team: Team, conninfo: str, tmp_path: Path
) -> None:
    """What is sent twice is made once; the number that the second try took is never given again."""
    secret = token(team, team.member)
    same = UUID(int=0xA0A0 << 64)
    lines: list[tuple[str, ...]] = [("issue", "create", "CORE", f"n{at}", "--json") for at in range(3)]
    lines += [("issue", "create", "CORE", "once", "--json", "--operation", str(same))] * 2
    ran = await asyncio.gather(*(process(conninfo, secret, tmp_path, *line) for line in lines))
    assert [code for code, _ in ran] == [0] * 5
    made = [json.loads(text) for _, text in ran]
    assert len({issue["number"] for issue in made}) == len({issue["id"] for issue in made}) == 4
    assert made[3]["id"] == made[4]["id"]


async def test_of_owners_who_leave_at_once_in_processes_one_stays(
    team: Team, conninfo: str, tmp_path: Path
) -> None:
    await team.owner.members.set_role("CORE", "max", Role.OWNER)
    leave = [
        process(conninfo, token(team, who), tmp_path, "member", "remove", "CORE", who.user.name, "--yes")
        for who in (team.owner, team.maintainer)
    ]
    ran = sorted(await asyncio.gather(*leave))
    assert [code for code, _ in ran] == [0, 7], ran
    assert team.instance.value(
        "SELECT count(*) FROM project_members WHERE role = 'owner' AND ended_at IS NULL"
    )


async def test_many_undos_of_one_person_at_once_each_take_one_change_back(team: Team, conninfo: str) -> None:
    """They come one after the other, and none is sent away because another was first."""
    made = [issue.key for issue in await issues(team, 20)]
    for key in made:
        await team.member.issues.move(key, Status.DONE)
    async with elsewhere(conninfo, *(team.member,) * len(made)) as people:
        results = await asyncio.gather(*(who.history.undo("CORE") for who in people))
    assert sorted(key for result in results for key in result.changed) == sorted(made)
    assert team.instance.value("SELECT count(*) FROM issues WHERE status = 'done'") == 0


async def test_who_creates_at_once_gets_the_next_number_each(team: Team, conninfo: str) -> None:
    async with elsewhere(conninfo, *(team.member,) * 20) as people:
        made = await asyncio.gather(
            *(who.issues.create("CORE", IssueDraft(title="x")) for who in people for _ in range(5))
        )
    assert sorted(issue.number for issue in made) == list(range(1, 101))


async def test_nobody_waits_with_a_new_issue_until_another_is_written(team: Team, conninfo: str) -> None:
    """A number is taken and committed before the issue is written: a slow writer holds nobody up."""
    with psycopg.connect(conninfo) as slow:
        # Whoever writes an issue as backlog waits for this; numbers are given out all the same.
        slow.execute("LOCK TABLE issue_texts IN SHARE MODE")
        async with elsewhere(conninfo, *(team.member,) * 3) as people:
            writing = [
                asyncio.ensure_future(who.issues.create("CORE", IssueDraft(title="x"))) for who in people
            ]
            async with asyncio.timeout(60):
                while team.instance.value("SELECT last FROM issue_numbers") != 3:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            slow.rollback()
            made = await asyncio.gather(*writing)
    assert sorted(issue.number for issue in made) == [1, 2, 3]


async def test_what_cannot_be_created_uses_up_no_number(team: Team) -> None:
    with pytest.raises(Invalid, match="label"):
        await team.member.issues.create("CORE", IssueDraft(title="x", labels=("none of ours",)))
    assert (await team.member.issues.create("CORE", IssueDraft(title="x"))).number == 1
