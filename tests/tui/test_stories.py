"""Whole stories, as people live them: everything is done by what the screen says."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from textual.keys import _character_to_key
from textual.widgets import Input

from rhythm_domain import config
from rhythm_domain.database import Database
from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.models import SprintState, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_tui.commanding import Offer, offers
from rhythm_tui.instance import Instance
from rhythm_tui.screens.conflict import ConflictDialog
from rhythm_tui.screens.editor import Editor
from rhythm_tui.screens.issue import IssueScreen
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets import glow
from rhythm_tui.widgets.board import BoardGrid
from tests import instances
from tests.instances import Team
from tests.servers import Server
from tests.tui.conftest import Open
from tests.tui.driver import Driver, at_the_door, opened
from tests.tui.test_board import column, go_to

pytestmark = pytest.mark.usefixtures("watched")


async def test_a_newcomers_first_ten_minutes(server: Server, tmp_path: Path) -> None:
    """From an empty database to a filtered list, a moved card and a sprint that has begun."""

    class Own(Instance):
        @cached_property
        def settings(self) -> config.Settings:
            return config.Settings(data_dir=tmp_path, state_dir=tmp_path, log_dir=tmp_path)

        @cached_property
        def embedded(self) -> EmbeddedServer:
            return server.embedded

    async with at_the_door(Own()) as driver:
        await driver.sees("make your first project", "+")
        await driver.press("plus")
        await driver.write("Harbour Lights")
        await driver.press("ctrl+s")
        await driver.sees("HL created", "enter opens it")
        await driver.press("enter")
        await driver.sees("No issues yet. n writes the first one.")
        for number, title in enumerate(("Lamp is dark", "Lamp flickers", "Paint the door"), start=1):
            await driver.press("n")
            await driver.sees("New issue in HL")
            await driver.write(title)
            await driver.press("enter")
            await driver.sees(f"HL-{number} created", title)
        await driver.press("slash")
        await driver.write("lamp")
        await driver.sees("2 issues")
        await driver.misses("Paint")
        await driver.press("enter", "escape")
        await driver.sees("Paint", "3 issues")
        await driver.press("question_mark")
        await driver.sees("Keys", "Issue table")
        await driver.press("escape", "2")
        await driver.sees("backlog", "todo", "in progress", "3 cards")
        await driver.until(lambda: len(column(driver, Status.BACKLOG)) == 3)
        await go_to(driver, "Lamp is dark")
        await driver.press("L")
        await driver.until(lambda: column(driver, Status.TODO) == ["Lamp is dark"])
        await driver.until_saved()
        await driver.press("3")
        await driver.sees("Backlog", "3 issues", "+ plans a sprint.")
        await driver.press("plus")
        await driver.sees("New sprint in HL")
        await driver.press("ctrl+s")
        await driver.sees("is planned", "L moves issues into it")
        await driver.press("L", "L")
        await driver.sees("2 issues")
        await driver.until_saved()
        await driver.press("b")
        await driver.sees("2 issues are committed.")
        await driver.press("ctrl+s")
        await driver.sees("has begun", "active")
        desk = driver.view.desk
        (sprint,) = await desk.session.sprints.list("HL")
        assert (sprint.state, sprint.issue_count) == (SprintState.ACTIVE, 2)
        moved = await desk.session.issues.show("HL-1")
        assert (moved.status, moved.sprint) == (Status.TODO, sprint.name)


async def test_triage_of_thirty_issues(team: Team, app: Open) -> None:
    """By keys alone: in bulk by what a search finds and by a range, one by one, and back by undo."""
    await team.maintainer.labels.create("CORE", "later")
    for kind in ("Idea", "Typo", "Crash"):
        for number in range(10):
            await team.owner.issues.create("CORE", IssueDraft(title=f"{kind} {number}"))

    async def found(query: str) -> int:
        return (await team.viewer.search.total(query, project="CORE")).count

    async def narrow(driver: Driver, words: str) -> None:
        await driver.press("slash")
        await driver.write(words)
        await driver.press("enter")
        await driver.sees("10 issues")

    async with app(team.member, project="CORE") as driver:
        await driver.sees("30 issues")
        await narrow(driver, "crash")
        await driver.press("A")
        await driver.sees("10 of 10 marked")
        await driver.press("p")
        await driver.sees("Priority · 10 issues")
        await driver.write("urgent")
        await driver.press("enter")
        await driver.sees("10 issues: urgent priority")
        await driver.press("i")
        await driver.sees("10 issues: assigned to Mia")
        assert await found("crash priority:urgent assignee:mia") == 10
        await driver.press("escape")
        await driver.misses("10 of 10")
        await driver.press("D")
        await driver.sees("Due · CORE-30")
        await driver.write("7d")
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.press("full_stop")
        await driver.sees("Estimate · CORE-30")
        await driver.write("5")
        await driver.press("enter")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.until_saved()
        assert await found("is:open due:<14d estimate:5") == 1
        await driver.press("escape")
        await driver.sees("30 issues")
        await narrow(driver, "typo")
        await driver.press("v", "G")
        await driver.sees("10 of 10 marked")
        await driver.press("x")
        await driver.sees("10 issues: moved to done")
        assert await found("typo status:done") == 10
        await driver.press("escape", "escape")
        await driver.sees("30 issues")
        await narrow(driver, "idea")
        await driver.press("A", "t")
        await driver.sees("Labels · 10 issues", "later")
        await driver.press("space", "enter")
        await driver.sees("10 issues: labelled")
        await driver.press("escape")
        await driver.misses("10 of 10")
        await driver.press("X")
        await driver.sees("cancelled")
        await driver.until_saved()
        assert (await found("label:later"), await found("idea status:cancelled")) == (10, 1)
        await driver.press("u")
        await driver.sees("Undone: the status of CORE-10 is backlog again")
        await driver.press("u")
        await driver.sees("Undone: later is off 10 issues again")
        await driver.press("u")
        await driver.sees("Undone: the status of 10 issues is backlog again")
        await driver.press("U")
        await driver.sees("Redone: the status of 10 issues is done again")
    assert (await found("is:open"), await found("label:later"), await found("status:done")) == (20, 0, 10)


async def test_two_people_on_one_board(team: Team, app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one moves moves for the other, who sees whose it was; a title that both edit holds both."""
    monkeypatch.setattr(glow, "SECONDS", 60)
    for title in ("one", "two", "three"):
        await team.owner.issues.create("CORE", IssueDraft(title=title, status=Status.TODO))
    async with (
        app(team.member, project="CORE", view="board") as mia,
        app(team.maintainer, project="CORE", view="board") as max_,
    ):
        for driver in (mia, max_):
            await driver.until(lambda driver=driver: len(column(driver, Status.TODO)) == 3)  # type: ignore[misc]
        await go_to(max_, "three")
        await go_to(mia, "one")
        await mia.press("L")
        await max_.until(lambda: column(max_, Status.IN_PROGRESS) == ["one"], "the move")
        await max_.sees("Mia")
        row = max_.widget(BoardGrid).row
        assert row is not None
        assert row.title == "three"
        await max_.press("L")
        await mia.until(lambda: "three" in column(mia, Status.IN_PROGRESS), "the other move")
        await go_to(mia, "two")
        await go_to(max_, "two")
        await mia.press("e")
        await mia.until(lambda: isinstance(mia.app.screen, Prompt))
        await mia.write(" of Mia")
        await max_.press("e")
        await max_.until(lambda: isinstance(max_.app.screen, Prompt))
        await max_.write(" of Max")
        await mia.press("enter")
        await mia.until(lambda: not mia.app.screen.is_modal)
        await mia.until_saved()
        await max_.press("enter")
        await max_.until(lambda: isinstance(max_.app.screen, ConflictDialog))
        await max_.sees("− two of Mia", "+ two of Max")
        await max_.press("e")
        await max_.sees("Yours, then theirs")
        assert max_.app.screen.query_one(Input).value == "two of Max / two of Mia"
        await max_.press("enter")
        await max_.until(lambda: not max_.app.screen.is_modal)
        await mia.until(lambda: "two of Max / two of Mia" in column(mia, Status.TODO), "both")


