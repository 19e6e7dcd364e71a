"""Completion for the search language: what could stand where the cursor is; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rhythm_domain.days import WEEKDAYS, Unit, Word
from rhythm_domain.models import IssueType, Model, Priority, Status
from rhythm_domain.query import (
    CURRENT,
    DAYS,
    HELP,
    MAX_LENGTH,
    ME,
    NEXT,
    ORDERS,
    Field,
    Has,
    Is,
)
from rhythm_domain.query.tokens import NAMES, Piece, Token, tokens
from rhythm_domain.query.tree import COMPARED, written
from rhythm_domain.text import findable

LIMIT = 20
"""Suggestions in one answer."""


class Vocabulary(Model):
    """The names that can be suggested, each with a description, in the order to offer them.

    People by account name with their full name, projects by key with their name, labels, sprints.
    """

    people: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    sprints: Mapping[str, str] = {}
    projects: Mapping[str, str] = {}


class Suggestion(Model):
    """One way to go on: `replacement` takes the place of the characters from `start` up to `end`."""

    label: str
    description: str
    replacement: str
    start: int
    end: int


_NAMED = frozenset({Field.ASSIGNEE, Field.REPORTER, Field.LABEL, Field.SPRINT, Field.PROJECT})


def asks_for_names(text: str, cursor: int) -> bool:
    """Whether a name could stand where the cursor is: elsewhere the vocabulary makes no difference."""
    return len(text) <= MAX_LENGTH and any(
        token.name in _NAMED and token.start < cursor <= token.end for token in tokens(text)
    )


def suggest(text: str, cursor: int, known: Vocabulary, limit: int = LIMIT) -> list[Suggestion]:
    """What could stand where the cursor is, at most `limit`, best first; nothing for a text that is too long.

    On a word and on a blank these are qualifiers, in a qualifier its values without those that it already
    has. What begins with the typed letters comes before what has a word that does, and that before what only
    holds them; case and accents don't count. People and projects are also found by their full names.
    """
    return _suggested(text, cursor, known)[:limit]


def _suggested(text: str, cursor: int, known: Vocabulary) -> list[Suggestion]:
    if len(text) > MAX_LENGTH:
        return []
    cursor = min(max(cursor, 0), len(text))
    token = next((token for token in tokens(text) if token.start < cursor <= token.end), None)
    if token is None:
        blank = not text[cursor : cursor + 1].strip()
        return _matching("", _QUALIFIERS, cursor, cursor) if blank else []
    start = token.start + token.negated
    colon = text.find(":", start, token.end) if token.name else token.end
    if cursor <= colon:
        typed, end = text[start:cursor], min(colon + 1, token.end)
        return _matching(typed, _QUALIFIERS, start, end) if re.fullmatch(r"[A-Za-z]*", typed) else []
    if token.name not in NAMES:
        return []
    return _values(text, cursor, token, colon + 1, known)


def _values(text: str, cursor: int, token: Token, first: int, known: Vocabulary) -> list[Suggestion]:
    """The values of a qualifier for the piece that the cursor is in; the first one holds the operator."""
    at = next(place for place, piece in enumerate(token.pieces) if cursor <= piece.end)
    piece = token.pieces[at]
    start = piece.start if at else first
    # A quote that is still open holds the rest of the text, which is not to be lost.
    end = cursor if piece.quoted and not _closed(text, piece) else piece.end
    taken = {_folded(other.text) for other in token.pieces if other is not piece}
    typed = text[start:cursor].removeprefix('"')
    found = (each for each in _candidates(token.name, typed, known) if _folded(each.value) not in taken)
    return _matching(typed, found, start, end)


def _closed(text: str, piece: Piece) -> bool:
    return piece.end - piece.start > 1 and text[piece.end - 1] == '"'


# What there is -----------------------------------------------------------------------------------------


class _Candidate(NamedTuple):
    """Something to offer; it is found by its value and by `names`."""

    value: str
    description: str
    replacement: str
    names: str = ""


def _plain(value: str, description: str = "") -> _Candidate:
    return _Candidate(value, description, value)


_QUALIFIERS = tuple(_plain(name, meaning.replace("`", "")) for name, meaning in HELP if name[:-1] in NAMES)
_CHOICES: dict[str, tuple[_Candidate, ...]] = {
    Field.STATUS: tuple(_plain(status, "closed" if status.closed else "open") for status in Status),
    Field.PRIORITY: tuple(_plain(priority, f"or p{rank}") for rank, priority in enumerate(Priority)),
    Field.TYPE: tuple(_plain(kind) for kind in IssueType),
    Field.ESTIMATE: (
        _plain("none", "not estimated"),
        *(_plain(str(points), "points") for points in (1, 2, 3, 5, 8, 13)),
    ),
    Field.IS: (
        _plain(Is.OPEN, "neither done nor cancelled"),
        _plain(Is.CLOSED, "done or cancelled"),
        _plain(Is.BLOCKED, "waits for an open issue"),
        _plain(Is.OVERDUE, "open, and due before today"),
        _plain(Is.MINE, "assigned to you"),
    ),
    Field.HAS: tuple(_plain(has, f"with {has}") for has in Has),
    Field.NO: tuple(_plain(has, f"without {has}") for has in Has),
    "sort": tuple(_plain(str(sort).removeprefix("sort:"), words) for sort, words in ORDERS.items()),
}
_RECENT = (
    _plain("<7d", "in the last 7 days"),
    _plain("<30d", "in the last 30 days"),
    _plain(">30d", "more than 30 days ago"),
)
_SOON = (
    _plain("<7d", "in the next 7 days, or overdue"),
    _plain("<today", "before today"),
    _plain("none", "no due date"),
)
_AHEAD = frozenset({Word.TOMORROW, Word.NEXT_WEEK, Word.NEXT_MONTH})
_UNITS = {Unit.DAY: "days", Unit.WEEK: "weeks", Unit.MONTH: "months", Unit.YEAR: "years"}


def _candidates(name: str, typed: str, known: Vocabulary) -> Iterator[_Candidate]:
    """The values of a qualifier; with the operator, if one is typed."""
    match name:
        case Field.ASSIGNEE:
            yield _plain(ME, "you")
            yield from _named(known.people)
            yield _plain("none", "nobody")
        case Field.REPORTER:
            yield _plain(ME, "you")
            yield from _named(known.people)
        case Field.LABEL:
            yield from _named(known.labels)
            yield _plain("none", "without labels")
        case Field.SPRINT:
            yield _plain(CURRENT, "the active sprint")
            yield _plain(NEXT, "the sprint after it")
            yield from _named(known.sprints)
            yield _plain("none", "in no sprint")
        case Field.PROJECT:
            yield from _named(known.projects)
        case _ if name in COMPARED:
            operator = re.match(r"(?:[<>]=?|=)?", typed)
            op = operator[0] if operator else ""
            values = _days(name, typed[len(op) :], op) if name in DAYS else iter(_CHOICES[name])
            for each in values:
                if not (op and each.value == "none" and name != Field.PRIORITY):
                    yield each._replace(value=op + each.value, replacement=op + each.replacement)
        case _:
            yield from _CHOICES.get(name, ())


def _named(names: Mapping[str, str]) -> Iterator[_Candidate]:
    for name, description in names.items():
        yield _Candidate(name, description, written(name), names=description)


def _days(name: str, typed: str, op: str) -> Iterator[_Candidate]:
    """Days and, once a number is typed, its units."""
    if re.fullmatch(r"-?[1-9][0-9]{0,3}", typed):
        for unit, counted in _UNITS.items():
            yield _plain(typed + unit, counted)
    if op:
        yield from (_plain("7d", "7 days"), _plain("30d", "30 days"))
    else:
        yield from _SOON if name == Field.DUE else _RECENT
    for word in Word:
        if name == Field.DUE or word not in _AHEAD:
            yield _plain(word, word.replace("-", " "))
    for day in WEEKDAYS:
        yield _plain(day, "the next one" if name == Field.DUE else "the last one")


# How well it fits --------------------------------------------------------------------------------------


_SEPARATORS = re.compile(r"[-_. ]")


def _matching(typed: str, candidates: Iterable[_Candidate], start: int, end: int) -> list[Suggestion]:
    wanted = _folded(typed)
    ranked = [(rank, each) for each in candidates if (rank := _rank(wanted, each)) is not None]
    ranked.sort(key=lambda pair: pair[0])
    return [
        Suggestion(
            label=each.value, description=each.description, replacement=each.replacement, start=start, end=end
        )
        for _, each in ranked
    ]


def _rank(wanted: str, candidate: _Candidate) -> int | None:
    """How far down it belongs; None if it does not fit.

    0: the value begins with what is wanted; 1: it does but for blanks and dashes; 2: one of its words or
    names does; 3: it is inside.
    """
    value, names = _folded(candidate.value), _folded(candidate.names)
    if value.startswith(wanted):
        return 0
    if _SEPARATORS.sub("", value).startswith(_SEPARATORS.sub("", wanted)):
        return 1
    if any(word.startswith(wanted) for word in (*_SEPARATORS.split(value), *names.split())):
        return 2
    return 3 if len(wanted) > 1 and (wanted in value or wanted in names) else None


def _folded(text: str) -> str:
    """Small letters without accents, and without the @ before a name."""
    return findable(text.removeprefix("@"))
