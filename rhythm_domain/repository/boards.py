"""The columns of a board: all first cards and totals in one statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain import queries
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from rhythm_domain.repository import conditions, sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.numbers import EVERYTHING
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.sources import Driver
from rhythm_domain.repository.starting import Start, start
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Tx

_Q = queries.load("boards")


@dataclass(frozen=True, slots=True)
class Column:
    """The ids of a column's first cards, and how many cards it has, perhaps counted up to a bound."""

    ids: tuple[int, ...]
    total: int


async def columns(tx: Tx, of: Selection, *, limit: int, most: int | None) -> dict[Status, Column]:
    """The first `limit` cards of each status: open ones by rank, closed ones by when they were closed.

    Counting stops at `most`; 0 counts nothing. None takes the counters of all that stand there. Where
    something leads to all cards, they are read anyway, and all counted.
    """
    begin = Start()
    if of.clauses or of.words:
        begin = await start(tx, of, wanted=len(Status) * max(limit, most or 0))
    driver = sources.MATCHES if begin.lookup else begin.driver
    words = of.words is not None and not begin.exactly
    text = _board(of.clauses, driver, of.alone, words, limit, most)
    rows = await fetch(tx, of, text, lookup=begin.lookup)
    return {Status(row["status"]): Column(tuple(row["ids"]), row["total"]) for row in rows}


@lru_cache(maxsize=64)
def _board(
    clauses: tuple[Clause, ...],
    driver: Driver | None,
    alone: int | None,
    words: bool,
    limit: int,
    most: int | None,
) -> Named:
    """Each column is read by its index, or all cards are read once that a driver leads to."""
    scope = sources.scope(alone, words=words or driver is sources.MATCHES, descending=True)
    where = sources.conditions(clauses, words=words)
    if driver is None:
        columns = [_first(SQL("issues i"), status, where, limit, most) for status in Status]
        text = SQL("SELECT c.* FROM {} CROSS JOIN LATERAL ({}) c").format(
            scope, SQL(" UNION ALL ").join(columns)
        )
        # The board of all is read again whenever something changed there.
        return Named.of("board", text, lasts=not clauses and not words)
    columns = [_first(SQL("i"), status, SQL("true"), limit, EVERYTHING) for status in Status]
    text = SQL(
        "WITH i AS MATERIALIZED (SELECT i.id, i.status, i.rank, i.closed_at FROM {} CROSS JOIN LATERAL"
        " (SELECT i.* FROM {} WHERE {}) i) {}"
    ).format(scope, sources.rows(driver), where, SQL(" UNION ALL ").join(columns))
    return Named.of("board_of_few", text)


_COUNTED = SQL("SELECT count(*) FROM (SELECT FROM {cards} WHERE {where} AND {column} LIMIT {most}) n")
_COUNTERS = SQL("SELECT sum(total)::bigint FROM issue_counts WHERE project_id = p.id AND status = {status}")


def _first(cards: Composable, status: Status, where: Composable, limit: int, most: int | None) -> Composable:
    parts: dict[str, Composable] = {
        "cards": cards,
        "status": Literal(status.value),
        "where": where,
        "column": conditions.statuses([status]).where,
        "order": SQL("i.closed_at DESC, i.id DESC" if status.closed else "i.rank"),
        "limit": Literal(limit),
        "most": Literal(most),
    }
    return SQL(
        "SELECT {status} AS status,"
        " ARRAY(SELECT i.id FROM {cards} WHERE {where} AND {column} ORDER BY {order} LIMIT {limit}) AS ids,"
        " coalesce(({total}), 0) AS total"
    ).format(total=(_COUNTERS if most is None else _COUNTED).format(**parts), **parts)


def has_sprint_later(tx: Tx, sprint: int) -> Callable[[], bool]:
    """Whether a sprint is one of this project's, asked with what is asked next: to be called behind it."""
    asked = tx.later(_Q["board_sprint"], sprint=sprint, project=tx.project_id)
    return lambda: bool(asked.rows)
