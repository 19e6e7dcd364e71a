"""Marks: many issues are changed as one step."""

from __future__ import annotations

import pytest

from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.services.search import Search
from rhythm_tui.screens import triage
from rhythm_tui.screens.issues import IssuesScreen
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets.issue_table import IssueTable
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_issues import MANY, fill


async def test_labels_of_several_are_left_alone_unless_chosen_and_new_ones_are_made(
    team: Team, app: Open
) -> None:
    """What only some have is neither put on the others nor taken off; a name that is no label yet can be one
    for who may make it, and the others see why not."""
    keys = await fill(team, "one", "two")
    await team.maintainer.labels.create("CORE", "ui")
    await team.member.issues.edit(keys[0], IssueEdit(add_labels=("ui",)))

    async def labels() -> list[list[str]]:
        rows = (await team.member.search.page("", project="CORE")).items
        return [sorted(label.name for label in row.labels) for row in rows]

    async with app(team.maintainer, project="CORE") as driver:
        await driver.press("space", "space", "t")
        await driver.sees("Labels · 2 issues", "◐ •ui")
        await driver.write("on call")
        await driver.sees("create label on call  enter makes it")
        await driver.press("enter")
        await driver.sees("2 issues: labelled on call")
        assert await labels() == [["on call"], ["on call", "ui"]]
        await driver.press("t")
        await driver.sees("◉ •on call", "◐ •ui")
        await driver.press("down", "space")
        await driver.sees("◉ •ui")
        await driver.press("space")
        await driver.sees("○ •ui")
        await driver.press("space")
        await driver.sees("◐ •ui")
        await driver.press("escape")
        await driver.misses("◐ •ui")
        await driver.press("t")
        await driver.sees("◉ •on call", "enter done")
        await driver.press("enter")  # Whatever the cursor is on: nobody chose it.
        await driver.misses("◉ •on call")
        await driver.until_saved()
        assert await labels() == [["on call"], ["on call", "ui"]]
        await driver.press("t")
        await driver.write("ui")
        await driver.sees("enter choose")
        await driver.press("enter")
        await driver.sees("2 issues: labelled ui")
        assert await labels() == [["on call", "ui"], ["on call", "ui"]]
        await driver.press("u")
        await driver.sees("Undone")
        await driver.press("t")
        await driver.sees("◉ •on call", "◐ •ui")
        await driver.press("space", "enter")
        await driver.sees("2 issues: no longer on call")
        assert await labels() == [[], ["ui"]]
    async with app(team.member, project="CORE") as driver:
        await driver.press("t")
        await driver.write("nobody's")
        await driver.sees("no such label: only maintainers may manage labels")
        await driver.press("enter", "escape")
        await driver.misses("Labels ·")
        assert await labels() == [[], ["ui"]]


async def test_marked_issues_change_as_one_step(team: Team, app: Open) -> None:
    """Two are marked, the third is left alone; one undo takes both back."""
    await fill(team, "one", "two", "three")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("three")
        await driver.press("space", "space", "d")
        await driver.sees("Move 2 issues to the trash?")
        await driver.press("escape")
        await driver.misses("to the trash?")
        await driver.press("p")
        await driver.write("urgent")
        await driver.press("enter")
        await driver.sees("2 issues: urgent priority")
        rows = (await team.member.search.page("priority:urgent", project="CORE")).items
        assert {row.title for row in rows} == {"three", "two"}
        await driver.press("u")
        await driver.sees("Undone: the priority of 2 issues is none again")
        assert not (await team.member.search.page("priority:urgent", project="CORE")).items


async def test_all_that_match_change_as_one_step(team: Team, app: Open) -> None:
    """Also those that were never scrolled to; one undo takes all of them back."""
    draft = IssueDraft(title="many")
    await team.member.issues.create("CORE", draft)
    team.instance.sql.execute(MANY)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("701 issues")
        await driver.press("A")
        await driver.sees("701 of 701 marked")
        await driver.press("p")
        await driver.sees("Priority · 701 issues")
        view = driver.view
        assert isinstance(view, IssuesScreen)
        await view._extend("next")  # More of them are read while one chooses.
        await driver.write("low")
        await driver.press("enter")
        await driver.sees("Change 701 issues: low priority?")
        await driver.press("enter")
        await driver.misses("Change 701")
        await driver.sees("701 issues: low priority")
        assert (await team.member.search.total("priority:low", project="CORE")).count == 701
        await driver.press("escape", "u")
        await driver.sees("Undone")
        assert (await team.member.search.total("priority:low", project="CORE")).count == 0


