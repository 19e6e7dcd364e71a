"""What a search starts from where its order alone does not lead to it soon.

A condition that an index serves, the words, or the order of the list with everything else as a filter: what
would read the fewest rows. Starting from a frequent condition would sort all it finds; filtering for a rare
one would read the whole project. Conditions are counted up to a bound; words are judged by the newest issues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, inf
from operator import itemgetter
from typing import NamedTuple

from psycopg.sql import SQL, Literal

from rhythm_domain.database import Row
from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.queries import Named, integers
from rhythm_domain.repository import facets, sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.facets import Shared
from rhythm_domain.repository.hints import recall, remember
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.sources import Driver
from rhythm_domain.transaction import Tx

FEW = 10_000
"""Issues from which on a condition is not worth starting from."""

RARE = 2_000
"""Issues up to which a condition is worth starting from, whatever else there is."""

SAMPLE, SAMPLED = 200, 8
"""The newest issues by which words are judged, and the largest projects of which these are at most."""

_UNSURE = 4
"""How many times as far as the newest issues of the largest projects say one may have to read on."""

_SEEN = 2
"""How many times as many issues as are worth counting have a facet, by those few that are looked at, where
they are not counted.
"""

_OFTEN = 5
"""How many times as many issues as a condition names are read at least in the order of a list, where the
first ones of many projects are wanted."""

# What things cost, in microseconds.
_WALKED, _WALKED_ELSEWHERE = 0.3, 2.0
"""Reading one issue on by number, as rows lie, or in any other order."""
_OWN, _READ, _NAMED = 0.7, 1.0, 2.7
"""Reading an issue that fulfils a condition on its own columns, that another table leads to, or that is only
named there."""
_WALKED_COMPARED = 3.0
"""Reading one issue's words on by number, and comparing them: most are not in the server's own memory."""
_FOUND = 0.7
"""An issue that the index finds, with all its columns."""
_PASSED = 0.15
"""Going through the lexemes of an issue in the index that begin as a word does that is being typed."""
_SOUGHT = 6.5
"""Looking up the words of an issue that the index found, and comparing them."""
_ASKED, _VALUE = 50.0, 2.0
"""Asking for those of a segment; what each value asked for adds, as the labels of all projects do."""
_AMONG = 0.2
"""The share of the issues walked over by number that fulfil the conditions: their words are compared."""
_COMPARED = 2.0
"""Looking an issue's words up by its id and comparing them."""
_LOOKED_UP, _ELSEWHERE = 2.0, 1.5
"""Looking an issue up by its id and seeing whether it fulfils conditions; what another table adds to that."""


class Start(NamedTuple):
    """What to start from: a condition's issues, the words as `lookup` asks for them (`exactly`: what that
    finds fits them; `rare`: so few that they may be looked up all at once), or with neither the order of the
    list. Whatever it is not has still to be filtered for, the words of each issue first if `words_first`.
    `faceted`: in the order of numbers, the issues that have all facets asked for.
    """

    driver: Driver | None = None
    lookup: str | None = None
    exactly: bool = False
    rare: bool = False
    words_first: bool = False
    faceted: bool = False


@dataclass(frozen=True, slots=True)
class _Judged:
    """The words: the share of issues that they may be in, how many that would be, in all projects and in the
    newest segment of each, how to ask for them, and what it costs for `each` that is found.
    """

    share: float
    count: float
    nearest: float
    start: Start
    each: float


