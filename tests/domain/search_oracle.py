"""A small instance of random issues, and what a search of it must find: plain Python over plain rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from rhythm_domain import lexemes
from rhythm_domain.models import IssueType, Priority, Role, Status
from rhythm_domain.query import CURRENT, ME, NEXT, Condition, Field, Has, Is, Op, Query, Sort, SortKey, Term
from rhythm_domain.session import Session
from tests.instances import Instance

ZONE = ZoneInfo("Asia/Tokyo")
WORDS = ("alpha", "alphabet", "beta", "gamma", "delta", "epsilon", "omicron")
PEOPLE = ("ann", "bob", "cid")
LABELS = ("ui", "needs review", "Éclair")
STEP = 97
"""Between two numbers, so that the issues lie in several segments."""


@dataclass
class Known:
    """An issue as the oracle knows it; people, labels, sprints and parents by name."""

    id: int
    project: str
    number: int
    title: str
    description: str
    status: Status
    priority: Priority
    type: IssueType
    reporter: str
    assignee: str | None
    sprint: str | None
    parent: str | None
    estimate: Decimal | None
    due: date | None
    rank: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    labels: set[str] = field(default_factory=set)
    blockers: list[Known] = field(default_factory=list)
    blocks: list[Known] = field(default_factory=list)
    children: int = 0
    comments: int = 0
    deleted: bool = False

    @property
    def key(self) -> str:
        return f"{self.project}-{self.number}"


@dataclass
class World:
    """Everything there is, who asks, and what they must be told."""

    issues: list[Known]
    asker: Session
    now: datetime

    def find(self, query: Query, project: str | None) -> list[int]:
        """The ids that a query must find, in order."""
        found = [
            issue
            for issue in self.issues
            if not issue.deleted
            and (project is None or issue.project == project)
            and all(self.holds(condition, issue) for condition in query.conditions)
            and all(_says(term, issue) for term in query.terms)
        ]
        return [issue.id for issue in ordered(found, query.sort, across=project is None)]

    def holds(self, condition: Condition, issue: Known) -> bool:
        """Whether an issue fulfils a condition."""
        return self._plainly(condition, issue) is not condition.negated

    def _plainly(self, condition: Condition, issue: Known) -> bool:
        values = condition.values
        match condition.field:
            case Field.STATUS | Field.TYPE:
                return issue.status in values or issue.type in values
            case Field.PRIORITY:
                return issue.priority in condition.priorities
            case Field.ASSIGNEE | Field.REPORTER:
                me = self.asker.user.name
                person = issue.assignee if condition.field is Field.ASSIGNEE else issue.reporter
                return person in [me if value == ME else value for value in values]
            case Field.LABEL:
                named = {str(value).casefold().replace("é", "e") for value in values if value}
                have = {label.casefold().replace("é", "e") for label in issue.labels}
                return bool(named & have) or (condition.unset and not have)
            case Field.SPRINT:
                names = {CURRENT: "S2", NEXT: "S4"}
                named = {names.get(str(value), str(value)).upper() for value in values if value}
                return issue.sprint in named or (condition.unset and not issue.sprint)
            case Field.PARENT:
                return issue.parent in values
            case Field.PROJECT:
                return issue.project in values
            case Field.DUE:
                return _within(condition, self.now, issue.due)
            case Field.CREATED | Field.UPDATED | Field.CLOSED:
                at: datetime | None = getattr(issue, f"{condition.field}_at")
                return _within(condition, self.now, at and at.astimezone(ZONE).date())
            case Field.ESTIMATE:
                return _compared(condition.op, issue.estimate, values)
            case Field.IS:
                return any(self._is(Is(str(value)), issue) for value in values)
            case Field.HAS:
                return any(_has(Has(str(value)), issue) for value in values)
            case Field.NO:
                return any(not _has(Has(str(value)), issue) for value in values)

    def _is(self, value: Is, issue: Known) -> bool:
        today = self.now.astimezone(ZONE).date()
        return {
            Is.OPEN: issue.closed_at is None,
            Is.CLOSED: issue.closed_at is not None,
            Is.MINE: issue.assignee == self.asker.user.name,
            Is.OVERDUE: issue.closed_at is None and issue.due is not None and issue.due < today,
            Is.BLOCKED: any(b.closed_at is None and not b.deleted for b in issue.blockers),
        }[value]


def _within(condition: Condition, now: datetime, day: date | None) -> bool:
    first, last = condition.date_bounds(now.astimezone(ZONE).date())
    if day is None or (first is None and last is None):
        return day is None and condition.unset
    return (first is None or first <= day) and (last is None or day <= last)


def _compared(op: Op, points: Decimal | None, values: Sequence[Any]) -> bool:
    if op is Op.EQ:
        return points in values
    if points is None:
        return False
    first, last = Decimal(values[0]), Decimal(values[-1])
    return {
        Op.LT: points < first,
        Op.LE: points <= first,
        Op.GT: points > first,
        Op.GE: points >= first,
        Op.BETWEEN: first <= points <= last,
    }[op]


def _has(value: Has, issue: Known) -> bool:
    return {
        Has.ASSIGNEE: issue.assignee is not None,
        Has.LABEL: bool(issue.labels),
        Has.SPRINT: issue.sprint is not None,
        Has.DUE: issue.due is not None,
        Has.ESTIMATE: issue.estimate is not None,
        Has.PARENT: issue.parent is not None,
        Has.CHILDREN: issue.children > 0,
        Has.COMMENTS: issue.comments > 0,
        Has.LINKS: any(not other.deleted for other in issue.blockers + issue.blocks),
    }[value]


def _says(term: Term, issue: Known) -> bool:
    wanted = term.text.split()

    def at(words: list[str], start: int) -> bool:
        return all(
            word == want or (term.prefix and want == wanted[-1] and word.startswith(want))
            for word, want in zip(words[start : start + len(wanted)], wanted, strict=True)
        )

    texts = [issue.title.split(), issue.description.split()]
    found = any(at(words, start) for words in texts for start in range(len(words) - len(wanted) + 1))
    return found is not term.negated


def ordered(issues: Sequence[Known], sort: Sort | None, *, across: bool) -> list[Known]:
    """Issues as a list must show them; those without the value stand last, by their last update, and by due
    those that are closed stand behind all others.
    """
    sort = sort or Sort.by(SortKey.CREATED)
    keys: dict[SortKey, Callable[[Known], Any]] = {
        SortKey.CREATED: lambda i: (i.created_at, i.project) if across else i.number,
        SortKey.UPDATED: lambda i: (i.updated_at, i.id),
        SortKey.PRIORITY: lambda i: (-list(Priority).index(i.priority), i.updated_at, i.id),
        SortKey.RANK: lambda i: (i.rank, i.id),
        SortKey.DUE: lambda i: (i.due, i.id),
        SortKey.CLOSED: lambda i: (i.closed_at, i.id),
        SortKey.RELEVANCE: lambda i: i.id,
    }
    groups: dict[SortKey, Callable[[Known], Any]] = {
        SortKey.DUE: lambda i: (i.closed_at is not None, i.due is None),
        SortKey.CLOSED: lambda i: i.closed_at is None,
    }
    group: Callable[[Known], Any] = groups.get(sort.key, lambda _: False)

    def key(issue: Known) -> Any:
        value = keys[sort.key](issue)
        return (issue.updated_at, issue.id) if isinstance(value, tuple) and value[0] is None else value

    return [
        issue
        for each in sorted({group(issue) for issue in issues})
        for issue in sorted((one for one in issues if group(one) == each), key=key, reverse=sort.descending)
    ]


# Making one --------------------------------------------------------------------------------------------


def populate(instance: Instance, seed: int = 1, sizes: Sequence[int] = (220, 80)) -> World:
    """Projects CORE and WEB with random issues, and a third project that the asker is no member of."""
    random = Random(seed)  # noqa: S311 - the same issues on every run
    people = {name: instance.person(name) for name in PEOPLE}
    asker = people["ann"]
    instance.sql.execute("UPDATE users SET time_zone = %s WHERE name = 'ann'", (ZONE.key,))
    now = datetime.now(ZONE)
    issues: list[Known] = []
    for key, size in zip(("CORE", "WEB", "SECRET"), (*sizes, 20), strict=True):
        owner = people["bob"] if key == "SECRET" else asker
        project = instance.project(key, owner=owner)
        for person in people.values():
            if person is not owner and (key != "SECRET" or person is not asker):
                instance.join(project, person, Role.MEMBER)
        made = [_issue(random, key, place, size, now) for place in range(size)]
        _write(instance, random, project, made, people)
        if key != "SECRET":
            issues += made
    return World(issues, asker, now)


def _issue(random: Random, project: str, place: int, size: int, now: datetime) -> Known:
    status = random.choice(list(Status))
    created = now - timedelta(hours=7 * (size - place), minutes=random.randrange(400))
    updated = now - timedelta(days=random.randrange(20))
    return Known(
        id=0,
        project=project,
        number=place * STEP + 1,
        title=" ".join(random.choices(WORDS, k=random.randint(1, 4))),
        description=" ".join(random.choices(WORDS, k=random.randint(0, 3))),
        status=status,
        priority=random.choice(list(Priority)),
        type=random.choice(list(IssueType)),
        reporter=random.choice(PEOPLE[1:]),
        assignee=random.choice([None, *PEOPLE[1:]] if project == "SECRET" else [None, *PEOPLE]),
        sprint=random.choice([None, "S1", "S2", "S3", "S4"]),
        parent=f"{project}-1" if place > 1 and random.random() < 0.2 else None,
        estimate=random.choice([None, Decimal(0), Decimal("0.5"), Decimal(3), Decimal(8)]),
        due=random.choice([None, now.date() + timedelta(days=random.randint(-10, 10))]),
        rank=f"{random.randrange(10**6):06d}{place:04d}",
        created_at=created,
        updated_at=updated,
        closed_at=updated if status.closed else None,
        labels={label for label in LABELS if random.random() < 0.3},
        deleted=place > 0 and random.random() < 0.05,  # the parent of others lives
    )


def _write(
    instance: Instance, random: Random, project: int, made: list[Known], people: dict[str, Session]
) -> None:
    sql = instance.sql
    one = instance.value
    labels = {
        name: one(
            "INSERT INTO labels (project_id, name, folded) VALUES (%s, %s, %s) RETURNING id",
            project,
            name,
            name.casefold().replace("é", "e"),
        )
        for name in LABELS
    }
    states = {"S1": "finished", "S2": "active", "S3": "planned", "S4": "planned"}
    sprints = {
        name: one(
            "INSERT INTO sprints (project_id, name, folded, state, starts_on, started_at, finished_at)"
            " VALUES (%s, %s, lower(%s), %s, %s, %s, %s) RETURNING id",
            project,
            name,
            name,
            state,
            {"S3": "2030-02-01", "S4": "2030-01-01"}.get(name),
            None if state == "planned" else "2026-01-01",
            "2026-01-15" if state == "finished" else None,
        )
        for name, state in states.items()
    }
    taken = sql.execute(
        "SELECT nextval(pg_get_serial_sequence('issues', 'id')) AS id FROM generate_series(1, %s)",
        (len(made),),
    )
    for issue, row in zip(made, taken.fetchall(), strict=True):
        issue.id = row["id"]
        issue.comments = int(random.random() < 0.2)
        issue.children = sum(other.parent == issue.key and not other.deleted for other in made)
    pairs = {tuple(sorted(random.sample(range(len(made)), 2))) for _ in range(20)}
    for blocker, blocked in pairs:
        made[blocked].blockers.append(made[blocker])
        made[blocker].blocks.append(made[blocked])
    ids = {issue.key: issue.id for issue in made}
    living = [issue for issue in made if not issue.deleted]
    with sql.transaction(), sql.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO issues (id, project_id, number, title, status, priority, type, reporter_id,"
            " assignee_id, sprint_id, parent_id, estimate, due, rank, created_at, updated_at, closed_at,"
            " deleted_at) OVERRIDING SYSTEM VALUE"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    issue.id,
                    project,
                    issue.number,
                    issue.title,
                    issue.status.value,
                    issue.priority.value,
                    issue.type.value,
                    people[issue.reporter].user.id,
                    people[issue.assignee].user.id if issue.assignee else None,
                    sprints[issue.sprint] if issue.sprint else None,
                    ids[issue.parent] if issue.parent else None,
                    issue.estimate,
                    issue.due,
                    issue.rank,
                    issue.created_at,
                    issue.updated_at,
                    issue.closed_at,
                    issue.updated_at if issue.deleted else None,
                )
                for issue in made
            ],
        )
        cursor.execute(
            "UPDATE issue_numbers SET last = %s WHERE project_id = %s",
            (max(issue.number for issue in made), project),
        )
        cursor.executemany(
            "INSERT INTO issue_texts VALUES (%s, %s)", [(issue.id, issue.description) for issue in made]
        )
        cursor.executemany(
            "INSERT INTO issue_labels VALUES (%s, %s, %s)",
            [(project, issue.id, labels[label]) for issue in made for label in issue.labels],
        )
        cursor.executemany(
            "INSERT INTO issue_search VALUES (%s, %s, %s, %s::tsvector)",
            [(issue.id, project, issue.number, _document(project, issue)) for issue in living],
        )
        cursor.executemany(
            "INSERT INTO comments (project_id, issue_id, author_id, body) VALUES (%s, %s, %s, 'Yes')",
            [(project, issue.id, people["bob"].user.id) for issue in made if issue.comments],
        )
        cursor.executemany(
            "INSERT INTO issue_links VALUES (%s, %s, %s)",
            [(project, made[blocker].id, made[blocked].id) for blocker, blocked in pairs],
        )


def _document(project: int, issue: Known) -> str:
    return lexemes.document(issue.title, issue.description, project_id=project, number=issue.number)


# Queries -----------------------------------------------------------------------------------------------

_VALUES: dict[str, tuple[str, ...]] = {
    "status": ("backlog", "todo,in_progress", "done", "done,todo", "cancelled,done"),
    "priority": ("urgent", "none", ">=high", "<medium", "low,high"),
    "type": ("bug", "epic,task"),
    "assignee": ("@me", "bob", "none", "cid,none", "nobody-such"),
    "reporter": ("bob", "cid", "@me"),
    "label": ("ui", '"needs review"', "éclair", "ECLAIR,ui", "none", "none,ui", "missing"),
    "sprint": ("s1", "current", "next", "none", "S3,none", "missing"),
    "project": ("CORE", "WEB", "SECRET", "CORE,WEB", "NONE"),
    "parent": ("CORE-1", "WEB-1", "none", "CORE-999", "none,CORE-1"),
    "due": ("none", "today", "<3d", ">=-2d", "this-week", "-5d..2d", "<=today"),
    "created": ("<7d", ">20d", "yesterday", "30d..10d", "this-month"),
    "updated": ("<7d", ">=10d", "today"),
    "closed": ("<7d", "this-week", ">3d"),
    "estimate": ("0", "none", ">0.5", "<=3", "0..3", "8,none"),
    "is": ("open", "closed", "blocked", "overdue", "mine", "blocked,overdue"),
    "has": tuple(Has),
    "no": tuple(Has),
}


def random_query(random: Random) -> str:
    """A query of at most two words and three qualifiers, in any order of the language."""
    parts = []
    for _ in range(random.choice([0, 0, 1, 1, 2])):
        word = random.choice([*WORDS, "al", "e", "zzz", '"alpha beta"', '"gamma"'])
        parts.append(random.choice(["", "", "", "-"]) + word)
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        name = random.choice(list(_VALUES))
        parts.append(random.choice(["", "", "-"]) + f"{name}:{random.choice(_VALUES[name])}")
    keys = [key for key in SortKey if key is not SortKey.RELEVANCE]
    if random.random() < 0.8:
        parts.append(str(Sort(key=random.choice(keys), descending=random.random() < 0.5)))
    return " ".join(parts)
