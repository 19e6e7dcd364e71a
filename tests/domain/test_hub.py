"""One connection listens for many sessions: what it passes on and makes good, and what happens without it."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from rhythm_domain import notices
from rhythm_domain.database import Database
from rhythm_domain.errors import NotSignedIn, Unavailable
from rhythm_domain.hub import _EVERYBODY, Hub, announcement
from rhythm_domain.live import Announcement, Change, Live, Resync
from rhythm_domain.notices import LONGEST, Notice, parse
from rhythm_domain.session import Session
from tests.domain.test_live import (
    Heard,
    change_something,
    listening,
    next_change,
    next_of,
    write_events,
)
from tests.instances import Team
from tests.servers import Server


@pytest.fixture
def path() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rh"))
    yield folder / "hub.sock"
    shutil.rmtree(folder)


@asynccontextmanager
async def hub(conninfo: str, path: Path, poll: float = 5.0) -> AsyncIterator[Hub]:
    """The hub of a database, at a socket."""
    db = Database(conninfo)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen(200)
        made = Hub(db, {"ping": _pong}, poll=poll)
        serving = asyncio.create_task(made.serve(listener))
        try:
            yield made
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            await db.close()


async def _pong(words: list[str]) -> str:
    return " ".join(["pong", *words])


@asynccontextmanager
async def seated(session: Session, conninfo: str, path: Path) -> AsyncIterator[AsyncGenerator[Heard, None]]:
    """What a hosted session of a person hears."""
    db = Database(conninfo, hub=path)
    try:
        async with aclosing(Live(db, Session(db, session.user, session.id)._guard).changes()) as changes:
            yield changes
    finally:
        await db.close()


async def known(made: Hub, count: int = 1) -> None:
    """Waits until the hub hears the database, and has so many listeners."""
    async with asyncio.timeout(60):
        while len(made._listeners) < count or made._state != _EVERYBODY:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


def connections(team: Team) -> int:
    """Connections of this database, without the test's own."""
    return int(
        team.instance.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND application_name = 'rhythm'"
        )
    )


async def test_many_sessions_hear_by_one_connection(team: Team, conninfo: str, path: Path) -> None:
    async with (
        hub(conninfo, path) as made,
        seated(team.viewer, conninfo, path) as one,
        seated(team.member, conninfo, path) as other,
        seated(team.outsider, conninfo, path) as outside,
    ):
        for each in (one, other, outside):
            await listening(each)
        first, second, third = (asyncio.ensure_future(next_of(each)) for each in (one, other, outside))
        await known(made, 3)
        await change_something(team.owner)
        for heard in (await first, await second):
            assert isinstance(heard, Change)
            assert heard.actor.name == "olga"
        assert not third.done()
        third.cancel()
        await asyncio.wait([third])
        # A session's own, the hub's, and that of the person who made the change.
        assert connections(team) <= 3 + 1 + 1


async def test_a_lost_notice_is_made_good_for_all(team: Team, conninfo: str, path: Path) -> None:
    async with hub(conninfo, path, poll=0.2), seated(team.viewer, conninfo, path) as changes:
        await listening(changes)
        waiting = asyncio.ensure_future(next_of(changes))
        write_events(team, 1)
        assert isinstance(await waiting, Change)


async def test_what_happens_in_a_project_at_once_is_told_at_once_and_then_together() -> None:
    """Or fifty people who move cards would each be woken by all others; what is said is no such thing."""
    made = Hub(Database(""), {})
    made._state = _EVERYBODY
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        theirs.setblocking(False)
        made._listeners.add(ours)
        for project in [1, 1, 2] * 100:
            made._pass(Notice(project))
        made._pass(Notice(-1, "Tea"))
        told = [parse(theirs.recv(LONGEST).decode()) for _ in range(3)]
        assert told == [Notice(1), Notice(2), Notice(-1, "Tea")]
        async with asyncio.timeout(60):
            while made._told:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        assert {parse(theirs.recv(LONGEST).decode()) for _ in range(2)} == {Notice(1), Notice(2)}
        with pytest.raises(BlockingIOError):
            theirs.recv(LONGEST)


async def test_an_announcement_reaches_everybody(team: Team, conninfo: str, path: Path) -> None:
    async with hub(conninfo, path), seated(team.outsider, conninfo, path) as hosted:
        await listening(hosted)
        db = Database(conninfo)
        async with aclosing(Live(db, team.viewer._guard).changes()) as direct:
            await listening(direct)
            waiting = [asyncio.ensure_future(next_of(each)) for each in (hosted, direct)]
            while not all(each.done() for each in waiting):  # One may not listen yet.
                said = announcement("Coffee \x1b[31m at ten")
                team.instance.sql.execute("SELECT pg_notify(%(channel)s, %(payload)s)", said)
                await asyncio.sleep(0.1)
            for each in waiting:
                assert await each == Announcement(text="Coffee \x1b[31m at ten")
        await db.close()


