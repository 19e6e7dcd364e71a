"""The issue table: what is found while one types, what keys do, what others do."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection
from textual.events import AppBlur, AppFocus, MouseScrollDown
from textual.widgets import Input

from rhythm_domain.errors import Unavailable
from rhythm_domain.models import IssueDraft, IssueEdit, Priority, Status
from rhythm_domain.repository import search
from rhythm_domain.services.history import History
from rhythm_domain.services.search import Search
from rhythm_domain.transaction import Tx
from rhythm_tui.screens import searching, triage, undoing
from rhythm_tui.screens.issues import IssuesScreen
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.search_bar import SearchBar
from rhythm_tui.widgets.view_tabs import ViewTabs
from tests.instances import Instance, Team
from tests.tui.conftest import Open


async def fill(team: Team, *titles: str) -> list[str]:
    """Issues of the member's; their keys."""
    return [(await team.member.issues.create("CORE", IssueDraft(title=title))).key for title in titles]


async def test_typing_finds_and_escape_shows_all_again(team: Team, app: Open) -> None:
    """Each letter searches; nothing that does not match stays."""
    await fill(team, "Login fails on Safari", "Crash in the importer", "Log the importer's progress")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("Login fails", "Crash in", "3 issues")
        await driver.press("slash")
        await driver.write("import")
        driver.app.post_message(AppBlur())  # The person looks at another window,
        await driver.rest()
        driver.app.post_message(AppFocus())  # and goes on typing where they were.
        await driver.rest()
        await driver.write("er")
        await driver.sees("/ importer", "Crash in", "2 issues")
        await driver.misses("Login fails")
        await driver.press("enter", "escape")
        await driver.sees("Login fails", "3 issues")
        await driver.press("slash")
        await driver.write("assignee:miaa")
        await driver.sees("0 issues", "No issue is like that")
        assert "Nobody is called" not in driver.text
        await driver.press("enter")
        await driver.sees("Nobody is called miaa. Did you mean mia? esc clears the search")
        assert driver.text.count("Nobody is called") == 1
        await driver.press("s")
        await driver.sees("There is no issue here.")
        await driver.press("escape")
        await driver.sees("3 issues")
        await driver.misses("Nobody is called")
        await driver.press("escape")
        await driver.sees("q goes to the projects", "3 issues")


async def test_a_search_that_is_cleared_is_not_lost_nor_the_place(team: Team, app: Open) -> None:
    """The cursor stays on its issue in the list of all, far down too; up brings the search back, and down
    what was typed.
    """
    team.fill(300)
    await team.member.issues.edit("CORE-90", IssueEdit(priority=Priority.URGENT))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("300 issues")
        await driver.press("slash")
        await driver.write("priority:urgent")
        await driver.press("enter")
        await driver.sees("1 issue\n", "CORE-90")
        await driver.press("escape")
        await driver.sees("300 issues", "CORE-90", "/ ↑ brings the search back")
        table = driver.widget(IssueTable)
        await driver.until(lambda: table.row is not None and table.row.key == "CORE-90")
        await driver.press("k", "k")
        await driver.until(lambda: table.row is not None and table.row.key == "CORE-92")
        await driver.press("j", "j", "j")
        await driver.until(lambda: table.row is not None and table.row.key == "CORE-89")
        await driver.press("g", "g")
        await driver.until(lambda: table.row is not None and table.row.key == "CORE-300")
        await driver.press("slash")
        await driver.write("is:cl")
        await driver.press("escape", "up")
        await driver.sees("/ priority:urgent", "1 issue\n")
        await driver.press("down")
        await driver.sees("/ is:cl")
        await driver.press("up", "enter")
        await driver.sees("1 issue\n", "CORE-90")


