"""Reports: what sprints committed and got done, and where issues stood day by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from rhythm_domain.errors import Invalid
from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.models.reports import FlowDay
from rhythm_domain.repository import reports
from tests.instances import Instance, Team

_TIMES = {
    "issues": ("created_at", "updated_at", "closed_at"),
    "events": ("at",),
    "sprints": ("started_at", "finished_at"),
    "sprint_scope": ("added_at", "removed_at"),
}


def later(instance: Instance, days: int = 1) -> None:
    """Lets some days go by: everything that happened, happened so much earlier."""
    instance.sql.execute("ALTER TABLE events DISABLE TRIGGER events_are_kept")
    for table, columns in _TIMES.items():
        earlier = ", ".join(f"{column} = {column} - interval '{days} days'" for column in columns)
        instance.sql.execute(f"UPDATE {table} SET {earlier}".encode())
    instance.sql.execute("ALTER TABLE events ENABLE TRIGGER events_are_kept")


def counted(day: FlowDay) -> Mapping[str, int]:
    """The statuses in which any issue stood."""
    return {status.value: count for status, count in day.counts.items() if count}


async def test_a_flow_tells_where_issues_stood_day_by_day(team: Team) -> None:
    """Moved to and fro within a day, closed and taken up again; the trash as if it had never been."""
    person = team.owner
    seen = []

    async def day() -> None:
        seen.append(counted((await team.viewer.reports.flow("CORE")).days[-1]))
        later(team.instance)

    one, two, three, gone = [
        (await person.issues.create("CORE", IssueDraft(title=str(number)))).key for number in range(4)
    ]
    await person.issues.delete([gone])
    await day()
    await person.issues.move(one, Status.TODO)
    await person.issues.move(one, Status.IN_PROGRESS)
    await person.issues.create("CORE", IssueDraft(title="begun", status=Status.IN_PROGRESS))
    await day()
    await person.issues.move(one, Status.DONE)
    await person.issues.move(two, Status.CANCELLED)
    await day()
    await person.issues.move(one, Status.TODO)
    await person.issues.move(three, Status.IN_REVIEW)
    await person.history.undo("CORE")
    await day()
    await day()
    assert seen == [
        {"backlog": 3},
        {"backlog": 2, "in_progress": 2},
        {"backlog": 1, "in_progress": 1, "done": 1, "cancelled": 1},
        {"backlog": 1, "in_progress": 1, "todo": 1, "cancelled": 1},
        {"backlog": 1, "in_progress": 1, "todo": 1, "cancelled": 1},
    ]
    flow = await team.viewer.reports.flow("CORE", 8)
    assert flow.complete
    today = datetime.now(UTC).date()
    assert [day.day for day in flow.days] == [today - timedelta(days=back) for back in range(7, -1, -1)]
    assert [counted(day) for day in flow.days] == [{}, {}, *seen, seen[-1]]


async def test_what_was_brought_in_closed_was_open_until_then(team: Team) -> None:
    """An import knows when an issue was created and closed, and nothing in between."""
    (issue,) = team.fill(1)
    team.instance.sql.execute(
        "UPDATE issues SET status = 'done', created_at = now() - interval '3 days',"
        " closed_at = now() - interval '1 day' WHERE id = %s",
        (issue,),
    )
    flow = await team.viewer.reports.flow("CORE", 5)
    assert [counted(day) for day in flow.days] == [{}, {"todo": 1}, {"todo": 1}, {"done": 1}, {"done": 1}]


async def test_a_day_of_a_flow_ends_where_the_person_is(team: Team) -> None:
    team.fill(1)
    team.instance.sql.execute("UPDATE issues SET created_at = date_trunc('day', now()) - interval '1 minute'")
    for zone, back in (("UTC", 1), ("Pacific/Kiritimati", None), ("Pacific/Midway", None)):
        team.instance.sql.execute("UPDATE users SET time_zone = %s", (zone,))
        flow = await team.viewer.reports.flow("CORE", 3)
        local = team.instance.value("SELECT (created_at AT TIME ZONE %s)::date FROM issues", zone)
        there = [day.day for day in flow.days if counted(day)]
        assert there[0] == local, zone
        if back is not None:
            assert len(there) == back + 1


async def test_of_very_much_only_the_latest_days_are_told(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = team.owner
    one = (await person.issues.create("CORE", IssueDraft(title="1"))).key
    for status in (Status.TODO, Status.IN_PROGRESS, Status.DONE):
        await person.issues.move(one, status)
        later(team.instance)
    monkeypatch.setattr(reports, "MOVES", 2)
    flow = await team.viewer.reports.flow("CORE", 10)
    assert not flow.complete
    assert [counted(day) for day in flow.days] == [{"in_progress": 1}, {"done": 1}, {"done": 1}]


@pytest.mark.parametrize("days", [0, -1, 1000])
async def test_a_flow_has_a_sensible_length(team: Team, days: int) -> None:
    with pytest.raises(Invalid):
        await team.viewer.reports.flow("CORE", days)


async def test_velocity_tells_what_was_committed_and_what_was_done(team: Team) -> None:
    """Added later is not committed, what was taken out still is; the latest sprint first."""
    person = team.maintainer
    for name in ("A", "B"):
        await person.sprints.create("CORE", name)
        made = [
            (
                await person.issues.create(
                    "CORE", IssueDraft.model_validate({"title": "x", "sprint": name, "estimate": points})
                )
            ).key
            for points in (2, 3, 5)
        ]
        await person.sprints.remove("CORE", made[:1])
        await person.sprints.add("CORE", name, made[:1])
        await person.sprints.start("CORE", name)
        await person.sprints.remove("CORE", made[1:2])
        added = await person.issues.create(
            "CORE", IssueDraft.model_validate({"title": "x", "sprint": "current", "estimate": 8})
        )
        for key in (made[0], added.key):
            await person.issues.move(key, Status.DONE)
        await person.sprints.finish("CORE", name)
    found = await team.viewer.reports.velocity("CORE")
    assert [one.sprint.name for one in found] == ["B", "A"]
    assert {(one.committed_issues, one.committed_points, one.sprint.done_points) for one in found} == {
        (3, Decimal(10), Decimal(10))
    }
    assert [one.sprint.name for one in await team.viewer.reports.velocity("CORE", 1)] == ["B"]
