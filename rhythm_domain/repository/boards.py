"""The columns of a board: all first cards and totals in one statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from rhythm_domain.repository import conditions, sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.starting import Start, start
from rhythm_domain.repository.statements import fetch, scope
from rhythm_domain.transaction import Tx

_Q = queries.load("boards")


@dataclass(frozen=True, slots=True)
class Column:
    """The ids of a column's first cards, and how many cards it has, perhaps counted up to a bound."""

    ids: tuple[int, ...]
    total: int


async def columns(tx: Tx, of: Selection, *, limit: int, most: int | None) -> dict[Status, Column]:
    """The first `limit` cards of each status: open ones by rank, closed ones by when they were closed.

    Counting stops at `most`; 0 counts nothing. None takes the counters of all that stand there.
    """
    begin = Start()
    if of.clauses or of.words:
        begin = await start(tx, of, wanted=len(Status) * max(limit, most or 0))
    words = of.words is not None and not begin.exactly
    if begin != Start():
        text = SQL(
            "SELECT i.id, i.status, i.rank, i.closed_at FROM {scope} CROSS JOIN LATERAL"
            " (SELECT i.* FROM {rows} WHERE {where}) i"
        ).format(
            scope=scope(of),
            rows=sources.rows(sources.MATCHES if begin.lookup else begin.driver),
            where=sources.conditions(of.clauses, words=words),
        )
        rows = await fetch(tx, of, Named.of("board_of_few", text), lookup=begin.lookup)
        return {status: _column(status, rows, limit) for status in Status}
    rows = await fetch(tx, of, _board(of.clauses, of.alone, words, limit, most))
    return {Status(row["status"]): Column(tuple(row["ids"]), row["total"]) for row in rows}


@lru_cache(maxsize=64)
def _board(
    clauses: tuple[Clause, ...], alone: int | None, words: bool, limit: int, most: int | None
) -> Named:
    where = sources.conditions(clauses, words=words)
    return Named.of(
        "board",
        SQL("SELECT c.* FROM {scope} CROSS JOIN LATERAL ({columns}) c").format(
            scope=sources.scope(alone, words=words, descending=True),
            columns=SQL(" UNION ALL ").join(_first(status, where, limit, most) for status in Status),
        ),
    )


_COUNTED = SQL("SELECT count(*) FROM (SELECT FROM issues i WHERE {where} AND {column} LIMIT {most}) n")
_COUNTERS = SQL("SELECT sum(total)::bigint FROM issue_counts WHERE project_id = p.id AND status = {status}")


def _first(status: Status, where: Composable, limit: int, most: int | None) -> Composable:
    parts: dict[str, Composable] = {
        "status": Literal(status.value),
        "where": where,
        "column": conditions.statuses([status]).where,
        "order": SQL("i.closed_at DESC, i.id DESC" if status.closed else "i.rank"),
        "limit": Literal(limit),
        "most": Literal(most),
    }
    return SQL(
        "SELECT {status} AS status,"
        " ARRAY(SELECT i.id FROM issues i WHERE {where} AND {column} ORDER BY {order} LIMIT {limit}) AS ids,"
        " coalesce(({total}), 0) AS total"
    ).format(total=(_COUNTERS if most is None else _COUNTED).format(**parts), **parts)


def _column(status: Status, rows: list[Row], limit: int) -> Column:
    cards = [row for row in rows if row["status"] == status]
    cards.sort(
        key=itemgetter("closed_at", "id") if status.closed else itemgetter("rank"), reverse=status.closed
    )
    return Column(tuple(row["id"] for row in cards[:limit]), len(cards))


def has_sprint_later(tx: Tx, sprint: int) -> Callable[[], bool]:
    """Whether a sprint is one of this project's, asked with what is asked next: to be called behind it."""
    asked = tx.later(_Q["board_sprint"], sprint=sprint, project=tx.project_id)
    return lambda: bool(asked.rows)