async def test_a_field_is_changed_by_a_key_and_a_choice(team: Team, app: Open) -> None:
    """Two strokes, and it is saved; undo takes it back."""
    (key,) = await fill(team, "Login fails on Safari")
    async with app(team.member, project="CORE") as driver:
        await driver.sees(key)
        await driver.press("s")
        await driver.sees("Status · CORE-1")
        await driver.write("in_r")
        await driver.press("enter")
        await driver.sees("CORE-1: moved to in review  u takes it back")
        await driver.until_saved()
        assert (await team.owner.issues.show(key)).status is Status.IN_REVIEW
        await driver.press("s", "enter")
        await driver.sees("CORE-1: it is so already")
        await driver.press("u")
        await driver.sees("Undone: the status of CORE-1 is backlog again", "U does it again")
        assert "◌ backlog" in driver.text, "it is said with what is drawn"
        assert (await team.owner.issues.show(key)).status is Status.BACKLOG


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


async def test_the_cursor_stays_where_it_is_while_others_work(team: Team, app: Open) -> None:
    """What they change glows with their name; what they add is announced; nothing moves."""
    keys = await fill(team, "one", "two", "three")
    async with app(team.viewer, project="CORE") as driver:
        await driver.sees("three")
        await driver.press("j")
        table = driver.widget(IssueTable)
        assert table.row is not None
        assert table.row.title == "two"
        await team.member.issues.move(keys[0], Status.DONE)
        await driver.sees("← Mia", "done")
        await fill(team, "four")
        await driver.sees("1 new")
        assert table.row.title == "two"
        await driver.press("r")
        await driver.sees("four")
        assert table.row.title == "two"


async def test_columns_come_and_go_only_with_the_list(team: Team, app: Open) -> None:
    """Nobody is assigned: titles have the room. Whoever is then stands at their end, and nothing moves."""
    keys = await fill(team, "Login fails on Safari", "Crash in the importer")
    await team.maintainer.labels.create("CORE", "ui")
    await team.member.issues.edit(keys[0], IssueEdit(add_labels=("ui",)))
    async with app(team.member, project="CORE", size=(100, 24)) as driver:
        await driver.sees("Crash in", "STATUS", "•ui")
        before = driver.text.splitlines()
        heading = next(line for line in before if "STATUS" in line)
        assert "WHO" not in heading
        await driver.press("i")
        await driver.until(lambda: "MI  ◌ backlog" in driver.text, "who it is assigned to")
        await team.maintainer.issues.edit(keys[0], IssueEdit(assignee="max", due=date(2030, 5, 1)))
        await driver.sees("MA  due 1 May 2030  ◌")
        assert heading in driver.text
        await driver.press("slash")
        await driver.write("login")
        await driver.sees("1 issue")
        assert "WHO" not in driver.text
        assert isinstance(driver.view, IssuesScreen)
        driver.view.leave_search()
        assert not driver.view.query_one(SearchBar).typing  # What is found now gets its columns.
        await driver.sees("WHO", "DUE")


async def test_a_key_that_may_not_be_used_says_why(team: Team, app: Open) -> None:
    """A viewer presses a member's key."""
    await fill(team, "one")
    async with app(team.viewer, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("s")
        await driver.sees("Only members may move issues")


async def test_a_new_issue_is_one_line_away(team: Team, app: Open) -> None:
    """A title that can't be stored stays in the box, with the reason."""
    async with app(team.member, project="CORE") as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.press("enter")
        await driver.sees("title")
        await driver.write("Something new")
        await driver.press("enter")
        await driver.sees("CORE-1 created", "Something new")


async def test_a_line_is_saved_by_the_key_of_the_forms_too(team: Team, app: Open) -> None:
    """Who is used to it there need not think here."""
    async with app(team.member, project="CORE") as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.write("Something new")
        await driver.press("ctrl+s")
        await driver.sees("CORE-1 created", "1 issue")
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, Prompt))
        await driver.write(" and blue")
        await driver.press("ctrl+s")
        await driver.sees("Something new and blue")
        await driver.until_saved()
        assert (await team.owner.issues.show("CORE-1")).title == "Something new and blue"


