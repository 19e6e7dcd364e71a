"""A search cut into words, phrases and qualifiers, for the parser and for completion."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from rhythm_domain.errors import Invalid
from rhythm_domain.query.tree import COMPARED, Field, Op


class QueryError(Invalid):
    """That search can't be understood.

    `start` and `end` say which characters of the text are at fault, counted from 0, end excluded.
    """

    title = "Search not understood"

    def __init__(self, message: str, *, hint: str, start: int, end: int) -> None:
        super().__init__(message, field="query", hint=hint)
        self.start = start
        self.end = end


class Piece(NamedTuple):
    """A value, a word or a phrase, cleaned, and where it stands in the text, quotes included."""

    text: str
    start: int
    end: int
    quoted: bool

    def wrong(self, message: str, hint: str) -> QueryError:
        return QueryError(message, hint=hint, start=self.start, end=self.end)


class Token(NamedTuple):
    """A word or a phrase (one piece, no `name`), or a qualifier with its values as they were written."""

    start: int
    end: int
    negated: bool
    name: str
    op: Op
    pieces: tuple[Piece, ...]

    def wrong(self, message: str, hint: str) -> QueryError:
        return QueryError(message, hint=hint, start=self.start, end=self.end)


NAMES = (*Field, "sort")
_QUALIFIER = re.compile(r"-?([A-Za-z][A-Za-z_-]*):(?!//|:)")
_OP = re.compile(r"[<>]=?|=?")
_PIECE = re.compile(r'"((?:[^"\\]|\\["\\]?)*)"?|[^\s,]*')


def tokens(text: str) -> Iterator[Token]:
    """The words, phrases and qualifiers of a text in order, values unchecked; never raises.

    A quote that is not closed runs to the end: it is still being typed.
    """
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        token = _qualifier(text, at) or _word(text, at)
        yield token
        at = token.end


def _qualifier(text: str, start: int) -> Token | None:
    """The qualifier that begins here; None for text. An unknown name before a blank or a slash is text."""
    head = _QUALIFIER.match(text, start)
    if not head:
        return None
    name = head[1].lower()
    after = text[head.end() : head.end() + 1]
    if name not in NAMES and (not after or after.isspace() or after in "/\\"):
        return None
    op = _OP.match(text, head.end()) if name in COMPARED else None
    at = op.end() if op else head.end()
    pieces = [_piece(text, at)]
    while text[pieces[-1].end : pieces[-1].end + 1] == ",":
        pieces.append(_piece(text, pieces[-1].end + 1))
    sign = op[0] if op and op[0] != "=" else ""
    return Token(start, pieces[-1].end, text[start] == "-", name, Op(sign), tuple(pieces))


def _word(text: str, start: int) -> Token:
    """The word or phrase that begins here; `--flag` and `->` are words, `-flag` is not flag."""
    negated = text[start] == "-" and bool(re.match(r'-(?!-)(?:"|\S*\w)', text[start:]))
    at = start + negated
    if text[at] == '"':
        piece = _piece(text, at)
    else:
        end = at + len(text[at:].split(maxsplit=1)[0])
        piece = Piece(text[at:end], at, end, quoted=False)
    return Token(start, piece.end, negated, "", Op.EQ, (piece,))


def _piece(text: str, start: int) -> Piece:
    """The value or phrase that begins here, in quotes or up to the next blank or comma."""
    match = next(_PIECE.finditer(text, start))  # it also matches nothing
    quoted = match[1] is not None
    inner = re.sub(r'\\(["\\])', r"\1", match[1]) if quoted else match[0]
    return Piece(" ".join(inner.split()), start, match.end(), quoted)
