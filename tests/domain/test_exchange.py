"""Issues come in from other trackers, again without doubling anything, and go out so that nothing is lost."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from rhythm_domain.errors import Forbidden, Invalid, Irreversible, NotFound
from rhythm_domain.models import LinkKind, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.models.exchange import ImportReport
from rhythm_domain.session import Session
from tests.instances import Instance, Team


def github(number: int, **fields: Any) -> dict[str, Any]:
    """An issue as `gh` prints it."""
    return {
        "number": number,
        "title": f"Issue {number}",
        "body": "Text",
        "state": "OPEN",
        "author": {"login": "Octo Cat"},
        "assignees": [],
        "labels": [],
        "comments": [],
        "createdAt": f"2020-01-{number % 28 + 1:02}T10:00:00Z",
        "updatedAt": "2020-03-01T10:00:00Z",
        "url": f"https://github.com/owner/name/issues/{number}",
        **fields,
    }


def comment(text: str, at: str = "2020-02-01T00:00:00Z") -> dict[str, Any]:
    return {"author": {"login": "mona"}, "body": text, "createdAt": at}


def file(values: Sequence[Any]) -> io.BytesIO:
    return io.BytesIO(json.dumps(values, indent=1).encode())


async def bring(who: Session, *values: Any, key: str = "CORE", dry_run: bool = False) -> ImportReport:
    return await who.exchange.import_file(key, "github", file(values), dry_run=dry_run)


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.created, report.updated, report.unchanged


async def taken_out(who: Session, key: str = "CORE", format: str = "json", query: str = "") -> bytes:
    stream = io.BytesIO()
    await who.exchange.export(key, stream, format=format, query=query)
    return stream.getvalue()


# Coming in ---------------------------------------------------------------------------------------------


async def test_an_issue_comes_in_with_all_that_is_its_own(team: Team) -> None:
    value = github(
        6,
        state="CLOSED",
        stateReason="NOT_PLANNED",
        closedAt="2020-02-20T08:00:00Z",
        body="One\r\ntwo",
        labels=[{"name": "Bug", "color": "d73a4a", "description": "Broken"}],
        milestone={"title": "v1", "description": "First", "dueOn": "2020-02-28T00:00:00Z"},
        comments=[comment("Hello\r\nthere")],
        assignees=[{"login": "mia"}, {"login": "octo-cat"}],
    )
    report = await bring(team.maintainer, value)
    assert counts(report) == (1, 0, 0)
    assert report.comments == 1
    assert (report.people, report.matched, report.members) == (("mona", "octo-cat"), ("mia",), ())
    assert (report.labels, report.sprints, report.problems) == (("Bug",), ("v1",), ())
    issue = await team.member.issues.show("CORE-6")
    assert (issue.title, issue.description, issue.status) == ("Issue 6", "One\ntwo", Status.CANCELLED)
    assert f"{issue.created_at:%F}" == "2020-01-07"
    assert f"{issue.updated_at:%F}" == "2020-03-01"
    assert issue.closed_at is not None
    assert f"{issue.closed_at:%F}" == "2020-02-20"
    assert issue.reporter.name == "octo-cat"
    assert issue.assignee is not None
    assert issue.assignee.name == "mia"
    assert [(label.name, label.colour) for label in issue.labels] == [("Bug", "red")]
    assert issue.sprint == "v1"
    assert issue.source_url == "https://github.com/owner/name/issues/6"
    assert issue.metadata == {"stateReason": "NOT_PLANNED", "Other assignees": ["octo-cat"]}
    (said,) = (await team.member.comments.list("CORE-6")).items
    assert (said.body, said.author.name, f"{said.created_at:%F}") == ("Hello\nthere", "mona", "2020-02-01")


async def test_authors_are_accounts_that_nobody_can_use_yet(team: Team) -> None:
    await bring(team.maintainer, github(1))
    row = team.instance.sql.execute("SELECT * FROM users WHERE name = 'octo-cat'").fetchone()
    assert row is not None
    assert (row["active"], row["claimed"], row["display_name"]) == (False, False, "Octo Cat")


async def test_whoever_is_assigned_becomes_a_member_but_for_those_who_left(team: Team) -> None:
    team.instance.sql.execute(
        "UPDATE project_members SET ended_at = now() WHERE user_id = %s", (team.member.user.id,)
    )
    report = await bring(
        team.maintainer,
        github(1, assignees=[{"login": "newbie"}]),
        github(2, assignees=[{"login": "mia"}]),
        github(3, assignees=[{"login": "mia"}], state="CLOSED", closedAt="2020-02-01T00:00:00Z"),
    )
    assert report.members == ("newbie",)
    names = [
        row.assignee and row.assignee.name
        for row in await team.owner.issues.rows(["CORE-1", "CORE-2", "CORE-3"])
    ]
    assert names == ["newbie", None, "mia"]
    assert [note.note for note in report.notes] == ["assignee: mia is no member any more; left unassigned"]
    members = await team.owner.members.list("CORE")
    assert {one.user.name: one.role for one in members}["newbie"] is Role.MEMBER


async def test_an_imported_issue_is_found_counted_and_in_the_history(team: Team) -> None:
    await bring(team.maintainer, github(1, title="Quantum entanglement"), github(2, state="CLOSED"))
    page = await team.viewer.search.page("quantum", project="CORE")
    assert [row.key for row in page.items] == ["CORE-1"]
    project = await team.viewer.projects.show("CORE")
    assert (project.open_count, project.closed_count) == (1, 1)
    (event,) = (await team.viewer.history.of_issue("CORE-1")).items
    assert (event.kind, event.actor.name) == ("issue.imported", "max")
    assert event.after == {"source": "github:owner/name#1"}


SETTLE = "SELECT gin_clean_pending_list('issue_index_words')"
"""Sorts in what waits in the list of the search index; how many pages that were."""


async def test_what_is_searched_waits_in_no_list_for_long(team: Team) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="Quantum"))
    assert team.instance.value(SETTLE) == 0
    await bring(team.maintainer, *(github(number, title=f"Quantum {number}") for number in range(1, 30)))
    assert team.instance.value(SETTLE) == 0


async def test_nobody_sorts_in_what_a_load_brings(team: Team, conninfo: str) -> None:
    """While an import is at work others leave theirs in its list: it is found there, too."""
    with psycopg.connect(conninfo) as load:
        load.execute("SELECT pg_advisory_xact_lock_shared(-5, 0)")
        await team.member.issues.create("CORE", IssueDraft(title="Quantum"))
        page = await team.viewer.search.page("quantum", project="CORE")
        assert [row.key for row in page.items] == ["CORE-1"]
        assert team.instance.value(SETTLE) == 1
        await team.member.issues.create("CORE", IssueDraft(title="Entanglement"))
    await team.member.issues.create("CORE", IssueDraft(title="Spin"))
    assert team.instance.value(SETTLE) == 0


async def test_what_an_import_counts_stands_in_rows_of_its_own(team: Team) -> None:
    """Whoever moves an issue meanwhile does not wait for the import's transaction."""
    await team.member.issues.create("CORE", IssueDraft(title="x"))
    await bring(team.maintainer, github(1), github(2))
    total = "SELECT sum(total)::int FROM issue_counts WHERE shard "
    assert [team.instance.value(total + shards) for shards in ("< 16", ">= 16")] == [1, 2]


