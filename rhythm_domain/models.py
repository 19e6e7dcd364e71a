"""What the tracker speaks of: frozen pydantic models and their enums.

Models of what is stored carry no rules beyond their shape; what a person may write is said by the
`*Draft` and `*Edit` models, which clean and check every text (see `text.py`) and name the field at fault.
Times are aware datetimes in UTC; days are dates; ids are database ids; `key` is what people type.
"""

# Without `from __future__ import annotations`: pydantic would compile them all when it is imported.
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rhythm_domain import text


class Status(StrEnum):
    """Where an issue stands; in the order of the board's columns."""

    BACKLOG = "backlog"
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    IN_REVIEW = "in_review"
    DONE = "done"
    CANCELLED = "cancelled"

    @property
    def closed(self) -> bool:
        return self in CLOSED


CLOSED = frozenset({Status.DONE, Status.CANCELLED})
OPEN = frozenset(Status) - CLOSED


class Priority(StrEnum):
    """How soon; most pressing first."""

    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class IssueType(StrEnum):
    """What kind of work."""

    BUG = "bug"
    FEATURE = "feature"
    TASK = "task"
    CHORE = "chore"
    EPIC = "epic"


class Role(StrEnum):
    """What a person is in a project; the ladder from least to most."""

    VIEWER = "viewer"
    MEMBER = "member"
    MAINTAINER = "maintainer"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return _ROLE_RANK[self]


_ROLE_RANK = {role: rank for rank, role in enumerate(Role, start=1)}


class SignInKind(StrEnum):
    """What a person is signed in by."""

    LOCAL = "local"
    """The ownership of the embedded instance."""
    PASSWORD = "password"  # noqa: S105 - a kind
    TOKEN = "token"  # noqa: S105 - a kind
    KEY = "key"
    """A key of a shared instance."""


class SprintState(StrEnum):
    """A sprint is planned, then active (one per project), then finished."""

    PLANNED = "planned"
    ACTIVE = "active"
    FINISHED = "finished"


class LinkKind(StrEnum):
    """How one issue stands to another, seen from the first."""

    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"


