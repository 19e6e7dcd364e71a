"""An issue as a line of the table, and the line of its headings; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.columns import GAP, Column, Layout, View
from rhythm_tui.looks.presentation import Piece, cells, fitted

GUTTER = 3
"""Cells before the first column: the cursor's bar and the mark."""

MOST_DOTS = 3
"""Labels that a dot stands for where there is no room for their names."""

LEAST_BESIDE = 30
"""Cells that the title keeps beside what stands at its end for want of a column."""

Spans = Callable[[str], list[tuple[int, int]]]


class Line(NamedTuple):
    """An issue, and how it stands in its list.

    `lit` says whether the list has the focus, `gone` that the issue is not of it any more, `by` who changed
    it just now. `spans` finds in a title what was searched for.
    """

    row: IssueRow
    ground: str
    on_cursor: bool = False
    lit: bool = False
    marked: bool = False
    unsaved: bool = False
    gone: bool = False
    by: str | None = None
    spans: Spans | None = None


def heading(layout: Layout, key: str, descending: bool, colours: Colours) -> list[Segment]:
    """The headings; the one of the order `key` is lit, and says which way it goes."""
    plain, lit = colours.style("muted", "background"), colours.style("primary", "background", bold=True)
    segments = [Segment(" " * GUTTER, plain)]
    arrow = "↓" if descending else "↑"
    headed = not key or any(column.sort == key for column, _ in layout.columns)
    for column, width in layout.columns:
        sorted_by = key and column.sort == key
        text = f"{column.heading} {arrow}".lstrip() if sorted_by else column.heading
        if column.width is None and not headed:
            text += f"  by {key} {arrow}"  # Nothing else would say so: its column gave way.
        segments.append(
            Segment(fitted(text, width, "right" if column.right else "left"), lit if sorted_by else plain)
        )
        segments.append(Segment(" " * column.gap, plain))
    return segments


def drawn(line: Line, layout: Layout, view: View) -> list[Segment]:
    """The line of an issue, column by column."""
    row, ground, colours = line.row, line.ground, view.colours
    blank = colours.style("foreground", ground)
    mark = signs.MARKED if line.marked else signs.UNSAVED if line.unsaved else " "
    segments = [
        Segment("▌" if line.on_cursor else " ", colours.style("primary" if line.lit else "rule", ground)),
        Segment(f"{mark} ", colours.style("accent" if line.marked else "muted", ground, bold=line.marked)),
    ]
    for column, width in layout.columns:
        if column.id == "title":
            beside = _beside(row, layout.aside, view, width)
            room = width - sum(cell_len(each.text) for each in beside)
            title = _title(line, room, view, dotted=layout.dotted)
            segments += cells(title, room, colours, ground, strike=line.gone)
            segments += [Segment(each.text, colours.style(each.colour, ground)) for each in beside]
        else:
            pieces = column.draw(row, view)
            segments += cells(pieces, width, colours, ground, right=column.right, strike=line.gone)
        segments.append(Segment(" " * column.gap, blank))
    return segments


def _beside(row: IssueRow, aside: Sequence[Column], view: View, width: int) -> list[Piece]:
    """What has no column of its own and is there all the same, to stand at the right end of the title."""
    pieces: list[Piece] = []
    for column in aside:
        if column.holds(row):
            named = [] if column.heading == "WHO" else [Piece(f"{column.heading.lower()} ", "faint")]
            more = [*pieces, Piece(" " * GAP), *named, *column.draw(row, view)]
            if width - sum(cell_len(each.text) for each in more) >= LEAST_BESIDE:
                pieces = more
    return pieces


def _title(line: Line, width: int, view: View, *, dotted: bool) -> list[Piece]:
    """The title with what the search found in it; whether it is blocked; who changed it just now.

    Labels that have no column of their own stand at its end, where it leaves them room.
    """
    row, written = line.row, shown(line.row.title)
    faded = row.status.closed
    colour = "muted" if faded else "foreground"
    before = [Piece(f"{signs.BLOCKED} ", "error")] if row.blocked and not faded else []
    changed = [Piece(f"  {signs.CHANGED} {line.by}", "warning", bold=True)] if line.by else []
    behind = changed or (_labels(row, written, width, view.colours) if dotted else [])
    room = max(1, width - sum(cell_len(each.text) for each in (*before, *behind)))
    text = fitted(written, room) if behind else fitted(written, room).rstrip()
    if line.spans is None:
        return [*before, Piece(text, colour), *behind]
    pieces, end = list(before), 0
    for start, stop in line.spans(text):
        pieces += [Piece(text[end:start], colour), Piece(text[start:stop], "primary", bold=True)]
        end = stop
    return [*pieces, Piece(text[end:], colour), *behind]


def _labels(row: IssueRow, title: str, width: int, colours: Colours) -> list[Piece]:
    """The labels of an issue by name where they fit behind its title, else a dot for each."""
    if not row.labels:
        return []
    named = show.labels(row.labels, colours)
    room = width - cell_len(title) - (2 if row.blocked else 0) - 2
    if sum(cell_len(each.text) for each in named) > room:
        dots = row.labels[:MOST_DOTS]
        named = [Piece("•", colours.label(label.colour)) for label in dots]
    return [Piece(" "), *named]
