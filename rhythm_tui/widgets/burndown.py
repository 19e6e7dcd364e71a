"""The burndown of a sprint: what was left at the end of each day, beside an even pace. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rich.cells import cell_len

from rhythm_domain.models import SprintIssue, SprintReport, SprintState
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import day_said
from rhythm_tui.widgets.canvas import Canvas, Line, axis, clipped, days_marked, number, scale


@dataclass(frozen=True, slots=True)
class Burndown:
    """What is drawn: how much was committed, what was left day by day, over how many days.

    `days` begins with the first day; it ends with the last that has been, `length` goes on to the sprint's.
    """

    committed: Decimal
    left: Sequence[Decimal]
    first: date
    length: int
    unit: str
    over: bool = False
    """Whether the sprint is finished."""

    @property
    def behind(self) -> Decimal:
        """How much more is left than an even pace would have left; negative if less. The pace runs from the
        first whole day: on the first one a sprint may have begun late.
        """
        if not self.left:
            return Decimal(0)
        gone, whole = min(len(self.left), self.length) - 1, self.length - 1
        share = Decimal(gone) / whole if whole else Decimal(1)
        return self.left[-1] - (self.committed * (1 - share)).quantize(Decimal(1))


def of(report: SprintReport, *, points: bool = True) -> Burndown | None:
    """The burndown of a report, in points if they are wanted and there are any, else in issues; None before
    the start.
    """
    days, sprint = report.burndown, report.sprint
    if not days:
        return None
    estimated = any(day.remaining_points for day in days) or any(one.estimate for one in report.committed)
    in_points = points and estimated
    length = (sprint.ends_on - days[0].day).days + 1 if sprint.ends_on else len(days)
    return Burndown(
        committed=_points(report.committed) if in_points else Decimal(len(report.committed)),
        left=[day.remaining_points if in_points else Decimal(day.remaining_issues) for day in days],
        first=days[0].day,
        length=max(1, length),
        unit="points" if in_points else "issues",
        over=sprint.state is SprintState.FINISHED,
    )


def _points(issues: Sequence[SprintIssue]) -> Decimal:
    return sum((issue.estimate or Decimal(0) for issue in issues), Decimal(0))


def lines(of: Burndown, today: date, width: int, height: int) -> list[Line]:
    """The chart: a line of what it shows, the lines, the axis and its days."""
    rows = height - 3
    if rows < 2 or width < 24:
        return []
    days = max(of.length, len(of.left))
    scaled = scale(max(of.committed, *of.left), rows)
    at, top = scaled.ticks, scaled.top
    margin = cell_len(number(max(at.values()))) + 2
    canvas = Canvas(width - margin, rows)

    def x(day: float) -> float:
        return day / days * (canvas.across - 1)

    def y(amount: Decimal) -> float:
        return min((1 - float(amount) / top) * canvas.down, canvas.down - 1)

    for row in at:
        canvas.rule(row)
    begun = x(1) if of.length > 1 else 0.0
    even = [(0.0, y(of.committed)), (begun, y(of.committed)), (x(of.length), y(Decimal(0)))]
    canvas.line(even, "muted", dash=3)
    left = [(x(day), y(amount)) for day, amount in enumerate([of.committed, *of.left])]
    canvas.line(left, "primary")
    if not of.over:
        canvas.put(round(left[-1][0]) // 2, round(left[-1][1]) // 4, Piece("●", "primary", bold=True))
    chart: list[Line] = [_legend(of, width)]
    for row, line in enumerate(canvas.lines()):
        said = number(at[row]) if row in at else ""
        chart.append([Piece(f"{said:>{margin - 2}} ", "muted"), Piece("┤" if said else "│", "rule"), *line])
    marks = [
        (int((day + 0.5) / days * canvas.width), day_said(of.first + timedelta(days=day), today))
        for day in days_marked(days, canvas.width)
    ]
    below, said = axis(marks, margin, canvas.width)
    chart.append([Piece(f"{0:>{margin - 2}} ", "muted"), Piece(below, "rule")])
    chart.append([Piece(said, "muted")])
    return [clipped(line, width) for line in chart]


def _legend(of: Burndown, width: int) -> Line:
    """What is left, in words, and which line is which."""
    unit = of.unit if of.left[-1] != 1 else of.unit.removesuffix("s")
    said = [Piece(f"{number(of.left[-1])} {unit} left", "foreground", bold=True)]
    if of.over:
        said = [Piece(f"{number(of.left[-1])} {unit} left at the end", "foreground", bold=True)]
    elif of.behind > 0:
        said.append(Piece(f"  {number(of.behind)} behind", "warning"))
    elif of.behind < 0:
        said.append(Piece(f"  {number(-of.behind)} ahead", "success"))
    else:
        said.append(Piece("  at an even pace", "success"))
    key = [Piece("━ left  ", "primary"), Piece("╍ even pace", "muted")]
    space = width - sum(cell_len(piece.text) for piece in (*said, *key))
    if space < 2:
        return said
    return [*said, Piece(" " * space), *key]
