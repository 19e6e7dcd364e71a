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
from rhythm_domain.repository.hints import recall, remember
from rhythm_domain.repository.selection import Selection
from rhythm_domain.repository.statements import fetch
from rhythm_domain.transaction import Tx

MOST, KEPT = 201, 8
"""Issues of a list that are kept at most, and lists of each kind: so many keys one can take back."""

_SOME = 1000
"""Rows of history that are looked through for those of some projects."""

_Q = queries.load("search")


class Listed(NamedTuple):
    """The first issues of a list, in order: each is a place in it, and ends with the id.

    Behind the place `behind` it goes on, unless that is all (`whole`). `since` is where the history ended
    then; None: it is not known what happens later. There were `rarer` times as many of those of which these
    are a part.
    """

    rows: tuple[Any, ...] = ()
    behind: Any = None
    whole: bool = False
    since: int | None = None
    rarer: float = 1


class _Asked(NamedTuple):
    """What was asked for."""

    terms: tuple[Term, ...]
    clauses: tuple[Clause, ...]

    def holds(self, of: Selection) -> bool:
        """Whether whatever a selection finds was found."""
        return set(self.clauses) <= set(of.clauses) and implied(self.terms, of.terms, of.generation)


async def narrowed(tx: Tx, of: Selection) -> Listed:
    """The first issues of a selection's list, as far as they are known."""
    known: Listed
    for asked, known in recall(tx, _key(of)) or ():
        if tx.history - (known.since or 0) in range(_SOME) and asked.holds(of):
            break
    else:
        return Listed(since=tx.history if tx.settled else None)
    happened = None
    if tx.history != known.since:
        happened = tx.later(_Q["search_happened"], projects=list(of.projects), since=known.since)
    found = await among(tx, of, [row[-1] for row in known.rows])
    if happened is not None and happened.rows:
        return Listed(since=tx.history if tx.settled else None)
    return Listed(
        tuple(row for row in known.rows if row[-1] in found),
        known.behind,
        known.whole,
        tx.history if tx.settled else known.since,
        len(known.rows) / max(len(found), 0.5),
    )


def keep(tx: Tx, of: Selection, listed: Listed) -> None:
    """Keeps the first issues of a selection's list."""
    if listed.since is None or len(listed.rows) > 2 * MOST:
        return
    asked = _Asked(of.terms, of.clauses)
    others = [each for each in recall(tx, _key(of)) or () if each[0] != asked]
    remember(tx, _key(of), [(asked, listed), *others][:KEPT])


def _key(of: Selection) -> tuple[object, ...]:
    return "listed", of.projects, of.across, of.user, of.sort, of.generation


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
