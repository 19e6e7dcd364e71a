"""What people type into the search, letter by letter: every prefix of every query is a keystroke.

The words are the demo's own, taken as often as they are written, so that a query has a few matches or half a
project. `seed` chooses them: the figures that count are of a seed that nothing was tuned on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from rhythm_domain.demo import vocabulary
from rhythm_domain.query import QueryError, parse

HELD_OUT = "held out"
"""The seed of the figures that are reported."""

FILTERS = (
    "is:open",
    "is:closed",
    "is:blocked",
    "is:mine",
    "status:todo",
    "status:in_progress,in_review",
    "assignee:@me",
    "label:backend",
    "label:idea",
    "label:regression,customer",
    "sprint:current",
    'sprint:"Sprint 40"',
    "priority:urgent",
    "type:bug is:open",
    "no:assignee is:open",
    "due:<30d",
    "label:ui status:done priority:high",
)
"""Filters before which words are typed, frequent and rare ones."""

_IDENTIFIERS = ("v1.2.3", "foo.bar()", "psycopg_pool", "ERR_CONN", "getUserName", "C++", "e-mail", "HTTP/2")


@dataclass(frozen=True, slots=True)
class Keystroke:
    """A query as it stands after a key, and what kind of query it becomes."""

    query: str
    kind: str


def keystrokes(seed: str, *, each: int = 12) -> list[Keystroke]:
    """All keystrokes of `each` queries of every kind."""
    dice = Random(seed)  # noqa: S311 - the same queries every time
    typed = []
    for kind, text in _queries(dice, each):
        typed += [Keystroke(text[:end], kind) for end in range(1, len(text) + 1)]
    return typed


def filtered(seed: str, *, each: int = 2) -> list[Keystroke]:
    """The keystrokes of one or two words behind each filter; the first is the filter alone."""
    dice = Random(f"{seed} filtered")  # noqa: S311
    typed = []
    for filter_ in FILTERS:
        typed.append(Keystroke(filter_, filter_))
        for _ in range(each):
            text = " ".join(_words(dice, dice.choice((1, 1, 2))))
            typed += [Keystroke(f"{filter_} {text[:end]}", filter_) for end in range(1, len(text) + 1)]
    return typed


def _queries(dice: Random, each: int) -> Iterator[tuple[str, str]]:
    """Kind and text."""
    words = vocabulary.words()
    for _ in range(each):
        yield "frequent word", dice.choice(words[:60])
        yield "word", dice.choice(words[60:1200])
        yield "rare word", dice.choice(words[1200:])
        yield "two words", " ".join(_words(dice, 2))
        yield "three words", " ".join(_words(dice, 3))
        yield "words and a letter", f"{' '.join(_words(dice, dice.choice((1, 2))))} {dice.choice('abcdest')}"
        yield "zero hits", f"{dice.choice(words[:1200])} {_nonsense(dice)}"
        yield "typing mistake", _mistyped(dice, dice.choice(words[:1200]))
        yield "identifier", dice.choice([one for one in words if not one.isalpha()])
        yield "phrase", f'"{" ".join(_words(dice, 2))}"'
        yield "word left out", f"{_words(dice, 1)[0]} -{_words(dice, 1)[0]}"
    for text in _IDENTIFIERS:
        yield "identifier", text


def _words(dice: Random, count: int) -> list[str]:
    """Words as frequent as they are written, without what only punctuation makes a query of."""
    found: list[str] = []
    while len(found) < count:
        (word,) = dice.choices(vocabulary.words(), cum_weights=vocabulary.weights())
        if _parses(word):
            found.append(word)
    return found


def _parses(text: str) -> bool:
    try:
        parse(text)
    except QueryError:
        return False
    return True


def _nonsense(dice: Random) -> str:
    return "".join(dice.choice("bcdfghjklmnpqrstvwxz") + dice.choice("aeiou") for _ in range(3))


def _mistyped(dice: Random, word: str) -> str:
    """A word with a letter too much, one too few, or two that changed places."""
    at = dice.randrange(len(word))
    return dice.choice(
        (
            word[:at] + dice.choice("abcdefghijklmnopqrstuvwxyz") + word[at:],
            word[:at] + word[at + 1 :] or word,
            word[: max(at - 1, 0)] + word[at : at + 1] + word[max(at - 1, 0) : at] + word[at + 1 :],
        )
    )
