"""The ways in, what can be in the way, and what is said when the database goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from rhythm_domain.errors import Unavailable
from rhythm_tui.app import RhythmApp
from rhythm_tui.looks.themes import DARK, LIGHT
from rhythm_tui.messages import Lost
from rhythm_tui.person import SystemPerson
from tests.instances import Instance
from tests.tui.driver import at_the_door
from tests.tui.snapshots.conftest import Compare, Looked, OpenDemo, at_every_size
from tests.tui.test_way_in import AtUrl


class Somewhere(AtUrl):
    """An instance that does not say where the tests run."""

    instance_name = "postgresql://tracker.example/rhythm"


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no second pass while the app waits for the next try, so that it counts down from the first."""
    waiting = SimpleNamespace(
        Event=asyncio.Event, to_thread=asyncio.to_thread, wait_for=lambda awaited, _seconds: awaited
    )
    monkeypatch.setattr("rhythm_tui.screens.way_in.asyncio", waiting)


@pytest.fixture(autouse=True)
def _robin_at_the_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said who runs the tests, and where."""
    somebody = SystemPerson("robin", "Robin Windlow", "robin@laptop")
    monkeypatch.setattr("rhythm_tui.screens.door.system_person", lambda: somebody)


async def test_doors(everybodys: Looked, compare: Compare, tmp_path: Path) -> None:
    """A name and a password, which is not seen; the other door, where one joins with a code."""
    async with at_the_door(Somewhere(everybodys.conninfo, tmp_path)) as driver:
        await driver.sees("Sign in")
        driver.burst("robin", "enter", "correct horse")
        await at_every_size(driver, compare, "sign-in")
        driver.app.theme = LIGHT
        await compare(driver, "sign-in-light")
        await driver.press("ctrl+o")
        await driver.sees("Join")
        await compare(driver, "join-light")
        driver.app.theme = DARK
        await compare(driver, "join")


async def test_the_first_administrator(compare: Compare, another: str, tmp_path: Path) -> None:
    """Nobody is there yet."""
    async with at_the_door(Somewhere(another, tmp_path)) as driver:
        await driver.sees("Be the first")
        driver.burst("robin")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")


@pytest.mark.usefixtures("_patient")
async def test_a_server_that_refuses(compare: Compare, tmp_path: Path) -> None:
    """What happened, where, what to do; it tries again by itself."""
    url = "postgresql://robin@127.0.0.1:1/rhythm"
    async with at_the_door(AtUrl(url, tmp_path)) as driver:
        await driver.sees("Trying again in")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")


async def test_a_url_that_can_t_be_read(compare: Compare, tmp_path: Path) -> None:
    """It says how one is written."""
    async with at_the_door(AtUrl("postgresql://ada:p@ss%@host:port/x", tmp_path)) as driver:
        await driver.sees("try again")
        await compare(driver)


async def test_the_welcome(own_app: OpenDemo, compare: Compare, instance: Instance) -> None:
    """What a new person sees: what to do first."""
    instance.sql.execute("INSERT INTO users (name, display_name, claimed) VALUES ('wren', 'Wren', true)")
    async with own_app(person="wren", view="projects") as driver:
        await driver.sees("make your first project")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")


async def test_the_database_goes_away(
    demo_app: OpenDemo, compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strip says so; what was read stays to be read."""

    async def no_answer(_app: RhythmApp) -> None:
        raise Unavailable("The database does not answer.")

    monkeypatch.setattr(RhythmApp, "_ask_database", no_answer)
    async with demo_app(project="STN") as driver:
        driver.view.post_message(Lost(Unavailable("The database does not answer.")))
        await driver.sees("trying again")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")
