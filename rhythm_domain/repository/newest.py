"""Issues by number in each project, the projects merged by the time of creation.

Projects are read on by number, as their words are looked up, even where an import gave old issues high
numbers. Such an issue counts as no newer than those before it in its project.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.repository import sources
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.sources import Reading
from rhythm_domain.repository.starting import start
from rhythm_domain.repository.statements import fetch, scope
from rhythm_domain.transaction import Tx


class Place(NamedTuple):
    """An issue among several projects. `moment` never runs back within a project, as one reads it, and is
    left out where there is only one."""

    moment: datetime | None
    project: int
    number: int
    id: int


async def newest(
    tx: Tx, of: Selection, bounds: Mapping[int, int], reading: Reading, limit: int
) -> list[Place]:
    """The first `limit` issues behind the bounds, and perhaps more.

    A window of each project is read, and where few are left, or enough would be found at this rate, a wider
    one; only then it is asked what else to start from.
    """
    merge = _Merge(tx, of, bounds, reading, limit)
    words = of.words is not None
    width = read = 0
    while merge.ahead and (wider := merge.width) > 2 * width:
        width = wider
        read += width * len(merge.ahead)
        await merge.read(
            "search_window", sources.window(of.clauses, reading, words=words, limit=limit, width=width)
        )
    if not merge.ahead:
        return merge.found
    found = max(len(merge.found), 0.5)
    begin = await start(tx, of, walk=limit * read / found, lazily=True)
    while merge.ahead:
        if begin.lookup:
            segments = max(sources.SEGMENTS // len(merge.ahead), 1)
            rows = sources.segments(of.clauses, reading, limit=limit, width=segments)
        elif begin.driver:
            rows = sources.by_number(of.clauses, begin.driver, reading, words=words, limit=limit)
        else:
            rows = sources.window(of.clauses, reading, words=words, limit=limit, width=None)
        await merge.read("search_words" if begin.lookup else "search_newest", rows, lookup=begin.lookup)
    return merge.found


_ALONE = SQL(
    "SELECT NULL::timestamptz AS moment, p.id AS project, f.number, f.id, f.found"
    " FROM {scope} CROSS JOIN LATERAL ({rows}) f"
)
_MERGED = SQL(
    "SELECT m.moment, m.project, m.number, m.id, m.found FROM (SELECT m.*, row_number() OVER"
    " (PARTITION BY m.found ORDER BY m.moment {way}, m.project {way}, m.number {way}) AS place FROM (SELECT"
    " {nearer}(p.moment, {first}(i.created_at) OVER (PARTITION BY p.id ORDER BY f.number {way})) AS moment,"
    " p.id AS project, f.number, f.id, f.found FROM {scope} CROSS JOIN LATERAL ({rows}) f"
    " CROSS JOIN LATERAL (SELECT created_at FROM issues WHERE id = f.id OFFSET 0) i) m) m"
    " WHERE NOT m.found OR m.place <= {limit}"
)


class _Merge:
    """The first issues of several projects, as far as they were read.

    A project is `ahead` while what was not read of it yet could stand before the last of `limit` found.
    """

    def __init__(
        self, tx: Tx, of: Selection, bounds: Mapping[int, int], reading: Reading, limit: int
    ) -> None:
        self._tx, self._of, self._reading, self._limit = tx, of, reading, limit
        self._reached = dict(bounds)
        self._moments: dict[int, datetime] = {}
        self.ahead = list(of.projects)
        self.found: list[Place] = []

    @property
    def width(self) -> int:
        """How many issues of each project are worth reading next."""
        promising = len(self._of.projects) > 1 and 10 * len(self.found) >= self._limit
        size = sources.WINDOW * (10 if promising else 1)
        return min(max(size // len(self.ahead), sources.SMALLEST_WINDOW), sources.WINDOW)

    async def read(self, name: str, rows: Composable, *, lookup: str | None = None) -> None:
        """Reads rows with `id`, `number` and whether they are `found`, or only where to read on."""
        reading = self._reading
        read = await fetch(
            self._tx,
            self._of,
            name,
            (_MERGED if self._of.across else _ALONE).format(
                scope=scope(self._of, descending=reading.descending),
                rows=rows,
                way=reading.way,
                first=SQL("min" if reading.falls else "max"),
                nearer=SQL("least" if reading.falls else "greatest"),
                limit=Literal(self._limit),
            ),
            projects=self.ahead,
            lookup=lookup,
            bounds={project: self._reached[project] for project in self.ahead if project in self._reached},
            moments=self._moments,
        )
        unread: list[Place] = []
        for row in read:
            place = Place(row["moment"], row["project"], row["number"], row["id"])
            (self.found if row["found"] else unread).append(place)
        self.found.sort(reverse=reading.falls)
        if len(self.found) >= self._limit:
            last = self.found[self._limit - 1]
            unread = [place for place in unread if (place > last) is reading.falls]
        self.ahead = [place.project for place in unread]
        self._moments = {place.project: place.moment for place in unread if place.moment is not None}
        self._reached |= {place.project: place.number + reading.inclusive for place in unread}
