"""Hostile input on a real terminal: the app answers, whatever bytes come, and obeys no key that is none."""

from __future__ import annotations

import asyncio
import os
import sys
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from textual.app import App
from textual.events import Paste
from textual.message import Message

from rhythm_domain.models.drafts import IssueDraft
from rhythm_tui.terminal.driver import AHEAD, HIGHEST, LONGEST_PASTE, WIDEST, Pastes, SteadyDriver
from tests.instances import Team
from tests.tui.terminal import PATIENCE, Terminal, pasted

Program = Callable[..., Terminal]

GARBAGE = (
    b"\xff\xfe\x80\xc3\x28\xf0\x9f\x92",  # no UTF-8
    b"\xc3",  # half of a letter, and never the rest
    b"\x1b[99999999999~\x1b[1114112u\x1b[55296u\x1b[;1:3u\x1b[1;~",  # keys that no character has
    b"\x1b[<0;99999;99999M\x1b[<0;-5;-5M\x1b[<64;1;1M\x1b[<35;0;0m\x1b[<255;1;1M\x1b[M   ",  # mouse
    b"\x1b[48;30000;30000;0;0t\x1b[48;0;0;0;0t\x1b[<0;5;5M\x1b[<0;5;5m",  # sizes, then a mouse
    b"\x1b[I\x1b[O\x1b[I\x1b[O\x1b[O",  # focus
    b"\x1b[?2048;2$y\x1b[?2026;0$y\x1b[?1;1$y\x1b[1;1R",  # late and odd answers
    b"\x1b[201~\x1b[201~",  # the end of a paste that never began
)


@pytest.fixture
async def rhythm(team: Team, conninfo: str, tmp_path: Path) -> Program:
    """Starts the program for the member, who has three issues."""
    for title in ("one", "two", "three"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    token = (await team.member.people.create_token("terminal"))[1]

    def start(
        size: tuple[int, int] = (100, 30), *, program: str = "rhythm_tui", **options: Callable[[str], str]
    ) -> Terminal:
        env = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("RHYTHM_", "TEXTUAL"))
            },
            "RHYTHM_DATABASE_URL": conninfo,
            "RHYTHM_TOKEN": token,
            "RHYTHM_STATE_DIR": str(tmp_path / "state"),
            "RHYTHM_LOG_DIR": str(tmp_path / "log"),
            "TERM": "xterm-256color",
            "TEXTUAL": "debug,devtools",
            "TEXTUAL_DRIVER": "nobody:Nothing",
            "TEXTUAL_LOG": str(tmp_path / "stolen"),
            "TEXTUAL_PRESS": "ctrl+q",
        }
        return Terminal([sys.executable, "-m", program], env, size, **options)

    return start


def opened(terminal: Terminal) -> None:
    """Opens the issues of CORE."""
    terminal.sees("NAME", "CORE")
    terminal.press("enter")
    terminal.sees("three", "two", "one", "3 issues")


def left(terminal: Terminal) -> None:
    """Leaves; the terminal is as it was, and was told nothing that it should not have been."""
    terminal.press("ctrl+q")
    assert terminal.ends() == 0, terminal.look
    assert not terminal.screen.findings, terminal.look
    assert not terminal.screen.copied


def test_no_bytes_end_the_app_or_press_keys(rhythm: Program) -> None:
    """Textual's own reader ends with a traceback at many of these; here the next key is answered."""
    with rhythm() as terminal:
        opened(terminal)
        for at, garbage in enumerate(GARBAGE):
            terminal.send(garbage)
            terminal.press("n")
            terminal.sees("New issue in CORE")
            terminal.send(garbage)
            terminal.press("tab")  # A mouse may have taken the focus.
            terminal.send(f"answered {at}")
            terminal.sees(f"answered {at}")
            terminal.press("escape")
            terminal.misses("New issue in CORE")
        left(terminal)


def test_a_paste_presses_no_keys(rhythm: Program) -> None:
    """Escape sequences in a paste: Textual would press the letters behind them, such as d for delete."""
    hostile = "\x1bPdxX" + "\x1b[zdxXu" * 20 + "\x1b\x1b[<0;1;1M\x1b[48;1;1;1;1t\x1b[200~dddd\n" * 3
    with rhythm() as terminal:
        opened(terminal)
        terminal.send(pasted(hostile))  # into the table: it goes nowhere
        terminal.press("n")
        terminal.sees("New issue in CORE")
        terminal.send(pasted(f"begin{hostile}end"))
        terminal.press("home")
        terminal.sees("begin�PdxX�[zdxXu")
        terminal.press("end", "ctrl+u")
        terminal.send(pasted("all safe"))
        terminal.press("enter")
        terminal.sees("CORE-4", "all safe", "three", "two", "one", "4 issues")
        left(terminal)


def test_a_megabyte_is_pasted_anywhere(rhythm: Program) -> None:
    """It is refused with a word, and the app goes on at once."""
    with rhythm() as terminal:
        opened(terminal)
        terminal.send(pasted("d" * 1_000_000))
        terminal.press("n")
        terminal.sees("New issue in CORE")
        terminal.send(pasted("漢" * 350_000))
        terminal.sees("350,000 characters are too many")
        terminal.press("escape", "E")
        terminal.sees("Description")
        terminal.send(pasted("x\x1b]52;c;eA==\x07\n" * 60_000))
        terminal.sees("are too many to paste")
        terminal.send(pasted("still here"))
        terminal.sees("still here")
        terminal.press("escape")
        terminal.misses("Description")
        left(terminal)


