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
from functools import lru_cache
from typing import NamedTuple

from psycopg.sql import SQL, Composable, Identifier, Literal

from rhythm_domain.lexemes import SEGMENT
from rhythm_domain.repository.conditions import OPEN, Clause

WINDOW = 500
"""The newest issues whose words are compared before the index is asked: that answers every frequent word."""

_SEGMENT = Literal(SEGMENT)

OF_MEMBER = SQL(
    "JOIN project_members m ON m.project_id = a.id AND m.user_id = %(user)s AND m.ended_at IS NULL"
)
_LAST = SQL("((SELECT max(s.number) FROM issue_search s WHERE s.project_id = {id}) / {segment})")
_FILTERS = SQL(
    "(SELECT array_agg(replace(%(words)s, '@', {id} || '.' || g || '/')::tsquery ORDER BY g)"
    " FROM generate_series(0, {last}) AS g)"
)
"""Queries of their own: of one project they are run once, where one to join with may be run for each row."""
_NEVER = 2**31 - 1

INDEXED = SQL("SELECT x.*, NULL::timestamptz AS deleted_at FROM issue_index x")
"""Issues as conditions and orders see them, as the index of words has them: none is in the trash."""


class Reading(NamedTuple):
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


@lru_cache(maxsize=512)
def scope(alone: int | None, *, words: bool, descending: bool) -> Composable:
    """The projects `p`: id, where reading starts (`bound`), and with words the queries of their segments.

    Without one that is `alone`, the rows are only of those that the person is a member of, whatever ids are
    given, and `moment` is that of the last issue read before. Parameters: projects, user, at_projects,
    at_numbers and at_moments (where to go on), words.
    """
    bound = Literal(beyond_all(descending=descending))
    id_: Composable = SQL("a.id") if alone is None else Literal(alone)
    last = _LAST.format(id=id_, segment=_SEGMENT)
    columns = SQL(", {} AS last, {} AS filters").format(last, _FILTERS.format(id=id_, last=last))
    if alone is not None:
        return SQL("(SELECT {id} AS id, {bound} AS bound{columns}) p").format(
            id=id_,
            bound=SQL("coalesce((%(at_numbers)s::int[])[1], {})").format(bound),
            columns=columns if words else SQL(""),
        )
    return SQL(
        "(SELECT a.id, coalesce(r.number, {bound}) AS bound, r.moment{columns}"
        " FROM unnest(%(projects)s::int[]) AS a (id)"
        " LEFT JOIN unnest(%(at_projects)s::int[], %(at_numbers)s::int[], %(at_moments)s::timestamptz[])"
        " AS r (id, number, moment) ON r.id = a.id {member} OFFSET 0) p"
    ).format(bound=bound, columns=columns if words else SQL(""), member=OF_MEMBER)


def beyond_all(*, descending: bool) -> int:
    """A number that stands before all issues of a project in an order that falls, or rises."""
    return _NEVER if descending else 0


def conditions(clauses: Iterable[Clause], *, words: bool) -> Composable:
    """What a row `i` of a project `p` must fulfil; with `words`, also theirs."""
    parts: list[Composable] = [SQL("i.project_id = p.id AND i.deleted_at IS NULL")]
    parts += [clause.where for clause in clauses]
    if words:
        parts.append(
            SQL("(SELECT ts_match_vq(s.tsv, {}) FROM issue_search s WHERE s.issue_id = i.id)").format(
                words_of("i")
            )
        )
    return SQL(" AND ").join(parts)


@dataclass(frozen=True)
class Driver:
    """What a statement starts from: ids of issues of project `p`, these `issues` themselves, or with `own`
    the conditions on issues' own columns, among whose indexes the planner chooses. Most of them have all that
    is `fulfilled`.
    """

    ids: SQL | None = None
    own: tuple[Clause, ...] = ()
    issues: SQL | None = None
    fulfilled: tuple[Clause, ...] = ()

    def __hash__(self) -> int:
        return hash((self.ids and self.ids.as_string(), self.own, self.issues and self.issues.as_string()))


def rows(driver: Driver | None) -> Composable:
    """The rows `i`: all issues, or those that a driver names, each once, in the order in which they lie."""
    if driver is None:
        return SQL("issues i")
    if driver.issues is not None:
        return SQL("({} OFFSET 0) i").format(driver.issues)
    if driver.ids is None:
        return SQL(
            "(SELECT i.* FROM issues i WHERE i.project_id = p.id AND i.deleted_at IS NULL AND {} OFFSET 0) i"
        ).format(SQL(" AND ").join(SQL("({})").format(clause.where) for clause in driver.own))
    return SQL(
        "(SELECT DISTINCT d.id FROM ({}) d ORDER BY d.id OFFSET 0) d"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.id = d.id OFFSET 0) i"
    ).format(driver.ids)


