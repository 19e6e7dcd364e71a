"""Lists in other orders than by number: stretch after stretch, whichever way finds enough of each first.

A list is read on in its order while each issue is compared, where much of it is found. Words that few issues
have are looked up: the index that finds them has what orders go by, so they are put in order as they are
found. And what another condition leads to can be less than either. Each way is gone no further than what the
next best would cost: so a wrong guess costs about twice as much as the best way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from psycopg.sql import SQL, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.queries import Named
from rhythm_domain.query import SortKey
from rhythm_domain.repository import sources, walks
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.newest import NONE
from rhythm_domain.repository.orders import Stretch, stretches
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.sources import Driver, Reading
from rhythm_domain.repository.starting import FEW, Lead, Start, fulfilling, leads, rare, start
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Tx

FIRST, STEP = 200, 2
"""The first issues of an order that are compared, and how many times as many are when one reads on: a
statement is planned once for each such number."""

_FAR = 4
"""How many times as far as one read one reads on before it is asked what else to start from."""

_WIDEST = 1_000_000
"""Issues of a stretch that one statement reads at most."""

SOON = 4_000
"""Microseconds of reading on that are not worth asking what would be better."""

_ALL = 2_500
"""Issues that are worth keeping to put them in another order."""

_MANY = 10
"""How many times as many issues as elsewhere a condition may name: else a list may have to be read wholly."""

_PAGE = 50
"""Issues that are mostly wanted."""

_HITS, _PROJECTS, _NEWEST = 100, 2, 128
"""What words are judged by: so many issues of each segment that is looked into, in so many projects, and the
newest issues that a word being typed is compared with."""

# What things cost, in microseconds, where the rows come from the system's cache of files.
_WALKED, _WALKED_ACROSS = 1.0, 2.5
"""Reading an issue on that conditions are compared with; across projects they are put in order, too."""
_ELSEWHERE = 1.5
"""What a condition on another table adds to that."""
_COMPARED = 10.0
"""Looking an issue's words up by its id and comparing them."""
_AMONG, _OPEN = 0.3, 0.25
"""The share of issues that fulfil the conditions, so that their words are compared, as long as it is not
known better; and of those that are open, to which the order leads, or which are passed on the way.
"""
FOUND = 1.0
"""An issue that the index of words finds, and that is put in order."""
_PASSED = 0.15
"""Going through the lexemes of an issue in the index that begin as a word does that is being typed."""
_NAMED = 2.0
"""Reading an issue that a condition leads to."""
_ASKED = 5.0
"""Asking the index of words for those of a segment."""

_At = tuple[Any, int] | None
"""A value and an id that a stretch is read on behind."""
_Row = tuple[int, Any, int]
"""An issue in an order: its stretch, value and id."""


async def ordered(
    tx: Tx,
    of: Selection,
    at: _Row | None,
    reading: Reading,
    limit: int,
    *,
    most: int = 0,
    among: tuple[int, ...] | None = None,
) -> tuple[list[_Row], bool, tuple[int, ...] | None]:
    """The first `limit` issues of a list in its order, or of its end, behind a place, and whether those are
    all. Where all that is found is sorted, there may be `most`: they cost little more. All may be known to be
    `among` some issues; and so it is said what was found out of that.
    """
    order = stretches(of.sort)
    index, value, id_ = at or (len(order) - 1 if reading.back else 0, None, 0)
    places = [
        place
        for place in (range(index, -1, -1) if reading.back else range(index, len(order)))
        if all(_may_hold(order[place], clause) for clause in of.clauses)
    ]
    behind = (value, id_) if at and places[:1] == [index] else None
    walk = _Walk(tx, of, order, reading, limit, most)
    if among is not None and places:
        walk.enter(places[0], behind)
        await walk.rest(sources.AMONG, places, ids=among)
    elif of.looked_up:
        await _by_words(walk, places, behind)
    else:
        await _by_conditions(walk, places, behind)
    return walk.rows, walk.ended, walk.among or among


