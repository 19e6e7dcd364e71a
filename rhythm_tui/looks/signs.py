"""How status, priority and type look: a sign of one cell and a colour, never by colour alone. Pure."""

from __future__ import annotations

from typing import NamedTuple

from rhythm_domain.models import IssueType, Priority, Status


class Sign(NamedTuple):
    """A sign of one cell, and a style of the terminal's own colours such as "bold red"."""

    mark: str
    style: str


STATUS = {
    Status.BACKLOG: Sign("◌", "dim"),
    Status.TODO: Sign("○", ""),
    Status.IN_PROGRESS: Sign("◐", "yellow"),
    Status.IN_REVIEW: Sign("◕", "cyan"),
    Status.DONE: Sign("●", "green"),
    Status.CANCELLED: Sign("×", "dim"),
}

PRIORITY = {
    Priority.URGENT: Sign("▲", "bold red"),
    Priority.HIGH: Sign("↑", "red"),
    Priority.MEDIUM: Sign("=", "yellow"),
    Priority.LOW: Sign("↓", "blue"),
    Priority.NONE: Sign("·", "dim"),
}

TYPE = {
    IssueType.BUG: Sign("■", "red"),
    IssueType.FEATURE: Sign("◆", "green"),
    IssueType.TASK: Sign("□", "blue"),
    IssueType.CHORE: Sign("▫", "dim"),
    IssueType.EPIC: Sign("★", "magenta"),
}

BLOCKED = "⊘"
LATE = "!"
LABEL = "•"
MARKED = "✓"
UNSAVED = "…"
CHANGED = "←"

OTHERS = {
    BLOCKED: "it is blocked: it waits for an issue that is open",
    LATE: "it is late, or something needs a look",
    LABEL: "a label",
    MARKED: "it is marked",
    UNSAVED: "it is not saved yet",
    CHANGED: "somebody changed it just now",
}
"""What else stands beside an issue, and what it means."""


def words(value: str) -> str:
    """A status, priority or type as people read it: "in progress"."""
    return value.replace("_", " ")
