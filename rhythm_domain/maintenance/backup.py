"""Backup: PostgreSQL's own pg_dump. The file is written beside its place, and renamed when it is whole."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database
from rhythm_domain.errors import AlreadyExists, Invalid, RhythmError
from rhythm_domain.maintenance import clients
from rhythm_domain.maintenance.clients import Target

Watch = Callable[[str, int, int | None], None]
"""Is told how far long work is: what is being done, how much of it is done, and of how much; None if nobody
knows."""

_EVERY = 0.2
"""Seconds from one look at how far it is to the next."""

_Q = queries.load("health")


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written or read: the file, its bytes, the server's version."""

    file: Path
    size: int
    server: str


def unwatched(doing: str, done: int, total: int | None) -> None:
    """The `Watch` of nobody."""


async def backup(conninfo: str, file: Path, *, force: bool = False, watch: Watch = unwatched) -> Backup:
    """Writes the whole database to a file that only its owner may read; `watch` is told of the tables'
    bytes.

    Raises `AlreadyExists` if there is one unless `force`, `Unavailable` if no fitting pg_dump is installed
    or it failed; the file is then as it was.
    """
    async with Database(conninfo).connection() as connection:
        target = await clients.target_of(connection)
        dumping = asyncio.create_task(asyncio.to_thread(_dump, target, file, force=force))
        with suppress(RhythmError):  # Only the looking on failed.
            await _look_on(connection, dumping, watch)
        return await dumping


async def _look_on(connection: Connection, dumping: asyncio.Task[Backup], watch: Watch) -> None:
    """Tells how far pg_dump has read the tables, until it has ended."""
    tables = {row["relation"]: row for row in await database.fetch(connection, _Q["table_sizes"])}
    total = sum(table["bytes"] for table in tables.values())
    read: dict[int, float] = {}
    while True:
        watch("Backing up", round(sum(read.values())), total)
        if (await asyncio.wait({dumping}, timeout=_EVERY))[0]:
            return
        # What was being read before and is no more has been read to its end.
        read = {relation: tables[relation]["bytes"] for relation in read}
        for now in await database.fetch(connection, _Q["rows_copied"]):
            if table := tables.get(now["relation"]):
                share = now["rows"] / table["rows"] if table["rows"] else 0
                read[now["relation"]] = table["bytes"] * min(share, 1)


def _dump(target: Target, file: Path, *, force: bool) -> Backup:
    tool = clients.program("pg_dump", target.major, target.line)
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
            raise clients.failure("The backup failed", done.stderr)
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
