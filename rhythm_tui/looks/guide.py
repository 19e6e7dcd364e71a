"""What the app teaches of itself: the search language, and the signs that stand beside issues; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rich.text import Text

from rhythm_domain.models import IssueType, Priority, Status
from rhythm_domain.query import HELP
from rhythm_tui.looks import signs
from rhythm_tui.looks.blocks import Block, heading
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.markdown import wrapped
from rhythm_tui.looks.presentation import Piece, line

V = TypeVar("V", Status, Priority, IssueType)

PART = 12
"""Cells of what is explained, before what it means."""

_SIGN = 15
"""Cells of a sign with its name, where several stand in a line."""


def search_language(width: int, colours: Colours) -> Sequence[Block]:
    """Every part of the search language, with examples."""
    lines = wrapped(Text("Words and qualifiers in any order; all of them must hold."), width)
    first = next(part for part, _ in HELP if part.endswith(":"))
    headings = {first: "Qualifiers", "days": "Days and order"}
    for part, meaning in HELP:
        if part in headings:
            lines += heading(headings[part], "", width, colours)
        lines += explained(part, _with_examples(meaning, colours), width, colours)
    return page(lines)


def all_signs(width: int, colours: Colours) -> Sequence[Block]:
    """Every sign that can stand beside an issue."""
    lines = [
        *_row("Status", signs.STATUS, colours.status, width, colours),
        *_row("Priority", signs.PRIORITY, colours.priority, width, colours),
        *_row("Type", signs.TYPE, colours.type, width, colours),
        *heading("Beside it", "", width, colours),
    ]
    for mark, words in signs.OTHERS.items():
        lines += explained(mark, Text(words), width, colours, wide=4)
    return page(lines[1:])


def page(lines: Sequence[Text]) -> list[Block]:
    """Lines as a page without a cursor, in which one goes on line by line."""
    return [Block(("line", at), [each]) for at, each in enumerate(lines)]


def explained(
    part: str, meaning: Text, width: int, colours: Colours, *, wide: int = PART, faint: bool = False
) -> list[Text]:
    """What something is, in `wide` cells, beside what it means, in as many lines as that takes."""
    colour = "faint" if faint else "primary"
    first, *rest = wrapped(meaning, max(16, width - wide))
    lines = [line([Piece(f"{part:<{wide - 1}} ", colour, bold=not faint)], colours).append_text(first)]
    return lines + [Text(" " * wide).append_text(each) for each in rest]


def _with_examples(meaning: str, colours: Colours) -> Text:
    """Words in which what stands in backquotes can be typed so."""
    text = Text()
    for at, part in enumerate(meaning.split("`")):
        text.append(part, colours.style("accent" if at % 2 else "foreground"))
    return text


def _row(
    name: str, marks: Mapping[V, signs.Sign], colour: Callable[[V], str], width: int, colours: Colours
) -> list[Text]:
    lines = heading(name, "", width, colours)
    for at, (each, sign) in enumerate(marks.items()):
        if at % max(1, width // _SIGN) == 0:
            lines.append(Text())
        said = line([Piece(sign.mark, colour(each), bold=True), Piece(f" {signs.words(each)}")], colours)
        lines[-1].append_text(said).append(" " * max(1, _SIGN - said.cell_len))
    return lines
