"""Pages of lists: where one ended, as an opaque word, and how long one may be. Pure."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, TypeVar

from rhythm_domain.errors import Invalid

A = TypeVar("A")
B = TypeVar("B")

MOST = 500
"""The most items in one page."""

_DEFECTS = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What reading a position fails with that is of another shape, or out of every bounds."""

_written = json.JSONEncoder(default=str).encode


def pack(*position: Any) -> str:
    """A cursor for a position: the sort value of the last item, and its id."""
    return urlsafe_b64encode(_written(position).encode()).decode().rstrip("=")


def unpack(cursor: str, first: Callable[[Any], A], second: Callable[[Any], B]) -> tuple[A, B]:
    """The position of a cursor. Raises `Invalid` for a word that no list gave out."""
    try:
        one, other = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return first(one), second(other)
    except _DEFECTS as error:
        raise Invalid(
            "That is no cursor of this list.", field="cursor", hint="Start again without it."
        ) from error


def checked_limit(limit: int, most: int = MOST) -> int:
    """How many items a page has at most. Raises `Invalid` for none, and for too many."""
    if not 1 <= limit <= most:
        raise Invalid(f"A limit is a number from 1 to {most:,}.", field="limit")
    return limit


def row_id(value: Any) -> int:
    """The id of a row. Raises `ValueError` for what no row can have."""
    found = int(value)
    if not 0 <= found < 2**63:
        raise ValueError("no row has this id")
    return found
