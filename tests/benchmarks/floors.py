"""What can't be beaten on this machine, now: the cheapest statements through the same pool."""

from __future__ import annotations

from functools import partial

from psycopg.rows import dict_row

from rhythm_domain.database import Database
from tests.benchmarks.instance import Bench
from tests.benchmarks.measure import Series

CALLS = 1000

_STATEMENTS = {
    "SELECT 1": b"SELECT 1 AS one",
    "row by primary key": b"SELECT * FROM issues WHERE id = %s",
    "50 rows by primary key": b"SELECT * FROM issues WHERE id BETWEEN %s AND %s + 49",
}


async def series(bench: Bench) -> list[Series]:
    """Each statement alone, in autocommit, from taking a connection to giving it back."""
    found = []
    database = Database(bench.conninfo)
    pool = await database._pool.open()
    try:
        for name, statement in _STATEMENTS.items():
            series = Series(name)

            async def ask(at: int, statement: bytes = statement) -> None:
                async with pool.connection() as connection:
                    connection.row_factory = dict_row
                    given = (at,) * statement.count(b"%s")
                    await (await connection.execute(statement, given)).fetchall()

            for at in range(CALLS):
                await series.time(str(at), partial(ask, at + 1))
            found.append(series)
    finally:
        await database.close()
    return found
