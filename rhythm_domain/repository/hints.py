"""What is remembered of the data for a while, from one transaction to the next of the same program.

It may be old: so it only decides how to ask; or it stands, as long as the history says that nothing happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from time import monotonic
from typing import Any, TypeVar

from rhythm_domain.transaction import Moment, Tx

T = TypeVar("T")

FRESH, MOST = 60.0, 1000
"""For how many seconds it is taken to hold, and how much is remembered in all."""


def recall(tx: Tx, key: Hashable) -> Any:
    """What is remembered, or None."""
    at, value = tx.hints.get(key, (0.0, None))
    return value if fresh(at) else None


def remember(tx: Tx, key: Hashable, value: object) -> None:
    """Keeps what was found out; all is forgotten where that becomes much."""
    if len(tx.hints) >= MOST:
        tx.hints.clear()
    tx.hints[key] = now(), value


def now() -> float:
    """The time by which it is told how old something is."""
    return monotonic()


def fresh(at: float) -> bool:
    """Whether what was found out then is taken to hold."""
    return at > now() - FRESH


async def standing(tx: Tx, key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """What was read at most a minute ago, as long as nothing happened since; else what is read now."""
    moment = tx.moment
    known: tuple[Moment, T] | None = recall(tx, key)
    if known is not None and moment is not None and moment.still(known[0]):
        return known[1]
    found = await read()
    if moment is not None and moment.settled:
        remember(tx, key, (moment, found))
    return found
