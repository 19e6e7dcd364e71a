"""The app over SSH: two people at one board, and what becomes of a session when its line does not hold."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.hosting.conftest import Host
from tests.hosting.sshd import told, until
from tests.tui.seat import Seat


@pytest.fixture
def asks(folder: Path) -> str:
    """It is told of all keys: here it is not the question whose they are."""
    return told(folder / "known")


def session_of(host: Host) -> int:
    """The process of the one session that is open."""
    until(lambda: len(host.sessions()) == 1, "one session")
    (pid,) = host.sessions()
    return pid


async def test_two_people_at_one_board_see_what_the_other_does(host: Host) -> None:
    mia, max_ = await host.person(host.team.member), await host.person(host.team.maintainer)
    with mia.open() as first, max_.open() as second:
        for seat in (first, second):
            seat.sees("Project CORE")
            seat.press("\r2")
            seat.sees("in progress")
        first.press("n")
        first.sees("New issue")
        first.press("Made by mia\x13")
        for seat in (first, second):
            seat.sees("CORE-1", "Made by mia")
        second.press("\x11")
        assert second.ended() == 0
        assert second.restored
        first.press("\x11")
        assert first.ended() == 0
    assert host.team.instance.value("SELECT reporter_id FROM issues") == host.team.member.user.id
    assert host.team.instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0


async def test_an_issues_key_opens_it(host: Host) -> None:
    vic = await host.person(host.team.viewer)
    await host.issue("A thing to look at")
    with vic.open("CORE-1") as seat:
        seat.sees("A thing to look at", "Activity")
        seat.press("\x11")
        assert seat.ended() == 0


async def test_who_is_deactivated_is_out_of_the_app_at_once(host: Host) -> None:
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        await host.team.admin.people.deactivate("mia")
        assert seat.ended() == 3
        assert "Your session has ended" in seat.text
        assert seat.restored
    until(lambda: not host.sessions(), "no session")


async def test_a_line_that_is_cut_ends_the_session(host: Host) -> None:
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        session_of(host)
        seat.process.kill()
        until(lambda: not host.sessions(), "the end of the session")
    until(
        lambda: host.team.instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0, "the end"
    )


async def test_a_session_whose_server_dies_ends(host: Host) -> None:
    """It hears of it from its terminal alone, and does not spin on its end."""
    mia = await host.person(host.team.member)
    with mia.open() as seat:
        seat.sees("Project CORE")
        pid = session_of(host)
        os.kill(parent(pid), signal.SIGKILL)
        until(lambda: pid not in host.sessions(), "the end of the session")


async def test_a_client_that_says_nothing_any_more_is_let_go(host: Host) -> None:
    """Its machine sleeps, or its network is gone: sshd asks, as the app is silent while nothing happens."""
    mia = await host.person(host.team.member)
    host.sshd.stop()
    host.sshd.snippet = host.sshd.snippet.replace("AliveInterval 5", "AliveInterval 1")
    host.sshd.start()
    with mia.open() as seat:
        seat.sees("Project CORE")
        pid = session_of(host)
        os.kill(seat.process.pid, signal.SIGSTOP)
        until(lambda: pid not in host.sessions(), "the end of the session")


QUICK = """
import sys
from functools import partial
from pathlib import Path
from rhythm_tui.hosting.session import serve
from rhythm_tui.hosting import settings
from rhythm_tui.terminal import pulse
pulse.SILENCE, pulse.PATIENCE = 0.5, 1.0
sys.exit(serve(int(sys.argv[1]), None, {"TERM": "xterm"}, host=partial(settings.load, Path(sys.argv[2]))))
"""
"""A session without sshd, of a terminal that is soon asked if it is there."""


async def test_a_terminal_that_does_not_answer_any_more_is_let_go(host: Host) -> None:
    """While others' changes are drawn for it sshd never asks."""
    await host.key(host.team.member)
    key = host.team.instance.value("SELECT id FROM ssh_keys")
    with Seat(["-c", QUICK, str(key), str(host.file)], {"PATH": os.environ["PATH"]}) as seat:
        seat.sees("Project CORE")
        seat.until(lambda: b"\x1b[6n" in seat.output, "the question")
        seat.press("\x1b[1;1R")
        count = 0
        while seat.process.poll() is None:
            count += 1
            assert count < 1000
            await host.issue(f"Number {count}")
            await asyncio.sleep(0.05)
        assert seat.process.returncode == 129


CRASHING = """
import sys
from functools import partial
from pathlib import Path
from rhythm_tui.hosting.session import serve
from rhythm_tui.hosting import settings
from rhythm_tui.screens import projects

async def load(self):
    password = "s3cret in a variable"
    raise KeyError("s3cret in a message")

projects.ProjectsScreen.load = load
host = partial(settings.load, Path(sys.argv[2]))
sys.exit(serve(int(sys.argv[1]), sys.argv[3] or None, {"TERM": "xterm"}, host=host))
"""


async def test_a_defect_shows_nothing_of_where_it_is(host: Host) -> None:
    """No variable, no message, no path: one line, and an exit code. The log of the system has the rest."""
    await host.key(host.team.member)
    key = host.team.instance.value("SELECT id FROM ssh_keys")
    with Seat(["-c", CRASHING, str(key), str(host.file), ""], {"PATH": os.environ["PATH"]}) as seat:
        assert seat.ended() == 1
        assert "Something unexpected went wrong (KeyError)." in seat.text
        assert seat.restored
        for secret in ("s3cret", "password", "rhythm.log", ".py", str(host.folder), "Traceback"):
            assert secret not in seat.text
    assert host.team.instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0


async def test_what_was_typed_outlives_the_line(host: Host) -> None:
    """It is kept in the database: the person finds it wherever they come in again."""
    mia = await host.person(host.team.member)
    await host.issue("To be commented")
    with mia.open("CORE-1") as seat:
        seat.sees("To be commented", "Activity")
        seat.press("c")
        seat.sees("Comment · CORE-1")
        seat.press("Half a thought")
        seat.sees("Half a thought")
        until(lambda: host.team.instance.value("SELECT value FROM notes WHERE kind = 'drafts'"), "a draft")
        seat.process.kill()
    until(lambda: not host.sessions(), "the end of the session")
    with mia.open("CORE-1") as seat:
        seat.sees("To be commented", "Activity")
        seat.press("c")
        seat.sees("Half a thought")


def parent(pid: int) -> int:
    """The process that began another."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
