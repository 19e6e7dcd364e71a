"""Text to the lexemes of PostgreSQL's full-text search, for documents and for queries; pure.

Both sides are analysed here, so that they agree whatever the server's locale and configuration. A lexeme
holds lower-case letters, digits and marks only (a final `++` or `#`, for languages that are named so, and the
dots of a link).

- Words are runs of letters, digits and marks of any script. Punctuation separates them.
- What punctuation links without a space, as in paths, addresses, versions and dates, the index also holds as
  one, each two that follow each other (`.src.main`): who writes `src/main.py` means it so written, and that
  is the phrase of two lexemes that few issues have, where each of the words may be everywhere.
- camelCase is split. Parts of one identifier (`getUserName`, `user_name`, `e-mail`) are also found written
  together, from any of them on: `getusername`, `username`, `email`. Who writes a name as code does, as
  `userName` or `user_name`, means it written together in any of these ways, in a path and in quotes too, so
  that it is one lexeme and nobody compares its places; `sign-in` may mean `sign in`, and finds it too.
- Scripts that put no spaces between words (Chinese, Japanese, Thai ...) and Korean, which glues particles to
  its words, are found by pairs of characters.
- Accents are folded in Latin and Greek. In Cyrillic ё is е, as people type it, and stress marks go, but й, ї,
  ў and the like are letters of their own.
- English plural and singular find each other: a query names both, the index holds only what was written. In
  quotes nothing is added. There are no stop words.

In the index every lexeme starts with its project and segment, `12.75/database`: `document`, `SearchQuery`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple, Protocol

from rhythm_domain.lexemes.analysis import LEXEME_LENGTH, analyse, origin_of
from rhythm_domain.lexemes.phrases import Slot, implies, phrases_of

GENERATION = 2
"""Of what the index holds: from the second on, what punctuation links. An index that is older is asked for
the single words, until it is made anew; what is written meanwhile is of the newest."""

SEGMENT = 8192
"""Issue numbers in a segment."""

PLACEHOLDER = "@"
"""Stands in a query's template where the project and the segment belong; never part of a lexeme."""

_LAST_POSITION = 16_383  # PostgreSQL's MAXENTRYPOS - 1
_PLACES = 255  # of a lexeme: PostgreSQL's MAXNUMPOS - 1
_GAP = 16  # between title and description; more than any distance inside a phrase
_LITERAL_BYTES = 800_000  # PostgreSQL stores at most 1 MB of lexemes and positions
_CACHED_LENGTH = 40
# What most words are, and what most stand between: not worth an analysis.
_PLAIN = re.compile(r"[A-Z]?[a-z]+|[0-9]+")
_EDGES = ".,:;!?()[]`'\"*"


class Term(Protocol):
    """A search term: a word, or in quotes a phrase; wanted or not; a prefix while it is being typed."""

    @property
    def text(self) -> str: ...
    @property
    def phrase(self) -> bool: ...
    @property
    def negated(self) -> bool: ...
    @property
    def prefix(self) -> bool: ...


class SearchQuery(NamedTuple):
    """A tsquery for any segment; of project 12, segment 75: `replace(template, '@', '12.75/')::tsquery`.

    `template` is the whole condition, to filter with. `lookup` is what to ask the index for, the same or a
    wider condition, so what it finds must still be filtered: it has no order of words, no negations, and
    where complete words are given no word that is still being typed. That one is `prefix`: it names any
    number of lexemes, so to ask for it too can cost more or less than to filter for it. `lookup` is None when
    the query is `negative_only`; then the rows can only be filtered.
    """

    template: str
    lookup: str | None
    prefix: str | None = None

    @property
    def narrowest(self) -> str | None:
        """All that the index can be asked for."""
        return " & ".join(filter(None, (self.lookup, self.prefix))) or None

    @property
    def exact(self) -> bool:
        """Whether everything that the index finds for `narrowest` fits."""
        return self.narrowest == self.template

    @property
    def typing(self) -> bool:
        """Whether a word is still being typed: with a letter more, all fits less."""
        return ":*" in self.template

    @property
    def negative_only(self) -> bool:
        return self.lookup is None


def segment(number: int) -> int:
    """The segment of an issue's number."""
    return number // SEGMENT


def document(title: str, description: str, *, project_id: int, number: int) -> str:
    """An issue's tsvector as a literal, ready for `%s::tsvector`: the title with weight A, the description D.

    Any text gives a literal that PostgreSQL takes. Of very long ones as much is indexed as fits: words after
    the 16,383rd, and a word after the 255th time, are found alone but not in phrases; new words are left
    out once the literal has 800,000 bytes, and of a word the first 200 characters count. No phrase runs from
    the title into the description.
    """
    places: dict[str, str] = {}
    position = _place(places, title, 1, "A")
    _place(places, description, position + _GAP, "")
    prefix = f"'{project_id}.{segment(number)}/"
    entries = [f"{prefix}{lexeme}'{at}" for lexeme, at in places.items()]
    literal = " ".join(entries)
    if len(literal) > _LITERAL_BYTES // 4:  # UTF-8 takes at most four bytes a character
        # The literal is never shorter than what PostgreSQL stores for it.
        sizes = accumulate(len(entry.encode()) + 1 for entry in entries)
        literal = " ".join(
            entry for entry, size in zip(entries, sizes, strict=True) if size <= _LITERAL_BYTES
        )
    return literal


