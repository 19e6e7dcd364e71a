"""The issue table: what keys do, what others do, and where the cursor is meanwhile."""

from __future__ import annotations

from datetime import date

import pytest
from textual.events import MouseScrollDown
from textual.widgets import Input

from rhythm_domain.models import Priority, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_tui.screens.issues import IssuesScreen
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.search_bar import SearchBar
from tests.instances import Team
from tests.tui.conftest import Open

MANY = b"""
WITH made AS (
  INSERT INTO issues (project_id, number, title, reporter_id, rank)
  SELECT project_id, n, 'one of many', reporter_id, 'z' || lpad(n::text, 4, '0')
  FROM issues, generate_series(2, 701) n RETURNING id, project_id, number),
texts AS (INSERT INTO issue_texts (issue_id) SELECT id FROM made)
INSERT INTO issue_search SELECT id, project_id, number, '' FROM made
"""
"""700 more in a project that has one."""


async def fill(team: Team, *titles: str) -> list[str]:
    """Issues of the member's; their keys."""
    return [(await team.member.issues.create("CORE", IssueDraft(title=title))).key for title in titles]


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


async def test_reading_again_shows_what_was_changed_past_rhythm(team: Team, app: Open) -> None:
    await fill(team, "one")
    async with app(team.viewer, project="CORE") as driver:
        await driver.sees("one")
        team.instance.sql.execute("UPDATE issues SET title = 'another'")
        await driver.press("r")
        await driver.sees("another")


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


async def test_the_end_of_a_list_is_one_key_away(team: Team, app: Open) -> None:
    """G goes to the last issue of all, k back up from it, gg to the first; no line is empty on the way."""
    await team.member.issues.create("CORE", IssueDraft(title="many"))
    team.instance.sql.execute(MANY)
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
    team.instance.sql.execute(MANY)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("CORE-701 ")
        table = driver.widget(IssueTable)
        await driver.until(lambda: table.show_vertical_scrollbar, "a scrollbar")
        await driver.pilot._post_mouse_events([MouseScrollDown] * 3, IssueTable, button=0)
        await driver.misses("CORE-701 ")
        assert table.cursor == 0


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
