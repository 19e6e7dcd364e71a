"""What is under way when a screen or the app ends: what is read is given up, what is written is not."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from textual.events import Key

from rhythm_domain.errors import Forbidden, Outcome, RhythmError, Unavailable
from rhythm_domain.models import Role, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_tui import app as app_module
from rhythm_tui.app import RhythmApp
from rhythm_tui.background import end
from rhythm_tui.drafts import of_comment, of_issue
from rhythm_tui.edits import Edits
from rhythm_tui.screens.board import BoardScreen
from rhythm_tui.screens.dialog import SAVING
from rhythm_tui.screens.issue import IssueScreen
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver, SignedIn, run

PATIENT = 60.0
"""Seconds for which the app waits here: a busy machine may take its time."""


async def created(team: Team) -> str:
    return (await team.member.issues.create("CORE", IssueDraft(title="anchor chain", status=Status.TODO))).key


class Gate:
    """A write of a service that does not come to its end before one opens the gate."""

    def __init__(
        self,
        driver: Driver,
        monkeypatch: pytest.MonkeyPatch,
        service: str = "issues",
        write: str = "edit_many",
    ) -> None:
        assert driver.app.desk is not None
        self._driver, self._edits = driver, driver.app.desk.edits
        self._monkeypatch, of = monkeypatch, getattr(driver.app.desk.session, service)
        self._write, self._is_open = getattr(of, write), asyncio.Event()
        monkeypatch.setattr(of, write, self._pass)

    async def _pass(self, *args: Any, **options: Any) -> Any:
        await self._is_open.wait()
        return await self._write(*args, **options)

    async def close_issue(self) -> None:
        """Presses the key, and waits until the change is on its way."""
        await self._driver.press("x")
        await self.reached()

    async def reached(self) -> None:
        """Waits until the write is on its way."""
        await self._driver.until(lambda: self._edits.waiting == 1, "the change")

    def open(self) -> None:
        self._is_open.set()

    def open_at_the_end(self) -> None:
        """Opens it once the app ends, and waits for what is written."""
        through = self._edits.through

        async def opened(seconds: float) -> None:
            self.open()
            await through(seconds)

        self._monkeypatch.setattr(self._edits, "through", opened)


async def test_a_change_is_saved_though_one_leaves_its_page(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on to its end without the page."""
    key = await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        gate = Gate(driver, monkeypatch)
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.view, IssueScreen) and not driver.view.busy, "its page")
        await gate.close_issue()
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.view, BoardScreen), "the board")
        gate.open()
        await driver.until_saved()
        assert (await team.member.issues.show(key)).status is Status.DONE


