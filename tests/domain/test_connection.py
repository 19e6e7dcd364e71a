"""What is asked of a connection, alone or together with others, and its answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.rows import dict_row

from rhythm_domain.connection import FORGOTTEN, PREPARED, Connection, Question
from rhythm_domain.database import Database, fetch
from rhythm_domain.queries import Named

ONE = Named("one", b"SELECT 1 AS n")
READING = Named("begin", b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
COMMIT = Named("commit", b"COMMIT")


@pytest.fixture
async def line(conninfo: str) -> AsyncIterator[Connection]:
    async with await Connection.connect(conninfo, autocommit=True, row_factory=dict_row) as line:
        line.prepares = True
        yield line


def number(n: int) -> Named:
    return Named("number", b"SELECT %%(n)s::int + %d AS n" % n)


async def test_each_asker_has_the_answer_to_their_own_question(conninfo: str) -> None:
    """Whether a statement runs again, or twice at once."""
    db = Database(conninfo)
    async with db.transaction(write=False) as connection:
        for _ in range(3):
            at_once = await asyncio.gather(*(fetch(connection, number(0), {"n": n}) for n in (1, 2, 3)))
            assert at_once == [[{"n": 1}], [{"n": 2}], [{"n": 3}]]
    await db.close()


async def test_the_server_keeps_no_more_statements_than_are_remembered(line: Connection) -> None:
    """Though transactions begin with what may stand behind nothing else."""
    for _ in range(2):
        for n in range(PREPARED + 2 * FORGOTTEN):
            first, second = Question(number(n), {"n": 1}), Question(number(n), {"n": 2})
            await line.ask(Question(READING), first)
            await line.ask(second, Question(COMMIT))
            assert (first.rows, second.rows) == ([{"n": n + 1}], [{"n": n + 2}])
    cursor = await line.execute("SELECT count(*) FROM pg_prepared_statements")
    (row,) = await cursor.fetchall()
    assert PREPARED // 2 < row["count"] <= PREPARED + FORGOTTEN


async def test_what_fails_is_named_and_what_came_behind_it_did_not_happen(line: Connection) -> None:
    """Whether it is asked for the first time, the second, or was prepared before."""
    for _ in range(3):
        before, after = Question(ONE), Question(ONE)
        wrong = Question(Named("wrong", b"SELECT 1 / %(n)s::int"), {"n": 0})
        with pytest.raises(psycopg.errors.DivisionByZero) as caught:
            await line.ask(before, wrong, after)
        assert caught.value.__notes__ == ["in query wrong"]
        assert (before.answered, wrong.answered, after.answered) == (True, False, False)
        await line.ask(after)
        assert after.rows


async def test_what_waits_is_sent_with_what_is_asked_next(line: Connection) -> None:
    earlier = Question(ONE)
    line.waiting.append(earlier)
    assert not earlier.answered
    later = Question(number(1), {"n": 1})
    await line.ask(later)
    assert (earlier.rows, later.rows) == ([{"n": 1}], [{"n": 2}])
    assert not line.waiting


async def test_a_statement_whose_table_changed_is_prepared_anew(line: Connection) -> None:
    await line.execute("CREATE TEMP TABLE sample AS SELECT 1 AS a")
    everything = Question(Named("everything", b"SELECT * FROM sample"))
    for _ in range(3):
        await line.ask(everything)
    await line.execute("ALTER TABLE sample ADD COLUMN b int DEFAULT 2")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        await line.ask(everything)
    await line.ask(everything)
    assert everything.rows == [{"a": 1, "b": 2}]


async def test_who_gives_up_waiting_leaves_the_connection_as_it_was(line: Connection) -> None:
    asking = asyncio.ensure_future(line.ask(Question(ONE), Question(Named("long", b"SELECT pg_sleep(60)"))))
    while line.pgconn.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await line.ask(one := Question(ONE))
    assert one.rows == [{"n": 1}]
