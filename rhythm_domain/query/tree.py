"""What a search says: a frozen syntax tree that writes itself in its canonical form."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from rhythm_domain.days import Day
from rhythm_domain.models import IssueType, Model, Priority, Status

KEY = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}-[1-9][0-9]{0,8}")
"""An issue's key as people type it."""
_NUMBER = re.compile(r"#?([1-9][0-9]{0,8})")
_PLAIN = re.compile(r'[^\s,"\\<>=]+')

ME = "@me"
"""Stands for the person who asks, wherever a person's name may stand."""
CURRENT = "current"
"""Stands for the active sprint of the issue's project."""
NEXT = "next"
"""Stands for the planned sprint that starts first."""


class Field(StrEnum):
    """What a qualifier asks about."""

    STATUS = "status"
    PRIORITY = "priority"
    TYPE = "type"
    ASSIGNEE = "assignee"
    REPORTER = "reporter"
    LABEL = "label"
    SPRINT = "sprint"
    PROJECT = "project"
    PARENT = "parent"
    DUE = "due"
    CREATED = "created"
    UPDATED = "updated"
    CLOSED = "closed"
    ESTIMATE = "estimate"
    IS = "is"
    HAS = "has"
    NO = "no"


PAST = frozenset({Field.CREATED, Field.UPDATED, Field.CLOSED})
"""Fields whose days lie behind: an offset such as 7d is an age."""
DAYS = PAST | {Field.DUE}
RANGED = DAYS | {Field.ESTIMATE}
COMPARED = RANGED | {Field.PRIORITY}
CLEARABLE = frozenset({Field.ASSIGNEE, Field.LABEL, Field.SPRINT, Field.PARENT, Field.DUE, Field.ESTIMATE})
"""Fields that may be empty: they take `none`."""


class Op(StrEnum):
    """How a value is compared; a range includes both its ends."""

    EQ = ""
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    BETWEEN = ".."


class Is(StrEnum):
    """What an issue can be."""

    OPEN = "open"
    CLOSED = "closed"
    BLOCKED = "blocked"
    OVERDUE = "overdue"
    MINE = "mine"


class Has(StrEnum):
    """What an issue can have or lack."""

    ASSIGNEE = "assignee"
    LABEL = "label"
    SPRINT = "sprint"
    DUE = "due"
    ESTIMATE = "estimate"
    PARENT = "parent"
    CHILDREN = "children"
    COMMENTS = "comments"
    LINKS = "links"


class SortKey(StrEnum):
    """What a list can be ordered by."""

    CREATED = "created"
    UPDATED = "updated"
    PRIORITY = "priority"
    DUE = "due"
    RANK = "rank"
    CLOSED = "closed"
    RELEVANCE = "relevance"


_ASCENDING = frozenset({SortKey.DUE, SortKey.RANK})


class Sort(Model):
    """An order. Descending is latest, most pressing, best first."""

    key: SortKey
    descending: bool

    @classmethod
    def by(cls, key: SortKey, *, reverse: bool = False) -> Sort:
        """The natural order of a key, or the other way: due and rank rise, all others fall."""
        return cls(key=key, descending=(key in _ASCENDING) is reverse)

    def __str__(self) -> str:
        if self == Sort.by(self.key):
            return f"sort:{self.key}"
        return f"sort:{self.key}-{'desc' if self.descending else 'asc'}"


Value = Status | Priority | IssueType | Is | Has | Decimal | Day | str | None


