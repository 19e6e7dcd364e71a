"""A new issue in one line: words at its end that set its fields, as in `Fix login p1 @ada due:friday`; pure.

Only what is known is taken: a priority from p0 to p4, a member's name, a label or a type, a day, points. All
else, and what stands before it, is the title. A backslash in front leaves such a word there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from rhythm_domain.days import parse_day
from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueType, Label, PersonRef, Priority
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.text import folded

_WORD = re.compile(r"\S+")
_PRIORITY = re.compile(r"[pP][0-4]")
_NAMED = re.compile(r"@\w\S*|#(?!\d+$)\w\S*")
_DUE = re.compile(r"due:(\S+)", re.IGNORECASE)
_POINTS = re.compile(r"([0-9]{1,3}(?:[.,][0-9])?)pt?s?", re.IGNORECASE)
_LIKE_ONE = re.compile(r"[pP][0-9]|[a-zA-Z]+:(?!//|\\)\S+")
"""What looks as if it were to set something, beside names."""

GRAMMAR = (
    ("p0–p4", "at its end: its priority, p0 the most urgent"),
    ("@name", "its assignee; @me is you"),
    ("#name", "a label, or its type, as #bug; a dash for a blank"),
    ("due:friday", "when it is due: due:2026-05-01, due:tomorrow, due:next-friday, due:2w"),
    ("3pt", "its estimate in points"),
    ("\\p1", "the word p1, as part of the title"),
)
"""What each word sets, as it is explained to people."""


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be meant, folded and with dashes for blanks: people by account name, and labels. Of
    two labels the one with dashes of its own is meant. `today` is the day that it is for the person.
    """

    people: Mapping[str, PersonRef]
    labels: Mapping[str, Label]
    today: date

    @classmethod
    def of(cls, people: Sequence[PersonRef], me: PersonRef, labels: Sequence[Label], today: date) -> Known:
        """What a project knows; `@me` is oneself."""
        return cls(
            {**{_plain(who.name): who for who in people}, "me": me},
            {_plain(label.name): label for label in sorted(labels, key=_is_plain)},
            today,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says: the title, and what is set. `unknown` is a word with the shape of a shorthand that
    means nothing: it stays in the title, with all before it.
    """

    title: str
    priority: Priority | None = None
    type: IssueType | None = None
    assignee: PersonRef | None = None
    labels: tuple[Label, ...] = ()
    due: date | None = None
    estimate: Decimal | None = None
    unknown: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """What is set, as a new issue's draft has it."""
        said = {
            "priority": self.priority,
            "type": self.type,
            "assignee": self.assignee and self.assignee.name,
            "labels": tuple(label.name for label in self.labels),
            "due": self.due,
            "estimate": self.estimate,
        }
        return {name: value for name, value in said.items() if value not in (None, ())}


def is_meant(text: str) -> bool:
    """Whether the last word has the shape of a shorthand; what it means depends on the names there are."""
    last = text.split()[-1:]
    return any(_shaped(word.removeprefix("\\")) for word in last)


def read(text: str, known: Known) -> Line:
    """What a line says. The first word is always the title's."""
    words = list(_WORD.finditer(text))
    said: dict[str, Any] = {}
    labels: list[Label] = []
    while len(words) > 1:
        name, value = _meaning(words[-1][0], known)
        if name == "label":
            labels.insert(0, value)
        elif name and name not in said:
            said[name] = value
        else:
            break
        words.pop()
    last = words[-1][0] if words else ""
    title = text[: words[-1].end()].strip() if words else ""
    if last.startswith("\\") and _meaning(last[1:], known)[0]:
        title = title.removesuffix(last) + last[1:]
    unknown = last if len(words) > 1 and _shaped(last) and not _meaning(last, known)[0] else ""
    return Line(title, **said, labels=tuple(dict.fromkeys(labels)), unknown=unknown)


def wrong(word: str, known: Known) -> str:
    """Why a word with the shape of a shorthand sets nothing, in a sentence, and what was perhaps meant."""
    if word.startswith("@"):
        return f"Nobody here is called {word[1:]}. {did_you_mean(word[1:], known.people, '')}".rstrip()
    if word.startswith("#"):
        near = did_you_mean(word[1:], (*known.labels, *IssueType), "")
        return f"There is no label {word[1:]}. {near}".rstrip()
    if due := _DUE.fullmatch(word):
        try:
            parse_day(due[1]).resolve(known.today)
        except Invalid as error:
            return error.message
    name, _, value = word.partition(":")
    return f"{name}: sets nothing here." if value else "A priority is one of p0 to p4."


def _meaning(word: str, known: Known) -> tuple[str, Any]:
    """The field that a word sets, and to what; empty if it is only a word."""
    if _PRIORITY.fullmatch(word):
        return "priority", tuple(Priority)[int(word[1])]
    if points := _POINTS.fullmatch(word):
        return "estimate", Decimal(points[1].replace(",", "."))
    if due := _DUE.fullmatch(word):
        try:
            return "due", parse_day(due[1]).resolve(known.today)[1]
        except Invalid:
            return "", None
    if not _NAMED.fullmatch(word):
        return "", None
    name = _plain(word[1:])
    if word.startswith("@"):
        return ("assignee", known.people[name]) if name in known.people else ("", None)
    if name in known.labels:
        return "label", known.labels[name]
    return ("type", IssueType(name)) if name in tuple(IssueType) else ("", None)


def _shaped(word: str) -> bool:
    return any(shape.fullmatch(word) for shape in (_NAMED, _POINTS, _LIKE_ONE))


def _is_plain(label: Label) -> bool:
    return _plain(label.name) == folded(label.name)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "-", folded(name))
