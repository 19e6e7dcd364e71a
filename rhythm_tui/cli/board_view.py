"""A board on the command line: columns side by side, as many as fit; in a pipe one card a line."""

from __future__ import annotations

from itertools import zip_longest

from rhythm_domain.models import Board, BoardColumn, IssueRow
from rhythm_domain.text import cell_width, shown, truncated
from rhythm_tui.cli.output import Output
from rhythm_tui.cli.table import GAP, Column, padded
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import initials, wrapped

LEAST = 24
"""Cells that a column needs; when all do not fit into the width, they go on below."""

_PLAIN: list[Column[IssueRow]] = [
    Column("status", lambda row: row.status),
    Column("key", lambda row: row.key),
    Column("priority", lambda row: row.priority),
    Column("title", lambda row: row.title),
    Column("assignee", lambda row: row.assignee.name if row.assignee else ""),
]


def show(out: Output, board: Board, *, cards: int) -> None:
    """Prints a board with at most `cards` cards a column; what is left out is counted."""
    if out.as_json:
        out.document(board)
        return
    if not out.terminal:
        out.rows(_PLAIN, [card for column in board.columns for card in column.cards[:cards]])
        return
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
    limit = f" of {column.wip_limit}{' !' if over else ''}" if column.wip_limit is not None else ""
    head = f"{sign.mark} {signs.words(column.status)}"
    count = f"{column.total}{limit}"
    space = " " * max(1, width - cell_width(head) - cell_width(count))
    lines = [(f"{head}{space}{count}", "bold red" if over else f"bold {sign.style}".replace(" dim", ""))]
    lines.append(("─" * width, "dim"))
    for card in column.cards[:cards]:
        lines += _card(card, width)
    left = column.total.count - min(cards, len(column.cards))
    if left > 0:
        lines.append((f"{left:,}{'' if column.total.exact else '+'} more", "dim"))
    return lines


def _card(card: IssueRow, width: int) -> list[tuple[str, str]]:
    priority, kind = signs.PRIORITY[card.priority], signs.TYPE[card.type]
    left = f"{kind.mark} {card.key} {priority.mark}{' blocked' if card.blocked else ''}"
    who = initials(card.assignee.display_name) if card.assignee else ""
    space = " " * max(1, width - cell_width(left) - cell_width(who))
    first, rest = wrapped(shown(card.title), width)
    lines = [(f"{left}{space}{who}", priority.style if priority.style != "dim" else ""), (first, "")]
    return [*lines, *([(truncated(rest, width), "")] if rest else []), ("", "")]