async def start(
    tx: Tx,
    of: Selection,
    *,
    walk: float | None = None,
    wanted: int = 0,
    lazily: bool = False,
    unordered: bool = False,
    few: int | None = None,
) -> Start:
    """What to start from, if `walk` rows would have to be read on in the list's order to find `wanted` more.

    `lazily` says that this order is that of the numbers: so rows lie, and words are looked up until enough is
    found. In any other, and from a condition, all that is found is read and sorted; there, a `walk` that is
    not known is judged by how frequent the words and the facets are. `unordered` says that they are wanted in
    no order: so rows are read as they lie. A condition that names more than `few` issues is none to start
    from.
    """
    few = FEW if few is None else few
    judged_by_share = walk is None and wanted > 0
    walk = few if walk is None else walk
    words = of.words
    driven = tuple(clause for clause in of.clauses if clause.driver is not None)
    faceted = bool(facets.known(of.clauses))
    judging = (
        words is not None
        and words.lookup is not None
        # Across, all of a segment is looked up in each project: too much where the newest issues of all lack
        # a frequent word by chance, as after an import.
        and (bool(driven) or faceted or words.prefix is not None or of.across)
    )
    if words is not None and words.lookup is not None and lazily and not of.clauses and not judging:
        return Start(lookup=words.lookup, exactly=words.exact, rare=True)
    if not driven and not judging and not faceted:
        # Words that are not walked for are looked up: no other way is left.
        if words is None or words.lookup is None:
            return Start()
        judging = True
    compared = 0.0 if words is None else _COMPARED
    among = _AMONG if of.clauses else 1
    elsewhere = _elsewhere(of)
    each = (_WALKED if lazily or unordered else _WALKED_ELSEWHERE) + among * compared
    # Whatever has more issues can't be better than to read on; one of few bounds makes one of few statements.
    few = min(few, 1 << ceil(walk * each / (_OWN + compared)).bit_length())
    shared = await _shared(tx, of) if faceted else None
    if shared is not None and not judged_by_share and len(facets.known(of.clauses)) > 1:
        # Nor can it be better than to ask the index of facets.
        asking, _ = _by_facets(of, shared, shared.depth(walk), lazily=lazily)
        few = min(few, 1 << ceil(asking / (_OWN + compared)).bit_length())
    # What is seen to be in many more is not counted, too.
    many = () if shared is None or shared.met(shared.size) < _SEEN * few else facets.known(of.clauses)
    counted = driven if len(many) > 1 else tuple(clause for clause in driven if clause not in many)
    row, counts = await _probe(tx, of, counted, few, judging=judging)
    counts |= {clause: few + 1 for clause in driven if clause not in counts}
    found = [(walk * each, Start())]
    judged = None
    if words is not None and words.lookup is not None and judging:
        judged = _judged(of, row, wanted if lazily else 0, walk if of.clauses else 0)
    shared = shared and shared.within(*_named(of, counts, few))
    if judged_by_share and (judged is not None or shared is not None):
        share = 1.0 if judged is None else judged.share
        size = float(row["size"]) if shared is None else shared.size
        # A board reads each status by itself: a condition on it leaves columns out, and makes none longer.
        if shared is not None and (unordered or all(clause.closed is None for clause in of.clauses)):
            share *= shared.met(size) / size
        walk = min(wanted / share, size)
        found = [(walk * (each + elsewhere), Start())]
    if shared is not None:
        if lazily:
            walk = shared.depth(walk)
            found = [(walk * each, Start())]
        found.append(_by_facets(of, shared, walk, lazily=lazily))
    own = tuple(clause for clause in driven if clause.own)
    if own and (fewest := min(counts[clause] for clause in own)) <= few:
        found.append((fewest * (_OWN + compared), Start(Driver(own=own))))
    for clause, named in counts.items():
        if clause.own or named > few:
            continue
        each_named = _NAMED if clause.issues is None else _READ
        found.append((named * (each_named + compared), Start(_leading_to(clause))))
    if judged is not None:
        count = sought = judged.count
        if lazily:
            sought = min(count, walk * judged.share)
            count = min(count, max(sought, judged.nearest))
            # The rarer conditions are beside such words, the fewer issues are compared on the way.
            among = min(among, wanted / (walk * judged.share))
            found[0] = (walk * (_WALKED + elsewhere + among * compared), Start())
            if of.clauses:
                first = walk * (_WALKED_COMPARED + judged.share * (_LOOKED_UP + elsewhere))
                found.append((first, Start(words_first=True)))
        if lazily and not of.clauses:
            # Where all fit that are looked up, how far one has to read is judged by more than what was read.
            known = _UNSURE * wanted / judged.share if judged.start.exactly else walk
            walked = min(walk, known) * _WALKED_COMPARED
            looked_up = count * judged.each + (0 if judged.start.exactly else sought * _SOUGHT)
            return judged.start if not of.across or looked_up < walked else Start()
        looking_up = count * judged.each
        compared = 0 if judged.start.exactly else _SOUGHT
        looked_at = sought * (elsewhere + compared * (_AMONG if of.clauses else 1))
        found.append((looking_up + looked_at, judged.start))
    return min(found, key=itemgetter(0))[1]


def _by_facets(of: Selection, shared: Shared, walk: float, *, lazily: bool) -> tuple[float, Start]:
    """What it costs to ask the index of facets for all issues, or `lazily` for those in the first `walk`."""
    if lazily:
        # All of a segment is found, and of each project at least one; it is looked at in order.
        asked = max(walk, min(len(of.projects) * SEGMENT, shared.size))
        begin = Start(faceted=True, rare=shared.met(shared.size) <= RARE)
    else:
        asked = walk = shared.size
        begin = Start(facets.driver(of.clauses))
    segments = asked / SEGMENT * (_ASKED + _VALUE * facets.asking(of.clauses))
    looking = _LOOKED_UP + _elsewhere(of) + (_SOUGHT if of.words is not None else 0)
    return segments + shared.met(asked) * _FOUND + shared.met(walk) * looking, begin


