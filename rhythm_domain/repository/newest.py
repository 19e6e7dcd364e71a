"""Issues by number in each project, the projects merged by the time of creation.

Projects are read on by number, as their words are looked up, even where an import gave old issues high
numbers. Such an issue counts as no newer than those before it in its project.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from psycopg.sql import SQL, Composable

from rhythm_domain.queries import Named, integers
from rhythm_domain.repository import conditions, numbers, sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.hints import recall, remember
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.sources import Reading
from rhythm_domain.repository.starting import Start, start
from rhythm_domain.repository.statements import Reach, fetch
from rhythm_domain.transaction import Tx

PROMISING, SOON = 4, 2
"""How many times the issues that are read at first may be read before it is asked what else to start from;
and so where words alone could be looked up instead."""

FILTERED, UNCOMPARED = 2, 4
"""How many times a window is read at first where there are conditions, and how many times that where no words
are compared."""

AMPLE = 3
"""How many times as much is read as held enough a letter ago: with each letter fewer are found, and what is
read in vain costs less than to ask once more."""

MOST = 151
"""How many of those found are listed at most, where one reads far: letters later, enough still fit."""

SCATTERED = 8
"""In such a part of a window, issues are sought again as soon as they are compared."""

SURE = 8
"""Found so many, one knows how far one has to read on."""

MANY = 100
"""Where more than so many issues are wanted, twice as many are read at first: one window rarely has them."""

_PAGE = 500
"""Issues up to which it is alike how they are sought."""

_SOUGHT, _REACH = "sought", "reach"
"""What is remembered for a while: how issues were sought, as the next page has more of them, and each key
that is typed asks for a part of what was found before; and of projects, how far their newest issues go back.
"""

NONE = 0.5
"""What none found stands for, when it is reckoned how far one would have to read on."""


class _Far(Enum):
    """How far projects are read: by so many issues, to a known reach, or to their ends."""

    SOME, KNOWN, ALL = range(3)


class _Sought(NamedTuple):
    """How issues were sought: how many one has to read on for each that is found, and what else to start from
    was chosen where that is far.
    """

    each: float
    begin: Start | None


class Place(NamedTuple):
    """An issue among several projects, which is `found` or only where to read on. `moment` never runs back
    within a project, as one reads it, and is left out where there is only one.
    """

    moment: datetime | None
    project: int
    number: int
    found: bool
    id: int


def scattered(found: Sequence[Place]) -> bool:
    """Whether one had to read so far for some issues that to compare them again costs less."""
    return SCATTERED * _span(found)[0] > sources.WINDOW


async def newest(
    tx: Tx,
    of: Selection,
    bounds: Mapping[int, int],
    reading: Reading,
    limit: int,
    *,
    rarer: float = 1,
    among: Sequence[int] | None = None,
) -> list[Place]:
    """The first `limit` issues behind the bounds, and perhaps more.

    A stretch of each project is compared, as long as it took a letter ago, and further ones while enough
    would soon be found at this rate; only then it is asked what else to start from. Words alone are looked up
    at once. `rarer` says how many times as many there were of what was sought by a letter less. All may be
    known to be `among` some issues.
    """
    if of.among is not None and among == of.among:
        # That is what they were found by: it would make a statement for each number that is looked for.
        asked = conditions.issues(of.among)
        of = of._replace(clauses=tuple(clause for clause in of.clauses if clause != asked))
    merge = _Merge(tx, of, bounds, reading, limit)
    if among is not None:
        await merge.read(Start(sources.AMONG), numbers.EVERYTHING, ids=among)
        return merge.found
    alone = not of.clauses and not of.across and of.words is not None and of.words.prefix is None
    if alone and of.words is not None and of.words.lookup is not None:
        lookup = Start(lookup=of.words.lookup, exactly=of.words.exact)
        await merge.read(lookup, sources.WINDOW, compare=True)
        return merge.found
    some = sources.WINDOW * (FILTERED if of.clauses else 1) * (2 if limit > MANY else 1)
    rows = some if of.words is not None else some * UNCOMPARED
    if of.words is None and not of.clauses:
        # All that is read is found; of several, projects are read about as far as all are.
        rows = UNCOMPARED * limit if of.across else numbers.EVERYTHING
    promising = PROMISING if of.clauses or not of.looked_up else SOON
    begin: Start | None = None
    read = 0
    reach = None
    each, known = _known(tx, of, reading, rarer) if limit <= _PAGE else (0.0, None)
    walk = limit * each
    if known is not None or walk > promising * some:
        begin = _as_before(of, known) or await start(tx, of, walk=walk, wanted=limit, lazily=True)
        _learn(tx, of, reading, limit, _Sought(each, begin))
        rows = _further(of, begin, walk, rows, 0)
    else:
        if walk and (of.clauses or of.words is not None):
            rows = _enough(walk, promising * some)
        if of.across and reading.falls and not bounds:
            reach = await _reach(tx, of, reading, rows)
    while merge.ahead:
        await merge.read(begin or Start(), rows, reach=reach)
        reach = None
        read += rows
        wanted = max(limit - len(merge.found), 1)
        each = _apart(merge.found[:limit]) if len(merge.found) >= limit else 0
        each = each or read / max(len(merge.found), NONE)
        walk = wanted * each
        if begin is None:
            if merge.ahead and walk > promising * some:
                begin = await start(tx, of, walk=walk, wanted=wanted, lazily=True)
            _learn(tx, of, reading, limit, _Sought(each, begin))
        rows = _further(of, begin, walk, rows, len(merge.found))
    return merge.complete


def _enough(walk: float, most: int) -> int:
    """How many rows to read at first, where so many would have held it all a letter ago."""
    # Of few different lengths: it is remembered how far back each of them goes.
    enough = sources.WINDOW
    while enough < AMPLE * walk and enough < most:
        enough *= 2
    return enough


def _apart(found: Sequence[Place]) -> float:
    """How many issues lie from one found to the next of the same project; 0: too few were to say that."""
    span, projects = _span(found)
    return span / (len(found) - projects) if len(found) - projects >= SURE else 0


def _span(found: Sequence[Place]) -> tuple[int, int]:
    """How many issues lie between the first and the last found of each project, and how many projects."""
    ends: dict[int, tuple[int, int]] = {}
    for place in found:
        first, _ = ends.get(place.project, (place.number, 0))
        ends[place.project] = first, place.number
    return sum(abs(first - last) for first, last in ends.values()), len(ends)


def _further(of: Selection, begin: Start | None, walk: float, rows: int, found: int) -> int:
    """How many rows to read next, by what is known."""
    # What an index finds is read no further than it must, of one project or where a part of each will do.
    # Conditions may be rare everywhere, and so may be what fits among all that is found: then each project is
    # read to where all are.
    if begin is not None and (begin.lookup is not None or begin.faceted):
        partly = of.across and (bool(of.clauses) or not begin.exactly)
        if begin.rare or not partly:
            return numbers.EVERYTHING
        # To ask once more costs as much as what is found among many more.
        return int(min(max(3 * walk, 4 * rows), numbers.EVERYTHING))
    further = 1.5 * walk if found > SURE else max(2 * walk, 4 * rows)
    # One project is read no further than it must, several as far as was said.
    return int(min(max(further, sources.WINDOW), (8 if of.across else 16) * rows))


async def _reach(tx: Tx, of: Selection, reading: Reading, rows: int) -> Reach:
    """To where the newest so many issues of all projects are read: what is newer by a moment is read, too."""
    key = _REACH, of.projects, rows, reading
    known: Reach | None = recall(tx, key)
    if known is None:
        found = await fetch(tx, of, _reached(reading), rows=rows)
        known = Reach(
            integers(row["id"] for row in found),
            integers(row["reach"] for row in found),
            _array(row["mark"] for row in found),
            _array(row["marked_at"] and f'"{row["marked_at"].isoformat()}"' for row in found),
        )
        if len(found) == len(of.projects):  # Else one was left meanwhile: others may be in it still.
            remember(tx, key, known)
    return known


def _array(values: Iterable[object]) -> str:
    return f"{{{','.join('NULL' if value is None else str(value) for value in values)}}}"


@lru_cache(maxsize=16)
def _reached(reading: Reading) -> Named:
    return Named.of("search_reach", numbers.reached(reading), lasts=True)


def _as_before(of: Selection, begin: Start | None) -> Start | None:
    """The words looked up, if they were without the last letter: with it, they are in fewer issues."""
    if begin is None or of.words is None or not (begin.exactly and of.words.exact and of.words.typing):
        return None
    if " " in of.typed[-2:]:  # A word's first letter is in many.
        return None
    return begin._replace(lookup=of.words.narrowest)


def _key(of: Selection, typed: str, reading: Reading) -> tuple[object, ...]:
    """By what it is remembered how words were sought that stand so in the query."""
    return _SOUGHT, of.projects, of.clauses, typed, reading


def _learn(tx: Tx, of: Selection, reading: Reading, limit: int, sought: _Sought) -> None:
    if limit <= _PAGE:
        remember(tx, _key(of, of.typed, reading), sought)


def pass_on(tx: Tx, of: Selection, reading: Reading, *, rarer: float) -> None:
    """Keeps how words were sought for the next letter, where enough of them was known without seeking."""
    each, begin = _known(tx, of, reading, rarer)
    if each:
        remember(tx, _key(of, of.typed, reading), _Sought(each, begin))


def _known(tx: Tx, of: Selection, reading: Reading, rarer: float) -> tuple[float, Start | None]:
    """How the same words were sought a moment ago, or they without the last letter: with it, one has to read
    further.
    """
    typed = of.typed[:-1].rstrip()
    for text, further in ((of.typed, 1.0), (typed, rarer)):
        known: _Sought | None = recall(tx, _key(of, text, reading))
        if known is not None:
            return known.each * further, known.begin
    return 0, None


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
        self._ends: list[Place] = []
        """Behind each of them there may be others that were not read."""
        self.ahead = list(of.projects)
        self.found: list[Place] = []

    @property
    def complete(self) -> list[Place]:
        """What was found, as far as nothing is missing in between: when none is `ahead`, `limit` or more."""
        if not self._ends:
            return self.found
        falls = self._reading.falls
        end = max(self._ends) if falls else min(self._ends)
        return [place for place in self.found if place == end or (place > end) is falls]

    async def read(
        self,
        begin: Start,
        rows: int,
        *,
        compare: bool = False,
        reach: Reach | None = None,
        ids: Sequence[int] = (),
    ) -> None:
        """Reads on from the last place in each project, by about so many rows in all, or to a known `reach`;
        with a driver to the end, and so where what is looked up is to be the rest of what is compared.
        """
        of, reading = self._of, self._reading
        most = max(self._limit, MOST if rows > sources.WINDOW else 0)
        # The words themselves are parameters: all that are looked up in the same way have one statement.
        alike = begin if begin.lookup is None else begin._replace(lookup="", rare=False)
        read = await fetch(
            self._tx,
            of,
            _statement(
                of.clauses,
                alike,
                reading,
                of.words is not None,
                of.alone,
                compare,
                _Far.KNOWN if reach is not None else _Far.ALL if rows >= numbers.EVERYTHING else _Far.SOME,
            ),
            projects=self.ahead,
            lookup=begin.lookup,
            bounds={project: self._reached[project] for project in self.ahead if project in self._reached},
            moments=self._moments,
            ids=ids,
            rows=rows,
            wanted=self._limit,
            most=most,
            reach=reach,
            named=False,
        )
        places = sorted(map(Place._make, read), reverse=reading.falls)
        found = [place for place in places if place.found]
        unread = [place for place in places if not place.found]
        self.found = sorted((*self.found, *found), reverse=reading.falls)
        if len(found) >= (most if begin.driver is None else self._limit):
            self._ends.append(found[-1])
        counts = Counter(place.project for place in found)
        last_of_each = {place.project: place for place in found}
        self._ends += (last_of_each[project] for project, count in counts.items() if count >= self._limit)
        if len(self.found) >= self._limit:
            last = self.found[self._limit - 1]
            self._ends += (place for place in unread if (place > last) is not reading.falls)
            unread = [place for place in unread if (place > last) is reading.falls]
        self.ahead = [place.project for place in unread]
        self._moments = {place.project: place.moment for place in unread if place.moment is not None}
        self._reached |= {place.project: place.number + reading.inclusive for place in unread}


_ALONE = SQL(
    "SELECT NULL::timestamptz AS moment, p.id AS project, f.number, f.found, f.id"
    " FROM {scope} CROSS JOIN LATERAL ({rows}) f"
)
# Where an index lacks an issue, as after damage, the list shows it all the same.
_MERGED = SQL(
    "SELECT m.moment, m.project, m.number, m.found, m.id FROM (SELECT m.*, count(*) FILTER (WHERE m.found)"
    " OVER (ORDER BY m.moment {way}, m.project {way}, m.number {way} ROWS UNBOUNDED PRECEDING) AS place"
    " FROM (SELECT"
    " {nearer}(p.moment, {first}(i.created_at) OVER (PARTITION BY p.id ORDER BY f.number {way})) AS moment,"
    " p.id AS project, f.number, f.found, f.id FROM {scope} CROSS JOIN LATERAL ({rows}) f"
    " CROSS JOIN LATERAL (SELECT coalesce(f.created_at,"
    " (SELECT x.created_at FROM issue_index x WHERE x.id = f.id),"
    " (SELECT i.created_at FROM issues i WHERE i.id = f.id)) AS created_at OFFSET 0) i) m) m"
    " WHERE m.place < %(most)s OR m.found AND m.place = %(most)s"
)

_DRIVEN = SQL(
    "SELECT m.moment, m.project, m.number, true AS found, m.id FROM (SELECT {moment} AS moment,"
    " p.id AS project, f.number, f.id, {words} AS words FROM {scope} CROSS JOIN LATERAL ({rows}) f"
    " ORDER BY moment {way}, project {way}, f.number {way} OFFSET 0) m {fits} LIMIT {limit}"
)
"""What a condition leads to is put in order before words are compared: those of the first few, then."""

_MOMENT = SQL("{nearer}(p.moment, {first}(f.created_at) OVER (PARTITION BY p.id ORDER BY f.number {way}))")
_FIT = SQL("WHERE (SELECT ts_match_vq(s.tsv, m.words) FROM issue_search s WHERE s.issue_id = m.id)")


@lru_cache(maxsize=512)
def _statement(
    clauses: tuple[Clause, ...],
    begin: Start,
    reading: Reading,
    words: bool,
    alone: int | None,
    compare: bool,
    far: _Far,
) -> Named:
    """Its rows are those of a `Place`."""
    way: dict[str, Composable] = {
        "way": reading.way,
        "first": SQL("min" if reading.falls else "max"),
        "nearer": SQL("least" if reading.falls else "greatest"),
        "limit": SQL("%(wanted)s"),
    }
    if begin.driver is not None:
        text = _DRIVEN.format(
            scope=sources.scope(alone, words=words, descending=reading.descending),
            rows=numbers.by_number(clauses, begin.driver, reading),
            moment=_MOMENT.format(**way) if alone is None else SQL("NULL::timestamptz"),
            words=sources.words_of("f") if words else SQL("NULL"),
            fits=_FIT if words else SQL(""),
            **way,
        )
        return Named.of("search_newest", text)
    if begin.faceted:
        name = "search_faceted"
        rows = numbers.faceted(clauses, reading, words=words, across=alone is None)
    elif begin.lookup is None:
        name = "search_window"
        rows = numbers.window(clauses, reading, words=words, words_first=begin.words_first)
    elif compare:
        name = "search_words"
        rows = numbers.window_and_looked_up(reading, exactly=begin.exactly)
    else:
        name = "search_words"
        rows = numbers.looked_up(clauses, reading, exactly=begin.exactly, across=alone is None)
    merged = _MERGED if alone is None else _ALONE
    if alone is not None or far is _Far.SOME:
        scope = numbers.reaching(alone, reading)
    else:
        scope = (numbers.known if far is _Far.KNOWN else numbers.to_the_end)(reading)
    return Named.of(name, merged.format(scope=scope, rows=rows, **way), lasts=True)
