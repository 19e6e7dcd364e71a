"""A program on a terminal of its own: every byte that it writes is read as a terminal would, and judged.

Allowed is exactly what Textual and the app say to a terminal. All else is a finding: a sequence of another
kind, one with a number that only hostile text knows, a control that stands alone, an invisible character.
"""

from __future__ import annotations

import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

from rich.cells import cell_len

PATIENCE = 120.0
"""Seconds after which what does not come is given up: a busy machine is no defect, a freeze is one."""

SENTINEL = "7331"
"""A number that stands in every sequence of the hostile texts, and in none that the app has a reason for."""

MODES = {"7", "25", "1000", "1003", "1004", "1006", "1015", "1016", "1049", "2004", "2026", "2048"}
"""What Textual turns on and off: the cursor, the mouse, focus, pasting, the other screen, whole frames."""

SHAPES = {"default", "pointer", "text", "help", "not-allowed", "grab", "grabbing"}
"""How the mouse's pointer may look (OSC 22)."""

_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f\udc80-\udcff]+)"
    r"|\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    r"|\x1b\](?P<osc>[^\x07\x1b\x9c]*)(?:\x07|\x1b\\)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(\[[0-?]*[ -/]*|\][^\x07\x1b\x9c]*\x1b?)?\Z")
_CSI = re.compile(
    r"[0-9;]*m"  # colours
    r"|\d*;?\d*H"  # where to write
    r"|\?(2026|2048)\$p"  # what can you do?
    r"|>\d*u|<\d*u"  # keys told apart
    r"|22;2t|23;2t"  # the title that stood there, kept and put back
)
_NAMED = {
    "enter": "\r", "escape": "\x1b[27u", "tab": "\t", "space": " ", "backspace": "\x7f", "up": "\x1b[A",
    "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "f1": "\x1bOP", "f2": "\x1bOQ", "f12": "\x1b[24~",
}  # fmt: skip


def pasted(text: str) -> str:
    """What a terminal sends when a text is pasted."""
    return f"\x1b[200~{text}\x1b[201~"


def harmful(text: str) -> str:
    """What in a written text acts, hides or turns a line around; empty if nothing does."""
    run = 0
    for char in text:
        category = unicodedata.category(char)
        joins = char in "\u200c\u200d" or "\ufe00" <= char <= "\ufe0f"
        if (category in ("Cc", "Cf", "Zl", "Zp", "Cs") and not joins) or char in "\u3164\u115f\u1160\uffa0":
            return f"U+{ord(char):04X}"
        run = run + 1 if category in ("Mn", "Me") and not joins else 0
        if run > 8:
            return "a tower of marks"
    return ""


class Screen:
    """What a terminal shows of what it was sent, and what it should not have been sent."""

    def __init__(self, width: int, height: int) -> None:
        self.findings: list[str] = []
        self.copied: list[str] = []
        self.titles: list[str] = []
        self.modes: dict[str, bool] = {}
        self.questions: list[str] = []
        self._rest = ""
        self._x = self._y = 0
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """A screen of another size, empty until it is written to."""
        self.width, self.height = width, height
        self._cells = [[" "] * width for _ in range(height)]

    @property
    def text(self) -> str:
        return "\n".join("".join(line).rstrip() for line in self._cells)

    def feed(self, data: str) -> None:
        data, self._rest = self._rest + data, ""
        if unfinished := _UNFINISHED.search(data):
            data, self._rest = data[: unfinished.start()], unfinished[0]
        for token in _TOKEN.finditer(data):
            match token.lastgroup:
                case "text":
                    self._write(token[0])
                case "csi":
                    self._control(token["csi"], token[0])
                case "osc":
                    self._command(token["osc"])
                case _:
                    self._move(token[0])
            if token.lastgroup != "text" and SENTINEL in token[0]:
                self.findings.append(f"a sequence out of the data: {token[0][:80]!r}")

    def _write(self, text: str) -> None:
        if harm := harmful(text):
            self.findings.append(f"{harm} in {text[:80]!r}")
        line = self._cells[self._y] if 0 <= self._y < self.height else []
        if text.isascii():
            line[self._x : self._x + len(text)] = text[: max(len(line) - self._x, 0)]
        else:
            x = self._x
            for char in text:
                width = cell_len(char)
                if width and x < len(line):
                    line[x] = char
                    if width == 2 and x + 1 < len(line):
                        line[x + 1] = ""
                x += width
        self._x += cell_len(text)

    def _move(self, char: str) -> None:
        if char == "\n":
            self._y += 1
        elif char == "\r":
            self._x = 0
        else:
            self.findings.append(f"a control that stands alone: {char!r}")

    def _control(self, body: str, whole: str) -> None:
        if mode := re.fullmatch(r"\?([0-9;]+)([hl])", body):
            self.modes |= dict.fromkeys(mode[1].split(";"), mode[2] == "h")
            allowed = set(mode[1].split(";")) <= MODES
        else:
            allowed = _CSI.fullmatch(body) is not None
        if not allowed:
            self.findings.append(f"a sequence of another kind: {whole!r}")
        elif body.endswith("$p"):
            self.questions.append(body)
        elif body.endswith("H"):
            row, _, column = body[:-1].partition(";")
            self._y, self._x = int(row or 1) - 1, int(column or 1) - 1

    def _command(self, body: str) -> None:
        kind, _, rest = body.partition(";")
        if kind == "22" and rest in SHAPES:
            return
        if kind == "2":
            self.titles.append(rest)
        elif kind == "52" and rest.startswith("c;"):
            self.copied.append(base64.b64decode(rest[2:], validate=True).decode())
        else:
            self.findings.append(f"a command to the terminal: {body[:80]!r}")


class Terminal:
    """A program in a pseudo-terminal. `answers` is what the terminal says to a question of the program's."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        *,
        answers: Callable[[str], str] = lambda question: f"\x1b[{question.rstrip('$p')};2$y",
    ) -> None:
        self.screen = Screen(*size)
        self.written = bytearray()
        self._answers = answers
        self._decode = getincrementaldecoder("utf-8")(errors="surrogateescape").decode
        self._master, slave = pty.openpty()
        self.announce(*size)
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(env),
            start_new_session=True,
            close_fds=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._master >= 0:
            os.close(self._master)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    # Doing -----------------------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Presses keys by their names, or types letters."""
        for key in keys:
            control = chr(ord(key[5]) & 0x1F) if key.startswith("ctrl+") else key
            self.send(_NAMED.get(key, control))

    def send(self, text: str | bytes) -> None:
        """Sends what a terminal sends."""
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        while data:
            self._read(0)
            _, writable, _ = select.select([], [self._master], [], 0.05)
            if writable:
                data = data[os.write(self._master, data[:1024]) :]

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size."""
        self.screen.resize(width, height)
        self.announce(width, height)

    def announce(self, width: int, height: int) -> None:
        """Says that the window has a size, whatever it has."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def hang_up(self) -> None:
        """Closes the window."""
        os.close(self._master)
        self._master = -1

    # Waiting ---------------------------------------------------------------------------------------------

    def sees(self, *texts: str) -> None:
        """Waits until texts stand on the screen."""
        self.until(lambda: all(text in self.screen.text for text in texts), f"{texts}")

    def misses(self, *texts: str) -> None:
        """Waits until texts stand on the screen no more."""
        self.until(lambda: not any(text in self.screen.text for text in texts), f"the end of {texts}")

    def until(self, holds: Callable[[], object], what: str = "it") -> None:
        """Waits until a condition holds. The program must go on running."""
        end = time.monotonic() + PATIENCE
        while not holds():
            if not self.running and not self._read(0.05):
                raise AssertionError(f"it ended ({self._process.returncode}) before {what}:\n{self.look}")
            assert time.monotonic() < end, f"{what} never came to be:\n{self.look}"
            self._read(0.05)

    def ends(self) -> int:
        """Waits until the program has ended; its exit code."""
        end = time.monotonic() + PATIENCE
        while self.running:
            assert time.monotonic() < end, f"it never ended:\n{self.look}"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self._process.returncode

    def pause(self, seconds: float) -> None:
        """Lets the program go on by itself for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read(left)

    @property
    def look(self) -> str:
        return self.screen.text + "\n" + "\n".join(self.screen.findings)

    def _read(self, seconds: float) -> bool:
        """Takes what the program wrote; whether there was any."""
        if self._master < 0:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # Nobody has the other end any more.
            time.sleep(min(seconds, 0.02))
            return False
        self.written += data
        self.screen.feed(self._decode(data))
        while self.screen.questions:
            if answer := self._answers(self.screen.questions.pop(0)):
                os.write(self._master, answer.encode())
        return bool(data)
