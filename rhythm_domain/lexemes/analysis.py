"""Text to words and the characters that they stand for; pure."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

LINK = "."  # what a lexeme of two begins with, and what stands between them
LEXEME_LENGTH = 200  # characters; PostgreSQL's limit is 2,046 bytes
_JOINED_PARTS = 8  # a word of more camelCase parts is no identifier but noise, such as base64


class Word(NamedTuple):
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
SHAPES = _Shapes()
_RUN = re.compile(r"c+|[Aas0]+(?:-[Aas0]+)*(\+\+|#)?")
# One camelCase part: a whole word in capitals, an acronym's plural (URLs), a word, an acronym.
_CAMEL = re.compile(r"(?<![Aas0])[A0]+(?![Aas0])|A{2,}s(?![as0])|A?[as0]+|A+(?![as])0*")
_NUMBERED = re.compile(r"[a-z]+([0-9]+)")
# Soft hyphen, zero-width joiners, word joiner, byte order mark, variation selectors: seen by nobody.
_INVISIBLE = dict.fromkeys([0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF, *range(0xFE00, 0xFE10)])
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


def analyse(chunk: str) -> tuple[int, list[Word]]:
    """How many positions a text without spaces takes, and its words; spans are of the normalised text."""
    text = normalise(chunk)
    shape = text.translate(SHAPES)
    words: list[Word] = []
    offset = count = 0
    before: list[Word] = []
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


def _pairs(text: str, start: int, end: int, offset: int) -> Iterator[Word]:
    """Each two neighbours, and the last character alone: so each character is the prefix of a lexeme."""
    for at in range(start, end):
        pair = text[at : min(at + 2, end)]
        yield Word(pair, offset + at - start, at, at + len(pair), len(pair) == 2 or at == start)


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


def _links(before: Sequence[Word], behind: Sequence[Word]) -> Iterator[Word]:
    """Each two words that one identifier ends with and the next begins with, as one."""
    for first in before:
        for second in behind:
            lexeme = link_of(first.lexeme, second.lexeme)
            yield Word(lexeme, first.offset, first.start, second.end, part=False)


def link_of(first: str, second: str) -> str:
    """The lexeme of two that punctuation links."""
    return f"{LINK}{first}{LINK}{second}"[:LEXEME_LENGTH]


def _identifier(
    parts: Sequence[_Part], sign: str, version: bool, offset: int, section: int
) -> Iterator[Word]:
    """The parts of an identifier, and from each one on what they are when written together."""
    for at, (lexeme, start, end) in enumerate(parts):
        signed = sign if at == len(parts) - 1 else ""
        yield Word(lexeme[:LEXEME_LENGTH], offset + at, start, end, not signed, section)
        if signed:
            yield Word(
                lexeme[:LEXEME_LENGTH] + sign,
                offset + at,
                start,
                end + len(sign),
                part=True,
                section=section,
            )
        # The versions v1.2.3 and python3.12 are found by their numbers too.
        numbered = _NUMBERED.fullmatch(lexeme)
        if numbered and (lexeme[0] == "v" or (version and at == len(parts) - 1)):
            yield Word(numbered[1][:LEXEME_LENGTH], offset + at, start, end, part=False)
        together = parts[at : at + _JOINED_PARTS]
        if len(together) > 1:
            joined = "".join(part for part, _, _ in together)
            yield Word(joined[:LEXEME_LENGTH], offset + at, start, together[-1][2], part=False)


def normalise(text: str) -> str:
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


def origin_of(chunk: str) -> Callable[[int, int], tuple[int, int]]:
    """How spans of the normalised chunk lie in the chunk as it was written."""
    if normalise(chunk) == chunk:
        return lambda start, end: (start, end)
    ends = [len(normalise(chunk[:length])) for length in range(len(chunk) + 1)]
    return lambda start, end: (
        bisect_right(ends, start) - 1,
        max(bisect_left(ends, end), bisect_right(ends, end) - 1),
    )