def _elsewhere(of: Selection) -> float:
    """What conditions on other tables add for each issue that is looked at."""
    return _ELSEWHERE if any(clause.cheap is None for clause in of.clauses) else 0


def _named(of: Selection, counts: Mapping[Clause, int], few: int) -> tuple[float, float]:
    """The least and the most issues that can have all facets, by how many each condition names (to `few`)."""
    known = facets.known(of.clauses)
    named = min((counts[clause] for clause in known if clause in counts), default=few + 1)
    most = max(named, 1) if named <= few else inf
    return (min(named, few) if len(known) == 1 and known[0] in counts else 0), most


async def _shared(tx: Tx, of: Selection) -> Shared:
    """How many issues have the facets asked for, as it was a moment ago."""
    key = of.projects, facets.known(of.clauses)
    known: Shared | None = recall(tx, key)
    if known is None:
        known = await facets.shared(tx, of.projects, of.clauses)
        remember(tx, key, known)
    return known


async def fulfilling(tx: Tx, of: Selection) -> float:
    """The share of all issues that fulfil the conditions, as the index of facets has them, or a guess."""
    if not facets.known(of.clauses):
        return _AMONG if of.clauses else 1
    shared = await _shared(tx, of)
    return shared.met(shared.size) / shared.size


async def rare(tx: Tx, of: Selection) -> Start:
    """A condition that so few issues fulfil that nothing can be better to start from, else the list's order:
    the planner knows the index that serves both.
    """
    if of.alone is None and not any(clause.own for clause in of.clauses):
        # In most projects there are fewer than a page has: there, all issues would be read.
        return await start(tx, of, walk=_OFTEN * FEW)
    driven = tuple(clause for clause in of.clauses if clause.driver is not None)
    if not driven:
        return await start(tx, of, few=RARE)
    # What a single condition leads to, the index of facets finds no sooner.
    _, counts = await _probe(tx, of, driven, RARE, judging=False)
    clause, named = min(counts.items(), key=itemgetter(1))
    return Start(_leading_to(clause)) if named <= RARE else Start()


def _leading_to(clause: Clause) -> Driver:
    """What leads to the issues of a condition."""
    if clause.own:
        return Driver(own=(clause,))
    ids = clause.driver if clause.issues is None else None
    return Driver(ids, issues=clause.issues, fulfilled=(clause,))


class Lead(NamedTuple):
    """What conditions lead to: so many issues, of which some fulfil all; and what it costs to ask for it."""

    driver: Driver
    named: float
    fulfilling: float
    asking: float = 0.0


async def leads(tx: Tx, of: Selection, *, few: int) -> list[Lead]:
    """What leads to no more than `few` issues: a condition, or all that the index of facets knows."""
    found: list[Lead] = []
    known = facets.known(of.clauses)
    if known and few > 0:
        shared = await _shared(tx, of)
        met = shared.met(shared.size)
        fulfilling = met if len(known) == len(of.clauses) else _AMONG * met
        asking = shared.size * _ASKED / SEGMENT
        found.append(Lead(facets.driver(of.clauses), met, fulfilling, asking))
        few = min(few, int(met + asking / _NAMED))  # What names more is no better.
    driven = tuple(clause for clause in of.clauses if clause.driver is not None)
    _, counts = await _probe(tx, of, driven, 1 << max(few, 1).bit_length(), judging=False)
    own = Driver(own=tuple(clause for clause in driven if clause.own))
    among = 1 if len(of.clauses) == 1 else _AMONG
    for clause, named in counts.items():
        if named <= few:
            found.append(Lead(own if clause.own else _leading_to(clause), named, among * named))
    return found


