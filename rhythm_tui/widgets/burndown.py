"""The burndown of a sprint: a bar a day of what was left at its end, against what an even pace leaves. Pure.

What is left beyond the even pace stands out on top of its bar, and days to come show the pace alone: how far
behind a sprint is can be seen without knowing how to read a chart, and told without colours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from rich.cells import cell_len

from rhythm_domain.models import SprintState
from rhythm_domain.models.reports import SprintIssue, SprintReport
from rhythm_domain.text import truncated
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import day_said
from rhythm_tui.widgets.canvas import (
    Canvas,
    Line,
    Looks,
    Scale,
    clipped,
    days_marked,
    framed,
    named,
    number,
    scale,
)

COLOURS = ("primary soft", "warning soft", "rule")
"""Of what is left as at an even pace, of what is left beyond it, and of what an even pace leaves."""

TEXTURES = "█▓░"
"""What these are made of where there are no colours."""

APART = 3
"""Cells of a day from which on its bar stands apart from the next."""

WIDEST = 14
"""Cells of a bar at most: what is wider says no more."""

UNENDING = 7
"""Days that a sprint without an end has room for at least."""


@dataclass(frozen=True, slots=True)
class Burndown:
    """What is drawn: how much was committed, what was left day by day, over how many days.

    `left` and `scope` begin with the first day and end with the last that has been; `length` is how many days
    the sprint was planned for, None where nobody said.
    """

    committed: Decimal
    left: Sequence[Decimal]
    scope: Sequence[Decimal]
    """All that was in the sprint by the end of each day, done or not."""
    first: date
    length: int | None
    unit: str
    over: bool = False
    """Whether the sprint is finished."""

    @property
    def days(self) -> int:
        """How many days there are to draw."""
        return max(self.length or UNENDING, len(self.left)) if not self.over else len(self.left)

    def pace(self, day: int) -> Decimal | None:
        """What an even pace leaves at the end of a day, counted from 0, in whole numbers. It runs from the
        first whole day: on the first one a sprint may have begun late.
        """
        if self.length is None:
            return None
        whole = self.length - 1
        share = min(Decimal(day) / whole, Decimal(1)) if whole else Decimal(min(day, 1))
        return (self.committed * (1 - share)).quantize(Decimal(1))

    @property
    def behind(self) -> Decimal | None:
        """How much more is left than an even pace would have left; negative if less."""
        pace = self.pace(len(self.left) - 1)
        return None if pace is None else self.left[-1] - pace

    @property
    def empty(self) -> bool:
        """Whether there never was anything in the sprint."""
        return not any((self.committed, *self.scope))

    @property
    def grown(self) -> list[Decimal]:
        """By how much each day's end finds more in the sprint than the one before."""
        return [after - before for before, after in pairwise([self.committed, *self.scope])]


def of(report: SprintReport, *, points: bool = True) -> Burndown | None:
    """The burndown of a report, in points if they are wanted and there are any, else in issues; None before
    the start.
    """
    days, sprint = report.burndown, report.sprint
    if not days:
        return None
    estimated = any(day.scope_points for day in days) or any(one.estimate for one in report.committed)
    in_points = points and estimated
    return Burndown(
        committed=_points(report.committed) if in_points else Decimal(len(report.committed)),
        left=[day.remaining_points if in_points else Decimal(day.remaining_issues) for day in days],
        scope=[day.scope_points if in_points else Decimal(day.scope_issues) for day in days],
        first=days[0].day,
        length=max(1, (sprint.ends_on - days[0].day).days + 1) if sprint.ends_on else None,
        unit="points" if in_points else "issues",
        over=sprint.state is SprintState.FINISHED,
    )


def _points(issues: Sequence[SprintIssue]) -> Decimal:
    return sum((issue.estimate or Decimal(0) for issue in issues), Decimal(0))


