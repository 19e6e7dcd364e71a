"""Coming in by ssh where a resident process serves: sshd asks the hub, and sessions are forks."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.session import Session
from rhythm_tui.hosting import key_shim
from rhythm_tui.hosting.control import ask
from rhythm_tui.hosting.install import sshd_settings
from tests.conftest import Postgres
from tests.databases import Databases
from tests.hosting.conftest import Host
from tests.hosting.driver import end_with_children, hub_answers, until
from tests.hosting.sshd import SSHD, Client, Sshd, me
from tests.instances import Instance, Team
from tests.servers import alive, reachable_folder

_NUMBER = count()


class Warm(Host):
    """A shared instance with its resident process."""

    process: subprocess.Popen[str]

    async def person(self, session: Session, name: str = "") -> Client:
        """Somebody who comes in by a key that nobody had yet."""
        return await super().person(session, name or f"laptop{next(_NUMBER)}")

    @property
    def warm(self) -> list[dict[str, Any]]:
        """The sessions of the resident process."""
        return list(json.loads(ask(self.folder / "host.sock", "status"))["sessions"])

    def pid(self) -> int:
        """The process of the one session."""
        until(lambda: len(self.warm) == 1, "the session")
        return int(self.warm[0]["pid"])


@contextmanager
def warmed(team: Team, conninfo: str, folder: Path) -> Iterator[Warm]:
    """A resident process, and an sshd that asks its hub."""
    file = folder / "host.toml"
    file.write_text(f"database_url = {json.dumps(conninfo)}\nrun_dir = {json.dumps(str(folder))}\n")
    file.chmod(0o600)
    asks = [sys.executable, "-I", "-S", "-E", key_shim.__file__, str(folder / "hub.sock"), str(file)]
    sshd = Sshd(folder, sshd_settings(f"{shutil.which('env')} {shlex.join(asks)} %f %t %k", me()))
    made = Warm(team, folder, file, sshd)
    command = [sys.executable, "-I", "-m", "rhythm_tui", "host", "serve", "--as-root", "--config", str(file)]
    made.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert made.process.stderr is not None
        assert "serving" in made.process.stderr.readline()
        until(lambda: hub_answers(folder), "the hub")
        sshd.start()
        yield made
    finally:
        sshd.stop()
        end_with_children(made.process)
        made.process.wait()
        made.process.stderr.close()  # type: ignore[union-attr]


@pytest.fixture(scope="module")
def standing(postgres: Postgres, databases: Databases) -> Iterator[Warm]:
    """A host that serves many tests."""
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server")
    name, folder = databases.copy(), reachable_folder()
    conninfo = postgres.conninfo(name)
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        team = Team.of(Instance(Database(conninfo), sql))
        with warmed(team, conninfo, folder) as made:
            yield made
    databases.drop(name)
    shutil.rmtree(folder)


@pytest.fixture
async def host(standing: Warm) -> AsyncIterator[Warm]:
    """A host at which nobody is, with one issue more than before; a test leaves it so."""
    team = standing.team
    db = Database(team.instance.db.conninfo)  # The one before is of another loop.
    people = {name: each for name, each in vars(team).items() if isinstance(each, Session)}
    anew: dict[str, Any] = {name: Session(db, each.user, each.id) for name, each in people.items()}
    standing.team = replace(team, instance=replace(team.instance, db=db), **anew)
    team.instance.sql.execute("DELETE FROM notes")  # Everybody begins where one begins.
    await standing.issue("Login fails on Safari")
    yield standing
    until(lambda: not standing.warm, "the end of all sessions")
    await db.close()


@pytest.fixture
async def own(team: Team, conninfo: str, folder: Path) -> AsyncIterator[Warm]:
    """A host of the test's own, to be mistreated."""
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server")
    with warmed(team, conninfo, folder) as made:
        yield made


async def test_the_app_is_a_fork_and_ends_with_its_code(host: Warm) -> None:
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        host.pid()
        assert not host.sessions(), "a program of its own was begun"
        seat.press("\x11")
        assert seat.ended() == 0
    until(lambda: not host.warm, "the end")
    assert mia.run("issue show CORE-999").returncode == 5
    done = mia.run("issue list --json")
    assert "CORE-1" in [each["key"] for each in json.loads(done.stdout)["items"]]


async def test_two_people_see_each_others_changes(host: Warm) -> None:
    mia, olga = await host.person(host.team.member), await host.person(host.team.owner)
    with mia.open() as seat:
        seat.sees("Project CORE")
        seat.press("\r")
        seat.sees("Login fails on Safari")
        assert olga.run("issue create CORE Another").returncode == 0
        seat.sees("1 new")


async def test_a_new_size_comes_through(host: Warm) -> None:
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        assert b"\x1b[37;" not in seat.output
        seat.resize(80, 37)
        seat.process.send_signal(signal.SIGWINCH)
        seat.until(lambda: b"\x1b[37;" in seat.output, "a picture of the new size")


async def test_a_client_that_vanished_takes_its_session_along(host: Warm) -> None:
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        pid = host.pid()
        seat.process.kill()
        until(lambda: not alive(pid), "the end of the session")
    until(lambda: not host.warm, "that it is known")


async def test_a_command_whose_client_vanished_ends(host: Warm) -> None:
    """It waits for what is piped to it, as its person may import."""
    max_ = await host.person(host.team.maintainer)
    line = max_.arguments(max_.to, "import github - --project CORE")
    with subprocess.Popen(line, stdin=subprocess.PIPE, env=max_._env) as process:  # noqa: ASYNC220
        pid = host.pid()
        process.kill()
        until(lambda: not alive(pid), "the end of the session")


async def test_a_key_that_is_removed_closes_its_sessions_at_once(host: Warm) -> None:
    mia = await host.person(host.team.member, "laptop")
    with mia.open() as seat:
        seat.sees("Project CORE")
        pid = host.pid()
        began = time.monotonic()
        await host.team.member.people.remove_ssh_key("laptop")
        until(lambda: not alive(pid), "the end of the session")
        assert time.monotonic() - began < 30
    assert mia.run("whoami").returncode == 255


async def test_when_the_resident_process_is_killed_people_come_back_in(own: Warm) -> None:
    mia = await own.person(own.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        pid = own.pid()
        os.kill(own.process.pid, signal.SIGKILL)
        assert seat.ended() == 8
        assert "connect again" in seat.text
        assert not alive(pid)
    with mia.open() as seat:
        seat.sees("Project CORE")
        assert own.sessions()
        seat.press("\x11")
        assert seat.ended() == 0


async def test_a_crash_in_one_is_told_and_touches_no_other(host: Warm) -> None:
    mia, vic = await host.person(host.team.member), await host.person(host.team.viewer)
    with mia.open() as first:
        first.sees("Project CORE")
        pid = host.pid()
        with vic.open() as second:
            second.sees("Project CORE")
            os.kill(pid, signal.SIGABRT)
            assert first.ended() == 128 + signal.SIGABRT
            assert "ended unexpectedly" in first.text
            assert b"\x1b[?1049l" in first.output
            second.press("\r")
            second.sees("Login fails on Safari")
