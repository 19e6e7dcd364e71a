"""Search over any number of issues: pages of ids in any order, and totals.

What to start from is decided for each project by a bounded count: from a condition that at most `SELECTIVE`
issues fulfil, else from the words, else from the order of the list with everything else as a filter. Starting
from a frequent condition would sort all it finds; filtering for a rare one would read the whole project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg.sql import SQL, Composable, Composed, Literal

from rhythm_domain import queries
from rhythm_domain.cursors import pack, unpack
from rhythm_domain.database import Row
from rhythm_domain.models import Status
from rhythm_domain.queries import Named
from rhythm_domain.query import SortKey
from rhythm_domain.repository import sources
from rhythm_domain.repository.orders import Stretch, bounds_at, place_at, stretches
from rhythm_domain.repository.selection import Selection, projects
from rhythm_domain.repository.sources import Reading
from rhythm_domain.transaction import Tx

_Q = queries.load("search")

SELECTIVE = 2000
"""Issues of a project from which on a condition is not worth starting from."""

CANDIDATES = 500
"""The newest matches that are ordered by relevance."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of a list: ids in order, and the places before and behind them that one can go on from."""

    ids: tuple[int, ...]
    previous: str | None
    next: str | None


# Where to start from -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Start:
    """Some projects, and what to start from in them: a driver, or None for the order of the list.

    `words` says whether the words are still to be filtered for.
    """

    projects: tuple[int, ...]
    driver: Composable | None
    words: bool


async def starts(tx: Tx, of: Selection, *, words: bool) -> list[Start]:
    """What to start from, each project in one of them; `words` says whether the words are worth a try."""
    drivers = [(each.driver, of.words is not None) for each in of.clauses if each.driver is not None]
    if words and of.looked_up:
        drivers.append((sources.matches(), False))
    if not drivers:
        return [Start(of.projects, None, of.words is not None)] if of.projects else []
    counts = SQL(", ").join(
        SQL("(SELECT count(*) FROM (SELECT FROM ({}) d LIMIT {}) d)").format(driver, Literal(SELECTIVE + 1))
        for driver, _ in drivers
    )
    text = SQL("SELECT p.id, ARRAY[{}] AS counts FROM {}").format(counts, scope(of))
    rows = await fetch(tx, of, "search_probe", text)
    groups: dict[int, list[int]] = {}
    for row in rows:
        count, best = min((count, at) for at, count in enumerate(row["counts"]))
        groups.setdefault(best if count <= SELECTIVE else len(drivers), []).append(row["id"])
    choices = [*drivers, (None, of.words is not None)]
    return [Start(tuple(ids), *choices[best]) for best, ids in groups.items()]


def scope(of: Selection, *, descending: bool = True) -> Composable:
    return sources.scope(across=of.across, words=of.words is not None, descending=descending)


async def fetch(
    tx: Tx,
    of: Selection,
    name: str,
    text: Composed,
    start: Start | None = None,
    *,
    bounds: Mapping[int, int] | None = None,
    value: object = None,
    id: int = 0,
) -> list[Row]:
    at = bounds or {}
    return await tx.fetch(
        Named(name, text),
        projects=list(of.projects if start is None else start.projects),
        user=of.user,
        at_projects=list(at),
        at_numbers=list(at.values()),
        words=of.words and of.words.template,
        lookup=of.words and of.words.lookup,
        value=value,
        id=id,
    )


# Pages -------------------------------------------------------------------------------------------------


async def page(tx: Tx, of: Selection, *, cursor: str | None = None, back: bool = False, limit: int) -> Found:
    """At most `limit` ids behind a cursor, or with `back` before it; without one from the start, or the end.

    Raises `Invalid` for a cursor of another query.
    """
    at = None if cursor is None else _position(cursor, of)
    read = _newest if of.sort.key is SortKey.CREATED else _ordered
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
    """By number in each project, the projects merged by the time of creation.

    A place in the list is the last number before it in each project that had one, so that projects are read
    on by number, as their words are looked up, even where an import gave old issues high numbers. Such an
    issue counts as no newer than those before it in its project.
    """
    bounds: dict[int, int] = at or {}
    if reading.back and at is None:  # From the end: every project has all its issues before it.
        bounds = dict.fromkeys(of.projects, sources.beyond_all(descending=not of.sort.descending))
    found: list[_Place] = []
    for start in await starts(tx, of, words=False):
        read = _by_words if start.driver is None and of.looked_up else _by_number
        found += await read(tx, of, start, bounds, reading, limit + 1)
    found.sort(reverse=reading.falls)
    more, found = len(found) > limit, found[:limit]
    ids = tuple(place.id for place in found)
    last = {place.project: place.number for place in found}
    if not reading.back:
        return ids, bounds, bounds | last, more
    step = 1 if of.sort.descending else -1
    first = {project: number + step for project, number in last.items()}
    return ids[::-1], bounds | first, bounds, more


