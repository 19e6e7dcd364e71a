"""The shim as sshd starts it, with a terminal or with pipes, and the resident process that it speaks to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rhythm_domain.errors import Unavailable
from rhythm_tui.hosting import shim
from rhythm_tui.hosting.control import ask
from tests.tui.seat import PATIENCE, Seat

SHIM = str(Path(shim.__file__).resolve())


class Host:
    """A resident process, and ways to its sessions."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder
        self.socket = folder / "host.sock"

    def command(self, key: int) -> list[str]:
        """The forced command of a key, behind the Python that runs it. Keys 1 and 101 are of one person."""
        return [
            "-I",
            "-S",
            "-E",
            SHIM,
            str(self.socket),
            str(self.folder / "host.toml"),
            str(key),
            str(key % 100),
        ]

    def terminal(self, command: str | None = None, *, key: int = 7, **options: Any) -> Seat:
        """Somebody who came in with a terminal."""
        made = Seat(self.command(key), environment(command), **options)
        made.close_slave()
        return made

    def pipes(self, command: str | None = None, *, key: int = 7, **options: Any) -> subprocess.Popen[str]:
        """Somebody who came in without one."""
        return subprocess.Popen(
            [sys.executable, *self.command(key)],
            env=environment(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )

    def run(self, command: str | None = None, *, key: int = 7, said: str = "") -> tuple[int, str, str]:
        """Runs a command without a terminal to its end; exit code, stdout, stderr."""
        with self.pipes(command, key=key) as process:
            out, err = process.communicate(said, timeout=PATIENCE)
        return process.returncode, out, err

    @property
    def status(self) -> dict[str, Any]:
        """What the resident process says of itself."""
        return dict(json.loads(ask(self.socket, "status")))

    def sessions(self) -> list[dict[str, Any]]:
        """The sessions that are open."""
        return list(self.status["sessions"])


def hub_answers(folder: Path) -> bool:
    """Whether the hub does: it comes after the host process serves, and sshd does not wait for it long."""
    try:
        return bool(ask(folder / "hub.sock", "people"))
    except Unavailable:
        return False


def environment(command: str | None) -> dict[str, str]:
    """What sshd gives a forced command, and something that it would rather not."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    given = {} if command is None else {"SSH_ORIGINAL_COMMAND": command}
    return kept | given | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LD_PRELOAD_SECRET": "s3cret"}


@contextmanager
def resident(*args: str, spare: bool = False, **limits: float) -> Iterator[Host]:
    """A resident process of the test's own; `args` instead of the stand-in's module. With `spare` one session
    more waits for who comes.
    """
    folder = Path(tempfile.mkdtemp(prefix="rh"))
    stand_in = ("-m", "tests.hosting.stand_in", str(folder / "host.sock"), json.dumps(limits))
    command = args or (*stand_in, *(["spare"] if spare else []))
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Host(process, folder)
        finally:
            end_with_children(process)
            shutil.rmtree(folder)


def end_with_children(process: subprocess.Popen[str]) -> None:
    """Ends a resident process and what it began: no hog is left that heard no hangup."""
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    except OSError:
        children = []
    process.kill()
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)


def until(holds: Callable[[], object], what: str) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"{what} never came to be"
        time.sleep(0.02)
