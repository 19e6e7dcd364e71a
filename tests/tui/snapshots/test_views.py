"""Every view as it is first seen."""

from __future__ import annotations

import pytest

from tests.tui.snapshots.conftest import Compare, OpenDemo, at_every_size


@pytest.mark.parametrize("view", ["issues", "board", "sprints", "projects", "activity", "reports"])
async def test_a_view(demo_app: OpenDemo, compare: Compare, view: str) -> None:
    """Nothing is squeezed, nothing is cut without an ellipsis, all that helps is in sight."""
    async with demo_app(project="STN", view=view) as driver:
        await at_every_size(driver, compare)


async def test_the_reports(demo_app: OpenDemo, compare: Compare) -> None:
    """The first is a view of its own above."""
    async with demo_app(project="STN", view="reports") as driver:
        for name in ("velocity", "flow"):
            await driver.press("right_square_bracket")
            await compare(driver, name)


async def test_the_settings(demo_app: OpenDemo, compare: Compare) -> None:
    """A list for each section."""
    async with demo_app(project="STN", view="settings") as driver:
        await at_every_size(driver, compare)
        for name in ("labels", "limits", "project", "views", "account", "sign-ins", "tokens", "keys"):
            await driver.press("right_square_bracket")
            await compare(driver, name)


async def test_the_trash(own_app: OpenDemo, compare: Compare) -> None:
    """What was deleted, by whom, and how it is taken back."""
    async with own_app(project="STN") as driver:
        for _ in range(2):
            await driver.press("j", "d")
            await driver.until_saved()
        driver.burst(":", "trash", "enter")
        await driver.sees("deleted")
        await at_every_size(driver, compare)
