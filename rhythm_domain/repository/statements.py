"""What all statements of a search share: the projects that they read, and their parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.sql import Composable

from rhythm_domain.database import Row
from rhythm_domain.queries import Named, integers
from rhythm_domain.repository import sources
from rhythm_domain.repository.selection import Selection
from rhythm_domain.transaction import Tx


def scope(of: Selection, *, descending: bool = True) -> Composable:
    """The projects `p` of a selection."""
    return sources.scope(of.alone, words=of.words is not None, descending=descending)


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
) -> list[Row]:
    """Runs a statement, in some of a selection's projects; the other parameters are those that it names."""
    at = bounds or {}
    return await tx.fetch(
        query,
        projects=integers(of.projects if projects is None else projects),
        user=of.user,
        at_projects=integers(at),
        at_numbers=integers(at.values()),
        at_moments=[(moments or {}).get(project) for project in at],
        words=of.words and of.words.template,
        lookup=lookup or (of.words and of.words.narrowest),
        value=value,
        id=id,
        ids=ids if isinstance(ids, str) else integers(ids),
        prefix=prefix,
        rows=rows,
    )