@pytest.mark.parametrize(
    ("hers", "mine", "together"),
    [
        ("Login fails on Safari", "Login often fails", "Login often fails on Safari"),
        ("Sign-in fails", "Entry fails", "Entry fails / Sign-in fails"),
    ],
)
async def test_two_titles_are_put_together_in_the_line(
    team: Team, app: Open, hers: str, mine: str, together: str
) -> None:
    """By their words where that can be done, else one behind the other; nothing is saved before enter."""
    (key,) = await fill(team, "Login fails")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("Login fails")
        await driver.press("e")
        await driver.until(lambda: isinstance(driver.app.screen, Prompt))
        line = driver.app.screen.query_one(Input)
        line.value = mine
        await team.owner.issues.edit(key, IssueEdit(title=hers, base_version=1))
        await driver.press("enter")
        await driver.sees("Both of you changed the title", f"− {hers}", f"+ {mine}")
        await driver.press("e")
        await driver.until(lambda: line.value == together)
        assert (await team.viewer.issues.show(key)).title == hers
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.until_saved()
    assert (await team.viewer.issues.show(key)).title == together


async def test_keys_can_be_remapped(team: Team, app: Open) -> None:
    """By the command's id, in the settings."""
    (key,) = await fill(team, "one")
    async with app(team.member, project="CORE", keys={"issue.priority": "f6", "view.save": "p"}) as driver:
        await driver.press("f6")
        await driver.write("high")
        await driver.press("enter")
        await driver.until_saved()
        assert (await team.member.issues.show(key)).priority is Priority.HIGH
        await driver.press("colon")
        await driver.write("set its priority")
        await driver.sees("f6  Set its priority")


async def test_all_that_match_change_as_one_step(team: Team, app: Open) -> None:
    """Also those that were never scrolled to; one undo takes all of them back."""
    draft = IssueDraft(title="many")
    await team.member.issues.create("CORE", draft)
    team.instance.sql.execute(_MANY)
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


_MANY = b"""
WITH made AS (
  INSERT INTO issues (project_id, number, title, reporter_id, rank)
  SELECT project_id, n, 'one of many', reporter_id, 'z' || lpad(n::text, 4, '0')
  FROM issues, generate_series(2, 701) n RETURNING id, project_id, number),
texts AS (INSERT INTO issue_texts (issue_id) SELECT id FROM made)
INSERT INTO issue_search SELECT id, project_id, number, '' FROM made
"""


async def test_the_end_of_a_list_is_one_key_away(team: Team, app: Open) -> None:
    """G goes to the last issue of all, k back up from it, gg to the first; no line is empty on the way."""
    await team.member.issues.create("CORE", IssueDraft(title="many"))
    team.instance.sql.execute(_MANY)
    async with app(team.member, project="CORE") as driver:
        table = driver.widget(IssueTable)

        async def at(number: int) -> None:
            await driver.until(lambda: table.row is not None and table.row.number == number, f"{number}")
            await driver.sees(f"CORE-{number} ")
            assert driver.text.count("CORE-") == table.size.height - 1, "no line is empty"

        await driver.sees("CORE-701")
        await driver.press("G")
        await at(1)
        for number in range(2, 75):
            await driver.press("k")
            await at(number)
        await driver.press("g", "g")
        await at(701)
        for number in range(700, 625, -1):
            await driver.press("j")
            await at(number)


async def test_the_wheel_scrolls_and_a_bar_says_where_one_is(team: Team, app: Open) -> None:
    """The cursor stays on its issue."""
    await team.member.issues.create("CORE", IssueDraft(title="many"))
    team.instance.sql.execute(_MANY)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("CORE-701 ")
        table = driver.widget(IssueTable)
        await driver.until(lambda: table.show_vertical_scrollbar, "a scrollbar")
        await driver.pilot._post_mouse_events([MouseScrollDown] * 3, IssueTable, button=0)
        await driver.misses("CORE-701 ")
        assert table.cursor == 0


