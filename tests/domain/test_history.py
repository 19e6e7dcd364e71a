"""The history in words, page by page."""

from __future__ import annotations

from rhythm_domain.models import Issue, LinkKind, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.instances import Team


async def new(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


async def test_history_says_in_words_what_happened(team: Team) -> None:
    me = team.maintainer
    for label in ("Old", "New"):
        await me.labels.create("CORE", label)
    await me.sprints.create("CORE", "Sprint 1")
    await new(me, labels=["Old"])
    await new(me)
    edit = me.issues.edit
    for change in (
        {"title": "Other"},
        {"description": "y"},
        {"priority": "urgent", "estimate": 3},
        {"estimate": None, "due": "2026-05-04"},
        {"assignee": "vic"},
        {"assignee": None},
        {"parent": "CORE-2"},
        {"parent": None},
        {"sprint": "sprint 1"},
        {"add_labels": ["New"], "remove_labels": ["Old"]},
    ):
        await edit("CORE-1", IssueEdit.model_validate(change))
    await me.issues.move("CORE-1", Status.TODO)
    await me.issues.move("CORE-1", Status.IN_REVIEW, after="CORE-2")
    await me.issues.order("CORE-1", before="CORE-2")
    await me.issues.link("CORE-1", LinkKind.BLOCKED_BY, "CORE-2")
    await me.issues.unlink("CORE-1", LinkKind.BLOCKED_BY, "CORE-2")
    comment = await me.comments.add("CORE-1", "hm")
    await me.comments.edit("CORE-1", comment.id, "ah")
    await me.comments.delete("CORE-1", comment.id)
    await me.history.undo("CORE")
    await me.issues.delete(["CORE-1"])
    await me.issues.restore(["CORE-1"])
    events = (await me.history.of_issue("CORE-1")).items
    assert [event.text for event in reversed(events)] == [
        "created it",
        "changed the title from “x” to “Other”",
        "edited the description",
        "set the estimate to 3; set the priority to urgent",
        "set the due date to 4 May 2026; cleared the estimate",
        "assigned it to Vic",
        "unassigned it",
        "put it below CORE-2",
        "took it from below its parent",
        "planned it into Sprint 1",
        "labelled it New; removed the label Old",
        "moved it from backlog to todo",
        "moved it from todo to in review",
        "reordered it",
        "linked CORE-2 as blocking CORE-1",
        "unlinked CORE-2 as blocking CORE-1",
        "commented",
        "edited a comment",
        "deleted a comment",
        "restored a comment",
        "moved it to the trash",
        "took it out of the trash",
    ]
    assert {(event.actor.name, event.project_key, event.issue_key) for event in events} == {
        ("max", "CORE", "CORE-1")
    }


async def test_history_marks_what_was_undone(team: Team) -> None:
    me = team.member
    await new(me)
    await me.issues.edit("CORE-1", IssueEdit(title="a"))
    await me.history.undo("CORE")
    undo, change, created = (await me.history.of_issue("CORE-1")).items
    assert (undo.undoes, change.undone, created.undone) == (change.operation, True, False)
    await me.history.redo("CORE")
    redo, undo, change, _ = (await me.history.of_issue("CORE-1")).items
    assert (redo.undoes, undo.undone, change.undone) == (undo.operation, True, False)


async def test_history_is_read_page_by_page(team: Team) -> None:
    team.fill(1)
    for number in range(5):
        await team.member.issues.edit("CORE-1", IssueEdit(title=f"t{number}"))
    seqs: list[int] = []
    cursor = None
    while True:
        page = await team.viewer.history.of_project("CORE", cursor=cursor, limit=2)
        seqs += [event.seq for event in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert len(seqs) == 5
    assert seqs == sorted(seqs, reverse=True)


async def test_the_history_of_all_projects_is_that_of_ones_own(team: Team) -> None:
    """Merged, the newest first, page by page; of others' projects nothing, and of one that was left."""
    team.instance.project("WEB", owner=team.owner, viewer=team.viewer)
    team.instance.project("OPS", owner=team.outsider)
    for key, person in (("CORE", team.owner), ("OPS", team.outsider), ("WEB", team.owner)):
        await person.issues.create(key, IssueDraft(title="one"))
        await person.issues.edit(f"{key}-1", IssueEdit(assignee=person.user.name))
    first = await team.viewer.history.of_all(limit=3)
    rest = await team.viewer.history.of_all(cursor=first.next, limit=3)
    said = [(event.issue_key, event.text) for event in (*first.items, *rest.items)]
    assert said == [
        ("WEB-1", "assigned it to Olga"),
        ("WEB-1", "created it"),
        ("CORE-1", "assigned it to Olga"),
        ("CORE-1", "created it"),
    ]
    assert rest.next is None
    await team.owner.members.remove("WEB", "vic")
    assert {event.project_key for event in (await team.viewer.history.of_all()).items} == {"CORE"}
    await team.owner.projects.delete("WEB")
    assert {event.project_key for event in (await team.owner.history.of_all()).items} == {"CORE"}
