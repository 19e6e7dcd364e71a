"""What a machine is told, so that an account of it is a door to Rhythm and to nothing else.

The account owns nothing that outlives a restart, its home is the folder of the settings, which is root's, and
it has no password. sshd lets keys in that Rhythm knows, each with a command of its own; systemd keeps the
resident process, in whose sandbox all sessions are.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from rhythm_domain.errors import Invalid
from rhythm_domain.text import shown
from rhythm_tui.hosting import key_shim
from rhythm_tui.hosting.settings import RUN_DIR

SSHD = """\
AuthenticationMethods publickey
AuthorizedKeysFile none
AuthorizedPrincipalsFile none
TrustedUserCAKeys none
AuthorizedKeysCommand {look_up}
AuthorizedKeysCommandUser {account}
DisableForwarding yes
PermitTunnel no
PermitTTY yes
PermitUserRC no
AcceptEnv COLORTERM
MaxSessions 4
ClientAliveInterval 5
ClientAliveCountMax 3
"""
"""What sshd is told about the account. No certificate of another authority opens it; no ForceCommand: that
would take the place of the key's own command, and with it of who it is. A line that is silent for fifteen
seconds is dead.
"""

SINCE_9_2 = "UnusedConnectionTimeout 60"
"""Of sshd 9.2 and later: who came in and asks for nothing (`ssh -N`) is shown out. No limit of sessions
counts them.
"""

UNIT = """\
[Unit]
Description=Rhythm, shared over SSH
After=network.target postgresql.service

[Service]
Type=notify
NotifyAccess=all
User={account}
Group={account}
ExecStart={python} -I -m rhythm_tui host serve --config {file}
ExecReload={python} -I -m rhythm_tui host check --config {file}
ExecReload=/bin/kill -HUP $MAINPID
SyslogIdentifier=rhythm
RuntimeDirectory={run_dir}
RuntimeDirectoryMode=0700
Restart=always
RestartSec=1
KillMode=mixed
TimeoutStopSec=30
OOMPolicy=continue
MemoryMax=80%
LimitNOFILE=65536
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6

[Install]
WantedBy=multi-user.target
"""

SETTINGS = """\
# A shared instance of Rhythm. `systemctl reload rhythm` has new sessions heed what is changed here.

name = "Rhythm"

# The server on this machine lets the account `{account}` in as the role of that name, without a password.
database_url = "postgresql:///rhythm"

# With PgBouncer: database_url leads to it, listen_url past it, as it passes no notices on.
# pooler = true
# listen_url = "postgresql://{account}@db.example/rhythm"

# Sessions have most of their memory in common; where the kernel's KSM runs, it may merge that.
# merge_memory = true

[limits]
sessions = 250
sessions_per_person = 20
idle_hours = 8
longest_hours = 168
"""


LEFT = """\
Left to do, if the database is to be on this machine ({file} says where it is otherwise):
  cd / && su postgres -c 'createuser {account} && createdb --template template0 --encoding UTF8 rhythm'
  export RHYTHM_OWNER_URL=postgresql:///rhythm
  su postgres -c 'rhythm db migrate --grant {account}'
  su postgres -c 'rhythm host admin NAME -' < KEY.pub
  systemctl enable --now rhythm && systemctl reload ssh
