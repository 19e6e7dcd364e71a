"""Where a search statement reads from: the SQL of its projects, its words, and its rows.

Statements have one form: for each project `p` of the scope LATERAL a few rows in order, then all of them
merged. That holds at any number of projects, where `project_id = ANY(...)` would sort everything.

Words are looked up segment by segment (see `lexemes`), newest first; `p.filters` holds the whole condition of
each segment, made once per statement. `ts_match_vq` is `@@` that no index serves, and `OFFSET 0` keeps a
subquery as it is: both are fences that keep the planner from turning a cheap order of work round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.orders import Stretch

WINDOW = 1000
"""The newest issues whose words are compared before the index is asked: that answers every frequent word."""

SMALLEST_WINDOW = 20
"""Across projects the window is shared out among them, but no project has less than this."""

SEGMENTS = 128
"""The segments that the index is asked for in one statement; each project has at least one."""

_SEGMENT = Literal(SEGMENT)
_FILTER = SQL("p.filters[i.number / {} + 1]").format(_SEGMENT)

_PROJECT = SQL("(%(projects)s::int[])[@]")
_MEMBER = SQL(
    "(SELECT m.project_id FROM project_members m WHERE m.project_id = (%(projects)s::int[])[@]"
    " AND m.user_id = %(user)s AND m.ended_at IS NULL)"
)
_FITS = SQL(
    "(SELECT ts_match_vq(s.tsv,"
    " replace(%(words)s, '@', s.project_id || '.' || s.number / {} || '/')::tsquery) "
    " FROM issue_search s WHERE s.issue_id = i.id)"
).format(_SEGMENT)
_NEVER = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Reading:
    """Which way a list is read: an order that falls or rises, on or back from a place in it."""

    descending: bool
    back: bool = False

    @property
    def falls(self) -> bool:
        """Whether values fall as one reads."""
        return self.descending is not self.back

    @property
    def way(self) -> Composable:
        return SQL("DESC") if self.falls else SQL("ASC")

    @property
    def beyond(self) -> Composable:
        """How a row read compares with the place where reading starts, which is none of them."""
        return SQL("<") if self.falls else SQL(">")

    @property
    def from_bound(self) -> Composable:
        """How a number compares with a bound: that was the last one read before, so going back reads it."""
        return SQL("{}{}").format(self.beyond, SQL("=") if self.back else SQL(""))

    @property
    def inclusive(self) -> int:
        """What to add to a number that is to be read itself, to have it as a bound."""
        return 0 if self.back else 1 if self.falls else -1


@cache
def scope(*, across: bool, words: bool, descending: bool) -> Composable:
    """The projects `p`: id, where reading starts (`bound`), and with words the queries of their segments.

    Across projects the rows are only of those that the person is a member of, whatever ids are given, and
    `moment` is that of the last issue read before. Parameters: projects, user, at_projects, at_numbers and
    at_moments (where to go on), words.
    """
    member = SQL(
        "JOIN project_members m ON m.project_id = a.id AND m.user_id = %(user)s AND m.ended_at IS NULL"
    )
    filters = SQL(
        "CROSS JOIN LATERAL (SELECT max(g) AS last,"
        " array_agg(replace(%(words)s, '@', a.id || '.' || g || '/')::tsquery ORDER BY g) AS filters"
        " FROM generate_series(0, (SELECT max(s.number) FROM issue_search s WHERE s.project_id = a.id) / {})"
        " AS g) t"
    ).format(_SEGMENT)
    return SQL(
        "(SELECT a.id, coalesce(r.number, {bound}) AS bound, r.moment{columns}"
        " FROM unnest(%(projects)s::int[]) AS a (id)"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[], %(at_moments)s::timestamptz[])"
        " AS r (id, number, moment) ON r.id = a.id {member} {filters} OFFSET 0) p"
    ).format(
        bound=Literal(beyond_all(descending=descending)),
        columns=SQL(", t.last, t.filters") if words else SQL(""),
        member=member if across else SQL(""),
        filters=filters if words else SQL(""),
    )


def beyond_all(*, descending: bool) -> int:
    """A number that stands before all issues of a project in an order that falls, or rises."""
    return _NEVER if descending else 0


def conditions(clauses: Iterable[Clause], *, words: bool) -> Composable:
    """What a row `i` of a project `p` must fulfil; with `words`, also theirs."""
    parts: list[Composable] = [SQL("i.project_id = p.id AND i.deleted_at IS NULL")]
    parts += [clause.where for clause in clauses]
    if words:
        parts.append(
            SQL("(SELECT ts_match_vq(s.tsv, {}) FROM issue_search s WHERE s.issue_id = i.id)").format(_FILTER)
        )
    return SQL(" AND ").join(parts)


def rows(driver: Composable | None) -> Composable:
    """The rows `i`: all issues, or those that a driver names, each once, in the order in which they lie."""
    if driver is None:
        return SQL("issues i")
    return SQL(
        "(SELECT DISTINCT d.id FROM ({}) d ORDER BY d.id OFFSET 0) d"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.id = d.id OFFSET 0) i"
    ).format(driver)


def matches() -> Composable:
    """A driver: the issues of project `p` that the index finds for the words. Parameters: words, lookup."""
    return SQL(
        "SELECT s.id FROM generate_series(p.last, 0, -1) AS g CROSS JOIN LATERAL ({}) s"
        " WHERE ts_match_vq(s.tsv, p.filters[g + 1])"
    ).format(_found_in_segment())


def _found_in_segment() -> Composable:
    return SQL(
        "SELECT s.issue_id AS id, s.number, s.tsv FROM issue_search s"
        " WHERE s.tsv @@ replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery OFFSET 0"
    )


def by_number(
    clauses: Sequence[Clause], driver: Composable, reading: Reading, *, words: bool, limit: int
) -> Composable:
    """The first ids and numbers of project `p` from its bound among those of a driver; all are `found`."""
    return SQL(
        "SELECT i.id, i.number, true AS found FROM {rows} WHERE {conditions} AND i.number {beyond} p.bound"
        " ORDER BY i.number {way} LIMIT {limit}"
    ).format(
        rows=rows(driver),
        conditions=conditions(clauses, words=words),
        beyond=reading.from_bound,
        way=reading.way,
        limit=Literal(limit),
    )


def window(
    clauses: Sequence[Clause], reading: Reading, *, words: bool, limit: int, width: int | None
) -> Composable:
    """The next issues of project `p` from its bound that fulfil everything, of `width` that are compared.

    At most `limit` of their ids and numbers, and where there are fewer, the first issue not compared: that
    one is not `found`. Without a width all are compared.
    """
    parts = _words(clauses, reading, limit)
    if words:
        parts["compared"] = SQL(
            "SELECT s.issue_id AS id, s.number, s.tsv FROM issue_search s"
            " WHERE s.project_id = p.id AND s.number {beyond} p.bound"
        ).format(**parts)
        parts["fits"] = SQL("ts_match_vq(s.tsv, p.filters[s.number / {segment} + 1])").format(**parts)
    else:
        parts["compared"] = SQL(
            "SELECT s.id, s.number FROM issues s"
            " WHERE s.project_id = p.id AND s.deleted_at IS NULL AND s.number {beyond} p.bound"
        ).format(**parts)
        parts["fits"] = SQL("true")
    return SQL(
        "SELECT s.id, s.number, NOT s.behind AS found FROM"
        " (SELECT s.*, {behind} AS behind FROM ({compared}) s ORDER BY s.number {way} {end}) s"
        " WHERE s.behind OR ({fits} AND {fulfils}) ORDER BY s.number {way} LIMIT {limit}"
    ).format(**_width(width, SQL("s.number {way}").format(**parts)), **parts)


def _width(width: int | None, order: Composable) -> dict[str, Composable]:
    """How a subquery ends behind so many rows and one more, and whether a row is that one."""
    if width is None:
        return {"behind": SQL("false"), "end": SQL("OFFSET 0")}
    return {
        "behind": SQL("row_number() OVER (ORDER BY {}) > {}").format(order, Literal(width)),
        "end": SQL("LIMIT {}").format(Literal(width + 1)),
    }


def segments(clauses: Sequence[Clause], reading: Reading, *, limit: int, width: int) -> Composable:
    """The same, of `width` segments that the index is asked for one after the other until `limit` are found.

    Words that are rare, or that nobody wrote, cost a look into the index for each segment.
    """
    parts = _words(clauses, reading, limit) | {
        "found": _found_in_segment(),
        "segments": SQL(
            "SELECT least(p.last, p.bound / {0}) AS first,"
            " greatest(least(p.last, p.bound / {0}) - {1} + 1, 0) AS last, -1 AS step"
            if reading.falls
            else "SELECT p.bound / {0} AS first, p.bound / {0} + {1} - 1 AS last, 1 AS step"
        ).format(_SEGMENT, Literal(width)),
        "end": SQL("n.last * {}" if reading.falls else "(n.last + 1) * {} - 1").format(_SEGMENT),
    }
    return SQL(
        "SELECT f.* FROM ({segments} OFFSET 0) n CROSS JOIN LATERAL"
        " (SELECT f.* FROM generate_series(n.first, least(n.last, p.last), n.step) AS g CROSS JOIN LATERAL"
        " (SELECT s.id, s.number, true AS found FROM ({found}) s"
        " WHERE ts_match_vq(s.tsv, p.filters[g + 1]) AND s.number {beyond} p.bound AND {fulfils}"
        " ORDER BY s.number {way} LIMIT {limit}) f"
        " UNION ALL (SELECT s.issue_id, s.number, false FROM issue_search s"
        " WHERE s.project_id = p.id AND s.number {strictly} {end} ORDER BY s.number {way} LIMIT 1)) f"
        " LIMIT {limit}"
    ).format(**parts)


def _words(clauses: Sequence[Clause], reading: Reading, limit: int) -> dict[str, Composable]:
    fulfils = SQL("(SELECT {} FROM issues i WHERE i.id = s.id)").format(
        SQL(" AND ").join(SQL("({})").format(clause.where) for clause in clauses)
    )
    return {
        "fulfils": fulfils if clauses else SQL("true"),
        "beyond": reading.from_bound,
        "strictly": reading.beyond,
        "way": reading.way,
        "limit": Literal(limit),
        "segment": _SEGMENT,
    }


def sample(*, width: int) -> Composable:
    """How many of the newest issues of project `p` the look-up and the prefix fit, each alone and together,
    and how many issues it has. Parameters: lookup, prefix.
    """
    fits = SQL("ts_match_vq(s.tsv, replace({}, '@', p.id || '.' || s.number / {} || '/')::tsquery)")
    return SQL(
        "SELECT count(*) AS seen, count(*) FILTER (WHERE {lookup}) AS complete,"
        " count(*) FILTER (WHERE {prefix}) AS begun, count(*) FILTER (WHERE {lookup} AND {prefix}) AS narrow,"
        " coalesce(max(s.number), 0) AS size"
        " FROM (SELECT s.number, s.tsv FROM issue_search s WHERE s.project_id = p.id"
        " ORDER BY s.number DESC LIMIT {width}) s"
    ).format(
        lookup=fits.format(SQL("%(lookup)s"), _SEGMENT),
        prefix=fits.format(SQL("%(prefix)s"), _SEGMENT),
        width=Literal(width),
    )


def scores() -> Composable:
    """How well some issues of project `p` fit the words. Parameters: ids, words."""
    return SQL(
        "SELECT s.issue_id AS id, ts_rank(s.tsv, p.filters[s.number / {} + 1])::float8 AS value"
        " FROM unnest(%(ids)s::bigint[]) AS c (id) CROSS JOIN LATERAL"
        " (SELECT * FROM issue_search s WHERE s.issue_id = c.id AND s.project_id = p.id OFFSET 0) s"
    ).format(_SEGMENT)


def in_order(
    clauses: Sequence[Clause],
    driver: Composable | None,
    stretch: Stretch,
    reading: Reading,
    *,
    words: bool,
    resumed: bool,
    limit: int,
) -> Composable:
    """The first ids and values of project `p` in a stretch; `resumed` behind the parameters value and id."""
    parts = {
        "column": stretch.column,
        "way": reading.way,
        "limit": Literal(limit),
        "rows": rows(driver),
        "where": conditions([*clauses, Clause(stretch.where)], words=words),
        "behind": _behind(stretch, reading) if resumed else SQL(""),
    }
    return SQL(" UNION ALL ").join(
        SQL(
            "(SELECT i.id, {column} AS value FROM {rows} WHERE {where} AND {split}{behind}"
            " ORDER BY {column} {way}, i.id {way} LIMIT {limit})"
        ).format(split=split, **parts)
        for split in stretch.split
    )


def first_in_order(
    clauses: Sequence[Clause],
    stretch: Stretch,
    reading: Reading,
    *,
    projects: int,
    across: bool,
    words: bool,
    resumed: bool,
    limit: int,
    width: int | None,
) -> Composable:
    """The same of all projects together, among the first `width` issues of the stretch.

    Behind them stands the first issue that was not compared: that one is not `found`. Each project has an
    index that gives its issues in this order, and they are merged while they are read. Parameters: projects,
    user, words, and if `resumed` value and id.
    """
    parts = {
        "column": stretch.column,
        "way": reading.way,
        "stretch": stretch.where,
        "behind": _behind(stretch, reading) if resumed else SQL(""),
        "end": SQL("") if width is None else SQL("LIMIT {}").format(Literal(width + 1)),
    }
    one = SQL(" UNION ALL ").join(
        SQL(
            "(SELECT i.id, {column} AS value FROM issues i WHERE i.project_id = {project}"
            " AND i.deleted_at IS NULL AND {stretch} AND {split}{behind}"
            " ORDER BY {column} {way}, i.id {way} {end})"
        ).format(project=_MEMBER if across else _PROJECT, split=split, **parts)
        for split in stretch.split
    )
    return SQL(
        "SELECT f.id, f.value, NOT f.behind AS found FROM (SELECT f.*, {last} AS behind FROM"
        " (SELECT f.* FROM ({branches}) f ORDER BY f.value {way}, f.id {way} {end}) f) f"
        " WHERE f.behind OR (SELECT {where} FROM issues i WHERE i.id = f.id)"
        " ORDER BY f.value {way}, f.id {way} LIMIT {limit}"
    ).format(
        branches=_repeated(one, projects),
        last=SQL("false") if width is None else SQL("row_number() OVER () > {}").format(Literal(width)),
        where=SQL(" AND ").join(
            [*(SQL("({})").format(clause.where) for clause in clauses), *([_FITS] if words else [])]
        ),
        limit=Literal(limit),
        **parts,
    )


def _repeated(one: Composable, projects: int) -> Composable:
    """A query of one project for each of several, in whose place it has `@`. Composing each would take
    longer than running them.
    """
    text = one.as_string()
    branches = " UNION ALL ".join(text.replace("[@]", f"[{place}]") for place in range(1, projects + 1))
    return SQL(branches)


def _behind(stretch: Stretch, reading: Reading) -> Composable:
    return SQL(" AND ({}, i.id) {} (%(value)s::{}, %(id)s::bigint)").format(
        stretch.column, reading.beyond, stretch.type.sql
    )


def all_of(clauses: Sequence[Clause], driver: Composable | None, *, words: bool) -> Composable:
    """One empty row for each issue of project `p`, to be counted."""
    return SQL("SELECT FROM {} WHERE {}").format(rows(driver), conditions(clauses, words=words))