class Model(BaseModel):
    """A frozen value."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @classmethod
    def known_all(cls, rows: Iterable[dict[str, Any]]) -> tuple[Self, ...]:
        """Models of rows of all their fields, which are known to be right: nothing is checked, nor copied.

        For rows of the database that come by the hundred: checking them takes longer than reading them.
        """
        models, names = [], set(cls.model_fields)
        for fields in rows:
            model = cls.__new__(cls)
            _set_dict(model, fields)
            _set_fields_set(model, names)
            _set_extra(model, None)
            _set_private(model, None)
            models.append(model)
        return tuple(models)


# Looked up once: a row of a list has little else to do.
_set_dict, _set_fields_set, _set_extra, _set_private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


T = TypeVar("T")


class Page(Model, Generic[T]):
    """A stretch of a list. `next` is the cursor of the following page, None at the end.

    Where a list can be read both ways, `previous` is the cursor of the page before, None at the start.
    """

    items: tuple[T, ...]
    next: str | None = None
    previous: str | None = None


class Total(Model):
    """How many there are: `exact`, or at least `count`."""

    count: int
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.count:,}" if self.exact else f"{self.count:,}+"


# People ------------------------------------------------------------------------------------------------


class PersonRef(Model):
    """Who, as it stands on an issue, a comment or an event."""

    id: int
    name: str
    display_name: str


class User(Model):
    """An account. Inactive ones (imported authors, people who left) cannot sign in."""

    id: int
    name: str
    display_name: str
    admin: bool
    active: bool
    claimed: bool
    time_zone: str
    created_at: datetime

    @property
    def ref(self) -> PersonRef:
        return PersonRef(id=self.id, name=self.name, display_name=self.display_name)


class SignIn(Model):
    """A sign-in session of a person (never its token). `current` is the one that asks.

    `expires_at` is when it ends if nobody uses it until then; None: never.
    """

    id: int
    user_id: int
    kind: SignInKind
    source: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime | None
    current: bool


class AccessToken(Model):
    """A named token for scripts (never the token itself)."""

    id: int
    name: str
    read_only: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class SshKey(Model):
    """A public key that a person signs in with on a shared instance."""

    id: int
    user_id: int
    name: str
    kind: str
    fingerprint: str
    public_key: str
    created_at: datetime
    last_used_at: datetime | None


# Projects ----------------------------------------------------------------------------------------------


class Project(Model):
    """A project as one person sees it; `role` is theirs, None for an administrator who is no member."""

    id: int
    key: str
    name: str
    description: str
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    wip_limits: dict[Status, int]
    role: Role | None
    open_count: int = 0
    closed_count: int = 0
    last_activity_at: datetime | None = None

    @property
    def archived(self) -> bool:
        return self.archived_at is not None


class Member(Model):
    """A person in a project. `ended_at` is set once the membership ended."""

    user: PersonRef
    active: bool
    role: Role
    since: datetime
    ended_at: datetime | None = None


COLOURS = (
    "red",
    "orange",
    "yellow",
    "lime",
    "green",
    "teal",
    "cyan",
    "blue",
    "purple",
    "magenta",
    "brown",
    "grey",
)
"""The palette of labels, by name: the theme decides how each looks."""


class Label(Model):
    """A label of a project; `colour` is one of COLOURS. Issues in the trash are not counted."""

    id: int
    name: str
    colour: str
    description: str
    issue_count: Total


class SavedView(Model):
    """A named query: a person's own, perhaps published to a project's team, or one that Rhythm brings."""

    id: int | None = None
    name: str
    query: str
    owner: PersonRef | None = None
    project_key: str | None = None
    published: bool = False

    @property
    def built_in(self) -> bool:
        return self.owner is None


# Issues ------------------------------------------------------------------------------------------------


class LabelRef(Model):
    """A label as it stands on an issue."""

    name: str
    colour: str


class IssueRow(Model):
    """An issue as a line of a list or a card: everything but its long text."""

    id: int
    project_id: int
    project_key: str
    number: int
    title: str
    status: Status
    priority: Priority
    type: IssueType
    assignee: PersonRef | None
    reporter: PersonRef
    sprint_id: int | None
    sprint: str | None
    estimate: Decimal | None
    due: date | None
    labels: tuple[LabelRef, ...]
    parent_key: str | None
    blocked: bool
    rank: str
    version: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    deleted_at: datetime | None

    @property
    def key(self) -> str:
        return f"{self.project_key}-{self.number}"


class IssueLink(Model):
    """A link as seen from one issue: this issue `kind` the other one."""

    kind: LinkKind
    key: str
    title: str
    status: Status


class Issue(IssueRow):
    """An issue, whole. `imported_by` is on whose word it is the reporter's; None if it was made here."""

    description: str
    links: tuple[IssueLink, ...] = ()
    children: tuple[IssueLink, ...] = ()
    comment_count: int = 0
    imported_by: PersonRef | None = None
    source_url: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class Comment(Model):
    """What somebody wrote under an issue. `version` counts its edits; `imported_by` is on whose word it is
    the author's, None for what they wrote here.
    """

    id: int
    issue_key: str
    author: PersonRef
    imported_by: PersonRef | None = None
    body: str
    version: int
    created_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None = None


class Event(Model):
    """One recorded change: who did what, by which permission, what it was before and after.

    `text` says it in words, without the person ("moved it from todo to in review").
    """

    seq: int
    id: UUID
    operation: UUID
    kind: str
    permission: str
    actor: PersonRef
    at: datetime
    project_key: str | None
    issue_key: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: UUID | None
    undone: bool = False
    text: str = ""


class UndoResult(Model):
    """What an undo or a redo did: the kind of change, in words what is as it was now (empty if nothing is),
    what it changed back (issue keys or names), and what it had to leave alone since others changed it
    meanwhile. `passed` are later changes that can't be undone and stayed as they are, in words.
    """

    operation: UUID
    kind: str
    text: str
    changed: tuple[str, ...]
    skipped: tuple[str, ...]
    passed: tuple[str, ...] = ()


# Boards and sprints ------------------------------------------------------------------------------------


class BoardColumn(Model):
    """One status of the board: its total, its limit, and its first cards in order."""

    status: Status
    total: Total
    wip_limit: int | None
    cards: tuple[IssueRow, ...]
    next: str | None


class Board(Model):
    """The board of a project; unfiltered totals are exact."""

    project: Project
    query: str
    columns: tuple[BoardColumn, ...]


class Sprint(Model):
    """A time box. Points and counts are of the issues in it now; of a finished one, of those in it at its
    finish, those that were carried over included.
    """

    id: int
    project_key: str
    name: str
    goal: str
    state: SprintState
    starts_on: date | None
    ends_on: date | None
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    issue_count: int = 0
    done_count: int = 0
    points: Decimal = Decimal(0)
    done_points: Decimal = Decimal(0)