MATCHES = Driver(
    issues=SQL(
        SQL(
            "SELECT i.* FROM generate_series(p.last, 0, -1) AS g CROSS JOIN LATERAL"
            " ({} WHERE words_of(x.id) @@ replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery"
            " OFFSET 0) i"
        )
        .format(INDEXED)
        .as_string()
    )
)
"""The issues of project `p` that the index finds for the words. Parameter: lookup."""


AMONG = Driver(
    issues=SQL(
        SQL("WITH i AS MATERIALIZED ({} WHERE x.id = ANY(%(ids)s::bigint[])) SELECT i.* FROM i")
        .format(INDEXED)
        .as_string()
    )
)
"""Some issues, looked up once however many projects there are. Parameter: ids."""


def words_of(row: str) -> Composable:
    """The words as they are asked for in the segment of a row's number in project `p`."""
    return SQL("p.filters[{} / {} + 1]").format(Identifier(row, "number"), _SEGMENT)


def sample(*, width: int) -> Composable:
    """How many of the newest issues of project `p` the look-up and the prefix fit, each alone and together.
    Parameters: lookup, prefix.
    """
    return SQL(
        "SELECT count(*) AS seen, count(*) FILTER (WHERE s.complete) AS complete,"
        " count(*) FILTER (WHERE s.begun) AS begun,"
        " count(*) FILTER (WHERE s.complete AND s.begun) AS narrow"
        " FROM (SELECT s.* FROM generate_series("
        "(SELECT max(s.number) FROM issue_search s WHERE s.project_id = p.id) / {segment}, 0, -1) AS g"
        " CROSS JOIN LATERAL (SELECT replace(%(lookup)s, '@', p.id || '.' || g || '/')::tsquery AS lookup,"
        " replace(%(prefix)s, '@', p.id || '.' || g || '/')::tsquery AS prefix OFFSET 0) q"
        " CROSS JOIN LATERAL (SELECT s.number, ts_match_vq(s.tsv, q.lookup) AS complete,"
        " ts_match_vq(s.tsv, q.prefix) AS begun FROM issue_search s WHERE s.project_id = p.id"
        " AND s.number >= g * {segment} AND s.number < (g + 1) * {segment}"
        " ORDER BY s.number DESC LIMIT {width}) s LIMIT {width}) s"
    ).format(segment=_SEGMENT, width=Literal(width))


def indexed(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """What the indexes of orders and of numbers know of some conditions: that open issues are wanted."""
    return (OPEN,) if any(clause.closed is False for clause in clauses) else ()


def all_of(clauses: Sequence[Clause], driver: Driver | None, *, words: bool) -> Composable:
    """One empty row for each issue of project `p`, to be counted."""
    return SQL("SELECT FROM {} WHERE {}").format(rows(driver), conditions(clauses, words=words))


def among(clauses: Sequence[Clause], *, alone: int | None, words: bool) -> Composable:
    """The ids of those of some issues that fulfil all; of several projects only of the first, in the same
    order: no more are compared than it takes. Parameters: ids, words, and of several wanted, projects, user.
    """
    where = SQL(" AND ").join([conditions(clauses, words=False), *([fit("i")] if words else [])])
    if alone is not None:
        return SQL(
            "SELECT i.id FROM (SELECT {} AS id) p CROSS JOIN"
            " (SELECT i.* FROM issues i WHERE i.id = ANY(%(ids)s::bigint[]) OFFSET 0) i WHERE {}"
        ).format(Literal(alone), where)
    return SQL(
        "SELECT i.id FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS a (id, at)"
        " CROSS JOIN LATERAL (SELECT i.* FROM issues i WHERE i.id = a.id OFFSET 0) i"
        " CROSS JOIN LATERAL (SELECT m.project_id AS id FROM project_members m"
        " WHERE m.project_id = i.project_id AND m.project_id = ANY(%(projects)s::int[])"
        " AND m.user_id = %(user)s AND m.ended_at IS NULL OFFSET 0) p WHERE {} ORDER BY a.at LIMIT %(wanted)s"
    ).format(where)


def fit(row: str) -> Composable:
    """That the words fit an issue: to be asked of few, for the query of its segment is made for each."""
    return SQL(
        "(SELECT ts_match_vq(s.tsv, replace(%(words)s, '@',"
        " s.project_id || '.' || s.number / {} || '/')::tsquery) FROM issue_search s WHERE s.issue_id = {})"
    ).format(_SEGMENT, Identifier(row, "id"))
