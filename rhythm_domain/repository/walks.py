"""The SQL of lists in other orders than by number: stretches of an order, read on by its index or sorted.

Of one project, an index gives a stretch in order. Across projects each has its part of that index, and all
are read as far as some place in the order: the one up to which the largest projects, the median of them, have
their share of what is to be read. To merge them while they are read would take a plan with a branch for each,
which is long to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from psycopg.sql import SQL, Composable, Identifier, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.orders import Stretch
from rhythm_domain.repository.sources import (
    MATCHES,
    Driver,
    Reading,
    conditions,
    fit,
    indexed,
    rows,
    sample,
    scope,
)

_SEGMENT = Literal(SEGMENT)

_LARGEST = 7
"""The projects by which it is judged how far all are read."""


def in_order(
    clauses: Sequence[Clause], stretch: Stretch, reading: Reading, *, resumed: bool, limit: int
) -> Composable:
    """The first ids and values of project `p` in a stretch; `resumed` behind the parameters value and id."""
    parts = {
        "column": stretch.column,
        "way": reading.way,
        "limit": Literal(limit),
        "where": conditions([*clauses, Clause(stretch.where)], words=False),
        "behind": _behind(stretch, reading) if resumed else SQL(""),
    }
    return SQL(" UNION ALL ").join(
        SQL(
            "(SELECT i.id, {column} AS value FROM issues i WHERE {where} AND {split}{behind}"
            " ORDER BY {column} {way}, i.id {way} LIMIT {limit})"
        ).format(split=split, **parts)
        for split in stretch.split
    )


# Walks -------------------------------------------------------------------------------------------------


def walk(
    clauses: Sequence[Clause],
    stretch: Stretch,
    reading: Reading,
    *,
    alone: int | None,
    words: bool,
    resumed: bool,
    width: int,
) -> Composable:
    """Those that fulfil everything among about the first `width` issues of a stretch: id, value and `found`.

    Behind them stands the first issue that was not read, if there is one: that one is not `found`. Rows come
    as they are read, at most as many as the parameter `rows` says: to ask for an order would be to read them
    all. Further parameters: those of `scope`, and if `resumed` value and id.
    """
    # A condition that is null would not keep the next ones from being looked at.
    fulfils = SQL(" AND ").join(SQL("({}) IS TRUE").format(clause.where) for clause in clauses)
    parts = {
        "wanted": _fits(alone, "r") if words else SQL("true"),
        "fulfils": fulfils if clauses else SQL("true"),
        "way": reading.way,
        "width": Literal(width),
    }
    read = partial(_read, indexed(clauses), stretch, reading, resumed=resumed, limit=width + 1)
    if alone is not None:
        return _ALONE.format(read=read(Literal(alone)), **parts)
    return _ACROSS.format(
        share=read(SQL("p.id")),
        largest=Literal(_LARGEST),
        read=read(SQL("p.id"), until=True),
        nearer=SQL(">" if reading.falls else "<"),
        **parts,
    )


_ALONE = SQL(
    "SELECT r.id, r.value, NOT r.behind AS found FROM (SELECT i.id, i.value, i.behind FROM"
    " (SELECT i.*, row_number() OVER () > {width} AS behind FROM ({read}) i) i"
    " WHERE i.behind OR ({fulfils}) OFFSET 0) r"
    " WHERE r.behind OR ({wanted}) LIMIT %(rows)s"
)

_ACROSS = SQL(
    "WITH a AS MATERIALIZED (SELECT n.project_id AS id, n.last, sum(n.last) OVER () AS size"
    "   FROM issue_numbers n JOIN project_members m ON m.project_id = n.project_id"
    "   AND m.user_id = %(user)s AND m.ended_at IS NULL WHERE n.project_id = ANY(%(projects)s::int[])),"
    " t AS MATERIALIZED (SELECT f.id, f.value FROM (SELECT f.*, count(*) OVER () AS all,"
    "   row_number() OVER (ORDER BY f.value {way} NULLS LAST, f.id {way}) AS place"
    "   FROM (SELECT * FROM a ORDER BY a.last DESC LIMIT {largest}) p"
    "   LEFT JOIN LATERAL (SELECT i.id, i.value FROM ({share}) i"
    "     OFFSET ceil({width}::float8 * p.last / p.size) LIMIT 1) f ON true) f"
    "   WHERE f.place = (f.all + 1) / 2 AND f.id IS NOT NULL),"
    " r AS MATERIALIZED (SELECT f.* FROM a p CROSS JOIN LATERAL (SELECT i.id, i.value, i.behind FROM"
    "   (SELECT i.*, row_number() OVER () > {width} AS behind FROM ({read}) i) i"
    "   WHERE i.behind OR ({fulfils})) f),"
    " e AS MATERIALIZED (SELECT * FROM (SELECT t.id, t.value FROM t"
    "   UNION ALL SELECT r.id, r.value FROM r WHERE r.behind) e ORDER BY e.value {way}, e.id {way} LIMIT 1)"
    " SELECT f.id, f.value, f.found FROM (SELECT r.id, r.value, true AS found FROM"
    "   (SELECT r.* FROM r WHERE NOT r.behind"
    "     AND (NOT EXISTS (SELECT FROM e) OR (r.value, r.id) {nearer} (SELECT e.value, e.id FROM e))"
    "     ORDER BY r.value {way}, r.id {way} OFFSET 0) r WHERE {wanted}"
    "   UNION ALL SELECT e.id, e.value, false FROM e) f LIMIT %(rows)s"
)
"""`t` is the place up to which all read, that is not read any more; `r` what each project has before it, and
at most {width}; `e` the first that was not read of any."""


def _read(
    clauses: Sequence[Clause],
    stretch: Stretch,
    reading: Reading,
    project: Composable,
    *,
    resumed: bool,
    limit: int,
    until: bool = False,
) -> Composable:
    """The issues `i` of a stretch in one project, in order, with their `value`."""
    way = reading.way
    parts: list[Composable] = [
        SQL("i.project_id = {} AND i.deleted_at IS NULL AND {}").format(project, stretch.where),
        *(each.where for each in clauses),
    ]
    if resumed:
        parts.append(_place(stretch, reading.beyond, SQL("%(value)s"), SQL("%(id)s")))
    if until:
        end = SQL(stretch.type.least if reading.falls else stretch.type.most)
        value = SQL("coalesce((SELECT t.value FROM t), {})").format(end)
        nearer = SQL(">" if reading.falls else "<")
        parts.append(_place(stretch, nearer, value, SQL("coalesce((SELECT t.id FROM t), 0)")))
    each = SQL(" UNION ALL ").join(
        SQL(
            "(SELECT i.*, {column} AS value FROM issues i WHERE {where} AND {split}"
            " ORDER BY {column} {way}, i.id {way} LIMIT {limit})"
        ).format(
            column=stretch.column, where=SQL(" AND ").join(parts), split=split, way=way, limit=Literal(limit)
        )
        for split in stretch.split
    )
    if len(stretch.split) == 1:
        return each
    return SQL("SELECT i.* FROM ({}) i ORDER BY i.value {way}, i.id {way} LIMIT {limit}").format(
        each, way=way, limit=Literal(limit)
    )


def _place(stretch: Stretch, compare: Composable, value: Composable, id_: Composable) -> Composable:
    return SQL("({}, i.id) {} ({}::{}, {}::bigint)").format(
        stretch.column, compare, value, stretch.type.sql, id_
    )


def _fits(alone: int | None, row: str) -> Composable:
    """That the words fit an issue; of one project, the queries of its segments are made once."""
    if alone is None:
        return fit(row)
    query = SQL(
        "(SELECT array_agg(replace(%(words)s, '@', {id} || '.' || g || '/')::tsquery ORDER BY g)"
        " FROM generate_series(0, (SELECT max(s.number)"
        " FROM issue_search s WHERE s.project_id = {id}) / {segment}) AS g)[s.number / {segment} + 1]"
    ).format(segment=_SEGMENT, id=Literal(alone))
    return SQL("(SELECT ts_match_vq(s.tsv, {}) FROM issue_search s WHERE s.issue_id = {})").format(
        query, Identifier(row, "id")
    )


# All, sorted -------------------------------------------------------------------------------------------


def ordered(
    clauses: Sequence[Clause],
    driver: Driver,
    places: Sequence[tuple[int, Stretch]],
    reading: Reading,
    *,
    alone: int | None,
    words: bool,
    resumed: bool,
    limit: int,
    among: int,
) -> Composable:
    """The first `limit` issues of a driver that fulfil everything, in several stretches: `place`, id and, as
    text, value; those of one stretch before those of the next. Behind them those among which all of the list
    are, if they are no more than `among`: a value without a place is their ids, an array.

    They are read once, whatever the number of stretches. What costs more than to compare a column is compared
    in order, until there are enough. `resumed`: behind the parameters value and id in the first of these
    stretches.
    """
    cheap = [Clause(clause.cheap) for clause in clauses if clause.cheap is not None]
    costly = [SQL("({})").format(clause.where) for clause in clauses if clause.elsewhere]
    compared = SQL(" AND ").join([*costly, *([_fits(alone, "i")] if words else [])] or [SQL("true")])
    parts = [
        SQL(
            "(SELECT {place} AS place, i.id, ({column})::text AS value FROM (SELECT i.* FROM i"
            " WHERE {where}{behind} ORDER BY {column} {way}, i.id {way} OFFSET 0) i"
            " WHERE {compared} LIMIT {limit})"
        ).format(
            place=Literal(place),
            column=stretch.column,
            where=stretch.where,
            behind=_behind(stretch, reading) if resumed and at == 0 else SQL(""),
            way=reading.way,
            compared=compared,
            limit=Literal(limit),
        )
        for at, (place, stretch) in enumerate(places)
    ]
    return SQL(
        "WITH i AS {once} (SELECT i.* FROM {scope} CROSS JOIN LATERAL"
        " (SELECT i.* FROM {rows} WHERE {cheap}) i) (SELECT f.* FROM ({parts}) f LIMIT {limit}) {all}"
    ).format(
        once=SQL("MATERIALIZED" if len(parts) > 1 or among else "NOT MATERIALIZED"),
        all=_ALL.format(Literal(among)) if among else SQL(""),
        scope=scope(alone, words=words or driver is MATCHES, descending=True),
        rows=rows(driver),
        cheap=conditions(cheap, words=False),
        parts=SQL(" UNION ALL ").join(parts),
        limit=Literal(limit),
    )


_ALL = SQL(
    "UNION ALL SELECT NULL::int, NULL::bigint, array_agg(i.id)::text FROM i HAVING count(*) BETWEEN 1 AND {}"
)


# Words -------------------------------------------------------------------------------------------------


def frequency(*, prefix: bool, most: int, projects: int, newest: int) -> Composable:
    """How many issues the index finds for the look-up (`hits`), and how many of these the prefix fits too
    (`both`), among the `numbers` of a few segments of the largest projects; at most `most` of each segment,
    and `more` says that there are more. How many of the `newest` issues of the largest project fit (`seen`,
    `complete`, `begun`); and the `size` of all projects. Parameters: projects, lookup, prefix.
    """
    asked = SQL("replace({}, '@', p.id || '.' || g || '/')::tsquery")
    largest = SQL(
        "(SELECT n.project_id AS id, n.last FROM issue_numbers n"
        " WHERE n.project_id = ANY(%(projects)s::int[]) ORDER BY n.last DESC LIMIT {}) p"
    )
    both = SQL(
        "count(*) FILTER (WHERE (SELECT ts_match_vq(f.tsv, {}) FROM issue_search f WHERE f.issue_id = s.id))"
    ).format(asked.format(SQL("%(prefix)s")))
    return SQL(
        "SELECT n.size::float8, c.*, b.* FROM (SELECT sum(n.last) AS size FROM issue_numbers n"
        " WHERE n.project_id = ANY(%(projects)s::int[])) n"
        " CROSS JOIN (SELECT sum(c.numbers)::int AS numbers, sum(c.hits)::int AS hits,"
        " sum(c.both)::int AS both, bool_or(c.hits = {most}) AS more FROM {largest}"
        " CROSS JOIN LATERAL (SELECT greatest(p.last / {segment} - 1, 0) AS g"
        "   UNION SELECT p.last / {segment} / 2) g"
        " CROSS JOIN LATERAL (SELECT least({segment}, p.last - g.g * {segment} + 1) AS numbers,"
        "   count(*) AS hits, {both} AS both FROM (SELECT s.id FROM issue_index s"
        "   WHERE words_of(s.id) @@ {lookup} LIMIT {most}) s) c) c"
        " CROSS JOIN (SELECT s.seen::int, s.complete::int, s.begun::int"
        " FROM {first} CROSS JOIN LATERAL ({sample}) s) b"
    ).format(
        largest=largest.format(Literal(projects)),
        first=largest.format(Literal(1)),
        sample=sample(width=newest),
        segment=_SEGMENT,
        most=Literal(most),
        lookup=asked.format(SQL("%(lookup)s")),
        both=both if prefix else SQL("count(*)"),
    )


def scores() -> Composable:
    """How well the words fit some issues. Parameters: ids, words."""
    return SQL(
        "SELECT s.issue_id AS id, ts_rank(s.tsv,"
        " replace(%(words)s, '@', s.project_id || '.' || s.number / {} || '/')::tsquery)::float8 AS value"
        " FROM unnest(%(ids)s::bigint[]) AS c (id) CROSS JOIN LATERAL"
        " (SELECT * FROM issue_search s WHERE s.issue_id = c.id OFFSET 0) s"
    ).format(_SEGMENT)


def _behind(stretch: Stretch, reading: Reading) -> Composable:
    return SQL(" AND {}").format(_place(stretch, reading.beyond, SQL("%(value)s"), SQL("%(id)s")))