async def test_an_import_is_not_undone(team: Team) -> None:
    await bring(team.maintainer, github(1, labels=[{"name": "x", "color": "ffffff"}]))
    with pytest.raises(Irreversible, match="you imported issues"):
        await team.maintainer.history.undo("CORE")
    with pytest.raises(NotFound, match="nothing to undo"):
        await team.maintainer.history.undo("CORE", past=True)


# Coming in again ---------------------------------------------------------------------------------------


async def test_the_same_file_again_touches_nothing(team: Team) -> None:
    values = [github(number, comments=[comment("a")]) for number in (1, 2)]
    await bring(team.maintainer, *values)
    events = team.instance.value("SELECT count(*) FROM events")
    before = team.instance.sql.execute("SELECT xmin, * FROM issues ORDER BY id").fetchall()
    report = await bring(team.maintainer, *values)
    assert counts(report) == (0, 0, 2)
    assert report.comments == 0
    assert team.instance.sql.execute("SELECT xmin, * FROM issues ORDER BY id").fetchall() == before
    assert team.instance.value("SELECT count(*) FROM events") == events
    assert team.instance.value("SELECT count(*) FROM comments") == 2


async def test_only_what_the_source_changed_is_written(team: Team) -> None:
    await bring(team.maintainer, github(1, comments=[comment("first")]))
    await team.member.issues.edit("CORE-1", IssueEdit(title="Ours", description="Ours too"))
    later = {"updatedAt": "2020-04-01T00:00:00Z"}
    report = await bring(
        team.maintainer,
        github(
            1,
            body="Theirs",
            state="CLOSED",
            closedAt="2020-03-30T00:00:00Z",
            comments=[comment("first, edited"), comment("second", "2020-03-02T00:00:00Z")],
            **later,
        ),
    )
    assert counts(report) == (0, 1, 0)
    assert report.comments == 2
    issue = await team.member.issues.show("CORE-1")
    assert (issue.title, issue.description, issue.status) == ("Ours", "Theirs", Status.DONE)
    assert issue.closed_at is not None
    assert f"{issue.closed_at:%F}" == "2020-03-30"
    bodies = [one.body for one in (await team.member.comments.list("CORE-1")).items]
    assert bodies == ["first, edited", "second"]
    event = (await team.viewer.history.of_issue("CORE-1")).items[0]
    assert event.after["changed"] == ["comments", "description", "status", "times"]
    assert event.before == {"description": "Ours too", "status": "todo", "closed_at": None}
    assert event.text == (
        "imported it again: moved it from todo to done; edited the description;"
        " brought its comments up to date"
    )


