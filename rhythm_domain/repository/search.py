"""Search over any number of issues: pages of ids in any order, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg.sql import SQL, Literal

from rhythm_domain import queries
from rhythm_domain.cursors import pack, unpack
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from rhythm_domain.query import SortKey
from rhythm_domain.repository import narrowing, newest, sources, walks
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.ordered import ordered
from rhythm_domain.repository.orders import bounds_at, place_at
from rhythm_domain.repository.selection import Selection, projects
from rhythm_domain.repository.sources import Driver, Reading
from rhythm_domain.repository.starting import start
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Tx

_Q = queries.load("search")

CANDIDATES = 200
"""The newest matches that are ordered by relevance."""


_SCORES = Named.of("search_scores", walks.scores())


class Found(NamedTuple):
    """A stretch of a list: ids in order, and the places before and behind them that one can go on from."""

    ids: tuple[int, ...]
    previous: str | None
    next: str | None


# Pages -------------------------------------------------------------------------------------------------


async def page(tx: Tx, of: Selection, *, cursor: str | None = None, back: bool = False, limit: int) -> Found:
    """At most `limit` ids behind a cursor, or with `back` before it; without one from the start, or the end.

    Raises `Invalid` for a cursor of another query.
    """
    at = None if cursor is None else _position(cursor, of)
    if not of.projects:
        return Found((), None, None)
    read = {SortKey.CREATED: _newest, SortKey.RELEVANCE: _relevant}.get(of.sort.key, _ordered)
    ids, before, behind, more = await read(tx, of, at, Reading(of.sort.descending, back), limit)
    earlier = more if back else cursor is not None
    later = cursor is not None if back else more
    return Found(
        ids,
        pack(of.tag, before) if ids and earlier else None,
        pack(of.tag, behind) if ids and later else None,
    )


def _position(cursor: str, of: Selection) -> Any:
    def check(given: Any) -> None:
        if given != of.tag:
            raise ValueError("a cursor of another list")

    read = bounds_at if of.sort.key is SortKey.CREATED else partial(place_at, of.sort)
    return unpack(cursor, check, read)[1]


_Part = tuple[tuple[int, ...], Any, Any, bool]
"""Ids in the list's order, the places before and behind them, and whether there is more further on."""


