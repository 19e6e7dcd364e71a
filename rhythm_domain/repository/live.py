"""The tail of the history."""

from __future__ import annotations

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.guard import Tx

_Q = queries.load("live")


async def latest(tx: Tx) -> int:
    """The highest sequence number that is visible."""
    row = await tx.one(_Q["latest_event"])
    return int((row or {"seq": 0})["seq"])


async def since(tx: Tx, seq: int, limit: int) -> list[Row]:
    """Events behind a sequence number in projects of the person, in order."""
    return await tx.fetch(_Q["events_since"], since=seq, user=tx.user.id, admin=tx.user.admin, limit=limit)