async def test_the_history_says_what_the_source_changed(team: Team) -> None:
    """Every field as any edit, parents and links too; what came in new is said in one word."""
    first = json.loads(await taken_out_of_copy(team))
    one, other = first["issues"]
    one |= {
        "title": "Other",
        "priority": "high",
        "type": "bug",
        "estimate": "3.0",
        "due": "2026-05-04",
        "assignee": {"login": "vic"},
        "labels": [{"name": "new"}],
        "sprint": {"name": "S1"},
        "parent_key": other["source_key"],
        "links": [["blocks", other["source_key"]]],
    }
    again = io.BytesIO(json.dumps(first).encode())
    report = await team.maintainer.exchange.import_file("CORE", "rhythm", again)
    assert counts(report) == (0, 1, 1)
    texts = [event.text for event in (await team.viewer.history.of_issue("CORE-1")).items]
    assert texts == [
        "linked CORE-1 as blocking CORE-2",
        "imported it again: put it below CORE-2",
        "imported it again: set the due date to 4 May 2026; set the type to bug; changed the title from “One”"
        " to “Other”; set the estimate to 3; set the priority to high; planned it into S1;"
        " assigned it to Vic; labelled it new; removed the label old",
        "imported it",
    ]
    with pytest.raises(Irreversible, match="you imported issues"):
        await team.maintainer.history.undo("CORE")


async def taken_out_of_copy(team: Team) -> bytes:
    """An export whose issues CORE has, and no others."""
    team.instance.project("COPY", owner=team.maintainer)
    await team.maintainer.labels.create("COPY", "old")
    for title in ("One", "Two"):
        draft = IssueDraft(title=title, labels=("old",), estimate=Decimal(1))
        await team.maintainer.issues.create("COPY", draft)
    out = await taken_out(team.maintainer, "COPY")
    await team.maintainer.exchange.import_file("CORE", "rhythm", io.BytesIO(out))
    return out


