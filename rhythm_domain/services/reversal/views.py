"""How changes of published views are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.repository import views
from rhythm_domain.transaction import Tx


async def saved(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Views that are still as they were saved: back to what they were, or away if they were not."""
    done = set()
    for row in events:
        before, after = row["before"], row["after"]
        now = await views.held_by_id(tx, after["id"])
        if now is None or any(now[column] != value for column, value in after.items()):
            continue
        if before:
            await views.change(tx, **{**now, **before})
            tx.record("view.saved", before=after, after=before, undoes=undoes)
        else:
            await views.delete(tx, now["id"])
            tx.record("view.deleted", before=now, after={"id": now["id"]}, undoes=undoes)
        done.add(row["seq"])
    return done


async def deleted(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Views whose owner has no other of that name by now."""
    done = set()
    for row in events:
        was = row["before"]
        if await views.restore(tx, **{column: was[column] for column in views.COLUMNS}):
            tx.record("view.saved", after={column: was[column] for column in views.COLUMNS}, undoes=undoes)
            done.add(row["seq"])
    return done
