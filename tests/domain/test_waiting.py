"""A connection keeps a cursor for each statement."""

from __future__ import annotations

import asyncio

from rhythm_domain import waiting
from rhythm_domain.database import Database, fetch
from rhythm_domain.queries import Named


async def test_each_asker_has_the_answer_to_their_own_question(conninfo: str) -> None:
    """Whether a statement runs again, or twice at once, or more of them than are kept have run since."""
    db = Database(conninfo)
    same = Named("same", b"SELECT %(n)s::int AS n")
    async with db.transaction(write=False) as connection:
        for _ in range(2):
            at_once = await asyncio.gather(*(fetch(connection, same, {"n": n}) for n in (1, 2, 3)))
            assert at_once == [[{"n": 1}], [{"n": 2}], [{"n": 3}]]
            for n in range(waiting.KEPT + 1):
                assert await fetch(connection, Named("other", b"SELECT %d AS n" % n)) == [{"n": n}]
    await db.close()