async def test_labels_assignee_and_sprint_follow_the_source(team: Team) -> None:
    def value(label: str, login: str, title: str) -> dict[str, Any]:
        return github(
            1,
            labels=[{"name": label, "color": "ffffff"}],
            assignees=[{"login": login}],
            milestone={"title": title},
        )

    await bring(team.maintainer, value("one", "mia", "v1"))
    await bring(team.maintainer, value("two", "vic", "v2"))
    (row,) = await team.member.issues.rows(["CORE-1"])
    assert ([label.name for label in row.labels], row.assignee and row.assignee.name, row.sprint) == (
        ["two"],
        "vic",
        "v2",
    )
    assert row.version == 2


async def test_a_deleted_issue_or_comment_stays_deleted(team: Team) -> None:
    values = [github(1), github(2, comments=[comment("a"), comment("b", "2020-02-02T00:00:00Z")])]
    await bring(team.maintainer, *values)
    await team.maintainer.issues.delete(["CORE-1"])
    first = (await team.maintainer.comments.list("CORE-2")).items[0]
    await team.maintainer.comments.delete("CORE-2", first.id)
    values[0]["title"] = "Changed"
    values[1]["comments"][0]["body"] = "changed"
    report = await bring(team.maintainer, *values)
    assert counts(report) == (0, 1, 1)
    assert [(note.source, note.note) for note in report.notes] == [
        ("owner/name#1", "it is in the trash here; left as it is")
    ]
    assert [one.body for one in (await team.maintainer.comments.list("CORE-2")).items] == ["b"]


async def test_imports_at_once_double_nothing_and_keep_the_numbers(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rhythm_domain.services.exchange.importing.BATCH", 10)
    values = [github(number, comments=[comment("a")]) for number in range(59, 0, -1)]
    reports = await asyncio.gather(*(bring(who, *values) for who in (team.maintainer, team.owner)))
    assert sum(report.created for report in reports) == 59
    assert sum(report.unchanged for report in reports) == 59
    assert team.instance.value("SELECT count(*) FROM comments") == 59
    rows = team.instance.sql.execute("SELECT number, title FROM issues ORDER BY number").fetchall()
    assert [(row["number"], row["title"]) for row in rows] == [(n, f"Issue {n}") for n in range(1, 60)]


async def test_a_comment_edited_here_stays_while_the_source_says_the_same(team: Team) -> None:
    await bring(team.maintainer, github(1, author={"login": "mia"}, comments=[comment("theirs")]))
    team.instance.sql.execute("UPDATE comments SET body = 'ours'")
    report = await bring(team.maintainer, github(1, title="Changed", comments=[comment("theirs")]))
    assert (report.updated, report.comments) == (1, 0)
    assert (await team.member.comments.list("CORE-1")).items[0].body == "ours"


async def test_an_import_that_was_broken_off_goes_on(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rhythm_domain.services.exchange.importing.BATCH", 2)
    values = [github(number, body="Text") for number in (9, 7, 5, 3, 1)]

    def stop(done: int, total: int) -> None:
        if done >= 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await team.maintainer.exchange.import_file("CORE", "github", file(values), progress=stop)
    created, updated, unchanged = counts(await bring(team.maintainer, *values))
    assert (created + unchanged, updated) == (5, 0)
    assert unchanged >= 2  # The batch that was under way beside it may have come to its end.
    rows = team.instance.sql.execute("SELECT number, title FROM issues ORDER BY number").fetchall()
    assert [(row["number"], row["title"]) for row in rows] == [(n, f"Issue {n}") for n in (1, 3, 5, 7, 9)]


# Numbers -----------------------------------------------------------------------------------------------


async def test_an_empty_project_keeps_the_numbers_and_goes_on_behind_them(team: Team) -> None:
    await bring(team.maintainer, github(41), github(7))
    assert (await team.member.issues.create("CORE", IssueDraft(title="New"))).key == "CORE-42"


async def test_a_project_with_issues_gives_new_numbers_oldest_first(team: Team) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="Here before"))
    values = [github(9, createdAt="2020-01-05T00:00:00Z"), github(8, createdAt="2020-01-02T00:00:00Z")]
    await bring(team.maintainer, *values)
    rows = await team.member.issues.rows(["CORE-2", "CORE-3"])
    assert [row.title for row in rows] == ["Issue 8", "Issue 9"]
    await bring(team.maintainer, github(9, title="Still the same", createdAt="2020-01-03T00:00:00Z"))
    issue = await team.member.issues.show("CORE-3")
    assert (issue.title, f"{issue.created_at:%F}") == ("Still the same", "2020-01-03")
    (found,) = (await team.member.search.page("still the same")).items
    assert found.key == "CORE-3"
    known = team.instance.value("SELECT created_at FROM issue_index WHERE id = %s", issue.id)
    assert known == issue.created_at


