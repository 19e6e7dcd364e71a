"""How columns share the width of a terminal, in cells, by what stands in them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Generic, Literal, TypeAlias, TypeVar

from rhythm_domain.text import cell_width, truncated

T = TypeVar("T")
Align = Literal["left", "right"]

Cell: TypeAlias = str | date | None
"""What stands in a cell. Days and times are written by who prints them: for people, or for scripts."""

GAP = 2
LEAST = 12
"""Cells below which no column is shrunk unless it says otherwise."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column: what stands in a row's cell, and how it looks.

    With `shrink` it gives way when width is scarce, down to `least` cells: to cut a cell of one of 3 is as
    bad as to cut three of one of 1.
    """

    title: str
    render: Callable[[T], Cell]
    style: str | Callable[[T], str] = ""
    align: Align = "left"
    shrink: int = 0
    least: int = LEAST

    def style_of(self, row: T) -> str:
        """The style of a row's cell, such as "bold red"."""
        return self.style if isinstance(self.style, str) else self.style(row)


def laid_out(
    columns: Sequence[Column[T]], cells: Sequence[Sequence[str]], room: int
) -> list[tuple[int, int]]:
    """The columns that are shown, by their places, and their widths; `cells` are the lines of the table.

    A column of which every cell is empty is left out. What is too wide is cut where that harms the fewest
    cells: a column that only some rows fill gives way to one that all rows need. Where even the least widths
    are too wide, columns are left out, those that the fewest rows fill first, and of such the last; the first
    column and the one that shrinks last stay longest.
    """
    widths = [[cell_width(line[at]) for line in cells] for at in range(len(columns))]
    kept = [at for at in range(len(columns)) if not at or any(widths[at])]
    while True:
        shown = {at: max(len(columns[at].title), *widths[at], 0) for at in kept}
        _shrink(shown, columns, widths, room)
        if _excess(shown, room) <= 0:
            return list(shown.items())
        main = max(kept, key=lambda at: columns[at].shrink)
        spare = [at for at in kept if at not in (0, main)]
        if not spare:
            left = room - shown[0] - GAP
            return [(0, shown[0]), (main, left)] if main and left > 0 else [(0, max(1, min(shown[0], room)))]
        kept.remove(min(reversed(spare), key=lambda at: sum(map(bool, widths[at]))))


def _excess(shown: Mapping[int, int], room: int) -> int:
    return sum(shown.values()) + GAP * (len(shown) - 1) - room


def _shrink(
    shown: dict[int, int], columns: Sequence[Column[T]], widths: Sequence[Sequence[int]], room: int
) -> None:
    """Takes cells from columns that give way, one by one, until all fits or none has any to give."""
    longer = {at: _longer(widths[at], shown[at]) for at in shown if columns[at].shrink}

    def harm(at: int) -> tuple[float, float]:
        """What one cell less would cut, and how much of the room the column has now."""
        return longer[at][shown[at]] * columns[at].shrink, -shown[at] / columns[at].shrink

    for _ in range(_excess(shown, room)):
        wide = [at for at in longer if shown[at] > columns[at].least]
        if not wide:
            return
        shown[min(wide, key=harm)] -= 1


def _longer(widths: Sequence[int], most: int) -> list[int]:
    """For each width up to `most`: how many cells have it or more."""
    counts = Counter(widths)
    return [*accumulate(counts[width] for width in range(most, -1, -1))][::-1]


def padded(value: str, width: int, align: Align = "left") -> str:
    """A cell of exactly `width` cells, cut with an ellipsis if it must be."""
    kept = truncated(value, width)
    space = " " * (width - cell_width(kept))
    return space + kept if align == "right" else kept + space
