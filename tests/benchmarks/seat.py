"""A terminal with somebody at it: what a program paints after a key, until it has nothing more to say."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter, sleep
from types import TracebackType

SIZE = (120, 40)
QUIET = 0.04
"""Seconds without a byte after which a paint counts as settled."""

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class Seat:
    """A program in a pseudo terminal of 120 by 40."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        self.start = perf_counter()
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
            environment = {**os.environ, **(variables or {}), "TERM": "xterm-256color"}
            os.execvpe(command[0], list(command), environment)  # noqa: S606 - no shell between.

    def __enter__(self) -> Seat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.kill(self.pid, signal.SIGTERM)
        deadline = perf_counter() + 10
        while not self._ended():
            if perf_counter() > deadline:
                os.kill(self.pid, signal.SIGKILL)
            self._read(0.05)
        os.close(self._line)

    def _ended(self) -> bool:
        return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid

    def _read(self, seconds: float) -> bytes | None:
        """What comes within so many seconds; None if nothing does."""
        if not select.select([self._line], [], [], seconds)[0]:
            return None
        try:
            return os.read(self._line, 1 << 16)
        except OSError:  # Its end has been closed.
            sleep(seconds)
            return None

    def press(self, keys: str) -> None:
        """Sends keys as they come from a keyboard."""
        os.write(self._line, keys.encode())

    def until(self, *texts: str, seconds: float = 60) -> float:
        """Waits until texts were painted; milliseconds since the program was started.

        Raises `TimeoutError` with what was painted instead.
        """
        painted, plain = b"", ""
        while perf_counter() - self.start < seconds:
            painted += self._read(0.1) or b""
            plain = _ESCAPES.sub(b"", painted).decode(errors="replace")
            if all(text in plain for text in texts):
                return (perf_counter() - self.start) * 1000
        raise TimeoutError(f"{texts} was not painted, but:\n{plain[-2000:]}")

    def painted(self, keys: str, *, quiet: float = QUIET, patience: float = 5.0) -> float:
        """Presses keys; milliseconds until the last byte of what they paint."""
        start = last = perf_counter()
        self.press(keys)
        came = False
        while True:
            wait = quiet if came else patience
            if self._read(max(0.0, last + wait - perf_counter())) is None:
                return (last - start) * 1000
            came, last = True, perf_counter()

    def rest(self, seconds: float) -> None:
        """Lets it run, and throws away what it paints."""
        end = perf_counter() + seconds
        while (left := end - perf_counter()) > 0:
            self._read(left)

    @property
    def cpu(self) -> float:
        """Seconds of CPU that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> float:
        """Megabytes that it holds."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        raise LookupError("no VmRSS")
