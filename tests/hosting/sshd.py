"""A real sshd on the loopback, set up as a host is, and people with keys who come in by it."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Self

import pytest

from tests.tui.seat import Seat

SSHD = shutil.which("sshd") or shutil.which("/usr/sbin/sshd")

PATIENCE = 60.0
"""Seconds after which what does not come is given up."""

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey "{folder}/host_key"
PidFile none
UsePAM {pam}
StrictModes no
LogLevel VERBOSE
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
AcceptEnv *
SetEnv SHLVL=1
{snippet}
"""


def until(holds: Callable[[], object], what: str) -> None:
    """Waits until a condition holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come")
        time.sleep(0.05)


@dataclass
class Sshd:
    """The server, told of Rhythm by `snippet`; it runs as who runs the tests, as whom everybody comes in."""

    folder: Path
    snippet: str
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        if not (self.folder / "host_key").exists():
            _keygen(self.folder / "host_key")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for _ in range(5):
            self.port = _free_port()
            config = self.folder / "sshd_config"
            told = {"port": self.port, "folder": self.folder, "snippet": self.snippet}
            config.write_text(_CONFIG.format(pam="yes" if _locked() else "no", **told))
            log = self.folder / "sshd.log"
            self.process = subprocess.Popen(
                [SSHD or "", "-D", "-f", config, "-E", log],
                start_new_session=True,
                env={"PATH": os.environ["PATH"]},
            )
            until(lambda: self._answers() or self._ended(), "sshd")
            if not self._ended():
                return
        raise AssertionError(f"sshd does not start: {self.log}")

    def stop(self) -> None:
        """Ends it, with all that it began."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    @property
    def log(self) -> str:
        """What it said so far."""
        return (self.folder / "sshd.log").read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1):
                return True
        except OSError:
            return False

    def _ended(self) -> bool:
        return self.process is None or self.process.poll() is not None


@dataclass
class Key:
    """A key pair in a folder."""

    file: Path

    @classmethod
    def made(cls, folder: Path, name: str, *, secret: str = "") -> Key:
        """A new one; `secret` encrypts its private half."""
        file = folder / name
        _keygen(file, secret)
        return cls(file)

    @property
    def public(self) -> str:
        """The line of its .pub file."""
        return Path(f"{self.file}.pub").read_text()


@dataclass
class Client:
    """An ssh client of somebody's, with their keys, in this order."""

    sshd: Sshd
    keys: Sequence[Key]
    options: Sequence[str] = ()
    env: dict[str, str] = field(default_factory=dict)

    def arguments(self, *words: str, program: str = "ssh", options: Sequence[str] = ()) -> list[str]:
        """The client's command line."""
        port = "-P" if program in ("scp", "sftp") else "-p"
        given = [
            *("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"),
            *("IdentitiesOnly=yes", "IdentityAgent=none", "PreferredAuthentications=publickey"),
            "ConnectTimeout=60",
        ]
        return [
            *(program, "-F", "none", port, str(self.sshd.port)),
            *(word for option in given for word in ("-o", option)),
            *(word for key in self.keys for word in ("-i", str(key.file))),
            *self.options,
            *options,
            *words,
        ]

    @contextmanager
    def kept(self) -> Iterator[Self]:
        """One line for all its commands meanwhile: to come in costs more than a command does."""
        at = str(self.sshd.folder / f"line-{id(self)}")
        line = self.arguments("-M", "-N", "-S", at, self.to)
        none = subprocess.DEVNULL
        with subprocess.Popen(line, stdin=none, stdout=none, stderr=none, env=self._env) as master:
            until(lambda: Path(at).is_socket() or master.poll() is not None, "the line")
            try:
                yield replace(self, options=[*self.options, "-S", at])
            finally:
                master.terminate()

    @property
    def to(self) -> str:
        """Whom the client asks for: in these tests everybody is who runs them."""
        return f"{me()}@127.0.0.1"

    def run(
        self, command: str | None = None, *, options: Sequence[str] = (), stdin: str | bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command at the host, without a terminal."""
        words = [self.to] if command is None else [self.to, command]
        return self.call(self.arguments(*words, options=options), stdin)

    def call(
        self, arguments: Sequence[str], stdin: str | bytes = b"", *, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end: a client, in the client's environment."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            arguments,
            input=given,
            capture_output=True,
            env=env or self._env,
            timeout=2 * PATIENCE,
            check=False,
        )
        out, err = (each.decode(errors="replace") for each in (done.stdout, done.stderr))
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def open(
        self, command: str | None = None, *, term: str = "xterm-256color", size: tuple[int, int] = (100, 30)
    ) -> Seat:
        """Comes in with a terminal."""
        if not terminals():
            pytest.skip(
                "only root's sshd gives terminals here: those of this machine are not the group tty's"
            )
        words = [self.to] if command is None else [self.to, command]
        line = self.arguments(*words, options=["-tt"])
        # The seat runs Python programs: this one becomes the client.
        become = f"import os; os.execvp('ssh', {line!r})"
        return Seat(["-c", become], {**self._env, "TERM": term}, size=size)

    @property
    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.sshd.folder), **self.env}


def sessions_of(file: Path) -> set[int]:
    """The processes of the sessions of the host with these settings."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"rhythm_tui.hosting" in words and os.fsencode(file) in words:
                found.add(int(entry.name))
    return found


@cache
def terminals() -> bool:
    """Whether the sshd of who runs the tests can give terminals: it gives them to the group tty."""
    if os.geteuid() == 0:
        return True
    ends = os.openpty()
    group = os.fstat(ends[1]).st_gid
    for end in ends:
        os.close(end)
    return group == grp.getgrnam("tty").gr_gid


def _locked() -> bool:
    """Whether the account has a locked password: sshd lets it in by PAM alone. Only root can see that."""
    try:
        lines = Path("/etc/shadow").read_text().splitlines()
    except OSError:
        return False
    return any(line.startswith(f"{me()}:!") for line in lines)


def me() -> str:
    """The account that runs the tests."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _keygen(file: Path, secret: str = "") -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", secret, "-C", file.name, "-f", file],
        check=True,
        stdin=subprocess.DEVNULL,
    )


def told(file: Path) -> str:
    """The same from a file of keys, where whose a key is is not the question: it costs no start of Python."""
    return f"{shutil.which('cat')} {shlex.quote(str(file))}"


def look_up(file: Path) -> str:
    """What sshd runs to ask whose a key is, by way of a program that is root's wherever the tests run."""
    words = [sys.executable, "-I", "-m", "rhythm_tui", "host", "keys", "--config", str(file)]
    return f"{shutil.which('env')} {shlex.join(words)} %f %t %k"
