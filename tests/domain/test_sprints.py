"""Sprints: one active at a time, what is left is carried on, and reports say what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from rhythm_domain import database
from rhythm_domain.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from rhythm_domain.models import (
    Issue,
    IssueDraft,
    IssueEdit,
    SprintEdit,
    SprintState,
    Status,
)
from rhythm_domain.models.reports import SprintIssue
from rhythm_domain.queries import Named
from rhythm_domain.session import Session
from tests.domain.recorded import history
from tests.instances import Instance, Team


async def issue(person: Session, title: str = "x", **fields: object) -> Issue:
    return await person.issues.create("CORE", IssueDraft.model_validate({"title": title, **fields}))


async def sprint_of(person: Session, key: str) -> str | None:
    return (await person.issues.show(key)).sprint


def keys(issues: Sequence[SprintIssue]) -> list[str]:
    return [one.key for one in issues]


def shift(instance: Instance, days: int) -> None:
    """Lets some days go by: everything that happened, happened so much earlier."""
    for table, times, dates in (
        ("sprints", ("started_at", "finished_at"), ("starts_on", "ends_on")),
        ("sprint_scope", ("added_at", "removed_at"), ()),
        ("issues", ("closed_at",), ()),
    ):
        earlier = [f"{column} = {column} - interval '{days} days'" for column in times]
        earlier += [f"{column} = {column} - {days}" for column in dates]
        instance.sql.execute(f"UPDATE {table} SET {', '.join(earlier)}".encode())


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


# Reports -----------------------------------------------------------------------------------------------


async def test_a_report_tells_committed_added_removed_done_and_carried_over(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    committed = [await issue(person, sprint="A", estimate=2) for _ in range(3)]
    fickle = await issue(person, sprint="A")
    await person.sprints.remove("CORE", [fickle.key])
    await person.sprints.start("CORE", "A")
    added = await issue(person, sprint="A")
    back_and_forth = committed[0]
    await person.sprints.remove("CORE", [back_and_forth.key])
    await person.sprints.add("CORE", "current", [back_and_forth.key])
    await person.sprints.remove("CORE", [committed[1].key])
    await person.issues.move(back_and_forth.key, Status.DONE)
    during = await person.sprints.report("CORE", "current")
    assert keys(during.committed) == [one.key for one in committed]
    assert keys(during.added) == [added.key]
    assert keys(during.removed) == [committed[1].key]
    assert keys(during.done) == [back_and_forth.key]
    assert during.carried_over == ()
    after = await person.sprints.finish("CORE", "A")
    assert keys(after.carried_over) == [committed[2].key, added.key]
    assert keys(after.removed) == [committed[1].key]
    await person.issues.move(back_and_forth.key, Status.TODO)
    await person.issues.move(committed[2].key, Status.DONE)
    later = await person.sprints.report("CORE", "A")
    assert keys(later.done) == [back_and_forth.key], "what happens later does not change what was"
    assert keys(later.carried_over) == keys(after.carried_over)


async def test_of_a_planned_sprint_there_is_nothing_to_tell(team: Team) -> None:
    await team.maintainer.sprints.create("CORE", "A")
    await issue(team.maintainer, sprint="A")
    report = await team.viewer.sprints.report("CORE", "A")
    assert (report.committed, report.added, report.burndown) == ((), (), ())


async def test_the_burndown_counts_down_by_day(team: Team) -> None:
    """12 points at the start four days ago; then day by day 4 done, 3 added, 5 taken out, and rest."""
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    issues = [await issue(person, sprint="A", estimate=points) for points in (4, 5, 3)]
    today = datetime.now(UTC).date()
    await person.sprints.start("CORE", "A", today, today + timedelta(days=5))
    shift(team.instance, 1)
    await person.issues.move(issues[0].key, Status.DONE)
    shift(team.instance, 1)
    await issue(person, sprint="A", estimate=3)
    shift(team.instance, 1)
    await person.sprints.remove("CORE", [issues[1].key])
    shift(team.instance, 1)
    report = await person.sprints.report("CORE", "A")
    days = [
        (day.remaining_issues, day.remaining_points, day.ideal_issues, day.ideal_points)
        for day in report.burndown
    ]
    assert days == [
        (3, Decimal(12), Decimal(3), Decimal(12)),
        (2, Decimal(8), Decimal("2.4"), Decimal("9.6")),
        (3, Decimal(11), Decimal("1.8"), Decimal("7.2")),
        (2, Decimal(6), Decimal("1.2"), Decimal("4.8")),
        (2, Decimal(6), Decimal("0.6"), Decimal("2.4")),
    ]
    scope = [(day.scope_issues, int(day.scope_points)) for day in report.burndown]
    assert scope == [(3, 12), (3, 12), (4, 15), (3, 10), (3, 10)]
    assert [day.day for day in report.burndown] == [today - timedelta(days=4 - n) for n in range(5)]
    finished = await person.sprints.finish("CORE", "A")
    assert finished.burndown == report.burndown, "what the finish takes out was left to the end"
    shift(team.instance, 3)
    assert len((await person.sprints.report("CORE", "A")).burndown) == 5


async def test_a_day_of_the_burndown_ends_where_the_person_is(team: Team) -> None:
    person = team.maintainer
    await person.sprints.create("CORE", "A")
    one = await issue(person, sprint="A")
    await person.sprints.start("CORE", "A")
    await person.issues.move(one.key, Status.DONE)
    await person.sprints.finish("CORE", "A")
    team.instance.sql.execute(
        "UPDATE sprints SET started_at = '2026-05-04 12:00Z', finished_at = '2026-05-06 12:00Z'"
    )
    team.instance.sql.execute("UPDATE sprint_scope SET added_at = '2026-05-04 11:00Z'")
    team.instance.sql.execute("UPDATE issues SET closed_at = '2026-05-05 23:30Z'")
    for zone, remaining in (
        ("UTC", [1, 0, 0]),
        ("Europe/Berlin", [1, 1, 0]),
        ("Pacific/Kiritimati", [1, 0, 0]),
    ):
        team.instance.sql.execute("UPDATE users SET time_zone = %s", (zone,))
        report = await person.sprints.report("CORE", "A")
        assert [day.remaining_issues for day in report.burndown] == remaining, zone


async def test_velocity_is_what_the_last_sprints_finished(team: Team) -> None:
    person = team.maintainer
    for number in range(1, 5):
        await person.sprints.create("CORE", f"S{number}")
        await issue(person, sprint=f"S{number}", estimate=number, status="done")
        await issue(person, sprint=f"S{number}", estimate=100)
        await person.sprints.start("CORE", f"S{number}")
        await person.sprints.finish("CORE", f"S{number}")
    velocity = await team.viewer.sprints.velocity("CORE")
    assert [(sprint.name, sprint.done_points) for sprint in velocity] == [
        ("S4", Decimal(4)),
        ("S3", Decimal(3)),
        ("S2", Decimal(2)),
    ]


async def test_a_finished_sprint_counts_what_was_in_it_at_its_finish(team: Team) -> None:
    """What was carried over is of it, and is not done there even if it is done later; what was taken out
    before, or is in the trash, is not of it."""
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
    await issue(person, sprint="A", estimate=3, status="done")
    late = await issue(person, sprint="A", estimate=5)
    await issue(person, sprint="A", estimate=8)
    out = await issue(person, sprint="A", estimate=100)
    gone = await issue(person, sprint="A", estimate=100)
    await person.sprints.start("CORE", "A")
    await person.sprints.remove("CORE", [out.key])
    report = await person.sprints.finish("CORE", "A", "B")
    figures = (report.sprint.done_count, report.sprint.issue_count)
    assert figures == (1, 4)
    await person.issues.delete([gone.key])
    await person.sprints.start("CORE", "B")
    await person.issues.move(late.key, Status.DONE)
    found = {sprint.name: sprint for sprint in await team.viewer.sprints.list("CORE")}
    assert (found["A"].done_count, found["A"].issue_count) == (1, 3)
    assert (found["A"].done_points, found["A"].points) == (Decimal(3), Decimal(16))
    assert (found["B"].done_count, found["B"].issue_count) == (1, 2)
    assert await team.viewer.sprints.velocity("CORE") == (found["A"],)


async def test_a_sprint_of_650_issues_takes_as_many_statements_as_an_empty_one(team: Team) -> None:
    """To report on and to finish: nothing is asked or written issue by issue."""
    person = team.maintainer
    asked: list[tuple[Named, Any]] = []
    database.overheard.set(asked)
    sprint = await person.sprints.create("CORE", "A")
    asked.clear()
    await person.sprints.report("CORE", "A")
    of_none = list(asked)
    team.instance.sql.execute(
        "INSERT INTO issues"
        " (project_id, number, title, reporter_id, rank, sprint_id, estimate, status, closed_at)"
        " SELECT %s, n, 'x', %s, 'b' || n || 'U', %s, 1,"
        " (CASE WHEN n %% 2 = 0 THEN 'done' ELSE 'todo' END)::issue_status,"
        " CASE WHEN n %% 2 = 0 THEN now() END FROM generate_series(1, 650) n",
        (team.project_id, person.user.id, sprint.id),
    )
    team.instance.sql.execute("INSERT INTO issue_texts (issue_id) SELECT id FROM issues")
    await person.sprints.start("CORE", "A")
    asked.clear()
    await person.sprints.report("CORE", "A")
    assert len(asked) == len(of_none)
    asked.clear()
    report = await person.sprints.finish("CORE", "A")
    assert [query.name for query, _ in asked].count("change_issues") == 1
    assert len(asked) < 25
    assert (len(report.carried_over), len(report.done)) == (325, 325)
    undone = await person.history.undo("CORE")
    assert len(undone.changed) == 326
    assert undone.text == "the sprint A is active again, 325 issues are back in it"
    redone = await person.history.redo("CORE")
    assert redone.text == "the sprint A is finished again, 325 issues are back in the backlog"
    assert (await person.history.undo("CORE")).text == undone.text
    assert (await person.sprints.show("CORE", "A")).issue_count == 650


# Undo --------------------------------------------------------------------------------------------------


async def test_undo_and_redo_of_every_change_of_a_sprint(team: Team) -> None:
    """Each step back and forth leaves the sprint as it was before, and after."""
    person = team.maintainer
    states = []

    async def state() -> object:
        found = [
            one.model_copy(update={"version": 0, "finished_at": None})
            for one in await person.sprints.list("CORE")
        ]
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
