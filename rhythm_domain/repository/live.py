"""The tail of the history."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.transaction import Tx

_Q = queries.load("live")


class End(NamedTuple):
    """The end of the history at a moment: the highest sequence number that is visible, the oldest transaction
    that is at work, and the first that has not begun.
    """

    seq: int
    oldest: int
    next: int


async def end(tx: Tx) -> End:
    """The end of the history now."""
    (row,) = await tx.fetch(_Q["end_of_history"])
    return End(row["seq"], row["oldest"], row["next"])


async def newest(tx: Tx, limit: int) -> tuple[int, set[int]]:
    """A sequence number behind which all is of the last minute, and those that are; of the highest ones only.

    What is older was committed long ago: no transaction of Rhythm lives for so long.
    """
    (row,) = await tx.fetch(_Q["newest_events"], limit=limit)
    return row["settled"], {seq for seq in row["young"] if seq > row["settled"]}


async def projects(tx: Tx) -> set[int]:
    """The ids of the person's projects."""
    return {row["project_id"] for row in await tx.fetch(_Q["own_projects"], user=tx.user.id)}


async def since(tx: Tx, seq: int, *, told: Collection[int], watched: int | None, limit: int) -> list[Row]:
    """Events behind a sequence number that the person may know of, in order, but for those that were told.

    `watched` is one more project, if the person is an administrator.
    """
    return await tx.fetch(
        _Q["events_since"],
        since=seq,
        told=list(told),
        user=tx.user.id,
        watched=watched if tx.user.admin else None,
        limit=limit,
    )
