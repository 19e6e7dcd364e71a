"""What the administrator of a shared instance's machine does, who needs no account: the machine is theirs."""

from __future__ import annotations

from collections.abc import Sequence

from rhythm_domain import text
from rhythm_domain.database import Database
from rhythm_domain.gate import Gate, gate
from rhythm_domain.repository import hosting
from rhythm_domain.transaction import repeatable

LONGEST = 500
"""Characters of an announcement."""

words = text.one_line("announcement", LONGEST)


class Hosting:
    """For the program on the host; no session gets at it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def people(self, keys: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Whose keys these are: the person's and the key's name by the key's id."""
        async with gate(self._db, Gate.HOST) as connection:
            return await hosting.people(connection, keys)

    async def is_read_only(self) -> bool:
        """Whether the instance refuses all writes."""
        async with gate(self._db, Gate.HOST) as connection:
            return await hosting.is_read_only(connection)

    @repeatable
    async def set_read_only(self, read_only: bool) -> None:
        """Has the instance refuse all writes, whoever wants them, or no more. Signing in goes on."""
        async with gate(self._db, Gate.HOST) as connection:
            await hosting.set_read_only(connection, read_only)

    async def announce(self, text: str) -> None:
        """Shows everybody who is there a line. Raises `Invalid` if it is none, or too long."""
        said = words(text)
        async with gate(self._db, Gate.HOST) as connection:
            await hosting.announce(connection, said)
