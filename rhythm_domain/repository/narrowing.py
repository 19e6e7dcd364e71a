"""What was listed before: read on, put in another order, or narrowed as one types on.

The first issues of a list are kept. Who turns its page finds the next ones among them. Who types a letter
more, a word or a condition asks for a part of what was there before: they are compared again, and only what
is missing is sought, behind them. Where few issues are known to be all that a list can have, any part of it
is sought among these, in any order. That holds as long as nothing happened in the projects: the history says
so. A list is only kept when no transaction was at work, for then all that is recorded later has higher
sequence numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rhythm_domain import queries
from rhythm_domain.lexemes import Term, implied
from rhythm_domain.queries import Named
from rhythm_domain.query import Sort
from rhythm_domain.repository import sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.hints import fresh, now, recall, remember
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Moment, Tx

MOST, KEPT = 601, 16
"""Issues of a list that are read to be kept, and lists: so many keys one can take back."""

COMPARED = 201
"""The first of them, which are compared again."""

_SOME = 1000
"""Rows of history that are looked through for those of some projects."""

_LISTED = "listed"

_Q = queries.load("search")


class Listed(NamedTuple):
    """The first issues of a list, in order: each is a place in it, and ends with the id.

    It goes on with those `uncompared` that fit, too, and behind the place `behind`, unless that is all
    (`whole`). There were `rarer` times as many of those of which these are a part. So it was at the moment
    `since`; None: what happens later is not known. All goes back to what was sought at the time `at`. The
    list is known to be `among` some issues; None: any.
    """

    rows: tuple[Any, ...] = ()
    uncompared: tuple[Any, ...] = ()
    behind: Any = None
    whole: bool = False
    since: Moment | None = None
    rarer: float = 1
    at: float = 0
    among: tuple[int, ...] | None = None

    def anew(self) -> Listed:
        """The same list before any of it is known, but for how rare it is."""
        return self._replace(rows=(), uncompared=(), behind=None, at=now())

    def beyond(self, place: Any, *, back: bool) -> tuple[Any, ...] | None:
        """What is known of the list behind a place or, going `back`, before it, as far as that is known.
        Without a place from the start, or the end. None: the place is none of those known.
        """
        if place is None:
            return self.rows if not back else self.rows[::-1] if self.whole else None
        if place not in self.rows:
            return None
        index = self.rows.index(place)
        return self.rows[:index][::-1] if back else self.rows[index + 1 :]

    def reaches(self, moment: Moment, *, across: bool) -> bool:
        """Whether it stands at a moment; across projects, if nothing happened in those that are searched."""
        if self.since is None or not fresh(self.at):
            return False
        if not across:
            return moment.still(self.since)
        return self.since.over <= moment.over and moment.seq - self.since.seq in range(_SOME)


class _Asked(NamedTuple):
    """What was asked for: where and by whom, what, and in which order."""

    where: tuple[object, ...]
    terms: tuple[Term, ...]
    clauses: tuple[Clause, ...]
    generation: int
    sort: Sort

    @classmethod
    def by(cls, of: Selection) -> _Asked:
        return cls((of.projects, of.across, of.user), of.terms, of.clauses, of.generation, of.sort)

    def holds(self, other: _Asked) -> bool:
        """Whether whatever is asked for elsewhere was found by this."""
        return (
            (self.where, self.generation) == (other.where, other.generation)
            and set(self.clauses) <= set(other.clauses)
            and implied(self.terms, other.terms, self.generation)
        )


async def listed(tx: Tx, of: Selection) -> Listed:
    """The first issues of a selection's list, if it was listed before."""
    return await _listed(tx, of) or _nothing(tx, of)


async def narrowed(
    tx: Tx, of: Selection, behind: Callable[[Sequence[Any]], Any], *, wanted: int | None = None
) -> Listed:
    """The first issues of a selection's list, as far as they are known; across projects no more are compared
    than it takes to find as many as are `wanted`. `behind` says at which place a list goes on behind some of
    its issues.
    """
    nothing, asked = _nothing(tx, of), _Asked.by(of)
    same = await _listed(tx, of)
    if same is not None and not (same.uncompared and (wanted is None or len(same.rows) < wanted)):
        return same
    if of.among is not None:
        return nothing
    held = _holding(tx, of, asked)
    if held is None:
        return nothing
    other, known = held
    if of.across and not _enough(known, wanted):
        return nothing
    happened = _happened_later(tx, of, known)
    known = known._replace(since=nothing.since or known.since)
    if other.sort == of.sort:
        listed = await _compared(tx, of, known, behind, wanted)
    else:
        await tx.send()
        listed = Listed(since=known.since, at=known.at, among=known.among)
    return nothing if happened() else listed


