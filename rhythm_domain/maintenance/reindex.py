"""Makes anew what is derived from the issues: what is searched, and the totals of the boards' columns."""

from __future__ import annotations

from collections.abc import Callable

from rhythm_domain import database, lexemes, queries
from rhythm_domain.database import Database

CHUNK = 500
"""Issues in one transaction: people go on working meanwhile."""

_Q = queries.load("health") | queries.load("issues")


async def reindex(conninfo: str, done: Callable[[int], None]) -> int:
    """Makes the search index of all issues anew, and totals that are wrong; how many issues there were.

    `done` is told how many more.

    Needs no sign-in: it changes nothing that people wrote. Safe to stop and to run again.
    """
    db = Database(conninfo, deadline=60, max_size=1)
    last = total = 0
    try:
        async with db.connection() as connection:  # which may take as long as it takes
            await database.execute(connection, _Q["drop_strays"])
        while True:
            async with db.transaction(write=True) as connection:
                rows = await database.fetch(connection, _Q["issues_after"], {"after": last, "count": CHUNK})
                gone = [row["id"] for row in rows if row["gone"]]
                held = {"ids": [row["id"] for row in rows if not row["gone"]]}
                living = await database.fetch(connection, _Q["texts_of"], held)
                await database.execute(connection, _Q["forget_words"], held)
                await database.execute(connection, _Q["unindex_issues"], {"ids": gone})
                await database.execute(connection, _Q["unfacet_issues"], {"ids": gone})
                every = {"ids": [row["id"] for row in rows]}  # Those in the trash may come back.
                await database.execute(connection, _Q["mark_issues"], every)
                await database.execute(connection, _Q["facet_issues"], held)
                await database.execute(
                    connection,
                    _Q["index_issues"],
                    {
                        "ids": [row["id"] for row in living],
                        "projects": [row["project_id"] for row in living],
                        "numbers": [row["number"] for row in living],
                        "tsvs": [
                            lexemes.document(
                                row["title"],
                                row["description"],
                                project_id=row["project_id"],
                                number=row["number"],
                            )
                            for row in living
                        ],
                    },
                )
            if not rows:
                break
            last, total = rows[-1]["id"], total + len(rows)
            done(len(rows))
        async with db.transaction(write=True) as connection:
            await database.execute(connection, _Q["correct_counts"])
            await database.execute(connection, _Q["reindexed"], {"generation": lexemes.GENERATION})
    finally:
        await db.close()
    return total


async def generation(conninfo: str) -> int:
    """What the search index of all issues holds at least, see `lexemes.GENERATION`."""
    async with Database(conninfo).connection() as connection:
        (row,) = await database.fetch(connection, _Q["search_generation"])
        return int(row["generation"])


async def issue_total(conninfo: str) -> int:
    """How many issues there are, the trash included."""
    async with Database(conninfo).connection() as connection:
        (row,) = await database.fetch(connection, _Q["issue_total"])
        return int(row["issues"])
