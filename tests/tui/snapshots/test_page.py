"""An issue's page, and the texts that are written: descriptions, comments, new issues in full."""

from __future__ import annotations

from rhythm_domain.models.drafts import IssueEdit
from rhythm_tui.looks.themes import LIGHT
from tests.instances import Instance
from tests.tui.driver import Driver
from tests.tui.snapshots.conftest import Compare, OpenDemo, at_every_size


async def opened_page(driver: Driver, key: str = "STN-94") -> None:
    """The page of an issue with a description, links, comments and a history."""
    driver.burst("gj", key, "enter")
    await driver.sees(f"  {key}\n")


async def test_the_page_of_an_issue(demo_app: OpenDemo, compare: Compare) -> None:
    """Title, fields, text, links and what was said; then all that happened, the latest first."""
    async with demo_app(project="STN") as driver:
        await opened_page(driver)
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")


async def test_the_history_of_an_issue(demo_app: OpenDemo, compare: Compare) -> None:
    """In words, the latest first."""
    async with demo_app(project="STN") as driver:
        await opened_page(driver)
        await driver.press("H")
        await driver.sees("History")
        await driver.press("G")
        await compare(driver)


async def test_the_page_of_an_epic(demo_app: OpenDemo, compare: Compare) -> None:
    """How far its issues are, each with its status."""
    async with demo_app(project="STN") as driver:
        await opened_page(driver, "STN-28")
        await compare(driver)


async def test_texts_are_written(demo_app: OpenDemo, compare: Compare) -> None:
    """A description with its preview, beside each other where there is room; a comment over its page."""
    async with demo_app(project="STN") as driver:
        await opened_page(driver)
        await driver.press("E")
        await driver.sees("Description · STN-94")
        await driver.press("f2")
        await at_every_size(driver, compare, "description")
        driver.app.theme = LIGHT
        await compare(driver, "description-light")
        driver.app.theme = "rhythm-dark"
        await driver.press("escape")
        await driver.misses("Description · STN-94")
        await driver.sees("Links")
        await driver.press("c")
        await driver.sees("Comment · STN-94")
        driver.burst("Measured again: 9 uA.")
        await compare(driver, "comment")


async def test_a_new_issue_in_full(demo_app: OpenDemo, compare: Compare) -> None:
    """Every field, and a text."""
    async with demo_app(project="STN") as driver:
        await driver.press("N")
        await driver.sees("New issue in STN")
        driver.burst("Log the humidity, too")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")


async def test_two_people_edit_the_same_text(own_app: OpenDemo, compare: Compare, instance: Instance) -> None:
    """Both sides beside each other, and what can be done."""
    async with own_app(project="STN") as driver:
        await opened_page(driver)
        await driver.press("E")
        await driver.sees("Description · STN-94")
        driver.burst(" - mine")
        other = instance.known("nebelhorn")
        issue = await other.issues.show("STN-94")
        theirs = issue.description.replace("three tries", "two tries")
        await other.issues.edit("STN-94", IssueEdit(description=theirs, base_version=issue.version))
        await driver.press("ctrl+s")
        await driver.sees("Both of you changed")
        await at_every_size(driver, compare)
        driver.app.theme = LIGHT
        await compare(driver, "light")
