"""Edits: one step from check to answer, whatever is named, however often it is sent."""

from __future__ import annotations

from uuid import uuid4

import pytest

from rhythm_domain.errors import Invalid
from rhythm_domain.models import Priority
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from tests.instances import Team


async def made(team: Team, count: int = 1) -> list[str]:
    return [(await team.member.issues.create("CORE", IssueDraft(title="x"))).key for _ in range(count)]


async def test_an_empty_sprint_is_not_the_active_one(team: Team) -> None:
    await team.owner.sprints.create("CORE", "S1")
    await team.owner.sprints.start("CORE", "S1")
    (key,) = await made(team)
    with pytest.raises(Invalid, match="empty"):
        await team.owner.sprints.finish("CORE", "")
    with pytest.raises(Invalid, match="empty"):
        await team.member.sprints.add("CORE", " ", [key])
    with pytest.raises(Invalid, match="empty"):
        await team.member.issues.edit(key, IssueEdit(sprint=""))


async def test_an_empty_name_does_not_unassign(team: Team) -> None:
    (key,) = await made(team)
    await team.member.issues.edit(key, IssueEdit(assignee="mia"))
    with pytest.raises(Invalid):
        await team.member.issues.edit(key, IssueEdit(assignee=""))
    assert (await team.member.issues.show(key)).assignee is not None


async def test_an_edit_answers_from_its_own_transaction(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one could fail after the first was saved."""
    (key,) = await made(team)
    monkeypatch.setattr(team.member.issues, "show", None)
    assert (await team.member.issues.edit(key, IssueEdit(title="y"))).title == "y"


async def test_a_bulk_that_is_sent_again_is_answered_from_its_own_operation(team: Team) -> None:
    """Whatever it is sent with by now: a query finds others once the first were changed."""
    one, other = await made(team, 2)
    operation, edit = uuid4(), IssueEdit(priority=Priority.HIGH)
    for refs in ([one], [one], [other], []):
        assert await team.member.issues.edit_all(refs, edit, operation=operation) == 1
    assert (await team.member.issues.show(other)).priority is Priority.NONE
    assert team.instance.value("SELECT count(*) FROM events WHERE kind = 'issue.changed'") == 1


async def test_a_bulk_that_was_broken_off_goes_on_with_its_own_issues(team: Team) -> None:
    ids = team.fill(4100)
    (other,) = await made(team)
    operation, edit = uuid4(), IssueEdit(priority=Priority.HIGH)

    def break_off(done: int) -> None:
        if done == 4000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await team.member.issues.edit_all(ids, edit, operation=operation, progress=break_off)
    told: list[int] = []
    assert await team.member.issues.edit_all([other], edit, operation=operation, progress=told.append) == 4100
    assert told == [2000, 4000, 4100]
    assert (await team.member.issues.show(other)).priority is Priority.NONE
    assert team.instance.value("SELECT count(*) FROM issues WHERE priority = 'high'") == 4100
    assert team.instance.value("SELECT count(*) FROM events WHERE kind = 'issue.changed'") == 4100
    assert len((await team.member.history.undo("CORE")).changed) == 4100


async def test_the_operation_of_another_change_is_no_bulk(team: Team) -> None:
    operation = uuid4()
    (key,) = await made(team)
    await team.member.comments.add(key, "hm", operation=operation)
    with pytest.raises(Invalid, match="that of another change"):
        await team.member.issues.edit_all([key], IssueEdit(priority=Priority.HIGH), operation=operation)


async def test_a_long_chain_of_parents_is_not_closed_to_a_circle(team: Team) -> None:
    keys = await made(team, 60)
    team.instance.sql.execute(
        "UPDATE issues i SET parent_id = p.id FROM issues p WHERE p.number = i.number - 1"
    )
    with pytest.raises(Invalid, match="below itself"):
        await team.member.issues.edit(keys[0], IssueEdit(parent=keys[-1]))
