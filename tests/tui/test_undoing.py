"""Undo and redo by their keys: whose steps, in which order, and when it is asked first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rhythm_domain.errors import Unavailable
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.services.history import History
from rhythm_tui.screens import undoing
from tests.instances import Instance, Team
from tests.tui.conftest import Open
from tests.tui.test_issues import fill


async def test_what_was_undone_leaves_room_for_the_way_back(team: Team, app: Open) -> None:
    """However long it is, on a small screen."""
    (key,) = await fill(team, "A title of many words " * 5)
    async with app(team.member, project="CORE", size=(80, 24)) as driver:
        await driver.sees(key)
        await team.member.issues.edit(key, IssueEdit(title="Short"))
        await driver.press("u")
        await driver.sees("Undone: the title of CORE-1 is “A title of", "…  U does it again")


async def test_undo_goes_back_along_the_steps_of_the_person_wherever_they_were(
    instance: Instance, team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the page of another project's issue, also after it could not be looked up where that was; and in
    several projects at once; then back by redo.
    """
    ops = instance.project("OPS", owner=team.owner, member=team.member)
    assert ops
    await fill(team, "one")
    await team.member.issues.create("OPS", IssueDraft(title="two"))

    async def priorities() -> list[str]:
        return [(await team.member.issues.show(key)).priority.value for key in ("CORE-1", "OPS-1")]

    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        driver.burst("p", "low", "enter", "gj", "OPS-1", "enter")
        await driver.sees("  OPS-1\n")
        driver.burst("p", "urgent", "enter")
        await driver.sees("OPS-1: urgent priority")
        await driver.until_saved()
        asked = []

        async def unreachable(*_: object) -> None:
            asked.append(True)
            raise Unavailable

        with monkeypatch.context() as away:
            away.setattr(History, "where", unreachable)
            await driver.press("u")
            await driver.until(lambda: asked, "a question that nobody answers")
        assert await priorities() == ["low", "urgent"]
        await driver.press("u")
        await driver.sees("Undone: the priority of OPS-1 is none again")
        assert await priorities() == ["low", "none"]
        driver.burst("g0", "A", "p", "high", "enter")
        await driver.sees("2 issues: high priority")
        assert await priorities() == ["high", "high"]
        await driver.press("u")
        await driver.sees("Undone: ", "CORE: ", "OPS: ")
        assert await priorities() == ["low", "none"]
        await driver.press("U")
        await driver.sees("Redone: ")
        assert await priorities() == ["high", "high"]
        await driver.press("u", "u")
        await driver.sees("the priority of CORE-1 is none again")
        assert await priorities() == ["none", "none"]


async def test_undo_asks_before_it_takes_back_what_is_long_ago(
    instance: Instance, team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what was done before the app was opened the person may not think."""
    await fill(team, "one")
    monkeypatch.setattr(undoing, "RECENT", timedelta(0))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("u")
        await driver.sees("Your latest change in CORE was", "created")
        await driver.press("escape")
        assert (await team.member.issues.show("CORE-1")).deleted_at is None
        driver.burst("p", "low", "enter")
        await driver.sees("low priority")
        await driver.press("u")
        await driver.sees("Undone: the priority of CORE-1 is none again")
