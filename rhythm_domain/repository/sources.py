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

from psycopg.sql import SQL, Composable, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.orders import Stretch

WINDOW = 1000
"""The newest issues whose words are compared before the index is asked: that answers every frequent word."""

SMALLEST_WINDOW = 50
"""Across projects the window is shared out among them, but no project has less than this."""

SEGMENTS = 128
"""The segments that the index is asked for in one statement; each project has at least one."""

_SEGMENT = Literal(SEGMENT)
_FILTER = SQL("p.filters[i.number / {} + 1]").format(_SEGMENT)

SCORE = SQL("(SELECT ts_rank(s.tsv, {})::float8 FROM issue_search s WHERE s.issue_id = i.id)").format(_FILTER)
"""How well row `i` of project `p` fits the words; the title weighs ten times the description."""
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


def scope(*, across: bool, words: bool, descending: bool) -> Composable:
    """The projects `p`: id, where reading starts (`bound`), and with words the queries of their segments.

    Across projects the rows are only of those that the person is a member of, whatever ids are given.
    Parameters: projects, user, at_projects and at_numbers (where to go on), words.
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
        "(SELECT a.id, coalesce(r.number, {bound}) AS bound{columns}"
        " FROM unnest(%(projects)s::int[]) AS a (id)"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[]) AS r (id, number) ON r.id = a.id"
        " {member} {filters} OFFSET 0) p"
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
    """The rows `i`: all issues, or those that a driver names, each once."""
    if driver is None:
        return SQL("issues i")
    return SQL(
        "(SELECT DISTINCT d.id FROM ({}) d OFFSET 0) d"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.id = d.id OFFSET 0) i"
    ).format(driver)


def these(ids: Iterable[tuple[int, int]]) -> Composable:
    """A driver: some issues, each given with its project."""
    known = list(ids)
    return SQL(
        "SELECT c.id FROM unnest({}::int[], {}::bigint[]) AS c (project, id) WHERE c.project = p.id"
    ).format(Literal([project for project, _ in known]), Literal([id_ for _, id_ in known]))


def matches() -> Composable:
    """A driver: the issues of project `p` that the index finds for the words. Parameters: words, lookup."""
    return SQL(
        "SELECT s.issue_id AS id FROM generate_series(p.last, 0, -1) AS g CROSS JOIN LATERAL ({}) s"
        " WHERE ts_match_vq(s.tsv, p.filters[g + 1])"
    ).format(_found_in_segment())


def _found_in_segment() -> Composable:
    return SQL(
        "SELECT s.issue_id, s.number, s.tsv FROM issue_search s"
        " WHERE s.tsv @@ replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery OFFSET 0"
    )


def by_number(
    clauses: Sequence[Clause], driver: Composable | None, reading: Reading, *, words: bool, limit: int
) -> Composable:
    """The first ids and numbers of project `p` from its bound."""
    return SQL(
        "SELECT i.id, i.number FROM {rows} WHERE {conditions} AND i.number {beyond} p.bound"
        " ORDER BY i.number {way} LIMIT {limit}"
    ).format(
        rows=rows(driver),
        conditions=conditions(clauses, words=words),
        beyond=reading.from_bound,
        way=reading.way,
        limit=Literal(limit),
    )


def window(clauses: Sequence[Clause], reading: Reading, *, limit: int, width: int) -> Composable:
    """The next issues of project `p` from its bound that the words fit, of `width` that are compared.

    At most `limit` of their ids and numbers, and where there are fewer, the first issue not compared: that
    one is not `found`.
    """
    return SQL(
        "SELECT s.issue_id AS id, s.number, s.place <= {width} AS found FROM"
        " (SELECT s.issue_id, s.number, s.tsv, row_number() OVER (ORDER BY s.number {way}) AS place"
        " FROM issue_search s WHERE s.project_id = p.id AND s.number {beyond} p.bound"
        " ORDER BY s.number {way} LIMIT {width} + 1) s {issues}"
        " WHERE (s.place > {width} OR ts_match_vq(s.tsv, p.filters[s.number / {segment} + 1]))"
        " AND (s.place > {width} OR ({where})) ORDER BY s.number {way} LIMIT {limit}"
    ).format(width=Literal(width), **_words(clauses, reading, limit))


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
        " (SELECT s.issue_id AS id, s.number, true AS found FROM ({found}) s {issues}"
        " WHERE ts_match_vq(s.tsv, p.filters[g + 1]) AND s.number {beyond} p.bound AND {where}"
        " ORDER BY s.number {way} LIMIT {limit}) f"
        " UNION ALL (SELECT s.issue_id, s.number, false FROM issue_search s"
        " WHERE s.project_id = p.id AND s.number {strictly} {end} ORDER BY s.number {way} LIMIT 1)) f"
        " LIMIT {limit}"
    ).format(**parts)


def _words(clauses: Sequence[Clause], reading: Reading, limit: int) -> dict[str, Composable]:
    conditions = [clause.where for clause in clauses]
    return {
        "issues": SQL("JOIN issues i ON i.id = s.issue_id AND i.project_id = p.id") if clauses else SQL(""),
        "where": SQL(" AND ").join(conditions) if conditions else SQL("true"),
        "beyond": reading.from_bound,
        "strictly": reading.beyond,
        "way": reading.way,
        "limit": Literal(limit),
        "segment": _SEGMENT,
    }


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
    clauses: Sequence[Clause], stretch: Stretch, reading: Reading, *, resumed: bool, limit: int, width: int
) -> Composable:
    """The same of the first `width` issues of each split, and of the first one behind them, not `found`."""
    parts = {
        "column": stretch.column,
        "way": reading.way,
        "limit": Literal(limit),
        "width": Literal(width),
        "stretch": conditions([Clause(stretch.where)], words=False),
        "behind": _behind(stretch, reading) if resumed else SQL(""),
        "where": conditions(clauses, words=True),
    }
    return SQL(" UNION ALL ").join(
        SQL(
            "(SELECT i.id, i.value, i.place <= {width} AS found FROM (SELECT i.*, {column} AS value,"
            " row_number() OVER (ORDER BY {column} {way}, i.id {way}) AS place FROM issues i"
            " WHERE {stretch} AND {split}{behind} ORDER BY {column} {way}, i.id {way} LIMIT {width} + 1) i"
            " WHERE i.place > {width} OR ({where}) ORDER BY i.place LIMIT {limit})"
        ).format(split=split, **parts)
        for split in stretch.split
    )


def _behind(stretch: Stretch, reading: Reading) -> Composable:
    return SQL(" AND ({}, i.id) {} (%(value)s::{}, %(id)s::bigint)").format(
        stretch.column, reading.beyond, stretch.type.sql
    )


def all_of(
    clauses: Sequence[Clause], driver: Composable | None, *, looked_up: bool, words: bool
) -> Composable:
    """One empty row for each issue of project `p`, to be counted."""
    if driver is None and looked_up:
        if not clauses:
            return matches()
        found = SQL("({}) d JOIN issues i ON i.id = d.id").format(matches())
        return SQL("SELECT FROM {} WHERE {}").format(found, conditions(clauses, words=False))
    return SQL("SELECT FROM {} WHERE {}").format(rows(driver), conditions(clauses, words=words))
