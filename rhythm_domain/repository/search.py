"""Search over any number of issues: pages of ids in any order, and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from psycopg.sql import SQL, Literal

from rhythm_domain import queries
from rhythm_domain.cursors import pack, unpack
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from rhythm_domain.query import SortKey
from rhythm_domain.repository import newest, sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.orders import Stretch, bounds_at, place_at, stretches
from rhythm_domain.repository.selection import Selection, projects
from rhythm_domain.repository.sources import Driver, Reading
from rhythm_domain.repository.starting import Start, rare, start
from rhythm_domain.repository.statements import fetch, scope
from rhythm_domain.transaction import Tx

_Q = queries.load("search")

SOME, MOST = 3, 40_000
"""How many of the first issues of an order must fit the words, for it to be read on beside what the index
finds; and how far that is read at most."""

CANDIDATES = 200
"""The newest matches that are ordered by relevance."""


@dataclass(frozen=True, slots=True)
class Found:
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
    found = await newest.newest(tx, of, bounds, reading, limit + 1)
    more, found = len(found) > limit, found[:limit]
    ids = tuple(place.id for place in found)
    last = {place.project: place.number for place in found}
    if not reading.back:
        return ids, bounds, bounds | last, more
    step = 1 if of.sort.descending else -1
    first = {project: number + step for project, number in last.items()}
    return ids[::-1], bounds | first, bounds, more


async def _relevant(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By how well the words fit the newest matches. A place is an issue: 0, its score and id."""
    found = await newest.newest(tx, of, {}, Reading(descending=True), CANDIDATES)
    text = SQL(
        "SELECT c.id, c.value FROM {} CROSS JOIN LATERAL ({}) c ORDER BY c.value {way}, c.id {way}"
    ).format(scope(of), sources.scores(), way=reading.way)
    scored = await fetch(
        tx,
        of,
        Named.of("search_scores", text),
        projects=list({place.project for place in found[:CANDIDATES]}),
        ids=[place.id for place in found[:CANDIDATES]],
    )
    rows = [(0, row["value"], row["id"]) for row in scored]
    if at is not None:
        rows = [row for row in rows if (row < at if reading.falls else row > at)]
    return _cut(rows, reading, limit)


