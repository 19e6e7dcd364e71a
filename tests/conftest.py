"""What all tests share: one PostgreSQL for the whole run, started by the first test that needs it; and for
each test a database of its own, as the migrations make it, with people to fill it.

RHYTHM_TEST_POSTGRES=15 runs the suite on Debian's PostgreSQL 15 (any version that is installed there)
instead of the embedded one.
"""

from __future__ import annotations

import compileall
import gc
import logging
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from psycopg.rows import dict_row

from rhythm_domain import database, logs, passwords
from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.migrate import migrate
from tests.databases import Databases
from tests.instances import Instance, Team
from tests.servers import SHARED_FOLDER, Server, debian_programs, reachable_folder

# The same examples everywhere, and no limit of time: a test that fails on one machine fails on all.
settings.load_profile("ci")

ROOT = Path(__file__).parents[1]

LONGEST = ("tests/tui/test_hostile.py", "tests/domain/test_growth.py", "tests/hosting/", "tests/tui/")
"""What takes longest."""


@dataclass(frozen=True)
class Postgres:
    """The server of this test run. Make databases of your own; the database `rhythm` stays empty."""

    server: EmbeddedServer

    def conninfo(self, dbname: str, user: str = "rhythm") -> str:
        return self.server.conninfo(dbname, user)

    def admin(self, dbname: str = "postgres") -> psycopg.Connection:
        """Return a superuser's connection that commits every statement; the caller closes it."""
        return psycopg.connect(self.conninfo(dbname, "postgres"), autocommit=True)


def shared_server() -> EmbeddedServer:
    home = Path(os.environ[SHARED_FOLDER], "postgres")
    return EmbeddedServer(home, fsync=False, grace=10, bindir=debian_programs())


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # Not in a worker of xdist: here the run begins and ends.
        os.environ[SHARED_FOLDER] = str(reachable_folder())
        for package in (
            "rhythm_domain",
            "rhythm_tui",
        ):  # Where Python keeps nothing compiled, each start would.
            compileall.compile_dir(ROOT / package, quiet=2)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shared_server().stop()
        shutil.rmtree(os.environ.pop(SHARED_FOLDER))


@pytest.fixture(autouse=True)
def unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no database that is gone, unless the test has a server of its own to mistreat."""
    if "server" not in request.fixturenames:
        monkeypatch.setattr(database, "DEADLINE", 60.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes longest: else one worker ends with it, while the others have nothing to do."""
    items.sort(key=lambda item: next((at for at, of in enumerate(LONGEST) if item.nodeid.startswith(of)), 9))


def pytest_collection_finish() -> None:
    """What is imported by now stays: to look through it for garbage took a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The run's PostgreSQL: at a path with a space, shared by all workers. It secures and tidies nothing."""
    server = shared_server()
    server.start()
    made = Postgres(server)
    with made.admin() as admin:
        admin.execute("ALTER SYSTEM SET autovacuum = off")
        admin.execute("SELECT pg_reload_conf()")
    yield made
    server.release()


@pytest.fixture(scope="session")
def template(postgres: Postgres, worker_id: str) -> str:
    """The name of a database with the whole schema and nobody in it."""
    name = f"template_{worker_id}"
    with postgres.admin() as admin:
        admin.execute(f'CREATE DATABASE "{name}" OWNER rhythm'.encode())
    migrate(postgres.conninfo(name))
    return name


@pytest.fixture(scope="session")
def databases(postgres: Postgres, template: str, worker_id: str) -> Iterator[Databases]:
    """The worker's databases, each with the whole schema and nobody in it."""
    databases = Databases(postgres.admin, template, f"test_{worker_id}")
    yield databases
    databases.close()


@contextmanager
def _lent(postgres: Postgres, databases: Databases) -> Iterator[str]:
    name = databases.take()
    yield postgres.conninfo(name)
    databases.give_back(name)


@pytest.fixture
def conninfo(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """The test's database."""
    with _lent(postgres, databases) as conninfo:
        yield conninfo


@pytest.fixture
def another(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """A second database, to compare."""
    with _lent(postgres, databases) as conninfo:
        yield conninfo


@pytest.fixture
def empty(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """A database with nothing in it."""
    name = databases.copy("template1")
    yield postgres.conninfo(name)
    databases.drop(name)


@pytest.fixture
async def db(conninfo: str) -> AsyncIterator[Database]:
    """The test's database as the services see it."""
    database = Database(conninfo, max_size=4)
    yield database
    await database.close()


@pytest.fixture
def instance(db: Database, conninfo: str) -> Iterator[Instance]:
    """The test's database, to fill and to look into."""
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        yield Instance(db, sql)


@pytest.fixture
def team(instance: Instance) -> Team:
    """Project CORE with owner olga, maintainer max, member mia, viewer vic; outsider otto, admin ada."""
    return Team.of(instance)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A log of the test's own; afterwards there is none."""
    yield logs.set_up(tmp_path / "log")
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one).__module__ == "rhythm_domain.logs"]:
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 with the least work: what it costs is tested with the passwords."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: cheap)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, to be mistreated."""
    folder = reachable_folder()
    made = Server(folder / "postgres")
    yield made
    made.thaw()
    made.embedded.stop()
    shutil.rmtree(folder)
