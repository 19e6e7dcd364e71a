"""The stage of `stage.py`, made once for each module that plays on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import Postgres
from tests.databases import Databases
from tests.domain.rehearsal import Rehearsal
from tests.domain.stage import Stage, build


@pytest.fixture(scope="module")
def stage(postgres: Postgres, databases: Databases) -> Iterator[Stage]:
    """The stage, in a database of its own."""
    name = databases.copy()
    yield build(postgres.conninfo(name))
    databases.drop(name)


@pytest.fixture
async def rehearsal(stage: Stage) -> AsyncIterator[Rehearsal]:
    """The stage's database, in which nothing stays."""
    async with Rehearsal(stage.conninfo) as rehearsal:
        yield rehearsal
