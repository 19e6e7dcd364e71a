"""What opens over a view: pickers, forms, the palette, help, the second stroke of a key."""

from __future__ import annotations

import pytest

from tests.tui.driver import Driver
from tests.tui.snapshots.conftest import Compare, OpenDemo, closed

DIALOGS = {
    "issue": {
        "status": ("s", "Status ·"),
        "priority": ("p", "Priority ·"),
        "assignee": ("a", "Assign"),
        "labels": ("t", "Labels ·"),
        "sprint": ("S", "Sprint ·"),
        "type": ("T", "Type ·"),
        "due": ("D", "Due ·"),
        "estimate": (".", "Estimate ·"),
        "more": ("m", "More ·"),
    },
    "table": {
        "new": ("n", "New issue in STN"),
        "sort": ("o", "Sort by"),
        "columns": ("C", "Columns"),
        "filter": ("f", "Filter by"),
        "save-view": ("+", "Save this search"),
        "project": ("go", "Project"),
        "theme": (":theme\n", "rhythm-light"),
        "help": ("?", "Set its priority"),
        "palette": (":", "What do you want to do?"),
    },
}
"""Name of the picture -> what is pressed, and what is seen then."""


@pytest.mark.parametrize("about", DIALOGS)
async def test_dialogs_over_the_table(demo_app: OpenDemo, compare: Compare, about: str) -> None:
    """A key opens it; what it is about stands in its frame."""
    async with demo_app(project="STN") as driver:
        await driver.press("j")
        for name, (keys, title) in DIALOGS[about].items():
            await opened_by(driver, keys, title)
            await compare(driver, name)
            await closed(driver)


async def opened_by(driver: Driver, keys: str, *texts: str) -> None:
    """Opens what keys open, and waits until it is seen."""
    driver.burst(*("enter" if key == "\n" else key for key in keys))
    await driver.until(lambda: driver.app.screen is not driver.view, "something over the view")
    await driver.sees(*texts)


async def test_parents_and_links(demo_app: OpenDemo, compare: Compare) -> None:
    """What can be changed of an issue that has both; then which issue it is that blocks it."""
    async with demo_app(project="STN") as driver:
        driver.burst("gj", "STN-85", "enter")
        await driver.sees("  STN-85  ⊘ blocked\n")
        await opened_by(driver, "m", "no longer")
        await compare(driver, "more")
        driver.burst("blocked", "enter")
        await driver.sees("is blocked by …")
        driver.burst("power")
        await driver.misses("Nothing is like that")
        await compare(driver, "issue-picker")


async def test_narrowed_by_typing(demo_app: OpenDemo, compare: Compare) -> None:
    """Only what matches is left, the first of it chosen."""
    async with demo_app(project="STN") as driver:
        await opened_by(driver, "aneb", "Imke Nebelhorn")
        await driver.misses("Tilda")
        await compare(driver, "picker")
        await closed(driver)
        await opened_by(driver, ":spri", "Plan it into a sprint")
        await compare(driver, "palette")


async def test_what_can_follow_the_first_stroke(demo_app: OpenDemo, compare: Compare) -> None:
    """All that `g` begins."""
    async with demo_app(project="STN") as driver:
        await driver.press("g")
        await driver.sees("g …")
        await compare(driver)


async def test_a_value_that_is_refused(demo_app: OpenDemo, compare: Compare) -> None:
    """What is wrong stands under it; what was typed stays."""
    async with demo_app(project="STN") as driver:
        driver.burst("D", "someday", "enter")
        await driver.sees("is no day")
        await compare(driver)


async def test_what_a_viewer_may_not_is_faint(demo_app: OpenDemo, compare: Compare) -> None:
    """And says who may."""
    async with demo_app(project="WEB", person="rainmere") as driver:
        await driver.press("s")
        await driver.sees("Only members may")
        await compare(driver)


async def test_dialogs_on_a_small_terminal(demo_app: OpenDemo, compare: Compare) -> None:
    """What is longer than the screen scrolls, and says so."""
    async with demo_app(project="STN", size=(80, 24)) as driver:
        for name, keys, title in (
            ("help", "?", "Issues"),
            ("palette", ":", "What do"),
            ("filter", "f", "Filter"),
        ):
            await opened_by(driver, keys, title)
            await compare(driver, name)
            await closed(driver)


async def test_a_project_is_made(demo_app: OpenDemo, compare: Compare) -> None:
    """The key follows the name."""
    async with demo_app(view="projects") as driver:
        await opened_by(driver, "+", "New project")
        driver.burst("Harbour Lights")
        await driver.sees("Harbour Lights", "HL")
        await compare(driver)
