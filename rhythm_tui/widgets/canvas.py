"""What charts are drawn with: dots in braille, scales with round numbers, pieces in a grid of cells. Pure.

A cell of braille has two dots across and four down, so that a line of a chart is eight times as fine as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor, log10

from rich.cells import cell_len

from rhythm_domain.text import truncated
from rhythm_tui.looks.presentation import Piece

Line = Sequence[Piece]

APART = 4
"""Cells between two labels of an axis."""

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


def scale(most: Decimal | int, rows: int) -> list[int]:
    """Round numbers from 0 to at least `most`, evenly apart, one for each three rows at most."""
    wanted = max(1, min(6, rows // 3))
    rough = max(1.0, float(most) / wanted)
    power = 10 ** floor(log10(rough))
    step = next(int(power * lead) for lead in (1, 2, 5, 10) if power * lead >= rough)
    return [step * number for number in range(ceil(max(1.0, float(most)) / step) + 1)]


def labelled(marks: Sequence[tuple[int, str]], width: int) -> str:
    """Texts under an axis, each in the middle of its place; one that would touch the one before is left out.

    The last one comes before those in between: the end of an axis says how long it is.
    """
    line = [" "] * width
    ordered = [*marks[:1], *marks[-1:], *marks[1:-1]] if len(marks) > 2 else marks
    for at, text in ordered:
        cells = cell_len(text)
        start = max(0, min(width - cells, at - cells // 2))
        if cells <= width and all(
            line[place] == " " for place in range(max(0, start - APART), min(width, start + cells + APART))
        ):
            line[start : start + cells] = text
    return "".join(line)


def number(amount: Decimal | int) -> str:
    """A number as people read it: 1,200 or 2.5."""
    return f"{Decimal(amount).normalize():,f}"
