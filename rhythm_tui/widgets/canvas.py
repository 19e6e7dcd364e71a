"""What charts are drawn with: bars of blocks, scales with round numbers, pieces in a grid of cells. Pure.

Blocks end at an eighth of a cell and are in every font of a terminal, braille is not. Numbers of an axis,
their rules and the line of zero run through the middle of their rows: there bars stand, not on a row's edge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from types import MappingProxyType

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

HALF = EIGHTHS // 2
"""How far above the lower edge of its row a number stands, and zero."""

_BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Looks:
    """What bands are made of, from the lowest on: colours, or textures where there are none."""

    colours: Sequence[str]
    textures: str = ""


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

    def ground(self) -> None:
        """The line of zero, in the lowest row, under what is drawn later."""
        if self.height:
            self._cells[-1] = [Piece("─", "rule") for _ in range(self.width)]

    def bar(self, x: int, wide: int, edges: Sequence[int], looks: Looks) -> None:
        """Bands one over another in some cells abreast, from zero on: see `stacked`."""
        for step in range(self.height):
            piece = stacked(edges, step, looks)
            if piece is not None:
                self.put(x, self.height - 1 - step, piece._replace(text=piece.text * wide))

    def above(self, edge: int, looks: Looks) -> int:
        """The row over a bar that ends so many eighths above zero."""
        high = 1
        while stacked([edge], high, looks) is not None:
            high += 1
        return self.height - 1 - high

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
    """An axis from 0 upwards: every `each` rows a round number, `step` apart; 0 is on the row below them. All
    is measured from the middle of that row.
    """

    step: int
    each: int
    rows: int

    @property
    def top(self) -> float:
        """What the middle of the highest row stands for."""
        return self.step * self.rows / self.each

    def eighths(self, amount: Decimal | int) -> int:
        """How high a bar is for an amount, in eighths of a cell: whatever there is of it is seen."""
        return max(round(float(amount) / self.top * self.rows * EIGHTHS), int(amount > 0))

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


def stacked(edges: Sequence[int], step: int, looks: Looks) -> Piece | None:
    """What stands in a cell of bands one over another, `step` rows above that of zero: its lowest band on the
    ground of the next. `edges` are where the bands end, in eighths of a cell above zero.
    """
    floor = step * EIGHTHS - HALF
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
    if looks.textures:
        return Piece(looks.textures[most]) if step and filled >= HALF else None
    if not step:
        # The other way round, as the row above goes on without a gap: below zero is nothing.
        return Piece(_BLOCKS[HALF], "background", ground=looks.colours[most])
    if len(shares) == 1 and filled == EIGHTHS:
        # Some fonts leave a gap between lines.
        return Piece(_BLOCKS[-1], looks.colours[most], ground=looks.colours[most])
    if filled == EIGHTHS:
        lower = shares[0]
        upper = max(shares[1:], key=lambda each: each[1])
        return Piece(_BLOCKS[lower[1]], looks.colours[lower[0]], ground=looks.colours[upper[0]])
    return Piece(_BLOCKS[filled], looks.colours[most])


def framed(
    canvas: Canvas,
    numbers: Mapping[int, int],
    margin: int,
    beside: Mapping[int, Sequence[Piece]] = MappingProxyType({}),
) -> list[Line]:
    """A canvas with its axis and the numbers of some rows before it, and what stands behind some."""
    found: list[Line] = []
    for row, line in enumerate(canvas.lines()):
        zero = row == canvas.height - 1
        said = "0" if zero else number(numbers[row]) if row in numbers else ""
        mark = "└" if zero else "┤" if said else "│"
        before = [Piece(f"{said:>{margin - 2}} ", "muted"), Piece(mark, "rule")]
        found.append([*before, *line, *beside.get(row, ())])
    return found


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


def named(marks: Sequence[tuple[int, str]], margin: int, width: int) -> Line:
    """The line under a chart: each text in the middle under its cell, at the ends beside it."""
    under = [" "] * (margin + width)
    for at, text in marks:
        cells = cell_len(text)
        start = max(0, min(margin + width - cells, margin + at - (cells - 1) // 2))
        if 0 <= at < width and cells <= len(under):
            under[start : start + cells] = text
    return [Piece("".join(under), "muted")]


def number(amount: Decimal | int) -> str:
    """A number as people read it: 1,200 or 2.5."""
    return f"{Decimal(amount).normalize():,f}"