class Condition(Model):
    """A qualifier. `values` are alternatives, but the two ends of a range where `op` is BETWEEN.

    Their type is the field's: Status, Priority, IssueType, Is, Has (for has and no), Decimal (estimate), Day
    (due, created, updated, closed), else a name as it was typed or a key in capitals; None is `none`, unset.
    A person may be ME, a sprint CURRENT or NEXT; account names are in small letters. Days have one value, or
    two ends. Any operator but EQ has one value (BETWEEN two), never None. `negated` is the plain opposite: it
    includes issues that have no value at all.
    """

    field: Field
    op: Op = Op.EQ
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        sign = "-" if self.negated else ""
        values = [written(value) for value in self.values]
        if self.op is Op.BETWEEN:
            return f"{sign}{self.field}:{'..'.join(values)}"
        return f"{sign}{self.field}:{self.op}{','.join(values)}"

    @property
    def unset(self) -> bool:
        """Whether `none` is among the values."""
        return None in self.values

    @property
    def priorities(self) -> tuple[Priority, ...]:
        """The priorities that a condition on priority allows; more pressing is greater."""
        rank = {priority: -place for place, priority in enumerate(Priority)}
        asked = [rank[value] for value in self.values if isinstance(value, Priority)]
        match self.op:
            case Op.LT:
                return tuple(p for p in Priority if rank[p] < asked[0])
            case Op.LE:
                return tuple(p for p in Priority if rank[p] <= asked[0])
            case Op.GT:
                return tuple(p for p in Priority if rank[p] > asked[0])
            case Op.GE:
                return tuple(p for p in Priority if rank[p] >= asked[0])
            case _:
                return tuple(p for p in Priority if rank[p] in asked)

    def date_bounds(self, today: date) -> tuple[date | None, date | None]:
        """The first and last day, both included, that a condition on days allows; None is no bound.

        An age compares the other way round: `updated:<7d` is younger than 7 days, so today and the 6 days
        before. `due:<7d` is due before the 7th day from now, so today, the 6 days after, and overdue. Both
        bounds are None for `none` (see `unset`). `negated` is left to the caller.
        """
        days = [value for value in self.values if isinstance(value, Day)]
        if not days:
            return None, None
        spans = [day.resolve(today) for day in days]
        first, last = min(span[0] for span in spans), max(span[1] for span in spans)
        match _AGED.get(self.op, self.op) if days[0].age else self.op:
            case Op.LT:
                return None, first - timedelta(days=1)
            case Op.LE:
                return None, last
            case Op.GT:
                return last + timedelta(days=1), None
            case Op.GE:
                return first, None
            case _:
                return first, last


_AGED = {Op.LT: Op.GT, Op.LE: Op.GE, Op.GT: Op.LT, Op.GE: Op.LE}


class Term(Model):
    """A word, or a phrase of words in a row. `prefix`: any word that begins so is meant."""

    text: str
    phrase: bool = False
    negated: bool = False
    prefix: bool = False

    def __str__(self) -> str:
        return ("-" if self.negated else "") + (_quoted(self.text) if self.phrase else self.text)


class Query(Model):
    """A search. `str()` writes it in its canonical form: words, then qualifiers, then the order.

    The last plain word that holds a letter or digit is a prefix, whatever follows it: it may still be being
    typed, and a qualifier that is added then only narrows what was found.
    """

    terms: tuple[Term, ...] = ()
    conditions: tuple[Condition, ...] = ()
    sort: Sort | None = None

    def __str__(self) -> str:
        parts = (*self.terms, *self.conditions, *([self.sort] if self.sort else ()))
        return " ".join(str(part) for part in parts)

    @property
    def text_only(self) -> bool:
        """Whether there are words, no qualifiers and no order."""
        return bool(self.terms) and not self.conditions and self.sort is None

    @property
    def jump(self) -> str | int | None:
        """The issue's key in capitals or its number, if that is all that was asked for."""
        if not self.text_only or len(self.terms) > 1:
            return None
        term = self.terms[0]
        if term.phrase or term.negated:
            return None
        if KEY.fullmatch(term.text):
            return term.text.upper()
        number = _NUMBER.fullmatch(term.text)
        return int(number[1]) if number else None

    def with_condition(self, condition: Condition) -> Query:
        """This query and one more condition; the same query if it has that one already."""
        if condition in self.conditions:
            return self
        return self.replace(conditions=(*self.conditions, condition))

    def without(self, condition: Condition | Field) -> Query:
        """This query without one condition, or without every condition on a field."""
        rest = tuple(each for each in self.conditions if condition not in (each, each.field))
        return self.replace(conditions=rest)

    def with_sort(self, sort: Sort | None) -> Query:
        """This query in another order; None for the list's own."""
        return self.replace(sort=sort)


def written(value: Value) -> str:
    """A value as it is written in a query."""
    match value:
        case None:
            return "none"
        case Decimal():
            return f"{value.normalize():f}"
        case StrEnum() | Day():
            return str(value)
        case _:
            return value if _PLAIN.fullmatch(value) and value.lower() != "none" else _quoted(value)


def _quoted(text: str) -> str:
    """A text in quotes; a backslash is doubled only where it would escape what follows it."""
    return '"' + re.sub(r'\\(?=[\\"]|$)|"', r"\\\g<0>", text) + '"'
