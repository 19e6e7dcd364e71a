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
from rhythm_domain.repository.starting import Start, start
from rhythm_domain.repository.statements import fetch, scope
from rhythm_domain.transaction import Tx

PROMISING = 12
"""How many times as much may have to be read as was read, for reading on to be tried first."""


NONE = 0.1
"""What none found stands for, when it is reckoned how far one would have to read on."""


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

    A window of each project is read, and wider ones while enough would soon be found at this rate; only then
    it is asked what else to start from.
    """
    merge = _Merge(tx, of, bounds, reading, limit)
    words = of.words is not None
    begin: Start | None = None
    width, read = merge.share(sources.WINDOW), 0
    while merge.ahead:
        if begin is None or begin == Start():
            read += width * len(merge.ahead)
            rows = sources.window(of.clauses, reading, words=words, limit=limit, width=width)
            await merge.read("search_window", rows)
            if begin is None:
                walk = limit * read / max(len(merge.found), NONE)
                promising = walk <= PROMISING * read and (len(of.projects) > 1 or not of.looked_up)
                begin = None if promising else await start(tx, of, walk=walk, lazily=True)
            width = max(min(4 * width, 8 * sources.WINDOW), merge.share(sources.WINDOW))
        elif begin.driver is not None:
            rows = sources.by_number(of.clauses, begin.driver, reading, words=words, limit=limit)
            await merge.read("search_newest", rows)
        else:
            segments = max(sources.SEGMENTS // len(merge.ahead), 1)
            rows = sources.segments(of.clauses, reading, limit=limit, width=segments)
            await merge.read("search_words", rows, lookup=begin.lookup)
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

    def share(self, size: int) -> int:
        """How many issues of each project that is ahead make a window of a size."""
        return max(size // max(len(self.ahead), 1), sources.SMALLEST_WINDOW)

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