async def test_a_filter_is_built_from_pieces(team: Team, app: Open) -> None:
    """A qualifier, then its values; built again it is replaced, not added to."""
    one, two = await fill(team, "one", "two")
    await team.member.issues.move(one, Status.DONE)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues")
        await driver.press("f")
        await driver.sees("Filter by")
        await driver.write("status")
        await driver.press("enter")
        await driver.sees("status:")
        await driver.write("done")
        await driver.press("enter")
        await driver.sees("status:done", "1 issue", one)
        await driver.press("f", "enter")
        await driver.sees("◉ done")
        await driver.write("done")
        await driver.press("space", *["backspace"] * 4)
        await driver.write("backlog")
        await driver.press("space", "enter")
        await driver.sees("status:backlog", two)
        driver.burst("/", "is:closed", "enter")  # Behind a whole qualifier another one begins.
        await driver.sees("No issue is like that", " status:backlog   is:closed ")
        await driver.press("escape", "f")
        await driver.write("status")
        await driver.press("enter")
        await driver.sees("space mark")
        await driver.press("enter")  # Of what nobody marked it is the one under the cursor.
        await driver.sees("/  status:", "1 issue")


async def test_an_empty_project_says_how_to_begin(team: Team, app: Open) -> None:
    """A search that finds nothing says something else. The key of the project is there on a narrow screen."""
    async with app(team.member, project="CORE", size=(80, 24)) as driver:
        await driver.sees("CORE ", "No issues yet. n writes the first one.")
        assert "…" not in driver.text.splitlines()[0]
        await driver.press("slash")
        await driver.write("rain")
        await driver.sees("No issue is like that.")


async def test_an_issue_is_planned_by_a_key(team: Team, app: Open) -> None:
    """Into a sprint by its name, and out of it again."""
    (key,) = await fill(team, "one")
    await team.maintainer.sprints.create("CORE", "Sprint 7")

    async def planned() -> bool:
        return (await team.member.issues.show(key)).sprint == "Sprint 7"

    async def taken_out() -> bool:
        return (await team.member.issues.show(key)).sprint is None

    async with app(team.member, project="CORE") as driver:
        await driver.sees(key)
        await driver.press("S")
        await driver.sees("Sprint · CORE-1", "Sprint 7", "no sprint")
        await driver.write("sprint 7")
        await driver.press("enter")
        await driver.eventually(planned, "planned")
        await driver.press("S")
        await driver.sees("Sprint · CORE-1")
        await driver.write("no sprint")
        await driver.press("enter")
        await driver.eventually(taken_out, "taken out")


async def test_a_view_is_a_tab_of_what_it_means(team: Team, app: Open) -> None:
    """By any key of the project; one of a newer program, that can't be read, takes no other tab away and says
    what is wrong with it."""
    await fill(team, "one")
    for name, query in (("Old key", "project:CORE is:open"), ("Elsewhere", "-project:CORE"), ("New", "a")):
        await team.member.views.save(name, query)
    team.instance.sql.execute(b"UPDATE saved_views SET query = 'project:CORE mood:happy' WHERE name = 'New'")
    await team.owner.projects.rekey("CORE", "HEART")
    async with app(team.member, project="HEART") as driver:
        await driver.sees("one", "Old key", "New")
        assert "Elsewhere" not in driver.widget(ViewTabs).names
        await driver.press("left_square_bracket")
        await driver.until(lambda: driver.widget(SearchBar).text == "project:CORE is:open", "the old key's")
        await driver.press("left_square_bracket")
        await driver.sees("project:CORE mood:happy", 'There is no qualifier "mood:"')


