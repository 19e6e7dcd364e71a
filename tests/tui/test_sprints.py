"""The planner: what moves between backlog and sprint, in which order, and what the headings make of it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from rhythm_domain.errors import Unavailable
from rhythm_domain.models import IssueRow, Page, Sprint, SprintState, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.services.boards import Boards
from rhythm_domain.services.search import Search
from rhythm_domain.services.sprints import Sprints
from rhythm_domain.session import Session
from rhythm_tui.screens.picker import Picker
from rhythm_tui.screens.sprints import SprintsScreen
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.plan_panes import Side
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver

TODAY = date.today()  # noqa: DTZ011 - the team lives in UTC, as the tests do


async def fill(team: Team, *titles: str, sprint: str | None = None, points: int = 3) -> list[str]:
    """Issues of the member's; their keys."""
    made = [
        await team.member.issues.create(
            "CORE", IssueDraft.model_validate({"title": title, "sprint": sprint, "estimate": points})
        )
        for title in titles
    ]
    return [issue.key for issue in made]


async def sprint_of(team: Team, name: str = "Sprint 1", *, start: bool = False) -> Sprint:
    """A sprint of two weeks."""
    days = (TODAY, TODAY + timedelta(days=13))
    made = await team.maintainer.sprints.create("CORE", name, "Ship it", *days)
    return await team.maintainer.sprints.start("CORE", name) if start else made


def table(driver: Driver, side: Side) -> IssueTable:
    assert isinstance(driver.view, SprintsScreen)
    return driver.view.panes.table_of(side)


def titles(driver: Driver, side: Side) -> list[str]:
    """The titles in a pane, from the top."""
    return [row.title for row in table(driver, side).window]


async def cards(session: Session, sprint: Sprint) -> list[str]:
    """The titles of a sprint's issues in order, as the database has them."""
    return [row.title for row in (await session.boards.sprint_cards("CORE", sprint.id)).items]


async def backlog(session: Session) -> list[str]:
    return [row.title for row in (await session.boards.backlog("CORE")).items]


async def test_issues_go_into_the_sprint_and_back(team: Team, app: Open) -> None:
    """One key each; points and counts follow at once, and undo takes it back."""
    sprint = await sprint_of(team)
    await fill(team, "one", "two", "three")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees("Backlog", "3 issues", "Sprint 1", "planned", "Ship it")
        await driver.press("j", "L")
        await driver.until(lambda: titles(driver, "sprint") == ["two"])
        await driver.sees("3 points", "1 issue")
        await driver.until_saved()
        assert await cards(team.viewer, sprint) == ["two"]
        await driver.press("l", "H")
        await driver.until(lambda: titles(driver, "backlog") == ["one", "two", "three"])
        await driver.until_saved()
        assert await backlog(team.viewer) == ["one", "two", "three"]
        await driver.press("u")
        await driver.sees("Undone")
        await driver.until(lambda: titles(driver, "sprint") == ["two"])


async def test_marked_issues_move_as_one_step(team: Team, app: Open) -> None:
    """The heading says how much is marked; one undo takes all back."""
    sprint = await sprint_of(team)
    await fill(team, "one", "two", "three")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("space", "j", "space")
        await driver.sees("2 marked, 6 points")
        await driver.press("L")
        await driver.sees("2 issues into Sprint 1")
        assert await cards(team.viewer, sprint) == ["one", "three"]
        await driver.press("u")
        await driver.until(lambda: titles(driver, "backlog") == ["one", "two", "three"])
        assert await cards(team.viewer, sprint) == []


async def test_quick_keys_never_conflict_with_themselves(team: Team, app: Open) -> None:
    """Ordered, planned and ordered again faster than the answers come."""
    sprint = await sprint_of(team)
    await fill(team, "one", "two", "three", "four", "five")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("J", "J", "J", "K")
        await driver.until(lambda: titles(driver, "backlog") == ["two", "three", "one", "four", "five"])
        await driver.press("L", "L", "L", "l", "J", "K", "K", "K")
        await driver.until_saved()
        await driver.until(lambda: len(titles(driver, "sprint")) == 3)
        assert titles(driver, "sprint") == await cards(team.viewer, sprint)
        assert titles(driver, "backlog") == await backlog(team.viewer) == ["two", "three"]


