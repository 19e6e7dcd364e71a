"""What is changed after the guard looked and before it holds: a write never acts on what is gone."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable
from typing import Any

import psycopg
import pytest

from rhythm_domain.errors import Forbidden, NotFound, NotSignedIn
from rhythm_domain.maintenance.reindex import reindex
from rhythm_domain.models import LinkKind, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from tests.instances import Team

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)

PURGE = (
    "DELETE FROM issue_search; DELETE FROM issue_texts; DELETE FROM comments; DELETE FROM issues WHERE id > 0"
)


async def waiting(team: Team, count: int) -> None:
    while team.instance.value(WAITING) != count:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def overtaken(team: Team, conninfo: str, statements: str, write: Awaitable[Any]) -> Any:
    """What a write comes to that has to wait for a transaction of these statements."""
    line = await psycopg.AsyncConnection.connect(conninfo)
    async with line:
        await line.execute(statements.encode())
        task = asyncio.ensure_future(write)
        while not task.done() and team.instance.value(WAITING) != 1:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        await line.commit()
    return await task


async def made(team: Team, *, deleted: bool = False) -> str:
    issue = await team.member.issues.create("CORE", IssueDraft(title="x"))
    if deleted:
        await team.owner.issues.delete([issue.key])
    return issue.key


def recorded(team: Team, kind: str) -> Any:
    return team.instance.value("SELECT count(*) FROM events WHERE kind = %s", kind)


async def test_a_comment_is_not_edited_behind_its_deletion(team: Team, conninfo: str) -> None:
    key = await made(team)
    comment = await team.member.comments.add(key, "before")
    deletion = "UPDATE issues SET version = version + 1; UPDATE comments SET deleted_at = now()"
    with pytest.raises(NotFound, match="no such comment"):
        await overtaken(team, conninfo, deletion, team.member.comments.edit(key, comment.id, "after"))
    assert not recorded(team, "comment.edited")


async def test_a_reindex_has_the_words_of_whoever_it_waited_for(team: Team, conninfo: str) -> None:
    await made(team)
    edit = "UPDATE issues SET version = version + 1; UPDATE issue_texts SET description = 'safari'"
    assert await overtaken(team, conninfo, edit, reindex(conninfo, lambda _: None)) == 1
    assert "safari" in team.instance.value("SELECT tsv::text FROM issue_search")


UNMARK = """
    INSERT INTO issue_labels SELECT i.project_id, i.id, l.id FROM issues i JOIN labels l ON l.name = 'ui'"""
"""What is added drops the marks of what was taken away before."""


async def test_a_label_that_comes_back_is_found_on_what_others_label_meanwhile(
    team: Team, conninfo: str
) -> None:
    for name in ("ui", "bug"):
        await team.maintainer.labels.create("CORE", name)
    await team.member.issues.create("CORE", IssueDraft(title="x", labels=("bug",)))
    await team.maintainer.labels.delete("CORE", "bug")
    await overtaken(team, conninfo, UNMARK, team.maintainer.history.undo("CORE"))
    (row,) = (await team.viewer.search.page("label:bug label:ui", project="CORE")).items
    assert [label.name for label in row.labels] == ["bug", "ui"]


async def test_a_link_that_comes_back_is_found_on_what_others_label_meanwhile(
    team: Team, conninfo: str
) -> None:
    await team.maintainer.labels.create("CORE", "ui")
    blocker, blocked = await made(team), await made(team)
    await team.member.issues.link(blocker, LinkKind.BLOCKS, blocked)
    await team.member.issues.unlink(blocker, LinkKind.BLOCKS, blocked)
    unmark = f"{UNMARK} AND i.number = 2"
    await overtaken(team, conninfo, unmark, team.member.history.undo("CORE"))
    (row,) = (await team.viewer.search.page("is:blocked", project="CORE")).items
    assert (row.key, row.blocked) == (blocked, True)


async def test_a_link_that_is_imported_again_is_found_on_what_others_label_meanwhile(
    team: Team, conninfo: str
) -> None:
    source = {"link": [["blocks", "2"]], "none": []}

    async def bring(links: str) -> None:
        issues = [
            {"source_key": "1", "title": "x", "links": source[links]},
            {"source_key": "2", "title": "y"},
        ]
        text = json.dumps({"format": "rhythm", "version": 1, "issues": issues})
        await team.maintainer.exchange.import_file("CORE", "rhythm", io.BytesIO(text.encode()))

    await team.maintainer.labels.create("CORE", "ui")
    await bring("link")
    await team.member.issues.unlink("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await bring("none")
    unmark = f"{UNMARK} AND i.number = 2"
    await overtaken(team, conninfo, unmark, bring("link"))
    (row,) = (await team.viewer.search.page("is:blocked", project="CORE")).items
    assert (row.key, row.blocked) == ("CORE-2", True)


async def test_an_issue_is_not_restored_behind_its_purge(team: Team, conninfo: str) -> None:
    key = await made(team, deleted=True)
    with pytest.raises(NotFound):
        await overtaken(team, conninfo, PURGE, team.owner.issues.restore([key]))
    assert not recorded(team, "issue.restored")


async def test_an_issue_is_not_edited_behind_its_purge(team: Team, conninfo: str) -> None:
    key = await made(team)
    with pytest.raises(NotFound):
        await overtaken(team, conninfo, PURGE, team.member.issues.edit(key, IssueEdit(title="y")))


async def test_an_issue_is_not_edited_behind_its_deletion(team: Team, conninfo: str) -> None:
    key = await made(team)
    deletion = "UPDATE issues SET deleted_at = now()"
    with pytest.raises(NotFound):
        await overtaken(team, conninfo, deletion, team.member.issues.edit(key, IssueEdit(title="y")))
    assert team.instance.value("SELECT title FROM issues") == "x"


async def test_of_two_deletions_one_happens(team: Team, conninfo: str) -> None:
    key = await made(team)
    line = await psycopg.AsyncConnection.connect(conninfo)
    async with line:
        await line.execute(b"SELECT FROM issues FOR UPDATE")
        both = [asyncio.ensure_future(team.owner.issues.delete([key])) for _ in range(2)]
        await waiting(team, 2)
        await line.commit()
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(one, NotFound) for one in results) == 1
    assert recorded(team, "issue.deleted") == 1


async def test_nothing_is_written_behind_an_archiving(team: Team, conninfo: str) -> None:
    """Whoever archives waits for the writes that are at work, and those behind it are refused."""
    key = await made(team)
    line = await psycopg.AsyncConnection.connect(conninfo)
    async with line:
        await line.execute(b"SELECT FROM issues FOR UPDATE")
        at_work = asyncio.ensure_future(team.member.issues.move(key, Status.TODO))
        await waiting(team, 1)
        archiving = asyncio.ensure_future(team.owner.projects.archive("CORE"))
        await waiting(team, 2)
        behind = asyncio.ensure_future(team.member.issues.create("CORE", IssueDraft(title="late")))
        await waiting(team, 3)
        await line.commit()
    assert (await at_work).status is Status.TODO
    assert (await archiving).archived_at is not None
    with pytest.raises(Forbidden, match="archived"):
        await behind
    assert team.instance.value("SELECT kind FROM events ORDER BY seq DESC LIMIT 1") == "project.archived"


async def test_nothing_is_written_behind_a_projects_deletion(team: Team, conninfo: str) -> None:
    key = await made(team)
    line = await psycopg.AsyncConnection.connect(conninfo)
    async with line:
        await line.execute(b"SELECT FROM issues FOR UPDATE")
        at_work = asyncio.ensure_future(team.member.issues.move(key, Status.TODO))
        await waiting(team, 1)
        deleting = asyncio.ensure_future(team.owner.projects.delete("CORE"))
        await waiting(team, 2)
        behind = asyncio.ensure_future(team.member.issues.move(key, Status.DONE))
        await waiting(team, 3)
        await line.commit()
    await asyncio.gather(at_work, deleting)
    with pytest.raises(NotFound):
        await behind
    assert team.instance.value("SELECT status FROM issues") == "todo"


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        ("ended_at = now()", NotSignedIn),
        ("expires_at = now()", NotSignedIn),
        ("read_only = true", Forbidden),
    ],
)
async def test_who_may_not_write_holds_and_waits_for_nothing(
    team: Team, conninfo: str, refused: str, error: type[Exception]
) -> None:
    """Though what a write holds is asked together with who writes."""
    key = await made(team)
    team.instance.sql.execute(f"UPDATE sessions SET {refused} WHERE id = %s".encode(), [team.member.id])
    with psycopg.connect(conninfo) as line:
        line.execute("SELECT FROM issues FOR UPDATE")
        line.execute("SELECT FROM project_members FOR UPDATE")
        with pytest.raises(error):
            await team.member.issues.edit(key, IssueEdit(title="y"))
        with pytest.raises(error):
            await team.member.issues.create("CORE", IssueDraft(title="z"))