def test_keys_in_one_burst_are_all_obeyed(rhythm: Program) -> None:
    """A line that was stuck gives everything at once: what is written is all there, in its order."""
    with rhythm(program="tests.tui.watched") as terminal:
        opened(terminal)
        terminal.send("n" + "first of all" + "\r" + "n" + "second" + "\r" + "j" * 50 + "k" * 50 + "gg/second")
        terminal.sees("1 issue", "second")
        terminal.press("ctrl+u")
        terminal.sees("5 issues", "first of all")
        left(terminal)


def test_the_window_gets_any_size_in_the_middle_of_everything(rhythm: Program) -> None:
    """From one cell to more than there are, with dialogs open; the app is whole again afterwards."""
    with rhythm() as terminal:
        opened(terminal)
        for view in ("1", "2", "3", "4", "5", "6", "1"):
            terminal.press(view)
            for size in ((1, 1), (300, 100), (2, 3), (20, 5), (80, 24), (3, 200), (200, 3)):
                terminal.resize(*size)
                terminal.press("j", "k")
                terminal.pause(0.05)
        for key in ("n", "s", ":", "?", "E", "f"):
            terminal.press(key)
            for size in ((1, 1), (300, 100), (7, 2), (80, 24)):
                terminal.resize(*size)
                terminal.pause(0.05)
            terminal.press("escape", "escape")
        terminal.resize(100, 30)
        terminal.press("1")
        terminal.sees("three", "two", "one", "3 issues")
        left(terminal)


def test_a_window_of_any_size_takes_no_memory(rhythm: Program) -> None:
    """Over SSH anybody may say that their window has 65,535 cells each way."""
    with rhythm() as terminal:
        opened(terminal)
        terminal.screen.resize(100, 30)
        terminal.announce(65535, 65535)
        terminal.press("n")
        terminal.until(lambda: "New issue in CORE" in terminal.written.decode(errors="replace"), "the dialog")
        terminal.press("escape")
        terminal.resize(100, 30)
        terminal.sees("three", "3 issues")
        left(terminal)


class Busy(App[int]):
    """An app that has more to do than it can."""

    behind = AHEAD + 1


async def test_what_is_typed_into_a_busy_app_waits_in_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever types for hours while it works would fill its memory."""
    monkeypatch.setattr(sys, "__stdin__", sys.__stderr__)
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    app, taken = Busy(), list[Message]()
    driver = SteadyDriver(app)
    driver.fileno = theirs
    monkeypatch.setattr(driver, "process_message", taken.append)
    reader = Thread(target=driver.run_input_thread)
    reader.start()
    os.write(ours, b"j" * 2000)  # So many in one read are waited for, until the loop has heard of them.
    await asyncio.sleep(0.1)
    assert not taken
    app.behind = AHEAD
    async with asyncio.timeout(PATIENCE):
        while len(taken) < 2000:  # noqa: ASYNC110 - it is filled by a thread
            await asyncio.sleep(0.01)
    driver.exit_event.set()
    await asyncio.to_thread(reader.join)
    for end in (ours, theirs):
        os.close(end)


async def test_nor_does_the_first_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual alone would ask the system how large it is, and believe it."""
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((65535, 65535)))
    monkeypatch.setattr(sys, "__stdin__", sys.__stderr__)
    assert SteadyDriver(App())._size == (WIDEST, HIGHEST)


@pytest.mark.parametrize("answer", ["", "\x1b[?2026;0$y", "\x1b[?2026;2$y\x1b[?2048;2$y\x1b[48;50;50;0;0t"])
def test_the_terminal_answers_what_it_likes(rhythm: Program, answer: str) -> None:
    """Never, or that it can nothing, or more than it was asked: the app opens and answers keys."""
    with rhythm(answers=lambda question: answer) as terminal:
        opened(terminal)
        terminal.press("?")
        terminal.sees("Keys")
        terminal.press("escape")
        left(terminal)


def test_the_environment_makes_the_app_do_nothing(rhythm: Program, tmp_path: Path) -> None:
    """TEXTUAL_PRESS would leave, TEXTUAL_DRIVER import, TEXTUAL_LOG write a file: none of it happens."""
    with rhythm() as terminal:
        opened(terminal)
        left(terminal)
    assert not (tmp_path / "stolen").exists()
    assert set(terminal.screen.titles) == {"rhythm"}


def test_the_end_of_the_terminal_ends_the_app(rhythm: Program) -> None:
    """Whoever closes the window leaves nothing behind that runs on."""
    with rhythm() as terminal:
        opened(terminal)
        terminal.hang_up()
        terminal.ends()


# Pastes, piece by piece ---------------------------------------------------------------------------------


def fed(*chunks: str) -> Iterator[str | Paste]:
    pastes = Pastes()
    for chunk in chunks:
        yield from pastes.feed(chunk)
    yield pastes.release()


def test_pastes_are_whole_wherever_they_are_cut() -> None:
    """Marks and texts come in any pieces."""
    stream = "a\x1b[Ab" + pasted("x\x1b[20y\x1b[200~\x1b[20") + "\x1b[200" + pasted("") + "c\x1b"
    for size in range(1, 12):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        parts = list(fed(*pieces))
        assert [part.text for part in parts if isinstance(part, Paste)] == ["x\x1b[20y\x1b[200~\x1b[20", ""]
        assert "".join(part for part in parts if isinstance(part, str)) == "a\x1b[Ab\x1b[200c\x1b"


def test_a_paste_without_end_is_bounded() -> None:
    """What is more than anybody pastes is dropped until the paste ends."""
    pastes = Pastes()
    assert not list(pastes.feed("\x1b[200~"))
    for _ in range(12):
        assert not list(pastes.feed("x" * 1_000_000))
    (paste, after) = pastes.feed("\x1b[201~k")
    assert isinstance(paste, Paste)
    assert len(paste.text) == LONGEST_PASTE
    assert after == "k"
