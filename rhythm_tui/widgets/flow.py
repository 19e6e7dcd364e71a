"""The cumulative flow of a project: how many issues stood in each status, day by day, one band over another.

Bands have their names beside them, at their height: which is which can be told without colours. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich.cells import cell_len

from rhythm_domain.models import Status
from rhythm_domain.models.reports import Flow, FlowDay
from rhythm_tui.looks import signs
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted, day_said
from rhythm_tui.widgets.canvas import Canvas, Line, Looks, clipped, days_marked, framed, named, number, scale

BANDS = (Status.DONE, Status.IN_REVIEW, Status.IN_PROGRESS, Status.TODO, Status.BACKLOG)
"""From the bottom. What is done is counted from the first day on; what is cancelled is no work."""

COLOURS = {
    Status.DONE: "success soft",
    Status.IN_REVIEW: "accent soft",
    Status.IN_PROGRESS: "warning soft",
    Status.TODO: "primary soft",
    Status.BACKLOG: "rule",
}

TEXTURES = "█▓▒░·"
"""What the bands are made of where there are no colours, from the bottom."""


def begun(flow: Flow) -> int:
    """The day, counted from 0, on which there was an issue first: those before have nothing to draw."""
    return next((at for at, day in enumerate(flow.days) if any(day.counts.values())), 0)


def span(flow: Flow, today: date) -> str:
    """ "in 30 days", "since 24 Nov" of a project that is younger, "today" of one that is new."""
    first = flow.days[begun(flow)].day
    if not begun(flow):
        return f"in {counted((flow.days[-1].day - first).days, 'day')}"
    return "today" if first == flow.days[-1].day else f"since {day_said(first, today)}"


def amounts(day: FlowDay, first: FlowDay, *, backlog: bool) -> list[int]:
    """How thick the bands are on a day, from the bottom."""
    bands = [day.counts.get(status, 0) for status in BANDS]
    bands[0] = max(0, bands[0] - first.counts.get(Status.DONE, 0))
    return bands if backlog else bands[:-1]


def lines(
    flow: Flow, today: date, width: int, height: int, *, backlog: bool, plain: bool = False
) -> list[Line]:
    """The chart: what got done, the bands with their names, the days below. `plain`: without colours."""
    plot_rows = height - 3
    if plot_rows < 3 or width < 40 or not flow.days:
        return []
    start = begun(flow)
    told, before = flow.days[start:], flow.days[max(0, start - 1)]
    days = [amounts(day, before, backlog=backlog) for day in told]
    scaled = scale(max(1, *(sum(day) for day in days)), plot_rows)
    at = {row: tick for row, tick in scaled.ticks.items() if tick}
    margin = cell_len(number(max(at.values()))) + 2
    beside = _names(days[-1], scaled.top, plot_rows, plain)
    room = max(sum(cell_len(piece.text) for piece in name) for name in beside.values())
    plot = Canvas(width - margin - room, plot_rows + 1)
    looks = Looks([COLOURS[status] for status in BANDS], TEXTURES if plain else "")
    plot.ground()
    for row in at:
        plot.rule(row)
    for column in range(plot.width):
        edges = [scaled.eighths(edge) for edge in _stacked(days[column * len(days) // plot.width])]
        plot.bar(column, 1, edges, looks)
    chart: list[Line] = [_summary(flow, today, width)]
    chart += framed(plot, at, margin, beside)
    marks = [
        (int((day + 0.5) / len(days) * plot.width), day_said(told[day].day, today))
        for day in days_marked(len(days), plot.width, from_end=True)
    ]
    chart.append(named(marks, margin, plot.width))
    return [clipped(line, width) for line in chart]


def _stacked(bands: Sequence[int]) -> list[int]:
    edges, edge = [], 0
    for band in bands:
        edge += band
        edges.append(edge)
    return edges


def _names(last: Sequence[int], top: float, rows: int, plain: bool) -> dict[int, list[Piece]]:
    """The bands' names and counts, each at the middle of its band, none over another."""
    wanted = []
    below = 0.0
    for band, amount in enumerate(last):
        middle = (below + amount / 2) / top * rows
        wanted.append((band, amount, rows - 1 - int(min(rows - 1, middle))))
        below += amount
    placed: dict[int, list[Piece]] = {}
    free = rows - 1
    for at, (band, amount, row) in enumerate(wanted):
        row = max(len(wanted) - 1 - at, min(row, free))
        free = row - 1
        status = BANDS[band]
        placed[row] = [
            Piece(
                f" {TEXTURES[band] if plain else signs.STATUS[status].mark} ",
                COLOURS[status].removesuffix(" soft") if status is not Status.BACKLOG else "muted",
            ),
            Piece(f"{signs.words(status)} ", "foreground"),
            Piece(f"{amount:,}", "muted"),
        ]
    return placed


def _summary(flow: Flow, today: date, width: int) -> Line:
    """What got done in the time, and how much is at work."""
    first, last = flow.days[0], flow.days[-1]
    done = last.counts.get(Status.DONE, 0) - first.counts.get(Status.DONE, 0)
    days = (last.day - flow.days[begun(flow)].day).days
    at_work = last.counts.get(Status.IN_PROGRESS, 0) + last.counts.get(Status.IN_REVIEW, 0)
    said = Piece(f"{done:,} done {span(flow, today)}", "foreground", bold=True)
    more = []
    if days >= 14 and done > 0:
        more.append(f"about {max(1, round(done / days * 7)):,} a week")
    more.append(f"{at_work:,} at work now")
    if not flow.complete:
        more.append("more happened than is looked at")
    behind = "  " + "  ".join(more)
    return [said, Piece(behind, "muted")] if cell_len(said.text) + cell_len(behind) <= width else [said]
