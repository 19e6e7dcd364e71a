"""What the app keeps for a person of a shared instance: texts not saved yet, and how they left it.

Nobody else sees them, and they are no part of the history.
"""

from __future__ import annotations

from rhythm_domain.errors import Invalid
from rhythm_domain.guard import Guard
from rhythm_domain.repository import notes
from rhythm_domain.transaction import repeatable

MOST = 500
"""Notes of one person."""

LONGEST = 2_000_000
"""Bytes of one note."""

ROOM = 20_000_000
"""Bytes of all notes of one person."""


class Notes:
    """A person's own notes: JSON by kind and name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def read(self, kind: str) -> dict[str, str]:
        """All notes of a kind by name, the latest last."""
        async with self._guard.person() as tx:
            return await notes.of(tx, kind)

    @repeatable
    async def keep(self, kind: str, name: str, value: str | None) -> None:
        """Keeps a note in the place of the one of that name; None removes it.

        Raises `Invalid` for one that is too long, and when there is no room for another one.
        """
        async with self._guard.person(write="note.keep") as tx:
            tx.unchanged()
            if value is None:
                await notes.drop(tx, kind, name)
                return
            if len(value.encode()) > LONGEST:
                raise Invalid(f"At most {LONGEST:,} bytes are kept of a text that is not saved.")
            if not await notes.keep(tx, kind, name, value, most=MOST, room=ROOM):
                raise Invalid("You have so many texts that are not saved that no more are kept.")
