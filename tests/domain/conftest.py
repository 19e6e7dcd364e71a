"""The stage of `stage.py`, made once for each module that plays on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from tests.conftest import Postgres
from tests.domain.rehearsal import Rehearsal
from tests.domain.stage import Stage, build

_serial = count(1)


@pytest.fixture(scope="module")
def stage(postgres: Postgres, template: str, worker_id: str) -> Iterator[Stage]:
    """The stage, in a database of its own."""
    name = f"stage_{worker_id}_{next(_serial)}"
    with postgres.admin() as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER rhythm'.encode())
    yield build(postgres.conninfo(name))
    with postgres.admin() as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
async def rehearsal(stage: Stage) -> AsyncIterator[Rehearsal]:
    """The stage's database, in which nothing stays."""
    async with Rehearsal(stage.conninfo) as rehearsal:
        yield rehearsal
