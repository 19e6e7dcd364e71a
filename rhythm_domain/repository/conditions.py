"""Conditions of the search language -> SQL, one clause each.

A clause is about the row `i` of `issues`. It stands in the statement as literals, never as an optional
parameter: so the planner sees how selective a status or a date is. Names were looked up before and are ids.
Conditions on other tables are scalar subqueries: the planner can't make joins of them that read everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from rhythm_domain import models
from rhythm_domain.models import Priority, Status
from rhythm_domain.query import ME, Condition, Field, Has, Is, Op
from rhythm_domain.repository.names import Asker, Names

NOTHING = SQL("false")
NOBODY = SQL("0")
"""The facet of issues that nobody is assigned to."""
BLOCKED = SQL("-2147483647")
"""The facet of issues that others block or blocked."""
_BLOCKED = SQL("(1 << 31)")
"""Their mark."""
_SPRINTS = 1 << 30
"""What is added to the id of a sprint to have its facet, and the facet of issues that are in none."""


class Clause:
    """A condition in SQL.

    `where` is what the row `i` of issues must fulfil. `driver` is a query of the ids of those issues of the
    project `p.id` that an index finds, where a condition can be rare enough to start from; it may name more
    issues than fulfil the condition, and issues in the trash. `own` says that it is about the issue's own
    columns: then it is no more than `where`, and the planner finds the index. `issues` is a query like it of
    the issues themselves, each once, where it reads those anyway.

    `elsewhere` says that it is about other tables, too: what costs more than to compare a column. `cheap` is
    what can be compared without, and few others fulfil: the condition, or what the issue itself has of it
    (its marks, see marks_of in the schema); None: nothing.

    `closed` says whether all that fulfil it are closed, or open; None: it may be either. `priorities` are
    those that they may have; None: it may be any. `facets` are the values of which an issue has one, where
    the index of facets knows them; where each project has its own ones, `facets_here` is a query of those of
    the project `p.id`. `common` says that there are so few such values that many issues have each.

    Clauses of the same text are equal: statements that hold them are put together once.
    """

    __slots__ = (
        "_text",
        "cheap",
        "closed",
        "common",
        "driver",
        "elsewhere",
        "facets",
        "facets_here",
        "issues",
        "own",
        "priorities",
        "where",
    )

    def __init__(
        self,
        where: Composable,
        driver: Composable | None = None,
        *,
        own: bool = False,
        marks: Composable | None = None,
        issues: Composable | None = None,
        closed: bool | None = None,
        priorities: Collection[Priority] | None = None,
        facets: Sequence[Composable] = (),
        facets_here: Composable | None = None,
        common: bool = False,
    ) -> None:
        elsewhere = "(SELECT " in where.as_string()  # What is about other tables is a subquery, see above.
        cheap = None if elsewhere else where
        if marks is not None:
            cheap = SQL("i.marks & {} <> 0").format(marks)
            where = SQL("({} AND {})").format(cheap, where)
        text = where.as_string()
        self.where: SQL = SQL(text)
        self.cheap: SQL | None = None if cheap is None else SQL(cheap.as_string())
        self.driver: SQL | None = None if driver is None else SQL(driver.as_string())
        self.own = own
        self.elsewhere = elsewhere
        self.issues: SQL | None = None if issues is None else SQL(issues.as_string())
        self.closed = closed
        self.priorities = priorities
        self.facets = tuple(SQL(facet.as_string()) for facet in facets)
        self.facets_here: SQL | None = None if facets_here is None else SQL(facets_here.as_string())
        self.common = common
        self._text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Clause) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def clause(condition: Condition, names: Names, asker: Asker) -> Clause:
    """A condition in SQL; all but those on projects, which narrow where is searched."""
    return _put(condition, tuple(names.ids(condition)), asker)


@lru_cache(maxsize=512)
def _put(condition: Condition, ids: tuple[int, ...], asker: Asker) -> Clause:
    if condition.negated and condition.field is Field.IS and len(condition.values) == 1:
        opposite = _OPPOSITES.get(Is(str(condition.values[0])))
        if opposite is not None:
            return _is(opposite, asker)
    found = _clause(condition, ids, asker)
    if condition.negated:
        return Clause(SQL("({}) IS NOT TRUE").format(found.where))
    return found


def _clause(condition: Condition, ids: tuple[int, ...], asker: Asker) -> Clause:
    match condition.field:
        case Field.STATUS:
            return statuses([Status(str(value)) for value in condition.values])
        case Field.PRIORITY:
            urgencies = [priority.value for priority in condition.priorities]
            return _own(
                _one_of("i.priority", urgencies),
                priorities=condition.priorities,
                facets=_values(urgencies),
                common=True,
            )
        case Field.TYPE:
            types = [str(value) for value in condition.values]
            return Clause(_one_of("i.type", types), facets=_values(types), common=True)
        case Field.ASSIGNEE:
            return _person("i.assignee_id", condition, ids, asker)
        case Field.REPORTER:
            return _person("i.reporter_id", condition, ids, asker)
        case Field.LABEL:
            return _label(condition, ids)
        case Field.SPRINT:
            return _sprint(condition, ids)
        case Field.PARENT:
            return _parent(condition, ids)
        case Field.DUE:
            return _due(condition, asker)
        case Field.CREATED | Field.UPDATED | Field.CLOSED:
            return _moment(condition, asker)
        case Field.ESTIMATE:
            return _estimate(condition)
        case Field.IS:
            return _any([_is(Is(str(value)), asker) for value in condition.values])
        case Field.HAS:
            return _any([_has(Has(str(value))) for value in condition.values])
        case Field.NO:
            lacks = [
                SQL("({}) IS NOT TRUE").format(_has(Has(str(value))).where) for value in condition.values
            ]
            facets: Sequence[Composable] = []
            if condition.values == (Has.ASSIGNEE,):
                facets = [NOBODY]
            elif condition.values == (Has.SPRINT,):
                facets = _planned((0,))
            return Clause(_or(lacks), facets=facets, common=True)
        case Field.PROJECT:
            return Clause(NOTHING)


# Pieces ------------------------------------------------------------------------------------------------

OPEN_ISSUE = SQL("i.closed_at IS NULL")
CLOSED_ISSUE = SQL("i.closed_at IS NOT NULL")


def _values(values: Iterable[str]) -> list[Composable]:
    """The facets of some values of an enumeration."""
    return [SQL("hashtext({})").format(Literal(value)) for value in values]


def _standing(values: Iterable[Status]) -> list[Composable]:
    return _values(sorted(status.value for status in values))


OPEN = Clause(OPEN_ISSUE, closed=False, facets=_standing(models.OPEN), common=True)
"""Issues that are not closed."""

BACKLOG = Clause(SQL("i.closed_at IS NULL AND i.sprint_id IS NULL"), closed=False)
"""The planner's backlog: open issues in no sprint."""