@pytest.mark.usefixtures("watched")
async def test_saved_views_are_made_renamed_published_and_deleted(team: Team, app: Open) -> None:
    """Each on the tab that is shown. No history holds one of one's own: deleting it asks. What comes with
    Rhythm or is another's says so; views of other projects are no tabs here, nor over all projects."""
    await fill(team, "one")
    await team.member.projects.create("WEB", "Web")
    await team.member.views.save("Elsewhere", "label:web", key="WEB")
    await team.member.views.save("Mine", "label:mine")
    await team.member.views.save("Web bugs", "project:WEB type:bug")
    await team.owner.views.save("Boss", "label:boss", key="CORE", published=True)
    keys = {"view.delete": "f6", "view.rename": "f7", "view.publish": "f8"}

    async def names() -> list[str]:
        return sorted(view.name for view in await team.member.views.list("CORE") if not view.built_in)

    async with app(team.member, project="CORE", keys=keys) as driver:
        await driver.sees("one", "Mine", "Boss")
        assert "Elsewhere" not in driver.text
        assert "Web bugs" not in driver.text
        await driver.press("left_square_bracket", "f6")
        await driver.sees("Only maintainers may")
        await driver.press("f7")
        await driver.sees("Boss is Olga's own")
        await driver.press("left_square_bracket", "f8")
        await driver.sees("Mine is of all projects")
        await driver.press("f6")
        await driver.sees("Mine (label:mine) is gone for good")
        await driver.press("escape")
        await driver.misses("gone for good")
        assert await names() == ["Boss", "Mine", "Web bugs"]
        await driver.press("f6", "enter")
        await driver.sees("Mine deleted")
        assert await names() == ["Boss", "Web bugs"]
        await driver.press("slash", "ctrl+u")
        await driver.write("sort:updated")
        await driver.press("enter", "f6")
        await driver.sees("Recently updated comes with Rhythm: it can't be deleted")
        await driver.press("plus")
        await driver.sees("a tab in CORE")
        await driver.write("Again")
        await driver.press("enter")
        await driver.sees("Again saved")
        await driver.press("f8")
        await driver.sees("Again is a tab of everybody in CORE now")
        await driver.press("f7")
        await driver.sees("Rename a view")
        await driver.write(" here")
        await driver.press("enter")
        await driver.sees("Again is Again here now")
        assert await names() == ["Again here", "Boss", "Web bugs"]
        await driver.press("u")
        await driver.sees("Undone")
        await driver.until(lambda: "Again" in driver.widget(ViewTabs).names, "the name of before")
        await driver.press("f6")
        await driver.sees("Again deleted  u takes it back")
        assert await names() == ["Boss", "Web bugs"]
        await team.owner.views.delete("Boss", key="CORE")
        await driver.press("r", "plus")
        await driver.sees("a tab in CORE")
        await driver.write("Zed")
        await driver.press("enter")
        await driver.sees("Zed saved")
        await driver.until(lambda: driver.widget(ViewTabs).names[-1] == "Zed", "the last tab")
        await driver.press("slash", "ctrl+u")
        await driver.write("label:other")
        await driver.press("enter", "plus")
        await driver.sees("label:other · a tab in CORE")
        await driver.write("zed")
        await driver.press("enter")
        await driver.sees("Zed searches for ", "enter replace it")
        await driver.press("escape")
        await driver.sees("Zed is there already.")
        await driver.press("escape")
        await driver.misses("there already")
        await driver.press("left_square_bracket")
        await driver.until(lambda: driver.widget(ViewTabs).current == 5, "Zed, the last tab")
        await driver.press("f6", "enter")
        await driver.sees("Zed deleted")
        await driver.until(lambda: "Zed" not in driver.widget(ViewTabs).names, "one tab fewer")
        await driver.press("g", "0")
        await driver.sees("All projects", "Web bugs")
        await driver.misses("Boss")
        assert "Elsewhere" not in driver.text


async def test_searches_that_are_overtaken_keep_their_connection(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However slow they are and however fast one types; no more than one is at the server."""
    await fill(team, "Login fails", "Log the progress")
    page, cancel, at_once, pause = search.page, AsyncConnection._try_cancel, 0, 4.0

    async def slow(tx: Tx, *args: Any, **options: Any) -> Any:
        nonlocal at_once
        at_once = max(at_once, 1 + len(_at_work(team, "SELECT pg_sleep")))
        await tx.connection.execute(b"SELECT pg_sleep(%s)", (pause,))
        return await page(tx, *args, **options)

    async def from_afar(connection: AsyncConnection, **options: float) -> None:
        await asyncio.sleep(0.1)
        await cancel(connection, **options)

    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues")
        await driver.press("slash")
        await driver.write("l")
        await driver.until_saved()
        connections = _at_work(team, "")
        monkeypatch.setattr(search, "page", slow)
        monkeypatch.setattr(AsyncConnection, "_try_cancel", from_afar)
        for letter in "ogin f":
            await driver.write(letter)
            await driver.until(lambda: _at_work(team, "SELECT pg_sleep"), "the search")
        pause = 0.0
        await driver.write("a")
        await driver.sees("login fa", "1 issue")
        assert connections <= _at_work(team, "")
    assert at_once == 1
    assert not [record.message for record in caplog.records if record.name.startswith("psycopg")]


def _at_work(team: Team, query: str) -> set[int]:
    """The server's processes that run a query which begins so; with "" all that the app has."""
    rows = team.instance.sql.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rhythm'"
        " AND starts_with(query, %s) AND (state = 'active' OR %s = '')",
        (query, query),
    )
    return {row["pid"] for row in rows}