async def _ordered(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By any other key, one stretch after the other. A place is an issue: its stretch, value and id."""
    order = stretches(of.sort)
    index, value, id_ = at or (len(order) - 1 if reading.back else 0, None, 0)
    begin = None if of.words or len(of.clauses) > 1 else await rare(tx, of)
    if begin == Start() and of.alone is None and any(not clause.own for clause in of.clauses):
        begin = None  # No index serves both: the first of all are sooner found than those of each project.
    wholly = {clause.closed for clause in of.clauses if clause.closed is not None}
    places = [
        place
        for place in (range(index, -1, -1) if reading.back else range(index, len(order)))
        if not wholly - {order[place].closed} or order[place].closed is None
    ]
    rows: list[tuple[int, Any, int]] = []
    for number, place in enumerate(places):
        stretch, wanted = order[place], limit + 1 - len(rows)
        behind = (value, id_) if at and place == index else None
        walked: _Walked | None = None
        if begin is None:
            sizes: list[int | None] = [sources.WINDOW, 20 * sources.WINDOW]
            walked = await _walk(tx, of, stretch, reading, wanted, behind, sizes=sizes)
            if walked.unfinished:
                walk = wanted * walked.read / max(len(walked.found), newest.NONE)
                begin = await start(tx, of, walk=walk)
                if begin.lookup and len(walked.found) >= SOME:
                    sizes = [int(min(3 * walk, MOST))]
                    walked = await _walk(tx, of, stretch, reading, wanted, behind, sizes=sizes, met=begin)
        elif begin == Start():
            walked = await _whole(tx, of, stretch, reading, wanted, behind)
        if walked is not None and walked.unfinished and begin == Start():
            walked = await _whole(tx, of, stretch, reading, wanted, behind)
        if walked is None or walked.unfinished:
            rows += await _rest(tx, of, begin or Start(), places[number:], reading, wanted, behind)
            break
        rows += [(place, *each) for each in walked.found[:wanted]]
        if len(rows) > limit:
            break
    return _cut(rows, reading, limit)


def _cut(rows: list[tuple[int, Any, int]], reading: Reading, limit: int) -> _Part:
    more, rows = len(rows) > limit, rows[:limit]
    if reading.back:
        rows.reverse()
    ids = tuple(id_ for _, _, id_ in rows)
    return ids, rows[0] if rows else None, rows[-1] if rows else None, more


@dataclass(frozen=True, slots=True)
class _Walked:
    """The first values and ids of a stretch, if that is not `unfinished`, and how many issues were read."""

    found: list[tuple[Any, int]]
    unfinished: bool
    read: int


async def _walk(
    tx: Tx,
    of: Selection,
    stretch: Stretch,
    reading: Reading,
    limit: int,
    at: tuple[Any, int] | None,
    *,
    sizes: Sequence[int | None],
    met: Start | None = None,
) -> _Walked:
    """What stands among the first few issues of a stretch, or a few more; unfinished where going further
    would hardly find enough. `met` is how to look up the words, rather than to compare each issue's.
    """
    found: list[tuple[Any, int]] = []
    for size in sizes:
        text = _walking(
            of.clauses,
            stretch,
            reading,
            of.alone,
            len(of.projects),
            of.words is not None,
            at is not None,
            limit,
            size,
            None if met is None else sources.matches(exactly=met.exactly),
        )
        value, id_ = at or (None, 0)
        lookup = None if met is None else met.lookup
        rows = await fetch(tx, of, text, lookup=lookup, value=value, id=id_)
        found = [(row["value"], row["id"]) for row in rows if row["found"]]
        found.sort(reverse=reading.falls)
        if len(found) == len(rows):
            return _Walked(found, unfinished=False, read=size or 0)
        if 8 * len(found) < limit:
            break
    return _Walked(found, unfinished=True, read=size or 0)


@lru_cache(maxsize=512)
def _walking(
    clauses: tuple[Clause, ...],
    stretch: Stretch,
    reading: Reading,
    alone: int | None,
    projects: int,
    words: bool,
    resumed: bool,
    limit: int,
    width: int | None,
    found: Driver | None,
) -> Named:
    return Named.of(
        "search_walked",
        sources.first_in_order(
            clauses,
            stretch,
            reading,
            alone=alone,
            projects=projects,
            words=words,
            resumed=resumed,
            limit=limit,
            width=width,
            found=found,
        ),
    )


async def _whole(
    tx: Tx, of: Selection, stretch: Stretch, reading: Reading, limit: int, at: tuple[Any, int] | None
) -> _Walked:
    """The first values and ids of a stretch, by its index alone."""
    if of.words is not None:
        # Left to itself, the planner would start from one of the conditions, and sort.
        return await _walk(tx, of, stretch, reading, limit, at, sizes=[None])
    text = _by_index(of.clauses, stretch, reading, of.alone, at is not None, limit)
    value, id_ = at or (None, 0)
    rows = await fetch(tx, of, text, value=value, id=id_)
    ordered = sorted(((row["value"], row["id"]) for row in rows), reverse=reading.falls)
    return _Walked(ordered, unfinished=False, read=0)


@lru_cache(maxsize=512)
def _by_index(
    clauses: tuple[Clause, ...],
    stretch: Stretch,
    reading: Reading,
    alone: int | None,
    resumed: bool,
    limit: int,
) -> Named:
    text = SQL(
        "SELECT c.id, c.value FROM {scope} CROSS JOIN LATERAL ({found}) c"
        " ORDER BY c.value {way}, c.id {way} LIMIT {limit}"
    ).format(
        scope=sources.scope(alone, words=False, descending=True),
        found=sources.in_order(clauses, stretch, reading, resumed=resumed, limit=limit),
        way=reading.way,
        limit=Literal(limit),
    )
    return Named.of("search_ordered", text)


async def _rest(
    tx: Tx,
    of: Selection,
    begin: Start,
    places: Sequence[int],
    reading: Reading,
    limit: int,
    at: tuple[Any, int] | None,
) -> list[tuple[int, Any, int]]:
    """The first issues in some stretches, of all that what is started from leads to."""
    driver = sources.matches(exactly=begin.exactly) if begin.lookup else begin.driver
    if driver is None:
        raise ValueError("nothing to start from")
    order = stretches(of.sort)
    query = _driven(
        of.clauses,
        driver,
        tuple((place, order[place]) for place in places),
        reading,
        of.alone,
        of.words is not None and not begin.lookup,
        at is not None,
        limit,
    )
    value, id_ = at or (None, 0)
    found: dict[int, list[tuple[int, Any, int]]] = {place: [] for place in places}
    for row in await fetch(tx, of, query, lookup=begin.lookup, value=value, id=id_):
        place = row["place"]
        found[place].append((place, order[place].type.read(row["value"]), row["id"]))
    rows = [row for each in found.values() for row in sorted(each, reverse=reading.falls)]
    return rows[:limit]


@lru_cache(maxsize=512)
def _driven(
    clauses: tuple[Clause, ...],
    driver: Driver,
    places: tuple[tuple[int, Stretch], ...],
    reading: Reading,
    alone: int | None,
    words: bool,
    resumed: bool,
    limit: int,
) -> Named:
    return Named.of(
        "search_ordered",
        sources.ordered(
            clauses, driver, places, reading, alone=alone, words=words, resumed=resumed, limit=limit
        ),
    )


async def among(tx: Tx, of: Selection, ids: Sequence[int]) -> frozenset[int]:
    """Which of some issues are found: each is looked up and compared, however many others there are."""
    if not of.projects or not ids:
        return frozenset()
    text = sources.among(of.clauses, alone=of.alone, words=of.words is not None)
    return frozenset(row["id"] for row in await fetch(tx, of, Named.of("search_among", text), ids=ids))


# Totals ------------------------------------------------------------------------------------------------


async def count(tx: Tx, of: Selection, *, most: int | None = None) -> int:
    """How many issues are found; counting stops at `most`."""
    if not of.projects:
        return 0
    every = 2**31 - 1 if most is None else most
    begin = await start(tx, of, few=every)
    found = sources.all_of(
        of.clauses,
        sources.matches(exactly=begin.exactly) if begin.lookup else begin.driver,
        words=of.words is not None and not begin.lookup,
    )
    limit = SQL("LIMIT {}").format(Literal(every))
    text = SQL(
        "SELECT count(*) AS total FROM"
        " (SELECT FROM {scope} CROSS JOIN LATERAL (SELECT FROM ({found}) c {limit}) c {limit}) c"
    ).format(scope=scope(of), found=found, limit=limit)
    (row,) = await fetch(tx, of, Named.of("search_total", text), lookup=begin.lookup)
    return int(row["total"])


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
    """Names to complete a query with: people, labels, sprints and projects, each with a description."""
    known: dict[str, dict[str, str]] = {}
    for row in await tx.fetch(_Q["search_vocabulary"], projects=projects(tx)):
        known.setdefault(row["kind"], {})[row["name"]] = row["description"]
    return known