def _holding(tx: Tx, of: Selection, asked: _Asked) -> tuple[_Asked, Listed] | None:
    """A list that holds all that is asked for: in the same order, or of few enough to put them in another."""
    for other, known in _kept(tx):
        if known.among is not None and len(known.among) > MOST and other.terms != of.terms:
            known = known._replace(among=None)  # To compare the words of all would take too long.
        alike = other.sort == of.sort or known.among is not None
        if alike and other.holds(asked) and _reaches(tx, of, known):
            return other, known
    return None


def _enough(known: Listed, wanted: int | None) -> bool:
    """Whether as many as are wanted can be found among those that would be compared: across projects it is
    not read on behind them.
    """
    compared = min(len(known.rows) + len(known.uncompared), COMPARED)
    return known.whole or known.among is not None or wanted is None or compared > wanted


async def _compared(
    tx: Tx, of: Selection, known: Listed, behind: Callable[[Sequence[Any]], Any], wanted: int | None
) -> Listed:
    """What of a list is found, too; see `narrowed`."""
    rows = known.rows + known.uncompared
    if len(rows) > COMPARED:
        rows = rows[:COMPARED]
        known = known._replace(behind=behind(rows), whole=False)
    if wanted is None or not of.across or known.whole or known.among is not None:
        wanted = len(rows)
    found = await _first_of(tx, of, [row[-1] for row in rows], wanted)
    compared = len(rows)
    if len(found) == wanted < len(rows):
        compared = next(index for index, row in enumerate(rows, 1) if row[-1] == found[-1])
    fit = frozenset(found)
    return known._replace(
        rows=tuple(row for row in rows[:compared] if row[-1] in fit),
        uncompared=rows[compared:],
        rarer=compared / max(len(found), 0.5),
    )


async def _listed(tx: Tx, of: Selection) -> Listed | None:
    asked = _Asked.by(of)
    known = next((known for other, known in _kept(tx) if other == asked), None)
    if known is None or not _reaches(tx, of, known):
        return None
    happened = _happened_later(tx, of, known)
    await tx.send()
    return None if happened() else known._replace(since=_nothing(tx, of).since or known.since)


def keep(tx: Tx, of: Selection, listed: Listed) -> None:
    """Keeps the first issues of a selection's list."""
    if listed.since is None or len(listed.rows) > 2 * MOST:
        return
    if listed.whole:
        listed = listed._replace(among=tuple(row[-1] for row in listed.rows))
    asked = _Asked.by(of)
    others = [each for each in _kept(tx) if each[0] != asked]
    remember(tx, _LISTED, [(asked, listed), *others][:KEPT])


def _nothing(tx: Tx, of: Selection) -> Listed:
    """A list of which nothing is known, before it is read."""
    since = tx.moment if tx.moment is not None and tx.moment.settled else None
    return Listed(since=since, at=now(), among=of.among)


def _happened_later(tx: Tx, of: Selection, known: Listed) -> Callable[[], bool]:
    """Whether anything happened in the projects since, asked with what is asked next: to be called behind it.
    Then what was listed there is forgotten.
    """
    since, moment = known.since, tx.moment
    if since is None or moment is None or moment.still(since):
        return lambda: False
    asked = tx.later(_Q["search_happened"], projects=list(of.projects), seq=since.seq, event=since.event)

    def happened() -> bool:
        if asked.rows:
            where = _Asked.by(of).where
            remember(tx, _LISTED, [each for each in _kept(tx) if each[0].where != where])
        return bool(asked.rows)

    return happened


def _reaches(tx: Tx, of: Selection, known: Listed) -> bool:
    """Whether a list may still stand, see `Listed.reaches`."""
    return tx.moment is not None and known.reaches(tx.moment, across=of.across)


def _kept(tx: Tx) -> Sequence[tuple[_Asked, Listed]]:
    """The lists that are kept, the last first."""
    return recall(tx, _LISTED) or ()


async def among(tx: Tx, of: Selection, ids: Sequence[int]) -> frozenset[int]:
    """Which of some issues are found: each is looked up and compared, however many others there are."""
    return frozenset(await _first_of(tx, of, ids, len(ids)))


async def _first_of(tx: Tx, of: Selection, ids: Sequence[int], wanted: int) -> list[int]:
    """Some issues that are found; across projects the first, in their order."""
    if not of.projects or not ids:
        await tx.send()
        return []
    query = _among(of.clauses, of.alone, of.words is not None)
    return [id_ for (id_,) in await fetch(tx, of, query, ids=ids, wanted=wanted, named=False)]


@lru_cache(maxsize=64)
def _among(clauses: tuple[Clause, ...], alone: int | None, words: bool) -> Named:
    return Named.of("search_among", sources.among(clauses, alone=alone, words=words), lasts=True)
