"""Cursors of lists: where a page ended, as an opaque word. Pure."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, TypeVar

from rhythm_domain.errors import Invalid

A = TypeVar("A")
B = TypeVar("B")


def pack(*position: Any) -> str:
    """A cursor for a position: the sort value of the last item, and its id."""
    return urlsafe_b64encode(json.dumps(position, default=str).encode()).decode().rstrip("=")


def unpack(cursor: str, first: Callable[[Any], A], second: Callable[[Any], B]) -> tuple[A, B]:
    """The position of a cursor. Raises `Invalid` for a word that no list gave out."""
    try:
        one, other = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return first(one), second(other)
    except (ValueError, TypeError, RecursionError) as error:
        raise Invalid(
            "That is no cursor of this list.", field="cursor", hint="Start again without it."
        ) from error
