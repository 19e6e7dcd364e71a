"""One screen in every theme of ours and in two of Textual's, without colour, and in sixteen colours."""

from __future__ import annotations

import pytest

from rhythm_tui.looks.themes import LIGHT, SIXTEEN, THEMES
from tests.tui.driver import Driver
from tests.tui.snapshots.conftest import Compare, OpenDemo

VIEWS = {"board": "2", "sprints": "3", "projects": "4", "activity": "5", "reports": "6"}
"""The views and their keys."""


async def searched(driver: Driver) -> None:
    """The table with all that has a colour of its own: chips, a match, marks, the cursor, a preview."""
    driver.burst("/", "power is:open sort:priority", "enter")
    await driver.press("w", "w", "j", "space", "j")
    await driver.sees("is:open", "1 of ")


async def gone_to(driver: Driver, view: str) -> None:
    """Another view, read and ready."""
    await driver.press(VIEWS[view])
    await driver.until(lambda: driver.app.current_mode == view and not driver.view.busy, view)


async def test_every_theme(demo_app: OpenDemo, compare: Compare) -> None:
    """All is legible on its ground, and what is said by colour stays apart."""
    async with demo_app(project="STN") as driver:
        await searched(driver)
        for theme in [*(theme.name for theme in THEMES), "textual-dark", "textual-light"]:
            driver.app.theme = theme
            await compare(driver, theme)


async def test_light_ground(demo_app: OpenDemo, compare: Compare) -> None:
    """The same as on dark ground, turned about."""
    async with demo_app(project="STN", theme=LIGHT) as driver:
        for view in VIEWS:
            await gone_to(driver, view)
            await compare(driver, view)
        driver.burst("gm")
        await driver.until(lambda: driver.app.current_mode == "settings" and not driver.view.busy)
        await compare(driver, "settings")


async def test_no_color(demo_app: OpenDemo, compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR signs and words say it all."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with demo_app(project="STN") as driver:
        await searched(driver)
        await compare(driver, "issues")
        for view in ("board", "sprints"):
            await gone_to(driver, view)
            await compare(driver, view)


async def test_sixteen_colours(demo_app: OpenDemo, compare: Compare) -> None:
    """What a terminal of 16 colours makes of its theme: the cursor is seen, and nothing disappears."""
    async with demo_app(project="STN", theme=SIXTEEN) as driver:
        await searched(driver)
        await compare(driver, "issues", sixteen=True)
        for view in ("board", "sprints"):
            await gone_to(driver, view)
            await compare(driver, view, sixteen=True)
