"""Issues: what may be written, what merges and what conflicts, and that the order always has room."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rhythm_domain import rank
from rhythm_domain.database import Database
from rhythm_domain.errors import Conflict, Forbidden, Invalid, NotFound
from rhythm_domain.models import (
    Issue,
    IssueDraft,
    IssueEdit,
    IssueType,
    LinkKind,
    Priority,
    Role,
    Status,
)
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


# Labels, people, parents, links ------------------------------------------------------------------------


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


async def test_an_issue_is_never_below_itself(team: Team) -> None:
    for parent in (None, "CORE-1", "CORE-2"):
        await new(team.member, parent=parent)
    for parent in ("CORE-1", "CORE-2", "CORE-3"):
        with pytest.raises(Invalid, match="CORE-1 can't be below itself") as refused:
            await team.member.issues.edit("CORE-1", IssueEdit(parent=parent))
        assert refused.value.field == "parent"


async def test_two_who_turn_a_family_around_at_once_close_no_circle(team: Team) -> None:
    """A below B and B below A, at the same time: one of them is refused."""
    for _ in range(4):
        one, other = await new(team.member), await new(team.member)
        results = await asyncio.gather(
            team.member.issues.edit(one.key, IssueEdit(parent=other.key)),
            team.owner.issues.edit(other.key, IssueEdit(parent=one.key)),
            return_exceptions=True,
        )
        assert sum(isinstance(result, Invalid) for result in results) == 1


async def test_a_parent_is_a_living_issue_of_the_same_project(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    await team.owner.issues.create("WEB", IssueDraft(title="x"))
    await new(team.owner)
    await team.owner.issues.delete([(await new(team.owner)).key])
    for parent in ("WEB-1", "CORE-2", "CORE-99"):
        with pytest.raises(Invalid, match=f"There is no issue {parent} in this project"):
            await team.owner.issues.edit("CORE-1", IssueEdit(parent=parent))


async def test_links_are_seen_from_both_sides_and_block_until_closed(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    blocker, blocked = await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    assert (blocker.blocked, blocked.blocked) == (False, True)
    (link,) = (await team.member.issues.show("CORE-2")).links
    assert (link.kind, link.key) == (LinkKind.BLOCKED_BY, "CORE-1")
    (link,) = (await team.member.issues.show("CORE-1")).links
    assert (link.kind, link.key) == (LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.move("CORE-1", Status.DONE)
    assert (await team.member.issues.show("CORE-2")).blocked is False


async def test_a_link_twice_is_no_change_and_a_missing_one_is_said(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    for kind, one, other in (
        (LinkKind.BLOCKS, "CORE-1", "CORE-2"),
        (LinkKind.BLOCKED_BY, "CORE-2", "CORE-1"),
    ):
        await team.member.issues.link(one, kind, other)
    assert [kind for kind, _, _ in history(team.instance)].count("issue.linked") == 1
    with pytest.raises(NotFound, match="CORE-2 does not block CORE-1"):
        await team.member.issues.unlink("CORE-2", LinkKind.BLOCKS, "CORE-1")
    with pytest.raises(Invalid, match="can't block itself"):
        await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-1")


async def test_links_close_no_circle(team: Team) -> None:
    for _ in range(3):
        await new(team.member)
    await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-3")
    with pytest.raises(Invalid, match="CORE-1 blocks CORE-3 already"):
        await team.member.issues.link("CORE-3", LinkKind.BLOCKS, "CORE-1")


async def test_two_links_at_once_close_no_circle(team: Team) -> None:
    """1 blocks 2, 3 blocks 4; 2 blocks 3 and 4 blocks 1 have no issue in common."""
    for _ in range(4):
        await new(team.member)
    await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.member.issues.link("CORE-3", LinkKind.BLOCKS, "CORE-4")
    results = await asyncio.gather(
        team.member.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-3"),
        team.owner.issues.link("CORE-4", LinkKind.BLOCKS, "CORE-1"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Invalid) for result in results) == 1


# Order -------------------------------------------------------------------------------------------------


async def test_a_card_is_moved_behind_or_before_another(team: Team) -> None:
    ids = [(await new(team.member)).id for _ in range(4)]
    row = await team.member.issues.move("CORE-1", Status.TODO, after="CORE-3")
    assert row.status is Status.TODO
    assert await in_order(team) == [2, 3, 1, 4]
    await team.member.issues.move("CORE-4", Status.TODO, before=ids[1])
    assert await in_order(team) == [4, 2, 3, 1]
    await team.member.issues.order("CORE-2", after="CORE-1")
    assert await in_order(team) == [4, 3, 1, 2]
    assert (await new(team.member)).number == (await in_order(team))[-1]


async def test_several_cards_are_placed_in_one_step(team: Team) -> None:
    """In the order given, whatever theirs was; undone as one. Without a neighbour they keep their places."""
    ids = [(await new(team.member)).id for _ in range(6)]
    rows = await team.member.issues.place([ids[4], ids[1], ids[5]], Status.TODO, before=ids[0])
    assert [row.number for row in rows] == [5, 2, 6]
    assert {row.status for row in rows} == {Status.TODO}
    assert await in_order(team) == [5, 2, 6, 1, 3, 4]
    await team.member.issues.place(ids[:2], after=ids[3])
    assert await in_order(team) == [5, 6, 3, 4, 1, 2]
    await team.member.issues.place([ids[5], ids[2]], Status.DONE)
    assert await in_order(team) == [5, 6, 3, 4, 1, 2]
    for _ in range(3):
        await team.member.history.undo("CORE")
    assert await in_order(team) == [1, 2, 3, 4, 5, 6]
    assert (await team.member.issues.show(ids[4])).status is Status.BACKLOG
    for after, before in ((None, None), (ids[0], ids[1])):
        with pytest.raises(Invalid, match="goes behind, or the one that it goes before"):
            await team.member.issues.place(ids[2:4], after=after, before=before)
    with pytest.raises(Invalid, match="beside itself"):
        await team.member.issues.place(ids[2:4], after=ids[2])


async def test_orders_that_mean_nothing(team: Team) -> None:
    for _ in range(2):
        await new(team.member)
    with pytest.raises(Invalid, match="goes behind, or the one that it goes before"):
        await team.member.issues.order("CORE-1")
    with pytest.raises(Invalid, match="beside itself"):
        await team.member.issues.order("CORE-1", after="CORE-1")
    with pytest.raises(Invalid, match="There is no issue CORE-9 in this project"):
        await team.member.issues.order("CORE-1", after="CORE-9")


async def test_many_who_move_cards_to_one_place_all_get_there(team: Team) -> None:
    for _ in range(13):
        await new(team.member)
    await asyncio.gather(
        *(team.member.issues.order(f"CORE-{number}", before="CORE-1") for number in range(2, 14))
    )
    assert sorted(await in_order(team)) == list(range(1, 14))
    assert (await in_order(team))[-1] == 1


@pytest.mark.parametrize("count", [2, 3, 250])
async def test_where_there_is_no_room_left_the_neighbours_make_some(team: Team, count: int) -> None:
    """In the middle of many, and where the neighbours are the ends of the order."""
    ranks = [f"b{'0' * rank.TOO_LONG}{number:05d}V" for number in range(count)]
    team.instance.sql.execute(
        "INSERT INTO issues (project_id, number, title, reporter_id, rank)"
        " SELECT %s, n, 'x', %s, rank FROM unnest(%s::text[]) WITH ORDINALITY AS r (rank, n)",
        (team.project_id, team.member.user.id, ranks),
    )
    team.instance.sql.execute("INSERT INTO issue_texts (issue_id) SELECT id FROM issues")
    first = count // 2
    await team.member.issues.order(f"CORE-{count}", after=f"CORE-{first}")
    expected = list(range(1, count))
    expected.insert(first, count)
    assert await in_order(team) == expected
    length = team.instance.value("SELECT char_length(rank) FROM issues WHERE number = %s", count)
    assert length <= rank.TOO_LONG
    assert [kind for kind, _, _ in history(team.instance)] == ["issue.changed"]


# Trash -------------------------------------------------------------------------------------------------


async def test_the_trash_is_seen_by_maintainers_only(team: Team) -> None:
    one, other = await new(team.member), await new(team.member)
    assert await team.member.issues.delete([one.key]) == ("CORE-1",)
    await team.maintainer.issues.delete([other.key])
    for person in (team.member, team.viewer):
        with pytest.raises(NotFound, match="There is no issue CORE-1"):
            await person.issues.show("CORE-1")
        with pytest.raises(Forbidden):
            await person.issues.trash("CORE")
    assert (await team.maintainer.issues.show("CORE-1")).deleted_at is not None
    page = await team.maintainer.issues.trash("CORE", limit=1)
    assert [row.key for row in page.items] == ["CORE-2"]
    page = await team.maintainer.issues.trash("CORE", cursor=page.next, limit=1)
    assert ([row.key for row in page.items], page.next) == (["CORE-1"], None)
    assert team.instance.value("SELECT count(*) FROM issue_search") == 0


async def test_a_deleted_issue_is_not_changed(team: Team) -> None:
    """Who names it by its id, as the app does, saw it before: they are told its key."""
    one = await new(team.owner)
    await team.owner.issues.delete(["CORE-1"])
    with pytest.raises(NotFound, match="CORE-1 was deleted meanwhile"):
        await team.owner.issues.delete([one.id])
    with pytest.raises(NotFound, match="There is no issue CORE-1"):
        await team.owner.issues.edit("CORE-1", IssueEdit(title="y"))
    with pytest.raises(NotFound, match="There is no issue CORE-1"):
        await team.owner.issues.delete(["CORE-1"])
    await team.owner.issues.restore(["CORE-1"])
    with pytest.raises(NotFound, match="There is no issue CORE-1 in the trash"):
        await team.owner.issues.restore(["CORE-1"])
    with pytest.raises(NotFound, match="CORE-1 is not in the trash"):
        await team.owner.issues.restore([one.id])
    assert team.instance.value("SELECT count(*) FROM issue_search") == 1


async def test_members_delete_their_own_issues_only(team: Team) -> None:
    await new(team.member)
    await new(team.owner)
    with pytest.raises(Forbidden, match="only maintainers may delete issues of others"):
        await team.member.issues.delete(["CORE-1", "CORE-2"])
    await team.member.issues.delete(["CORE-1"])


async def test_deleting_restoring_and_purging_sent_twice_happen_once(team: Team) -> None:
    """Also for a member, who does not see the trash."""
    await new(team.member)
    delete, restore, purge = uuid4(), uuid4(), uuid4()
    for _ in range(2):
        assert await team.member.issues.delete(["CORE-1"], operation=delete) == ("CORE-1",)
    for _ in range(2):
        (row,) = await team.owner.issues.restore(["CORE-1"], operation=restore)
        assert row.deleted_at is None
    await team.owner.issues.delete(["CORE-1"])
    for _ in range(2):
        assert await team.owner.issues.purge(["CORE-1"], operation=purge) == ("CORE-1",)
    with pytest.raises(NotFound):
        await team.owner.issues.purge(["CORE-1"], operation=uuid4())
    kinds = [kind for kind, _, _ in history(team.instance)]
    assert kinds == ["issue.created", "issue.deleted", "issue.restored", "issue.deleted", "issue.purged"]


async def test_a_purged_issue_leaves_a_tombstone_without_its_contents(team: Team) -> None:
    await team.owner.labels.create("CORE", "L")
    await team.owner.sprints.create("CORE", "S")
    await new(team.owner, "secret", description="secret", labels=["L"], sprint="S")
    child = await new(team.owner, parent="CORE-1")
    await team.owner.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await team.owner.comments.add("CORE-1", "secret")
    with pytest.raises(NotFound, match="in the trash"):
        await team.owner.issues.purge(["CORE-1"])
    await team.owner.issues.delete(["CORE-1"])
    with pytest.raises(Forbidden, match="only owners may purge issues for ever"):
        await team.maintainer.issues.purge(["CORE-1"])
    await team.owner.issues.purge(["CORE-1"])
    with pytest.raises(NotFound):
        await team.owner.issues.show("CORE-1")
    for table in (
        "issues",
        "issue_texts",
        "issue_search",
        "comments",
        "events",
        "issue_links",
        "sprint_scope",
    ):
        found = team.instance.value(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%%secret%%'")
        assert found == 0, table
    tombstones = team.instance.sql.execute(
        "SELECT kind, before, after FROM events WHERE issue_id <> %s ORDER BY seq", (child.id,)
    ).fetchall()
    assert [row["kind"] for row in tombstones] == [
        "issue.created",
        "issue.linked",
        "comment.created",
        "issue.deleted",
        "issue.purged",
    ]
    assert [(row["before"], row["after"]) for row in tombstones] == [({}, {})] * 4 + [({}, {"number": 1})]
    assert (await team.owner.issues.show("CORE-2")).parent_key is None
    assert (await new(team.owner)).number == 3, "a number is never given again"


async def test_what_hung_on_a_purged_issue_is_let_go_with_a_word(team: Team) -> None:
    """Children and linked issues have it in their history; what is purged along needs none."""
    for fields in ({}, {"parent": "CORE-1"}, {"parent": "CORE-1"}, {}, {}):
        await new(team.owner, **fields)
    link = team.owner.issues.link
    await link("CORE-1", LinkKind.BLOCKS, "CORE-4")
    await link("CORE-5", LinkKind.BLOCKS, "CORE-1")
    await link("CORE-1", LinkKind.BLOCKS, "CORE-3")
    await team.owner.issues.delete(["CORE-1", "CORE-3"])
    await team.owner.issues.purge(["CORE-1", "CORE-3"])
    told = {}
    for key in ("CORE-2", "CORE-4", "CORE-5"):
        (event, *_) = (await team.owner.history.of_issue(key)).items
        told[key] = (event.text, event.permission)
    assert told == {
        "CORE-2": ("took it from below its parent", "issue.purge"),
        "CORE-4": ("unlinked an issue as blocking CORE-4", "issue.purge"),
        "CORE-5": ("unlinked CORE-5 as blocking an issue", "issue.purge"),
    }
    child = await team.owner.issues.show("CORE-2")
    assert (child.parent_key, child.version) == (None, 2)
    assert len(history(team.instance)) == 5 + 3 + 2 + 3 + 2


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
