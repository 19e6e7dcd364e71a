"""The command line on a database of the test's own: `rhythm("project", "list", by=team.owner)`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rhythm_domain import credentials
from rhythm_domain.session import Session
from rhythm_tui.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        assert self.out, self.err
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error that it printed, as JSON."""
        error: dict[str, Any] = json.loads(self.err)["error"]
        return error


class Cli:
    """Runs commands with folders of the test's own; in this process, or in one of their own."""

    def __init__(self, home: Path, environ: Mapping[str, str], patch: Any, capture: Any) -> None:
        self.home = home
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RHYTHM_", "XDG_"))},
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE")},
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            **environ,
        }
        self._patch = patch
        self._capture = capture

    def __call__(self, *args: str, by: Session | str | None = None, **environ: str) -> Ran:
        """Runs a command in this process, signed in as somebody of the `instance` fixture."""
        with self._patch.context() as patch:
            for name in set(os.environ) - set(self.environ):
                if not name.startswith("RHYTHM_TEST_"):
                    patch.delenv(name)
            for name, value in {**self._with(by), **environ}.items():
                if os.environ.get(name) != value:
                    patch.setenv(name, value)
            self._capture.readouterr()
            code = run(args)
            out, err = self._capture.readouterr()
        return Ran(code, out, err)

    def process(
        self, *args: str, by: Session | str | None = None, text: str = "", **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command in a process of its own."""
        command = [sys.executable, "-m", "rhythm_tui", *args]
        return subprocess.run(
            command,
            env={**self._with(by), **environ},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def started(
        self, *args: str, by: Session | str | None = None, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """A command at work in a process of its own; its output waits in pipes."""
        command = [sys.executable, "-m", "rhythm_tui", *args]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self._with(by), stdin=stdin, stdout=pipe, stderr=pipe)

    def on_terminal(self, *args: str, by: Session | str | None = None, **environ: str) -> str:
        """Runs a command in a process of its own on a terminal; what that was sent."""
        import pty

        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "rhythm_tui", *args]
        environment = {**self._with(by), "TERM": "xterm-256color", **environ}
        with subprocess.Popen(command, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as ran:
            os.close(theirs)
            sent = b""
            with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:
                while piece := terminal.read(4096):
                    sent += piece
        assert ran.returncode == 0, sent
        return sent.decode()

    def token(self, session: Session) -> str:
        """A session token of somebody of the `instance` fixture."""
        import psycopg

        token, hashed = credentials.new_token(credentials.SESSION_PREFIX)
        with psycopg.connect(self.environ["RHYTHM_DATABASE_URL"]) as sql:
            sql.execute("UPDATE sessions SET token_hash = %s WHERE id = %s", (hashed, session.id))
        return token

    def _with(self, by: Session | str | None) -> dict[str, str]:
        token = self.token(by) if isinstance(by, Session) else by
        return {**self.environ, **({"RHYTHM_TOKEN": token} if token else {})}


def waits_in(pid: int) -> str:
    """The name of the kernel's function in which a process sleeps."""
    return Path(f"/proc/{pid}/wchan").read_text()


@pytest.fixture
def rhythm(
    tmp_path: Path, conninfo: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    """The command line on the test's database."""
    return Cli(tmp_path, {"RHYTHM_DATABASE_URL": conninfo}, monkeypatch, capsys)
