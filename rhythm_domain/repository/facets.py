"""The index of facets: what issues have of a few values, such as a status, in segments of numbers.

One look finds those in a segment that have all that is asked for, where each alone would find many. It knows
no order, and values only by their hashes: so what it finds is put in order, and compared. Its segments are
those of the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.queries import Named, integers
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.sources import INDEXED, Driver
from rhythm_domain.transaction import Tx

_SAMPLED = 3
"""The largest projects by which it is judged how many issues have some facets."""

_FEW = 4
"""Values that are asked for whatever the project; of more, only those that are its own."""

_PARTS = 2
"""A segment at the end of each part of a project is looked at, the last one being the newest."""


def known(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Those of some conditions that the index serves."""
    return tuple(clause for clause in clauses if clause.facets)


def asked(clauses: Sequence[Clause], segment: Composable) -> Composable:
    """That a row `f` of issue_facets is of a segment of project `p`, and has the facets of the conditions
    that have any: what few issues have comes first, so that the index passes over most of the others.
    """
    rarest_first = sorted(known(clauses), key=attrgetter("common"))
    return SQL(" AND ").join(SQL("f.facets && {}").format(_keys(clause, segment)) for clause in rarest_first)


def _keys(clause: Clause, segment: Composable) -> Composable:
    """The facets of a condition in a segment of project `p`, as an array."""
    if clause.facets_here is not None and len(clause.facets) > _FEW:
        return SQL("ARRAY(SELECT facet(p.id, {}, v.value) FROM ({}) v (value))").format(
            segment, clause.facets_here
        )
    return SQL("ARRAY[{}]").format(
        SQL(", ").join(SQL("facet(p.id, {}, {})").format(segment, facet) for facet in clause.facets)
    )


def asking(clauses: Sequence[Clause]) -> int:
    """How many values a look into the index asks for."""
    return sum(min(len(clause.facets), _FEW) for clause in clauses)


@lru_cache(maxsize=512)
def driver(clauses: tuple[Clause, ...]) -> Driver:
    """All issues of project `p` that have the facets."""
    text = SQL(
        "SELECT i.* FROM generate_series("
        "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = p.id) / {}, 0, -1) AS g"
        " CROSS JOIN LATERAL (SELECT f.issue_id AS id FROM issue_facets f WHERE {} OFFSET 0) f"
        " CROSS JOIN LATERAL ({} WHERE x.id = f.id OFFSET 0) i"
    ).format(Literal(SEGMENT), asked(clauses, SQL("g")), INDEXED)
    return Driver(issues=SQL(text.as_string()), fulfilled=known(clauses))


class Shared(NamedTuple):
    """The share of issues that have all facets asked for, among the newest `newest` and among the older ones,
    of `size` in all.
    """

    recent: float
    older: float
    newest: int
    size: int

    def depth(self, walk: float) -> float:
        """How many issues have to be read for what `walk` would hold, if all were as the newest ones are."""
        if walk > self.newest:
            walk = self.newest + (walk - self.newest) * self.recent / self.older
        return min(walk, self.size)

    def within(self, least: float, most: float) -> Shared:
        """The same where there are so many in all: the largest projects need not be like the others."""
        met = self.met(self.size)
        factor = min(max(met, least), most) / met
        return self._replace(recent=self.recent * factor, older=self.older * factor)

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
        older=(int(row["older"] or 0) + 0.5) / ((_PARTS - 1) * newest),
        newest=newest,
        size=int(row["size"] or 1),
    )


@lru_cache(maxsize=512)
def _counted(clauses: tuple[Clause, ...]) -> Named:
    text = SQL(
        "SELECT sum(f.met) FILTER (WHERE k.part = {parts}) AS recent,"
        " sum(f.met) FILTER (WHERE k.part < {parts}) AS older,"
        " sum(least(p.top, {segment})) FILTER (WHERE k.part = {parts}) AS newest,"
        " (SELECT sum(n.last) FROM issue_numbers n WHERE n.project_id = ANY(%(projects)s::int[])) AS size"
        " FROM (SELECT n.project_id AS id, coalesce("
        "   (SELECT max(s.number) FROM issue_search s WHERE s.project_id = n.project_id), 0) AS top"
        "  FROM issue_numbers n WHERE n.project_id = ANY(%(projects)s::int[])"
        "  ORDER BY n.last DESC LIMIT {sampled}) p"
        " CROSS JOIN generate_series(1, {parts}) AS k (part)"
        " CROSS JOIN LATERAL (SELECT count(*) AS met FROM issue_facets f WHERE {facets}) f"
    ).format(
        parts=Literal(_PARTS),
        segment=Literal(SEGMENT),
        sampled=Literal(_SAMPLED),
        facets=asked(
            clauses,
            # The newest segment is left out where there are others: it is not full yet.
            SQL("greatest(p.top / {} * k.part / {} - 1, 0)").format(Literal(SEGMENT), Literal(_PARTS)),
        ),
    )
    return Named.of("search_shared", text)
