"""Sprints are planned, edited, started, finished and deleted in their dialogs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rhythm_domain.models import SprintState, Status
from rhythm_domain.models.drafts import SprintEdit
from rhythm_domain.words import day_said
from rhythm_tui.widgets.text_editor import TextEditor
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_sprints import TODAY, cards, fill, sprint_of, titles


async def test_a_sprint_is_planned_in_a_form(team: Team, app: Open) -> None:
    """Name and days follow the last sprint; a wrong day says so at its field, and nothing typed is lost."""
    await sprint_of(team, "Iteration 7")
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("plus")
        await driver.sees("New sprint in CORE", "Iteration 8", (TODAY + timedelta(days=14)).isoformat())
        await driver.press("enter")
        await driver.sees("tab next · ^s plan it")
        await driver.write("Ship")
        await driver.press("tab", "tab")
        await driver.press(*["backspace"] * 10)
        await driver.write("someday")
        await driver.press("ctrl+s")
        await driver.sees("is no day", "Ship")
        await driver.press(*["backspace"] * 7)
        await driver.write("30d")
        await driver.press("ctrl+s")
        await driver.sees("Iteration 8 is planned", "2/2")
        made = await team.viewer.sprints.show("CORE", "Iteration 8")
        assert (made.goal, made.ends_on) == ("Ship", TODAY + timedelta(days=30))


async def test_typing_replaces_what_is_suggested_and_a_draft_says_that_it_is_one(
    team: Team, app: Open
) -> None:
    """One's own text is not replaced; who throws the draft away has the suggestions again."""
    await sprint_of(team)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("plus")
        await driver.sees("New sprint in CORE", "Sprint 2")
        await driver.press("escape", "plus")
        await driver.sees("New sprint in CORE", "Sprint 2")
        await driver.misses("restored")
        await driver.write("Winter")
        await driver.sees("Winter")
        await driver.misses("Sprint 2")
        await driver.press("escape", "plus")
        await driver.sees("Draft restored", "^r throws it away", "Winter")
        await driver.write("y")
        await driver.sees("Wintery")
        await driver.press("ctrl+r")
        await driver.sees("Sprint 2", "thrown away")
        await driver.misses("Wintery", "restored")
        await driver.write("Spring")
        await driver.sees("Spring")
        await driver.misses("Sprint 2")
        await driver.press("ctrl+r", "escape", "plus")
        await driver.sees("New sprint in CORE", "Sprint 2")
        await driver.misses("restored", "Spring ")


async def test_the_name_of_a_sprint_that_is_edited_is_not_replaced(team: Team, app: Open) -> None:
    await sprint_of(team)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("O")
        await driver.sees("Edit Sprint 1")
        await driver.write("0")
        await driver.press("ctrl+s")
        await driver.sees("Sprint 10 saved")


async def test_a_name_that_is_taken_is_said_in_the_form(team: Team, app: Open) -> None:
    await sprint_of(team)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("O")
        await driver.sees("Edit Sprint 1")
        await team.maintainer.sprints.create("CORE", "Winter")
        await driver.press(*["backspace"] * 8)
        await driver.write("winter")
        await driver.press("ctrl+s")
        await driver.sees("already a sprint of that name")
        await driver.write("y")
        await driver.press("ctrl+s")
        await driver.sees("wintery saved")


@pytest.mark.parametrize(("key", "kept"), [("m", "Ship it!"), ("t", "Theirs"), ("e", "both")])
async def test_two_people_edit_one_goal_and_nothing_is_lost(
    team: Team, app: Open, key: str, kept: str
) -> None:
    """Both sides are shown; mine, theirs or both are saved. The days, which only she changed, stay hers."""
    await sprint_of(team)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.sees("Sprint 1")
        await driver.press("O")
        await driver.sees("Edit Sprint 1")
        theirs = SprintEdit(goal="Theirs", ends_on=TODAY + timedelta(days=20))
        await team.owner.sprints.edit("CORE", "Sprint 1", theirs)
        await driver.press("enter", "end")
        await driver.write("!")
        await driver.press("ctrl+s")
        await driver.sees("Both of you changed the goal", "− Theirs", "+ Ship it!")
        await driver.press(key)
        if key == "e":
            await driver.sees("Yours, then theirs", "Ship it!", "Theirs")
            area = driver.app.screen.query_one(TextEditor)
            assert area.text == "Ship it!\nTheirs"
            area.put("both")
            await driver.press("ctrl+s")
        await driver.sees("Sprint 1 saved" if key != "t" else "Theirs")
        await driver.until(lambda: not driver.app.screen.is_modal)
    now = await team.viewer.sprints.show("CORE", "Sprint 1")
    assert (now.goal, now.ends_on) == (kept, TODAY + timedelta(days=20))


