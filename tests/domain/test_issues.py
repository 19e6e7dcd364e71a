"""Issues: what may be written, what merges and what conflicts."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rhythm_domain.database import Database
from rhythm_domain.errors import Conflict, Forbidden, Invalid, NotFound
from rhythm_domain.models import Issue, IssueType, LinkKind, Priority, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.domain.recorded import history, permission
from tests.instances import Team


async def new(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


async def in_order(team: Team) -> list[int]:
    rows = team.instance.sql.execute("SELECT number FROM issues ORDER BY rank").fetchall()
    return [row["number"] for row in rows]


# Create ------------------------------------------------------------------------------------------------


async def test_only_a_title_is_needed(team: Team) -> None:
    issue = await new(team.member, "  Print it ")
    assert (issue.key, issue.title, issue.reporter.name) == ("CORE-1", "Print it", "mia")
    assert (issue.status, issue.priority, issue.type) == (Status.BACKLOG, Priority.NONE, IssueType.TASK)
    assert (issue.assignee, issue.sprint, issue.description, issue.version) == (None, None, "", 1)
    assert await team.viewer.issues.show("core-1") == issue
    assert await team.viewer.issues.show(issue.id) == issue


async def test_everything_can_be_said_at_once(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "UI")
    await team.maintainer.sprints.create("CORE", "S1")
    await new(team.member, "Parent")
    issue = await new(
        team.member,
        "Child",
        description="# Why\r\n\r\nBecause.",
        status="done",
        priority="high",
        type="bug",
        assignee="@Vic",
        sprint="s1",
        estimate="2.5",
        due="2026-05-04",
        labels=["ui"],
        parent="core-1",
    )
    assert issue.description == "# Why\n\nBecause."
    assert issue.assignee is not None
    assert (issue.assignee.name, issue.sprint, issue.parent_key) == ("vic", "S1", "CORE-1")
    assert [label.name for label in issue.labels] == ["UI"]
    assert issue.estimate == Decimal("2.5")
    assert issue.closed_at == issue.created_at
    (child,) = (await team.viewer.issues.show("CORE-1")).children
    assert (child.key, child.status) == ("CORE-2", Status.DONE)


async def test_a_creation_sent_twice_happens_once(team: Team) -> None:
    operation = uuid4()
    draft = IssueDraft(title="x")
    one, other = await asyncio.gather(
        *(team.member.issues.create("CORE", draft, operation=operation) for _ in range(2))
    )
    assert one == other
    assert team.instance.value("SELECT count(*) FROM issues") == 1
    assert [kind for kind, _, _ in history(team.instance)] == ["issue.created"]


async def test_20_creations_at_once_get_20_numbers(team: Team, conninfo: str) -> None:
    """From eight connections; in order of number the ranks ascend."""
    db = Database(conninfo, max_size=8)
    try:
        person = Session(db, team.member.user, team.member.id)
        issues = await asyncio.gather(*(new(person, f"n{n}") for n in range(20)))
    finally:
        await db.close()
    assert sorted(issue.number for issue in issues) == list(range(1, 21))
    assert await in_order(team) == list(range(1, 21))


async def test_a_refused_creation_takes_no_number(team: Team) -> None:
    with pytest.raises(Invalid):
        await new(team.member, assignee="otto")
    assert (await new(team.member)).number == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", " \t "),
        ("title", "a\nb"),
        ("title", "a\x1b[2Jb"),
        ("title", "a\x00"),
        ("title", "\x9b31m"),
        ("title", "\ud800"),
        ("title", "x" * 251),
        ("description", "\x07"),
        ("description", "x" * 100_001),
        ("description", "\udfff"),
    ],
)
async def test_hostile_text_is_refused_by_field(team: Team, field: str, value: str) -> None:
    """In drafts and in edits, before anything is sent."""
    with pytest.raises(Invalid) as refused:
        IssueDraft.model_validate({"title": "x", field: value})
    assert refused.value.field == field
    with pytest.raises(Invalid) as refused:
        IssueEdit.model_validate({field: value})
    assert refused.value.field == field


@pytest.mark.parametrize("estimate", [-1, 1001, "0.25", "NaN", "Infinity"])
def test_estimates_that_cannot_be(estimate: object) -> None:
    with pytest.raises(ValidationError):
        IssueEdit.model_validate({"estimate": estimate})


async def test_what_drafts_and_edits_cannot_carry() -> None:
    """Nobody chooses ids, authors, versions or times."""
    for field in ("id", "number", "project_id", "reporter", "version", "created_at", "closed_at", "rank"):
        with pytest.raises(ValidationError):
            IssueDraft.model_validate({"title": "x", field: 1})
        with pytest.raises(ValidationError):
            IssueEdit.model_validate({field: 1})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(max_size=300), body=st.text(max_size=300))
async def test_a_text_is_stored_as_the_model_has_it_or_refused(team: Team, title: str, body: str) -> None:
    """What the model lets through, the database's own checks do too."""
    try:
        draft = IssueDraft(title=title, description=body)
    except Invalid:
        return
    issue = await team.member.issues.create("CORE", draft)
    assert (issue.title, issue.description) == (draft.title, draft.description)


