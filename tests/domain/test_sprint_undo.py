"""Changes of sprints undone and redone, and how their history is told."""

from __future__ import annotations

from datetime import date

from rhythm_domain.models import SprintState
from rhythm_domain.models.drafts import IssueEdit, SprintEdit
from tests.domain.test_sprints import issue, sprint_of
from tests.instances import Team


async def test_undo_and_redo_of_every_change_of_a_sprint(team: Team) -> None:
    """Each step back and forth leaves the sprint as it was before, and after."""
    person = team.maintainer
    states = []

    async def state() -> object:
        found = [one.replace(version=0, finished_at=None) for one in await person.sprints.list("CORE")]
        return found, [await sprint_of(person, key) for key in ("CORE-1", "CORE-2")]

    await issue(person)
    await issue(person, status="done")
    states.append(await state())
    for step in (
        lambda: person.sprints.create("CORE", "A", "goal"),
        lambda: person.sprints.create("CORE", "B"),
        lambda: person.sprints.edit(
            "CORE", "A", SprintEdit(name="First", goal="more", ends_on=date(2099, 1, 1))
        ),
        lambda: person.sprints.add("CORE", "First", ["CORE-1", "CORE-2"]),
        lambda: person.sprints.start("CORE", "First"),
        lambda: person.sprints.finish("CORE", "First", "B"),
        lambda: person.sprints.delete("CORE", "B"),
    ):
        await step()
        states.append(await state())
    for before in reversed(states[:-1]):
        undone = await person.history.undo("CORE")
        assert undone.skipped == ()
        assert await state() == before
    for after in states[1:]:
        redone = await person.history.redo("CORE")
        assert redone.skipped == ()
        assert await state() == after
    for before in reversed(states[:-1]):
        await person.history.undo("CORE")
        assert await state() == before


async def test_a_redone_finish_still_knows_what_it_carried_over(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    one = await issue(person, sprint="A")
    await person.sprints.start("CORE", "A")
    first = await person.sprints.finish("CORE", "A")
    undone = await person.history.undo("CORE")
    assert undone.changed == ("A", one.key)
    await person.history.redo("CORE")
    again = await person.sprints.report("CORE", "A")
    assert (again.committed, again.carried_over, again.removed) == (first.committed, first.carried_over, ())


async def test_a_finish_is_not_taken_back_while_another_sprint_is_active(team: Team) -> None:
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
    one = await issue(person, sprint="A")
    await person.sprints.start("CORE", "A")
    await person.sprints.finish("CORE", "A", "B")
    await team.owner.sprints.start("CORE", "B")
    undone = await person.history.undo("CORE")
    assert (undone.changed, undone.skipped) == ((), ("A", one.key))
    assert await sprint_of(person, one.key) == "B"
    assert (await person.sprints.show("CORE", "A")).state is SprintState.FINISHED


async def test_a_finish_taken_back_leaves_what_others_moved_since(team: Team) -> None:
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
    one, two = [await issue(person, sprint="A") for _ in range(2)]
    await person.sprints.start("CORE", "A")
    await person.sprints.finish("CORE", "A", "B")
    await team.member.sprints.remove("CORE", [one.key])
    undone = await person.history.undo("CORE")
    assert (undone.changed, undone.skipped) == (("A", two.key), (one.key,))
    assert [await sprint_of(person, key.key) for key in (one, two)] == [None, "A"]
    await person.history.redo("CORE")
    assert [await sprint_of(person, key.key) for key in (one, two)] == [None, "B"]


async def test_a_new_sprint_that_holds_work_of_others_stays(team: Team) -> None:
    await team.maintainer.sprints.create("CORE", "A")
    await issue(team.member, sprint="A")
    undone = await team.maintainer.history.undo("CORE")
    assert (undone.changed, undone.skipped) == ((), ("A",))


async def test_an_issue_does_not_return_to_a_sprint_that_is_finished(team: Team) -> None:
    await team.maintainer.sprints.create("CORE", "A")
    one = await issue(team.member, sprint="A")
    await team.member.issues.edit(one.key, IssueEdit(sprint=None))
    await team.maintainer.sprints.start("CORE", "A")
    await team.maintainer.sprints.finish("CORE", "A")
    assert (await team.member.history.undo("CORE")).skipped == (one.key,)


async def test_history_speaks_of_sprints_by_name(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "Sprint 1")
    one = await issue(person, sprint="Sprint 1")
    await person.sprints.start("CORE", "Sprint 1")
    await person.sprints.finish("CORE", "Sprint 1")
    await person.history.undo("CORE")
    said = [event.text for event in (await person.history.of_project("CORE")).items]
    assert said == [
        "planned it into Sprint 1",
        "reopened Sprint 1",
        "finished Sprint 1",
        "took it out of Sprint 1",
        "started Sprint 1",
        "created it",
        "created Sprint 1",
    ]
    assert (await person.history.of_issue(one.key)).items[-1].text == "created it"