async def test_a_goal_that_was_begun_before_theirs_is_no_less_in_conflict(team: Team, app: Open) -> None:
    """A draft knows what it was begun from. What they change besides is no conflict at all."""
    await sprint_of(team)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.sees("Sprint 1")
        await driver.press("O")
        await driver.sees("Edit Sprint 1")
        await driver.press("enter", "end")
        await driver.write("!")
        await driver.press("escape")
        await driver.misses("Edit Sprint 1")
    await team.owner.sprints.edit("CORE", "Sprint 1", SprintEdit(goal="Theirs"))
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.sees("Sprint 1")
        await driver.press("O")
        await driver.sees("Ship it!")
        await driver.press("ctrl+s")
        await driver.sees("Both of you changed the goal", "− Theirs", "+ Ship it!")
        await driver.press("m")
        await driver.sees("Sprint 1 saved")
        assert (await team.viewer.sprints.show("CORE", "Sprint 1")).goal == "Ship it!"
        await driver.press("O")
        await driver.sees("Edit Sprint 1")
        await team.owner.sprints.edit("CORE", "Sprint 1", SprintEdit(name="Sprint one"))
        await driver.press("enter", "end")
        await driver.write("!")
        await driver.press("ctrl+s")
        await driver.sees("Sprint one saved")
        assert (await team.viewer.sprints.show("CORE", "Sprint one")).goal == "Ship it!!"


async def test_a_start_says_what_is_committed(team: Team, app: Open) -> None:
    await sprint_of(team)
    await fill(team, "one", "two", sprint="Sprint 1")
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.sees("6 points")
        await driver.press("b")
        await driver.sees("Start Sprint 1", "2 issues, 6 points, are committed", "enter next")
        await driver.press("enter")
        await driver.sees("enter start")
        await driver.press("enter")
        await driver.sees("Sprint 1 has begun", "active", "13 days left")
        await driver.press("b")
        await driver.sees("Sprint 1 is active already")
        await driver.press("u")
        await driver.sees("planned")


async def test_a_sprint_that_was_planned_for_later_starts_today_and_is_as_long(team: Team, app: Open) -> None:
    days = [TODAY + timedelta(days=ahead) for ahead in (3, 9)]
    await team.maintainer.sprints.create("CORE", "Sprint 1", "", *days)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("b")
        await driver.sees("Start Sprint 1", f"planned from {day_said(days[0], TODAY)}", "starts now")
        await driver.press("ctrl+s")
        await driver.sees("Sprint 1 has begun")
    started = await team.viewer.sprints.show("CORE", "Sprint 1")
    assert (started.starts_on, started.ends_on) == (TODAY, TODAY + timedelta(days=6))


async def test_a_second_sprint_is_not_started_and_says_why(team: Team, app: Open) -> None:
    await sprint_of(team, start=True)
    await sprint_of(team, "Sprint 2")
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("right_square_bracket", "b")
        await driver.sees("Sprint 1 is active: finish it first")
        await driver.press("F")
        await driver.sees("Sprint 2 has not been started")


async def test_a_finish_asks_where_the_unfinished_goes(team: Team, app: Open) -> None:
    """Into a planned sprint; the planner goes there too."""
    await sprint_of(team, start=True)
    after = await sprint_of(team, "Sprint 2")
    done, *_ = await fill(team, "one", "two", "three", sprint="Sprint 1")
    await team.member.issues.move(done, Status.DONE)
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("F")
        await driver.sees("1 of 3 issues are done, 3 of 9 points.", "Where do the 2", "Sprint 2", "backlog")
        await driver.write("sprint 2")
        await driver.press("enter")
        await driver.sees("Sprint 1 is finished: 1 issue done, 2 issues carried over to Sprint 2")
        await driver.until(lambda: titles(driver, "sprint") == ["two", "three"])
        assert await cards(team.viewer, after) == ["two", "three"]
        await driver.press("u")
        await driver.until(lambda: titles(driver, "sprint") == [])
        assert (await team.viewer.sprints.show("CORE", "Sprint 1")).state is SprintState.ACTIVE


async def test_a_finish_can_plan_the_sprint_that_takes_the_rest(team: Team, app: Open) -> None:
    await sprint_of(team, start=True)
    await fill(team, "one", sprint="Sprint 1")
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("F")
        await driver.sees("0 of 1 issue is done", "Where does the one")
        await driver.write("new")
        await driver.press("enter")
        await driver.sees("New sprint in CORE", "Sprint 2")
        await driver.press("ctrl+s")
        await driver.sees("Sprint 1 is finished: 0 issues done, 1 issue carried over to Sprint 2")
        await driver.until(lambda: titles(driver, "sprint") == ["one"])


async def test_a_deleted_sprint_gives_its_issues_back(team: Team, app: Open) -> None:
    """Without a question: undo takes it back."""
    await sprint_of(team)
    await fill(team, "one", sprint="Sprint 1")
    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.press("l")
        driver.view.action_command("sprint.delete")
        await driver.sees("Sprint 1 is deleted, 1 issue back in the backlog")
        await driver.until(lambda: titles(driver, "backlog") == ["one"])
        await driver.press("u")
        await driver.until(lambda: titles(driver, "sprint") == ["one"])


async def test_a_member_is_told_who_may_start(team: Team, app: Open) -> None:
    await sprint_of(team)
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("b")
        await driver.sees("Only maintainers may")