class SprintIssue(Model):
    """An issue as a sprint's report names it."""

    key: str
    title: str
    status: Status
    estimate: Decimal | None


class BurndownDay(Model):
    """What was left at the end of a day, what an even pace would have left, and the scope by then: what was
    left together with what was done in the sprint. Each in issues and in points.
    """

    day: date
    remaining_issues: int
    remaining_points: Decimal
    ideal_issues: Decimal
    ideal_points: Decimal
    scope_issues: int
    scope_points: Decimal


class SprintReport(Model):
    """What was committed at the start, what was added and removed since, done, and carried over."""

    sprint: Sprint
    committed: tuple[SprintIssue, ...]
    added: tuple[SprintIssue, ...]
    removed: tuple[SprintIssue, ...]
    done: tuple[SprintIssue, ...]
    carried_over: tuple[SprintIssue, ...]
    burndown: tuple[BurndownDay, ...]


class SprintOutcome(Model):
    """A finished sprint, and what was committed when it started; what it got done stands in the sprint."""

    sprint: Sprint
    committed_issues: int
    committed_points: Decimal


class FlowDay(Model):
    """How many issues stood where at the end of a day."""

    day: date
    counts: dict[Status, int]


class Flow(Model):
    """How work went through the statuses, day by day up to today. `complete` is False where more happened
    than is looked at: the days before are left out then.
    """

    days: tuple[FlowDay, ...]
    complete: bool = True


# Import ------------------------------------------------------------------------------------------------


class ImportProblem(Model):
    """A piece of a file that could not be read or stored: its line, what the source calls it, and why."""

    line: int
    source: str
    reason: str


class ImportNote(Model):
    """What was replaced or left out of an issue, by what the source calls it."""

    source: str
    note: str


class ImportReport(Model):
    """What an import did, or with `dry_run` would do.

    `people` are the accounts that it made, `matched` those that were their people's own already, `members`
    who became one: user names. `comments` counts those that were written.
    """

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    comments: int
    people: tuple[str, ...]
    matched: tuple[str, ...]
    members: tuple[str, ...]
    labels: tuple[str, ...]
    sprints: tuple[str, ...]
    problems: tuple[ImportProblem, ...]
    notes: tuple[ImportNote, ...]


# What a person may write -------------------------------------------------------------------------------

TITLE_LENGTH = 250
TEXT_LENGTH = 100_000
NAME_LENGTH = 100

Title = Annotated[str, AfterValidator(text.one_line("title", TITLE_LENGTH))]
Body = Annotated[str, AfterValidator(text.body("description", TEXT_LENGTH))]
SprintName = Annotated[str, AfterValidator(text.one_line("name", NAME_LENGTH))]
Goal = Annotated[str, AfterValidator(text.body("goal", TEXT_LENGTH))]
Estimate = Annotated[Decimal, Field(ge=0, le=1000, decimal_places=1)]


class IssueDraft(Model):
    """A new issue. Only the title is required. People, labels and sprints by name, the parent by key."""

    title: Title
    description: Body = ""
    status: Status = Status.BACKLOG
    priority: Priority = Priority.NONE
    type: IssueType = IssueType.TASK
    assignee: str | None = None
    sprint: str | None = None
    estimate: Estimate | None = None
    due: date | None = None
    labels: tuple[str, ...] = ()
    parent: str | None = None


class IssueEdit(Model):
    """Changes of an issue: only the fields that are set are changed; None clears a field that may be empty.

    `base_version` is the issue's version that the texts were edited from; it is needed for title and
    description only. Labels are added and removed, never replaced.
    """

    base_version: int | None = None
    title: Title | None = None
    description: Body | None = None
    status: Status | None = None
    priority: Priority | None = None
    type: IssueType | None = None
    assignee: str | None = None
    sprint: str | None = None
    estimate: Estimate | None = None
    due: date | None = None
    parent: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that this edit sets."""
        return frozenset(self.model_fields_set - {"base_version"})


class SprintEdit(Model):
    """Changes of a sprint: only the fields that are set are changed; None clears a day.

    `base_version` is the sprint's version that the goal was edited from.
    """

    base_version: int | None = None
    name: SprintName | None = None
    goal: Goal | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def fields(self) -> frozenset[str]:
        """The names of the fields that this edit sets."""
        return frozenset(self.model_fields_set - {"base_version"})


def refs(people: Sequence[User]) -> tuple[PersonRef, ...]:
    """The references of accounts, in the same order."""
    return tuple(person.ref for person in people)
