"""What all statements of a search share: their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rhythm_domain.queries import Named, integers
from rhythm_domain.repository.selection import Selection
from rhythm_domain.transaction import Tx


class Reach(NamedTuple):
    """Where some projects are read from, or to: their ids, a number in each, the issues that have it, and
    when those were created; arrays, as PostgreSQL writes them or of values.
    """

    projects: str
    numbers: str
    marks: str
    moments: str | Sequence[datetime | None]


async def fetch(
    tx: Tx,
    of: Selection,
    query: Named,
    *,
    projects: Sequence[int] | None = None,
    lookup: str | None = None,
    bounds: Mapping[int, int] | None = None,
    moments: Mapping[int, datetime] | None = None,
    value: object = None,
    id: int = 0,
    ids: Sequence[int] | str = (),
    prefix: str | None = None,
    rows: int = 0,
    wanted: int = 0,
    most: int = 0,
    reach: Reach | None = None,
    named: bool = True,
) -> list[Any]:
    """Runs a statement, in some of a selection's projects; the other parameters are those that it names. Its
    rows are tuples if they are not to be `named`.
    """
    at = bounds or {}
    begin = reach or Reach(
        integers(at), integers(at.values()), "{}", [(moments or {}).get(project) for project in at]
    )
    return await (tx.fetch if named else tx.tuples)(
        query,
        projects=integers(of.projects if projects is None else projects),
        user=of.user,
        at_projects=begin.projects,
        at_numbers=begin.numbers,
        at_moments=begin.moments,
        marks=begin.marks,
        words=of.words and of.words.template,
        lookup=lookup or (of.words and of.words.narrowest),
        value=value,
        id=id,
        ids=ids if isinstance(ids, str) else integers(ids),
        prefix=prefix,
        rows=rows,
        wanted=wanted,
        most=most,
    )
