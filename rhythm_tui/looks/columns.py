"""The columns of the issue table: what they hold, how wide they are, which give way first; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import relative_time


class View(NamedTuple):
    """What a row is drawn with."""

    colours: Colours
    now: datetime
    """The time, in the person's zone."""

    @property
    def today(self) -> date:
        """The day that it is for the person."""
        return self.now.date()


Draw = Callable[[IssueRow, View], list[Piece]]


class Column(NamedTuple):
    """A column of the table.

    `width` in cells; None takes what is left. `room` is what the title keeps beside it, in cells: the column
    that leaves it most is the first to give way as the table gets narrower. `sort` is the order of the search
    language that its heading stands for. `holds` says whether it has anything to show of an issue.
    """

    id: str
    heading: str
    words: str
    width: int | None
    room: int
    draw: Draw
    right: bool = False
    sort: str = ""
    holds: Callable[[IssueRow], bool] = lambda _: True

    @property
    def gap(self) -> int:
        """Cells between it and the next: a sign belongs to what stands behind it."""
        return 1 if self.width == 1 else GAP


GAP = 2
"""Cells between two columns."""

AMPLE = 72
"""Cells that the title keeps beside a column that has nothing to show of the whole list."""

NARROWER = {"status": "sign", "assignee": "initials"}
"""What stands in for a column where there is no room for it."""


def _one(piece: Callable[[IssueRow, View], Piece]) -> Draw:
    return lambda row, view: [piece(row, view)]


def _points(row: IssueRow, view: View) -> list[Piece]:
    return [Piece("" if row.estimate is None else f"{row.estimate.normalize():f}", "muted")]


def _since(at: str) -> Draw:
    def draw(row: IssueRow, view: View) -> list[Piece]:
        moment = getattr(row, at)
        return [Piece(relative_time(moment, view.now).removesuffix(" ago"), "muted")]

    return draw


COLUMNS: dict[str, Column] = {
    column.id: column
    for column in (
        Column(
            "sign",
            "",
            "status, as a sign",
            1,
            20,
            _one(lambda row, view: show.status(row, view.colours, worded=False)),
        ),
        Column("type", "", "type", 1, 24, _one(lambda row, view: show.kind(row, view.colours))),
        Column("key", "KEY", "key", 8, 8, _one(lambda row, _: Piece(row.key, "muted")), sort="created"),
        Column(
            "priority",
            "",
            "priority",
            1,
            22,
            _one(lambda row, view: show.priority(row, view.colours)),
            sort="priority",
        ),
        Column("title", "TITLE", "title", None, 0, _one(lambda row, _: Piece(shown(row.title)))),
        Column(
            "labels",
            "LABELS",
            "labels",
            20,
            52,
            lambda row, view: show.labels(row.labels, view.colours),
            holds=lambda row: bool(row.labels),
        ),
        Column("status", "STATUS", "status", 13, 30, _one(lambda row, view: show.status(row, view.colours))),
        Column(
            "assignee",
            "WHO",
            "assignee",
            12,
            48,
            _one(lambda row, view: show.person(row.assignee, view.colours)),
            holds=lambda row: row.assignee is not None,
        ),
        Column(
            "initials",
            "WHO",
            "assignee, by initials",
            4,
            34,
            _one(lambda row, view: show.person(row.assignee, view.colours, short=True)),
            holds=lambda row: row.assignee is not None,
        ),
        Column(
            "reporter",
            "REPORTER",
            "reporter",
            12,
            54,
            _one(lambda row, view: show.person(row.reporter, view.colours)),
        ),
        Column(
            "sprint",
            "SPRINT",
            "sprint",
            14,
            50,
            _one(lambda row, _: Piece(shown(row.sprint or ""), "muted")),
            holds=lambda row: row.sprint is not None,
        ),
        Column(
            "estimate",
            "PTS",
            "estimate",
            4,
            46,
            _points,
            right=True,
            holds=lambda row: row.estimate is not None,
        ),
        Column(
            "due",
            "DUE",
            "due date",
            11,
            42,
            _one(lambda row, view: show.due(row, view.today)),
            sort="due",
            holds=lambda row: row.due is not None,
        ),
        Column(
            "parent",
            "PARENT",
            "parent",
            10,
            58,
            _one(lambda row, _: Piece(row.parent_key or "", "muted")),
            holds=lambda row: row.parent_key is not None,
        ),
        Column("created", "CREATED", "created", 11, 55, _since("created_at"), sort="created"),
        Column("updated", "UPDATED", "updated", 11, 44, _since("updated_at"), sort="updated"),
        Column(
            "closed",
            "CLOSED",
            "closed",
            11,
            56,
            _since("closed_at"),
            sort="closed",
            holds=lambda row: row.closed_at is not None,
        ),
    )
}
"""All columns, in the order in which they stand."""

