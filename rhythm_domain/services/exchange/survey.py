"""What a file of issues holds, learnt by reading it once before anything is written; pure.

Who and which labels and sprints are in it, and every issue's key, number and age: only the whole file tells
whether its numbers can be kept and whether a sprint is over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2s
from typing import Any

from rhythm_domain.formats.records import GHOST, ImportIssue, ImportLabel, ImportPerson, ImportSprint
from rhythm_domain.models import SprintState
from rhythm_domain.services.editing import MAX_LABELS
from rhythm_domain.text import folded

HIGHEST_NUMBER = 10_000_000
"""Above this a source's numbers are not kept: what the project gives out afterwards starts behind them."""

_SEPARATORS = re.compile(r"[\s@/\\+_.'’()\[\]-]+")
_FOREIGN = re.compile(r"[^a-z0-9._-]+")
_NAME_LENGTH = 40
_NEVER = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=4096)
def account_name(login: str) -> str:
    """The user name for what another tracker calls somebody: always the same for one login.

    What can't be a user name is replaced, and if that loses letters, a digest keeps two people apart.
    """
    plain = folded(login)
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,39}", plain):
        return plain
    words = _SEPARATORS.sub("-", plain).strip("-")
    name = _FOREIGN.sub("", words).strip("-")
    if name != words or not 2 <= len(name) <= _NAME_LENGTH:
        digest = blake2s(plain.encode(), digest_size=4).hexdigest()
        name = f"{name[: _NAME_LENGTH - 9].strip('-') or 'person'}-{digest}"
    return name


def stand_in(name: str, at: int) -> str:
    """The user name of the `at`-th account that could hold what is said to be somebody else's words."""
    return account_name(f"{name}-imported" if at == 1 else f"{name}-imported-{at}")


@dataclass(slots=True)
class SurveyedSprint:
    """A sprint, whether an issue in it is open, and when its issues begin and end."""

    said: ImportSprint
    open: bool = False
    begins: datetime | None = None
    ends: datetime | None = None

    def add(self, issue: ImportIssue, said: ImportSprint) -> None:
        self.said = replace(
            self.said,
            goal=self.said.goal or said.goal,
            starts_on=self.said.starts_on or said.starts_on,
            ends_on=self.said.ends_on or said.ends_on,
            state=self.said.state or said.state,
        )
        self.open = self.open or not issue.status.closed
        if issue.created_at:
            self.begins = min(self.begins or issue.created_at, issue.created_at)
        if issue.closed_at:
            self.ends = max(self.ends or issue.closed_at, issue.closed_at)

    @property
    def state(self) -> SprintState:
        """As the source says it; else finished once all its issues are closed, and planned before."""
        return self.said.state or (SprintState.PLANNED if self.open else SprintState.FINISHED)

    def row(self, state: SprintState, now: datetime) -> dict[str, Any]:
        """Its columns in a state; it begins and ends with its days, else with its issues."""
        said = self.said
        start = _midnight(said.starts_on) or self.begins or now
        finish = max(start, _midnight(said.ends_on) or self.ends or now)
        return {
            "name": said.name,
            "folded": folded(said.name),
            "goal": said.goal,
            "state": state.value,
            "starts_on": said.starts_on,
            "ends_on": said.ends_on,
            "started_at": None if state is SprintState.PLANNED else start,
            "finished_at": finish if state is SprintState.FINISHED else None,
        }


def _midnight(day: Any) -> datetime | None:
    return day and datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass(slots=True)
