"""What many tests play on, made once: the stage of `stage.py`, and an instance of some thousand issues."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from random import Random

import psycopg
import pytest
import pytest_asyncio
from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.demo import filler
from rhythm_domain.session import Session
from tests.conftest import Postgres
from tests.databases import Databases
from tests.domain.rehearsal import Listening, Rehearsal
from tests.domain.search_oracle import World, populate
from tests.domain.stage import Stage, build
from tests.domain.test_demo import quiet
from tests.instances import Instance


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Rehearsals of one module share a line to the database, so they share the loop that it is used by."""
    for item in items:
        if "rehearsal" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"))


@pytest.fixture(scope="module")
def stage(postgres: Postgres, databases: Databases) -> Iterator[Stage]:
    """The stage, in a database of its own."""
    name = databases.copy()
    yield build(postgres.conninfo(name))
    databases.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(stage: Stage) -> AsyncIterator[Listening]:
    """The way to the stage's database, for one rehearsal after the other."""
    line = await Listening.to(stage.conninfo)
    yield line
    await line.close()


@pytest_asyncio.fixture(loop_scope="module")
async def rehearsal(stage: Stage, line: Listening) -> AsyncIterator[Rehearsal]:
    """The stage's database, in which nothing stays."""
    async with Rehearsal(stage.conninfo, line) as rehearsal:
        yield rehearsal


@dataclass(frozen=True)
class Filled:
    """An instance of many issues, six of ten in the project ATLAS, and the owner of all projects."""

    conninfo: str
    owner: Session

    @classmethod
    def at(cls, conninfo: str, issues: int) -> Filled:
        """Fills an empty database; short texts and a single process take the least time of all processors."""
        with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
            owner = Instance(Database(conninfo), sql).person("owner")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(filler, "_description", _short)
                patch.setattr(os, "cpu_count", lambda: 1)
                filler.fill(conninfo, issues, owner=owner.user.id, progress=quiet)
            sql.execute("ANALYZE issue_counts")
        return cls(conninfo, owner)


def _short(dice: Random) -> str:
    return filler._sentences(filler._words(dice, dice.randint(5, 30)))


@pytest.fixture(scope="session")
def filled(postgres: Postgres, databases: Databases) -> Filled:
    """4,000 issues in twenty projects. Nothing is written there."""
    return Filled.at(postgres.conninfo(databases.copy()), 4000)


@pytest.fixture(scope="session")
def populated(postgres: Postgres, databases: Databases) -> Iterator[tuple[str, World]]:
    """A world for all tests that only search it."""
    name = databases.copy()
    conninfo = postgres.conninfo(name)
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        world = populate(Instance(Database(conninfo), sql))
    yield conninfo, world
    databases.drop(name)


@pytest.fixture
async def world(populated: tuple[str, World]) -> AsyncIterator[World]:
    """What all search; nobody changes it."""
    conninfo, world = populated
    db = Database(conninfo, max_size=4)
    yield replace(world, asker=Session(db, world.asker.user, world.asker.id))
    await db.close()


@pytest.fixture
def own(instance: Instance) -> World:
    """A world of the test's own."""
    return populate(instance)