async def test_many_are_changed_by_one_key_only_after_a_question(team: Team, app: Open) -> None:
    """Escape leaves all as they are; as many as one sees at once are changed without it."""
    team.fill(21)

    async def cancelled() -> int:
        return (await team.viewer.search.total("status:cancelled", project="CORE")).count

    async with app(team.member, project="CORE") as driver:
        await driver.sees("21 issues")
        await driver.press("A")
        await driver.sees("21 of 21 marked")
        await driver.press("X")
        await driver.sees("Move 21 issues to cancelled?")
        await driver.press("escape")
        await driver.misses("Move 21 issues")
        await driver.press("d")
        await driver.sees("Move 21 issues to the trash?")
        await driver.press("escape")
        await driver.misses("Move 21 issues")
        await driver.until_saved()
        assert await cancelled() == 0
        await driver.press("D")
        await driver.until(lambda: isinstance(driver.app.screen, Prompt))
        await driver.write("2026-05-01")
        await driver.press("enter")
        await driver.sees("Change 21 issues: due 1 May")
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.until_saved()
        assert (await team.viewer.search.total("due:2026-05-01", project="CORE")).count == 21
        await driver.press("space")
        await driver.sees("20 of 21 marked")
        await driver.press("X")
        await driver.sees("20 issues: moved to cancelled")
        assert await cancelled() == 20


async def test_what_leaves_the_list_loses_its_mark(team: Team, app: Open) -> None:
    """Whether another deleted it or it is not found any more once the list is read again."""
    await fill(team, "one", "two", "three")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("3 issues")
        await driver.press("slash")
        await driver.write("is:open")
        await driver.press("enter")
        await driver.press("A")
        await driver.sees("3 of 3 marked")
        await team.owner.issues.delete(["CORE-1"])
        await driver.sees("2 of 3 marked")
        await team.owner.issues.move("CORE-2", Status.DONE)
        await driver.press("r")
        await driver.sees("1 of 1 marked")
        assert [row.key for row in driver.widget(IssueTable).targets] == ["CORE-3"]


async def test_marks_of_a_long_list_follow_what_is_found(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of issues that were never scrolled to. A change of so many is asked about before anything of it is
    done: who says no has not made a label on the way."""
    team.fill(300)
    async with app(team.maintainer, project="CORE") as driver:
        await driver.sees("300 issues")
        await driver.press("A")
        await driver.sees("300 of 300 marked")
        await driver.press("t")
        await driver.sees("Labels · 300 issues")
        view = driver.view
        assert isinstance(view, IssuesScreen)
        await view._extend("next")  # More of them are read while one chooses.
        await driver.write("on call")
        await driver.sees("create label on call")
        await driver.press("enter")
        await driver.sees("Many at once", "Change 300 issues: labelled on call?")
        await driver.press("escape")
        await driver.misses("Many at once")
        await driver.until_saved()
        assert await team.member.labels.list("CORE") == ()
        monkeypatch.setattr(Search, "ids", None)  # Only the marks are asked about.
        team.instance.sql.execute(b"UPDATE issues SET deleted_at = now() WHERE number <= 10")
        await driver.press("r")
        await driver.until(lambda: len(driver.widget(IssueTable).marks) == 290, "290 marked")


async def test_a_range_ends_with_what_is_done_with_it(team: Team, app: Open) -> None:
    """Moving on marks no more: the next change would go to issues that nobody meant."""
    await fill(team, "one", "two", "three", "four")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("4 issues", "▌")
        driver.burst("vjx")
        await driver.sees("2 issues: moved to done")
        driver.burst("jj")
        await driver.sees("2 of 4 marked")
        table = driver.widget(IssueTable)
        await driver.until(lambda: table.cursor == 3)
        assert len(table.marks) == 2


async def test_many_issues_of_several_projects_are_changed_at_once(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each project's in a step of its own; one undo takes all of them back."""
    team.instance.project("WEB", owner=team.owner, member=team.member)
    await fill(team, "one", "two")
    await team.member.issues.create("WEB", IssueDraft(title="three"))
    monkeypatch.setattr(triage, "BULK", 1)
    async with app(team.member) as driver:
        driver.burst("1")
        await driver.sees("3 issues", "WEB-1")
        driver.burst("Ax")
        await driver.sees("3 issues: moved to done")
        await driver.until_saved()
        assert (await team.member.search.total("status:done")).count == 3
        await driver.press("escape", "u")
        await driver.sees("Undone")
        await driver.until_saved()
        assert (await team.member.search.total("status:done")).count == 0
