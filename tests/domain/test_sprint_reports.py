"""Reports of sprints: what was committed, added, done and carried over, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rhythm_domain import database
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from tests.domain.test_sprints import issue, keys
from tests.instances import Instance, Team


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