class Survey:
    """People by user name, labels and sprints by folded name, and (number, age) by source key."""

    people: dict[str, ImportPerson] = field(default_factory=dict)
    authors: set[str] = field(default_factory=set)
    assigned: set[str] = field(default_factory=set)
    labels: dict[str, ImportLabel] = field(default_factory=dict)
    sprints: dict[str, SurveyedSprint] = field(default_factory=dict)
    issues: dict[str, tuple[int | None, datetime]] = field(default_factory=dict)

    def add(self, issue: ImportIssue) -> None:
        """Takes note of an issue."""
        self.issues[issue.source_key] = (issue.number, issue.created_at or _NEVER)
        for author in (issue.author, *(comment.author or GHOST for comment in issue.comments)):
            if author:
                self.authors.add(self._meet(author))
        if issue.assignee:
            self.assigned.add(self._meet(issue.assignee))
        for label in issue.labels[:MAX_LABELS]:
            self.labels.setdefault(folded(label.name), label)
        if issue.sprint:
            name = folded(issue.sprint.name)
            self.sprints.setdefault(name, SurveyedSprint(issue.sprint)).add(issue, issue.sprint)

    def _meet(self, person: ImportPerson) -> str:
        name = account_name(person.login)
        known = self.people.get(name)
        if known is None or (not known.display_name and person.display_name):
            self.people[name] = person
        return name

    def own_numbers(self) -> dict[str, int] | None:
        """The source's numbers by key, if all issues have one and no two the same; else None."""
        numbers = {key: number for key, (number, _) in self.issues.items() if number is not None}
        unique = len(set(numbers.values())) == len(self.issues)
        return numbers if unique and max(numbers.values(), default=0) <= HIGHEST_NUMBER else None

    def oldest_first(self, keys: Iterable[str]) -> list[str]:
        """Keys in the order in which the issues were created."""
        return sorted(keys, key=lambda key: self.issues[key][1])


# What the source said last -----------------------------------------------------------------------------

FIELDS = (
    "title", "description", "status", "priority", "type", "assignee", "sprint", "estimate", "due", "labels",
    "comments", "times", "source", "parent", "links",
)  # fmt: skip
"""What an import writes, each hashed by itself: what the source did not change is left as people left it."""

_SIZE = 8  # bytes of each field's hash
_SHORT = 40
UNLINKED = b"\0" * _SIZE * 2
"""Stands for parent and links, which come last, until they are made."""


def fingerprint(issue: ImportIssue) -> bytes:
    """The hashes of what a source says of an issue, in the order of FIELDS."""
    values = (
        issue.title,
        issue.description,
        issue.status,
        issue.priority,
        issue.type,
        issue.assignee and issue.assignee.login,
        issue.sprint and issue.sprint.name,
        None if issue.estimate is None else f"{issue.estimate.normalize():f}",
        issue.due,
        sorted(label.name for label in issue.labels),
        [
            (one.source_key, one.author and one.author.login, one.body, one.created_at)
            for one in issue.comments
        ],
        (issue.created_at, issue.updated_at, issue.closed_at),
        (issue.url, metadata(issue)),
        issue.parent_key,
        sorted(issue.links),
    )
    return b"".join(map(_hash, map(_bytes, values)))


def _hash(value: bytes) -> bytes:
    """What is short is mostly what others have too: nothing, a status, a label."""
    return _hashed(value) if len(value) < _SHORT else _hashed.__wrapped__(value)


@lru_cache(maxsize=4096)
def _hashed(value: bytes) -> bytes:
    return blake2s(value, digest_size=_SIZE).digest()


def _bytes(value: Any) -> bytes:
    """Most values are texts or nothing, which are quick; None counts as the empty text."""
    if isinstance(value, str):
        return value.encode()
    return b"" if value is None else b"[]" if value == [] else _json(value).encode()


_json = json.JSONEncoder(default=str, sort_keys=True).encode


def metadata(issue: ImportIssue) -> dict[str, Any]:
    """What is kept beside an issue: what the tracker has no field for, and who else is assigned."""
    others = [person.login for person in issue.other_assignees]
    return issue.metadata | ({"Other assignees": others} if others else {})


def changed_fields(before: bytes, after: bytes) -> frozenset[str]:
    """The FIELDS in which two fingerprints differ."""
    return frozenset(
        name
        for at, name in enumerate(FIELDS)
        if before[at * _SIZE : (at + 1) * _SIZE] != after[at * _SIZE : (at + 1) * _SIZE]
    )
