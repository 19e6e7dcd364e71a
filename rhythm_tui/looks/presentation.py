"""Models -> what stands on the screen: pieces of text in the theme's colours; pure.

Every text that somebody wrote goes through `shown`: it can do nothing but be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content

from rhythm_domain.models import IssueRow, LabelRef, PersonRef
from rhythm_domain.text import shown, truncated
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.wording import day_said, initials


class Piece(NamedTuple):
    """A text in one style: a colour of the theme or `#rrggbb`, whether it is bold, its own ground if any."""

    text: str
    colour: str = "foreground"
    bold: bool = False
    ground: str = ""


def fitted(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """A text in exactly `width` cells, with an ellipsis where it is cut; no wide character is torn."""
    kept = truncated(text, width)
    cells = cell_len(kept)
    if cells > width:  # Terminals and Rich count some emoji as wider than they are.
        return set_cell_size(kept, width)
    space = " " * (width - cells)
    return space + kept if align == "right" else kept + space


def status(row: IssueRow, colours: Colours, *, worded: bool = True) -> Piece:
    """◐ in progress"""
    words = f" {signs.words(row.status)}" if worded else ""
    return Piece(signs.STATUS[row.status].mark + words, colours.status(row.status))


def priority(row: IssueRow, colours: Colours, *, worded: bool = False) -> Piece:
    """▲ urgent"""
    words = f" {row.priority.value}" if worded else ""
    return Piece(
        signs.PRIORITY[row.priority].mark + words,
        colours.priority(row.priority),
        bold=row.priority.value == "urgent",
    )


def kind(row: IssueRow, colours: Colours, *, worded: bool = False) -> Piece:
    """■ bug"""
    words = f" {row.type.value}" if worded else ""
    return Piece(signs.TYPE[row.type].mark + words, colours.type(row.type))


def person(who: PersonRef | None, colours: Colours, *, short: bool = False) -> Piece:
    """A person by name or by initials, in their own colour."""
    if who is None:
        return Piece("", "faint")
    return Piece(initials(who.display_name) if short else shown(who.display_name), colours.person(who))


def labels(of: Sequence[LabelRef], colours: Colours) -> list[Piece]:
    """Labels, each in its colour, with a dot in front that tells it from words."""
    pieces: list[Piece] = []
    for label in of:
        if pieces:
            pieces.append(Piece(" "))
        pieces.append(Piece(f"{signs.LABEL}{shown(label.name)}", colours.label(label.colour)))
    return pieces


def due(row: IssueRow, today: date) -> Piece:
    """The day when it is due, as people say it; with a sign if it is late."""
    if row.due is None:
        return Piece("")
    days = (row.due - today).days
    if row.status.closed:
        return Piece(day_said(row.due, today), "muted")
    if days < 0:
        late = f"{-days} d" if days > -100 else f"{-days // 7} w" if days > -700 else f"{-days // 365} y"
        return Piece(f"{signs.LATE} {late} late", "error")
    if days == 0:
        return Piece("today", "warning")
    if days == 1:
        return Piece("tomorrow", "warning")
    return Piece(f"in {days} d") if days < 15 else Piece(day_said(row.due, today), "muted")


def content(pieces: Sequence[Piece], colours: Colours) -> Content:
    """Pieces as Textual's content, for widgets that take it."""
    return Content.assemble(
        *(
            (
                piece.text,
                f"{'bold ' if piece.bold else ''}"
                f"{colours.ink(piece.colour, piece.ground or None)}"
                f"{f' on {colours.of(piece.ground)}' if piece.ground else ''}",
            )
            for piece in pieces
        )
    )


def cells(
    pieces: Sequence[Piece],
    width: int,
    colours: Colours,
    ground: str,
    *,
    right: bool = False,
    strike: bool = False,
) -> list[Segment]:
    """Pieces in exactly `width` cells."""

    def style(piece: Piece) -> Style:
        return colours.style(piece.colour, ground, bold=piece.bold, strike=strike)

    if len(pieces) == 1:
        text = fitted(pieces[0].text, width, "right" if right else "left")
        return [Segment(text, style(pieces[0]))]
    segments: list[Segment] = []
    left = width
    for piece in pieces:
        segment = Segment(piece.text, style(piece))
        if segment.cell_length > left:
            segment = Segment(fitted(piece.text, left), segment.style)
        segments.append(segment)
        left -= segment.cell_length
        if left <= 0:
            break
    return [*segments, Segment(" " * left, colours.style("foreground", ground))]


def line(pieces: Sequence[Piece], colours: Colours) -> Text:
    """Pieces as a line of a document."""
    text = Text()
    for piece in pieces:
        text.append(piece.text, colours.style(piece.colour, bold=piece.bold))
    return text