CHOSEN = ("type", "key", "priority", "title", "labels", "status", "assignee", "due", "estimate", "updated")
"""The columns that are shown unless a person chooses others."""


class Layout(NamedTuple):
    """The columns of a list, each with its width. `aside` are those that gave way because they had nothing to
    show, `dotted` says that labels were chosen and have no column: both stand at the end of the titles.
    """

    columns: Sequence[tuple[Column, int]]
    aside: Sequence[Column] = ()
    dotted: bool = False


def held(row: IssueRow) -> frozenset[str]:
    """The columns that have something to show of an issue."""
    return frozenset(id for id, column in COLUMNS.items() if column.holds(row))


def laid_out(
    chosen: Sequence[str],
    width: int,
    widths: Mapping[str, int] | None = None,
    empty: Collection[str] = (),
) -> list[tuple[Column, int]]:
    """The columns that fit into a width, each with its own: those that leave the title most give way first.

    Before them give way those that are `empty`: of the whole list they have nothing to show. Where there is
    no room for a column, a narrower one may stand in for it. `widths` has other widths by id, for lists that
    know theirs better; that of the title is what it keeps beside any column.
    """
    widths = widths or {}
    least = widths.get("title", AMPLE)
    known = {
        id: column._replace(width=widths[id]) if column.width is not None and id in widths else column
        for id, column in COLUMNS.items()
    }
    wanted = {*chosen, *(NARROWER[id] for id in chosen if id in NARROWER)} - {"title"}

    def room(column: Column) -> int:
        return min(least, AMPLE if column.id in empty else column.room)

    fitting = [known["title"]]

    def left(columns: Sequence[Column]) -> int:
        return width - sum(each.width or 0 for each in columns) - sum(each.gap for each in columns[:-1])

    for column in sorted((known[id] for id in wanted), key=lambda each: (room(each), each.room)):
        others = [each for each in fitting if NARROWER.get(column.id) != each.id or each.id in chosen]
        if left(more := _in_order([*others, column])) >= room(column):
            fitting = more
    return [(column, max(left(fitting), 1) if column.width is None else column.width) for column in fitting]


def arranged(
    chosen: Sequence[str], width: int, widths: Mapping[str, int] | None = None, empty: Collection[str] = ()
) -> Layout:
    """How the chosen columns share a width, and where those are that gave way; see `laid_out`."""
    columns = laid_out(chosen, width, widths, empty)
    seen = {column.id for column, _ in columns}
    told = {NARROWER.get(id, id) for id in seen}
    aside = [
        COLUMNS[narrow]
        for column, _ in laid_out(chosen, width, widths)
        if column.id in empty and (narrow := NARROWER.get(column.id, column.id)) not in {*told, "labels"}
    ]
    return Layout(columns, aside, "labels" in chosen and "labels" not in seen)


def _in_order(columns: Sequence[Column]) -> list[Column]:
    order = list(COLUMNS)
    return sorted(columns, key=lambda column: order.index(column.id))
