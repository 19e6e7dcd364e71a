"""The numbers of the planner, and the lines in which they are told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from rhythm_domain.models import IssueRow, IssueType, PersonRef, Priority, Sprint, SprintState, Status
from rhythm_tui.holding.planning import (
    Capacity,
    Load,
    capacity,
    days_said,
    in_time,
    next_days,
    next_name,
    span_said,
)
from rhythm_tui.widgets.pane_heading import Marked, capacity_bar, capacity_words, sprint_lines

TODAY = date(2026, 5, 4)
ADA = PersonRef(id=1, name="ada", display_name="Ada")


def sprint(name: str = "Sprint 1", **fields: Any) -> Sprint:
    """A sprint; planned unless it is said."""
    return Sprint(
        **{
            "id": 1,
            "project_key": "CORE",
            "name": name,
            "goal": "",
            "state": SprintState.PLANNED,
            "starts_on": None,
            "ends_on": None,
            "started_at": None,
            "finished_at": None,
            "version": 1,
            **fields,
        }
    )


def issue(**fields: Any) -> IssueRow:
    """An issue with three points, in no sprint."""
    now = datetime(2026, 5, 1, tzinfo=UTC)
    return IssueRow(
        **{
            "id": 1, "project_id": 1, "project_key": "CORE", "number": 1, "title": "one",
            "status": Status.TODO, "priority": Priority.NONE, "type": IssueType.TASK, "assignee": None,
            "reporter": ADA, "sprint_id": None, "sprint": None, "estimate": Decimal(3), "due": None,
            "labels": (), "parent_key": None, "blocked": False, "rank": "m", "version": 1, "created_at": now,
            "updated_at": now, "closed_at": None, "deleted_at": None, **fields,
        }
    )  # fmt: skip


def text(line: Any) -> str:
    """What a line of pieces says."""
    return "".join(piece.text for piece in line)


def test_a_load_follows_an_issue_in_and_out_and_when_it_is_done() -> None:
    load = Load(2, 1, Decimal(8), Decimal(5))
    one, planned = issue(), issue(sprint_id=7)
    into = load.changed(one, planned, 7)
    assert into == Load(3, 1, Decimal(11), Decimal(5))
    done = into.changed(planned, issue(sprint_id=7, status=Status.DONE), 7)
    assert done == Load(3, 2, Decimal(11), Decimal(8))
    assert into.changed(planned, one, 7) == load
    assert load.changed(one, issue(sprint_id=8), 7) == load, "another sprint's"
    assert into.changed(planned, issue(sprint_id=7, estimate=None), 7) == Load(3, 1, Decimal(8), Decimal(5))


def test_velocity_is_the_mean_of_what_was_done_in_points_or_where_nobody_estimates_in_issues() -> None:
    last = [sprint(done_points=Decimal(points), done_count=2) for points in (17, 20, 6)]
    assert capacity(Load(3, 1, Decimal(20), Decimal(2)), last) == Capacity(
        Decimal(20), Decimal(2), Decimal(14), "points"
    )
    counted = capacity(Load(9, 1), [sprint(done_count=count) for count in (5, 6)])
    assert counted == Capacity(Decimal(9), Decimal(1), Decimal("5.5"), "issues")
    assert capacity(Load(9, 1), []).velocity is None


@pytest.mark.parametrize(
    ("planned", "done", "velocity", "bar", "words"),
    [
        (0, 0, None, "──────────", "0 points"),
        (5, 0, None, "━━━━━━━━━━", "5 points"),
        (5, 2, 10, "━━━━━────┃", "5 points  5 free of 10"),
        (10, 0, 10, "━━━━━━━━━┃", "10 points  just the 10"),
        (20, 4, 10, "━━━━━┃╍╍╍╍", "20 points  ! 10 over 10"),
    ],
)
def test_a_capacity_bar_can_be_read_without_colours(
    planned: int, done: int, velocity: int | None, bar: str, words: str
) -> None:
    of = Capacity(Decimal(planned), Decimal(done), None if velocity is None else Decimal(velocity), "points")
    assert text(capacity_bar(of, 10)) == bar
    assert text(capacity_words(of)) == words


@pytest.mark.parametrize("width", range(1, 130, 3))
def test_a_heading_never_is_wider_than_its_pane(width: int) -> None:
    wild = sprint("A 雨 sprint with a name", goal="雨" * 80, state=SprintState.ACTIVE, ends_on=TODAY)
    against = Capacity(Decimal(57), Decimal(19), Decimal(20), "points")
    lines = sprint_lines(wild, Load(15, 4), against, Marked(3, Decimal(8)), (3, 12), TODAY, width, lit=True)
    assert len(lines) == 3
    if width >= 40:
        assert all(len(text(line)) <= width for line in lines)


def test_sprints_stand_in_time() -> None:
    names = ("now", "next", "later", "last", "first")
    states = (SprintState.ACTIVE, *[SprintState.PLANNED] * 2, *[SprintState.FINISHED] * 2)
    listed = [sprint(name, state=state) for name, state in zip(names, states, strict=True)]
    assert [one.name for one in in_time(listed)] == ["first", "last", "now", "next", "later"]


def test_the_next_sprint_follows_the_last_one() -> None:
    assert next_name([]) == "Sprint 1"
    assert next_name([sprint("Iteration 9")]) == "Iteration 10"
    assert next_name([sprint("Sprint 3"), sprint("Winter")]) == "Winter 2"
    assert next_name([sprint("Sprint 8"), sprint("Sprint 7")]) == "Sprint 9"
    assert next_days([], TODAY) == (TODAY, date(2026, 5, 17))
    week = sprint(starts_on=date(2026, 5, 2), ends_on=date(2026, 5, 8))
    assert next_days([week], TODAY) == (date(2026, 5, 9), date(2026, 5, 15))
    past = sprint(starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 8))
    assert next_days([past], TODAY) == (TODAY, date(2026, 5, 10))


def test_days_are_told_as_people_say_them() -> None:
    active = {"state": SprintState.ACTIVE}
    assert days_said(sprint(ends_on=date(2026, 5, 9), **active), TODAY) == "5 days left"
    assert days_said(sprint(ends_on=TODAY, **active), TODAY) == "last day"
    assert days_said(sprint(ends_on=date(2026, 5, 3), **active), TODAY) == "1 day over"
    assert days_said(sprint(starts_on=date(2026, 5, 5)), TODAY) == "starts in 1 day"
    assert span_said(date(2025, 12, 29), date(2026, 1, 4), TODAY) == "29 Dec 2025 – 4 Jan"
