"""What other trackers call a status, a priority or a type, and which label names say one; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from rhythm_domain.models import IssueType, Priority, Status

_STATUSES = {
    Status.BACKLOG: "backlog; triage; icebox; idea; later; new",
    Status.TODO: "todo; to do; open; reopened; unstarted; ready; selected for development; planned; next; "
    "blocked",
    Status.IN_PROGRESS: "in progress; doing; started; in development; implementing; working",
    Status.IN_REVIEW: "in review; review; code review; under review; ready for review; in testing; "
    "testing; qa; in qa; ready for merge; to verify",
    Status.DONE: "done; closed; resolved; completed; complete; fixed; released; shipped; merged; deployed",
    Status.CANCELLED: "cancelled; canceled; duplicate; won't do; won't fix; wontfix; rejected; declined; "
    "abandoned; invalid; obsolete; not planned",
}
_PRIORITIES = {
    Priority.URGENT: "urgent; highest; critical; blocker; p0",
    Priority.HIGH: "high; major; p1",
    Priority.MEDIUM: "medium; normal; moderate; p2",
    Priority.LOW: "low; lowest; minor; trivial; p3; p4",
    Priority.NONE: "no priority; none; not set; undefined",
}
_TYPES = {
    IssueType.BUG: "bug; defect; regression; fault",
    IssueType.FEATURE: "feature; enhancement; story; user story; new feature; improvement; feature request",
    IssueType.TASK: "task; sub task; subtask",
    IssueType.CHORE: "chore; maintenance; technical task; technical debt; tech debt; refactoring; refactor; "
    "spike",
    IssueType.EPIC: "epic; initiative",
}
# What a label says if it means a priority: `priority: high`, `high priority`, `P1`; never a bare `high`.
_PRIORITY_LABEL = re.compile(r"(?:priority|prio) (.+)|(.+) priority|(p[0-4])")
_TYPE_LABEL = re.compile(r"(?:(?:type|kind|category|t|c) )?(.+)")


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return " ".join(re.sub(r"[\s_:/.\-]+", " ", name.replace("’", "'")).split()).casefold()


STATUSES = {_folded(name): status for status, names in _STATUSES.items() for name in names.split(";")}
PRIORITIES = {_folded(name): priority for priority, names in _PRIORITIES.items() for name in names.split(";")}
TYPES = {_folded(name): kind for kind, names in _TYPES.items() for name in names.split(";")}


def status_named(name: str) -> Status | None:
    """The status that a tracker calls by this name, if it is a common one."""
    return STATUSES.get(_folded(name))


def priority_named(name: str) -> Priority | None:
    """The priority that a tracker calls by this name, if it is a common one."""
    return PRIORITIES.get(_folded(name))


def type_named(name: str) -> IssueType | None:
    """The type that a tracker calls by this name, if it is a common one."""
    return TYPES.get(_folded(name))


def type_from_labels(names: Iterable[str]) -> IssueType:
    """The type that the labels say; a task where they say none, or more than one."""
    said = {TYPES.get(match[1]) for name in names if (match := _TYPE_LABEL.fullmatch(_folded(name)))} - {None}
    only = said.pop() if len(said) == 1 else None
    return only or IssueType.TASK


def priority_from_labels(names: Iterable[str]) -> Priority:
    """The priority that the labels say; none where they say none, or more than one."""
    said = {
        PRIORITIES.get(match[1] or match[2] or match[3])
        for name in names
        if (match := _PRIORITY_LABEL.fullmatch(_folded(name)))
    } - {None}
    only = said.pop() if len(said) == 1 else None
    return only or Priority.NONE
