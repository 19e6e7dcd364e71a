"""The reports: each says in words and numbers what it draws, or why there is nothing to draw."""

from __future__ import annotations

import pytest

from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_sprints import fill, sprint_of


async def finished(team: Team, name: str, *, done: int, left: int) -> None:
    """A sprint that was finished, with issues of three points."""
    await sprint_of(team, name, start=True)
    keys = await fill(team, *["x"] * (done + left), sprint=name)
    for key in keys[:done]:
        await team.member.issues.move(key, Status.DONE)
    await team.maintainer.sprints.finish("CORE", name)


async def test_the_burndown_of_the_active_sprint_and_of_those_before(team: Team, app: Open) -> None:
    await finished(team, "Sprint 1", done=2, left=1)
    await sprint_of(team, "Sprint 2", start=True)
    (one, _) = await fill(team, "one", "two", sprint="Sprint 2")
    await team.member.issues.move(one, Status.DONE)
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.sees("Burndown", "Sprint 2", "active", "3 points left", "added 6 in 2", "done 3 in 1")
        await driver.press("h")
        await driver.sees("Sprint 1", "finished", "3 points left at the end", "carried over 3 in 1")
        await driver.press("p")
        await driver.sees("1 issue left at the end")
        await driver.press("o")
        await driver.write("sprint 2")
        await driver.press("enter")
        await driver.sees("Sprint 2", "1 issue left")


async def test_the_velocity_of_the_last_sprints(team: Team, app: Open) -> None:
    for number in (1, 2):
        await finished(team, f"Sprint {number}", done=number, left=1)
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.press("right_square_bracket")
        await driver.sees(
            "Velocity 4.5 points", "the mean of the last 2", "Sprint 1", "Sprint 2", "committed"
        )
        await driver.press("p")
        await driver.sees("Velocity 1.5 issues")


async def test_the_flow_of_the_project(team: Team, app: Open) -> None:
    """And what others do is in it at once; the report is remembered."""
    one, *_ = await fill(team, "one", "two")
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.press("left_square_bracket")
        await driver.sees("From the first issue on", "0 done ", "backlog 2")
        await team.member.issues.move(one, Status.DONE)
        await driver.sees("1 done ", "backlog 1")
        team.instance.sql.execute(
            "UPDATE issues SET created_at = now() - interval '80 days' WHERE number = 1"
        )
        await driver.press("d")
        await driver.sees("1 done since", "From the first issue on")
        await driver.press("d")
        await driver.sees("1 done in 30 days", "The last 30 days")
        await driver.press("b")
        await driver.sees("without the backlog of 1")
        await driver.press("o")
        await driver.sees("That is for the burndown")
        await driver.press("g", "j")
        await driver.sees("Open an issue")
        await driver.write("1")
        await driver.press("enter")
        await driver.until(lambda: type(driver.app.screen).__name__ == "IssueScreen", "the issue's page")
        await driver.sees("CORE-1")
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.sees("done in 30 days")


async def test_where_there_is_nothing_to_tell_it_says_what_to_do(team: Team, app: Open) -> None:
    await team.maintainer.sprints.create("CORE", "Planned")
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.sees("No sprint has begun yet")
        await driver.press("tab")
        await driver.sees("No sprint is finished yet")
        await driver.press("tab")
        await driver.sees("There are no issues yet")


async def test_without_a_project_it_says_what_to_do(team: Team, app: Open) -> None:
    async with app(team.member, view="reports") as driver:
        await driver.sees("A report is of one project.", "g o chooses one.")
        await driver.press("p")
        await driver.sees("Choose a project first: g o")
        driver.view.desk.projects = {}
        await driver.press("r")
        await driver.sees("A report is of one project.", "4 goes to the projects, where + makes the first.")


async def test_nothing_of_a_hostile_name_acts(team: Team, app: Open) -> None:
    await team.maintainer.sprints.create("CORE", "[/][@click=app.quit]x[/]", "[b]\u202egoal")
    await team.maintainer.sprints.start("CORE", "[/][@click=app.quit]x[/]")
    await team.member.issues.create("CORE", IssueDraft(title="x", sprint="current"))
    async with app(team.viewer, project="CORE", view="reports") as driver:
        await driver.sees("[/][@click=app.quit]x[/]", "[b]<202E>goal")


@pytest.mark.parametrize("size", [(1, 1), (30, 10), (80, 24), (300, 100)])
async def test_it_survives_any_size(team: Team, app: Open, size: tuple[int, int]) -> None:
    await finished(team, "Sprint 1", done=1, left=1)
    async with app(team.viewer, project="CORE", view="reports", size=size) as driver:
        await driver.press("tab", "tab", "tab")
        await driver.until(lambda: not driver.view.busy)
