"""A new issue in a form, and what issues hang together with."""

from __future__ import annotations

from functools import partial

import pytest

from rhythm_domain.errors import Unavailable
from rhythm_domain.models import IssueType, LinkKind, Priority, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.services.search import Search
from rhythm_tui.screens.compose import Compose
from rhythm_tui.screens.issue import IssueScreen
from rhythm_tui.widgets.board import BoardGrid
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver


async def test_a_form_makes_an_issue_with_all_its_fields(team: Team, app: Open) -> None:
    """Each field by a picker, the text in the editor; a label that is not there yet is made on the way."""
    await team.member.issues.create("CORE", IssueDraft(title="the parent"))
    async with app(team.maintainer, project="CORE") as driver:
        await driver.sees("the parent")
        await driver.press("N")
        await driver.until(lambda: isinstance(driver.app.screen, Compose))
        await driver.write("In full")
        await driver.press("enter", "right", "enter")
        await driver.write("urgent")
        await driver.press("enter", "down", "left", "enter")
        await driver.sees("Assign")
        await driver.write("mia")
        await driver.press("enter", "right", "right", "enter")
        await driver.sees("no parent", "the parent")
        await driver.press("down", "enter")
        await driver.sees("CORE-1")
        await driver.press("down", "left", "left", "enter")
        await driver.sees("No labels yet")
        await driver.write("ui")
        await driver.sees("create label ui")
        await driver.press("enter")
        await driver.sees("•ui")
        await driver.press("enter")
        await driver.sees("Labels", "•ui  new")
        await driver.write("api")
        await driver.sees("create label api  made with the issue")
        await driver.press("enter")
        await driver.sees("•ui •api")
        assert not await team.owner.labels.list("CORE"), "they are made with the issue"
        await driver.press("right", "enter")
        await driver.write("0,5")
        await driver.press("enter", "right", "enter")
        await driver.write("2031-05-01")
        await driver.press("enter", "tab")
        await driver.write("What *it* is")
        await driver.press("ctrl+s")
        await driver.sees("CORE-2 created")
    made = await team.owner.issues.show("CORE-2")
    assert (made.title, made.description, made.priority) == ("In full", "What *it* is", Priority.URGENT)
    assert made.assignee is not None
    assert (made.assignee.name, made.parent_key) == ("mia", "CORE-1")
    assert [label.name for label in made.labels] == ["api", "ui"]
    assert (str(made.estimate), str(made.due)) == ("0.5", "2031-05-01")


async def test_a_wrong_field_is_marked_and_the_draft_outlives_the_app(team: Team, app: Open) -> None:
    """Nothing is lost by an error, by leaving, by the end of the app; discarding begins anew. Tab goes from
    field to field.
    """
    async with app(team.member, project="CORE") as driver:
        await driver.press("N")
        await driver.until(lambda: isinstance(driver.app.screen, Compose))
        await driver.press("ctrl+s")
        await driver.sees("The title can't be empty")
        await driver.write("Half")
        await driver.press("tab", "enter")
        await driver.write("bug")
        await driver.press("enter", *["tab"] * 6, "enter")
        await driver.sees("no labels yet. And only maintainers", "enter change")
        await driver.press("tab", "tab", "tab")
        await driver.write("a text")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("n new · N its draft")
        await driver.press("N")
        await driver.sees("Half", "■ bug", "a text", "Draft restored")
        await driver.press("ctrl+r")
        await driver.misses("Half", "■ bug", "a text")
        await driver.press("escape")
        await driver.misses("New issue in CORE", "its draft")
        await driver.press("N")
        await driver.sees("New issue in CORE", "□ task")
        await driver.misses("Draft restored")


async def test_what_a_place_gives_is_not_of_the_draft(team: Team, app: Open) -> None:
    """Begun in one column and gone on with in another, it is of the other one; none is begun as over."""
    async with app(team.member, project="CORE", view="board") as driver:
        await go_to_column(driver, Status.TODO)
        await driver.press("N")
        await driver.sees("New issue in CORE", "Status")
        assert status_in(driver) == "todo"
        await driver.write("Half")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await go_to_column(driver, Status.CANCELLED)
        await driver.press("N")
        await driver.sees("Half", "Draft restored")
        assert status_in(driver) == "backlog"
        await driver.press("ctrl+s")
        await driver.sees("CORE-1 created")
    assert (await team.owner.issues.show("CORE-1")).status is Status.BACKLOG