async def test_what_fails_goes_back_where_it_was(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away while somebody plans: nothing pretends to be saved."""
    await sprint_of(team)
    await fill(team, "one", "two")
    let_go = asyncio.Event()

    async def away(*_: object, **__: object) -> None:
        await let_go.wait()
        raise Unavailable

    async with app(team.member, project="CORE", view="sprints") as driver:
        monkeypatch.setattr(Sprints, "add", away)
        await driver.press("L")
        await driver.until(lambda: titles(driver, "sprint") == ["one"])
        await driver.sees("3 points")
        let_go.set()
        await driver.until(lambda: titles(driver, "backlog") == ["one", "two"])
        assert titles(driver, "sprint") == []


async def test_what_others_plan_appears_where_it_is_now(team: Team, app: Open) -> None:
    """With a glow and a name; the cursor keeps its issue and its line, a mark stays."""
    await sprint_of(team)
    keys = await fill(team, "one", "two", "three", "four")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("j", "j", "space", "k")
        here = table(driver, "backlog")
        assert here.row is not None
        assert here.row.title == "three"
        await team.maintainer.sprints.add("CORE", "Sprint 1", [keys[0]])
        await driver.sees("← Max")
        assert titles(driver, "sprint") == ["one"]
        assert titles(driver, "backlog") == ["two", "three", "four"]
        assert here.row.title == "three"
        assert [row.title for row in here.targets] == ["three"]
        await team.maintainer.issues.order(keys[3], before=keys[1])
        await driver.until(lambda: titles(driver, "backlog") == ["four", "two", "three"])
        assert here.row.title == "three"
        await driver.sees("3 points")


async def test_a_search_filters_both_panes(team: Team, app: Open) -> None:
    await sprint_of(team)
    await fill(team, "crash at night", "slow start")
    await fill(team, "crash by day", "quiet", sprint="Sprint 1")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("slash")
        await driver.write("crash")
        await driver.until(lambda: titles(driver, "backlog") == ["crash at night"])
        await driver.until(lambda: titles(driver, "sprint") == ["crash by day"])
        await driver.sees("1 issue")
        await driver.press("enter", "L")
        await driver.until(lambda: titles(driver, "sprint") == ["crash at night", "crash by day"])
        await driver.press("escape")
        await driver.until(lambda: len(titles(driver, "sprint")) == 3)


async def test_a_new_issue_is_of_the_pane_where_it_was_written(team: Team, app: Open) -> None:
    sprint = await sprint_of(team)
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.press("l", "n")
        await driver.write("Planned")
        await driver.press("enter")
        await driver.until(lambda: titles(driver, "sprint") == ["Planned"])
        await driver.press("h", "n")
        await driver.write("Someday")
        await driver.press("enter")
        await driver.until(lambda: titles(driver, "backlog") == ["Someday"])
        assert await cards(team.viewer, sprint) == ["Planned"]


async def test_a_finished_sprint_stays_as_it_was(team: Team, app: Open) -> None:
    """It can be looked at; planning into it is refused in words."""
    await sprint_of(team, start=True)
    await fill(team, "done", sprint="Sprint 1")
    await team.member.issues.move("CORE-1", Status.DONE)
    await team.maintainer.sprints.finish("CORE", "Sprint 1")
    await sprint_of(team, "Sprint 2")
    await fill(team, "left")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees("Sprint 2", "2/2")
        await driver.press("left_square_bracket")
        await driver.sees("Sprint 1", "finished", "1/2", "3 points, 1 of 1 issue done")
        await driver.press("L")
        await driver.sees("Sprint 1 is finished: it stays as it was")
        await driver.press("right_square_bracket", "L")
        await driver.until(lambda: titles(driver, "sprint") == ["left"])


async def test_a_viewer_is_told_who_may_plan(team: Team, app: Open) -> None:
    await sprint_of(team)
    await fill(team, "one")
    async with app(team.viewer, project="CORE", view="sprints") as driver:
        await driver.press("L")
        await driver.sees("Only members may")
        assert titles(driver, "backlog") == ["one"]


async def test_without_a_project_it_says_what_to_do(team: Team, app: Open) -> None:
    async with app(team.member, view="sprints") as driver:
        await driver.sees("A plan is of one project.", "g o chooses one.")
        await driver.press("L", "s", "j", "slash")
        await driver.press("escape", "2")
        await driver.sees("CORE  Project CORE", "backlog")  # There is only one.
        await driver.press("g", "0")
        await driver.sees("All projects")
        await team.member.projects.create("WEB", "Web")
        await driver.until(lambda: driver.app.desk and len(driver.app.desk.projects) == 2, "two projects")
        await driver.press("2")
        await driver.until(lambda: isinstance(driver.app.screen, Picker), "the question which project")
        await driver.press("escape")
        await driver.sees("A board is of one project.")
        await driver.press("3")
        await driver.until(lambda: isinstance(driver.app.screen, Picker), "the question which project")
        await driver.write("Project CORE")
        await driver.press("enter")
        await driver.sees("CORE  Project CORE", "Backlog")


async def test_on_a_small_terminal_the_panes_share_the_room(team: Team, app: Open) -> None:
    """The pane with the focus has most of it, and where it is low all of it; both say what is in them."""
    await sprint_of(team, start=True)
    await fill(team, "one")
    await fill(team, "two", sprint="Sprint 1")
    async with app(team.member, project="CORE", view="sprints", size=(80, 24)) as driver:
        await driver.sees("Backlog", "one", "Sprint 1", "3 points", "two")
        backlog, sprint = table(driver, "backlog"), table(driver, "sprint")
        await driver.until(lambda: backlog.size.height > sprint.size.height == 5, "the room for the backlog")
        await driver.press("tab")
        await driver.until(lambda: sprint.size.height > backlog.size.height == 5, "the room for the sprint")
        await driver.pilot.resize_terminal(80, 17)
        await driver.misses("one")
        await driver.sees("Backlog", "two", "Sprint 1", "3 points")
        await driver.press("tab")
        await driver.misses("two")
        await driver.sees("Backlog", "one", "Sprint 1", "3 points")
        assert (await team.viewer.sprints.show("CORE", "current")).state is SprintState.ACTIVE


async def test_nothing_of_a_hostile_name_acts(team: Team, app: Open) -> None:
    """Names, goals and titles are read, not obeyed."""
    await team.maintainer.sprints.create("CORE", "[/] [@click=app.quit]x[/]", "[b]\u202egoal")
    await fill(team, "[/][@click=app.quit]x[/]", "a\u202eb")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees(
            "[/] [@click=app.quit]x[/]", "[b]<202E>goal", "[/][@click=app.quit]x[/]", "a<202E>b"
        )


@pytest.mark.parametrize("size", [(1, 1), (20, 8), (300, 100)])
async def test_it_survives_any_size(team: Team, app: Open, size: tuple[int, int]) -> None:
    await sprint_of(team, start=True)
    await fill(team, "one", sprint="Sprint 1")
    async with app(team.member, project="CORE", view="sprints", size=size) as driver:
        await driver.press("tab", "j", "z", "tab")


async def test_the_burndown_of_a_sprint_that_has_begun_is_drawn_where_there_is_room(
    team: Team, app: Open
) -> None:
    """It follows what is done; on a low screen the lists have the room."""
    await sprint_of(team, start=True)
    (one, *_) = await fill(team, "one", "two", sprint="Sprint 1")
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees("6 points left", "even pace")
        await team.maintainer.issues.move(one, Status.DONE)
        await driver.sees("3 points left")
        await driver.pilot.resize_terminal(120, 24)
        await driver.misses("points left")
        await driver.press("l", "z")
        await driver.sees("3 points left", "KEY")
        await driver.press("z")
        await driver.misses("points left")
        await driver.pilot.resize_terminal(120, 40)
        await driver.sees("3 points left")


async def test_all_that_match_are_planned_in_one_step(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were never scrolled to."""
    sprint = await sprint_of(team)
    team.fill(250)
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees("250 issues")
        await driver.press("A")
        await driver.sees("250 marked")
        await team.maintainer.issues.delete(["CORE-1"])
        await driver.sees("249 marked")
        await team.maintainer.issues.move("CORE-2", Status.DONE)
        await driver.sees("248 marked")
        with monkeypatch.context() as patch:
            patch.setattr(Search, "ids", None)  # Only the marks are asked about.
            team.instance.sql.execute(b"UPDATE issues SET deleted_at = now() WHERE number = 3")
            await driver.press("r")
            await driver.sees("247 marked")
        await driver.press("L")
        await driver.sees("Plan 247 issues into Sprint 1?")
        await driver.press("enter")
        await driver.sees("247 issues into Sprint 1", "0 issues")
        assert (await team.viewer.sprints.show("CORE", sprint.name)).issue_count == 247
        await driver.press("u")
        await driver.sees("Undone")
        await driver.sees("247 issues")


async def test_a_long_backlog_is_read_as_one_goes_and_from_its_end(team: Team, app: Open) -> None:
    """Its ranks are in the order of words: 100 is the first, 9 the last. Where there is no sprint, nothing is
    in it to be marked.
    """
    team.fill(350)
    async with app(team.member, project="CORE", view="sprints") as driver:
        await driver.sees("350 issues", "No sprint")
        await driver.press("l", "A")
        assert not table(driver, "sprint").marks
        await driver.press("h", "G")
        here = table(driver, "backlog")
        await driver.until(lambda: here.row is not None and here.row.number == 9)
        await driver.press(*["k"] * 3, "K")
        await driver.until(lambda: here.row is not None and here.row.number == 97)
        await driver.until_saved()
        await driver.press("g", "g")
        await driver.until(lambda: here.row is not None and here.row.number == 100)


@pytest.mark.parametrize("key", ["left_square_bracket", "plus"])
async def test_a_heading_never_stands_over_the_issues_of_another_sprint(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """However long it takes to read them: until then the sprint before is there, heading and issues. A key
    that was pressed meanwhile waits for it.
    """
    await sprint_of(team, "Sprint 1")
    await sprint_of(team, "Sprint 2", start=True)
    await fill(team, "of one", sprint="Sprint 1")
    await fill(team, "of two", sprint="Sprint 2")
    await fill(team, "free")
    let_go, asked, sprint_cards = asyncio.Event(), asyncio.Event(), Boards.sprint_cards

    async def slowly(boards: Boards, *args: Any, **options: Any) -> Page[IssueRow]:
        asked.set()
        await let_go.wait()
        return await sprint_cards(boards, *args, **options)

    async with app(team.maintainer, project="CORE", view="sprints") as driver:
        await driver.until(lambda: len(titles(driver, "sprint")) == 1)
        (title,) = titles(driver, "sprint")
        if key == "left_square_bracket":
            await driver.press("right_square_bracket")
            (title,) = {"of one", "of two"} - {title}
            await driver.until(lambda: titles(driver, "sprint") == [title])
        name = "Sprint 1" if title == "of one" else "Sprint 2"
        await driver.sees(name)
        monkeypatch.setattr(Boards, "sprint_cards", slowly)
        await driver.press(key)
        if key == "plus":
            await driver.sees("New sprint in CORE")
            await driver.press("ctrl+s")
        await driver.until(asked.is_set, "a reading")
        assert driver.view.panes.sprint.name == name  # type: ignore[attr-defined]
        assert titles(driver, "sprint") == [title]
        driver.burst("L")
        let_go.set()
        await driver.until(lambda: "free" in titles(driver, "sprint"))
        await driver.until_saved()
        (free,) = (await team.member.search.page("free", project="CORE")).items
        assert free.sprint == driver.view.panes.sprint.name != name  # type: ignore[attr-defined]
