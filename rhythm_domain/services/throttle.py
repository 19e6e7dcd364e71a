"""Guessing is slowed down, nobody is locked out for good.

An attempt counts as failed until it succeeds, so that many at once don't pass uncounted; one that is refused
for coming too early counts for nothing, so that waiting always helps. Counts are kept for a day, by the
database's clock, for names that nobody has as well.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from rhythm_domain.connection import Connection
from rhythm_domain.errors import SignInFailed
from rhythm_domain.repository import accounts


class Pace(NamedTuple):
    """So many attempts are free; after each further one the wait doubles, from a second to `longest`."""

    free: int
    longest: int

    def wait(self, failures: int) -> int:
        """Seconds from the last attempt to the next one."""
        return 0 if failures < self.free else min(2 ** min(failures - self.free, 20), self.longest)


FROM_ONE_SOURCE = Pace(free=5, longest=15 * 60)
FROM_ALL_SOURCES = Pace(free=50, longest=30)
"""Softer: it hits the account's owner too, unless they signed in from the same source before."""


async def attempt(connection: Connection, name: str, source: str) -> None:
    """Counts an attempt on a name as failed; `accounts.forget_attempts` takes that back.

    Raises `SignInFailed` with the seconds to wait if it comes too early.
    """
    row = await accounts.attempts(connection, name, source)
    left = FROM_ONE_SOURCE.wait(row["here"]) - (row["since_here"] or 0)
    if not row["known"]:
        left = max(left, FROM_ALL_SOURCES.wait(row["everywhere"]) - (row["since_everywhere"] or 0))
    if left > 0:
        seconds = ceil(left)
        wait = f"{ceil(seconds / 60)} minutes" if seconds > 90 else f"{seconds} second{'s' * (seconds != 1)}"
        raise SignInFailed(
            f"Too many attempts have failed. Try again in {wait}.",
            hint="Waiting is enough; nothing is locked.",
        )
    await accounts.count_attempt(connection, name, source)
