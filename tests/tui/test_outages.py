"""The database goes away while somebody works: said at once, nothing is lost, all is well when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg import AsyncConnection

from rhythm_domain import config
from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.errors import Busy, Outcome, Unavailable
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.notices import BEAT, PATIENCE
from rhythm_domain.session import Session
from rhythm_tui.instance import Instance
from rhythm_tui.report import report
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.issue_table import IssueTable
from tests import instances
from tests.instances import Team
from tests.servers import Server
from tests.tui.conftest import Open
from tests.tui.driver import Driver, at_the_door, opened

SOON = 3.0
"""Seconds within which a person knows, and within which they can go on."""

SLACK = 3.0
"""Seconds that a server may take longer on a loaded machine."""


def test_a_person_knows_in_time() -> None:
    """With half a second left to say it in."""
    assert BEAT + PATIENCE <= SOON - 0.5


@pytest.fixture
async def olga(server: Server) -> Session:
    """The owner of CORE, with three issues, at a server that will be mistreated."""
    with psycopg.connect(server.conninfo, autocommit=True, row_factory=psycopg.rows.dict_row) as sql:
        instance = instances.Instance(Database(server.conninfo), sql)
        olga = instance.person("olga")
        instance.project("CORE", owner=olga)
        for title in ("one", "two", "three"):
            await olga.issues.create("CORE", IssueDraft(title=title))
        await instance.db.close()
    return olga


def lost(driver: Driver) -> bool:
    """Whether the strip is seen."""
    view = driver.app.view
    return isinstance(view, WorkScreen) and bool(view.query_one("#strip").display)


async def within(driver: Driver, seconds: float, holds: Callable[[], object], what: str) -> None:
    """Waits until something holds; it may take as long as is promised, but for what the machine takes for
    itself: a short pause that becomes a long one.
    """
    start, held_up = monotonic(), 0.0
    while not holds():
        before = monotonic()
        await driver.pilot.pause(0.01)
        held_up += max(0.0, monotonic() - before - 0.1)
        assert monotonic() - start - held_up < seconds + SLACK, f"{what} never came to be:\n{driver.text}"


@pytest.mark.parametrize("how", ["killed", "frozen"])
async def test_work_goes_on_past_an_outage(server: Server, olga: Session, tmp_path: Path, how: str) -> None:
    """Nothing is pressed, and the strip comes; the cursor moves; a title that can't be saved stays typed."""
    async with opened(server.conninfo, olga, tmp_path, project="CORE") as driver:
        await driver.sees("three", "3 issues")
        server.kill() if how == "killed" else server.freeze()
        try:
            await within(driver, SOON, lambda: lost(driver), "the strip")
            await driver.sees("What you see is as it was", "three")
            table = driver.widget(IssueTable)
            await driver.press("j")
            await within(driver, 0, lambda: table.cursor == 1, "the next line")
            await driver.press("n")
            await driver.write("Typed in the dark")
            await driver.press("enter")
            await driver.sees("It was not saved", "Typed in the dark")
        finally:
            server.embedded.start() if how == "killed" else server.thaw()
        await within(driver, SOON, lambda: not lost(driver), "the end of the strip")
        await driver.press("enter")
        await driver.sees("CORE-4 created")
        await driver.sees("Typed in the dark", "4 issues")
        assert (await driver.view.desk.session.issues.show("CORE-4")).title == "Typed in the dark"


async def test_a_quick_key_in_the_dark_says_that_it_did_not_count(
    server: Server, olga: Session, tmp_path: Path
) -> None:
    """The line goes back to what is saved."""
    async with opened(server.conninfo, olga, tmp_path, project="CORE") as driver:
        await driver.sees("three")
        server.kill()
        await driver.press("x")
        await driver.sees("It was not saved")
        await driver.until_saved()
        assert "done" not in driver.text
        server.embedded.start()
        await driver.until(lambda: not lost(driver))
        await driver.press("x")
        await driver.sees("done")


async def test_a_server_of_ones_own_is_started_again(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else would; but what was removed, as the demo can be, is not made anew, empty."""

    class Own(Instance):
        @cached_property
        def settings(self) -> config.Settings:
            return config.Settings(data_dir=tmp_path, state_dir=tmp_path, log_dir=tmp_path)

        @cached_property
        def embedded(self) -> EmbeddedServer:
            return server.embedded

    async with at_the_door(Own()) as driver:
        await driver.sees("make your first project")
        server.kill()
        await driver.until(lambda: lost(driver), "the strip")
        await driver.until(lambda: not lost(driver), "its end")
        await driver.press("plus")
        await driver.write("Harbour Lights")
        await driver.press("ctrl+s")
        await driver.sees("HL created")
        started: list[EmbeddedServer] = []
        monkeypatch.setattr(EmbeddedServer, "start", lambda one: started.append(one))
        driver.app._revive()
        assert started == [server.embedded]
        monkeypatch.setattr(EmbeddedServer, "made", False)
        driver.app._revive()
        assert len(started) == 1


async def test_what_is_only_busy_is_no_outage(team: Team, app: Open) -> None:
    """A statement that took too long, a row that somebody else holds: said once, and no strip."""
    async with app(team.member, project="CORE") as driver:
        report(driver.view, Busy("Somebody else is changing the same."))
        await driver.sees("Somebody else is changing the same", "Try again")
        assert not lost(driver)


async def test_whoever_quits_waits_for_no_server_that_does_not_answer(
    server: Server, olga: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even as long as psycopg would, which asks it to cancel what it was asked for."""

    async def for_ever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(AsyncConnection, "_try_cancel", for_ever)
    async with asyncio.timeout(120):
        async with opened(server.conninfo, olga, tmp_path, project="CORE") as driver:
            await driver.sees("one")
            desk = driver.view.desk
            desk.session._guard._db.deadline = 120
            server.freeze()
            await driver.press("x")
            await driver.until(lambda: desk.edits.waiting, "a change")
    assert isinstance(driver.app.parting, Unavailable)
    assert driver.app.parting.outcome is Outcome.UNKNOWN