# What can't be read or stored --------------------------------------------------------------------------


async def test_bad_rows_are_reported_by_line_and_the_rest_goes_in(team: Team) -> None:
    team.instance.sql.execute("ALTER TABLE issues ADD CONSTRAINT no_sevens CHECK (title !~ '7')")
    values = [github(number) for number in range(1, 10)]
    del values[3]["title"]
    report = await bring(team.maintainer, *values)
    assert counts(report) == (7, 0, 0)
    found = [(problem.source, problem.reason) for problem in report.problems]
    assert found == [
        ("#4", "it has no title"),
        ("owner/name#7", "The database refused a value (no_sevens)."),
    ]
    lines = file(values).getvalue().decode().split("\n")
    assert '"number": 7' in lines[report.problems[1].line]


async def test_what_was_replaced_is_noted(team: Team) -> None:
    report = await bring(team.maintainer, github(1, title="A\x1b[31mred"))
    assert [note.note for note in report.notes] == ["title: 1 control character replaced"]


async def test_a_dry_run_says_the_same_and_writes_nothing(team: Team) -> None:
    await bring(team.maintainer, github(1), github(2, comments=[comment("a")]))
    events = team.instance.value("SELECT count(*) FROM events")
    values = [
        github(1),
        github(2, comments=[comment("a"), comment("b", "2020-02-02T00:00:00Z")]),
        github(3, labels=[{"name": "New", "color": "ffffff"}], assignees=[{"login": "fresh"}]),
    ]
    dry = await bring(team.maintainer, *values, dry_run=True)
    assert dry.dry_run
    assert team.instance.value("SELECT count(*) FROM events") == events
    assert team.instance.value("SELECT count(*) FROM users WHERE name = 'fresh'") == 0
    real = await bring(team.maintainer, *values)
    assert dry.replace(dry_run=False) == real
    assert counts(real) == (1, 1, 1)
    assert real.comments == 1


@pytest.mark.parametrize("dry_run", [False, True])
async def test_members_may_not_import_and_strangers_see_no_project(team: Team, dry_run: bool) -> None:
    with pytest.raises(Forbidden):
        await bring(team.member, github(1), dry_run=dry_run)
    with pytest.raises(NotFound):
        await bring(team.outsider, github(1), dry_run=dry_run)
    with pytest.raises(NotFound):
        await taken_out(team.outsider)


async def test_a_file_of_another_kind_and_an_unknown_format_are_refused(team: Team) -> None:
    with pytest.raises(Invalid, match="not the list"):
        await team.maintainer.exchange.import_file("CORE", "github", io.BytesIO(b"id,title\n"))
    with pytest.raises(Invalid, match="no format"):
        await team.maintainer.exchange.import_file("CORE", "trello", io.BytesIO(b"[]"))
    with pytest.raises(Invalid, match="no format"):
        await taken_out(team.viewer, format="xml")


# Going out ---------------------------------------------------------------------------------------------


async def fill(team: Team) -> None:
    """A project with everything that an issue can have."""
    await bring(
        team.maintainer,
        github(2, comments=[comment("Hello")], milestone={"title": "v1"}, assignees=[{"login": "mia"}]),
        github(1, state="CLOSED", closedAt="2020-02-02T00:00:00Z", milestone={"title": "v0"}),
    )
    issues = team.member.issues
    await issues.create("CORE", IssueDraft(title="=cmd()", description="a\n\tb", parent="CORE-1"))
    draft = IssueDraft.model_validate(
        {"title": "Été", "estimate": "2.5", "due": "2026-05-04", "type": "epic"}
    )
    await issues.create("CORE", draft)
    await issues.link("CORE-4", LinkKind.BLOCKS, "CORE-2")
    await issues.edit("CORE-3", IssueEdit(parent="CORE-4"))
    await team.member.comments.add("CORE-4", "-1 from me")
    await issues.create("CORE", IssueDraft(title="Into the trash"))
    await issues.delete(["CORE-5"])