async def _probe(
    tx: Tx, of: Selection, driven: tuple[Clause, ...], few: int, *, judging: bool
) -> tuple[Row, dict[Clause, int]]:
    """How frequent the words are, if that is asked for, and how many issues each condition names, or more
    than `few`. What was counted a moment ago is not counted again.
    """
    known = _counted(tx, of, driven, few)
    asked = tuple(clause for clause in driven if clause not in known)
    projects = integers(of.projects)
    counted = asked and tx.later(
        _counting(asked, few, of.alone),
        projects=projects,
        user=of.user,
        at_projects=integers(()),
        at_numbers=integers(()),
        at_moments=[],
    )
    row: Row = {}
    if judging and of.words is not None:
        (row,) = await tx.fetch(
            _sampling(SAMPLE // max(min(len(of.projects), SAMPLED), 1)),
            projects=projects,
            lookup=of.words.lookup,
            prefix=of.words.prefix or of.words.lookup,
            segment=SEGMENT,
        )
    elif counted:
        await tx.send()
    if not counted:
        return row, known
    counts = dict(zip(asked, counted.rows[0]["counts"], strict=True))
    for clause, count in counts.items():
        remember(tx, (of.projects, clause), _Count(count, count > few))
    return row, known | counts


class _Count(NamedTuple):
    """How many issues a condition named, or `more`."""

    issues: int
    more: bool


def _counted(tx: Tx, of: Selection, driven: tuple[Clause, ...], few: int) -> dict[Clause, int]:
    """What is known of some conditions: the pages of a list, and the keys of a search, have the same."""
    found = ((clause, recall(tx, (of.projects, clause))) for clause in driven)
    return {
        clause: count.issues
        for clause, count in found
        if count is not None and (not count.more or count.issues > few)
    }


@lru_cache(maxsize=512)
def _counting(driven: tuple[Clause, ...], few: int, alone: int | None) -> Named:
    """How many issues each condition names, counted until there are more than `few`."""
    scope = sources.scope(alone, words=False, descending=True)
    counts = SQL(", ").join(
        SQL("(SELECT count(*) FROM (SELECT FROM {} CROSS JOIN LATERAL ({}) d LIMIT {}) d)").format(
            scope, clause.driver, Literal(few + 1)
        )
        for clause in driven
    )
    return Named.of("search_probe", SQL("SELECT ARRAY[{}] AS counts").format(counts))


@lru_cache(maxsize=SAMPLED)
def _sampling(width: int) -> Named:
    """How frequent the words are among the newest issues of the largest projects, so many in each, and how
    many numbers all projects have given, `nearest` in the newest segment of each.
    """
    return Named.of(
        "search_sample",
        SQL(
            "SELECT n.size, n.nearest, c.*"
            " FROM (SELECT sum(n.last) AS size, sum(least(n.last, %(segment)s)) AS nearest"
            " FROM issue_numbers n WHERE n.project_id = ANY(%(projects)s::int[])) n"
            " CROSS JOIN (SELECT sum(c.seen) AS seen, sum(c.complete) AS complete, sum(c.begun) AS begun,"
            " sum(c.narrow) AS narrow FROM (SELECT n.project_id AS id FROM issue_numbers n"
            " WHERE n.project_id = ANY(%(projects)s::int[]) ORDER BY n.last DESC LIMIT {sampled}) p"
            " CROSS JOIN LATERAL ({sample}) c) c"
        ).format(sampled=Literal(SAMPLED), sample=sources.sample(width=width)),
        lasts=True,
    )


def _judged(of: Selection, row: Row, wanted: int, walk: float) -> _Judged:
    """How frequent the words are, and whether to ask the index for the one that is being typed, too.

    That costs going through all lexemes that begin so, and saves looking at the issues that it is not in:
    until `wanted` are found, or all (0); how far that is, if it is known, is `walk`.
    """
    words = of.words
    if words is None or words.lookup is None:
        raise ValueError("no words to look up")

    def number(name: str) -> float:
        return float(row[name] or 0)

    seen = number("seen") or 1
    complete, begun, narrow = ((number(name) + 0.5) / seen for name in ("complete", "begun", "narrow"))
    size, nearest = number("size"), number("nearest")
    if words.prefix:
        needed = min(size, max(walk, wanted / narrow) if wanted else size)
        reach = max(needed, nearest)
        typed = reach * (begun * _PASSED + narrow * _FOUND)
        if typed < reach * complete * _FOUND + needed * complete * _SOUGHT:
            rare = narrow * (size if words.exact else nearest) <= (FEW if words.exact else RARE)
            asked = Start(lookup=words.narrowest, exactly=words.exact, rare=rare)
            return _Judged(narrow, narrow * size, narrow * nearest, asked, typed / reach / narrow)
    exactly = words.exact and not words.prefix
    rare = complete * (size if exactly else nearest) <= (FEW if exactly else RARE)
    asked = Start(lookup=words.lookup, exactly=exactly, rare=rare)
    return _Judged(complete, complete * size, complete * nearest, asked, _FOUND)