@pytest.mark.parametrize("view", ["issues", "an issue", "board", "sprints", "projects", "settings"])
async def test_a_viewer_trying_everything(team: Team, app: Open, view: str) -> None:
    """Every key that is not for them says who may; nothing is changed by any of them."""
    await team.maintainer.labels.create("CORE", "ui")
    await team.maintainer.sprints.create("CORE", "Sprint 1")
    await team.member.issues.create("CORE", IssueDraft(title="one", sprint="Sprint 1", labels=("ui",)))
    await team.member.issues.create("CORE", IssueDraft(title="two"))
    await team.member.comments.add("CORE-1", "well")

    def changes() -> object:
        return team.instance.value("SELECT count(*) FROM events"), team.instance.value(
            "SELECT sum(version) FROM issues"
        )

    before = changes()
    async with app(team.viewer, project="CORE", view="issues" if view == "an issue" else view) as driver:
        await driver.sees("CORE")
        if view == "an issue":
            await driver.sees("one")
            await driver.press("j", "enter")
            await driver.until(lambda: isinstance(driver.view, IssueScreen) and driver.view.issue is not None)
            await driver.press("j")

        def refused() -> list[Offer]:
            here = offers(driver.app.focused or driver.app.screen)
            return [each for each in here if each.command.permission is not None and each.command.keys]

        tried = 0
        for offer in refused():
            reason = offer.why_not
            if reason is None:  # It is a viewer's too.
                continue
            await driver.press(
                *(_character_to_key(key) if len(key) == 1 else key for key in offer.command.keys[0].split())
            )
            await driver.sees(f"{reason[0].upper()}{reason[1:]}.")
            assert not driver.app.screen.is_modal, offer.command.id
            tried += 1
        assert tried >= {"projects": 2, "settings": 2}.get(view, 8)
        assert changes() == before


async def test_the_database_goes_away_while_somebody_types(server: Server, tmp_path: Path) -> None:
    """Every letter that is typed meanwhile is there when it is back, and is saved once."""
    with psycopg.connect(server.conninfo, autocommit=True, row_factory=psycopg.rows.dict_row) as sql:
        instance = instances.Instance(Database(server.conninfo), sql)
        olga = instance.person("olga")
        instance.project("CORE", owner=olga)
        await olga.issues.create("CORE", IssueDraft(title="one"))
        await instance.db.close()
    async with opened(server.conninfo, olga, tmp_path, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Editor))
        await driver.write("It was fine")
        server.kill()
        await driver.write(" and then it went dark")
        await driver.press("ctrl+s")
        await driver.sees("It was not saved", "It was fine and then it went dark")
        await driver.write(" for a while")
        await driver.until(lambda: driver.view.query_one("#strip").display, "the strip")
        server.embedded.start()
        await driver.until(lambda: not driver.view.query_one("#strip").display, "the end of the strip")
        await driver.press("ctrl+s")
        await driver.sees("Comment under CORE-1 sent")
        session = driver.view.desk.session
        comments = (await session.comments.list("CORE-1")).items
        assert [each.body for each in comments] == ["It was fine and then it went dark for a while"]