async def test_without_the_hub_it_looks_by_itself_and_finds_it_again(
    team: Team, conninfo: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "POLL", 0.2)
    monkeypatch.setattr(notices.HubLine, "again", 0.1)
    async with seated(team.viewer, conninfo, path) as changes:
        await listening(changes)
        await change_something(team.owner)
        await next_change(changes)
        async with hub(conninfo, path):
            waiting = asyncio.ensure_future(next_of(changes))
            await change_something(team.owner)
            assert isinstance(await waiting, Change)
        await change_something(team.owner)
        await next_change(changes)


async def test_a_session_that_ended_hears_so_at_once(team: Team, conninfo: str, path: Path) -> None:
    async with hub(conninfo, path) as made, seated(team.viewer, conninfo, path) as changes:
        await listening(changes)
        waiting = asyncio.ensure_future(next_of(changes))
        await known(made)
        await team.admin.people.deactivate("vic")
        with pytest.raises(NotSignedIn):
            await waiting


async def test_the_hubs_own_connection_may_break(team: Team, conninfo: str, path: Path) -> None:
    """It says so and makes another one; what happened meanwhile is read anew."""
    async with hub(conninfo, path) as made, seated(team.viewer, conninfo, path) as changes:
        await listening(changes)
        waiting = asyncio.ensure_future(next_of(changes))
        await known(made)
        team.instance.sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'rhythm'"
        )
        assert isinstance(await waiting, Resync)
        await change_something(team.owner)
        assert isinstance(await next_of(changes), Change)


async def test_a_server_that_is_frozen_is_said_to_be_within_a_beat(server: Server, path: Path) -> None:
    line = notices.HubLine(path)
    async with hub(server.conninfo, path):
        while line.poll != notices.RARE:
            await line.hear(1)
        server.freeze()
        try:
            with pytest.raises(Unavailable):  # noqa: PT012 - it may say before that all is well
                async with asyncio.timeout(60):
                    while True:
                        await line.hear(1)
        finally:
            server.thaw()
            line.close()


async def test_who_comes_while_it_hears_nothing_looks_for_themselves(path: Path) -> None:
    """They do so every few seconds, until it hears."""
    line = notices.HubLine(path)
    async with hub("postgresql:///nowhere?host=/nowhere", path) as made:
        async with asyncio.timeout(60):
            while not made._state:  # noqa: ASYNC110 - the hub tells nobody
                await asyncio.sleep(0.01)
            assert await line.hear(60) == []
            assert line.poll == notices.POLL
            made._become(b'{"p": null}')
            assert await line.hear(60) == [Notice()]
            assert line.poll == notices.RARE
            made._become(notices.LOST + b"It is gone.")
            with pytest.raises(Unavailable, match="It is gone"):
                await line.hear(60)
    line.close()


async def test_a_notice_that_comes_as_the_time_is_over_is_heard(path: Path) -> None:
    """The loop finds both in the same turn."""
    line = notices.HubLine(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(path))
        listener.listen()
        assert await line.hear(0.01) == []
        hubs, _ = listener.accept()
        with hubs:
            hearing = asyncio.ensure_future(line.hear(0.01))
            await asyncio.sleep(0)
            hubs.send(b'{"p": 3}')
            time.sleep(0.05)  # noqa: ASYNC251 - the loop is held up
            assert await hearing == [Notice(3)]
    line.close()


async def test_it_answers_questions_and_lets_go_of_who_says_nothing_it_knows(
    conninfo: str, path: Path
) -> None:
    async with hub(conninfo, path):
        assert await asked(path, b"ping\0\0a\0\0b") == b"pong a b"
        assert await asked(path, b"who are you") == b""
        assert await asked(path, b"\xff") == b""
        assert await asked(path, b"ping") == b"pong"


async def asked(path: Path, question: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.setblocking(False)
        await loop.sock_connect(line, str(path))
        await loop.sock_sendall(line, question)
        async with asyncio.timeout(60):
            return await loop.sock_recv(line, 1000)


async def test_one_who_takes_no_notices_is_let_go(team: Team, conninfo: str, path: Path) -> None:
    """It holds nobody up."""
    async with hub(conninfo, path) as made, seated(team.viewer, conninfo, path) as changes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as deaf:
            deaf.connect(os.fspath(path))
            deaf.send(b"listen")
            await listening(changes)
            waiting = asyncio.ensure_future(next_of(changes))
            await known(made, 2)
            async with asyncio.timeout(60):
                while len(made._listeners) == 2:
                    made._tell(b"x" * 4000)
                    await asyncio.sleep(0)
            await change_something(team.owner)
            assert isinstance(await waiting, Change)


@pytest.mark.parametrize(
    ("payload", "notice"),
    [
        ('{"p": 3, "i": [1], "o": "x"}', Notice(3)),
        ('{"p": null}', Notice(None)),
        ('{"say": "Hello"}', Notice(-1, "Hello")),
        ('{"say": 3}', Notice(None)),
        ("[" * 3000, Notice(None)),
        ("what?", Notice(None)),
        ("[1]", Notice(None)),
        ('{"p": "3"}', Notice(None)),
    ],
)
def test_a_notice_of_another_program_concerns_everybody(payload: str, notice: Notice) -> None:
    assert notices.parse(payload) == notice
