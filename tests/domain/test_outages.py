"""The database killed, frozen and restarted: answers within the deadline, nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic, sleep
from uuid import UUID, uuid4

import psycopg
import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import Outcome, Unavailable
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from rhythm_domain.transaction import Tx
from tests.conftest import Postgres
from tests.instances import Instance
from tests.servers import Server

DEADLINE = 1.0
SLACK = 5.0
"""Seconds that a loaded machine may add to a deadline."""


@pytest.fixture
def owner(server: Server) -> Iterator[Session]:
    with psycopg.connect(server.conninfo, autocommit=True, row_factory=psycopg.rows.dict_row) as sql:
        instance = Instance(Database(server.conninfo, deadline=DEADLINE), sql)
        owner = instance.person("olga")
        instance.project("CORE", owner=owner)
        yield owner


async def write(owner: Session, operation: UUID | None = None) -> None:
    async with owner._guard.project(Permission.PROJECT_EDIT, "CORE", operation=operation) as tx:
        if not tx.done:
            tx.record("project.edited", after={})


def events(server: Server) -> int:
    with psycopg.connect(server.conninfo) as sql:
        row = sql.execute("SELECT count(*) FROM events").fetchone()
        assert row
        return int(row[0])


async def test_a_frozen_server_is_answered_for_within_the_deadline(server: Server, owner: Session) -> None:
    """With a warm connection, without one, and in the middle of a transaction; then all is well again."""
    await saves(owner)
    server.freeze()
    try:
        for _ in range(3):
            start = monotonic()
            with pytest.raises(Unavailable) as caught:
                await write(owner)
            assert monotonic() - start < DEADLINE + SLACK
            assert caught.value.outcome is Outcome.NOT_SAVED
            assert "did not answer in time" in caught.value.message
    finally:
        server.thaw()
    await saves(owner)
    await owner._db.close()
    assert events(server) == 2


async def test_a_program_that_was_held_up_does_not_blame_the_server(conninfo: str) -> None:
    """Its deadline is over by then, and so is the query: the answer lies there, and is read."""
    db = Database(conninfo, deadline=2.0)
    try:
        async with db.transaction(write=False) as connection:
            asyncio.get_running_loop().call_soon(sleep, 4)
            cursor = await connection.execute(b"SELECT 1 AS one")
            assert await cursor.fetchone() == {"one": 1}
    finally:
        await db.close()


async def test_a_server_that_freezes_before_commit_saves_nothing(server: Server, owner: Session) -> None:
    async def freeze_meanwhile() -> None:
        async with owner._guard.project(Permission.PROJECT_EDIT, "CORE") as tx:
            tx.record("project.edited", after={})
            server.freeze()
            await tx.hold([])

    with pytest.raises(Unavailable) as caught:
        await freeze_meanwhile()
    server.thaw()
    assert caught.value.outcome is Outcome.NOT_SAVED
    await saves(owner)
    await owner._db.close()
    assert events(server) == 1


async def test_an_unknown_outcome_is_said_and_sending_again_is_safe(
    server: Server, owner: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to COMMIT gets lost; the operation sent again happens once."""
    flush = Tx.flush

    async def flush_and_freeze(tx: Tx) -> None:
        await flush(tx)
        server.freeze()

    operation = uuid4()
    monkeypatch.setattr(Tx, "flush", flush_and_freeze)
    with pytest.raises(Unavailable) as caught:
        await write(owner, operation)
    monkeypatch.undo()
    server.thaw()
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.operation == operation
    await saves(owner, operation)
    await saves(owner, operation)
    await owner._db.close()
    assert events(server) == 1


async def test_a_restart_is_survived_by_those_who_were_idle(server: Server, owner: Session) -> None:
    await saves(owner)
    server.kill()
    server.embedded.start()
    await saves(owner)
    await owner._db.close()
    assert events(server) == 2


async def test_a_server_that_is_gone_is_said_so_and_found_when_it_is_back(
    server: Server, owner: Session
) -> None:
    await saves(owner)
    server.kill()
    start = monotonic()
    with pytest.raises(Unavailable):
        await write(owner)
    assert monotonic() - start < DEADLINE + SLACK
    server.embedded.start()
    await saves(owner)
    await owner._db.close()
    assert events(server) == 2


async def saves(owner: Session, operation: UUID | None = None) -> None:
    """Writes once: it is sent again until it is known to be saved, as a server that starts needs a moment."""
    operation = operation or uuid4()
    async with asyncio.timeout(60):
        while True:
            try:
                return await write(owner, operation)
            except Unavailable:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("conninfo", "said"),
    [
        ("host=127.0.0.1 port=1 dbname=x", "Connection refused"),
        ("host=/nowhere/at/all dbname=x", "No such file or directory"),
    ],
)
async def test_a_refusal_is_told_at_once_and_with_its_reason(conninfo: str, said: str) -> None:
    db = Database(conninfo, deadline=30)
    start = monotonic()
    for _ in range(2):
        with pytest.raises(Unavailable, match=said):
            async with db.transaction(write=False):
                pass
    assert monotonic() - start < 2.5
    await db.close()


async def test_a_database_that_is_not_there_is_named(postgres: Postgres) -> None:
    db = Database(postgres.conninfo("not_there"))
    with pytest.raises(Unavailable, match='"not_there" does not exist') as caught:
        async with db.transaction(write=False):
            pass
    assert "createdb" in caught.value.hint
    await db.close()


async def test_a_database_that_was_closed_stays_closed(conninfo: str) -> None:
    """A pool that was opened for whoever is still at work would outlive the program's end."""
    db = Database(conninfo)
    async with db.transaction(write=False):
        pass
    await db.close()
    with pytest.raises(Unavailable, match="is closed"):
        async with db.transaction(write=False):
            pass
    assert db._pool._pool is None