@pytest.mark.parametrize("how", ["typed", "at once"])
async def test_a_search_that_is_wrong_marks_nothing(
    team: Team, app: Open, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enter stays in the line and says so; left with escape, all can't be marked, and no mark is left. While
    a word is being typed it is not called wrong.
    """
    monkeypatch.setattr(searching, "PAUSE", 3600 if how == "typed" else 0.1)
    await fill(team, "one", "two")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("2 issues")
        await driver.press("A")
        await driver.sees("2 of 2 marked")
        await driver.press("slash")
        if how == "typed":
            await driver.write("foo:bar")
            assert "There is no qualifier" not in driver.text
        else:
            driver.app.screen.query_one(Input).value = "foo:bar"
            await driver.sees("There is no qualifier")
        await driver.press("enter")
        await driver.sees("The search is not right yet")
        assert driver.widget(SearchBar).typing
        await driver.press("escape")
        await driver.until(lambda: not driver.widget(SearchBar).typing)
        await driver.press("A")
        await driver.sees("! The search is not right yet.")
        assert not driver.widget(IssueTable).marks
        await driver.press("escape")
        await driver.sees("2 issues")
        await driver.press("A")
        await driver.sees("2 of 2 marked")


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


async def test_the_cursor_goes_to_a_new_issue_where_it_is_shown(team: Team, app: Open) -> None:
    """Wherever it was before; a search that hides it says so, an order that has it further down too."""
    team.fill(100)
    ids = await team.member.search.ids(project="CORE")
    await team.member.issues.edit_many(ids, IssueEdit(due=date(2026, 5, 1)))
    async with app(team.member, project="CORE") as driver:
        table = driver.widget(IssueTable)

        async def make(title: str) -> None:
            await driver.press("n")
            await driver.until(lambda: isinstance(driver.app.screen, Prompt))
            await driver.write(title)
            await driver.press("enter")

        def at(title: str) -> bool:
            return table.row is not None and table.row.title == title

        await driver.sees("100 issues")
        await driver.press("j", "j")
        await make("near")
        await driver.until(lambda: at("near"), "at the new one")
        await driver.press("G")
        await driver.until(lambda: table.row is not None and table.row.number == 1)
        await make("far")
        await driver.until(lambda: at("far"), "at the new one, from the end of the list")
        await driver.press("slash")
        await driver.write("near")
        await driver.press("enter")
        await driver.until(lambda: at("near"))
        await make("else")
        await driver.sees("CORE-103 created; this search does not show it")
        assert at("near")
        await driver.press("slash", *["backspace"] * 4)
        await driver.write("sort:due")
        await driver.press("enter")
        await driver.until(lambda: at("x"), "at one that is due")
        await make("last")
        await driver.sees("CORE-104 created; it is further down in this order")
        await driver.press("slash", "ctrl+u")
        await driver.write("sort:rank")
        await driver.press("enter")
        await driver.sees("TITLE  by rank ↑")


async def test_what_was_said_goes_with_the_screen(team: Team, app: Open) -> None:
    """In the trash it says what enter does; of what is taken back there the list does not say it is gone."""
    await fill(team, "one")
    async with app(team.maintainer, project="CORE") as driver:
        await driver.sees("1 issue")
        await driver.press("d")
        await driver.sees("CORE-1 moved to the trash", "0 issues")
        driver.view.action_command("trash")
        await driver.sees("Trash of CORE", "enter take back")
        assert "enter open" not in driver.text
        await driver.press("enter")
        await driver.sees("CORE-1 is back")
        await driver.press("escape")
        await driver.sees("KEY")
        assert "moved to the trash" not in driver.text


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