async def go_to_column(driver: Driver, status: Status) -> None:
    grid = driver.widget(BoardGrid)
    await driver.until(lambda: grid.statuses)
    at = grid.statuses.index(grid.spot.status)
    for following in grid.statuses[at + 1 : grid.statuses.index(status) + 1]:
        await driver.press("l")
        await driver.until(partial(_is_in, grid, following))


def _is_in(grid: BoardGrid, status: Status) -> bool:
    return grid.spot.status is status


def status_in(driver: Driver) -> str:
    compose = driver.app.screen
    assert isinstance(compose, Compose)
    return str(compose._values["status"])


async def test_links_and_parents_are_set_by_searching(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By words of a title and by a key; taken away again. What was not found is sought anew by enter."""

    async def lost(*_: object, **__: object) -> None:
        raise Unavailable("The database can't be reached.")

    for title in ("sign-in fails", "cookies are lost", "the epic"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("the epic")
        await driver.press("G", "m")
        await driver.sees("More · CORE-1")
        await driver.write("blocked by")
        await driver.press("enter")
        await driver.sees("CORE-1 is blocked by …")
        with monkeypatch.context() as patch:
            patch.setattr(Search, "page", lost)
            await driver.write("cookies")
            await driver.press("enter")
            await driver.sees("can't be reached", "CORE-1 is blocked by …")
        await driver.press("enter")
        await driver.sees("CORE-1 is blocked by CORE-2", "⊘ sign-in fails")
        await driver.press("m", "enter")
        await driver.write("CORE-3")
        await driver.until(lambda: "CORE-3  the epic" in driver.text)
        await driver.press("enter")
        await driver.until_saved()
        await driver.eventually(lambda: _parent_of(team, "CORE-1", "CORE-3"))
        await driver.press("m", "enter")
        await driver.sees("no parent", "CORE-3  the epic  ✓")
        await driver.press("escape", "m")
        await driver.write("no longer")
        await driver.press("enter")
        await driver.sees("CORE-1 is no longer blocked by CORE-2")
    assert not (await team.owner.issues.show("CORE-1")).links


async def test_a_sub_issue_is_a_key_away(team: Team, app: Open) -> None:
    """From the list and from the page, with the parent set; its draft is not that of any new issue."""
    await team.member.issues.create("CORE", IssueDraft(title="the epic", type=IssueType.EPIC))
    async with app(team.member, project="CORE", size=(120, 50)) as driver:
        await driver.sees("the epic")
        await driver.press("M")
        await driver.sees("New sub-issue of CORE-1 · the epic", "Parent    CORE-1")
        await driver.write("one part")
        await driver.press("escape")
        await driver.misses("New sub-issue")
        await driver.press("N")
        await driver.sees("New issue in CORE", "Parent    none")
        assert "one part" not in driver.text
        await driver.press("escape")
        await driver.misses("New issue in CORE")
        await driver.press("enter")
        await driver.until(lambda: isinstance(driver.app.screen, IssueScreen) and not driver.view.busy)
        await driver.press("M")
        await driver.sees("New sub-issue of CORE-1", "one part", "Draft restored")
        await driver.press("ctrl+s")
        await driver.sees("CORE-2 created below CORE-1", "Sub-issues", "CORE-2  one part", "0 of 1 done")
    assert await _parent_of(team, "CORE-2", "CORE-1")


async def _parent_of(team: Team, key: str, parent: str) -> bool:
    return (await team.owner.issues.show(key)).parent_key == parent


async def test_what_blocks_is_said_with_both_ends(team: Team, app: Open) -> None:
    """Where the other one waits for this one already, the refusal names both."""
    for title in ("one", "two"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    await team.member.issues.link("CORE-1", LinkKind.BLOCKS, "CORE-2")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("two")
        await driver.press("m")
        await driver.write("it blocks")
        await driver.press("enter")
        await driver.sees("CORE-2 blocks …", "CORE-1  one")
        await driver.press("enter")
        await driver.sees("they would wait for each other")