async def _newest(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By number and time of creation. A place is the last number before it in each project that had one."""
    bounds: dict[int, int] = at or {}
    if reading.back and at is None:  # From the end: every project has all its issues before it.
        bounds = dict.fromkeys(of.projects, sources.beyond_all(descending=not of.sort.descending))
    if bounds:
        known = await narrowing.listed(tx, of)
        found = await newest.newest(tx, of, bounds, reading, limit + 1, among=known.among)
    else:
        found = await _first(tx, of, reading, limit + 1)
    more, found = len(found) > limit, found[:limit]
    ids = tuple(place.id for place in found)
    if not reading.back:
        return ids, bounds, bounds | _last(found), more
    step = 1 if of.sort.descending else -1
    first = {project: number + step for project, number in _last(found).items()}
    return ids[::-1], bounds | first, bounds, more


async def _first(tx: Tx, of: Selection, reading: Reading, limit: int) -> list[newest.Place]:
    """The first `limit` issues by number, and perhaps more."""
    known = await narrowing.narrowed(tx, of, _last, wanted=limit)
    if of.across and len(known.rows) < limit and not (known.whole or known.among):
        # In most projects one would read on from their newest issues, as far as the oldest known go back.
        known = known.anew()
    found: list[newest.Place] = [*known.rows]
    if len(found) < limit and not known.whole:
        bounds: dict[int, int] = known.behind or {}
        missing = limit - len(found)
        read = await newest.newest(tx, of, bounds, reading, missing, rarer=known.rarer, among=known.among)
        found += read
        behind = bounds | _last(read)
        known = known._replace(rows=tuple(found), behind=behind, whole=len(found) < limit)
    else:
        newest.pass_on(tx, of, reading, rarer=known.rarer)
    if known.whole or known.among or newest.scattered(found[:limit]):
        narrowing.keep(tx, of, known)
    return found


def _last(places: Sequence[newest.Place]) -> dict[int, int]:
    """The last number in each project."""
    return {place.project: place.number for place in places}


async def _relevant(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By how well the words fit the newest matches. A place is an issue: 0, its score and id."""
    found = await _first(tx, of, Reading(descending=True), CANDIDATES)
    rows = await _scored(tx, of, [place.id for place in found[:CANDIDATES]])
    if reading.back:
        rows.reverse()
    if at is not None:
        rows = [row for row in rows if (row < at if reading.falls else row > at)]
    return _cut(rows, reading, limit)


async def _scored(tx: Tx, of: Selection, ids: Sequence[int]) -> list[tuple[int, Any, int]]:
    """Some issues by how well the words fit, in the list's order."""
    scored = await fetch(tx, of, _SCORES, ids=ids)
    return sorted(((0, row["value"], row["id"]) for row in scored), reverse=of.sort.descending)


async def _ordered(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By any other key, one stretch after the other. A place is an issue: its stretch, value and id."""
    first = at is None and not reading.back
    known = await (narrowing.narrowed(tx, of, itemgetter(-1)) if first else narrowing.listed(tx, of))
    rows = known.beyond(at, back=reading.back)
    if rows is None:
        found, *_ = await ordered(tx, of, at, reading, limit + 1, among=known.among)
        return _cut(found, reading, limit)
    if len(rows) <= limit and not (reading.back or known.whole):
        missing = limit + 1 - len(rows)
        found, whole, among = await ordered(
            tx, of, known.behind, reading, missing, most=narrowing.MOST, among=known.among
        )
        rows = (*rows, *found)
        behind = found[-1] if found else known.behind
        known = known._replace(rows=(*known.rows, *found), behind=behind, whole=whole, among=among)
    narrowing.keep(tx, of, known)
    return _cut([*rows], reading, limit)


def _cut(rows: list[tuple[int, Any, int]], reading: Reading, limit: int) -> _Part:
    more, rows = len(rows) > limit, rows[:limit]
    if reading.back:
        rows.reverse()
    ids = tuple(id_ for _, _, id_ in rows)
    return ids, rows[0] if rows else None, rows[-1] if rows else None, more


# Totals ------------------------------------------------------------------------------------------------


async def count(tx: Tx, of: Selection, *, most: int | None = None) -> int:
    """How many issues are found; counting stops at `most`."""
    if not of.projects:
        return 0
    every = 2**31 - 1 if most is None else most
    known = await narrowing.listed(tx, of)
    if known.whole:
        return min(len(known.rows), every)
    begin = await start(tx, of, wanted=every, unordered=True, few=every)
    driver = sources.MATCHES if begin.lookup else begin.driver
    words = of.words is not None
    total = _total(of.clauses, driver, of.alone, words, words and not begin.exactly, every)
    (row,) = await fetch(tx, of, total, lookup=begin.lookup)
    return int(row["total"])


@lru_cache(maxsize=512)
def _total(
    clauses: tuple[Clause, ...],
    driver: Driver | None,
    alone: int | None,
    words: bool,
    compared: bool,
    every: int,
) -> Named:
    return Named.of(
        "search_total",
        SQL(
            "SELECT count(*) AS total FROM"
            " (SELECT FROM {scope} CROSS JOIN LATERAL (SELECT FROM ({found}) c {limit}) c {limit}) c"
        ).format(
            scope=sources.scope(alone, words=words, descending=True),
            found=sources.all_of(clauses, driver, words=compared),
            limit=SQL("LIMIT {}").format(Literal(every)),
        ),
    )


async def counts(tx: Tx) -> dict[Status, int]:
    """How many issues of this transaction's projects stand in each status, from the counters."""
    rows = await tx.fetch(_Q["search_counts"], projects=projects(tx))
    return {Status(row["status"]): row["total"] for row in rows}


async def place(tx: Tx, of: Selection, issue: int) -> str | None:
    """The cursor right before an issue among all, the newest first; None if it is not one of them."""
    rows = await tx.fetch(_Q["search_place"], projects=list(of.projects), issue=issue)
    bounds = {row["project"]: row["number"] for row in rows if row["number"] is not None}
    return pack(of.tag, bounds) if bounds else None


async def visible(tx: Tx, ids: Sequence[int]) -> list[int]:
    """Those of some issues that the person may see and that are not in the trash, in the same order."""
    rows = await tx.fetch(_Q["search_visible"], ids=list(ids), user=tx.user.id, admin=tx.user.admin)
    return [row["id"] for row in rows]


async def vocabulary(tx: Tx) -> dict[str, dict[str, str]]:
    """Names to complete a query with: people, labels, sprints and projects, each with a description. They are
    the last that is read.
    """
    known: dict[str, dict[str, str]] = {}
    for row in await tx.last(_Q["search_vocabulary"], projects=projects(tx)):
        known.setdefault(row["kind"], {})[row["name"]] = row["description"]
    return known