def tsquery(terms: Iterable[Term], generation: int = GENERATION) -> SearchQuery | None:
    """The query that all terms together make, for an index of a `GENERATION`; None when they hold nothing but
    punctuation.
    """
    conditions: list[str] = []
    lookups: list[str] = []
    prefixes: list[str] = []
    for term in terms:
        alternatives = phrases_of(term.text, term.phrase, term.prefix, linked=generation > 1)
        if not alternatives:
            continue
        condition = _any(_phrase(slots) for slots in alternatives)
        if term.negated:
            conditions.append(f"!({condition})")
            continue
        conditions.append(condition)
        complete = [_lookup(slots, typed=False) for slots in alternatives]
        whole = [_lookup(slots, typed=True) for slots in alternatives]
        if complete == whole:
            lookups.append(_any(whole))
        elif len(alternatives) > 1 and complete[0]:
            # An identifier that is still being typed: its complete parts, or what it is written together.
            lookups.append(_any([complete[0], *whole[1:]]))
            prefixes.append(_any([_options_of(alternatives[0][-1]), *whole[1:]]))
        elif complete[0]:
            lookups.append(complete[0])
            prefixes.append(_options_of(alternatives[0][-1]))
        else:
            prefixes.append(_any(whole))
    if not conditions:
        return None
    if not lookups:
        lookups, prefixes = prefixes, []
    return SearchQuery(" & ".join(conditions), " & ".join(lookups) or None, " & ".join(prefixes) or None)


def implied(wider: Iterable[Term], by: Iterable[Term], generation: int = GENERATION) -> bool:
    """Whether all that fits some terms is sure to fit the `wider` ones: `datab` those of `data`."""
    linked = generation > 1
    narrower = [(term.negated, phrases_of(term.text, term.phrase, term.prefix, linked=linked)) for term in by]
    return all(
        any(
            negated is term.negated and (implies(wide, narrow) if negated else implies(narrow, wide))
            for negated, narrow in narrower
        )
        for term in wider
        if (wide := phrases_of(term.text, term.phrase, term.prefix, linked=linked))
    )


def matches(title: str, terms: Iterable[Term]) -> list[tuple[int, int]]:
    """The (start, end) of what the wanted terms match in a title, ordered, never touching; to highlight."""
    places: defaultdict[int, list[tuple[str, int, int]]] = defaultdict(list)
    position = 0
    for found in re.finditer(r"\S+", title):
        width, words = analyse(found[0])
        origin = origin_of(found[0])
        for word in words:
            start, end = origin(word.start, word.end)
            places[position + word.offset].append((word.lexeme, found.start() + start, found.start() + end))
        position += width
    spans: list[tuple[int, int]] = []
    for term in terms:
        if term.negated:
            continue
        for slots in phrases_of(term.text, term.phrase, term.prefix, linked=True):
            for first in list(places):
                hits = [_hit(places.get(first + slot.offset, ()), slot) for slot in slots]
                if all(hits):
                    spans.extend(hit for hit in hits if hit)
    return _merged(spans)


def _place(places: dict[str, str], text: str, position: int, weight: str) -> int:
    """Adds where each lexeme of a text stands, counting from `position`, as `:1A,20`; the position after."""
    for chunk in text.split():
        for lexemes in _lexemes(chunk) if len(chunk) <= _CACHED_LENGTH else _lexemes.__wrapped__(chunk):
            for lexeme in lexemes:
                at = places.get(lexeme)
                if position > _LAST_POSITION:
                    places.setdefault(lexeme, "")
                elif at is None:
                    places[lexeme] = f":{position}{weight}"
                elif at.count(",") < _PLACES - 1:
                    places[lexeme] = f"{at},{position}{weight}"
            position += 1
    return position


@lru_cache(maxsize=1 << 14)
def _lexemes(chunk: str) -> tuple[tuple[str, ...], ...]:
    """The lexemes at each position of a chunk."""
    word = chunk.strip(_EDGES)
    if _PLAIN.fullmatch(word):
        return ((word.lower()[:LEXEME_LENGTH],),)
    width, words = analyse(word)
    lexemes: list[list[str]] = [[] for _ in range(width)]
    for one in words:
        lexemes[one.offset].append(one.lexeme)
    return tuple(map(tuple, lexemes))


def _lookup(slots: Sequence[Slot], *, typed: bool) -> str:
    """What the index is asked for in a phrase's place; `typed` says whether for its last prefix too."""
    return " & ".join(_options_of(slot) for slot in slots if typed or not slot.options[0][1] or slot.few)


def _phrase(slots: Sequence[Slot]) -> str:
    """The text of a phrase: `'@foo' <-> ('@bar':* | '@baz')`."""
    text = ""
    for before, slot in zip((None, *slots), slots, strict=False):
        if before is not None:
            distance = slot.offset - before.offset
            text += " <-> " if distance == 1 else f" <{distance}> "
        text += _options_of(slot)
    return text


def _options_of(slot: Slot) -> str:
    """The text of a slot: `('@bar':* | '@baz')`."""
    return _any(f"'{PLACEHOLDER}{lexeme}'{':*' if prefix else ''}" for lexeme, prefix in slot.options)


def _any(conditions: Iterable[str]) -> str:
    """One condition as it is, several as alternatives."""
    several = list(conditions)
    return several[0] if len(several) == 1 else f"({' | '.join(several)})"


def _hit(words: Iterable[tuple[str, int, int]], slot: Slot) -> tuple[int, int] | None:
    """The widest span of the words at one place that a slot of a query wants."""
    spans = [
        (start, end)
        for found, start, end in words
        for lexeme, prefix in slot.options
        if found == lexeme or (prefix and found.startswith(lexeme))
    ]
    return max(spans, key=lambda span: span[1], default=None)


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order; those that touch or overlap are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
