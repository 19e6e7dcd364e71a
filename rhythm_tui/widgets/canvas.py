"""What charts are drawn with: bars of blocks, scales with round numbers, pieces in a grid of cells. Pure.

Blocks end at an eighth of a cell and are in every font of a terminal, braille is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
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

EIGHTHS = 8
"""The steps in which a bar may end within a cell."""

_BLOCKS = " ▁▂▃▄▅▆▇█"


class Canvas:
    """A grid of cells. What is drawn later lies on top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = max(0, width), max(0, height)
        self._cells = [[Piece(" ") for _ in range(self.width)] for _ in range(self.height)]

    def put(self, x: int, y: int, piece: Piece) -> None:
        """Puts a text at a cell; what does not fit is cut off."""
        if 0 <= y < self.height:
            for at, character in enumerate(piece.text):
                if 0 <= x + at < self.width:
                    self._cells[y][x + at] = piece._replace(text=character)

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
    """An axis that reaches to `most` and as little as can be beyond it, with two to six round numbers over 0
    where there is room; of several such axes the one whose numbers are furthest apart.
    """
    most = max(1, most)
    fewest = 2 if rows >= 4 and most > 1 else 1
    axes = [
        Scale(lead * 10**power, each, rows)
        for power in range(len(str(ceil(most))))
        for lead in (1, 2, 5, 10)
        for each in range(2, rows + 1)
        if fewest <= rows // each <= MOST_TICKS
    ]
    reaching = [axis for axis in axes if axis.top >= most] or [Scale(ceil(most), max(1, rows), rows)]
    return min(reaching, key=lambda axis: (axis.top, -axis.each))


def stacked(edges: Sequence[int], floor: int, colours: Sequence[str], textures: str = "") -> Piece | None:
    """What stands in a cell of bands one over another: its lowest band on the ground of the next.

    `edges` are where the bands end, from the bottom and in eighths of a cell, `floor` is where the cell
    begins. With `textures` it is made of these instead, where there are no colours.
    """
    shares = []
    below = 0
    for band, edge in enumerate(edges):
        inside = min(edge, floor + EIGHTHS) - max(below, floor)
        if inside > 0:
            shares.append((band, inside))
        below = max(below, edge)
    if not shares:
        return None
    filled = sum(share for _, share in shares)
    most = max(shares, key=lambda each: each[1])[0]
    if textures:
        return Piece(textures[most]) if filled >= EIGHTHS // 2 else None
    if len(shares) == 1 and filled == EIGHTHS:
        return Piece(
            _BLOCKS[-1], colours[most], ground=colours[most]
        )  # Some fonts leave a gap between lines.
    if filled == EIGHTHS:
        lower = shares[0]
        upper = max(shares[1:], key=lambda each: each[1])
        return Piece(_BLOCKS[lower[1]], colours[lower[0]], ground=colours[upper[0]])
    return Piece(_BLOCKS[filled], colours[most])


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
