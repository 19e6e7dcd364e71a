"""What a search starts from where its order alone does not lead to it soon.

A condition that an index serves, the words, or the order of the list with everything else as a filter: what
would read the fewest rows. Starting from a frequent condition would sort all it finds; filtering for a rare
one would read the whole project. Conditions are counted up to a bound; words are judged by the newest issues.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.lexemes import SEGMENT, SearchQuery
from rhythm_domain.queries import Named
from rhythm_domain.repository import sources
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Tx

FEW = 50_000
"""Issues from which on a condition is not worth starting from."""

RARE = 2_000
"""Issues up to which a condition is worth starting from, whatever else there is."""

SAMPLE = 500
"""The newest issues by which words are judged."""

_FILTERED = 30
"""How many rows' lexemes the index goes through while one row is read and compared."""

NEAR, FAR, UNCOMPARED = 1, 6, 2
"""What reading a row costs: where words are compared, in the order in which rows lie or in any other; and
where no words are compared."""


@dataclass(frozen=True, slots=True)
class Start:
    """What to start from: a condition's issues, the words as `lookup` asks for them, or with neither the
    order of the list. Whatever it is not has still to be filtered for.
    """

    driver: Composable | None = None
    lookup: str | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    """The words: the share of issues that they may be in, how many that would be, in all projects and in the
    newest segment of each, and how to ask for them.
    """

    share: float
    count: float
    nearest: float
    lookup: str


async def start(
    tx: Tx, of: Selection, *, walk: float | None = None, lazily: bool = False, few: int | None = None
) -> Start:
    """What to start from, if `walk` rows would have to be read on in the list's order.

    `lazily` says that this order is that of the numbers: so rows lie, and words are looked up until enough is
    found. In any other, and from a condition, all that is found is read and sorted. A condition that names
    more than `few` issues is none to start from.
    """
    few = FEW if few is None else few
    walk = few if walk is None else walk
    drivers = [clause.driver for clause in of.clauses if clause.driver is not None]
    near, far = (NEAR, FAR) if of.words is not None else (UNCOMPARED, UNCOMPARED)
    found = [(walk * (near if lazily else far), Start())]
    if drivers:
        counts = await _counts(tx, of, drivers, few)
        found += [
            (count * far, Start(driver))
            for count, driver in zip(counts, drivers, strict=True)
            if count <= few
        ]
    if of.words is not None and of.words.lookup is not None:
        words = _Judged(0, 0, 0, of.words.lookup)
        if drivers or of.words.prefix or not lazily or len(of.projects) > 1:
            words = await _judge(tx, of, of.words)
        count = min(words.count, max(walk * words.share, words.nearest)) if lazily else words.count
        found.append((count * FAR, Start(lookup=words.lookup)))
        if lazily and not drivers and len(of.projects) == 1:
            return Start(lookup=words.lookup)
    return min(found, key=itemgetter(0))[1]


async def rare(tx: Tx, of: Selection) -> Start:
    """A condition that so few issues fulfil that nothing can be better to start from, else the list's order:
    the planner knows the index that serves both.
    """
    return await start(tx, of, few=RARE)


async def _counts(tx: Tx, of: Selection, drivers: list[Composable], few: int) -> list[int]:
    """How many issues each condition names, counted until there are more than `few`."""
    counts = SQL(", ").join(
        SQL("(SELECT count(*) FROM (SELECT FROM {} CROSS JOIN LATERAL ({}) d LIMIT {}) d)").format(
            sources.scope(across=of.across, words=False, descending=True), driver, Literal(few + 1)
        )
        for driver in drivers
    )
    (row,) = await fetch(tx, of, "search_probe", SQL("SELECT ARRAY[{}] AS counts").format(counts))
    return list(row["counts"])


async def _judge(tx: Tx, of: Selection, words: SearchQuery) -> _Judged:
    """How frequent the words are, and whether to ask the index for the one that is being typed, too.

    That costs going through all lexemes that begin so, and saves reading the rows that it is not in.
    """
    width = max(SAMPLE // max(len(of.projects), 1), sources.SMALLEST_WINDOW)
    text = SQL(
        "SELECT sum(c.seen) AS seen, sum(c.complete) AS complete, sum(c.begun) AS begun,"
        " sum(c.narrow) AS narrow, sum(c.size) AS size, sum(least(c.size, %(segment)s)) AS nearest"
        " FROM {} CROSS JOIN LATERAL ({}) c"
    ).format(sources.scope(across=of.across, words=False, descending=True), sources.sample(width=width))
    (row,) = await tx.fetch(
        Named("search_sample", text),
        projects=list(of.projects),
        user=of.user,
        at_projects=[],
        at_numbers=[],
        at_moments=[],
        lookup=words.lookup,
        prefix=words.prefix or words.lookup,
        segment=SEGMENT,
    )
    seen = float(row["seen"] or 1)
    complete, begun, narrow = (
        (float(row[name] or 0) + 0.5) / seen for name in ("complete", "begun", "narrow")
    )
    size, nearest = float(row["size"] or 0), float(row["nearest"] or 0)
    if words.prefix and begun < _FILTERED * (complete - narrow):
        return _Judged(narrow, narrow * size, narrow * nearest, words.narrowest or "")
    return _Judged(complete, complete * size, complete * nearest, words.lookup or "")
