"""The issue table at work: searched, previewed, marked, ordered."""

from __future__ import annotations

from tests.tui.snapshots.conftest import Compare, OpenDemo, at_every_size


async def test_a_search(demo_app: OpenDemo, compare: Compare) -> None:
    """What matches stands out in the titles, what is asked for stands in chips; what is wrong is said."""
    async with demo_app(project="STN") as driver:
        driver.burst("/", "sensor is:open", "enter")
        await driver.sees("is:open")
        await at_every_size(driver, compare, "chips")
        await driver.press("slash", "ctrl+u")
        driver.burst("zeppelin", "enter")
        await driver.sees("No issue is like that")
        await at_every_size(driver, compare, "nothing")


async def test_completion_while_typing(demo_app: OpenDemo, compare: Compare) -> None:
    """Under the line stand the values of a qualifier, each with what it means."""
    async with demo_app(project="STN") as driver:
        driver.burst("/", "label:po")
        await driver.sees("power")
        await compare(driver)


async def test_a_search_that_is_wrong(demo_app: OpenDemo, compare: Compare) -> None:
    """The error names the right words; what was found before stays."""
    async with demo_app(project="STN") as driver:
        driver.burst("/", "battery")
        await driver.sees("1 issue", "STN-70")
        await driver.misses("STN-111")
        driver.burst(" stats:done")
        await driver.sees("There is no qualifier")
        await compare(driver)


async def test_the_preview(demo_app: OpenDemo, compare: Compare) -> None:
    """Beside the table, or below it."""
    async with demo_app(project="STN") as driver:
        driver.burst("/", "brick", "enter")
        for name in ("side", "below"):
            await driver.press("w")
            await driver.sees("Updates over the air never brick")
            await at_every_size(driver, compare, name)


async def test_marked_issues(demo_app: OpenDemo, compare: Compare) -> None:
    """Marks are counted beside the total."""
    async with demo_app(project="STN") as driver:
        await driver.press("j", "space", "j", "v", "j", "j")
        await driver.sees("4 of 111")
        await compare(driver)


async def test_issues_of_all_projects(demo_app: OpenDemo, compare: Compare) -> None:
    """A saved view over everything that one may see, in an order of its own."""
    async with demo_app(view="issues") as driver:
        await driver.press("left_square_bracket")
        await driver.sees("APP-", "WEB-")
        await compare(driver)


async def test_a_title_is_edited_in_place(demo_app: OpenDemo, compare: Compare) -> None:
    """The line becomes the input, where the title stands."""
    async with demo_app(project="STN") as driver:
        await driver.press("j", "j", "e", "end")
        driver.burst(" in spring")
        await driver.sees("in spring")
        await compare(driver)


async def test_a_change_is_undone(own_app: OpenDemo, compare: Compare) -> None:
    """The bottom line says what was taken back."""
    async with own_app(project="STN") as driver:
        await driver.press("j", "i")
        await driver.sees("Robin Windl")
        await driver.press("u")
        await driver.sees("Undone")
        await compare(driver)
