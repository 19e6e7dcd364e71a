"""How a card of the board looks: four lines of pieces, or two where there is no room for more. Pure.

■ CORE-123 ⊘       5 ▲ AE     kind, key, whether it is blocked; points, priority, assignee
Login fails on Safari when    the title in two lines
cookies are blocked
•ui •auth     ! 2 d late      labels; when it is due, if that is near

■ CORE-123 ⊘!      5 ▲ AE     in brief: whether it is late stands behind the key
Login fails on Safari when …
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from rich.cells import cell_len

from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece, fitted
from rhythm_tui.looks.wording import wrapped

LINES, BRIEF = 4, 2
"""Lines of a card, and of one in brief."""

SOON = 14
"""Days before a card is due for which it says so."""

Spans = Callable[[str], list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Look:
    """What a card is drawn with. `spans` finds what was searched for; `who` changed it just now."""

    colours: Colours
    today: date
    spans: Spans | None = None
    marked: bool = False
    unsaved: bool = False
    who: str = ""


def face(row: IssueRow, width: int, look: Look, *, brief: bool = False) -> list[list[Piece]]:
    """The lines of a card, each in exactly `width` cells."""
    title = shown(row.title)
    colour = "muted" if row.status.closed or look.unsaved else "foreground"
    spans = look.spans(title) if look.spans else []
    if brief:
        head = _head(row, width, look, late=_days_left(row, look) < 0)
        return [head, _marked(fitted(title, width).rstrip(), width, colour, spans, 0)]
    first, rest = wrapped(title, width)
    lines = [_head(row, width, look), _marked(first, width, colour, spans, 0)]
    if rest:
        lines.append(_marked(fitted(rest, width).rstrip(), width, colour, spans, len(title) - len(rest)))
    lines.append(_foot(row, width, look))
    return [*lines, *([[Piece(" " * width)]] * (LINES - len(lines)))]


def _days_left(row: IssueRow, look: Look) -> int:
    """Days until a card is due that is still to be done; more than matter if it is not."""
    return SOON + 1 if row.due is None or row.status.closed else (row.due - look.today).days


def _head(row: IssueRow, width: int, look: Look, *, late: bool = False) -> list[Piece]:
    colours = look.colours
    left = [Piece(f"{signs.MARKED} ", "accent", bold=True)] if look.marked else []
    left += [show.kind(row, colours), Piece(" "), Piece(row.key, "muted")]
    if look.unsaved:
        left.append(Piece(" …", "muted"))
    flags = signs.BLOCKED * (row.blocked and not row.status.closed) + signs.LATE * late
    if flags:
        left.append(Piece(f" {flags}", "error"))
    if look.who:
        return both(left, [Piece(f"{signs.CHANGED} {look.who}", "warning", bold=True)], width)
    who = show.person(row.assignee, colours, short=True)
    right = [show.priority(row, colours), Piece(" "), who._replace(text=fitted(who.text, 2))]
    if row.estimate is not None:
        points = Piece(f"{row.estimate.normalize():f} ", "muted")
        taken = sum(cell_len(piece.text) for piece in (*left, points, *right))
        if taken < width:  # The key goes before.
            right = [points, *right]
    return both(left, right, width)


def _foot(row: IssueRow, width: int, look: Look) -> list[Piece]:
    due = [show.due(row, look.today)] if _days_left(row, look) <= SOON else []
    return both(show.labels(row.labels, look.colours), due, width)


def both(left: list[Piece], right: list[Piece], width: int) -> list[Piece]:
    """Pieces at the left and at the right end of a line of `width` cells; the left ones give way."""
    right = cut(right, width)
    taken = sum(cell_len(piece.text) for piece in right)
    left = cut(left, max(0, width - taken - 1 if taken else width))
    space = width - taken - sum(cell_len(piece.text) for piece in left)
    return [*left, Piece(" " * space), *right]


def cut(pieces: list[Piece], width: int) -> list[Piece]:
    """The pieces that have room in `width` cells, the last one with an ellipsis if it is cut."""
    kept: list[Piece] = []
    for piece in pieces:
        cells = cell_len(piece.text)
        if cells > width:
            if width > 0 and piece.text.strip():
                kept.append(piece._replace(text=fitted(piece.text, width)))
            break
        kept.append(piece)
        width -= cells
    return kept


def _marked(text: str, width: int, colour: str, spans: list[tuple[int, int]], offset: int) -> list[Piece]:
    """A line of the title that begins at `offset` of it, with what was found in it."""
    pieces, end = [], 0
    for start, stop in ((start - offset, stop - offset) for start, stop in spans):
        start, stop = max(start, end), min(stop, len(text))
        if start < stop:
            pieces += [Piece(text[end:start], colour), Piece(text[start:stop], "primary", bold=True)]
            end = stop
    pieces.append(Piece(text[end:], colour))
    return both(pieces, [], width)