def lines(of: Burndown, today: date, width: int, height: int, *, plain: bool = False) -> list[Line]:
    """The chart: a line of what it shows, the bars, the axis and its days. `plain`: without colours."""
    rows = height - 3
    if rows < 3 or width < 24:
        return []
    scaled = scale(max(of.committed, *of.left), rows - 1)  # The uppermost row is for what stands over a bar.
    at = {row + 1: tick for row, tick in scaled.ticks.items() if tick}
    margin = cell_len(number(max(at.values()))) + 2
    each = (width - margin) // of.days
    canvas = Canvas(each * of.days or width - margin, rows + 1)  # Where the axis ends the sprint does.
    canvas.ground()
    for row in at:
        canvas.rule(row)
    if of.empty:
        said = truncated("Nothing is in this sprint.", canvas.width)
        canvas.put((canvas.width - cell_len(said)) // 2, rows // 2, Piece(said, "muted"))
    else:
        _planned_end(canvas, of)
        looks = Looks(COLOURS, TEXTURES if plain else "")
        _bars(canvas, of, scaled, looks)
        _numbers(canvas, of, scaled, looks)
    chart: list[Line] = [_legend(of, width, plain)]
    chart += framed(canvas, at, margin)
    marks = [
        (_middle(of, day, canvas.width), day_said(of.first + timedelta(days=day), today))
        for day in days_marked(of.days, canvas.width)
    ]
    chart.append(named(marks, margin, canvas.width))
    return [clipped(line, width) for line in chart]


def _middle(of: Burndown, day: int, width: int) -> int:
    """The cell in the middle of a day's bar."""
    start, end = _place(of, day, width)
    return (start + end - 1) // 2


def _place(of: Burndown, day: int, width: int) -> tuple[int, int]:
    """From which cell to before which one a day's bar reaches."""
    start, end, each = day * width // of.days, (day + 1) * width // of.days, width // of.days
    if each < APART:
        return start, end
    wide = min(each - 1, WIDEST)
    start += (each - wide) // 2
    return start, start + wide


def _bars(canvas: Canvas, of: Burndown, scaled: Scale, looks: Looks) -> None:
    for day in range(of.days):
        start, end = _place(of, day, canvas.width)
        left = of.left[day] if day < len(of.left) else Decimal(0)
        pace = of.pace(day)
        within = left if pace is None else min(left, pace)
        edges = [scaled.eighths(within), scaled.eighths(left), scaled.eighths(pace or Decimal(0))]
        canvas.bar(start, end - start, edges, looks)


def _planned_end(canvas: Canvas, of: Burndown) -> None:
    """A line at the end of a sprint that goes on for longer."""
    if of.length is not None and of.length < of.days:
        at = of.length * canvas.width // of.days - 1
        for row in range(canvas.height - 1):
            canvas.put(at, row, Piece("┊", "muted"))


def _numbers(canvas: Canvas, of: Burndown, scaled: Scale, looks: Looks) -> None:
    """Over the last bar what is left, and over each day's what came into the sprint or went out."""
    last = len(of.left) - 1
    for day, grown in enumerate(of.grown):
        said = [Piece(number(of.left[day]), "foreground", bold=True)] if day == last else []
        if grown:
            sign = "+" if grown > 0 else "−"
            said.append(Piece(f"{sign}{number(abs(grown))}", "warning" if grown > 0 else "muted"))
        start, end = _place(of, day, canvas.width)
        row = canvas.above(scaled.eighths(of.left[day]), looks)
        for above, piece in enumerate(said):
            space = end - start - cell_len(piece.text)
            if day == last or space >= 0:
                at = min(canvas.width - cell_len(piece.text), start + max(0, space) // 2)
                canvas.put(max(0, at), max(0, row - above), piece)


def _legend(of: Burndown, width: int, plain: bool) -> Line:
    """What is left, in words, and what the bars are made of."""
    unit = of.unit if of.left[-1] != 1 else of.unit.removesuffix("s")
    said = [Piece(f"{number(of.left[-1])} {unit} left", "foreground", bold=True)]
    behind = of.behind
    if of.empty:
        return said
    if of.over:
        said = [Piece(f"{number(of.left[-1])} {unit} left at the end", "foreground", bold=True)]
    elif behind is not None and behind > 0:
        said.append(Piece(f"  {number(behind)} behind", "warning"))
    elif behind is not None and behind < 0:
        said.append(Piece(f"  {number(-behind)} ahead", "success"))
    elif behind is not None:
        said.append(Piece("  at an even pace", "success"))
    key = [Piece("█ ", COLOURS[0]), Piece("left", "primary")]
    if of.length is not None:
        beyond = TEXTURES[1] if plain else "█"
        key += [Piece(f"  {beyond} ", COLOURS[1]), Piece("behind", "warning")]
        key += [Piece(f"  {TEXTURES[2] if plain else '█'} ", COLOURS[2]), Piece("even pace", "muted")]
    space = width - sum(cell_len(piece.text) for piece in (*said, *key))
    if space < 2:
        return said
    return [*said, Piece(" " * space), *key]
