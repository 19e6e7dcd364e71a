"""The demo, opened by the person who runs it, and the comparison of what is seen with what was seen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from psycopg.rows import dict_row
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.geometry import Size

from rhythm_domain.database import Database
from rhythm_domain.session import Session
from tests.conftest import Postgres
from tests.databases import Databases
from tests.instances import Instance
from tests.pictures import demo
from tests.pictures.picture import Picture
from tests.pictures.scene import settled
from tests.pictures.svg import drawn
from tests.tui.driver import Driver, opened

SIZES = [(80, 24), (160, 45), (120, 40)]
"""Where the layouts are looked at: the smallest, a large one, and the usual, with which a test goes on."""


class _Described(SingleFileSnapshotExtension):
    """A file for each picture, to be read."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@dataclass(frozen=True)
class Looked:
    """A demo that is looked at, and who is signed in there."""

    conninfo: str
    people: dict[str, Session]


class OpenDemo(Protocol):
    """Opens the demo; see `driver.opened`."""

    def __call__(self, person: str = ..., **options: Any) -> AbstractAsyncContextManager[Driver]: ...


class Compare(Protocol):
    """Compares the screen with what it was; see `compare`."""

    async def __call__(self, driver: Driver, name: str = "", *, sixteen: bool = False) -> None: ...


@pytest.fixture(scope="session")
def demo_template(postgres: Postgres, databases: Databases) -> str:
    """The name of a database with the demo in it, to be copied."""
    name = databases.copy()
    demo.fill(postgres.conninfo(name))
    return name


@pytest.fixture(scope="session")
def everybodys(postgres: Postgres, databases: Databases, demo_template: str) -> Looked:
    """The demo for all tests that only look: nothing can be written to it."""
    conninfo = postgres.conninfo(databases.copy(demo_template))
    with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
        instance = Instance(Database(conninfo), sql)
        people = {person: instance.known(person) for person in (demo.OWNER, "rainmere")}
    return Looked(demo.stopped(conninfo, read_only=True), people)


@pytest.fixture
def conninfo(postgres: Postgres, databases: Databases, demo_template: str) -> Iterator[str]:
    """A demo of the test's own, whose clock stands still; dropped afterwards."""
    name = databases.copy(demo_template)
    yield demo.stopped(postgres.conninfo(name))
    databases.drop(name)


@pytest.fixture(autouse=True)
def _at_rest() -> Iterator[None]:
    with demo.at_rest():
        yield


@pytest.fixture
def demo_app(everybodys: Looked, tmp_path: Path) -> OpenDemo:
    """Opens everybody's demo as one of its people: `async with demo_app(project="STN") as driver: ...`."""

    def open_(person: str = demo.OWNER, **options: Any) -> AbstractAsyncContextManager[Driver]:
        here = tmp_path / person
        return opened(everybodys.conninfo, everybodys.people[person], here, alone=True, **options)

    return open_


@pytest.fixture
def own_app(conninfo: str, instance: Instance, tmp_path: Path) -> OpenDemo:
    """The same for a demo of the test's own: what is changed there is changed for nobody else."""
    known = cache(instance.known)

    def open_(person: str = demo.OWNER, **options: Any) -> AbstractAsyncContextManager[Driver]:
        return opened(conninfo, known(person), tmp_path / person, alone=True, **options)

    return open_


@pytest.fixture
def compare(snapshot: SnapshotAssertion, request: pytest.FixtureRequest) -> Compare:
    """`await compare(driver, "board")`: once all has settled, the screen must look as in the snapshot."""
    snapshot = snapshot.use_extension(_Described)

    async def compare(driver: Driver, name: str = "", *, sixteen: bool = False) -> None:
        picture = await settled(driver, sixteen=sixteen)
        if folder := os.environ.get("RHYTHM_TEST_PICTURES"):
            _draw(picture, Path(folder, f"{request.node.name}{'-' * bool(name)}{name}.svg"))
        assert picture.described() == snapshot(name=name or None)

    return compare


def _draw(picture: Picture, file: Path) -> None:
    file.write_text(drawn(picture, file.stem), encoding="utf-8")


async def at_every_size(driver: Driver, compare: Compare, name: str = "") -> None:
    """Compares the screen at each of `SIZES`."""
    for width, height in SIZES:
        await _resized(driver, Size(width, height))
        await compare(driver, f"{name}{'-' * bool(name)}{width}x{height}")


async def _resized(driver: Driver, size: Size) -> None:
    await driver.pilot.resize_terminal(*size)
    app = driver.app
    await driver.until(
        lambda: all(screen.outer_size == size for screen in (app.screen, *app._background_screens)),
        f"a screen of {size}",
    )


async def closed(driver: Driver) -> None:
    """Leaves what lies over the view."""
    await driver.press("escape")
    await driver.until(
        lambda: driver.app.screen is driver.view and not driver.view._layout_required, "the view by itself"
    )
