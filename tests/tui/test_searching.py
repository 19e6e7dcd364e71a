"""Searching in the issue table: what is found while one types, and what is said of what is wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg import AsyncConnection
from textual.events import AppBlur, AppFocus
from textual.widgets import Input

from rhythm_domain.models import Priority, Status
from rhythm_domain.models.drafts import IssueEdit
from rhythm_domain.repository import search
from rhythm_domain.transaction import Tx
from rhythm_tui.screens import searching
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.search_bar import SearchBar
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_issues import fill


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
