"""The columns of the issue table: what they hold, how wide they are, which give way first; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import relative_time


@dataclass(frozen=True, slots=True)
class View:
    """What a row is drawn with."""

    colours: Colours
    now: datetime
    today: date


Draw = Callable[[IssueRow, View], list[Piece]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    `width` in cells; None takes what is left. `keep` says how long it stays as the table gets narrower: the
    lowest goes first. `sort` is the order of the search language that its heading stands for.
    """

    id: str
    heading: str
    words: str
    width: int | None
    keep: int
    draw: Draw
    right: bool = False
    sort: str = ""


LEAST_TITLE = 34
"""Cells that the title has before other columns give way."""


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
            88,
            _one(lambda row, view: show.status(row, view.colours, worded=False)),
        ),
        Column("type", "", "type", 1, 80, _one(lambda row, view: show.kind(row, view.colours))),
        Column("key", "KEY", "key", 10, 100, _one(lambda row, _: Piece(row.key, "muted")), sort="created"),
        Column(
            "priority",
            "",
            "priority",
            1,
            90,
            _one(lambda row, view: show.priority(row, view.colours)),
            sort="priority",
        ),
        Column("title", "TITLE", "title", None, 100, _one(lambda row, _: Piece(shown(row.title)))),
        Column("labels", "LABELS", "labels", 20, 30, lambda row, view: show.labels(row.labels, view.colours)),
        Column("status", "STATUS", "status", 13, 85, _one(lambda row, view: show.status(row, view.colours))),
        Column(
            "assignee",
            "WHO",
            "assignee",
            12,
            60,
            _one(lambda row, view: show.person(row.assignee, view.colours)),
        ),
        Column(
            "initials",
            "WHO",
            "assignee, by initials",
            4,
            38,
            _one(lambda row, view: show.person(row.assignee, view.colours, short=True)),
        ),
        Column(
            "reporter",
            "REPORTER",
            "reporter",
            12,
            25,
            _one(lambda row, view: show.person(row.reporter, view.colours)),
        ),
        Column(
            "sprint", "SPRINT", "sprint", 14, 35, _one(lambda row, _: Piece(shown(row.sprint or ""), "muted"))
        ),
        Column("estimate", "PTS", "estimate", 4, 40, _points, right=True),
        Column(
            "due", "DUE", "due date", 10, 50, _one(lambda row, view: show.due(row, view.today)), sort="due"
        ),
        Column(
            "parent", "PARENT", "parent", 10, 20, _one(lambda row, _: Piece(row.parent_key or "", "muted"))
        ),
        Column("created", "CREATED", "created", 10, 22, _since("created_at"), sort="created"),
        Column("updated", "UPDATED", "updated", 10, 45, _since("updated_at"), sort="updated"),
        Column("closed", "CLOSED", "closed", 10, 21, _since("closed_at"), sort="closed"),
    )
}
"""All columns, in the order in which they stand."""

CHOSEN = ("type", "key", "priority", "title", "labels", "status", "assignee", "due", "estimate", "updated")
"""The columns that are shown unless a person chooses others."""

GAP = 2
"""Cells between two columns."""


def laid_out(
    chosen: Sequence[str], width: int, widths: Mapping[str, int] | None = None
) -> list[tuple[Column, int]]:
    """The columns that fit into a width, each with its own: those that matter least give way first.

    `widths` has other widths by id, for lists that know theirs better; the title's is the least that it has.
    """
    widths = widths or {}
    least = widths.get("title", LEAST_TITLE)
    columns = [
        replace(column, width=widths[id_]) if column.width is not None and id_ in widths else column
        for id_, column in COLUMNS.items()
        if id_ in chosen or id_ == "title"
    ]
    while True:
        fixed = sum(column.width or 0 for column in columns) + GAP * (len(columns) - 1)
        left = width - fixed
        if left >= least or len(columns) == 1:
            return [(column, max(left, 1) if column.width is None else column.width) for column in columns]
        columns.remove(min((column for column in columns if column.width is not None), key=lambda c: c.keep))
