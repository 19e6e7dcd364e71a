"""Issues: where they stand, how they look in a list and whole, and what is written under them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rhythm_domain.models.base import Model
from rhythm_domain.models.people import PersonRef


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


class LinkKind(StrEnum):
    """How one issue stands to another, seen from the first."""

    BLOCKS = "blocks"
    BLOCKED_BY = "blocked_by"


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
    metadata: Mapping[str, Any] = {}


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