def _may_hold(stretch: Stretch, clause: Clause) -> bool:
    """Whether issues of a stretch can fulfil a condition: where none can, it is not read."""
    if clause.priorities is not None and stretch.priority is not None:
        return stretch.priority in clause.priorities
    return clause.closed is None or stretch.closed is None or clause.closed is stretch.closed


async def _by_conditions(walk: _Walk, places: Sequence[int], at: _At) -> None:
    """Where no words are looked up."""
    of = walk.of
    begin = None if of.words or len(of.clauses) > 1 else await rare(walk.tx, of)
    if begin == Start() and of.alone is None:
        begin = None  # The first of all are sooner found than those of each project.
    for number, place in enumerate(places):
        walk.enter(place, at if number == 0 else None)
        width = FIRST
        while begin is None and walk.goes_on():
            await walk.compare(width)
            if walk.goes_on() and walk.needed > _FAR * walk.read:
                begin = await start(walk.tx, of, walk=walk.needed)
            width *= _FAR
        if begin is not None and begin.driver is not None:
            await walk.rest(begin.driver, places[number:])
            return
        while walk.goes_on() and (of.words is not None or of.across):
            await walk.compare(width)
            width *= _FAR
        if walk.goes_on():
            await walk.by_index()
        if walk.full:
            return


async def _by_words(walk: _Walk, places: Sequence[int], at: _At) -> None:
    """Where words can be looked up."""
    words: _Words | None = None
    each = _each(walk.of, _AMONG)
    for number, place in enumerate(places):
        walk.enter(place, at if number == 0 else None)
        if words is None:
            await walk.compare(FIRST)
        while walk.goes_on():
            if words is None and walk.needed * each <= SOON:
                await walk.compare(2 * walk.needed)
                continue
            if words is None:
                words = await _judge(walk)
                each = _each(walk.of, words.among)
            comparing, spent = min(walk.needed, words.size) * each, walk.read * each
            looking = words.looking(walk.missing, walk.rate)
            least = min(comparing, looking)
            compared = walk.missing * words.among / walk.rate
            lead = await _lead(walk.tx, walk.of, compared, few=min(_MANY * FEW, int(least / each)))
            if lead is not None and _leading(lead, compared) < least:
                await walk.rest(lead.driver, places[number:])
                return
            if comparing + spent / 2 <= looking:
                await walk.compare(min(2 * comparing, looking) / each)
            else:
                await walk.rest(sources.MATCHES, places[number:], lookup=words.lookup, exactly=words.exactly)
                return
        if walk.full:
            return


async def _lead(tx: Tx, of: Selection, compared: float, *, few: int) -> Lead | None:
    """The best of what conditions lead to."""
    found = await leads(tx, of, few=few) if of.clauses else []
    return min(found, key=lambda lead: _leading(lead, compared), default=None)


def _leading(lead: Lead, compared: float) -> float:
    """What it costs to start from it where the words of so many are compared until there are enough."""
    return lead.asking + lead.named * _NAMED + min(lead.fulfilling, compared) * _COMPARED


