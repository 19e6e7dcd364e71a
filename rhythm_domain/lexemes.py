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
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple, Protocol

GENERATION = 2
"""Of what the index holds: from the second on, what punctuation links. An index that is older is asked for
the single words, until it is made anew; what is written meanwhile is of the newest."""

SEGMENT = 8192
"""Issue numbers in a segment."""

PLACEHOLDER = "@"
"""Stands in a query's template where the project and the segment belong; never part of a lexeme."""

_LINK = "."  # what a lexeme of two begins with, and what stands between them

_LAST_POSITION = 16_383  # PostgreSQL's MAXENTRYPOS - 1
_PLACES = 255  # of a lexeme: PostgreSQL's MAXNUMPOS - 1
_GAP = 16  # between title and description; more than any distance inside a phrase
_LITERAL_BYTES = 800_000  # PostgreSQL stores at most 1 MB of lexemes and positions
_LEXEME_LENGTH = 200  # characters; PostgreSQL's limit is 2,046 bytes
_JOINED_PARTS = 8  # a word of more camelCase parts is no identifier but noise, such as base64
_NAMED_PARTS = 7  # of an identifier in a query: within a longer one its text may be cut into more
_NAME_LENGTH = 4  # characters from which on few lexemes begin as a name does that is being typed
_PHRASE_PARTS = 32  # of a query's phrase; longer ones are compared that far
_CACHED_LENGTH = 40


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


@dataclass(frozen=True, slots=True)
class SearchQuery:
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
        alternatives = _alternatives(term.text, term.phrase, term.prefix, linked=generation > 1)
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


def matches(title: str, terms: Iterable[Term]) -> list[tuple[int, int]]:
    """The (start, end) of what the wanted terms match in a title, ordered, never touching; to highlight."""
    places: defaultdict[int, list[tuple[str, int, int]]] = defaultdict(list)
    position = 0
    for found in re.finditer(r"\S+", title):
        width, words = _analyse(found[0])
        origin = _origin(found[0])
        for word in words:
            start, end = origin(word.start, word.end)
            places[position + word.offset].append((word.lexeme, found.start() + start, found.start() + end))
        position += width
    spans: list[tuple[int, int]] = []
    for term in terms:
        if term.negated:
            continue
        for slots in _alternatives(term.text, term.phrase, term.prefix, linked=True):
            for first in list(places):
                hits = [_hit(places.get(first + slot.offset, ()), slot) for slot in slots]
                if all(hits):
                    spans.extend(hit for hit in hits if hit)
    return _merged(spans)


# Analysis ----------------------------------------------------------------------------------------------


class _Word(NamedTuple):
    """A lexeme, where it counts from the start of its chunk, and the characters that it stands for.

    A `part` belongs to the chunk's phrase; the others are further ways to find what stands there. `section`
    counts the identifiers of a chunk: each is linked with the next. Elsewhere it is 0.
    """

    lexeme: str
    offset: int
    start: int
    end: int
    part: bool
    section: int = 0


class _Shapes(dict[int, str]):
    """The kind of each character, by one character: what `str.translate` needs to make a text's shape.

    `A` upper case, `s` the letter s, `a` other letters and marks, `0` digits, `c` characters without spaces
    between words, `-` what links the parts of an identifier; `.`, `+`, `#` themselves; a space for the rest.
    """

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if character in ".+#s":
            shape = character
        elif character in "-_\N{HYPHEN}":
            shape = "-"
        elif category[0] not in "LMN":
            shape = " "
        elif any(first <= code <= last for first, last in _UNSPACED):
            shape = "c"
        elif category[0] == "N":
            shape = "0"
        else:
            shape = "A" if category in {"Lu", "Lt"} else "a"
        self[code] = shape
        return shape