def _or(parts: Iterable[Composable]) -> Composed:
    return SQL("({})").format(SQL(" OR ").join(parts))


def _any(clauses: list[Clause]) -> Clause:
    """Any one of some clauses; a single one stays as it is."""
    return clauses[0] if len(clauses) == 1 else Clause(_or(each.where for each in clauses))


def _own(
    where: Composable,
    *,
    closed: bool | None = None,
    priorities: Collection[Priority] | None = None,
    facets: Sequence[Composable] = (),
    common: bool = False,
) -> Clause:
    """A condition on issues' own columns that an index of a project's issues serves."""
    driver = SQL(
        "SELECT i.id FROM issues i WHERE i.project_id = p.id AND i.deleted_at IS NULL AND {}"
    ).format(where)
    return Clause(where, driver, own=True, closed=closed, priorities=priorities, facets=facets, common=common)


def _one_of(column: str, values: Iterable[str | int]) -> Composable:
    """A column with one of some values. The column is one of this file's own."""
    literals = [Literal(value) for value in values]
    if not literals:
        return NOTHING
    return SQL("{} IN ({})").format(_column(column), SQL(", ").join(literals))


def _column(name: str) -> Composable:
    return Identifier(*name.split("."))


def _exists(query: Composable) -> Composable:
    return SQL("(SELECT true {} LIMIT 1)").format(query)


def issues(ids: Iterable[int]) -> Clause:
    """These issues."""
    where = _one_of("i.id", ids)
    return Clause(where, SQL("SELECT i.id FROM issues i WHERE {}").format(where))


