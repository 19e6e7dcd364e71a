"""What a reader made, made fit to be stored: the one door that every format's issues pass through.

Texts lose what may not be stored, over-long ones are cut and kept whole in the metadata, numbers are brought
into the tracker's range, and the issue's notes say each of it. What has no title is no issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any

from rhythm_domain import text
from rhythm_domain.formats.records import (
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
)
from rhythm_domain.models import NAME_LENGTH, TEXT_LENGTH, TITLE_LENGTH, LinkKind

# What the database allows beyond the models: see labels and issue_sources in schema.sql.
LABEL_LENGTH = 50
LABEL_DESCRIPTION_LENGTH = 250
KEY_LENGTH = 500
URL_LENGTH = 2_000
MAX_NUMBER = 2**31 - 1  # PostgreSQL's int
MAX_ESTIMATE = Decimal(1000)
_PLAIN = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?)?")  # What needs no repair; most names and titles.
_NOT_IN_LABELS = re.compile('[,"]')
_TENTH = Decimal("0.1")


def repaired(records: Iterable[Record]) -> Iterator[Record]:
    """The records, each issue repaired; a Problem for one without a title or with a key that came before."""
    first_lines: dict[str, int] = {}
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        try:
            issue = _Repair(record).issue()
        except RecursionError:
            yield Problem(record.line, _shown(record), "its metadata is nested too deeply")
            continue
        except (TypeError, ValueError, AttributeError, ArithmeticError):
            yield Problem(
                record.line, _shown(record), "one of its fields is not of the kind that it should be"
            )
            continue
        if not issue.title:
            yield Problem(issue.line, _shown(issue), "it has no title")
        elif issue.source_key in first_lines:
            reason = f"the same issue stands at line {first_lines[issue.source_key]} already"
            yield Problem(issue.line, _shown(issue), reason)
        else:
            first_lines[issue.source_key] = issue.line
            yield issue


def _shown(issue: ImportIssue) -> str:
    """What the source calls the issue: its key without the format's name, or its line."""
    return issue.source_key.partition(":")[2] or issue.source_key or f"line {issue.line}"


