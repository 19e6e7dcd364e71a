"""Board and planner at work: lanes, folded columns, sprints that are planned, started and finished."""

from __future__ import annotations

from rhythm_tui.widgets.key_bar import KeyBar
from tests.pictures.scene import settled
from tests.tui.snapshots.conftest import Compare, OpenDemo, at_every_size, closed
from tests.tui.snapshots.test_dialogs import opened_by


async def test_the_board_in_lanes(demo_app: OpenDemo, compare: Compare) -> None:
    """A lane for each person, each column with its own count; a folded column goes on beside them; folded,
    they are a line each with their counts.
    """
    async with demo_app(project="STN", view="board") as driver:
        await opened_by(driver, "b", "assignee")
        driver.burst("assignee", "enter")
        await driver.sees("▾ ", "folds a lane")
        driver.widget(KeyBar).clear()
        await settled(driver)  # A board that is resized while its lanes are read may come to rest elsewhere.
        await at_every_size(driver, compare)
        await driver.press("minus")
        await compare(driver, "folded")
        await driver.press("minus", "=")
        await compare(driver, "lanes folded")


async def test_a_filtered_board_with_a_folded_column(demo_app: OpenDemo, compare: Compare) -> None:
    """The counts are of what matches; the folded column is a line."""
    async with demo_app(project="STN", view="board") as driver:
        await driver.press("minus", "slash")
        driver.burst("label:radio", "enter")
        await driver.sees("label:radio")
        await compare(driver)


async def test_the_planner(demo_app: OpenDemo, compare: Compare) -> None:
    """One pane has the whole screen; what was done of a finished sprint stays to be read."""
    async with demo_app(project="STN", view="sprints") as driver:
        await driver.press("l", "z")
        await compare(driver, "zoomed")
        await driver.press("z", "left_square_bracket")
        await driver.sees("finished")
        await compare(driver, "finished")


async def test_dialogs_of_sprints(demo_app: OpenDemo, compare: Compare) -> None:
    """Each says what will happen, and to what."""
    async with demo_app(project="STN", view="sprints") as driver:
        for name, keys, title in (
            ("new", "+", "New sprint in STN"),
            ("edit", "O", "Edit Sprint 7"),
            ("finish", "F", "Finish Sprint 7"),
        ):
            await opened_by(driver, keys, title)
            await compare(driver, name)
            await closed(driver)
        driver.burst("]b")
        await driver.sees("finish it first")
        await compare(driver, "not-yet")
