"""Saved views: tabs of what they mean, and what people make of them."""

from __future__ import annotations

import pytest

from rhythm_tui.widgets.search_bar import SearchBar
from rhythm_tui.widgets.view_tabs import ViewTabs
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_issues import fill


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
