"""What is asked of a connection, alone or together with others, and its answers."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest
from psycopg.rows import dict_row

from rhythm_domain import database
from rhythm_domain.connection import FORGOTTEN, PREPARED, Connection, Question
from rhythm_domain.database import Database, fetch
from rhythm_domain.deadline import Deadline
from rhythm_domain.errors import RhythmError
from rhythm_domain.queries import Named

ONE = Named("one", b"SELECT 1 AS n")
READING = Named("begin", b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
COMMIT = Named("commit", b"COMMIT")


@pytest.fixture
async def line(conninfo: str) -> AsyncIterator[Connection]:
    async with await Connection.connect(conninfo, autocommit=True, row_factory=dict_row) as line:
        line.prepares = True
        yield line


async def prepared(line: Connection) -> int:
    """How many statements the server keeps."""
    cursor = await line.execute("SELECT count(*) FROM pg_prepared_statements")
    (row,) = await cursor.fetchall()
    return int(row["count"])


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


@pytest.mark.parametrize("pooler", [False, True])
async def test_the_server_ends_what_lasts_too_long(conninfo: str, pooler: bool) -> None:
    """By itself, whatever becomes of this program; with a pooler each transaction says so."""
    limits = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    asked = ", ".join(f"current_setting('{limit}') AS {limit}" for limit in limits)
    db = Database(conninfo, pooler=pooler)
    async with db.transaction(write=False) as connection:
        (row,) = await fetch(connection, Named("limits", f"SELECT {asked}".encode()))
    assert tuple(row.values()) == ("5s", "2s", "15s")
    await db.close()


async def test_what_failed_within_is_never_said_to_be_saved(conninfo: str) -> None:
    """Whoever passes over an error: the server answers COMMIT all the same."""
    db = Database(conninfo)

    async def pass_over() -> None:
        async with db.transaction(write=True) as connection:
            with suppress(psycopg.Error):
                await fetch(connection, Named("wrong", b"SELECT 1 / 0"))

    with pytest.raises(RhythmError):
        await pass_over()
    async with db.transaction(write=False) as connection:
        assert await fetch(connection, ONE) == [{"n": 1}]
    await db.close()


async def test_the_server_keeps_no_more_statements_than_are_remembered(line: Connection) -> None:
    """Though transactions begin with what may stand behind nothing else."""
    for _ in range(2):
        for n in range(PREPARED + 2 * FORGOTTEN):
            first, second = Question(number(n), {"n": 1}), Question(number(n), {"n": 2})
            await line.ask(Question(READING), first)
            await line.ask(second, Question(COMMIT))
            assert (first.rows, second.rows) == ([{"n": n + 1}], [{"n": n + 2}])
    assert PREPARED // 2 < await prepared(line) <= PREPARED + FORGOTTEN


@pytest.mark.parametrize("lasts", [False, True])
async def test_what_lasts_is_prepared_when_it_is_first_asked(line: Connection, lasts: bool) -> None:
    """And anything else when it is asked again."""
    asked = Question(ONE._replace(lasts=lasts))
    await line.ask(asked)
    assert await prepared(line) == lasts
    await line.ask(asked)
    assert await prepared(line) == 1


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


async def test_what_was_prepared_before_a_failure_stays_known(line: Connection) -> None:
    """Or the server would keep one more with each failure."""
    good, wrong = Question(ONE), Question(Named("wrong", b"SELECT 1 / %(n)s::int"), {"n": 0})
    for _ in range(5):
        with pytest.raises(psycopg.errors.DivisionByZero):
            await line.ask(good, wrong)
    assert await prepared(line) == 2


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
    others = [Question(number(n), {"n": 1}) for n in range(FORGOTTEN)]
    for _ in range(3):
        await line.ask(everything, *others)
    await line.execute("ALTER TABLE sample ADD COLUMN b int DEFAULT 2")
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        await line.ask(everything)
    await line.ask(everything)
    assert everything.rows == [{"a": 1, "b": 2}]
    assert await prepared(line) == 0


async def test_what_the_server_has_let_go_of_already_is_let_go_of(line: Connection) -> None:
    for n in range(PREPARED + FORGOTTEN - 1):  # One fewer is to be let go of than is told at once.
        for _ in range(2):
            await line.ask(Question(number(n), {"n": 1}))
    await line.execute("DISCARD ALL")
    for n in (PREPARED + FORGOTTEN, PREPARED + FORGOTTEN - 2):
        for _ in range(2):
            await line.ask(asked := Question(number(n), {"n": 1}))
            assert asked.rows == [{"n": n + 1}]


async def test_who_gives_up_waiting_leaves_the_connection_as_it_was(line: Connection) -> None:
    asking = asyncio.ensure_future(line.ask(Question(ONE), Question(Named("long", b"SELECT pg_sleep(60)"))))
    while line.pgconn.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await line.ask(one := Question(ONE))
    assert one.rows == [{"n": 1}]


async def test_nobody_reads_the_answers_to_another_whoever_is_cancelled(conninfo: str) -> None:
    """At any moment, and again while the first time is being seen to; all connections come back."""
    chance, db = random.Random(7), Database(conninfo, max_size=2)  # noqa: S311 - not a secret
    slow = Named("slow", b"SELECT %(n)s::int AS n, pg_sleep(%(pause)s)")
    mistaken: list[tuple[int, object]] = []

    async def read(n: int) -> None:
        asked = [Question(slow, {"n": n, "pause": chance.choice([0, 0, 0.002])}) for _ in range(3)]
        async with db.entered(asked[0], write=False) as connection:
            connection.waiting.append(asked[1])
            await connection.ask(asked[2])
            connection.waiting.append(last := Question(number(0), {"n": n}))
        found = [one.rows[0]["n"] for one in (*asked, last)]
        if found != [n] * 4:
            mistaken.append((n, found))

    loop = asyncio.get_running_loop()
    for turn in range(40):
        tasks = [asyncio.ensure_future(read(3 * turn + n)) for n in range(3)]
        for task in tasks[: chance.choice([1, 2, 3])]:
            loop.call_later(chance.choice([0, 0.0005, 0.001, 0.002, 0.004]), task.cancel)
            loop.call_later(chance.choice([0.001, 0.003, 0.006]), task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not mistaken
    pool = await db._pool.open()
    while (stats := pool.get_stats())["pool_available"] < stats["pool_size"]:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    await read(0)
    await db.close()


async def test_a_connection_comes_back_though_its_reader_is_cancelled_meanwhile(conninfo: str) -> None:
    """The pool would count it for ever as in use: it has only this one."""
    db = Database(conninfo, max_size=1)
    async with db.transaction(write=False):
        pass
    pool = await db._pool.open()
    put, returning, free = pool.putconn, asyncio.Event(), asyncio.Event()

    async def put_later(connection: Connection) -> None:
        returning.set()
        await free.wait()
        await put(connection)

    async def read() -> None:
        async with db.transaction(write=False):
            pass

    pool.putconn = put_later
    reading = asyncio.ensure_future(read())
    await returning.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    free.set()
    await read()
    await db.close()


async def test_a_connection_that_comes_when_nobody_waits_any_more_is_not_lost(conninfo: str) -> None:
    """To be cancelled while waiting for it may come too late."""
    db = Database(conninfo, max_size=1)
    pool = await db._pool.open()
    get, asked = pool.getconn, asyncio.Event()

    async def get_all_the_same() -> Connection:
        asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        connection: Connection = await get()
        return connection

    pool.getconn = get_all_the_same
    taking = asyncio.ensure_future(db._pool.take())
    await asked.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    pool.getconn = get
    while not pool.get_stats()["pool_available"]:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    async with db.transaction(write=False):
        pass
    await db.close()


async def test_what_was_saved_in_time_is_not_called_late(
    conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though the deadline passes before the connection is back in the pool."""
    deadlines: list[Deadline] = []

    class Noted(Deadline):
        def __init__(self, seconds: float) -> None:
            super().__init__(seconds)
            deadlines.append(self)

    monkeypatch.setattr(database, "Deadline", Noted)
    db = Database(conninfo)
    pool = await db._pool.open()
    put = pool.putconn

    async def put_too_late(connection: Connection) -> None:
        (deadline,) = deadlines
        if not deadline._timer.cancelled():
            deadline._expire()
        await put(connection)

    pool.putconn = put_too_late
    async with db.transaction(write=True) as connection:
        await fetch(connection, ONE)
    pool.putconn = put
    await db.close()


async def test_others_have_their_turn_before_each_reading(conninfo: str) -> None:
    """Though all its answers may be there at once."""
    db, turns = Database(conninfo), 0

    def turn() -> None:
        nonlocal turns
        turns += 1

    for expected in range(1, 4):
        asyncio.get_running_loop().call_soon(turn)
        async with db.transaction(write=False):
            assert turns == expected
    await db.close()


async def test_whoever_took_their_turn_may_have_more_to_do() -> None:
    asyncio.get_running_loop().call_soon(time.sleep, 10 * database.BUSY)
    assert await database._others_are_busy()