# Edit --------------------------------------------------------------------------------------------------


async def test_edits_of_different_fields_merge(team: Team) -> None:
    read = await new(team.member, "a", description="b")
    await team.owner.issues.edit(
        "CORE-1", IssueEdit(title="theirs", priority=Priority.LOW, base_version=read.version)
    )
    issue = await team.member.issues.edit("CORE-1", IssueEdit(description="mine", base_version=read.version))
    assert (issue.title, issue.description, issue.priority) == ("theirs", "mine", Priority.LOW)


@pytest.mark.parametrize("field", ["title", "description"])
async def test_the_same_text_changed_by_two_is_a_conflict_with_both_sides(team: Team, field: str) -> None:
    read = await new(team.member, "old", description="old")
    theirs = await team.owner.issues.edit(
        "CORE-1", IssueEdit.model_validate({field: "theirs", "base_version": read.version})
    )
    mine = IssueEdit.model_validate({field: "mine", "base_version": read.version})
    with pytest.raises(Conflict) as conflict:
        await team.member.issues.edit("CORE-1", mine)
    assert (conflict.value.field, conflict.value.current, conflict.value.mine) == (field, "theirs", "mine")
    assert conflict.value.version == theirs.version
    assert conflict.value.by == "Olga"
    again = mine.model_copy(update={"base_version": conflict.value.version})
    assert getattr(await team.member.issues.edit("CORE-1", again), field) == "mine"


