"""How people write a status, a priority or a type, with what other trackers call them; pure.

Only what means one of ours and nothing else: a search by it must find what is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache

from rhythm_domain.models import IssueType, Priority, Status

_ALSO: Mapping[type[StrEnum], Mapping[str, str]] = {
    Status: {
        Status.IN_PROGRESS: "doing wip started",
        Status.IN_REVIEW: "review",
        Status.DONE: "completed",
        Status.CANCELLED: "canceled",
    },
    Priority: {
        Priority.URGENT: "p0 critical highest",
        Priority.HIGH: "p1",
        Priority.MEDIUM: "p2 normal",
        Priority.LOW: "p3 lowest",
        Priority.NONE: "p4",
    },
    IssueType: {IssueType.BUG: "defect", IssueType.FEATURE: "story enhancement"},
}


def folded(said: str) -> str:
    """The same for `in_progress`, `In Progress` and `in-progress`."""
    return re.sub(r"[-_\s]", "", said.casefold())


@cache
def spellings(enum: type[StrEnum]) -> Mapping[str, StrEnum]:
    """The values of an enum by every way to write them, folded."""
    known = {folded(value): value for value in enum}
    for value, words in _ALSO.get(enum, {}).items():
        known |= dict.fromkeys(words.split(), enum(value))
    return known
