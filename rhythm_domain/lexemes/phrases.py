"""What a search term may find, as phrases of lexemes: plurals, links, names as code has them; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rhythm_domain.lexemes.analysis import LINK, SHAPES, Word, analyse, link_of, normalise

_NAMED_PARTS = 7  # of an identifier in a query: within a longer one its text may be cut into more
_NAME_LENGTH = 4  # characters from which on few lexemes begin as a name does that is being typed
_PHRASE_PARTS = 32  # of a query's phrase; longer ones are compared that far
_VERSION = re.compile(r"v[0-9]+")
_HYPHENS = frozenset("-\N{HYPHEN}")


class Slot(NamedTuple):
    """What may stand at one place of a phrase: lexemes, each with whether it is a prefix."""

    offset: int
    options: tuple[tuple[str, bool], ...]
    few: bool = False
    """Whether it names few lexemes, though it is a prefix: then the index is asked for it at once."""
    section: tuple[int, int] = (0, 0)
    """The chunk and the identifier in it that it belongs to."""


@lru_cache(maxsize=256)
def phrases_of(text: str, quoted: bool, prefix: bool, *, linked: bool) -> tuple[tuple[Slot, ...], ...]:
    """The phrases of which a term wants any one: its parts in a row, or the identifier written together."""
    words: list[Word] = []
    chunk_of: list[int] = []
    names: dict[int, tuple[str, int]] = {}
    offset = 0
    chunks = text.split()
    for number, chunk in enumerate(chunks):
        width, found = analyse(chunk)
        names |= {offset + at: name for at, name in _names(chunk, found)}
        words += [word._replace(offset=offset + word.offset) for word in found]
        chunk_of += [number] * width
        offset += width
    parts = [word for word in words if word.part]
    if not parts:
        return ()
    phrase = parts[:_PHRASE_PARTS]
    # A word is still being typed if nothing stands after it.
    typing = prefix and normalise(text)[-1].translate(SHAPES) in "Aas0c" and len(phrase) == len(parts)
    slots: list[Slot] = []
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
            slots.append(Slot(place, options, last and len(name) >= _NAME_LENGTH, section))
            continue
        last = word is parts[-1]
        lexeme = word.lexeme[1:] if len(parts) > 1 and _VERSION.fullmatch(word.lexeme) else word.lexeme
        single = len(lexeme) == 1 and lexeme.translate(SHAPES) == "c"
        options = _options(lexeme, typing and last, variants=last and not quoted)
        if typing and last and lexeme != word.lexeme:  # Of what is typed on as `v2beta` no number is known.
            options += ((word.lexeme, True),)
        few = "c" in lexeme.translate(SHAPES)  # Of a script without spaces.
        slots.append(Slot(place, ((lexeme, True),) if single else options, few, section))
    alternatives = [tuple(_linked(slots) if linked else slots)]
    if len(chunks) == 1 and len(slots) > 1 and not quoted:
        alternatives += (
            (Slot(0, _options(word.lexeme, typing, variants=True)),)
            for word in words
            if not word.part
            and (word.start, word.end) == (parts[0].start, parts[-1].end)
            and word.lexeme[0] != LINK
        )
    return tuple(alternatives)


def implies(phrases: Sequence[Sequence[Slot]], wider: Sequence[Sequence[Slot]]) -> bool:
    """Whether each of some phrases has one of the `wider` ones in it; none are implied by nothing."""
    return bool(phrases) and all(any(_within(wide, phrase) for wide in wider) for phrase in phrases)


def _within(wide: Sequence[Slot], phrase: Sequence[Slot]) -> bool:
    """Whether wherever a phrase stands, a part of it is the other one."""
    # In a very long text lexemes are without places, and PostgreSQL has a phrase fit nothing if one of them
    # could stand in it. So a wider phrase may name no others; a single lexeme needs no place.
    fit = _all_fit if len(wide) == 1 else _are
    at = {slot.offset: slot.options for slot in phrase}
    return any(
        all(fit(at.get(slot.offset - wide[0].offset + start, ()), slot.options) for slot in wide)
        for start in at
    )


def _are(options: Sequence[tuple[str, bool]], wider: Sequence[tuple[str, bool]]) -> bool:
    """Whether some lexemes are just the others."""
    return set(options) == set(wider)


def _all_fit(options: Sequence[tuple[str, bool]], wider: Sequence[tuple[str, bool]]) -> bool:
    """Whether each of some lexemes is one of others, or begins as a prefix among them does."""
    return bool(options) and all(
        any(
            lexeme.startswith(wide) if begins else (lexeme, prefix) == (wide, False) for wide, begins in wider
        )
        for lexeme, prefix in options
    )


def _linked(slots: Sequence[Slot]) -> Iterator[Slot]:
    """The slots of a phrase, each two that punctuation links as one."""
    before: Slot | None = None
    alone = True
    for slot in slots:
        link = before is not None and _follows(before.section, slot.section)
        if before is not None and link:
            options = tuple(
                (link_of(first, second), prefix)
                for first, _ in before.options
                for second, prefix in slot.options
            )
            yield Slot(before.offset, options, few=True)
        elif before is not None and alone:
            yield before
        before, alone = slot, not link
    if before is not None and alone:
        yield before


def _follows(section: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether an identifier is the next one of the same chunk."""
    return section[0] == other[0] and 0 < section[1] == other[1] - 1


def _names(chunk: str, words: Sequence[Word]) -> Iterator[tuple[int, tuple[str, int]]]:
    """Names as code has them, `userName` or `user_name`: where they begin, what they are when written
    together, and of how many parts.
    """
    text = normalise(chunk)
    for word in words:
        hyphens = _HYPHENS.intersection(text[word.start : word.end])
        if not word.part and not hyphens and word.lexeme[0] != LINK:
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