class _Place(NamedTuple):
    """An issue among several projects. `moment` never runs back within a project, as one reads it."""

    moment: datetime
    project: int
    number: int
    id: int


async def _by_number(
    tx: Tx, of: Selection, start: Start, bounds: Mapping[int, int], reading: Reading, limit: int
) -> list[_Place]:
    """The first `limit` issues behind the bounds."""
    text = SQL(
        "SELECT c.* FROM {scope} CROSS JOIN LATERAL ("
        "SELECT {bound}(i.created_at) OVER (ORDER BY f.number {way}) AS moment,"
        " p.id AS project, f.number, f.id FROM ({found}) f JOIN issues i ON i.id = f.id) c"
        " ORDER BY c.moment {way}, c.project {way}, c.number {way} LIMIT {limit}"
    ).format(
        scope=scope(of, descending=reading.descending),
        bound=SQL("min" if reading.falls else "max"),
        way=reading.way,
        found=sources.by_number(of.clauses, start.driver, reading, words=start.words, limit=limit),
        limit=Literal(limit),
    )
    return [_Place(**row) for row in await fetch(tx, of, "search_newest", text, start, bounds=bounds)]


async def _by_words(
    tx: Tx, of: Selection, start: Start, bounds: Mapping[int, int], reading: Reading, limit: int
) -> list[_Place]:
    """The same for words that the index can be asked for, and a few more.

    Each project is read on only while what it has not read yet could stand before the last of `limit` found:
    first a share of a window, then a larger share, where few projects are left or enough would be found at
    this rate, then segments.
    """
    reached = dict(bounds)
    moments: dict[int, datetime] = {}
    found: list[_Place] = []
    ahead = list(start.projects)
    share = 0
    while ahead:
        size = 10 * sources.WINDOW if 10 * len(found) >= limit else sources.WINDOW
        wider = min(max(size // len(ahead), sources.SMALLEST_WINDOW), sources.WINDOW)
        if wider > 2 * share:
            share = wider
            rows = sources.window(of.clauses, reading, limit=limit, width=share)
        else:
            width = max(sources.SEGMENTS // len(ahead), 1)
            rows = sources.segments(of.clauses, reading, limit=limit, width=width)
        text = SQL(
            "SELECT i.created_at AS moment, p.id AS project, f.number, f.id, f.found"
            " FROM {scope} CROSS JOIN LATERAL ({rows}) f"
            " CROSS JOIN LATERAL (SELECT created_at FROM issues WHERE id = f.id OFFSET 0) i"
        ).format(scope=scope(of, descending=reading.descending), rows=rows)
        unread: list[_Place] = []
        read = await fetch(
            tx, of, "search_words", text, replace(start, projects=tuple(ahead)), bounds=reached
        )
        for row in sorted(read, key=itemgetter("number"), reverse=reading.falls):
            project, moment = row["project"], row["moment"]
            first = min if reading.falls else max
            moments[project] = moment = first(moment, moments.get(project, moment))
            place = _Place(moment, project, row["number"], row["id"])
            (found if row["found"] else unread).append(place)
        found.sort(reverse=reading.falls)
        if len(found) >= limit:
            last = found[limit - 1]
            unread = [place for place in unread if (place > last) is reading.falls]
        ahead = [place.project for place in unread]
        reached |= {place.project: place.number + reading.inclusive for place in unread}
    return found


async def _ordered(tx: Tx, of: Selection, at: Any, reading: Reading, limit: int) -> _Part:
    """By any other key, one stretch after the other. A place is an issue: its stretch, value and id."""
    by_relevance = of.sort.key is SortKey.RELEVANCE
    begin: list[Start] | None = None
    order = stretches(of.sort, sources.SCORE)
    index, value, id_ = at or (len(order) - 1 if reading.back else 0, None, 0)
    rows: list[tuple[int, Any, int]] = []
    for place in range(index, -1, -1) if reading.back else range(index, len(order)):
        wanted = limit + 1 - len(rows)
        reading = replace(reading, descending=order[place].descending)
        behind = (value, id_) if at and place == index else None
        found = None
        if of.looked_up and not by_relevance:
            found = await _walked(tx, of, order[place], reading, wanted, behind)
        if found is None:
            if begin is None:
                begin = await starts(tx, of, words=not by_relevance)
            if by_relevance:
                begin = [start if start.driver else await _candidates(tx, of, start) for start in begin]
            found = await _stretch(tx, of, begin, order[place], reading, wanted, behind)
        rows += [(place, *each) for each in found[:wanted]]
        if len(rows) > limit:
            break
    more, rows = len(rows) > limit, rows[:limit]
    if reading.back:
        rows.reverse()
    ids = tuple(id_ for _, _, id_ in rows)
    return ids, rows[0] if rows else None, rows[-1] if rows else None, more


async def _candidates(tx: Tx, of: Selection, start: Start) -> Start:
    """The newest matches of some projects."""
    newest = Reading(descending=True)
    found = (await _by_words(tx, of, start, {}, newest, CANDIDATES))[:CANDIDATES]
    driver = sources.these((place.project, place.id) for place in found)
    return Start(tuple({place.project for place in found}), driver, words=False)


async def _walked(
    tx: Tx, of: Selection, stretch: Stretch, reading: Reading, limit: int, at: tuple[Any, int] | None
) -> list[tuple[Any, int]] | None:
    """The first values and ids of a stretch, if they stand among the first few thousand issues of the order.

    Each project is read, and where that was too little read anew, as far as what it has not read could stand
    before the last of `limit` found. None where going further would hardly find enough.
    """
    found: set[tuple[Any, int]] = set()
    ahead = list(of.projects)
    last: tuple[Any, int] | None = None
    for size in (sources.WINDOW, 10 * sources.WINDOW):
        width = max(size // max(len(ahead), 1), sources.SMALLEST_WINDOW)
        text = SQL("SELECT p.id AS project, c.* FROM {scope} CROSS JOIN LATERAL ({rows}) c").format(
            scope=scope(of),
            rows=sources.first_in_order(
                of.clauses, stretch, reading, resumed=at is not None, limit=limit, width=width
            ),
        )
        value, id_ = at or (None, 0)
        rows = await fetch(
            tx, of, "search_walked", text, Start(tuple(ahead), None, words=True), value=value, id=id_
        )
        found |= {(row["value"], row["id"]) for row in rows if row["found"]}
        if len(found) >= limit:
            last = sorted(found, reverse=reading.falls)[limit - 1]
        ahead = sorted(
            {
                row["project"]
                for row in rows
                if not row["found"] and (last is None or ((row["value"], row["id"]) > last) is reading.falls)
            }
        )
        if not ahead:
            return sorted(found, reverse=reading.falls)
        if 10 * len(found) < limit:
            break
    return None


async def _stretch(
    tx: Tx,
    of: Selection,
    begin: Sequence[Start],
    stretch: Stretch,
    reading: Reading,
    limit: int,
    at: tuple[Any, int] | None,
) -> list[tuple[Any, int]]:
    """The first values and ids of a stretch."""
    rows: list[Row] = []
    for start in begin:
        found = sources.in_order(
            of.clauses,
            start.driver,
            stretch,
            reading,
            words=start.words,
            resumed=at is not None,
            limit=limit,
        )
        text = SQL(
            "SELECT c.id, c.value FROM {scope} CROSS JOIN LATERAL ({found}) c"
            " ORDER BY c.value {way}, c.id {way} LIMIT {limit}"
        ).format(scope=scope(of), found=found, way=reading.way, limit=Literal(limit))
        value, id_ = at or (None, 0)
        rows += await fetch(tx, of, "search_ordered", text, start, value=value, id=id_)
    return sorted(((row["value"], row["id"]) for row in rows), reverse=reading.falls)


# Totals ------------------------------------------------------------------------------------------------


async def count(tx: Tx, of: Selection, *, most: int | None = None) -> int:
    """How many issues are found; counting stops at `most`."""
    total = 0
    limit = SQL("") if most is None else SQL("LIMIT {}").format(Literal(most))
    for start in await starts(tx, of, words=False):
        found = sources.all_of(of.clauses, start.driver, looked_up=of.looked_up, words=start.words)
        text = SQL(
            "SELECT count(*) AS total FROM"
            " (SELECT FROM {scope} CROSS JOIN LATERAL (SELECT FROM ({found}) c {limit}) c {limit}) c"
        ).format(scope=scope(of), found=found, limit=limit)
        (row,) = await fetch(tx, of, "search_total", text, start)
        total += row["total"]
    return total if most is None else min(total, most)


async def counts(tx: Tx) -> dict[Status, int]:
    """How many issues of this transaction's projects stand in each status, from the counters."""
    rows = await tx.fetch(_Q["search_counts"], projects=await projects(tx))
    return {Status(row["status"]): row["total"] for row in rows}


async def visible(tx: Tx, ids: Sequence[int]) -> list[int]:
    """Those of some issues that the person may see and that are not in the trash, in the same order."""
    rows = await tx.fetch(_Q["search_visible"], ids=list(ids), user=tx.user.id, admin=tx.user.admin)
    return [row["id"] for row in rows]


async def vocabulary(tx: Tx) -> dict[str, dict[str, str]]:
    """Names to complete a query with: people, labels, sprints and projects, each with a description."""
    known: dict[str, dict[str, str]] = {}
    for row in await tx.fetch(_Q["search_vocabulary"], projects=await projects(tx)):
        known.setdefault(row["kind"], {})[row["name"]] = row["description"]
    return known
