"""How columns share the width of a terminal, in cells; and the small words that tables are made of. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from rhythm_domain.text import cell_width, truncated

T = TypeVar("T")
Align = Literal["left", "right"]

GAP = 2
LEAST = 12
"""Cells below which no column is shrunk; when even that is too wide, columns are left out from the right."""


@dataclass(frozen=True)
class Column(Generic[T]):
    """A column: how a row's cell reads, and how it looks.

    With `shrink` it gives way when width is scarce: one of 3 keeps three times the width of one of 1.
    """

    title: str
    render: Callable[[T], str]
    style: str | Callable[[T], str] = ""
    align: Align = "left"
    shrink: int = 0

    def style_of(self, row: T) -> str:
        """The style of a row's cell, such as "bold red"."""
        return self.style if isinstance(self.style, str) else self.style(row)


def laid_out(
    columns: Sequence[Column[T]], cells: Sequence[Sequence[str]], room: int
) -> Iterator[tuple[int | None, list[tuple[int, int]]]]:
    """The header (None), then each row's number, with the columns that are shown and their widths.

    A column of which every cell is empty is left out.
    """
    filled = [max((cell_width(line[at]) for line in cells), default=0) for at in range(len(columns))]
    kept = [at for at, width in enumerate(filled) if width or not at]
    widths = [
        (kept[place], width)
        for place, width in shares(
            [max(len(columns[at].title), filled[at]) for at in kept],
            [columns[at].shrink for at in kept],
            room,
        )
    ]
    for at in (None, *range(len(cells))):
        yield at, widths


def shares(wanted: Sequence[int], shrink: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Columns that fit into `room` and their widths. The widest for its `shrink` gives way first; then
    columns are left out from the right, those that shrink last; the first column always stays.
    """
    shown = dict(enumerate(wanted))

    def excess() -> int:
        return sum(shown.values()) + GAP * (len(shown) - 1) - room

    while excess() > 0:
        wide = [at for at in shown if shrink[at] and shown[at] > LEAST]
        if wide:
            shown[max(wide, key=lambda at: shown[at] / shrink[at])] -= 1
            continue
        droppable = [at for at in shown if at and not shrink[at]] or [at for at in shown if at]
        if not droppable:
            shown[0] = max(1, room)
            break
        del shown[droppable[-1]]
    return list(shown.items())


def padded(value: str, width: int, align: Align = "left") -> str:
    """A cell of exactly `width` cells, cut with an ellipsis if it must be."""
    kept = truncated(value, width)
    space = " " * (width - cell_width(kept))
    return space + kept if align == "right" else kept + space