def statuses(values: Iterable[Status]) -> Clause:
    """Issues in any of some statuses; it says whether they are closed too, as the indexes of boards do."""
    asked = frozenset(values)
    where = _one_of("i.status", [status.value for status in Status if status in asked])
    closed = None
    if asked <= models.OPEN:
        where, closed = SQL("{} AND {}").format(where, OPEN_ISSUE), False
    elif asked <= models.CLOSED:
        where, closed = SQL("{} AND {}").format(where, CLOSED_ISSUE), True
    return _own(SQL("({})").format(where), closed=closed, facets=_standing(asked), common=True)


def _person(column: str, condition: Condition, ids: tuple[int, ...], asker: Asker) -> Clause:
    people = sorted({*ids, *([asker.id] if ME in condition.values else [])})
    where = _one_of(column, people)
    known = column == "i.assignee_id"
    facets = [Literal(id_) for id_ in people] if known else []
    if condition.unset:
        nobody = [*facets, NOBODY] if known else []
        return Clause(_or([where, SQL("{} IS NULL").format(_column(column))]), facets=nobody)
    return _own(where, facets=facets)


def _label(condition: Condition, ids: tuple[int, ...]) -> Clause:
    # The few labels of an issue are compared, not every label asked for looked up.
    has = _exists(
        SQL(
            "FROM (SELECT l.label_id FROM issue_labels l WHERE l.issue_id = i.id OFFSET 0) l WHERE {}"
        ).format(_one_of("l.label_id", ids))
    )
    if condition.unset:
        lacks = SQL("{} IS NULL").format(_exists(SQL("FROM issue_labels l WHERE l.issue_id = i.id")))
        return Clause(_or([has, lacks]))
    here = SQL("labels x {} WHERE x.project_id = p.id AND {}").format
    named = _one_of("x.id", ids)
    return Clause(
        has,
        SQL("SELECT l.issue_id AS id FROM {}").format(
            here(SQL("JOIN issue_labels l ON l.label_id = x.id"), named)
        ),
        marks=SQL("(SELECT bit_or(x.mark) FROM labels x WHERE {})").format(named),
        facets=[Literal(-id_) for id_ in ids],
        facets_here=SQL("SELECT -x.id FROM {}").format(here(SQL(""), named)),
    )


def _sprint(condition: Condition, ids: tuple[int, ...]) -> Clause:
    where = _one_of("i.sprint_id", ids)
    if condition.unset:
        return Clause(_or([where, SQL("i.sprint_id IS NULL")]), facets=_planned((0, *ids)))
    return sprint(ids)


@lru_cache(maxsize=64)
def sprint(ids: tuple[int, ...]) -> Clause:
    """Issues of any of some sprints."""
    read = SQL(
        "SELECT {} FROM sprints x JOIN issues i ON i.sprint_id = x.id WHERE x.project_id = p.id AND {}"
    )
    named = _one_of("x.id", ids)
    where = _one_of("i.sprint_id", ids)
    if len(ids) > 1:  # Across projects, the index would read all these sprints again in each of them.
        where = SQL("i.sprint_id + 0 IN ({})").format(SQL(", ").join(map(Literal, ids)))
    return Clause(
        where,
        read.format(SQL("i.id"), named),
        issues=read.format(SQL("i.*"), named),
        facets=_planned(ids),
        facets_here=SQL("SELECT {} + x.id FROM sprints x WHERE x.project_id = p.id AND {}").format(
            Literal(_SPRINTS), named
        ),
    )


def _planned(ids: tuple[int, ...]) -> list[Composable]:
    """The facets of issues in some sprints."""
    return [Literal(_SPRINTS + id_) for id_ in ids]


def _parent(condition: Condition, ids: tuple[int, ...]) -> Clause:
    where = _one_of("i.parent_id", ids)
    if condition.unset:
        return Clause(_or([where, SQL("i.parent_id IS NULL")]))
    driver = SQL("SELECT i.id FROM issues i WHERE i.project_id = p.id AND {}").format(where)
    return Clause(where, driver)


def _due(condition: Condition, asker: Asker) -> Clause:
    first, last = condition.date_bounds(asker.today)
    if first is None and last is None:
        return Clause(SQL("i.due IS NULL"))
    return _own(_between("i.due", first, last and last + timedelta(days=1)))


