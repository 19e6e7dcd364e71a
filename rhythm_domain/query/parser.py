"""A search's text -> its tree. What is wrong is named, and what would be right with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from rhythm_domain.days import FORMS, parse_day
from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueType, Priority, Status
from rhythm_domain.query.help import HELP
from rhythm_domain.query.tokens import NAMES, Piece, QueryError, Token, tokens
from rhythm_domain.query.tree import (
    CLEARABLE,
    CURRENT,
    DAYS,
    KEY,
    ME,
    NEXT,
    PAST,
    RANGED,
    Condition,
    Field,
    Has,
    Is,
    Op,
    Query,
    Sort,
    SortKey,
    Term,
    Value,
)
from rhythm_domain.spellings import folded, spellings

MAX_LENGTH = 1000
MAX_TERMS = 20
MAX_CONDITIONS = 30

_PROJECT = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}")
_ESTIMATE = re.compile(r"[0-9]{1,4}(?:\.[0-9])?")
# Controls but white space, and lone surrogates: PostgreSQL or the rules for stored text refuse them.
_UNSEARCHABLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]")


@lru_cache(maxsize=256)
def parse(text: str) -> Query:
    """The query that a text says.

    Raises QueryError (an Invalid with field `query`) for an unknown qualifier or value, which names the right
    ones, for characters that no stored text has, for more than 1,000 characters, 20 words and phrases, or
    30 qualifiers.
    """
    if len(text) > MAX_LENGTH:
        raise _too_long(len(text))
    if bad := _UNSEARCHABLE.search(text):
        raise QueryError(
            f"Character U+{ord(bad[0]):04X} can't be searched for",
            hint="Take it out.",
            start=bad.start(),
            end=bad.end(),
        )
    text = unicodedata.normalize("NFC", text)  # as what is stored
    terms: list[Term] = []
    conditions: list[Condition] = []
    sort: Sort | None = None
    for token in tokens(text):
        if not token.name:
            if term := _term(token):
                terms.append(term)
                _at_most(MAX_TERMS, len(terms), "words and phrases", token)
        elif token.name == "sort":
            if sort is not None:
                raise token.wrong("There are two orders", "Keep one sort: only.")
            sort = _sort(token)
        else:
            conditions.append(_condition(token))
            _at_most(MAX_CONDITIONS, len(conditions), "qualifiers", token)
    words = [place for place, term in enumerate(terms) if _typed(term)]
    if words:
        terms[words[-1]] = terms[words[-1]].replace(prefix=True)
    if sort is not None and sort.key is SortKey.RELEVANCE and all(term.negated for term in terms):
        raise QueryError(
            "Relevance needs words to search for",
            hint="Add a word, or sort by another key.",
            start=0,
            end=len(text),
        )
    query = Query(terms=tuple(terms), conditions=tuple(conditions), sort=sort)
    if len(written := str(query)) > MAX_LENGTH:  # so that what was saved can be read again
        raise _too_long(len(written))
    return query


# Meaning -----------------------------------------------------------------------------------------------


_HAS = {
    **spellings(Has),
    "labels": Has.LABEL,
    "points": Has.ESTIMATE,
    "child": Has.CHILDREN,
    "comment": Has.COMMENTS,
    "link": Has.LINKS,
}
_CHOICES: Mapping[Field, Mapping[str, Value]] = {
    Field.STATUS: spellings(Status),
    Field.PRIORITY: spellings(Priority),
    Field.TYPE: spellings(IssueType),
    Field.IS: spellings(Is),
    Field.HAS: _HAS,
    Field.NO: _HAS,
}
_ELSEWHERE = {
    "author": "reporter",
    "owner": "assignee",
    "state": "status",
    "tag": "label",
    "points": "estimate",
}
"""What other trackers call it, for the error's advice."""


def _term(token: Token) -> Term | None:
    """The term that a token says; None where a quote was opened and nothing follows yet."""
    piece = token.pieces[0]
    if not piece.text:
        return None
    return Term(text=piece.text, phrase=piece.quoted, negated=token.negated)


def _typed(term: Term) -> bool:
    return not term.phrase and not term.negated and any(character.isalnum() for character in term.text)


def _condition(token: Token) -> Condition:
    """The condition that a qualifier says."""
    if token.name not in NAMES:
        raise _unknown(token)
    field = Field(token.name)
    op, pieces = token.op, token.pieces
    if field is Field.STATUS and all(folded(piece.text) in (Is.OPEN, Is.CLOSED) for piece in pieces):
        field = Field.IS  # So other trackers call it; which statuses that are is said there.
    if field in RANGED and op is Op.EQ and len(pieces) == 1 and ".." in pieces[0].text:
        first, _, last = pieces[0].text.partition("..")
        op = Op.BETWEEN
        pieces = (pieces[0]._replace(text=first.strip()), pieces[0]._replace(text=last.strip()))
    elif len(pieces) > 1 and (op is not Op.EQ or field in DAYS):
        raise token.wrong(f"{field}: compares with one value", f"Write it as {_example(field)}.")
    values = [_value(field, piece) for piece in pieces]
    if None in values and op is not Op.EQ:
        raise token.wrong(f"{field}: can't be compared with none", f"Write {field}:none or no:{field}.")
    if op is Op.BETWEEN and field is Field.ESTIMATE:
        values.sort(key=lambda value: Decimal(str(value)))
    return Condition(
        field=field,
        op=op,
        values=tuple(values if op is Op.BETWEEN else dict.fromkeys(values)),
        negated=token.negated,
    )


