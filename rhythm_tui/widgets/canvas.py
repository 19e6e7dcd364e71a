"""What charts are drawn with: dots in braille, scales with round numbers, pieces in a grid of cells. Pure.

A cell of braille has two dots across and four down, so that a line of a chart is eight times as fine as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil

from rich.cells import cell_len

from rhythm_domain.text import truncated
from rhythm_tui.looks.presentation import Piece

Line = Sequence[Piece]

APART = 4
"""Cells between two labels of an axis."""

LABEL = 6
"""Cells of such a label: 24 Nov."""

STEPS = (1, 2, 3, 4, 5, 7, 14, 21, 28, 56, 91, 182, 364)
"""Days between two labels."""

MOST_TICKS = 6
"""Numbers beside an axis over 0, at most."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_EMPTY = 0x2800


class Canvas:
    """A grid of cells. What is drawn later lies on top; braille of two lines in one cell is joined."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._cells = [[Piece(" ") for _ in range(self.width)] for _ in range(self.height)]
        self._dots = [[0 for _ in range(self.width)] for _ in range(self.height)]

    @property
    def across(self) -> int:
        """Dots from left to right."""
        return self.width * 2

    @property
    def down(self) -> int:
        """Dots from top to bottom."""
        return self.height * 4

    def put(self, x: int, y: int, piece: Piece) -> None:
        """Puts a text at a cell; what does not fit is cut off."""
        if 0 <= y < self.height:
            for at, character in enumerate(piece.text):
                if 0 <= x + at < self.width:
                    self._cells[y][x + at] = piece._replace(text=character)
                    self._dots[y][x + at] = 0

    def dot(self, x: int, y: int, colour: str) -> None:
        """Sets a dot."""
        column, row = x // 2, y // 4
        if 0 <= column < self.width and 0 <= row < self.height:
            self._dots[row][column] |= _DOTS[y % 4][x % 2]
            mark = chr(_EMPTY | self._dots[row][column])
            self._cells[row][column] = Piece(mark, colour)

    def line(self, points: Sequence[tuple[float, float]], colour: str, *, dash: int = 0) -> None:
        """A line through points, in dots. With `dash` so many of its dots are drawn, as many left out."""
        drawn = 0
        for (x0, y0), (x1, y1) in pairwise(points):
            steps = max(1, ceil(max(abs(x1 - x0), abs(y1 - y0))))
            for step in range(steps + 1):
                if not dash or drawn // dash % 2 == 0:
                    share = step / steps
                    self.dot(round(x0 + (x1 - x0) * share), round(y0 + (y1 - y0) * share), colour)
                drawn += 1

    def rule(self, y: int, colour: str = "rule") -> None:
        """A line across at a row of cells, under what is drawn later."""
        if 0 <= y < self.height:
            self._cells[y] = [Piece("┈", colour) for _ in range(self.width)]

    def lines(self) -> list[Line]:
        """What was drawn, line by line."""
        return [joined(row) for row in self._cells]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours that look the same as one."""
    found: list[Piece] = []
    for piece in pieces:
        if found and found[-1][1:] == piece[1:]:
            found[-1] = piece._replace(text=found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


def clipped(line: Line, width: int) -> list[Piece]:
    """A line in at most so many cells, with an ellipsis where it is cut."""
    kept: list[Piece] = []
    for piece in line:
        text = truncated(piece.text, max(0, width))
        kept.append(piece._replace(text=text))
        width -= cell_len(text)
        if text != piece.text:
            break
    return kept


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from 0 upwards: every `each` rows a round number, `step` apart; 0 is on the row below them."""

    step: int
    each: int
    rows: int

    @property
    def top(self) -> float:
        """What the upper edge of the rows stands for."""
        return self.step * self.rows / self.each

    @property
    def ticks(self) -> dict[int, int]:
        """The numbers by their rows, counted from the top; all are as far apart."""
        return {self.rows - tick * self.each: tick * self.step for tick in range(self.rows // self.each + 1)}


def scale(most: Decimal | int, rows: int) -> Scale:
    """An axis that reaches to `most` with as many round numbers as stand well: at most six, three rows apart
    at least if there are that many.
    """
    power = 1
    while True:
        for lead in (1, 2, 5):
            step = power * lead
            count = max(1, ceil(most / step))
            if count == 1 or (count <= MOST_TICKS and rows // count >= 3):
                return Scale(step, max(1, rows // count), rows)
        power *= 10


def days_marked(days: int, width: int, *, from_end: bool = False) -> list[int]:
    """Which of some days are named under an axis of so many cells: all as far apart, with room between.

    From the first day on, or `from_end` from the last one back; where it can be, both are named.
    """
    least = (LABEL + APART) * days / max(1, width)
    fits = [step for step in STEPS if step >= least] or [max(days, 1)]
    both = [step for step in fits if (days - 1) % step == 0 and step <= 2 * fits[0]]
    step = (both or fits)[0]
    marked = list(range(0, days, step))
    return [days - 1 - day for day in reversed(marked)] if from_end else marked


def axis(marks: Sequence[tuple[int, str]], margin: int, width: int) -> tuple[str, str]:
    """A line under a chart with a tick for each mark, from its corner on, and the texts under it.

    A text stands in the middle under its tick, at the margin's left end and at the right end beside it.
    """
    line = ["─"] * width
    under = [" "] * (margin + width)
    for at, text in marks:
        cells = cell_len(text)
        start = max(0, min(margin + width - cells, margin + at - cells // 2))
        if 0 <= at < width and cells <= len(under):
            line[at] = "┬"
            under[start : start + cells] = text
    return "└" + "".join(line), "".join(under)


def number(amount: Decimal | int) -> str:
    """A number as people read it: 1,200 or 2.5."""
    return f"{Decimal(amount).normalize():,f}"