async def test_two_who_edit_one_text_at_once_do_not_overwrite_each_other(team: Team) -> None:
    read = await new(team.member)
    results = await asyncio.gather(
        *(
            person.issues.edit("CORE-1", IssueEdit(title=name, base_version=read.version))
            for person, name in ((team.member, "mine"), (team.owner, "theirs"))
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1


async def test_the_same_text_twice_is_no_conflict_and_no_change(team: Team) -> None:
    read = await new(team.member)
    for person in (team.owner, team.member):
        await person.issues.edit("CORE-1", IssueEdit(title="same", base_version=read.version))
    assert len(history(team.instance)) == 2


async def test_other_changes_of_an_issue_are_no_conflict(team: Team) -> None:
    """A move, a comment or another order does not touch the text that somebody is editing."""
    read = await new(team.member)
    await new(team.member)
    await team.owner.issues.move("CORE-1", Status.DONE)
    await team.owner.comments.add("CORE-1", "hm")
    await team.owner.issues.order("CORE-1", after="CORE-2")
    issue = await team.member.issues.edit(
        "CORE-1", IssueEdit(title="mine", description="mine", base_version=read.version)
    )
    assert (issue.title, issue.description) == ("mine", "mine")


async def test_an_edit_records_what_it_changed_and_nothing_else(team: Team) -> None:
    await new(team.member, estimate=3, priority="low")
    await team.member.issues.edit(
        "CORE-1", IssueEdit(estimate=Decimal("3.0"), priority=Priority.HIGH, title="x")
    )
    assert history(team.instance)[-1] == ("issue.changed", {"priority": "low"}, {"priority": "high"})
    assert permission(team.instance) == "issue.edit"


async def test_an_edit_that_changes_nothing_leaves_no_trace(team: Team) -> None:
    read = await new(team.member, estimate=3, due="2026-05-04")
    same = IssueEdit.model_validate({"title": "x", "estimate": 3, "due": "2026-05-04", "assignee": None})
    assert await team.member.issues.edit("CORE-1", same) == read
    assert len(history(team.instance)) == 1
    with pytest.raises(Invalid, match="Nothing to change"):
        await team.member.issues.edit("CORE-1", IssueEdit())


@pytest.mark.parametrize("field", ["title", "description", "status", "priority", "type"])
async def test_what_cannot_be_cleared(team: Team, field: str) -> None:
    await new(team.member)
    with pytest.raises(Invalid) as refused:
        await team.member.issues.edit("CORE-1", IssueEdit.model_validate({field: None}))
    assert refused.value.field == field


async def test_closing_and_reopening_keep_the_time_of_closing(team: Team) -> None:
    await new(team.member)
    done = await team.member.issues.move("CORE-1", Status.DONE)
    assert done.closed_at is not None
    cancelled = await team.member.issues.move("CORE-1", Status.CANCELLED)
    assert cancelled.closed_at is not None
    assert cancelled.closed_at > done.closed_at
    assert (await team.member.issues.move("CORE-1", Status.TODO)).closed_at is None


async def test_an_edit_sent_twice_happens_once(team: Team) -> None:
    await new(team.member)
    operation = uuid4()
    await team.member.issues.edit("CORE-1", IssueEdit(title="mine"), operation=operation)
    await team.owner.issues.edit("CORE-1", IssueEdit(title="theirs"))
    issue = await team.member.issues.edit("CORE-1", IssueEdit(title="mine"), operation=operation)
    assert issue.title == "theirs"


# Labels and people -------------------------------------------------------------------------------------


async def test_labels_are_added_and_removed_never_replaced(team: Team) -> None:
    for name in ("A", "B", "C"):
        await team.maintainer.labels.create("CORE", name)
    await new(team.member, labels=["A"])
    await team.owner.issues.edit("CORE-1", IssueEdit(add_labels=("b",)))
    issue = await team.member.issues.edit("CORE-1", IssueEdit(add_labels=("C", "A"), remove_labels=("a",)))
    assert [label.name for label in issue.labels] == ["B", "C"]


async def test_unknown_labels_are_named(team: Team) -> None:
    await team.maintainer.labels.create("CORE", "Design")
    with pytest.raises(Invalid) as refused:
        await new(team.member, labels=["desing"])
    assert (refused.value.field, refused.value.hint) == ("label", "Did you mean Design?")


async def test_an_issue_has_at_most_50_labels(team: Team) -> None:
    names = [f"l{n}" for n in range(51)]
    for name in names:
        await team.maintainer.labels.create("CORE", name)
    with pytest.raises(Invalid, match="at most 50 labels"):
        await new(team.member, labels=names)
    await new(team.member, labels=names[:50])
    with pytest.raises(Invalid, match="at most 50 labels"):
        await team.member.issues.edit("CORE-1", IssueEdit(add_labels=(names[50],)))
    await team.member.issues.edit("CORE-1", IssueEdit(add_labels=(names[50],), remove_labels=(names[0],)))


async def test_only_active_members_are_assigned(team: Team) -> None:
    assert (await new(team.member, assignee="me")).assignee == team.member.user.ref
    team.instance.sql.execute(
        "UPDATE project_members SET ended_at = now() WHERE user_id = %s", (team.viewer.user.id,)
    )
    for name in ("otto", "vic", "nobody", "../etc"):
        with pytest.raises(Invalid, match="no active member of this project") as refused:
            await team.member.issues.edit("CORE-1", IssueEdit(assignee=name))
        assert refused.value.field == "assignee"


async def test_what_a_former_member_closed_stays_theirs_until_it_is_reopened(team: Team) -> None:
    await new(team.owner, assignee="vic", status="done")
    await team.owner.members.remove("CORE", "vic")
    await team.owner.issues.edit("CORE-1", IssueEdit(title="corrected"))
    closed = await team.owner.issues.show("CORE-1")
    assert closed.assignee is not None
    assert closed.assignee.name == "vic"
    reopened = await team.owner.issues.move("CORE-1", Status.TODO)
    assert reopened.assignee is None
    kind, before, after = history(team.instance)[-1]
    assert (kind, before["assignee_id"], after["assignee_id"]) == ("issue.changed", team.viewer.user.id, None)


# Many at once ------------------------------------------------------------------------------------------


async def test_a_bulk_is_all_or_nothing(team: Team) -> None:
    """However its issues are named."""
    first, *_ = [await new(team.member) for _ in range(3)]
    with pytest.raises(NotFound, match="There is no issue CORE-9"):
        await team.member.issues.edit_many(["CORE-1", "CORE-9"], IssueEdit(priority=Priority.LOW))
    with pytest.raises(Invalid, match="CORE-3 can't be below itself"):
        await team.member.issues.edit_many(
            ["CORE-1", "CORE-2", "CORE-3"], IssueEdit(parent="CORE-3", priority=Priority.LOW)
        )
    assert team.instance.value("SELECT count(*) FROM issues WHERE priority = 'none'") == 3
    rows = await team.member.issues.edit_many(
        ["CORE-3", first.id, "core-3", "CORE-1"], IssueEdit(priority=Priority.LOW)
    )
    assert [row.key for row in rows] == ["CORE-3", "CORE-1"]
    operations = team.instance.value(
        "SELECT count(DISTINCT operation) FROM events WHERE kind = 'issue.changed'"
    )
    assert operations == 1


async def test_issues_of_several_projects_are_refused(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    await new(team.owner)
    await team.owner.issues.create("WEB", IssueDraft(title="x"))
    with pytest.raises(Invalid, match="must be of one project") as refused:
        await team.owner.issues.edit_many(["CORE-1", "WEB-1"], IssueEdit(priority=Priority.LOW))
    assert refused.value.hint == "These are of CORE, WEB."
    with pytest.raises(Invalid, match="must be of one project"):
        await team.owner.issues.link("CORE-1", LinkKind.BLOCKS, "WEB-1")


async def test_more_than_2000_at_once_are_refused(team: Team) -> None:
    with pytest.raises(Invalid, match="At most 2,000 issues at once"):
        await team.member.issues.edit_many(range(1, 2002), IssueEdit(priority=Priority.LOW))


async def test_each_field_needs_its_own_right(team: Team) -> None:
    await new(team.member)
    for field, value, needed in (
        ("status", "todo", "issue.move"),
        ("assignee", "vic", "issue.assign"),
        ("estimate", 3, "issue.estimate"),
        ("title", "y", "issue.edit"),
    ):
        await team.member.issues.edit("CORE-1", IssueEdit.model_validate({field: value}))
        assert permission(team.instance) == needed
    with pytest.raises(Forbidden, match="only members may assign issues"):
        await team.viewer.issues.edit("CORE-1", IssueEdit(assignee="me"))


# Keys --------------------------------------------------------------------------------------------------


async def test_old_keys_of_the_project_resolve(team: Team) -> None:
    for _ in range(2):
        await new(team.owner)
    await team.owner.projects.rekey("CORE", "NEW")
    assert (await team.owner.issues.show("CORE-1")).key == "NEW-1"
    issue = await team.owner.issues.edit("CORE-2", IssueEdit(parent="core-1"))
    assert issue.parent_key == "NEW-1"
    await team.owner.issues.order("NEW-1", after="CORE-2")
    assert await in_order(team) == [2, 1]


@pytest.mark.parametrize("ref", ["", "CORE", "CORE-", "CORE-x", "-1", "CORE-1-2", "CORE-99999999999"])
async def test_what_is_no_key(team: Team, ref: str) -> None:
    with pytest.raises(Invalid) as refused:
        await team.member.issues.show(ref)
    assert refused.value.hint == "An issue key looks like CORE-123."


async def test_another_projects_issue_is_answered_like_none(team: Team) -> None:
    web = team.instance.project("WEB", owner=team.outsider)
    other = await team.outsider.issues.create("WEB", IssueDraft(title="x"))
    for ref, unused in (("WEB-1", "NIX-1"), (other.id, 99999)):
        with pytest.raises(NotFound) as hidden:
            await team.member.issues.show(ref)
        with pytest.raises(NotFound) as none:
            await team.member.issues.show(unused)
        assert hidden.value.message.replace(str(ref), str(unused)) == none.value.message
    team.instance.join(web, team.member, Role.VIEWER)
    assert (await team.member.issues.show("WEB-1")).id == other.id
