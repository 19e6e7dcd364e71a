"""The orders of lists, cut into stretches that an index serves; pure.

A stretch is a part of a list in which one column and the id, both rising or both falling, give the order. An
order that an index does not serve as a whole is several of them in a row: one for each priority, issues that
are closed are due behind all that are open, and those without a day or a time of closing stand last, by their
last update. A place in a list is a stretch and the
column and id of an issue there, so that going on from it is one comparison of rows, which the index answers
at any depth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.cursors import row_id
from rhythm_domain.models import Priority, Status
from rhythm_domain.query import Sort, SortKey

EVERYTHING = SQL("true")


@dataclass(frozen=True, slots=True, eq=False)
class Type:
    """A column's type: in SQL, what makes a value of it of what a cursor holds, and values that stand before
    and behind all others, in SQL.
    """

    sql: Composable
    read: Callable[[Any], Any]
    least: str = "'-infinity'"
    most: str = "'infinity'"


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Issues `i` of which `where` holds, by `column` (of type `type`) and id.

    `split` is a list of further conditions of which each issue fulfils one; each has an index of its own.
    `closed` says whether all of them are closed, or open; None: they may be either. `priority` is what all of
    them have; None: it may be any.
    """

    column: Composable
    type: Type
    descending: bool
    where: Composable
    split: tuple[Composable, ...] = (EVERYTHING,)
    closed: bool | None = None
    priority: Priority | None = None


_TIME = Type(SQL("timestamptz"), datetime.fromisoformat)
_DAY = Type(SQL("date"), date.fromisoformat)
_TEXT = Type(SQL('text COLLATE "C"'), str, "''", "'~'")
_UPDATED, _DUE = SQL("i.updated_at"), SQL("i.due")
_SCORES = SQL("c.value")
_SCORE = Type(SQL("float8"), float)
_OPEN, _CLOSED = SQL("i.closed_at IS NULL"), SQL("i.closed_at IS NOT NULL")
_CLOSINGS = tuple(SQL("i.status = {}").format(Literal(status.value)) for status in Status if status.closed)


@cache
def stretches(sort: Sort) -> tuple[Stretch, ...]:
    """The stretches of an order, first to last; all but `created`."""
    falls = sort.descending
    match sort.key:
        case SortKey.PRIORITY:
            return tuple(
                Stretch(
                    _UPDATED,
                    _TIME,
                    falls,
                    SQL("i.priority = {}").format(Literal(priority.value)),
                    priority=priority,
                )
                for priority in (Priority if falls else reversed(Priority))
            )
        case SortKey.DUE:
            with_day, without = SQL("{} AND i.due IS NOT NULL"), SQL("{} AND i.due IS NULL")
            return (
                Stretch(_DUE, _DAY, falls, with_day.format(_OPEN), closed=False),
                Stretch(_UPDATED, _TIME, falls, without.format(_OPEN), closed=False),
                Stretch(_DUE, _DAY, falls, with_day.format(_CLOSED), closed=True),
                Stretch(_UPDATED, _TIME, falls, without.format(_CLOSED), _CLOSINGS, closed=True),
            )
        case SortKey.CLOSED:
            return (
                Stretch(SQL("i.closed_at"), _TIME, falls, _CLOSED, _CLOSINGS, closed=True),
                Stretch(_UPDATED, _TIME, falls, _OPEN, closed=False),
            )
        case SortKey.RANK:
            return (Stretch(SQL("i.rank"), _TEXT, falls, EVERYTHING),)
        case SortKey.RELEVANCE:
            return (Stretch(_SCORES, _SCORE, falls, EVERYTHING),)
        case _:
            return (Stretch(_UPDATED, _TIME, falls, EVERYTHING),)


def place_at(sort: Sort, position: Any) -> tuple[int, Any, int]:
    """A place in an order, of what a cursor holds: the number of its stretch, the value and the id there.

    What it raises for what no cursor holds is what `cursors.unpack` expects.
    """
    index, value, id_ = position
    order = stretches(sort)
    index = range(len(order))[index]
    return index, order[index].type.read(value), row_id(id_)


def bounds_at(position: Any) -> dict[int, int]:
    """The same for the order of numbers: the last number before a place, by project."""
    return {row_id(project): row_id(number) for project, number in position.items()}