async def test_a_change_that_fails_is_told_of_though_one_left_its_page(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one would believe that it was saved."""
    await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        gate = Gate(driver, monkeypatch)
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.view, IssueScreen) and not driver.view.busy, "its page")
        await gate.close_issue()
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.view, BoardScreen), "the board")
        await team.owner.members.set_role("CORE", "mia", Role.VIEWER)
        gate.open()
        await driver.sees("only members may move issues")


async def test_a_change_is_saved_though_one_quits(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app waits for it."""
    monkeypatch.setattr(app_module, "WRITES_END", PATIENT)
    key = await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        gate = Gate(driver, monkeypatch)
        await gate.close_issue()
        gate.open_at_the_end()
    assert (await team.member.issues.show(key)).status is Status.DONE
    assert driver.app.parting is None


async def test_no_draft_is_left_of_what_is_saved_while_one_quits(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be sent once more."""
    monkeypatch.setattr(app_module, "WRITES_END", PATIENT)
    key = await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        gate = Gate(driver, monkeypatch, "comments", "add")
        await driver.press("c")
        await driver.sees("Comment ·")
        await driver.write("once")
        await driver.press("ctrl+s")
        await gate.reached()
        gate.open_at_the_end()
    assert [comment.body for comment in (await team.owner.comments.list(key)).items] == ["once"]
    assert driver.app.desk is not None
    one = await team.owner.issues.show(key)
    assert driver.app.desk.drafts.get(of_comment(one.id)) is None
    assert driver.app.crashed is None


async def test_nobody_leaves_what_is_being_saved(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft that one left would be sent once more; and should it fail, the text is still there."""
    key = await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        for begin, service, write, save, said in (
            ("c", "comments", "add", "ctrl+s", "saving …"),
            ("N", "issues", "create", "ctrl+s", "saving …"),
            ("n", "issues", "create", "enter", SAVING),
        ):
            with monkeypatch.context() as patch:
                gate = Gate(driver, patch, service, write)
                await driver.press(begin)
                await driver.until(lambda: driver.app.screen.is_modal, "the dialog")
                dialog = driver.app.screen
                await driver.write("once")
                await driver.press(save)
                await gate.reached()
                await driver.press("escape")
                await driver.sees(said)
                assert driver.app.screen is dialog
                gate.open()
                await driver.until(lambda: not driver.app.screen.is_modal, "its end")
        assert driver.app.desk is not None
        one = await team.owner.issues.show(key)
        names = of_comment(one.id), of_issue(one.project_id)
        assert [driver.app.desk.drafts.get(name) for name in names] == [None] * 2


async def test_whoever_quits_is_told_of_a_change_whose_end_is_not_known(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database does not answer, and nobody has to wait for it."""
    monkeypatch.setattr(app_module, "WRITES_END", 0.1)
    await created(team)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("anchor chain")
        await Gate(driver, monkeypatch).close_issue()
    told = driver.app.parting
    assert isinstance(told, Unavailable)
    assert told.outcome is Outcome.UNKNOWN


async def test_a_change_that_fails_in_the_moment_one_leaves_is_told_of() -> None:
    """Whoever waited for it does not hear of it any more."""
    told: list[RhythmError] = []
    edits = Edits()
    edits.failed = told.append
    begun, fails = asyncio.Event(), asyncio.Event()

    async def write(_: UUID) -> None:
        begun.set()
        await fails.wait()
        raise Forbidden("Only members may do that.")

    waiting = asyncio.create_task(edits.run(write))
    await begun.wait()
    (sending,) = edits.under_way
    sending.add_done_callback(lambda _: waiting.cancel())
    fails.set()
    await asyncio.wait({waiting})
    await asyncio.sleep(0)
    assert waiting.cancelled()
    assert [error.message for error in told] == ["Only members may do that."]
    assert not edits.waiting


async def test_what_does_not_end_is_not_waited_for() -> None:
    """However often it is cancelled."""
    released = asyncio.Event()

    async def stubborn() -> None:
        while not released.is_set():
            with suppress(asyncio.CancelledError):
                await released.wait()

    work = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENT):
        await end([work], 0)
    assert not work.done()
    released.set()
    await work


async def test_nothing_is_read_once_the_app_has_ended(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is being read is given up, and its end waited for: the server drops the query."""
    monkeypatch.setattr(app_module, "READS_END", PATIENT)
    ended = False

    async def read() -> None:
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.2)  # As long as the server takes.
            ended = True

    async with app(team.member, project="CORE", view="board") as driver:
        monkeypatch.setattr(driver.view, "load", read)
        await driver.press("r")
        await driver.until(lambda: driver.view.busy, "the reading")
    assert ended


@pytest.mark.parametrize("view", ["board", "sprints"])
async def test_one_can_leave_while_a_view_comes(team: Team, conninfo: str, tmp_path: Path, view: str) -> None:
    """At any moment: widgets whose children are still to come are no defect. A key meanwhile waits for it."""
    for moment in range(0, 60, 15):
        app = RhythmApp(SignedIn(conninfo, team.member, tmp_path, {}, ""), start=view, project="CORE")
        async with run(app) as driver:
            await driver.until(lambda app=app: app.desk is not None, "somebody")  # type: ignore[misc]
            for _ in range(moment):
                await asyncio.sleep(0)
            app.post_message(Key("L", "L"))
            await asyncio.sleep(0)
            await driver.leave()
        assert app.crashed is None