def _value(field: Field, piece: Piece) -> Value:
    """The value that a piece says to a field."""
    said = piece.text
    if not said:
        raise piece.wrong(f"{field}: needs a value", f"{_right(field)} No blank after the colon or a comma.")
    if field in CLEARABLE and not piece.quoted and said.lower() == "none":
        return None
    if field in DAYS:
        try:
            return parse_day(said, past=field in PAST)
        except Invalid as error:
            raise piece.wrong(f"{field}: {error.message.rstrip('.')}", error.hint) from None
    match field:
        case Field.ASSIGNEE | Field.REPORTER:
            name = re.sub(r"^[@\s]+", "", said)
            if not name:
                raise piece.wrong(f"{field}: needs a name after @", _right(field))
            if said.lower() == ME:
                return ME
            return name.lower() if name.isascii() else name
        case Field.SPRINT:
            return {CURRENT: CURRENT, "active": CURRENT, NEXT: NEXT}.get(said.lower(), said)
        case Field.LABEL:
            return said
        case Field.PROJECT | Field.PARENT:
            shape = _PROJECT if field is Field.PROJECT else KEY
            if not shape.fullmatch(said):
                raise piece.wrong(f'{field}: "{_shown(said)}" is no key', _right(field))
            return said.upper()
        case Field.ESTIMATE:
            if not _ESTIMATE.fullmatch(said):
                raise piece.wrong(f'{field}: "{_shown(said)}" is no number of points', _right(field))
            return Decimal(said)
    choices = _CHOICES[field]
    if folded(said) in choices:
        return choices[folded(said)]
    advice = f"Write is:{folded(said)}." if field is not Field.IS and folded(said) in tuple(Is) else ""
    right, near = _nearest(said, [str(value) for value in dict.fromkeys(choices.values())])
    advice = advice or (f"Did you mean {right[0]}?" if near else "")
    raise piece.wrong(f'{field}: has no "{_shown(said)}"', f"{advice} One of: {', '.join(right)}.".strip())


def _sort(token: Token) -> Sort:
    """The order that `sort:` says: `updated`, or the other way `updated-asc`, also written `-updated`."""
    said = token.pieces[0].text.lower()
    words = said.strip("-").rsplit("-", 1)
    other = f"The other way is written sort:{SortKey.UPDATED}-asc or sort:{SortKey.DUE}-desc."
    if token.negated or len(token.pieces) > 1:
        raise token.wrong("An order is one key and can't be negated", other)
    match = re.fullmatch(r"(-?)([a-z]+)(?:-(asc|desc))?", said)
    if match and match[2] in tuple(SortKey) and not (match[1] and match[3]):
        key = SortKey(match[2])
        if match[3]:
            return Sort(key=key, descending=match[3] == "desc")
        return Sort.by(key, reverse=bool(match[1]))
    right, near = _nearest(words[0], list(SortKey))
    advice = f"Did you mean {right[0]}? " if near else ""
    message = f'Lists can\'t be sorted by "{_shown(said)}"' if said else "sort: needs a value"
    raise token.wrong(message, f"{advice}One of: {', '.join(right)}. {other}")


def _right(field: Field) -> str:
    """What a field takes, as a sentence."""
    if field in DAYS:
        return f"Write {FORMS}."
    meaning, _, example = dict(HELP)[f"{field}:"].rpartition(": ")
    return f"{meaning}; for example {example.strip('`')}."


def _example(field: Field) -> str:
    return dict(HELP)[f"{field}:"].split("`")[1]


def _unknown(token: Token) -> QueryError:
    name = token.name
    right, near = _nearest(name, list(NAMES))
    nearest = _ELSEWHERE.get(name) or (right[0] if near else None)
    advice = f"Did you mean {nearest}:? " if nearest else ""
    names = ", ".join(f"{each}:" for each in right)
    return token.wrong(
        f'There is no qualifier "{_shown(name)}:"',
        f"{advice}To search for the text, put it in quotes. Qualifiers: {names}.",
    )


def _nearest(said: str, right: Sequence[str]) -> tuple[list[str], bool]:
    """The right words, those most like what was said first, and whether any is like it."""
    import difflib  # only when something went wrong

    near = difflib.get_close_matches(said.casefold(), right)
    return [*near, *(word for word in right if word not in near)], bool(near)


def _at_most(limit: int, count: int, what: str, token: Token) -> None:
    if count > limit:
        raise token.wrong(f"There are more than {limit} {what}", "Take some out.")


def _too_long(length: int) -> QueryError:
    return QueryError(
        f"The search has {length:,} characters, more than {MAX_LENGTH:,}",
        hint="Shorten it.",
        start=MAX_LENGTH,
        end=length,
    )


def _shown(said: str) -> str:
    return said if len(said) <= 40 else said[:39] + "…"
