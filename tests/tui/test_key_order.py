"""Keys that come faster than the app can follow reach what they are meant for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rhythm_domain.models import Status
from rhythm_tui.screens import linking
from rhythm_tui.screens.issue import IssueScreen
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_issues import fill


async def test_a_search_in_one_burst_is_a_search(team: Team, app: Open) -> None:
    """Not a letter of it is taken for a command."""
    await fill(team, "Login fails on Safari", "Crash in the importer")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues")
        driver.burst("/login fails", "enter")
        await driver.sees("Login fails", "1 issue")
        await driver.misses("Crash in")


async def test_a_key_after_a_search_is_meant_for_what_it_finds(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for the issue that the cursor was on before, however long the answer takes."""
    await fill(team, "Login fails on Safari", "Crash in the importer")
    page = team.member.search.page

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0.3)
        return await page(*args, **kwargs)

    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues", "▌")
        monkeypatch.setattr(team.member.search, "page", slowly)
        driver.burst("/login", "enter", "enter")
        await driver.until(lambda: isinstance(driver.view, IssueScreen), "a page")
        await driver.sees("Login fails", "1 of 1")


async def test_commands_with_dialogs_in_one_burst_follow_each_other(team: Team, app: Open) -> None:
    """A status by name, the next line, a new issue with its title, its estimate."""
    keys = await fill(team, "one", "two")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("two")
        driver.burst("sreview", "enter", "jx", "nsus dxex", "enter", "k.5", "enter")
        await driver.sees("sus dxex")
        await driver.until_saved()
        show = team.member.issues.show
        assert (await show(keys[1])).status is Status.IN_REVIEW
        assert (await show(keys[0])).status is Status.DONE
        new = await show("CORE-3")
        assert new.title == "sus dxex"
        await driver.eventually(lambda: team.member.search.ids("estimate:5", project="CORE"), "an estimate")


async def test_chords_in_one_burst(team: Team, app: Open) -> None:
    """Two strokes make one command each time."""
    await fill(team, *map(str, range(9)))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("9 issues")
        driver.burst("Gggj")
        await driver.until(lambda: driver.view.query_one("IssueTable").cursor == 1, "the second line")  # type: ignore[attr-defined]


async def test_a_key_right_behind_enter_is_for_the_page(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the page takes to be read: what is typed then is no command of anything."""
    await fill(team, "one")
    show = team.member.issues.show

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0.3)
        return await show(*args, **kwargs)

    async with app(team.member, project="CORE") as driver:
        await driver.sees("1 issue", "▌")
        monkeypatch.setattr(team.member.issues, "show", slowly)
        driver.burst("enter", "cuno Xd", "ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal and "uno Xd" in driver.text, "the comment")
        await driver.until_saved()
        comments = await team.member.comments.list("CORE-1")
        assert [comment.body for comment in comments.items] == ["uno Xd"]
        assert (await team.member.search.total("", project="CORE")).count == 1


async def test_a_key_right_behind_another_section_is_for_it(team: Team, app: Open) -> None:
    async with app(team.owner, project="CORE", view="settings") as driver:
        driver.burst("]")
        driver.burst("+", "ui", "ctrl+s")
        await driver.eventually(lambda: team.owner.labels.list("CORE"), "a label")


async def test_a_command_that_never_began_keeps_no_key_waiting(team: Team, app: Open) -> None:
    """Its screen may go away first."""
    await fill(team, "one", "two")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("two")
        driver.view.action_command("issue.comment")
        driver.app.workers.cancel_group(driver.view, "commands")
        await driver.press("j")
        await driver.until(lambda: not driver.app.keys.busy, "the end of the key")
        assert not driver.app.screen.is_modal


async def test_a_key_behind_an_answer_waits_for_the_next_question(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it takes until it is asked: what is typed then is its answer, and no command."""
    await fill(team, "power", "one")
    link = linking._link

    async def slowly(*args: Any) -> None:
        await asyncio.sleep(0.3)
        await link(*args)

    monkeypatch.setattr(linking, "_link", slowly)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues", "▌")
        driver.burst("mblocked", "enter", "power", "enter")
        await driver.eventually(lambda: team.member.search.ids("is:blocked", project="CORE"), "a link")
        assert (await team.member.issues.show("CORE-2")).links[0].title == "power"
