"""A board on the command line: columns side by side, as many as fit; in a pipe a card a line, as in lists."""

from __future__ import annotations

import shlex
from itertools import zip_longest

from rhythm_domain.models import Board, BoardColumn, IssueRow
from rhythm_domain.text import cell_width, shown, truncated
from rhythm_tui.cli import issue_view
from rhythm_tui.cli.output import Output
from rhythm_tui.cli.table import GAP, padded
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import initials, wrapped

LEAST = 24
"""Cells that a column needs; when all do not fit into the width, they go on below."""


def show(out: Output, board: Board, *, cards: int, query: str = "") -> None:
    """Prints a board with at most `cards` cards a column; what is left out is counted, and it is said how to
    see it. In a pipe that goes to stderr, as with lists.
    """
    if out.as_json:
        out.document(board)
        return
    if out.terminal:
        _columns(out, board, cards)
    else:
        plain = issue_view.columns(terminal=False)
        out.rows(plain, [card for column in board.columns for card in column.cards[:cards]])
        counts = (f"{_count(column)} {signs.words(column.status)}" for column in board.columns)
        out.note(f"In all: {', '.join(counts)}")
    cut = next((column.status for column in board.columns if _left(column, cards)), None)
    if cut is not None:
        asked = shlex.quote(" ".join(part for part in (f"status:{cut}", query) if part))
        out.note(f"All of a column: rhythm issue list {asked} --project {board.project.key} --all")


def _columns(out: Output, board: Board, cards: int) -> None:
    out.heading(f"{board.project.key}  {board.project.name}")
    abreast = max(1, min(len(board.columns), (out.width + GAP) // (LEAST + GAP)))
    width = (out.width + GAP) // abreast - GAP
    for start in range(0, len(board.columns), abreast):
        out.line("")
        drawn = [_column(out, column, width, cards) for column in board.columns[start : start + abreast]]
        for line in zip_longest(*drawn, fillvalue=("", "")):
            parts = [out.styled(padded(text, width), style) for text, style in line]
            out.line((" " * GAP).join(parts).rstrip())


def _column(out: Output, column: BoardColumn, width: int, cards: int) -> list[tuple[str, str]]:
    """A column's lines, each with its style."""
    sign = signs.STATUS[column.status]
    over = column.wip_limit is not None and column.total.count > column.wip_limit
    head = f"{sign.mark} {signs.words(column.status)}"
    count = f"{_count(column)}{' !' if over else ''}"
    space = " " * max(1, width - cell_width(head) - cell_width(count))
    lines = [(f"{head}{space}{count}", "bold red" if over else f"bold {sign.style}".replace(" dim", ""))]
    lines.append(("─" * width, "dim"))
    for card in column.cards[:cards]:
        lines += _card(card, width)
    if left := _left(column, cards):
        lines.append((f"… and {left:,}{'' if column.total.exact else '+'} more", "dim"))
    return lines


def _count(column: BoardColumn) -> str:
    """How many cards a column has, and how many it should have at most: "12 of 10"."""
    return f"{column.total}" + (f" of {column.wip_limit}" if column.wip_limit is not None else "")


def _left(column: BoardColumn, cards: int) -> int:
    """How many cards of a column are not printed."""
    return max(0, column.total.count - min(cards, len(column.cards)))


def _card(card: IssueRow, width: int) -> list[tuple[str, str]]:
    priority, kind = signs.PRIORITY[card.priority], signs.TYPE[card.type]
    left = f"{kind.mark} {card.key} {priority.mark}{' blocked' if card.blocked else ''}"
    who = initials(card.assignee.display_name) if card.assignee else ""
    space = " " * max(1, width - cell_width(left) - cell_width(who))
    first, rest = wrapped(shown(card.title), width)
    lines = [(f"{left}{space}{who}", priority.style if priority.style != "dim" else ""), (first, "")]
    return [*lines, *([(truncated(rest, width), "")] if rest else []), ("", "")]
