"""The instance that is measured: an embedded server with the demo's issues, filled once and then reused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import platformdirs
import psycopg

from rhythm_domain.database import Database
from rhythm_domain.demo import filler
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.lexemes import GENERATION
from rhythm_domain.maintenance.reindex import generation, issue_total, reindex
from rhythm_domain.migrate import migrate
from rhythm_domain.models import User
from rhythm_domain.session import Session, Tracker
from rhythm_tui.cli.progress import progress
from rhythm_tui.person import system_person


@dataclass(frozen=True)
class Bench:
    """Where is measured: the keys of the largest project and of a middling one, and who asks."""

    data_dir: Path
    """The folder in which a command finds the instance."""
    server: EmbeddedServer
    conninfo: str
    large: str
    middling: str
    user: User
    session_id: int
    filled: float | None
    """Seconds that filling it took, if it was filled now."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """The person who owns the instance, with a connection of their own."""
        db = Database(self.conninfo)
        try:
            yield Session(db, self.user, self.session_id)
        finally:
            await db.close()

    def sql(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection past the services, which commits every statement; the caller closes it."""
        return psycopg.connect(self.conninfo, autocommit=True)


def warm(data: Path) -> None:
    """Reads the files of a server, so that the system holds them: what is measured then waits for no disk."""
    for path in data.joinpath("base").glob("*/*"):
        # The server removes files meanwhile, and has folders for its temporary ones.
        with suppress(FileNotFoundError, IsADirectoryError), path.open("rb") as file:
            while file.read(1 << 20):
                pass


def home(issues: int) -> Path:
    """The folder of the instance of so many issues, kept from run to run."""
    return platformdirs.user_cache_path("rhythm-benchmarks") / str(issues) / "postgres"


@contextmanager
def opened(folder: Path, issues: int, *, programs: Path | None = None) -> Iterator[Bench]:
    """The instance in a folder, filled if it is new; its server stays up for the block.

    `programs` are those of another PostgreSQL than the embedded one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = EmbeddedServer(folder, bindir=programs)
    conninfo = server.start()
    try:
        migrate(conninfo)
        if asyncio.run(generation(conninfo)) < GENERATION:
            with progress(asyncio.run(issue_total(conninfo)), "Issues indexed") as advance:
                asyncio.run(reindex(conninfo, advance))
        user, session_id = asyncio.run(owner_of(conninfo))
        start = perf_counter()
        filled = filler.fill(conninfo, issues, owner=user.id, progress=progress)
        seconds = perf_counter() - start
        large, middling = _projects(conninfo)
        yield Bench(
            folder.parent,
            server,
            conninfo,
            large,
            middling,
            user,
            session_id,
            filled=seconds if filled else None,
        )
    finally:
        server.release()


@asynccontextmanager
async def opened_beside(folder: Path, issues: int) -> AsyncIterator[Bench]:
    """The same for whoever runs in an event loop already."""
    with ExitStack() as stack:
        yield await asyncio.to_thread(stack.enter_context, opened(folder, issues))


async def owner_of(conninfo: str) -> tuple[User, int]:
    """Who owns the instance, and their session."""
    async with Tracker.open(conninfo) as tracker:
        person = system_person()
        session = await tracker.accounts.local(person.name, person.full_name)
        return session.user, session.id


def _projects(conninfo: str) -> tuple[str, str]:
    """The largest project, and the fifth."""
    with psycopg.connect(conninfo) as sql:
        keys = [
            str(key)
            for (key,) in sql.execute(
                "SELECT key FROM projects JOIN issue_numbers ON project_id = id ORDER BY last DESC"
            )
        ]
    return keys[0], keys[min(4, len(keys) - 1)]
