"""What happened lately, and the trash."""

from __future__ import annotations

from decimal import Decimal

from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_tui.screens.issue import IssueScreen
from rhythm_tui.screens.trash import TrashScreen
from rhythm_tui.widgets.document import Document
from tests.instances import Team
from tests.tui.conftest import Open


async def test_steps_are_told_in_a_line_each_and_open_their_issue(team: Team, app: Open) -> None:
    """A change of three issues is one line; one of a single issue is opened by enter."""
    for title in ("one", "two", "three"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await team.maintainer.issues.edit_many(["CORE-1", "CORE-2", "CORE-3"], IssueEdit(status=Status.DONE))
    await team.member.issues.edit("CORE-2", IssueEdit(title="two [/] \u202e"))
    async with app(team.viewer, project="CORE", view="activity") as driver:
        await driver.sees("Today", "5 changes", "Max moved 3 issues from backlog to done")
        await driver.sees("CORE-2", "Mia changed the title from “two” to “two [/] <202E>”")
        await driver.press("j", "enter")
        await driver.until(lambda: isinstance(driver.view, IssueScreen))
        await driver.sees("CORE-2", "two [/]")
        await driver.press("escape", "j", "enter")
        await driver.sees("3 issues", "CORE-1")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.view, IssueScreen))


async def test_what_others_do_comes_on_top_and_the_cursor_stays(team: Team, app: Open) -> None:
    """In all projects of the person."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.viewer, view="activity") as driver:
        await driver.sees("Mia created it")
        await driver.press("j")
        page = driver.widget(Document)
        cursor = page.cursor
        assert cursor is not None
        await team.owner.issues.edit("CORE-1", IssueEdit(status=Status.TODO))
        await driver.sees("Olga moved it from backlog to todo")
        assert page.cursor == cursor


async def test_older_steps_come_as_one_scrolls(team: Team, app: Open) -> None:
    """The first of three hundred is reached."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    for points in range(150):
        await team.member.issues.edit("CORE-1", IssueEdit(estimate=Decimal(points % 2 + 1)))
    async with app(team.viewer, project="CORE", view="activity") as driver:
        await driver.sees("Today")
        await driver.press("G")
        await driver.until(lambda: len(driver.widget(Document)._lines) > 150)
        await driver.press("G")
        await driver.sees("Mia created it")


async def test_the_trash_gives_back_and_removes_for_ever(team: Team, app: Open) -> None:
    """Enter takes back; an owner may remove, once asked; a maintainer's key says why not."""
    for title in ("one", "two"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await team.owner.issues.delete(["CORE-1", "CORE-2"])
    async with app(team.maintainer, project="CORE") as driver:
        driver.view.action_command("trash")
        await driver.sees("Trash of CORE", "CORE-1", "CORE-2", "deleted")
        await driver.press("P")
        await driver.sees("Only owners may")
        await driver.press("escape")
        for key in ("b", "m"):
            await driver.press("g", key)
            driver.burst(":", "trash")
            await driver.sees("Show deleted issues")
            await driver.press("escape")
            await driver.until(lambda: driver.app.screen is driver.view)
        await driver.press("]", "]", "]")
        await driver.sees("deleted issues")
        await driver.press("G", "k", "k", "enter")
        await driver.sees("Trash of CORE", "CORE-1")
    async with app(team.owner, project="CORE") as driver:
        driver.view.action_command("trash")
        await driver.sees("CORE-1", "CORE-2")
        view = driver.view
        assert isinstance(view, TrashScreen)
        view.page.go_to(("issue", (await team.owner.issues.show("CORE-2")).id))
        await driver.press("enter")
        await driver.sees("CORE-2 is back: two")
        await driver.press("P")
        await driver.sees("Remove for ever", "CORE-1, one")
        await driver.press("enter")
        await driver.sees("CORE-1 is removed for ever", "nothing was deleted")
        await driver.press("escape")
        await driver.sees("CORE-2", "1 issue")
