"""The app on a real terminal: how it looks there, how it ends, and that the terminal is left as it was."""

from __future__ import annotations

import os
import re
import signal
from functools import partial
from pathlib import Path

import pytest

from rhythm_domain.models.drafts import IssueDraft
from tests.instances import Team
from tests.tui.seat import PATIENCE, Seat

APP = ("-m", "rhythm_tui")

CRASHING = """
import sys
from rhythm_tui.__main__ import main
from rhythm_tui.screens import projects

async def load(self):
    password = "s3cret in a variable"
    raise KeyError("s3cret in a message")

projects.ProjectsScreen.load = load
sys.argv = ["rhythm"]
main()
"""


ENDING = """
import asyncio, sys
from rhythm_tui.__main__ import main
from rhythm_tui.app import RhythmApp

async def refresh(self):
    raise asyncio.CancelledError

async def ended(self, event):
    raise asyncio.CancelledError

if sys.argv[1] == "a command":
    from rhythm_tui.screens.work import WorkScreen
    WorkScreen.refresh_all = refresh
else:
    RhythmApp.on_paste = ended
sys.argv = ["rhythm"]
main()
"""
"""A key, r, or a paste of which something in the middle is cancelled."""


@pytest.fixture
async def env(team: Team, conninfo: str, tmp_path: Path) -> dict[str, str]:
    """The environment of the owner of CORE, who is signed in by a token."""
    await team.member.issues.create("CORE", IssueDraft(title="Login fails on Safari"))
    _, token = await team.owner.people.create_token("terminal")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RHYTHM_", "XDG_"))}
    return kept | {
        "RHYTHM_DATABASE_URL": conninfo,
        "RHYTHM_TOKEN": token,
        "RHYTHM_STATE_DIR": str(tmp_path / "state"),
        "RHYTHM_LOG_DIR": str(tmp_path / "log"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def open_at(env: dict[str, str], *args: str, size: tuple[int, int] = (100, 30), **more: str) -> Seat:
    return Seat(args or APP, env | more, size=size)


def test_it_opens_with_its_name_and_leaves_by_a_key(env: dict[str, str]) -> None:
    with open_at(env) as seat:
        seat.sees("Project CORE", "1 project")
        assert b"\x1b]2;rhythm\x1b\\" in seat.output
        assert not seat.restored
        seat.press("\x11")
        assert seat.ended() == 0
        assert seat.restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_order(env: dict[str, str], number: signal.Signals) -> None:
    with open_at(env) as seat:
        seat.sees("Project CORE")
        seat.process.send_signal(number)
        assert seat.ended() == 128 + number
        assert seat.restored
        assert "Traceback" not in seat.text


def test_ctrl_c_says_how_to_leave_and_twice_leaves(env: dict[str, str]) -> None:
    with open_at(env) as seat:
        seat.sees("Project CORE")
        seat.press("\x03")
        seat.sees("^q leaves Rhythm")
        assert seat.process.poll() is None
        seat.press("\x03")
        assert seat.ended() == 130
        assert seat.restored


def test_a_terminal_that_goes_away_takes_the_program_along(env: dict[str, str]) -> None:
    with open_at(env) as seat:
        seat.sees("Project CORE")
        seat.cut()
        seat.close_slave()
        assert seat.process.wait(PATIENCE) == 129


def test_a_crash_is_one_line_and_a_log_without_secrets(env: dict[str, str], tmp_path: Path) -> None:
    with open_at(env, "-c", CRASHING) as seat:
        assert seat.ended() == 1
        assert seat.restored
        left = seat.text[seat.text.rindex("rhythm: ") :]
        assert left.splitlines()[0] == "rhythm: Something unexpected went wrong (KeyError)."
        assert left.splitlines()[1].startswith("The log has the details: ")
        assert len(left.strip().splitlines()) == 2
        log = (tmp_path / "log" / "rhythm.log").read_text()
        assert "KeyError" in log
        for said in (seat.text, log):
            assert "s3cret" not in said
            assert "Traceback" not in said


@pytest.mark.parametrize(("what", "keys"), [("a command", "r"), ("a message", "\x1b[200~x\x1b[201~")])
def test_an_end_that_nobody_asked_for_is_a_defect(
    env: dict[str, str], tmp_path: Path, what: str, keys: str
) -> None:
    """A command, or the app itself, is cancelled by what it waited for: not as if nothing had been."""
    with open_at(env, "-c", ENDING, what) as seat:
        seat.sees("Project CORE")
        seat.press(keys)
        assert seat.ended() == 1
        assert seat.restored
        assert "rhythm: Something unexpected went wrong (RuntimeError)." in seat.text
    assert "RuntimeError" in (tmp_path / "log" / "rhythm.log").read_text()


def test_it_can_be_suspended_and_brought_back(env: dict[str, str]) -> None:
    with open_at(env) as seat:
        seat.sees("Project CORE")
        seat.press("\x1a")
        _, status = os.waitpid(seat.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        seat.until(lambda: b"\x1b[?1049l" in seat.output, "the screen of the shell")
        since = len(seat.text)
        seat.process.send_signal(signal.SIGCONT)
        seat.sees("Project CORE", since=since)
        seat.press("\x11")
        assert seat.ended() == 0
        assert seat.restored


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_can_show_nothing_is_told_of_the_command_line(env: dict[str, str], term: str) -> None:
    with open_at(env, TERM=term) as seat:
        assert seat.ended() == 7
        assert "can't be shown on this terminal" in seat.text
        assert "rhythm --help" in seat.text
        assert b"\x1b" not in seat.output


def colours(seat: Seat) -> set[str]:
    """Every colour that was asked of the terminal: the parameters behind 38, 48, 3x, 4x, 9x and 10x."""
    found: set[str] = set()
    for sequence in re.findall(rb"\x1b\[([0-9;]*)m", seat.output):
        parts = sequence.decode().split(";")
        while parts:
            part = parts.pop(0)
            if part in ("38", "48") and parts:
                length = 4 if parts[0] == "2" else 2
                found.add(";".join((part, *parts[:length])))
                del parts[:length]
            elif re.fullmatch(r"3[0-7]|4[0-7]|9[0-7]|10[0-7]", part):
                found.add(part)
    return found


def test_no_color_means_none(env: dict[str, str]) -> None:
    """What the colours say stands there in signs and words."""
    with open_at(env, NO_COLOR="1") as seat:
        seat.sees("Project CORE")
        seat.press("\r")
        seat.sees("Login fails on Safari", "◌")
        assert not colours(seat)


def test_sixteen_colours_are_enough(env: dict[str, str]) -> None:
    """Nothing finer is asked of such a terminal; the line under the cursor is told from the others."""
    with open_at(env, TERM="xterm", COLORTERM="") as seat:
        seat.sees("Project CORE")
        seat.press("\r")
        seat.sees("Login fails on Safari")
        asked = colours(seat)
        assert asked
        assert not any(colour.startswith(("38", "48")) for colour in asked)
        grounds = {colour for colour in asked if colour.startswith(("4", "10"))}
        assert len(grounds) > 1


def test_it_survives_every_size_on_every_view(env: dict[str, str]) -> None:
    """While it runs, from a single cell to a wall."""
    with open_at(env) as seat:
        seat.sees("Project CORE")
        seat.press("\r")
        seat.sees("Login fails")
        for view in ("1", "2", "3", "4", "5", "6", "gm"):
            seat.press(view)
            for size in ((1, 1), (2, 300), (300, 100), (20, 3), (80, 24)):
                mark = len(seat.output)
                seat.resize(*size)
                seat.until(partial(_drawn, seat, mark), f"{view} at {size}")
                assert seat.process.poll() is None, seat.text[-2000:]
        seat.press("\x11")
        assert seat.ended() == 0
        assert seat.restored


def _drawn(seat: Seat, mark: int) -> bool:
    """Whether anything was drawn since, or the program has ended."""
    return len(seat.output) > mark or seat.process.poll() is not None
