"""Undo and redo: one's own changes, step by step, exactly as it was, and never over what others did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from rhythm_domain import queries
from rhythm_domain.database import Database
from rhythm_domain.errors import Invalid, Irreversible, NotFound
from rhythm_domain.models import Issue, IssueType, LinkKind, Priority, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.domain.recorded import history
from tests.instances import Team


async def new(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


def seen(issue: Issue) -> dict[str, Any]:
    """An issue without what every change moves on."""
    return {name: value for name, value in vars(issue).items() if name not in ("version", "updated_at")}


def out_of_step(team: Team) -> dict[str, Any] | None:
    """Where the indexes that follow from the issues do not say what these do."""
    return team.instance.sql.execute(queries.load("health")["wrong_search"].text).fetchone()


# Back and forth ----------------------------------------------------------------------------------------

Step = Callable[[Session], Awaitable[object]]

STEPS: dict[str, Step] = {
    "several fields": lambda me: me.issues.edit(
        "CORE-1",
        IssueEdit.model_validate(
            {
                "title": "Other",
                "description": "**words**",
                "priority": "urgent",
                "type": "bug",
                "assignee": "vic",
                "estimate": 3,
                "due": "2026-05-04",
                "parent": "CORE-2",
            }
        ),
    ),
    "labels": lambda me: me.issues.edit("CORE-1", IssueEdit(add_labels=("New",), remove_labels=("Old",))),
    "close": lambda me: me.issues.move("CORE-1", Status.DONE),
    "reopen": lambda me: me.issues.move("CORE-3", Status.TODO),
    "cancel what was done": lambda me: me.issues.move("CORE-3", Status.CANCELLED),
    "move to a place": lambda me: me.issues.move("CORE-1", Status.IN_REVIEW, after="CORE-2"),
    "order": lambda me: me.issues.order("CORE-3", before="CORE-1"),
    "delete": lambda me: me.issues.delete(["CORE-1", "CORE-2"]),
    "link": lambda me: me.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-3"),
    "unlink": lambda me: me.issues.unlink("CORE-1", LinkKind.BLOCKED_BY, "CORE-2"),
    "comment": lambda me: me.comments.add("CORE-1", "another"),
    "edit a comment": lambda me: me.comments.edit("CORE-1", 1, "changed"),
    "delete a comment": lambda me: me.comments.delete("CORE-1", 1),
}


@pytest.mark.parametrize("name", STEPS)
async def test_undo_and_redo_bring_everything_back_exactly(team: Team, name: str) -> None:
    """Rank and time of closing too; twice back and forth."""
    me = team.maintainer
    for label in ("Old", "New"):
        await me.labels.create("CORE", label)
    await new(me, labels=["Old"], estimate=1)
    await new(me)
    await new(me, status="done")
    await me.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-1")
    await me.comments.add("CORE-1", "first")

    async def state() -> object:
        issues = [seen(await me.issues.show(f"CORE-{n}")) for n in (1, 2, 3)]
        comments = [(one.id, one.body) for one in (await me.comments.list("CORE-1")).items]
        return [{**issue, "deleted_at": issue["deleted_at"] is not None} for issue in issues], comments

    before = await state()
    await STEPS[name](me)
    after = await state()
    assert after != before
    for _ in range(2):
        undone = await me.history.undo("CORE")
        assert undone.changed
        assert undone.skipped == ()
        assert await state() == before
        redone = await me.history.redo("CORE")
        assert redone.skipped == ()
        assert await state() == after
        assert out_of_step(team) == {"missing": 0, "surplus": 0}


async def test_a_created_issue_goes_to_the_trash_and_comes_back(team: Team) -> None:
    issue = await new(team.member)
    undone = await team.member.history.undo("CORE")
    assert (undone.kind, undone.changed) == ("issue.created", ("CORE-1",))
    with pytest.raises(NotFound):
        await team.member.issues.show("CORE-1")
    await team.member.history.redo("CORE")
    assert seen(await team.member.issues.show("CORE-1")) == seen(issue)


async def test_a_restored_issue_goes_back_to_the_trash(team: Team) -> None:
    await new(team.maintainer)
    await team.maintainer.issues.delete(["CORE-1"])
    await team.maintainer.issues.restore(["CORE-1"])
    await team.maintainer.history.undo("CORE")
    assert len((await team.maintainer.issues.trash("CORE")).items) == 1
    await team.maintainer.history.undo("CORE")
    assert len((await team.maintainer.issues.trash("CORE")).items) == 0


async def test_what_is_found_by_words_follows(team: Team) -> None:
    """A title that comes back is found again by its old words, and no longer by the new ones."""
    await new(team.member, "lighthouse")
    await team.member.issues.edit("CORE-1", IssueEdit(title="windmill"))
    await team.member.history.undo("CORE")
    tsv = team.instance.value("SELECT tsv::text FROM issue_search")
    assert "lighthouse" in tsv
    assert "windmill" not in tsv


async def test_undo_undo_redo_redo(team: Team) -> None:
    me = team.member
    await new(me)
    for title in ("a", "b", "c"):
        await me.issues.edit("CORE-1", IssueEdit(title=title))
    titles = []
    for step in "uurruuurrruuu":
        await (me.history.undo("CORE") if step == "u" else me.history.redo("CORE"))
        titles.append((await me.issues.show("CORE-1")).title)
    assert titles == ["b", "a", "b", "c", "b", "a", "x", "a", "b", "c", "b", "a", "x"]
    assert (await me.history.undo("CORE")).kind == "issue.created"
    with pytest.raises(NotFound, match="nothing to undo in CORE"):
        await me.history.undo("core")


async def test_a_new_change_clears_redo(team: Team) -> None:
    me = team.member
    await new(me)
    await me.issues.edit("CORE-1", IssueEdit(title="a"))
    await me.history.undo("CORE")
    await me.issues.edit("CORE-1", IssueEdit(priority=Priority.LOW))
    with pytest.raises(NotFound, match="nothing to redo in CORE"):
        await me.history.redo("CORE")


async def test_nobody_elses_changes_are_undone(team: Team) -> None:
    await new(team.owner)
    with pytest.raises(NotFound):
        await team.member.history.undo("CORE")


async def test_undo_stays_in_its_project(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    await team.owner.issues.create("WEB", IssueDraft(title="x"))
    await new(team.owner)
    assert (await team.owner.history.undo("WEB")).changed == ("WEB-1",)
    assert (await team.owner.issues.show("CORE-1")).deleted_at is None


async def test_it_survives_a_new_start(team: Team, conninfo: str) -> None:
    """Another process, another session of the same person."""
    await new(team.member)
    await team.member.issues.edit("CORE-1", IssueEdit(title="a"))
    db = Database(conninfo)
    try:
        later = Session(db, team.member.user, team.member.id)
        assert (await later.history.undo("CORE")).changed == ("CORE-1",)
        assert (await later.history.redo("CORE")).changed == ("CORE-1",)
    finally:
        await db.close()


# Bulk --------------------------------------------------------------------------------------------------


async def test_a_bulk_of_200_is_one_step(team: Team) -> None:
    ids = team.fill(200)
    await team.member.issues.edit_many(ids, IssueEdit(priority=Priority.HIGH))
    undone = await team.member.history.undo("CORE")
    assert len(undone.changed) == 200
    assert team.instance.value("SELECT count(*) FROM issues WHERE priority = 'none'") == 200
    assert len((await team.member.history.redo("CORE")).changed) == 200
    assert team.instance.value("SELECT count(*) FROM issues WHERE priority = 'high'") == 200


async def test_undo_says_what_is_as_it_was(team: Team) -> None:
    """Each field of an issue, several at once, an issue that was made, what is no issue at all."""
    member, maintainer = team.member, team.maintainer
    await maintainer.labels.create("CORE", "ui")
    await maintainer.sprints.create("CORE", "Sprint 1")
    above = await member.issues.create("CORE", IssueDraft(title="above"))
    one = await member.issues.create("CORE", IssueDraft(title="Old"))
    comment = await member.comments.add(one.key, "well")

    async def undone(edit: IssueEdit) -> tuple[str, str]:
        await member.issues.edit(one.key, edit)
        undo = await member.history.undo("CORE")
        redo = await member.history.redo("CORE")
        return undo.text, redo.text

    key = one.key
    assert await undone(IssueEdit(title="New", base_version=one.version)) == (
        f"the title of {key} is “Old” again",
        f"the title of {key} is “New” again",
    )
    assert await undone(IssueEdit(status=Status.IN_REVIEW)) == (
        f"the status of {key} is backlog again",
        f"the status of {key} is in review again",
    )
    assert await undone(IssueEdit(assignee="max")) == (
        f"the assignee of {key} is nobody again",
        f"the assignee of {key} is Max again",
    )
    assert await undone(IssueEdit(add_labels=("ui",))) == (f"ui is off {key} again", f"ui is on {key} again")
    assert await undone(IssueEdit(sprint="Sprint 1", estimate=Decimal(3))) == (
        f"the estimate of {key} is none again, {key} is in no sprint again",
        f"the estimate of {key} is 3 again, {key} is in Sprint 1 again",
    )
    assert await undone(IssueEdit(parent=above.key, due=date(2031, 5, 1))) == (
        f"the due date of {key} is none again, {key} is below no other again",
        f"the due date of {key} is 1 May 2031 again, {key} is below {above.key} again",
    )
    await member.comments.delete(one.key, comment.id)
    assert (await member.history.undo("CORE")).text == f"the comment under {key} is there again"
    await member.issues.create("CORE", IssueDraft(title="made"))
    assert (await member.history.undo("CORE")).text == "CORE-3 is in the trash"
    await maintainer.sprints.create("CORE", "Sprint 2")
    assert (await maintainer.history.undo("CORE")).text == "Sprint 2 is deleted"
    assert (await maintainer.history.undo("CORE")).text == "", "Sprint 1 holds an issue by now"


async def test_undo_of_many_says_what_they_have_in_common(team: Team) -> None:
    """All were alike, each was something else, they were changed in several ways."""
    member = team.member
    ids = [(await member.issues.create("CORE", IssueDraft(title=f"{n}"))).id for n in range(3)]
    await member.issues.edit_many(ids, IssueEdit(status=Status.DONE))
    assert (await member.history.undo("CORE")).text == "the status of 3 issues is backlog again"
    await member.issues.edit(ids[0], IssueEdit(priority=Priority.LOW))
    await member.issues.edit(ids[1], IssueEdit(type=IssueType.BUG))
    await member.issues.edit_many(ids, IssueEdit(priority=Priority.URGENT))
    assert (await member.history.undo("CORE")).text == "3 issues have their priority back"
    redone = (await member.history.redo("CORE")).text
    assert redone == "the priority of 3 issues is urgent again"
    await member.history.undo("CORE")
    await member.issues.edit_many(ids, IssueEdit(priority=Priority.LOW, type=IssueType.BUG))
    assert (await member.history.undo("CORE")).text == "3 issues are as before"
    await member.issues.delete(ids)
    assert (await member.history.undo("CORE")).text == "3 issues are out of the trash"


async def test_a_bulk_of_more_than_one_transaction_is_one_step(team: Team) -> None:
    ids = team.fill(2050)
    progress: list[int] = []
    await team.member.issues.edit_all(ids, IssueEdit(priority=Priority.HIGH), progress=progress.append)
    assert progress == [2000, 2050]
    for step in (team.member.history.undo, team.member.history.redo, team.member.history.undo):
        assert len((await step("CORE")).changed) == 2050
    assert team.instance.value("SELECT count(*) FROM issues WHERE priority = 'none'") == 2050
    with pytest.raises(NotFound):
        await team.member.history.undo("CORE")


async def test_a_bulk_whose_first_part_changed_nothing_is_undone_too(team: Team) -> None:
    ids = team.fill(2001)
    team.instance.sql.execute("UPDATE issues SET priority = 'high' WHERE number <= 2000")
    await team.member.issues.edit_all(ids, IssueEdit(priority=Priority.HIGH))
    assert (await team.member.history.undo("CORE")).changed == ("CORE-2001",)


# What others did since ---------------------------------------------------------------------------------


async def test_what_others_changed_since_is_left_alone_and_named(team: Team) -> None:
    ids = team.fill(3)
    await team.member.issues.edit_many(ids, IssueEdit(priority=Priority.HIGH))
    await team.owner.issues.edit("CORE-2", IssueEdit(priority=Priority.LOW))
    await team.owner.issues.edit("CORE-3", IssueEdit(title="another field does not matter"))
    undone = await team.member.history.undo("CORE")
    assert (undone.changed, undone.skipped) == (("CORE-3", "CORE-1"), ("CORE-2",))
    assert (await team.member.issues.show("CORE-2")).priority is Priority.LOW
    redone = await team.member.history.redo("CORE")
    assert (redone.changed, redone.skipped) == (("CORE-1", "CORE-3"), ())
    assert (await team.member.issues.show("CORE-2")).priority is Priority.LOW


async def test_a_step_that_is_skipped_whole_does_not_block_the_next(team: Team) -> None:
    me = team.member
    await new(me)
    await me.issues.edit("CORE-1", IssueEdit(title="a"))
    await me.issues.edit("CORE-1", IssueEdit(priority=Priority.HIGH))
    await team.owner.issues.edit("CORE-1", IssueEdit(priority=Priority.LOW))
    undone = await me.history.undo("CORE")
    assert (undone.changed, undone.skipped) == ((), ("CORE-1",))
    undone = await me.history.undo("CORE")
    assert undone.changed == ("CORE-1",)
    assert (await me.issues.show("CORE-1")).title == "x"


async def test_an_issue_that_others_worked_on_since_stays(team: Team) -> None:
    await new(team.member)
    await team.owner.comments.add("CORE-1", "I look into it")
    assert (await team.member.history.undo("CORE")).skipped == ("CORE-1",)
    assert (await team.member.issues.show("CORE-1")).deleted_at is None


async def test_a_closed_circle_is_not_made_by_undo(team: Team) -> None:
    """Parents and links that others turned around meanwhile stay as they are."""
    me = team.member
    await new(me)
    await new(me, parent="CORE-1")
    await me.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await me.issues.unlink("CORE-1", LinkKind.BLOCKS, "CORE-2")
    await me.issues.edit("CORE-2", IssueEdit(parent=None))
    await team.owner.issues.edit("CORE-1", IssueEdit(parent="CORE-2"))
    await team.owner.issues.link("CORE-2", LinkKind.BLOCKS, "CORE-1")
    for skipped in ("CORE-2", "CORE-1"):
        undone = await me.history.undo("CORE")
        assert (undone.changed, undone.skipped) == ((), (skipped,))


async def test_what_is_gone_does_not_come_back(team: Team) -> None:
    """A former member, a purged parent, a deleted label: the step is skipped, not broken."""
    me = team.owner
    await me.labels.create("CORE", "Old")
    for fields in ({"assignee": "vic"}, {"parent": "CORE-1"}, {"labels": ["Old"]}):
        await new(me, **fields)
    await me.issues.edit("CORE-1", IssueEdit(assignee=None))
    await me.issues.edit("CORE-2", IssueEdit(parent=None))
    await me.issues.edit("CORE-3", IssueEdit(remove_labels=("Old",)))
    await team.admin.members.remove("CORE", "vic")
    await team.admin.labels.delete("CORE", "Old")
    await team.admin.issues.delete(["CORE-1"])
    skipped = [(await me.history.undo("CORE")).skipped for _ in range(3)]
    assert skipped == [("CORE-3",), ("CORE-2",), ("CORE-1",)]


async def test_a_place_that_somebody_took_is_not_taken_from_them(team: Team) -> None:
    one = await new(team.member)
    await new(team.member)
    await team.member.issues.order("CORE-1", after="CORE-2")
    team.instance.sql.execute("UPDATE issues SET rank = %s WHERE number = 2", (one.rank,))
    assert (await team.member.history.undo("CORE")).skipped == ("CORE-1",)


async def test_work_of_a_member_who_left_is_reopened_as_nobodys(team: Team) -> None:
    await new(team.owner, assignee="vic")
    await team.owner.issues.move("CORE-1", Status.DONE)
    await team.admin.members.remove("CORE", "vic")
    assert (await team.owner.issues.show("CORE-1")).assignee is not None
    assert (await team.owner.history.undo("CORE")).changed == ("CORE-1",)
    issue = await team.owner.issues.show("CORE-1")
    assert (issue.status, issue.assignee) == (Status.BACKLOG, None)


async def test_the_end_of_a_membership_is_not_undone(team: Team) -> None:
    """Nor is what it took from the member given back."""
    await new(team.owner)
    await team.owner.issues.edit("CORE-1", IssueEdit(assignee="vic"))
    await team.owner.members.remove("CORE", "vic")
    undone = await team.owner.history.undo("CORE", past=True)
    assert (undone.changed, undone.skipped) == ((), ("CORE-1",))
    assert (await team.owner.history.undo("CORE", past=True)).kind == "issue.created"


async def test_a_purged_issue_leaves_nothing_to_undo(team: Team) -> None:
    await new(team.owner)
    await team.owner.issues.delete(["CORE-1"])
    await team.owner.issues.purge(["CORE-1"])
    with pytest.raises(Irreversible, match="you purged issues") as refused:
        await team.owner.history.undo("CORE")
    assert (refused.value.before, refused.value.hint) == ("", "What was purged is gone for ever.")
    with pytest.raises(NotFound):
        await team.owner.history.undo("CORE", past=True)


# Sent twice, at once -----------------------------------------------------------------------------------


async def test_an_undo_sent_twice_happens_once_and_answers_the_same(team: Team) -> None:
    me = team.member
    await new(me)
    for title in ("a", "b"):
        await me.issues.edit("CORE-1", IssueEdit(title=title))
    operation = uuid4()
    first = await me.history.undo("CORE", operation=operation)
    assert await me.history.undo("CORE", operation=operation) == first
    assert first.changed == ("CORE-1",)
    assert (await me.issues.show("CORE-1")).title == "a"
    assert await me.history.saved(operation)
    assert not await me.history.saved(uuid4())
    assert not await team.owner.history.saved(operation)


async def test_the_operation_of_another_change_is_no_undo(team: Team) -> None:
    """Nothing is said to be taken back that was not."""
    operation = uuid4()
    await team.member.issues.create("CORE", IssueDraft(title="x"), operation=operation)
    with pytest.raises(Invalid, match="that of another change"):
        await team.member.history.undo("CORE", operation=operation)
    assert (await team.member.issues.show("CORE-1")).deleted_at is None


async def test_the_last_undo_sent_twice_is_answered_too(team: Team) -> None:
    await new(team.member)
    await team.owner.issues.edit("CORE-1", IssueEdit(title="theirs"))
    operation = uuid4()
    first = await team.member.history.undo("CORE", operation=operation)
    again = await team.member.history.undo("CORE", operation=operation)
    assert again == first
    assert (first.changed, first.skipped) == ((), ("CORE-1",))


async def test_one_undo_sent_twice_at_once_happens_once(team: Team) -> None:
    me = team.member
    await new(me)
    for title in ("a", "b"):
        await me.issues.edit("CORE-1", IssueEdit(title=title))
    operation = uuid4()
    one, other = await asyncio.gather(*(me.history.undo("CORE", operation=operation) for _ in range(2)))
    assert one == other
    assert (await me.issues.show("CORE-1")).title == "a"


async def test_two_undos_at_once_take_back_two_steps(team: Team, conninfo: str) -> None:
    """From two connections of one person."""
    me = team.member
    await new(me)
    await me.issues.edit("CORE-1", IssueEdit(title="a"))
    await me.issues.edit("CORE-1", IssueEdit(priority=Priority.HIGH))
    db = Database(conninfo)
    try:
        other = Session(db, me.user, me.id)
        await asyncio.gather(me.history.undo("CORE"), other.history.undo("CORE"))
    finally:
        await db.close()
    issue = await me.issues.show("CORE-1")
    assert (issue.title, issue.priority) == ("x", Priority.NONE)
    assert [kind for kind, _, _ in history(team.instance)].count("issue.changed") == 4