_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x9FFF),  # Han, kana
    (0xA960, 0xA97F),  # Hangul letters
    (0xAC00, 0xD7FF),  # Hangul
    (0xF900, 0xFAFF),  # Han
    (0x1AFF0, 0x1B16F),  # kana
    (0x20000, 0x3FFFF),  # Han
)
_SHAPES = _Shapes()
_RUN = re.compile(r"c+|[Aas0]+(?:-[Aas0]+)*(\+\+|#)?")
# One camelCase part: a whole word in capitals, an acronym's plural (URLs), a word, an acronym.
_CAMEL = re.compile(r"(?<![Aas0])[A0]+(?![Aas0])|A{2,}s(?![as0])|A?[as0]+|A+(?![as])0*")
_NUMBERED = re.compile(r"[a-z]+([0-9]+)")
_VERSION = re.compile(r"v[0-9]+")
# What most words are, and what most stand between: not worth an analysis.
_PLAIN = re.compile(r"[A-Z]?[a-z]+|[0-9]+")
_HYPHENS = frozenset("-\N{HYPHEN}")
_EDGES = ".,:;!?()[]`'\"*"
# Soft hyphen, zero-width joiners, word joiner, byte order mark, variation selectors: seen by nobody.
_INVISIBLE = dict.fromkeys([0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


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
        return ((word.lower()[:_LEXEME_LENGTH],),)
    width, words = _analyse(word)
    lexemes: list[list[str]] = [[] for _ in range(width)]
    for one in words:
        lexemes[one.offset].append(one.lexeme)
    return tuple(map(tuple, lexemes))


def _analyse(chunk: str) -> tuple[int, list[_Word]]:
    """How many positions a text without spaces takes, and its words; spans are of the normalised text."""
    text = _normalise(chunk)
    shape = text.translate(_SHAPES)
    words: list[_Word] = []
    offset = count = 0
    before: list[_Word] = []
    for run in _RUN.finditer(shape):
        start, end = run.span()
        if shape[start] == "c":
            words += _pairs(text, start, end, offset)
            offset += end - start
            before = []
            continue
        sign = run[1] or ""
        sections = list(_sections(_parts(text, shape, start, end - len(sign))))
        for parts in sections:
            last = parts is sections[-1]
            version = last and shape.startswith(".0", end)
            count += 1
            found = list(_identifier(parts, sign if last else "", version, offset, count))
            words += found
            words += _links(before, [word for word in found if word.offset == offset])
            before = [word for word in found if word.end >= parts[-1][2]]
            offset += len(parts)
    return offset, words


def _pairs(text: str, start: int, end: int, offset: int) -> Iterator[_Word]:
    """Each two neighbours, and the last character alone: so each character is the prefix of a lexeme."""
    for at in range(start, end):
        pair = text[at : min(at + 2, end)]
        yield _Word(pair, offset + at - start, at, at + len(pair), len(pair) == 2 or at == start)


_Part = tuple[str, int, int]
"""A part of an identifier, folded, and its span."""


def _parts(text: str, shape: str, start: int, end: int) -> Iterator[_Part]:
    """The folded parts of an identifier with their spans."""
    for link in re.finditer(r"[Aas0]+", shape[start:end]):
        first, last = start + link.start(), start + link.end()
        spans = [part.span() for part in _CAMEL.finditer(shape, first, last)]
        if len(spans) > _JOINED_PARTS:
            spans = [(first, last)]
        for left, right in spans:
            if lexeme := _fold(text[left:right]):
                yield lexeme, left, right


def _sections(parts: Iterable[_Part]) -> Iterator[list[_Part]]:
    """The parts of a run, apart where a number follows a number: together, these would be another one."""
    section: list[_Part] = []
    for part in parts:
        if section and section[-1][0][-1].isdigit() and part[0][0].isdigit():
            yield section
            section = []
        section.append(part)
    if section:
        yield section


def _links(before: Sequence[_Word], behind: Sequence[_Word]) -> Iterator[_Word]:
    """Each two words that one identifier ends with and the next begins with, as one."""
    for first in before:
        for second in behind:
            lexeme = _link(first.lexeme, second.lexeme)
            yield _Word(lexeme, first.offset, first.start, second.end, part=False)


def _link(first: str, second: str) -> str:
    """The lexeme of two that punctuation links."""
    return f"{_LINK}{first}{_LINK}{second}"[:_LEXEME_LENGTH]


def _identifier(
    parts: Sequence[_Part], sign: str, version: bool, offset: int, section: int
) -> Iterator[_Word]:
    """The parts of an identifier, and from each one on what they are when written together."""
    for at, (lexeme, start, end) in enumerate(parts):
        signed = sign if at == len(parts) - 1 else ""
        yield _Word(lexeme[:_LEXEME_LENGTH], offset + at, start, end, not signed, section)
        if signed:
            yield _Word(
                lexeme[:_LEXEME_LENGTH] + sign,
                offset + at,
                start,
                end + len(sign),
                part=True,
                section=section,
            )
        # The versions v1.2.3 and python3.12 are found by their numbers too.
        numbered = _NUMBERED.fullmatch(lexeme)
        if numbered and (lexeme[0] == "v" or (version and at == len(parts) - 1)):
            yield _Word(numbered[1][:_LEXEME_LENGTH], offset + at, start, end, part=False)
        together = parts[at : at + _JOINED_PARTS]
        if len(together) > 1:
            joined = "".join(part for part, _, _ in together)
            yield _Word(joined[:_LEXEME_LENGTH], offset + at, start, together[-1][2], part=False)


def _normalise(text: str) -> str:
    """Compatible forms made one (full width, ligatures, superscripts), what nobody sees taken out."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_INVISIBLE)


def _fold(part: str) -> str:
    """Lower case without accents."""
    if part.isascii():
        return part.lower()
    folded: list[str] = []
    base = ""
    for character in unicodedata.normalize("NFD", part.casefold()):
        if unicodedata.category(character)[0] != "M":
            base = character
        elif base < "\u0400" or (base, character) == (
            "е",
            "\u0308",
        ):  # before Cyrillic: Latin, Greek, or none
            continue
        elif "\u0400" <= base < "\u0530" and character in "\u0300\u0301" and base not in "гк":
            continue  # a stress mark; Macedonian ѓ and ќ are letters
        folded.append(character)
    return unicodedata.normalize("NFC", "".join(folded)).translate(_LETTERS)


def _origin(chunk: str) -> Callable[[int, int], tuple[int, int]]:
    """How spans of the normalised chunk lie in the chunk as it was written."""
    if _normalise(chunk) == chunk:
        return lambda start, end: (start, end)
    ends = [len(_normalise(chunk[:length])) for length in range(len(chunk) + 1)]
    return lambda start, end: (
        bisect_right(ends, start) - 1,
        max(bisect_left(ends, end), bisect_right(ends, end) - 1),
    )


# Queries -----------------------------------------------------------------------------------------------


class _Slot(NamedTuple):
    """What may stand at one place of a phrase: lexemes, each with whether it is a prefix."""

    offset: int
    options: tuple[tuple[str, bool], ...]
    few: bool = False
    """Whether it names few lexemes, though it is a prefix: then the index is asked for it at once."""
    section: tuple[int, int] = (0, 0)
    """The chunk and the identifier in it that it belongs to."""


@lru_cache(maxsize=256)
def _alternatives(text: str, quoted: bool, prefix: bool, *, linked: bool) -> tuple[tuple[_Slot, ...], ...]:
    """The phrases of which a term wants any one: its parts in a row, or the identifier written together."""
    words: list[_Word] = []
    chunk_of: list[int] = []
    names: dict[int, tuple[str, int]] = {}
    offset = 0
    chunks = text.split()
    for number, chunk in enumerate(chunks):
        width, found = _analyse(chunk)
        names |= {offset + at: name for at, name in _names(chunk, found)}
        words += [word._replace(offset=offset + word.offset) for word in found]
        chunk_of += [number] * width
        offset += width
    parts = [word for word in words if word.part]
    if not parts:
        return ()
    phrase = parts[:_PHRASE_PARTS]
    # A word is still being typed if nothing stands after it.
    typing = prefix and _normalise(text)[-1].translate(_SHAPES) in "Aas0c" and len(phrase) == len(parts)
    slots: list[_Slot] = []
    within = 0
    for at, word in enumerate(phrase):
        if at < within:
            continue
        place = word.offset - phrase[0].offset
        section = chunk_of[word.offset], word.section
        name, count = names.get(word.offset, ("", 0))
        if name and at + count <= len(phrase):
            within = at + count
            last = phrase[within - 1] is parts[-1]
            # At the end a longer one that begins so is meant, too.
            options = _options(name, last, variants=last and not quoted)
            slots.append(_Slot(place, options, last and len(name) >= _NAME_LENGTH, section))
            continue
        last = word is parts[-1]
        lexeme = word.lexeme[1:] if len(parts) > 1 and _VERSION.fullmatch(word.lexeme) else word.lexeme
        single = len(lexeme) == 1 and lexeme.translate(_SHAPES) == "c"
        options = _options(lexeme, typing and last, variants=last and not quoted)
        if typing and last and lexeme != word.lexeme:  # Of what is typed on as `v2beta` no number is known.
            options += ((word.lexeme, True),)
        few = "c" in lexeme.translate(_SHAPES)  # Of a script without spaces.
        slots.append(_Slot(place, ((lexeme, True),) if single else options, few, section))
    alternatives = [tuple(_linked(slots) if linked else slots)]
    if len(chunks) == 1 and len(slots) > 1 and not quoted:
        alternatives += (
            (_Slot(0, _options(word.lexeme, typing, variants=True)),)
            for word in words
            if not word.part
            and (word.start, word.end) == (parts[0].start, parts[-1].end)
            and word.lexeme[0] != _LINK
        )
    return tuple(alternatives)


def _linked(slots: Sequence[_Slot]) -> Iterator[_Slot]:
    """The slots of a phrase, each two that punctuation links as one."""
    before: _Slot | None = None
    alone = True
    for slot in slots:
        link = before is not None and _follows(before.section, slot.section)
        if before is not None and link:
            options = tuple(
                (_link(first, second), prefix)
                for first, _ in before.options
                for second, prefix in slot.options
            )
            yield _Slot(before.offset, options, few=True)
        elif before is not None and alone:
            yield before
        before, alone = slot, not link
    if before is not None and alone:
        yield before


def _follows(section: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether an identifier is the next one of the same chunk."""
    return section[0] == other[0] and 0 < section[1] == other[1] - 1


def _names(chunk: str, words: Sequence[_Word]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Names as code has them, `userName` or `user_name`: where they begin, what they are when written
    together, and of how many parts.
    """
    text = _normalise(chunk)
    for word in words:
        hyphens = _HYPHENS.intersection(text[word.start : word.end])
        if not word.part and not hyphens and word.lexeme[0] != _LINK:
            count = sum(part.part and part.offset >= word.offset and part.end <= word.end for part in words)
            if 1 < count < _NAMED_PARTS:
                yield word.offset, (word.lexeme, count)


def _options(lexeme: str, prefix: bool, *, variants: bool) -> tuple[tuple[str, bool], ...]:
    """A lexeme and its plural or singular."""
    others = _numbers(lexeme, prefix) if variants else []
    return ((lexeme, prefix), *((other, False) for other in others))


def _numbers(word: str, prefix: bool) -> list[str]:
    """The English plural of a singular, the possible singulars of a plural; none below three letters.

    The rules only guess (`news` also finds `new`); a guess that is no word finds nothing and does no harm. Of
    a prefix, what it finds by itself is left out, and half-typed plurals count: `queri` still finds `query`.
    """
    if len(word) < 3 or not (word.isascii() and word.isalpha()):
        return []
    if len(word) > 4 and word.endswith("ies"):
        others = [word[:-3] + "y", word[:-1]]
    elif re.search(r"(s|x|z|ch|sh)es$", word):
        others = [word[:-2], word[:-1]]
    elif len(word) > 3 and re.search(r"[^sui]s$", word):
        others = [word[:-1]]
    elif re.search(r"[^aeiou]y$", word):
        others = [word[:-1] + "ies"]
    elif re.search(r"(s|x|z|ch|sh)$", word):
        others = [word + "es"]
    else:
        others = [word + "s"]
    if prefix:
        others = [other for other in others if not other.startswith(word)]
        if half := re.search(r"(?<=[^aeiou])ie?$", word):
            others.append(word[: half.start()] + "y")
        elif re.search(r"(s|x|z|ch|sh)e$", word):
            others.append(word[:-1])
    return others


def _lookup(slots: Sequence[_Slot], *, typed: bool) -> str:
    """What the index is asked for in a phrase's place; `typed` says whether for its last prefix too."""
    return " & ".join(_options_of(slot) for slot in slots if typed or not slot.options[0][1] or slot.few)


def _phrase(slots: Sequence[_Slot]) -> str:
    """The text of a phrase: `'@foo' <-> ('@bar':* | '@baz')`."""
    text = ""
    for before, slot in zip((None, *slots), slots, strict=False):
        if before is not None:
            distance = slot.offset - before.offset
            text += " <-> " if distance == 1 else f" <{distance}> "
        text += _options_of(slot)
    return text


def _options_of(slot: _Slot) -> str:
    """The text of a slot: `('@bar':* | '@baz')`."""
    return _any(f"'{PLACEHOLDER}{lexeme}'{':*' if prefix else ''}" for lexeme, prefix in slot.options)


def _any(conditions: Iterable[str]) -> str:
    """One condition as it is, several as alternatives."""
    several = list(conditions)
    return several[0] if len(several) == 1 else f"({' | '.join(several)})"


def _hit(words: Iterable[tuple[str, int, int]], slot: _Slot) -> tuple[int, int] | None:
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
