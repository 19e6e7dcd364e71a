"""Sprints: how they are planned, one active at a time, and what is left is carried on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from rhythm_domain.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from rhythm_domain.models import Issue, SprintState
from rhythm_domain.models.drafts import IssueDraft, SprintEdit
from rhythm_domain.models.reports import SprintIssue
from rhythm_domain.session import Session
from tests.domain.recorded import history
from tests.instances import Team


async def issue(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


async def sprint_of(person: Session, key: str) -> str | None:
    return (await person.issues.show(key)).sprint


def keys(issues: Sequence[SprintIssue]) -> list[str]:
    return [one.key for one in issues]


# Planning ----------------------------------------------------------------------------------------------


async def test_a_sprint_is_planned_with_name_goal_and_days(team: Team) -> None:
    sprint = await team.maintainer.sprints.create(
        "CORE", " Sprint 1 ", "Ship it", date(2026, 5, 4), date(2026, 5, 17)
    )
    assert (sprint.name, sprint.goal, sprint.state) == ("Sprint 1", "Ship it", SprintState.PLANNED)
    assert (sprint.starts_on, sprint.ends_on) == (date(2026, 5, 4), date(2026, 5, 17))
    assert await team.viewer.sprints.show("core", "SPRINT  1") == sprint


async def test_a_creation_sent_twice_happens_once(team: Team) -> None:
    operation = uuid4()
    one = await team.maintainer.sprints.create("CORE", "A", operation=operation)
    assert await team.maintainer.sprints.create("CORE", "A", operation=operation) == one
    assert [kind for kind, _, _ in history(team.instance)] == ["sprint.created"]


@pytest.mark.parametrize("name", ["", " \t", "current", "@Current", "Backlog", "a\nb", "x" * 101])
async def test_names_that_cannot_be(team: Team, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await team.maintainer.sprints.create("CORE", name)
    assert refused.value.field == "name"


async def test_a_name_is_taken_whatever_its_case(team: Team) -> None:
    await team.maintainer.sprints.create("CORE", "Été")
    with pytest.raises(AlreadyExists):
        await team.maintainer.sprints.create("CORE", "ÉTÉ")


async def test_a_sprint_does_not_end_before_it_starts(team: Team) -> None:
    with pytest.raises(Invalid, match="can't end before it starts"):
        await team.maintainer.sprints.create("CORE", "A", "", date(2026, 5, 4), date(2026, 5, 3))


async def test_an_unknown_sprint_is_answered_with_those_there_are(team: Team) -> None:
    await team.maintainer.sprints.create("CORE", "Alpha")
    await team.maintainer.sprints.create("CORE", "Beta")
    with pytest.raises(NotFound) as unknown:
        await team.viewer.sprints.show("CORE", "zzz")
    assert unknown.value.hint == "There are Beta, Alpha."
    with pytest.raises(NotFound) as misspelt:
        await team.viewer.sprints.show("CORE", "alfa")
    assert misspelt.value.hint == "Did you mean Alpha?"
    with pytest.raises(NotFound, match="No sprint of CORE is active"):
        await team.viewer.sprints.show("CORE", "current")


async def test_the_list_is_active_then_planned_then_finished(team: Team) -> None:
    person = team.maintainer
    for name, day in (
        ("Old", None),
        ("Older", None),
        ("Now", None),
        ("Later", 9),
        ("Soon", 2),
        ("Some", None),
    ):
        await person.sprints.create("CORE", name, "", date(2099, 1, day) if day else None)
    for name in ("Older", "Old"):
        await person.sprints.start("CORE", name)
        await person.sprints.finish("CORE", name)
    await person.sprints.start("CORE", "Now")
    names = ["Now", "Soon", "Later", "Some", "Old", "Older"]
    assert [sprint.name for sprint in await person.sprints.list("CORE")] == names
    assert [sprint.name for sprint in await person.sprints.list("CORE", finished=False)] == names[:4]


async def test_counts_and_points_are_of_the_living_issues_in_it(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    await issue(person, sprint="a", estimate=3, status="done")
    await issue(person, sprint="A", estimate="2.5")
    gone = await issue(person, sprint="A", estimate=100)
    await person.issues.delete([gone.key])
    sprint = await person.sprints.show("CORE", "A")
    assert (sprint.issue_count, sprint.done_count) == (2, 1)
    assert (sprint.points, sprint.done_points) == (Decimal("5.5"), Decimal(3))


async def test_an_edit_changes_what_it_sets_and_records_what_changed(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A", "goal", date(2026, 5, 4), date(2026, 5, 5))
    edited = await person.sprints.edit("CORE", "A", SprintEdit(name="B", ends_on=None))
    assert (edited.name, edited.goal, edited.starts_on, edited.ends_on) == (
        "B",
        "goal",
        date(2026, 5, 4),
        None,
    )
    kind, before, after = history(team.instance)[-1]
    assert kind == "sprint.edited"
    assert before == {"id": edited.id, "name": "A", "ends_on": "2026-05-05"}
    assert after == {"id": edited.id, "name": "B", "ends_on": None}
    again = await person.sprints.edit("CORE", "B", SprintEdit(goal="goal"))
    assert again == edited
    assert len(history(team.instance)) == 2


async def test_a_goal_that_somebody_else_changed_is_a_conflict_with_both_sides(team: Team) -> None:
    read = await team.maintainer.sprints.create("CORE", "A", "one")
    theirs = await team.owner.sprints.edit("CORE", "A", SprintEdit(goal="two", base_version=read.version))
    with pytest.raises(Conflict) as conflict:
        await team.maintainer.sprints.edit("CORE", "A", SprintEdit(goal="three", base_version=read.version))
    assert (conflict.value.current, conflict.value.mine) == ("two", "three")
    assert conflict.value.by == "Olga"
    saved = await team.maintainer.sprints.edit(
        "CORE", "A", SprintEdit(goal="three", base_version=conflict.value.version)
    )
    assert (theirs.goal, saved.goal) == ("two", "three")


async def test_another_name_is_no_change_of_the_goal(team: Team) -> None:
    """Who wrote the goal before is not told of, nor who edits another sprint's."""
    read = await team.owner.sprints.create("CORE", "A", "one")
    await team.owner.sprints.create("CORE", "C", "else")
    read = await team.owner.sprints.edit("CORE", "A", SprintEdit(goal="two"))
    await team.maintainer.sprints.edit("CORE", "A", SprintEdit(name="B"))
    await team.maintainer.sprints.edit("CORE", "C", SprintEdit(goal="other"))
    saved = await team.owner.sprints.edit("CORE", "B", SprintEdit(goal="three", base_version=read.version))
    assert saved.goal == "three"