Then people come in: ssh {account}@this-machine"""


HEEDED = "To have it heeded: systemctl daemon-reload && systemctl reload ssh rhythm"
"""The same, where the service runs already."""


class Step(Protocol):
    """One thing that the machine must have."""

    def missing(self) -> bool:
        """Whether there is something to do."""

    def do(self) -> None:
        """Does it. Raises `OSError`."""

    def words(self) -> str:
        """What it does, as a command of a shell."""

    @property
    def made(self) -> str:
        """What there is then."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system account without a password: `*`, as `!` would have sshd take it for locked."""

    name: str
    home: Path

    def missing(self) -> bool:
        try:
            pwd.getpwnam(self.name)
        except KeyError:
            return True
        return False

    def _command(self) -> list[str]:
        return [
            *("useradd", "--system", "--user-group", "--home-dir", str(self.home), "--no-create-home"),
            *("--shell", "/bin/sh", "--password", "*", self.name),
        ]

    def do(self) -> None:
        subprocess.run(self._command(), check=True)  # noqa: S603 - the system's own program

    def words(self) -> str:
        return shlex.join(self._command())

    @property
    def made(self) -> str:
        return f"the account {self.name}"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of root's, with the group that may look into it."""

    path: Path
    mode: int
    group: str = "root"

    def missing(self) -> bool:
        return not self.path.is_dir() or _others(self.path, self.mode, self.group)

    def do(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        _give(self.path, self.mode, self.group)

    def words(self) -> str:
        return f"install -d -o root -g {self.group} -m {self.mode:04o} {self.path}"

    @property
    def made(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class File:
    """A file of root's. What is `kept` is the administrator's, and never written over."""

    path: Path
    text: str
    mode: int = 0o644
    group: str = "root"
    kept: bool = False

    def missing(self) -> bool:
        if not self.path.is_file() or _others(self.path, self.mode, self.group):
            return True
        return not self.kept and self.path.read_text(encoding="utf-8") != self.text

    def do(self) -> None:
        if not (self.kept and self.path.is_file()):
            new = self.path.with_name(f".{self.path.name}.new")
            new.write_text(self.text, encoding="utf-8")
            new.replace(self.path)
        _give(self.path, self.mode, self.group)

    def words(self) -> str:
        command = f"install -o root -g {self.group} -m {self.mode:04o} /dev/stdin {self.path}"
        kept = f"[ -e {self.path} ] || " if self.kept else ""
        return f"{kept}{command} <<'END'\n{self.text}END"

    @property
    def made(self) -> str:
        return str(self.path)


def steps(account: str, file: Path, *, root: Path = Path("/")) -> list[Step]:
    """Everything that a machine needs for a shared instance, in order; below `root` for a test.

    Raises `Invalid` for a name or a path that sshd, systemd or a shell would take for something else.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", account):
        raise Invalid(f"{shown(account)!r} is no name for an account.", field="account")
    for place in (file, *program()):
        if not place.is_absolute() or not re.fullmatch(r"[A-Za-z0-9._/+-]+", str(place)):
            raise Invalid(f"{shown(str(place))} is no path that sshd and systemd could be told.")
    return [
        Account(account, file.parent),
        Folder(file.parent, 0o750, account),
        File(file, SETTINGS.format(account=account), 0o640, account, kept=True),
        File(root / "etc/ssh/sshd_config.d/rhythm.conf", match(account, file)),
        File(root / "etc/systemd/system/rhythm.service", unit(account, file)),
    ]


def match(account: str, file: Path) -> str:
    """What sshd is told: it holds for the account alone, whatever else the machine's sshd does."""
    python, shim = program()
    command = [python, "-I", "-S", "-E", shim, RUN_DIR / "hub.sock", file]
    look_up = f"{shlex.join(map(str, command))} %f %t %k"
    lines = "".join(f"    {line}\n" for line in sshd_settings(look_up, account).splitlines())
    return f"# Written by `rhythm host install`.\nMatch User {account}\n{lines}"


def sshd_settings(look_up: str, account: str) -> str:
    """The lines of sshd_config for an account; `look_up` is the program that is asked whose a key is."""
    more = f"{SINCE_9_2}\n" if _knows(SINCE_9_2) else ""
    return SSHD.format(look_up=look_up, account=account) + more


def unit(account: str, file: Path) -> str:
    """The service of systemd that keeps the resident process."""
    words = {"account": account, "file": file, "python": program()[0], "run_dir": RUN_DIR.name}
    return f"# Written by `rhythm host install`.\n{UNIT.format(**words)}"


def require_safe_program(places: Sequence[Path]) -> None:
    """Raises `Invalid` if anybody but root could change the program: sshd would refuse to run it, and who
    could would be everybody.
    """
    for place in places:
        for each in _way_to(place):
            found = each.stat()
            if found.st_uid != 0 or found.st_mode & 0o022:
                raise Invalid(
                    f"Others than root could change {each}, through which the host's program is reached.",
                    hint="Install Rhythm as root where only root writes: `python3 -m venv /opt/rhythm`.",
                )


def program() -> list[Path]:
    """The files that sshd and systemd run."""
    return [Path(sys.executable), Path(key_shim.__file__)]


def checked_by_sshd() -> str:
    """What sshd finds wrong with its settings, as they are now; empty if nothing."""
    sshd = _sshd()
    if sshd is None:
        return "There is no sshd here: apt-get install openssh-server"
    done = subprocess.run([sshd, "-t"], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stderr.strip() if done.returncode else ""


@cache
def _knows(line: str) -> bool:
    """Whether the machine's sshd knows a line; with one that it does not know it would not start at all."""
    if (sshd := _sshd()) is None:
        return False
    command = [sshd, "-t", "-f", os.devnull, "-o", line.replace(" ", "=", 1)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return "Bad configuration option" not in done.stderr


def _sshd() -> str | None:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def _way_to(place: Path) -> Iterator[Path]:
    """All that a path leads through, links and what they lead to included."""
    for way in {place.absolute(), place.resolve()}:
        yield from (way, *way.parents)


def _others(path: Path, mode: int, group: str) -> bool:
    """Whether a path has another mode, or is of others than it should be."""
    found = path.stat()
    return (found.st_mode & 0o7777, *_owners(found)) != (mode, *_wanted(group))


def _owners(found: os.stat_result) -> tuple[int, int]:
    return found.st_uid, found.st_gid


def _wanted(group: str) -> tuple[int, int]:
    """Root and the group, where there is a choice: others can only give what is their own."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    try:
        return 0, grp.getgrnam(group).gr_gid
    except KeyError:
        return 0, 0


def _give(path: Path, mode: int, group: str) -> None:
    os.chown(path, *_wanted(group))
    path.chmod(mode)
