"""The neutral records that every format is read into and written from.

A reader yields `ImportIssue` and `Problem` in the order of the file. Keys (`source_key`, `parent_key`, those
of links) are the source's own, such as `github:owner/name#12` or `jira:CORE-7`: a second import finds the
same issues by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from rhythm_domain.models import IssueType, LinkKind, Priority, SprintState, Status


@dataclass(frozen=True, slots=True)
class ImportPerson:
    """Somebody as the source calls them; `login` need not be a user name of Rhythm."""

    login: str
    display_name: str = ""


GHOST = ImportPerson("ghost", "Deleted account")


@dataclass(frozen=True, slots=True)
class ImportComment:
    """What somebody wrote under an issue. `source_key` is stable from one import to the next."""

    source_key: str
    author: ImportPerson | None
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ImportLabel:
    """A label. `colour` is the source's: `#rrggbb`, a name of Rhythm's palette, or None."""

    name: str
    colour: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ImportSprint:
    """A sprint, cycle or milestone. `state` is None where the source does not say it."""

    name: str
    goal: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    state: SprintState | None = None


@dataclass(frozen=True, slots=True)
class ImportIssue:
    """An issue with everything that belongs to it.

    `line` is where it begins in the file, from 1. `metadata` holds what the tracker has no field for, by the
    source's names, as JSON values. `notes` say in words what was replaced, cut or left out on the way.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    source_key: str
    title: str
    line: int = 0
    number: int | None = None
    description: str = ""
    status: Status = Status.BACKLOG
    priority: Priority = Priority.NONE
    type: IssueType = IssueType.TASK
    author: ImportPerson | None = None
    assignee: ImportPerson | None = None
    other_assignees: tuple[ImportPerson, ...] = ()
    labels: tuple[ImportLabel, ...] = ()
    sprint: ImportSprint | None = None
    estimate: Decimal | None = None
    due: date | None = None
    parent_key: str | None = None
    links: tuple[tuple[LinkKind, str], ...] = ()
    comments: tuple[ImportComment, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None
    closed_at: datetime | None = None
    url: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of the file that could not be read: where it begins, what it calls itself, and why."""

    line: int
    source: str
    reason: str


Record = ImportIssue | Problem


@dataclass(frozen=True, slots=True)
class Layout:
    """How issues become a file: what comes first, each issue, what stands between two, what comes last."""

    head: bytes
    issue: Callable[[ImportIssue], bytes]
    between: bytes = b""
    tail: bytes = b""

    def part(self, issues: Iterable[ImportIssue], *, first: bool) -> bytes:
        """Some issues that follow one another; `first` says that nothing but the head precedes them."""
        return (b"" if first else self.between) + self.between.join(map(self.issue, issues))

    def whole(self, issues: Iterable[ImportIssue]) -> bytes:
        """A file with these issues."""
        return self.head + self.part(issues, first=True) + self.tail
