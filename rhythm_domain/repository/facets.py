"""The index of facets: what issues have of a few values, such as a status, in segments of numbers.

One look finds those in a segment that have all that is asked for, where each alone would find many. It knows
no order, and values only by their hashes: so what it finds is put in order, and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.queries import Named, integers
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.transaction import Tx

SEGMENT = 2048
"""Numbers of a segment, as schema.sql has it."""

_SAMPLED = 8
"""The largest projects by which it is judged how many issues have some facets."""

_QUARTERS = 4
"""A segment of each quarter of a project is looked at, the last one being the newest."""

_OF_ISSUE = SQL(
    "(issue_facets(i.project_id, i.number, i.status, i.priority, i.type, i.assignee_id) || i.facets)"
)


def known(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Those of some conditions that the index serves."""
    return tuple(clause for clause in clauses if clause.facets)


def asked(clauses: Sequence[Clause], segment: Composable) -> Composable:
    """That a row `i` is in a segment of project `p`, and has the facets of the conditions that have any."""
    keys = [
        SQL("ARRAY[{}]").format(
            SQL(", ").join(SQL("facet(p.id, {}, {})").format(segment, facet) for facet in clause.facets)
        )
        for clause in known(clauses)
    ]
    return SQL(" AND ").join(SQL("{} && {}").format(_OF_ISSUE, key) for key in keys)


def issues(clauses: Sequence[Clause]) -> SQL:
    """All issues of project `p` that have the facets."""
    text = SQL(
        "SELECT i.* FROM generate_series("
        "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = p.id) / {}, 0, -1) AS g"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.deleted_at IS NULL AND {} OFFSET 0) i"
    ).format(Literal(SEGMENT), asked(clauses, SQL("g")))
    return SQL(text.as_string())


@dataclass(frozen=True, slots=True)
class Shared:
    """The share of issues that have all facets asked for, among the newest `newest` and among the older ones,
    of `size` in all; and when that was.
    """

    recent: float
    older: float
    newest: int
    size: int
    at: float

    def depth(self, walk: float) -> float:
        """How many issues have to be read for what `walk` would hold, if all were as the newest ones are."""
        if walk > self.newest:
            walk = self.newest + (walk - self.newest) * self.recent / self.older
        return min(walk, self.size)

    def met(self, depth: float) -> float:
        """How many of the first ones have the facets."""
        return min(depth, self.newest) * self.recent + max(depth - self.newest, 0) * self.older


async def shared(tx: Tx, projects: Sequence[int], clauses: Sequence[Clause]) -> Shared:
    """How many issues have the facets asked for: counted in a few segments of the largest projects."""
    (row,) = await tx.fetch(_counted(known(clauses)), projects=integers(projects))
    newest = int(row["newest"] or 1)
    return Shared(
        # Half an issue more, so that what was seen nowhere is rare, not impossible.
        recent=(int(row["recent"] or 0) + 0.5) / newest,
        older=(int(row["older"] or 0) + 0.5) / ((_QUARTERS - 1) * newest),
        newest=newest,
        size=int(row["size"] or 1),
        at=monotonic(),
    )


@lru_cache(maxsize=512)
def _counted(clauses: tuple[Clause, ...]) -> Named:
    text = SQL(
        "SELECT sum(f.met) FILTER (WHERE k.quarter = {quarters}) AS recent,"
        " sum(f.met) FILTER (WHERE k.quarter < {quarters}) AS older,"
        " sum(least(p.top, {segment})) FILTER (WHERE k.quarter = {quarters}) AS newest,"
        " (SELECT sum(n.last) FROM issue_numbers n WHERE n.project_id = ANY(%(projects)s::int[])) AS size"
        " FROM (SELECT n.project_id AS id, coalesce("
        "   (SELECT max(s.number) FROM issue_search s WHERE s.project_id = n.project_id), 0) AS top"
        "  FROM issue_numbers n WHERE n.project_id = ANY(%(projects)s::int[])"
        "  ORDER BY n.last DESC LIMIT {sampled}) p"
        " CROSS JOIN generate_series(1, {quarters}) AS k (quarter)"
        " CROSS JOIN LATERAL (SELECT count(*) AS met FROM issues i WHERE i.deleted_at IS NULL AND {facets}) f"
    ).format(
        quarters=Literal(_QUARTERS),
        segment=Literal(SEGMENT),
        sampled=Literal(_SAMPLED),
        facets=asked(
            clauses,
            # The newest segment is left out where there are others: it is not full yet.
            SQL("greatest(p.top / {} * k.quarter / {} - 1, 0)").format(Literal(SEGMENT), Literal(_QUARTERS)),
        ),
    )
    return Named.of("search_shared", text)