def _utc(moment: datetime | None) -> datetime | None:
    """The same time in UTC, which is what a time without an offset is in."""
    if moment is None or moment.tzinfo is UTC:
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _Repair:
    """The repair of one issue, gathering notes and what is kept whole in the metadata."""

    def __init__(self, issue: ImportIssue) -> None:
        self._issue = issue
        self._notes = list(issue.notes)
        self._kept: dict[str, Any] = {}

    def issue(self) -> ImportIssue:
        old = self._issue
        fields: dict[str, Any] = {
            "source_key": self._line("key", old.source_key, KEY_LENGTH),
            "number": self._number(old.number),
            "title": self._line("title", old.title, TITLE_LENGTH),
            "description": self._body("description", old.description),
            "author": self._person("author", old.author),
            "assignee": self._person("assignee", old.assignee),
            "other_assignees": self._people("assignee", old.other_assignees),
            "labels": self._labels(old.labels),
            "sprint": self._sprint(old.sprint),
            "estimate": self._estimate(old.estimate),
            "parent_key": self._parent(old.parent_key),
            "links": self._links(),
            "comments": self._comments(old.comments),
            "created_at": _utc(old.created_at),
            "updated_at": _utc(old.updated_at),
            "closed_at": _utc(old.closed_at),
            "url": self._url(old.url),
        }
        metadata = self._json("metadata", old.metadata)
        return replace(old, **fields, metadata=metadata | self._kept, notes=tuple(self._notes))

    def _line(self, name: str, value: str, limit: int) -> str:
        return self._text(name, value, limit, lines=False)

    def _body(self, name: str, value: str) -> str:
        fixed = self._text(name, value, TEXT_LENGTH, lines=True)
        return fixed if fixed.strip() else ""

    def _text(self, name: str, value: str, limit: int, *, lines: bool) -> str:
        if len(value) <= limit and _PLAIN.fullmatch(value):
            return value
        fixed, notes = text.repaired(value, limit=limit, lines=lines)
        self._notes += [f"{name}: {note}" for note in notes]
        if len(fixed) == limit < len(value.strip()):
            self._keep(f"full {name}", text.repaired(value, limit=len(value), lines=True)[0])
        return fixed

    def _keep(self, name: str, value: object) -> None:
        self._kept[name] = value

    def _person(self, name: str, person: ImportPerson | None) -> ImportPerson | None:
        if person is None:
            return None
        login = self._line(name, person.login, NAME_LENGTH)
        display_name = self._line(name, person.display_name, NAME_LENGTH)
        return ImportPerson(login, display_name) if login else None

    def _people(self, name: str, people: Iterable[ImportPerson]) -> tuple[ImportPerson, ...]:
        return tuple(found for person in people if (found := self._person(name, person)))

    def _labels(self, labels: Iterable[ImportLabel]) -> tuple[ImportLabel, ...]:
        """The labels with a name, each once, as the tracker compares names."""
        found: dict[str, ImportLabel] = {}
        for label in labels:
            name = self._label_name(label.name)
            if name:
                colour = self._line("label", label.colour, NAME_LENGTH) if label.colour else None
                description = self._line("label", label.description, LABEL_DESCRIPTION_LENGTH)
                found.setdefault(text.folded(name), ImportLabel(name, colour or None, description))
        return tuple(found.values())

    def _label_name(self, name: str) -> str:
        """The name without commas and double quotes, which the search language needs for itself."""
        fixed = self._line("label", name, LABEL_LENGTH)
        plain = " ".join(_NOT_IN_LABELS.sub(" ", fixed).split()) if _NOT_IN_LABELS.search(fixed) else fixed
        if plain != fixed:
            self._notes.append(f"label: {fixed} is now {plain}")
        return plain

    def _url(self, url: str | None) -> str | None:
        fixed = self._line("url", url or "", URL_LENGTH)
        if fixed and not text.safe_url(fixed):
            self._notes.append("url: it is no web or mail address; left out")
            self._keep("full url", fixed)
            return None
        return fixed or None

    def _sprint(self, sprint: ImportSprint | None) -> ImportSprint | None:
        if sprint is None:
            return None
        name = self._line("sprint", sprint.name, NAME_LENGTH)
        starts_on, ends_on = sprint.starts_on, sprint.ends_on
        if starts_on and ends_on and ends_on < starts_on:
            self._notes.append(f"sprint: it ends on {ends_on}, before it starts; the end was left out")
            ends_on = None
        goal = self._body("sprint goal", sprint.goal)
        return replace(sprint, name=name, goal=goal, ends_on=ends_on) if name else None

    def _number(self, number: int | None) -> int | None:
        if number is None or 0 < number <= MAX_NUMBER:
            return number
        self._notes.append(f"number: {number} is not one that an issue can have; left out")
        return None

    def _estimate(self, estimate: Decimal | None) -> Decimal | None:
        """Points from 0 to 1000 in tenths; others are rounded or left out, and kept in the metadata."""
        if estimate is None:
            return None
        fits = estimate.is_finite() and 0 <= estimate <= MAX_ESTIMATE
        fixed = estimate.quantize(_TENTH, ROUND_HALF_UP) if fits else None
        if fixed != estimate:
            done = "left out" if fixed is None else f"rounded to {fixed}"
            self._notes.append(f"estimate: {estimate} was {done}")
            self._keep("full estimate", str(estimate))
        return fixed

    def _parent(self, key: str | None) -> str | None:
        fixed = self._line("parent", key, KEY_LENGTH) if key else ""
        if fixed and fixed == self._issue.source_key:
            self._notes.append("parent: an issue can't be its own parent; left out")
            return None
        return fixed or None

    def _links(self) -> tuple[tuple[LinkKind, str], ...]:
        """The links to other issues, each once."""
        fixed = ((kind, self._line("link", key, KEY_LENGTH)) for kind, key in self._issue.links)
        return tuple(dict.fromkeys(link for link in fixed if link[1] not in {"", self._issue.source_key}))

    def _comments(self, comments: Iterable[ImportComment]) -> tuple[ImportComment, ...]:
        """The comments that say something, each once."""
        found: list[ImportComment] = []
        keys: set[str] = set()
        for number, comment in enumerate(comments, start=1):
            body = self._body(f"comment {number}", comment.body)
            if not body:
                self._notes.append(f"comment {number}: it is empty; left out")
                continue
            key = self._line("comment", comment.source_key, KEY_LENGTH)
            if key in keys:
                self._notes.append(f"comment {number}: it has the key of one before it, {key}; left out")
                continue
            keys.add(key)
            author = self._person("comment", comment.author)
            found.append(ImportComment(key, author, body, _utc(comment.created_at) or comment.created_at))
        return tuple(found)

    def _json(self, name: str, value: Any) -> Any:
        """A JSON value with each text in it repaired, at any depth."""
        if isinstance(value, str):
            # No limit: composing characters makes no text three times as long.
            return self._text(name, value, 3 * len(value) + 1, lines=True)
        if isinstance(value, dict):
            return {self._json(name, key): self._json(name, item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._json(name, item) for item in value]
        # NaN and the infinities are no JSON.
        return str(value) if isinstance(value, float) and not isfinite(value) else value
