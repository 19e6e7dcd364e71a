"""A terminal with the program on it, as a person has it: bytes go in, bytes come out, signals are sent."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence

PATIENCE = 60.0
"""Seconds after which what does not come is given up: a start takes long on a loaded machine."""

_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-_])")


class Seat:
    """The program at a terminal of a size, until it ends."""

    def __init__(
        self, args: Sequence[str], env: Mapping[str, str], *, size: tuple[int, int] = (100, 30)
    ) -> None:
        self.master, self._slave = os.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self._slave)
        self.output = b""
        # A session of its own, whose terminal this is.
        self.process = subprocess.Popen(
            [sys.executable, *args],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env=dict(env),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self._leave, self._left = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
        self.cut()
        for each in (self._slave, self.master, self._leave, self._left):
            os.close(each)

    def cut(self) -> None:
        """The line is gone: nobody is at the other end any more. Before, the reader leaves: it would take
        what comes for whoever is given the number of the descriptor next.
        """
        os.write(self._left, b"!")
        self._reader.join()
        os.close(self.master)
        self.master = os.open(os.devnull, os.O_RDWR)

    def close_slave(self) -> None:
        """Leaves the terminal to the program alone, as sshd does."""
        os.close(self._slave)
        self._slave = os.open(os.devnull, os.O_RDWR)

    def _read(self) -> None:
        while self._leave not in select.select([self.master, self._leave], [], [])[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def press(self, keys: str) -> None:
        """Sends keys as a terminal does."""
        os.write(self.master, keys.encode())

    def resize(self, width: int, height: int) -> None:
        """Gives the terminal another size; the system tells the program."""
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    @property
    def text(self) -> str:
        """All that was written so far, without what styles and places it."""
        return _ESCAPE.sub("", self.output.decode("utf-8", "replace"))

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Waits until a condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"{what} never came to be:\n{self.text[-3000:]}"
            time.sleep(0.02)

    def sees(self, *texts: str, since: int = 0) -> None:
        """Waits until texts were written."""
        self.until(lambda: all(text in self.text[since:] for text in texts), f"{texts}")

    def ended(self) -> int:
        """The exit code, once the program has ended and all it wrote was read."""
        code = self.process.wait(PATIENCE)
        size = -1
        while self._reader.is_alive() and (size != len(self.output) or self._says()):
            size = len(self.output)
            time.sleep(0.05)
        return code

    def _says(self) -> bool:
        """Whether something was written that is not read yet."""
        return bool(select.select([self.master], [], [], 0)[0])

    @property
    def restored(self) -> bool:
        """Whether the terminal is as it was: not raw, no mouse, no pastes in brackets, the cursor seen, the
        screen and the title that were there before.
        """
        modes = {"1000": "l", "1003": "l", "2004": "l", "1049": "l", "25": "h"}
        written = self.output.decode("utf-8", "replace")
        last = {mode: written.rpartition(f"\x1b[?{mode}")[2][:1] for mode in modes}
        return (
            termios.tcgetattr(self._slave) == self.before
            and last == modes
            and written.count("\x1b[22;2t") == written.count("\x1b[23;2t")
        )
