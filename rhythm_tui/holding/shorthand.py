"""A new issue in one line: words at its end that set its fields, as in `Fix login p1 @ada #bug`; pure.

Only what is known is taken: a priority from p0 to p4, a member's name, a label or a type. All else, and what
stands before it, is the title. A backslash in front leaves such a word in the title.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rhythm_domain.models import IssueType, Label, PersonRef, Priority
from rhythm_domain.text import folded

_WORD = re.compile(r"\S+")
_PRIORITY = re.compile(r"[pP][0-4]")
_NAMED = re.compile(r"@\w\S*|#(?!\d+$)\w\S*")


@dataclass(frozen=True, slots=True)
class Known:
    """The names that can be meant, folded and with dashes for blanks: people by account name, and labels. Of
    two labels the one with dashes of its own is meant.
    """

    people: Mapping[str, PersonRef]
    labels: Mapping[str, Label]

    @classmethod
    def of(cls, people: Sequence[PersonRef], me: PersonRef, labels: Sequence[Label]) -> Known:
        """What a project knows; `@me` is oneself."""
        return cls(
            {**{_plain(who.name): who for who in people}, "me": me},
            {_plain(label.name): label for label in sorted(labels, key=_is_plain)},
        )


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says: the title, and what is set. `unknown` is a word with the shape of a name that nothing
    has: it stays in the title.
    """

    title: str
    priority: Priority | None = None
    type: IssueType | None = None
    assignee: PersonRef | None = None
    labels: tuple[Label, ...] = ()
    unknown: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """What is set, as a new issue's draft has it."""
        said = {
            "priority": self.priority,
            "type": self.type,
            "assignee": self.assignee and self.assignee.name,
            "labels": tuple(label.name for label in self.labels),
        }
        return {name: value for name, value in said.items() if value}


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
    unknown = last if len(words) > 1 and _NAMED.fullmatch(last) and not _meaning(last, known)[0] else ""
    return Line(title, **said, labels=tuple(dict.fromkeys(labels)), unknown=unknown)


def _meaning(word: str, known: Known) -> tuple[str, Any]:
    """The field that a word sets, and to what; empty if it is only a word."""
    if _PRIORITY.fullmatch(word):
        return "priority", tuple(Priority)[int(word[1])]
    if not _NAMED.fullmatch(word):
        return "", None
    name = _plain(word[1:])
    if word.startswith("@"):
        return ("assignee", known.people[name]) if name in known.people else ("", None)
    if name in known.labels:
        return "label", known.labels[name]
    return ("type", IssueType(name)) if name in tuple(IssueType) else ("", None)


def _shaped(word: str) -> bool:
    return bool(_PRIORITY.fullmatch(word) or _NAMED.fullmatch(word))


def _is_plain(label: Label) -> bool:
    return _plain(label.name) == folded(label.name)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "-", folded(name))
