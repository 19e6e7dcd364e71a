"""The app for a person who is a guest on the machine that it runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from rhythm_domain import config, logs
from rhythm_domain.errors import Busy, Unavailable
from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.services.accounts import Accounts
from rhythm_domain.session import Session
from rhythm_tui.app import RhythmApp
from rhythm_tui.hosting.instance import HostedInstance
from rhythm_tui.hosting.notebook import StoredNotebook
from rhythm_tui.hosting.settings import Host, Limits
from rhythm_tui.notebook import Notebook
from tests.instances import Team
from tests.tui.driver import Driver, SignedIn, run


class Guest(SignedIn):
    """A shared instance, with somebody signed in already."""

    local = False

    async def notebook(self, kind: str, session: Session) -> Notebook:
        return await StoredNotebook.read(session.notes, kind)


@asynccontextmanager
async def opened(
    conninfo: str, session: Session, folder: Path, issue: str | None = None
) -> AsyncIterator[Driver]:
    """The app, opened by a guest at the issues of CORE."""
    app = RhythmApp(Guest(conninfo, session, folder, {}, ""), start="issues", project="CORE", issue=issue)
    async with run(app) as driver:
        await driver.until(lambda: app.view is not None and not app.view.busy, "the view")
        yield driver


async def test_drafts_and_how_one_left_are_kept_in_the_database(
    team: Team, conninfo: str, tmp_path: Path
) -> None:
    await team.owner.issues.create("CORE", IssueDraft(title="To be commented", status=Status.TODO))
    async with opened(conninfo, team.member, tmp_path, issue="CORE-1") as driver:
        await driver.sees("To be commented", "Activity")
        await driver.press("c")
        await driver.sees("Comment · CORE-1")
        await driver.write("Half a thought")

        async def kept() -> bool:
            return any("Half a thought" in each for each in (await team.member.notes.read("drafts")).values())

        await driver.eventually(kept, "the draft")
    async with opened(conninfo, team.member, tmp_path, issue="CORE-1") as driver:
        await driver.sees("To be commented", "Activity")
        await driver.press("c")
        await driver.sees("Half a thought", "restored")
    assert not kept_files(tmp_path)


def kept_files(folder: Path) -> list[Path]:
    """What was written to a folder."""
    return list(folder.rglob("*"))


async def test_nothing_of_the_machine_can_be_reached(team: Team, conninfo: str, tmp_path: Path) -> None:
    """Of what acts on it each command says that it can't; what Textual brings does nothing."""
    async with opened(conninfo, team.member, tmp_path) as driver:
        app = driver.app
        assert app.desk is not None
        assert (app.desk.editor, app.desk.local) == (None, False)
        reasons = {command.id for command in app.commands.values() if command.local}
        assert reasons == {"demo", "account.switch", "suspend"}
        for id in reasons:
            app.action_command(id)
            await driver.sees("not possible over SSH")
            await driver.press("r")
        app.action_suspend_process()
        app.open_url("https://example.org")
        app.action_screenshot(path=str(tmp_path))
        app.deliver_text(StringIO("x"), save_directory=tmp_path)
        app.save_screenshot(path=str(tmp_path))
        await driver.pilot.pause()
        assert app.is_running
        driver.view.visit("https://example.org/x")
        await driver.sees("Copied https://example.org/x")
        assert app.clipboard == "https://example.org/x"
    assert not kept_files(tmp_path)


async def test_no_cursor_blinks(team: Team, conninfo: str, tmp_path: Path) -> None:
    """While the cursor of a dead line blinks, sshd never asks if somebody is there."""
    async with opened(conninfo, team.member, tmp_path) as driver:
        for keys in ("/", "n", ":"):
            await driver.press(keys)
            await driver.until(lambda: hasattr(driver.app.focused, "cursor_blink"), "a line to type in")
            await driver.until(
                lambda: not getattr(driver.app.focused, "cursor_blink", True), "a steady cursor"
            )
            await driver.press("escape", "escape")
            await driver.until(lambda: not hasattr(driver.app.focused, "cursor_blink"), "the view")


async def test_who_is_signed_out_is_shown_out(team: Team, conninfo: str, tmp_path: Path) -> None:
    """There is no other way in."""
    async with opened(conninfo, team.member, tmp_path) as driver:
        await team.admin.people.deactivate("mia")
        await driver.until(lambda: driver.app.parting is not None, "the end")
    assert "ended" in str(driver.app.parting)


async def test_a_person_says_how_many_colours_their_terminal_has(
    team: Team, conninfo: str, tmp_path: Path
) -> None:
    """COLORTERM does not travel by itself."""
    async with opened(conninfo, team.member, tmp_path) as driver:
        driver.app.action_command("colours")
        await driver.sees("Colours of your terminal")
        await driver.write("16 mil")
        await driver.press("enter")
        await driver.sees("from the next start on")
    async with opened(conninfo, team.member, tmp_path) as driver:
        assert driver.app.console.color_system == "truecolor"


async def test_who_does_nothing_for_too_long_is_shown_out(team: Team, conninfo: str, tmp_path: Path) -> None:
    """Whoever does something is not."""
    async with opened(conninfo, team.member, tmp_path) as driver:
        app, before = driver.app, driver.app.stirred
        app.instance.idle = timedelta(hours=1)
        await driver.press("j")
        await driver.until(lambda: app.stirred > before, "a stir")
        app._look_if_idle()
        assert app.parting is None
        app.instance.idle = timedelta(seconds=0.01)
        app._look_if_idle()
        await driver.until(lambda: app.parting is not None, "the end")
    assert "closed" in str(app.parting)


async def test_who_leaves_while_the_database_is_away_leaves(
    team: Team, conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session can't be closed then; it is dead within an hour."""

    async def away(accounts: Accounts, session: Session) -> None:
        raise Unavailable

    monkeypatch.setattr(Accounts, "end", away)
    monkeypatch.setattr(logs, "set_up_system", lambda _: None)
    limits = Limits(sessions_per_person=1)
    host = Host(tmp_path, "Ours", config.Settings(database_url=conninfo), limits, run_dir=tmp_path)
    key = await team.member.people.add_ssh_key("laptop", PUBLIC)
    instance = HostedInstance(host, key.id, "192.0.2.7")
    async with instance.session() as session:
        assert (await session.people.me()).name == "mia"
    assert team.instance.value("SELECT source FROM sessions WHERE kind = 'key'") == "192.0.2.7"
    # As after a host process that was killed: its sessions were not closed either, yet people come back.
    with pytest.raises(Busy):
        await entered(HostedInstance(host, key.id))
    await entered(HostedInstance(host, key.id, counted=True))


async def entered(instance: HostedInstance) -> None:
    async with instance.session():
        pass


PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
