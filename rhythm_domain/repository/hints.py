"""What is remembered of the data for a while, from one transaction to the next of the same program.

It may be old: so it only decides how to ask, or is made sure of before it is used.
"""

from __future__ import annotations

from collections.abc import Hashable
from time import monotonic
from typing import Any

from rhythm_domain.transaction import Tx

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