def _moment(condition: Condition, asker: Asker) -> Clause:
    first, last = condition.date_bounds(asker.today)
    where = _between(
        f"i.{condition.field}_at",
        first and asker.starts(first),
        last and asker.starts(last + timedelta(days=1)),
    )
    if condition.field is Field.CLOSED:  # its index begins with the status
        closed = _one_of("i.status", [status.value for status in Status if status.closed])
        return _own(SQL("({} AND {})").format(closed, where), closed=True)
    return _own(where)


def _between(column: str, start: date | None, end: date | None) -> Composable:
    """From `start` on, before `end`; something is there in any case, as in the indexes."""
    parts: list[Composable] = [SQL("{} IS NOT NULL").format(_column(column))]
    if start is not None:
        parts.append(SQL("{} >= {}").format(_column(column), Literal(start)))
    if end is not None:
        parts.append(SQL("{} < {}").format(_column(column), Literal(end)))
    return SQL("({})").format(SQL(" AND ").join(parts))


_COMPARISONS = {Op.LT: SQL("<"), Op.LE: SQL("<="), Op.GT: SQL(">"), Op.GE: SQL(">=")}


def _estimate(condition: Condition) -> Clause:
    points = [Literal(value) for value in condition.values if isinstance(value, Decimal)]
    if condition.op is Op.BETWEEN:
        return Clause(SQL("i.estimate BETWEEN {} AND {}").format(*points))
    if condition.op in _COMPARISONS:
        return Clause(SQL("i.estimate {} {}").format(_COMPARISONS[condition.op], points[0]))
    parts: list[Composable] = [SQL("i.estimate = {}").format(each) for each in points]
    if condition.unset:
        parts.append(SQL("i.estimate IS NULL"))
    return Clause(_or(parts))


_OPPOSITES = {Is.OPEN: Is.CLOSED, Is.CLOSED: Is.OPEN}


def _is(value: Is, asker: Asker) -> Clause:
    match value:
        case Is.OPEN:
            return OPEN
        case Is.CLOSED:
            return Clause(CLOSED_ISSUE, closed=True, facets=_standing(models.CLOSED), common=True)
        case Is.MINE:
            return _own(_one_of("i.assignee_id", [asker.id]), facets=[Literal(asker.id)])
        case Is.OVERDUE:
            late = _between("i.due", None, asker.today)
            return _own(SQL("({} AND {})").format(OPEN_ISSUE, late), closed=False)
        case Is.BLOCKED:
            blockers = SQL(
                "FROM issue_links k JOIN issues b ON b.id = k.blocker_id"
                " WHERE k.blocked_id = i.id AND b.closed_at IS NULL AND b.deleted_at IS NULL"
            )
            driver = SQL("SELECT k.blocked_id AS id FROM issue_links k WHERE k.project_id = p.id")
            return Clause(_exists(blockers), driver, marks=_BLOCKED, facets=[BLOCKED])


_HAS: dict[Has, Composable] = {
    Has.ASSIGNEE: SQL("i.assignee_id IS NOT NULL"),
    Has.LABEL: SQL("(i.marks <> 0 AND {})").format(
        _exists(SQL("FROM issue_labels l WHERE l.issue_id = i.id"))
    ),
    Has.SPRINT: SQL("i.sprint_id IS NOT NULL"),
    Has.DUE: SQL("i.due IS NOT NULL"),
    Has.ESTIMATE: SQL("i.estimate IS NOT NULL"),
    Has.PARENT: SQL("i.parent_id IS NOT NULL"),
    Has.CHILDREN: _exists(SQL("FROM issues c WHERE c.parent_id = i.id AND c.deleted_at IS NULL")),
    Has.COMMENTS: _exists(SQL("FROM comments c WHERE c.issue_id = i.id AND c.deleted_at IS NULL")),
    Has.LINKS: _or(
        [
            _exists(
                SQL(
                    "FROM issue_links k JOIN issues o ON o.id = k.blocker_id"
                    " WHERE k.blocked_id = i.id AND o.deleted_at IS NULL"
                )
            ),
            _exists(
                SQL(
                    "FROM issue_links k JOIN issues o ON o.id = k.blocked_id"
                    " WHERE k.blocker_id = i.id AND o.deleted_at IS NULL"
                )
            ),
        ]
    ),
}


def _has(value: Has) -> Clause:
    where = _HAS[value]
    return _own(where) if value is Has.DUE else Clause(where)