@pytest.mark.parametrize("format", ["csv", "json"])
async def test_an_export_comes_in_elsewhere_as_the_same(team: Team, format: str) -> None:
    await fill(team)
    team.instance.project("COPY", owner=team.owner)
    first = await taken_out(team.owner, format=format)
    report = await team.owner.exchange.import_file("COPY", "rhythm", io.BytesIO(first))
    assert (counts(report), report.problems, report.notes) == ((4, 0, 0), (), ())
    assert await taken_out(team.owner, "COPY", format) == first
    child, epic = await team.owner.issues.show("COPY-3"), await team.owner.issues.show("COPY-4")
    assert child.parent_key == "COPY-4"
    assert (epic.title, str(epic.estimate), str(epic.due)) == ("Été", "2.5", "2026-05-04")
    assert [(link.kind, link.key) for link in epic.links] == [(LinkKind.BLOCKS, "COPY-2")]
    again = await team.owner.exchange.import_file("COPY", "rhythm", io.BytesIO(first))
    assert counts(again) == (0, 0, 4)


async def test_a_project_takes_its_own_edited_export_back(team: Team) -> None:
    await fill(team)
    rows = list(csv.DictReader(io.StringIO((await taken_out(team.owner, format="csv")).decode())))
    rows[3]["Priority"] = "urgent"
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    report = await team.owner.exchange.import_file("CORE", "rhythm", io.BytesIO(text.getvalue().encode()))
    assert report.created == 0
    assert (await team.owner.issues.show("CORE-4")).priority == "urgent"
    assert (await team.owner.issues.show("CORE-4")).description == ""
    assert len((await team.owner.comments.list("CORE-4")).items) == 1
    assert (await team.owner.issues.show("CORE-3")).version == 2


async def test_an_export_from_before_a_project_got_another_key_finds_its_issues(team: Team) -> None:
    await fill(team)
    before = await taken_out(team.owner)
    team.instance.sql.execute("UPDATE projects SET key = 'NEW'")
    team.instance.sql.execute("INSERT INTO project_keys SELECT 'NEW', id FROM projects")
    report = await team.owner.exchange.import_file("NEW", "rhythm", io.BytesIO(before))
    assert report.created == 0
    assert team.instance.value("SELECT count(*) FROM comments") == 2


async def test_an_export_takes_what_a_query_finds(team: Team) -> None:
    await fill(team)
    found = json.loads(await taken_out(team.viewer, query="type:epic"))["issues"]
    assert [issue["title"] for issue in found] == ["Été"]


async def test_a_long_export_is_written_page_by_page(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    await bring(team.maintainer, *(github(number) for number in range(1, 24)))
    monkeypatch.setattr("rhythm_domain.services.exchange.exporting.PAGE", 10)
    told: list[int] = []
    stream = io.BytesIO()
    written = await team.viewer.exchange.export("CORE", stream, format="json", progress=told.append)
    assert (written, told) == (23, [10, 20, 23])
    numbers = [issue["number"] for issue in json.loads(stream.getvalue())["issues"]]
    assert sorted(numbers) == list(range(1, 24))


async def test_a_finished_sprint_keeps_its_report(instance: Instance) -> None:
    olga = instance.person("olga")
    instance.project("CORE", owner=olga)
    closed = {"state": "CLOSED", "closedAt": "2020-02-02T00:00:00Z", "milestone": {"title": "v1"}}
    await bring(olga, github(1, **closed), github(2, **closed))
    row = instance.sql.execute("SELECT * FROM sprints").fetchone()
    assert row is not None
    assert (row["state"], f"{row['finished_at']:%F}") == ("finished", "2020-02-02")
    assert instance.value("SELECT count(*) FROM sprint_scope WHERE added_at < '2020-02-02'") == 2
