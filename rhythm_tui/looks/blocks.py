"""What a page to read is made of: blocks of lines, and the headings of its parts; pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from rich.text import Text

from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece, line


class Block(NamedTuple):
    """Some lines that belong together. The cursor stops at those with `stop`.

    `id` is a word, or what sort of block it is and which: `("comment", 12)`.
    """

    id: Hashable
    lines: Sequence[Text]
    stop: bool = False


Layout = Callable[[int, Colours], Sequence[Block]]
"""The blocks of a page in a width of cells."""


def heading(name: str, words: str, width: int, colours: Colours) -> list[Text]:
    """A blank line and the heading of a part, with a rule to the right edge."""
    said = Piece(f"  {words} " if words else " ", "muted")
    head = line([Piece(name, "primary", bold=True), said], colours)
    head.append("─" * max(0, width - head.cell_len), colours.style("rule"))
    return [Text(), head]
