"""Charts as text: what a person reads off them, in any size and without colours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from rich.cells import cell_len

from rhythm_domain.models import SprintState, Status
from rhythm_domain.models.reports import (
    BurndownDay,
    Flow,
    FlowDay,
    SprintIssue,
    SprintOutcome,
    SprintReport,
)
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.widgets import burndown, flow, velocity
from rhythm_tui.widgets.canvas import Canvas, Line, days_marked, named, scale
from tests.unit.test_planning import sprint

TODAY = date(2026, 5, 8)
FIRST = date(2026, 5, 4)


def text(lines: Sequence[Line]) -> list[str]:
    return ["".join(piece.text for piece in line).rstrip() for line in lines]


def report(
    left: Sequence[int], *, points: bool = True, scope: Sequence[int] = (), **fields: Any
) -> SprintReport:
    """A sprint of ten days from 4 May, with ten issues of two points, and what was left day by day; `scope`
    is what was in it by then, else just these.
    """
    issues = [
        SprintIssue(key=f"CORE-{at}", title="x", status=Status.TODO, estimate=Decimal(2) if points else None)
        for at in range(10)
    ]
    days = [
        BurndownDay(
            day=FIRST + timedelta(days=at),
            remaining_issues=amount // 2,
            remaining_points=Decimal(amount if points else 0),
            ideal_issues=Decimal(0),
            ideal_points=Decimal(0),
            scope_issues=within // 2,
            scope_points=Decimal(within if points else 0),
        )
        for at, (amount, within) in enumerate(zip(left, scope or [20] * len(left), strict=True))
    ]
    days_of = {"starts_on": FIRST, "ends_on": date(2026, 5, 13)}
    of = sprint(state=SprintState.ACTIVE, **{**days_of, **fields})
    return SprintReport(
        sprint=of,
        committed=tuple(issues),
        added=(),
        removed=(),
        done=(),
        carried_over=(),
        burndown=tuple(days),
    )


def test_a_canvas_keeps_what_has_room() -> None:
    canvas = Canvas(3, 2)
    canvas.rule(0)
    canvas.put(2, 1, Piece("ab"))
    canvas.put(-1, 7, Piece("x"))
    assert text(canvas.lines()) == ["┈┈┈", "  a"]
    assert Canvas(0, 0).lines() == []


@pytest.mark.parametrize(
    ("most", "rows", "step", "each"),
    [
        (32, 8, 20, 4),
        (32, 18, 10, 5),
        (1, 9, 1, 9),
        (0, 9, 1, 9),
        (7, 9, 2, 2),
        (60_000, 12, 20_000, 4),
        (33, 27, 10, 8),
        (21, 8, 10, 3),
        (5, 1, 5, 1),
    ],
)
def test_a_scale_has_round_numbers_as_far_apart(most: int, rows: int, step: int, each: int) -> None:
    scaled = scale(most, rows)
    assert (scaled.step, scaled.each) == (step, each)
    assert scaled.top >= most
    assert scaled.ticks[rows] == 0
    assert {one - other for one, other in pairwise(scaled.ticks)} == {each}


def test_most_of_an_axis_is_used() -> None:
    """What is highest reaches to three fifths of it at least, whatever it is."""
    for rows in range(8, 60):
        for most in (*range(2, 130), 999, 1001, 12_345):
            assert most <= scale(most, rows).top <= most * 5 / 3, (most, rows)


@pytest.mark.parametrize("from_end", [False, True])
def test_days_under_an_axis_are_as_far_apart_and_never_touch(from_end: bool) -> None:
    """Each under its bar, from one end on."""
    for days in (1, 2, 7, 10, 14, 21, 30, 90, 400):
        for width in (20, 36, 60, 100, 150):
            marked = days_marked(days, width, from_end=from_end)
            assert marked[-1 if from_end else 0] == (days - 1 if from_end else 0)
            assert len({after - before for before, after in pairwise(marked)}) <= 1
            places = [round(day / max(1, days - 1) * (width - 1)) for day in marked]
            (under,) = text([named([(place, "24 Nov") for place in places], 4, width)])
            assert len(under.split("  ")) >= len(marked)
            assert under.count("24 Nov") == len(marked)
    assert days_marked(10, 57) == [0, 3, 6, 9]


def burnt(of: SprintReport, width: int = 60, height: int = 12) -> list[str]:
    drawn = burndown.of(of)
    assert drawn is not None
    return text(burndown.lines(drawn, TODAY, width, height, plain=True))


def test_a_burndown_says_what_is_left_and_how_far_behind() -> None:
    """At an even pace 11 of 20 points would be left after five of ten days: it begins with the second. What
    is left beyond it is made of something else, and so is what is to be left on the days to come.
    """
    lines = burnt(report([20, 18, 18, 16, 14]))
    assert lines[0].startswith("14 points left  3 behind")
    assert lines[0].endswith("█ left  ▓ behind  ░ even pace")
    assert [line[:4] for line in lines if line[3] in "┤└"] == ["20 ┤", "10 ┤", " 0 └"]
    assert lines[1:-2] == [
        "   │",
        "20 ┤████┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
        "   │████ ████ ▓▓▓▓",
        "   │████ ████ ████ ▓▓▓▓  14",
        "   │████ ████ ████ ████ ▓▓▓▓",
        "10 ┤████┈████┈████┈████┈████┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈",
        "   │████ ████ ████ ████ ████ ░░░░",
        "   │████ ████ ████ ████ ████ ░░░░ ░░░░",
        "   │████ ████ ████ ████ ████ ░░░░ ░░░░ ░░░░",
    ]
    assert lines[-1].split()[:2] == ["4", "May"]
    assert lines[-1].endswith("13 May")


def test_bars_are_as_wide_as_far_apart_and_stand_on_zero() -> None:
    """At any width; they end where the numbers of the axis say, and their feet go to the line of zero."""
    of = burndown.of(report([20, 20, 20, 20], ends_on=None))
    assert of is not None
    for width in range(30, 130):
        drawn = burndown.lines(of, TODAY, width, 12)
        top, low, zero = text(drawn)[2], text(drawn)[-3], text(drawn)[-2]
        assert top[:4] == "20 ┤"
        bars = re.findall("█+ *", f"{low[4:]} ")[:3]
        assert len({*bars}) == 1, low
        assert "".join(bars) in top.replace("▄", "█").replace("┈", " ")
        assert "".join(bars) in zero.replace("▄", "█").replace("─", " ")


def test_a_burndown_says_what_came_in_and_went_out() -> None:
    """Over the bars of these days; over the last one stands what is left."""
    lines = burnt(report([20, 31, 24], scope=[20, 31, 28]), width=80)
    assert [line[11:24].strip("┈ ") for line in lines[2:6]] == ["", "+11", "▓▓▓▓▓▓   −3", "▓▓▓▓▓▓   24"]


def test_a_burndown_goes_on_past_the_end_of_the_sprint() -> None:
    lines = burnt(report([20] * 12), width=100)
    assert lines[1].count("┊") == 1
    assert lines[0].startswith("20 points left  20 behind")


def test_a_sprint_without_an_end_has_no_pace() -> None:
    lines = burnt(report([20, 19], ends_on=None))
    assert lines[0].startswith("19 points left")
    assert "pace" not in lines[0]
    assert "░" not in "".join(lines)


def test_a_sprint_with_nothing_in_it_says_so() -> None:
    empty = report([0, 0], scope=[0, 0]).replace(committed=())
    assert "Nothing is in this sprint." in "".join(burnt(empty))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ([20], "at an even pace"),
        ([20, 18, 16, 14, 11], "at an even pace"),
        ([20, 10, 5, 4, 4], "7 ahead"),
        ([30] * 12, "30 behind"),
    ],
)
def test_a_burndown_compares_with_an_even_pace(left: list[int], said: str) -> None:
    of = burndown.of(report(left))
    assert of is not None
    assert said in text(burndown.lines(of, TODAY, 80, 12))[0]


def test_a_burndown_counts_issues_where_nobody_estimates_or_where_they_are_wanted() -> None:
    for of in (burndown.of(report([20, 18], points=False)), burndown.of(report([20, 18]), points=False)):
        assert of is not None
        assert text(burndown.lines(of, TODAY, 60, 12))[0].startswith("9 issues left")
    assert burndown.of(report([])) is None


def test_a_finished_burndown_speaks_of_its_end() -> None:
    done = report([20, 0])
    finished = done.replace(sprint=done.sprint.replace(state=SprintState.FINISHED))
    of = burndown.of(finished)
    assert of is not None
    assert text(burndown.lines(of, TODAY, 60, 12))[0].startswith("0 points left at the end")


def outcome(name: str, committed: int, done: int) -> SprintOutcome:
    of = sprint(name, state=SprintState.FINISHED, done_points=Decimal(done), done_count=1)
    return SprintOutcome(sprint=of, committed_issues=2, committed_points=Decimal(committed))


def test_velocity_has_two_bars_a_sprint_that_differ_without_colours() -> None:
    """Each with its number, and the mean of the last three in words."""
    outcomes = [outcome("One", 20, 10), outcome("Two", 8, 16), outcome("Three", 4, 4), outcome("Four", 8, 16)]
    lines = text(velocity.lines(outcomes, 70, 16, points=True, plain=True))
    assert lines[0].startswith("Velocity 12 points  the mean of the last 3")
    assert lines[0].endswith("▒ committed  █ done")
    assert [word for word in ("20", "10", "8", "16", "4") if word in "\n".join(lines[1:-1])] == [
        "20", "10", "8", "16", "4",
    ]  # fmt: skip
    assert lines[-1].split() == ["One", "Two", "Three", "Four"]
    assert "▒▒" in "".join(lines)
    assert "██" in "".join(lines)


def test_velocity_shows_as_many_of_the_latest_as_fit() -> None:
    outcomes = [outcome(f"S{at}", 8, 8) for at in range(30)]
    names = text(velocity.lines(outcomes, 40, 12, points=True))[-1].split()
    assert names[-1] == "S29"
    assert len(names) == 5
    named = [outcome(f"Spring sprint {at}", 8, 8) for at in range(8, 12)]
    assert text(velocity.lines(named, 40, 12, points=True))[-1].split() == ["8", "9", "10", "11"]


def days(*counts: dict[Status, int]) -> Flow:
    return Flow(
        days=tuple(FlowDay(day=FIRST + timedelta(days=at), counts=each) for at, each in enumerate(counts))
    )


def test_a_flow_names_its_bands_at_their_height() -> None:
    """What was done before does not count; backlog on top, done at the bottom."""
    before = {Status.DONE: 100, Status.TODO: 8, Status.BACKLOG: 20}
    after = {Status.DONE: 110, Status.IN_PROGRESS: 4, Status.TODO: 6, Status.BACKLOG: 20}
    lines = text(flow.lines(days(before, after), TODAY, 70, 16, backlog=True, plain=True))
    assert lines[0].startswith("10 done in 1 day  4 at work now")
    names = [line.split()[-2:] for line in lines[1:-2] if line.split()[-1].isdigit() and " " in line[-18:]]
    told = [" ".join(name) for name in names]
    assert [each for each in told if "backlog" in each or "todo" in each or "done" in each] == [
        "backlog 20",
        "todo 6",
        "done 10",
    ]
    body = "".join(lines[1:-2])
    assert all(texture in body for texture in "█▒░·")


def test_a_flow_begins_with_the_first_issue() -> None:
    """What is new has no slope that nobody went; all that was done there counts."""
    new = days({}, {}, {}, {}, {Status.TODO: 8, Status.DONE: 4})
    lines = text(flow.lines(new, TODAY, 70, 16, backlog=True, plain=True))
    assert lines[0].startswith("4 done today  0 at work now")
    bands = [line.split("│")[-1].split("┤")[-1][:40] for line in lines[1:-2]]
    assert {band for band in bands if "█" in band} == {"█" * 40}
    assert {band for band in bands if "░" in band} == {"░" * 40}
    assert lines[-1].split() == ["8", "May"]
    older = days({}, {}, {Status.DONE: 1}, {Status.DONE: 4}, {Status.DONE: 5})
    assert text(flow.lines(older, TODAY, 70, 16, backlog=True))[0].startswith("5 done since 6 May")


def test_a_flow_without_the_backlog_is_about_the_work() -> None:
    lines = text(flow.lines(days({Status.BACKLOG: 900, Status.TODO: 3}), TODAY, 70, 12, backlog=False))
    assert "backlog" not in "".join(lines)
    assert "todo 3" in "".join(lines)


@pytest.mark.parametrize("width", [0, 1, 5, 23, 24, 39, 40, 41, 77, 160, 300])
@pytest.mark.parametrize("height", [0, 1, 3, 5, 6, 12, 50])
def test_no_chart_is_larger_than_its_place(width: int, height: int) -> None:
    of = burndown.of(report([20, 1000, 3]))
    assert of is not None
    outcomes = [outcome("雨" * 30, 12_000, 0)] * 9
    counts = dict.fromkeys(Status, 12_345)
    for lines in (
        burndown.lines(of, TODAY, width, height),
        velocity.lines(outcomes, width, height, points=True),
        flow.lines(days({}, counts, {}), TODAY, width, height, backlog=True),
        flow.lines(days(counts), TODAY, width, height, backlog=False, plain=True),
    ):
        assert len(lines) <= height
        assert all(cell_len(line) <= width for line in text(lines))
