"""The names on lists are kept as long as none of them changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from rhythm_domain.connection import Connection, Params, Question
from rhythm_domain.database import Database, overheard
from rhythm_domain.models import IssueRow
from rhythm_domain.models.drafts import IssueDraft, SprintEdit
from rhythm_domain.policy import Permission
from rhythm_domain.queries import Named
from rhythm_domain.repository import lines, narrowing
from rhythm_domain.session import Session
from tests.instances import Team


async def test_names_are_kept_until_one_of_them_changes(
    team: Team, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "FEW", 0)
    lead, sql = team.maintainer, team.instance.sql
    await lead.labels.create("CORE", "backend")
    await lead.sprints.create("CORE", "First")
    await lead.issues.create(
        "CORE", IssueDraft(title="x", assignee="mia", labels=("backend",), sprint="First")
    )
    db = Database(conninfo)
    reader = Session(db, team.viewer.user, team.viewer.id)

    async def read() -> tuple[IssueRow, bool]:
        """The issue, and whether any name was asked for."""
        heard: list[tuple[Named, Params]] = []
        hearing = overheard.set(heard)
        (row,) = (await reader.search.page(project="CORE")).items
        overheard.reset(hearing)
        return row, any(query.name == "names_of_rows" for query, _ in heard)

    first, asked = await read()
    assert asked
    assert await read() == (first, False)

    async def in_sql(change: str) -> None:
        sql.execute(change)

    changes: list[tuple[Callable[[], Awaitable[object]], Callable[[IssueRow], object], object]] = [
        (
            lambda: lead.labels.edit("CORE", "backend", new_name="server", colour="red"),
            lambda row: [(label.name, label.colour) for label in row.labels],
            [("server", "red")],
        ),
        (
            lambda: lead.sprints.edit("CORE", "First", SprintEdit(name="Second")),
            lambda row: row.sprint,
            "Second",
        ),
        (
            lambda: in_sql("UPDATE users SET display_name = 'Mia M.' WHERE name = 'mia'"),
            lambda row: row.assignee and row.assignee.display_name,
            "Mia M.",
        ),
        (
            lambda: in_sql("UPDATE projects SET key = 'HEART' WHERE key = 'CORE'"),
            lambda row: row.key,
            "HEART-1",
        ),
    ]
    for change, name, becomes in changes:
        await change()
        row, asked = await read()
        assert (name(row), asked) == (becomes, True)
        assert await read() == (row, False)
    await db.close()


@pytest.mark.parametrize("few", [0, 16])
async def test_a_list_takes_three_messages(team: Team, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Who asks, what is found, and its lines together with the end."""
    monkeypatch.setattr(lines, "FEW", few)
    monkeypatch.setattr(narrowing, "KEPT", 0)
    await team.maintainer.issues.create("CORE", IssueDraft(title="x", estimate=Decimal("2.5")))
    await team.viewer.search.page(project="CORE")
    messages: list[str] = []
    ask = Connection.ask

    async def counted(connection: Connection, *questions: Question, in_place: bool | None = None) -> None:
        messages.append(" ".join(one.query.name for one in (*connection.waiting, *questions)))
        await ask(connection, *questions, in_place=in_place)

    monkeypatch.setattr(Connection, "ask", counted)
    (row,) = (await team.viewer.search.page(project="CORE")).items
    assert row.estimate == Decimal("2.5")
    begun, _, ended = filter(None, messages)
    assert begun.startswith("begin")
    assert ended.endswith("commit")


async def test_names_of_what_is_taken_back_are_not_kept(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write sees its own changes."""
    monkeypatch.setattr(lines, "FEW", 0)
    await team.maintainer.issues.create("CORE", IssueDraft(title="x"))
    (before,) = (await team.member.search.page(project="CORE")).items
    async with team.maintainer._guard.project(Permission.ISSUE_EDIT, "CORE") as tx:
        rename = Named("rename", b"UPDATE projects SET key = 'HEART' WHERE id = %(project)s")
        await tx.execute(rename, project=tx.project_id)
        (renamed,) = await lines.rows(tx, [before.id])
        assert renamed.key == "HEART-1"
        await tx.connection.execute("ROLLBACK")
        await tx.connection.execute("BEGIN")
        tx.unchanged()
    assert (await team.member.search.page(project="CORE")).items == (before,)
