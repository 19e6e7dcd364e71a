"""What was listed before, narrowed as one types on.

Who types a letter more, a word or a condition asks for a part of what was there before. Of that, the first
issues are known, and compared again; only what is missing is sought, behind them. That holds as long as
nothing happened in the projects: the history says so. A list is only kept when no transaction was at work,
for then all that is recorded later has higher sequence numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rhythm_domain import queries
from rhythm_domain.lexemes import Term, implied
from rhythm_domain.queries import Named
from rhythm_domain.repository import sources
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.hints import fresh, now, recall, remember
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Moment, Tx

MOST, KEPT = 201, 16
"""Issues of a list that are kept at most, and lists: so many keys one can take back."""

_SOME = 1000
"""Rows of history that are looked through for those of some projects."""

_LISTED = "listed"

_Q = queries.load("search")


class Listed(NamedTuple):
    """The first issues of a list, in order: each is a place in it, and ends with the id.

    Behind the place `behind` it goes on, unless that is all (`whole`). There were `rarer` times as many of
    those of which these are a part. So it was at the moment `since`; None: what happens later is not known.
    All goes back to what was sought at the time `at`.
    """

    rows: tuple[Any, ...] = ()
    behind: Any = None
    whole: bool = False
    since: Moment | None = None
    rarer: float = 1
    at: float = 0

    def reaches(self, moment: Moment) -> bool:
        """Whether it is from before a moment, and the history in between can be looked through."""
        # At another one issues may be missing that are in the list, though the history is no shorter.
        return (
            self.since is not None
            and self.since.over <= moment.over
            and moment.seq - self.since.seq in range(_SOME)
            and fresh(self.at)
        )


class _Asked(NamedTuple):
    """What was asked for: where, in which order and by whom, and what."""

    where: tuple[object, ...]
    terms: tuple[Term, ...]
    clauses: tuple[Clause, ...]
    generation: int

    @classmethod
    def by(cls, of: Selection) -> _Asked:
        return cls((of.projects, of.across, of.user, of.sort), of.terms, of.clauses, of.generation)

    def holds(self, other: _Asked) -> bool:
        """Whether whatever is asked for elsewhere was found by this."""
        return (
            (self.where, self.generation) == (other.where, other.generation)
            and set(self.clauses) <= set(other.clauses)
            and implied(self.terms, other.terms, self.generation)
        )


async def narrowed(tx: Tx, of: Selection) -> Listed:
    """The first issues of a selection's list, as far as they are known."""
    moment, asked = tx.moment, _Asked.by(of)
    nothing = Listed(since=moment if moment is not None and moment.settled else None, at=now())
    if moment is None:
        return nothing
    listed = (known for other, known in _kept(tx) if known.reaches(moment) and other.holds(asked))
    known = next(listed, None)
    if known is None or known.since is None:
        return nothing
    happened = None
    if (known.since.seq, known.since.event) != (moment.seq, moment.event):
        happened = tx.later(
            _Q["search_happened"],
            projects=list(of.projects),
            seq=known.since.seq,
            event=known.since.event,
        )
    found = await among(tx, of, [row[-1] for row in known.rows])
    if happened is not None and happened.rows:
        remember(tx, _LISTED, [each for each in _kept(tx) if each[0].where != asked.where])
        return nothing
    return known._replace(
        rows=tuple(row for row in known.rows if row[-1] in found),
        since=nothing.since or known.since,
        rarer=len(known.rows) / max(len(found), 0.5),
    )


def keep(tx: Tx, of: Selection, listed: Listed) -> None:
    """Keeps the first issues of a selection's list."""
    if listed.since is None or len(listed.rows) > 2 * MOST:
        return
    asked = _Asked.by(of)
    others = [each for each in _kept(tx) if each[0] != asked]
    remember(tx, _LISTED, [(asked, listed), *others][:KEPT])


def _kept(tx: Tx) -> Sequence[tuple[_Asked, Listed]]:
    """The lists that are kept, the last first."""
    return recall(tx, _LISTED) or ()


async def among(tx: Tx, of: Selection, ids: Sequence[int]) -> frozenset[int]:
    """Which of some issues are found: each is looked up and compared, however many others there are."""
    if not of.projects or not ids:
        await tx.send()
        return frozenset()
    rows = await fetch(tx, of, _among(of.clauses, of.alone, of.words is not None), ids=ids)
    return frozenset(row["id"] for row in rows)


@lru_cache(maxsize=64)
def _among(clauses: tuple[Clause, ...], alone: int | None, words: bool) -> Named:
    return Named.of("search_among", sources.among(clauses, alone=alone, words=words))
