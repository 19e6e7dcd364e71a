"""The settings of a shared instance: `/etc/rhythm/host.toml`, written by its administrator and nobody else.

    name = "Rhythm at Example"
    database_url = "postgresql:///rhythm"
    run_dir = "/run/rhythm"
    merge_memory = false

    [limits]
    sessions = 250
    sessions_per_person = 20
    idle_hours = 8
    longest_hours = 168

Only the program's own command line says where the file is: no variable does, and nothing that a person sends.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from rhythm_domain import config
from rhythm_domain.errors import Invalid
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.text import shown

FILE = Path("/etc/rhythm/host.toml")

RUN_DIR = Path("/run/rhythm")
"""Where the sockets of the resident process are. It is the account's own: nobody else gets in."""

SETTINGS = ("database_url", "listen_url", "pooler", "log_level", "theme", "keys")
"""The settings of a program of one's own that a shared instance has too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many sessions at once, of all and of one person; the longest that one may be idle, and last."""

    sessions: int = 250
    sessions_per_person: int = 20
    idle: timedelta = timedelta(hours=8)
    longest: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Host:
    """A shared instance: what people see as its name, how the program is set up, who gets in."""

    file: Path
    name: str
    settings: config.Settings
    limits: Limits
    run_dir: Path = RUN_DIR
    merge_memory: bool = False
    """Whether the kernel may merge what sessions have in common, see `merging`."""

    @property
    def socket(self) -> Path:
        """Where the resident process is asked for sessions."""
        return self.run_dir / "host.sock"

    def earlier(self, pid: int) -> Path:
        """Where a resident process is asked that has handed over, and still has sessions."""
        return self.run_dir / f"earlier-{pid}.sock"

    @property
    def residents(self) -> list[Path]:
        """Where all resident processes are asked: the one that serves, then earlier ones."""
        return [self.socket, *sorted(self.run_dir.glob("earlier-*.sock"))]

    @property
    def hub(self) -> Path:
        """Where the hub is asked for notices."""
        return self.run_dir / "hub.sock"


def load(file: Path = FILE) -> Host:
    """Reads the file. Raises `Invalid` if it is not there, if anybody else could have written it, or if it
    has a password that everybody can read; for keys that are not known, and values of the wrong kind.
    """
    _trust(file)
    table = config.read(file)
    name = table.pop("name", "Rhythm")
    limits = table.pop("limits", {})
    run_dir = table.pop("run_dir", str(RUN_DIR))
    merge_memory = table.pop("merge_memory", False)
    if not isinstance(name, str) or not isinstance(run_dir, str) or not isinstance(limits, dict):
        raise Invalid(f"name and run_dir in {file} must be texts, [limits] a table.", field="name")
    if not isinstance(merge_memory, bool):
        raise Invalid(f"merge_memory in {file} must be true or false.", field="merge_memory")
    settings = config.of_table(table, file, SETTINGS)
    if settings.database_url is None:
        raise Invalid(
            f"{file} has no database_url.",
            field="database_url",
            hint='For a server on this machine: database_url = "postgresql:///rhythm"',
        )
    if config.has_password(settings.database_url) and file.stat().st_mode & 0o007:
        raise Invalid(f"{file} holds a password, and everybody can read it.", hint=f"Run `chmod o= {file}`.")
    return Host(file, shown(name), settings, _limits(limits, file), Path(run_dir), merge_memory)


def _trust(file: Path) -> None:
    """Raises `Invalid` unless the file is root's, or of who runs this, and nobody else could change it."""
    for place in (file.parent, file):
        try:
            found = place.stat()
        except OSError as error:
            raise Invalid(
                f"{place} can't be read: {error.strerror}.",
                hint="`rhythm host install` sets a shared instance up.",
            ) from error
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            raise Invalid(
                f"Others than its owner could change {place}.",
                hint=f"Run `chown root {place} && chmod go-w {place}`.",
            )


_HOURS = {"idle_hours": "idle", "longest_hours": "longest"}
_COUNTS = {"sessions": "sessions", "sessions_per_person": "sessions_per_person"}


def _limits(table: Mapping[str, Any], file: Path) -> Limits:
    found: dict[str, Any] = {}
    for name, value in table.items():
        if name not in _HOURS | _COUNTS:
            raise Invalid(
                f"There is no limit {shown(name)} (in {file}).",
                field=name,
                hint=did_you_mean(name, _HOURS | _COUNTS, f"There are: {', '.join(_HOURS | _COUNTS)}."),
            )
        whole = name in _COUNTS
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value <= 0:
            raise Invalid(f"{name} in {file} must be a {'whole ' * whole}number above 0.", field=name)
        found[(_HOURS | _COUNTS)[name]] = value if whole else timedelta(hours=value)
    return Limits(**found)
