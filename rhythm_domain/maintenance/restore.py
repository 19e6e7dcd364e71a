"""Restore: PostgreSQL's own pg_restore and psql, kept from doing harm.

A backup is a program in SQL, which runs as the role of the URL. So a restore goes into an empty database
only, in one transaction; not by a superuser, whose SQL may run programs on the server; only if the file's
table of contents is that of an instance; and with psql restricted, so that it runs no programs here. What is
left to whoever made the file is to write whatever they like into that one database, functions and triggers
included.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from rhythm_domain.database import Database
from rhythm_domain.embedded import programs
from rhythm_domain.errors import AlreadyExists, Invalid, Unavailable
from rhythm_domain.maintenance import clients, health
from rhythm_domain.maintenance.backup import Backup, Watch, unwatched
from rhythm_domain.maintenance.clients import Target

_MAGIC = b"PGDMP"
"""What a file of pg_dump's custom format begins with; its format's major and minor version follow."""

_READERS = {14: 12, 15: 16, 16: 17}
"""The oldest pg_restore that reads format 1.x (K_VERS_1_x in PostgreSQL's pg_backup_archiver.h)."""

_ENTRY = re.compile(r"^\d+; \d+ \d+ (.+?)(?: \S+)?$", re.MULTILINE)
"""An entry of `pg_restore --list`: its kind, schema and name, then its owner."""

_KINDS = (
    *("TABLE", "TABLE DATA", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "DEFAULT"),
    *("TYPE", "DOMAIN", "FUNCTION"),
    *("CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT", "INDEX", "STATISTICS", "TRIGGER"),
    *("SCHEMA", "COMMENT", "ACL", "DEFAULT ACL", "DATABASE PROPERTIES", "STATISTICS DATA"),
)
"""The kinds of entries that the backup of an instance has."""

_OURS = re.compile(rf"(?:{'|'.join(_KINDS)}) (?:public|-) ")

_MARK = "TABLE public schema_versions"
"""The entry by which a backup is Rhythm's."""

_GUARD = b"\\restrict "
"""With this pg_restore begins, since 15.14, 16.10, 17.6 and 18, and psql then obeys no backslash command: a
crafted backup could otherwise run programs here (CVE-2025-8714)."""

_TIMEOUT_SETTING = b"SET transaction_timeout = 0;\n"
"""pg_restore 17 and later write it in any case; servers before 17 don't know it."""

_PIECE = 1 << 18
"""Bytes that are passed on at once."""


class _Unguarded(Exception):  # noqa: N818 - not an error that anyone sees
    """This pg_restore does not restrict psql."""


async def restore(conninfo: str, file: Path, *, trust: bool = False, watch: Watch = unwatched) -> Backup:
    """Fills an empty database from a backup, wholly or not at all; the role of `conninfo` owns what comes.
    `watch` is told of the file's bytes.

    Raises `AlreadyExists` if the database has anything in it, `Invalid` for what is no backup, and unless
    `trust` also for a backup that holds more than Rhythm makes, or a role that is or could be a superuser.
    """
    async with Database(conninfo).connection() as connection:
        target = await clients.target_of(connection)
        empty = await health.is_empty(connection)
    if not empty:
        raise AlreadyExists(
            "The database is not empty: a restore would mix two.",
            field="database",
            hint="Restore into a new one: `createdb NAME`, and set RHYTHM_DATABASE_URL to it.",
        )
    if target.unbounded and not trust:
        raise Invalid(
            "The database's role may run programs on the server or use its files: so may the backup, then.",
            field="database",
            hint="Restore as a role that owns that database and no more, or with --trust if you made FILE.",
        )
    return await asyncio.to_thread(_restore, target, file, trust, watch)


def _restore(target: Target, file: Path, trust: bool, watch: Watch) -> Backup:
    try:
        # One open file for all: nobody exchanges it after it was looked at. Its position is shared with the
        # program that reads it, and is how far that is.
        with file.open("rb", buffering=0) as archive:
            least = max(target.major, _reader_of(archive, file))
            reader = clients.program("pg_restore", least)
            _check_contents(reader, archive, file, trust)
            _load(target, reader, archive, watch)
            return Backup(file, os.fstat(archive.fileno()).st_size, target.version)
    except OSError as error:
        raise Invalid(f"{file} can't be read: {error.strerror}.", field="file") from error


def _reader_of(archive: IO[bytes], file: Path) -> int:
    """The major version of the oldest pg_restore that reads a backup. Raises `Invalid` if it is none."""
    head = archive.read(len(_MAGIC) + 2)
    if not head.startswith(_MAGIC) or len(head) < len(_MAGIC) + 2:
        raise Invalid(
            f"{file} is no backup.", field="file", hint="`rhythm db backup FILE` and pg_dump -Fc make them."
        )
    return _READERS.get(head[-1], programs.MAJOR)


def _check_contents(reader: Path, archive: IO[bytes], file: Path, trust: bool) -> None:
    """Raises `Invalid` unless the table of contents is that of an instance of Rhythm.

    It is what the file says of itself: this keeps mistakes out, and what an honest pg_dump was made to carry.
    """
    archive.seek(0)
    listed = subprocess.run([reader, "--list"], stdin=archive, capture_output=True, check=False)  # noqa: S603
    archive.seek(0)
    if listed.returncode:
        raise clients.failure("The backup can't be read", listed.stderr)
    entries = _ENTRY.findall(listed.stdout.decode(errors="replace"))
    if _MARK not in entries:
        raise Invalid(f"{file} is a backup of something else than Rhythm.", field="file")
    foreign = [entry for entry in entries if not _OURS.match(f"{entry} ")]
    if foreign and not trust:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise Invalid(
            f"{file} holds what Rhythm does not make: {', '.join(foreign[:3])}{more}.",
            field="file",
            hint="If you know where it comes from, restore it with --trust.",
        )


def _abandon(sink: subprocess.Popen[bytes]) -> None:
    """Ends psql before it can commit; what it was still to be told goes nowhere."""
    sink.kill()
    assert sink.stdin is not None  # noqa: S101 - for mypy
    with suppress(BrokenPipeError):
        sink.stdin.close()


def _load(target: Target, reader: Path, archive: IO[bytes], watch: Watch) -> None:
    """pg_restore | psql, in one transaction that fails as a whole."""
    writer = clients.program("psql", target.major, target.line)
    size = os.fstat(archive.fileno()).st_size
    quiet = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
    with (
        subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [reader, "--no-owner", "--no-privileges", "--file=-"],
            stdin=archive,
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
        try:
            for line in _settings(source.stdout):
                if target.major >= 17 or line != _TIMEOUT_SETTING:
                    sink.stdin.write(line)
            while piece := source.stdout.read(_PIECE):
                sink.stdin.write(piece)
                watch("Restoring", archive.tell(), size)
        except _Unguarded:
            source.kill()
            _abandon(sink)
            raise Unavailable(
                f"{reader} is too old: what a backup holds could run programs on this machine.",
                hint="Install its latest minor version; nothing was changed.",
            ) from None
        except BrokenPipeError:
            source.kill()  # psql gave up, and says why.
        else:
            # At the end of its input psql commits: that of a backup that breaks off must not look like one.
            if source.wait() != 0:
                _abandon(sink)
                assert source.stderr is not None  # noqa: S101
                raise clients.failure("The backup can't be read", source.stderr.read())
        watch("Making indexes", 0, None)
        _, said = sink.communicate()
    if sink.returncode != 0:
        raise clients.failure("The restore failed", said)


def _settings(script: IO[bytes]) -> Iterator[bytes]:
    """The lines of pg_restore's script down to the first object. Raises `_Unguarded` unless the first that
    says anything restricts psql."""
    guarded = False
    for line in script:
        if not guarded:
            if line.isspace() or line.startswith(b"--"):
                continue
            if not line.startswith(_GUARD):
                raise _Unguarded
            guarded = True
        yield line
        if line.startswith(b"CREATE "):
            return
