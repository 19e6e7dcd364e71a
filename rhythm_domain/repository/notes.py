"""Notes as rows."""

from __future__ import annotations

from rhythm_domain import queries
from rhythm_domain.transaction import Tx

_Q = queries.load("notes")


async def of(tx: Tx, kind: str) -> dict[str, str]:
    """The person's notes of a kind by name, the latest last."""
    return {row["name"]: row["value"] for row in await tx.fetch(_Q["notes_of"], user=tx.user.id, kind=kind)}


async def keep(tx: Tx, kind: str, name: str, value: str, *, most: int, room: int) -> bool:
    """Writes a note; whether it could, as a person has at most so many, of so many bytes together."""
    given = {"kind": kind, "name": name, "value": value, "most": most, "room": room}
    return bool(await tx.fetch(_Q["keep_note"], user=tx.user.id, **given))


async def drop(tx: Tx, kind: str, name: str) -> None:
    """Removes a note."""
    await tx.execute(_Q["drop_note"], user=tx.user.id, kind=kind, name=name)