async def test_members_plan_issues_but_no_sprints(team: Team) -> None:
    with pytest.raises(Forbidden, match="only maintainers may create sprints"):
        await team.member.sprints.create("CORE", "A")
    await team.maintainer.sprints.create("CORE", "A")
    one = await issue(team.member)
    (row,) = await team.member.sprints.add("CORE", "A", [one.key])
    assert row.sprint == "A"
    (row,) = await team.member.sprints.remove("CORE", [one.key])
    assert row.sprint is None
    with pytest.raises(Forbidden, match="only members may plan issues into sprints"):
        await team.viewer.sprints.add("CORE", "A", [one.key])


async def test_issues_of_another_project_are_not_planned(team: Team) -> None:
    team.instance.project("WEB", owner=team.owner)
    other = await team.owner.issues.create("WEB", IssueDraft(title="x"))
    for project in ("CORE", "WEB"):
        await team.owner.sprints.create(project, "A")
    with pytest.raises(Invalid, match="WEB-1 is not an issue of CORE"):
        await team.owner.sprints.add("CORE", "A", [other.key])


async def test_a_deleted_sprint_gives_its_issues_back_to_the_backlog(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    one, trashed = await issue(person, sprint="A"), await issue(person, sprint="A")
    await person.issues.delete([trashed.key])
    operation = uuid4()
    await person.sprints.delete("CORE", "A", operation=operation)
    await person.sprints.delete("CORE", "A", operation=operation)
    assert await sprint_of(person, one.key) is None
    (restored,) = await person.issues.restore([trashed.key])
    assert restored.sprint is None
    assert await person.sprints.list("CORE") == ()
    kinds = [kind for kind, _, _ in history(team.instance)]
    assert kinds[-4:] == ["issue.changed", "issue.changed", "sprint.deleted", "issue.restored"]
    await person.sprints.create("CORE", "A")


# Start and finish --------------------------------------------------------------------------------------


async def test_a_sprint_starts_today_where_the_person_is_and_lasts_two_weeks(team: Team) -> None:
    """Kiritimati is 14 hours ahead of UTC, Pago Pago 11 behind: somewhere it is another day."""
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        team.instance.sql.execute("UPDATE users SET time_zone = %s", (zone,))
        await team.maintainer.sprints.create("CORE", zone)
        today = datetime.now(ZoneInfo(zone)).date()
        sprint = await team.maintainer.sprints.start("CORE", zone)
        assert sprint.state is SprintState.ACTIVE
        assert sprint.starts_on in (today, today + timedelta(days=1))  # midnight may pass
        assert sprint.ends_on == sprint.starts_on + timedelta(days=13)
        await team.maintainer.sprints.finish("CORE", "current")


async def test_days_given_at_the_start_go_before_those_planned(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A", "", date(2026, 5, 4), date(2026, 5, 8))
    sprint = await person.sprints.start("CORE", "A", ends_on=date(2026, 5, 9))
    assert (sprint.starts_on, sprint.ends_on) == (date(2026, 5, 4), date(2026, 5, 9))


async def test_one_sprint_is_active_and_the_refusal_names_it(team: Team) -> None:
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
    await person.sprints.start("CORE", "A")
    with pytest.raises(Invalid, match="A is active") as refused:
        await person.sprints.start("CORE", "B")
    assert refused.value.hint == 'Finish it first: `rhythm sprint finish CORE "A"`.'
    with pytest.raises(Invalid, match="A is active: only a planned sprint can be started"):
        await person.sprints.start("CORE", "current")
    with pytest.raises(Invalid, match="B is planned: only an active sprint can be finished"):
        await person.sprints.finish("CORE", "B")
    with pytest.raises(Invalid, match="only a planned sprint can be deleted"):
        await person.sprints.delete("CORE", "A")


async def test_two_starters_at_once_one_wins(team: Team) -> None:
    for name in ("A", "B"):
        await team.maintainer.sprints.create("CORE", name)
    results = await asyncio.gather(
        team.maintainer.sprints.start("CORE", "A"),
        team.owner.sprints.start("CORE", "B"),
        return_exceptions=True,
    )
    (lost,) = (result for result in results if isinstance(result, BaseException))
    assert isinstance(lost, Invalid)
    assert "is active: a project has one active sprint at a time" in lost.message


async def test_two_finishers_at_once_one_wins(team: Team) -> None:
    for name in ("A", "B"):
        await team.maintainer.sprints.create("CORE", name)
    one = await issue(team.member, sprint="A")
    await team.maintainer.sprints.start("CORE", "A")
    results = await asyncio.gather(
        team.maintainer.sprints.finish("CORE", "A", "B"),
        team.owner.sprints.finish("CORE", "A", "backlog"),
        return_exceptions=True,
    )
    (lost,) = (result for result in results if isinstance(result, BaseException))
    assert isinstance(lost, Invalid)
    assert "A is finished: only an active sprint can be finished" in lost.message
    assert sum(kind == "issue.changed" for kind, _, _ in history(team.instance)) == 1
    assert await sprint_of(team.viewer, one.key) == (None if isinstance(results[0], Invalid) else "B")


async def test_what_is_open_is_carried_into_the_next_sprint_in_one_operation(team: Team) -> None:
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
    done, left, dropped = [
        await issue(person, sprint="A", status=status) for status in ("done", "todo", "cancelled")
    ]
    await person.sprints.start("CORE", "A")
    operation = uuid4()
    report = await person.sprints.finish("CORE", "current", "b", operation=operation)
    assert await person.sprints.finish("CORE", "current", "b", operation=operation) == report
    assert report.sprint.state is SprintState.FINISHED
    assert keys(report.carried_over) == [left.key]
    assert keys(report.done) == [done.key]
    assert [await sprint_of(person, one.key) for one in (done, left, dropped)] == ["A", "B", "A"]
    assert history(team.instance)[-2:] == [
        (
            "issue.changed",
            {"sprint_id": report.sprint.id},
            {"sprint_id": (await person.sprints.show("CORE", "B")).id},
        ),
        (
            "sprint.finished",
            {"id": report.sprint.id, "name": "A", "state": "active", "finished_at": None},
            {
                "id": report.sprint.id,
                "name": "A",
                "state": "finished",
                "finished_at": history(team.instance)[-1][2]["finished_at"],
            },
        ),
    ]


async def test_what_is_left_goes_to_planned_sprints_only(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    one = await issue(person, sprint="A")
    await person.sprints.start("CORE", "A")
    with pytest.raises(Invalid, match="A is active: only a planned sprint can be given what is left"):
        await person.sprints.finish("CORE", "A", "A")
    with pytest.raises(NotFound):
        await person.sprints.finish("CORE", "A", "nowhere")
    assert (await person.sprints.show("CORE", "A")).state is SprintState.ACTIVE
    assert await sprint_of(person, one.key) == "A"


async def test_nothing_is_planned_into_a_finished_sprint(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    await person.sprints.start("CORE", "A")
    await person.sprints.finish("CORE", "A")
    one = await issue(person)
    with pytest.raises(Invalid, match="A is finished"):
        await person.sprints.add("CORE", "A", [one.key])


async def test_work_planned_while_a_sprint_is_finished_is_not_lost_in_it(team: Team) -> None:
    """Whoever comes first: no open issue is ever left in a finished sprint."""
    person = team.maintainer
    for round_ in range(5):
        name = f"S{round_}"
        await person.sprints.create("CORE", name)
        await person.sprints.start("CORE", name)
        fresh = [await issue(person) for _ in range(3)]
        await asyncio.gather(
            person.sprints.finish("CORE", name),
            *(team.member.sprints.add("CORE", name, [one.key]) for one in fresh),
            return_exceptions=True,
        )
        assert (await person.sprints.show("CORE", name)).state is SprintState.FINISHED
        assert [await sprint_of(person, one.key) for one in fresh] == [None, None, None]