def _each(of: Selection, among: float) -> float:
    """What it costs to compare an issue on the way, where such a share of all fulfils the conditions."""
    elsewhere = any(clause.cheap is None for clause in of.clauses)
    if not of.clauses or all(clause.closed is False for clause in of.clauses):
        among = 1
    elif sources.indexed(of.clauses):
        among = min(among / _OPEN, 1)
    walked = _WALKED_ACROSS if of.across else _WALKED
    if of.sort.key is SortKey.PRIORITY and sources.indexed(of.clauses):
        walked /= _OPEN  # Its index has the closed ones, too.
    return walked + elsewhere * _ELSEWHERE + among * _COMPARED


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a search: how to ask for them, whether all that the index finds fits them, how many issues
    there are, the share of them that it finds, and what it costs to have these found; and the share of all
    whose words are compared, as they fulfil the conditions.
    """

    lookup: str
    exactly: bool
    size: float
    share: float
    finding: float
    among: float

    def looking(self, missing: int, rate: float) -> float:
        """What it costs to look them up where so many are `missing`, and a share `rate` of all fits."""
        if self.exactly:
            return self.finding
        compared = min(missing * self.share / rate, self.share * self.size)
        return self.finding + compared * self.among * _COMPARED


async def _judge(walk: _Walk) -> _Words:
    """How frequent words are, and whether to ask for the one that is being typed, too: that costs going
    through all lexemes that begin so, and saves reading the issues that it is not in.
    """
    tx, of, words = walk.tx, walk.of, walk.of.words
    if words is None or words.lookup is None or words.narrowest is None:
        raise ValueError("no words to look up")
    rows = await fetch(
        tx,
        of,
        _frequency(words.prefix is not None, of.across),
        lookup=words.lookup,
        prefix=words.prefix or words.lookup,
    )
    if not rows or not rows[0]["seen"]:
        return _Words(words.narrowest, words.exact, 1, 0, 0, 0)
    row = rows[0]
    share = (row["hits"] + NONE) / row["numbers"]
    if row["more"]:
        share = max(share, row["complete"] / row["seen"], 0 if of.clauses else walk.rate)
    size = row["size"]
    asking = size / SEGMENT * _ASKED
    among = await fulfilling(tx, of)
    finding = asking + share * size * FOUND
    if words.prefix is not None:
        narrow = share * (row["both"] + NONE) / (row["hits"] + 1)
        typed = asking + narrow * size * FOUND + row["begun"] / row["seen"] * size * _PASSED
        # Else those of a page are compared, and what one finds in vain on the way to them.
        if typed < finding + min(share * size, _PAGE * share / narrow) * among * _COMPARED:
            return _Words(words.narrowest, words.exact, size, narrow, typed, among)
    return _Words(words.lookup, words.exact and words.prefix is None, size, share, finding, among)


class _Walk:
    """A list while it is read: the `rows` found so far, in order, and where the stretch is read on. About so
    many issues were `read` and compared.
    """

    def __init__(
        self, tx: Tx, of: Selection, order: tuple[Stretch, ...], reading: Reading, limit: int, most: int
    ) -> None:
        self.tx, self.of = tx, of
        self.rows: list[_Row] = []
        self.among: tuple[int, ...] | None = None
        """Issues of which all are, where these are few."""
        self.read = self._found = self._place = 0
        self._unfinished = False
        self._ended: bool | None = None
        self._order, self._reading, self._limit, self._most = order, reading, limit, max(limit, most)
        self._at: _At = None

    def enter(self, place: int, at: _At) -> None:
        """Begins a stretch, behind a place in it."""
        self._place, self._at, self._unfinished = place, at, True

    def goes_on(self) -> bool:
        """Whether there is more in the stretch, and more is wanted."""
        return self._unfinished

    @property
    def full(self) -> bool:
        return len(self.rows) >= self._limit

    @property
    def ended(self) -> bool:
        """Whether there is no more, once all stretches were entered or enough was found."""
        return not self.full if self._ended is None else self._ended

    @property
    def missing(self) -> int:
        """How many more are wanted."""
        return self._limit - len(self.rows)

    @property
    def rate(self) -> float:
        """The share of the issues compared that fit."""
        return max(self._found, NONE) / max(self.read, 1)

    @property
    def needed(self) -> float:
        """How many issues would have to be read on, at this rate."""
        return self.missing / self.rate if self.read else 0

    async def compare(self, width: float) -> None:
        """Reads on by about so many issues, comparing all."""
        stretch, reading, of = self._order[self._place], self._reading, self.of
        steps = FIRST
        while STEP * steps <= min(width, _WIDEST):
            steps *= STEP
        value, id_ = self._at or (None, 0)
        rows = await fetch(
            self.tx,
            of,
            _walking(
                of.clauses, stretch, reading, of.alone, of.words is not None, self._at is not None, steps
            ),
            value=value,
            id=id_,
            rows=self.missing,
            named=False,
        )
        fitting = [(self._place, value, id_) for id_, value, found in rows if found]
        self.rows += sorted(fitting, reverse=reading.falls)
        last = next(((value, id_) for id_, value, found in rows if not found), None)
        self._unfinished = last is not None and not self.full
        if last is not None:
            self._at = last[0], last[1] + (1 if reading.falls else -1)
        elif not self.full:
            steps //= 2  # The stretch ended somewhere on the way.
        self.read, self._found = self.read + steps, self._found + len(fitting)

    async def by_index(self) -> None:
        """Reads the rest of the stretch by its index alone."""
        of, reading, wanted = self.of, self._reading, self._limit - len(self.rows)
        text = _by_index(
            of.clauses, self._order[self._place], reading, of.alone, self._at is not None, wanted
        )
        value, id_ = self._at or (None, 0)
        rows = await fetch(self.tx, of, text, value=value, id=id_, named=False)
        found = sorted(((self._place, value, id_) for id_, value in rows), reverse=reading.falls)
        self.rows += found[:wanted]
        self._unfinished = False

    async def rest(
        self,
        driver: Driver,
        places: Sequence[int],
        *,
        lookup: str | None = None,
        exactly: bool = False,
        ids: Sequence[int] = (),
    ) -> None:
        """All of some stretches that a driver leads to, in order; `exactly` says that the words fit it."""
        of, order, reading = self.of, self._order, self._reading
        compared = of.words is not None and not exactly
        costly = compared or any(
            clause.elsewhere and clause not in driver.fulfilled for clause in of.clauses if not ids
        )
        most = self._limit if costly else self._most
        query = _driven(
            of.clauses,
            driver,
            tuple((place, order[place]) for place in places),
            reading,
            of.alone,
            compared,
            self._at is not None,
            most,
            _ALL if most > self._limit and driver is not sources.AMONG else 0,
        )
        value, id_ = self._at or (None, 0)
        fitting: dict[int, list[_Row]] = {place: [] for place in places}
        rows = await fetch(self.tx, of, query, value=value, id=id_, lookup=lookup, ids=ids, named=False)
        for place, id_, value in rows:
            if place is None:
                self.among = tuple(map(int, value[1:-1].split(",")))
            else:
                fitting[place].append((place, order[place].type.read(value), id_))
        before = len(self.rows)
        for each in fitting.values():
            self.rows += sorted(each, reverse=reading.falls)
        self._unfinished = False
        self._ended = len(self.rows) - before < most


# Statements --------------------------------------------------------------------------------------------
# Who has turned a page turns the next one, too: what reads on from a place is prepared at once.


@lru_cache(maxsize=512)
def _walking(
    clauses: tuple[Clause, ...],
    stretch: Stretch,
    reading: Reading,
    alone: int | None,
    words: bool,
    resumed: bool,
    width: int,
) -> Named:
    return Named.of(
        "search_walked",
        walks.walk(clauses, stretch, reading, alone=alone, words=words, resumed=resumed, width=width),
        lasts=resumed,
    )


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
        found=walks.in_order(clauses, stretch, reading, resumed=resumed, limit=limit),
        way=reading.way,
        limit=Literal(limit),
    )
    return Named.of("search_ordered", text, lasts=resumed)


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
    among: int,
) -> Named:
    return Named.of(
        "search_ordered",
        walks.ordered(
            clauses,
            driver,
            places,
            reading,
            alone=alone,
            words=words,
            resumed=resumed,
            limit=limit,
            among=among,
        ),
    )


@lru_cache(maxsize=8)
def _frequency(prefix: bool, across: bool) -> Named:
    return Named.of(
        "search_frequency",
        walks.frequency(
            prefix=prefix,
            most=_HITS,
            projects=_PROJECTS if across else 1,
            newest=_NEWEST,
        ),
    )
