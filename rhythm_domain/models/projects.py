"""Projects, and what is theirs: labels, saved views, the board."""

from __future__ import annotations

from datetime import datetime

from rhythm_domain.models.base import Model, Total
from rhythm_domain.models.issues import IssueRow, Status
from rhythm_domain.models.people import PersonRef, Role


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
