"""The board: what stands where, what keys and the mouse move, what others do, how it is grouped."""

from __future__ import annotations

import pytest
from textual.events import MouseScrollDown
from textual.message import Message

from rhythm_domain.models import IssueRow, IssueType, Priority, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.services.search import Search
from rhythm_domain.session import Session
from rhythm_tui.holding.decks import Spot
from rhythm_tui.looks.card_face import Look, face
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.widgets import board_canvas, glow
from rhythm_tui.widgets.board import BoardGrid
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver

B, T, P, R, D = Status.BACKLOG, Status.TODO, Status.IN_PROGRESS, Status.IN_REVIEW, Status.DONE


async def fill(team: Team, *titles: str, status: Status = T, **fields: object) -> list[str]:
    """Issues of the member's, in one column; their keys."""
    return [
        (
            await team.member.issues.create(
                "CORE", IssueDraft.model_validate({"title": title, "status": status, **fields})
            )
        ).key
        for title in titles
    ]


def column(driver: Driver, status: Status, lane: str = "") -> list[str]:
    """The titles of a column from top to bottom, as they are shown."""
    cards = driver.widget(BoardGrid).cards
    deck = cards.decks.get(Spot(lane, status))
    return [cards.row(issue).title for issue in deck.ids] if deck else []


async def saved(session: Session, status: Status) -> list[str]:
    """The titles of a column, as the database has them."""
    return [card.title for card in (await session.boards.column("CORE", status)).cards]


def under_cursor(driver: Driver) -> str:
    row = driver.widget(BoardGrid).row
    return row.title if row else ""


async def go_to(driver: Driver, title: str) -> None:
    """Puts the cursor on a card."""
    cards = driver.widget(BoardGrid).cards
    driver.widget(BoardGrid).go_to(next(row.id for row in cards.rows.values() if row.title == title))
    await driver.rest()


async def test_a_card_that_can_go_no_further_says_so(team: Team, app: Open) -> None:
    """At the top and the bottom of its column, and in the first."""
    await fill(team, "alone", status=B)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("alone")
        for key, words in (("K", "It is the first"), ("J", "It is the last"), ("H", "no column to the left")):
            await driver.press(key)
            await driver.sees(words)
        assert await saved(team.member, B) == ["alone"]


async def test_every_status_is_a_column_with_its_count(team: Team, app: Open) -> None:
    """Cards have key, title, type, priority, assignee, points and labels."""
    await team.maintainer.labels.create("CORE", "ui")
    await fill(
        team,
        "Login fails on Safari when cookies are blocked",
        type=IssueType.BUG,
        priority=Priority.URGENT,
        assignee="mia",
        estimate=5,
        labels=("ui",),
    )
    await fill(team, "one", "two", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("todo", "in progress", "in review", "done", "backlog", "3 cards")
        await driver.sees("■ CORE-1", "5 ▲ M", "Login fails on", "•ui")
        assert column(driver, P) == ["one", "two"]
        heading = next(line for line in driver.text.splitlines() if "in progress" in line)
        assert heading.split() == [
            "◌", "backlog", "0", "○", "todo", "1", "◐", "in", "progress", "2",
            "◕", "in", "review", "0", "●", "done", "0", "×",
        ]  # fmt: skip


async def test_the_cursor_goes_everywhere_by_key(team: Team, app: Open) -> None:
    """Down and up a column, to its ends, and to the same height of the next one."""
    await fill(team, "a1", "a2", "a3", status=T)
    await fill(team, "b1", "b2", "b3", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("a1")
        assert under_cursor(driver) == "a1"
        await driver.press("j", "l")
        assert under_cursor(driver) == "b2"
        await driver.press("G")
        assert under_cursor(driver) == "b3"
        await driver.press("left", "g", "g")
        await driver.until(lambda: under_cursor(driver) == "a1")
        await driver.press("k", "h", "h")
        assert driver.widget(BoardGrid).spot.status is B
        assert under_cursor(driver) == ""


async def test_a_card_is_moved_between_columns_and_within(team: Team, app: Open) -> None:
    """It is on its way at once, and lands where it was seen to land."""
    await fill(team, "one", "two", "three", status=T)
    await fill(team, "x", "y", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("three")
        await go_to(driver, "two")
        await driver.press("L")
        await driver.until(lambda: column(driver, P) == ["x", "two", "y"])
        assert under_cursor(driver) == "two"
        await driver.press("J")
        await driver.until(lambda: column(driver, P) == ["x", "y", "two"])
        await driver.until_saved()
        assert await saved(team.owner, P) == ["x", "y", "two"]
        assert await saved(team.owner, T) == ["one", "three"]
        await driver.press("K", "K", "H")
        await driver.until_saved()
        assert await saved(team.owner, P) == ["x", "y"]
        assert await saved(team.owner, T) == ["two", "one", "three"]
        assert column(driver, T) == ["two", "one", "three"]
        await driver.press("u")
        await driver.sees("Undone")
        await driver.until(lambda: column(driver, P) == ["two", "x", "y"])


async def test_quick_moves_never_conflict_with_themselves(team: Team, app: Open) -> None:
    """Each is sent when the one before it is through; the last one wins."""
    await fill(team, "one", status=P)
    await fill(team, "a", "b", "c", "d", status=T)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("one")
        await go_to(driver, "one")
        await driver.press("H", "L", "L", "H", "H", "J", "J", "K")
        assert under_cursor(driver) == "one"
        await driver.until_saved()
        await driver.until(lambda: column(driver, T) == ["a", "one", "b", "c", "d"])
        assert await saved(team.owner, T) == ["a", "one", "b", "c", "d"]


async def test_marked_cards_move_as_one_step(team: Team, app: Open) -> None:
    """In their order; one undo takes all of them back."""
    await fill(team, "one", "two", "three", "four", status=T)
    await fill(team, "x", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("four")
        await go_to(driver, "one")
        await driver.press("space", "j", "space")
        await driver.sees("2 marked of 5 cards")
        await driver.press("L")
        await driver.sees("2 cards moved to in progress")
        assert column(driver, P) == ["x", "one", "three"]
        assert await saved(team.owner, P) == ["x", "one", "three"]
        await driver.press("u")
        await driver.sees("Undone")
        await driver.until(lambda: column(driver, T) == ["one", "two", "three", "four"])


async def test_of_many_cards_it_is_asked_first(team: Team, app: Open) -> None:
    """By key and by mouse: more than one sees do not go by a slip."""
    await fill(team, *(f"card {number:02}" for number in range(21)), status=T)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("card 00", "21 cards")
        await driver.press("A")
        await driver.sees("21 marked of 21 cards")
        await driver.press("L")
        await driver.sees("Move 21 issues to in progress?")
        await driver.press("escape")
        await driver.misses("Move 21 issues")
        assert len(column(driver, T)) == 21
        grid = driver.widget(BoardGrid)
        todo, progress = (grid.seen.of(status) for status in (T, P))
        assert todo is not None
        assert progress is not None
        await driver.pilot.mouse_down(grid, offset=(todo.x + 3, 4))
        await driver.pilot.hover(grid, offset=(progress.x + 3, 8))
        await driver.pilot.mouse_up(grid, offset=(progress.x + 3, 8))
        await driver.sees("Move 21 issues to in progress?")
        await driver.press("enter")
        await driver.sees("21 cards moved to in progress")
        assert await saved(team.owner, P) == [f"card {number:02}" for number in range(21)]


async def test_a_mark_goes_with_its_card(team: Team, app: Open) -> None:
    """With one that is undone, that somebody deletes, or that the filter shows no more."""
    await fill(team, "one", "two", "three", status=T)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("three")
        await driver.press("n")
        await driver.write("four")
        await driver.press("enter")
        await driver.until(lambda: under_cursor(driver) == "four")
        await driver.press("A")
        await driver.sees("4 marked of 4 cards")
        await driver.press("u")
        await driver.sees("3 marked of 3 cards")
        await team.maintainer.issues.delete(["CORE-1"])
        await driver.sees("2 marked of 2 cards")
        await driver.press("escape", "slash")
        await driver.write("t")
        await driver.press("enter", "A")
        await driver.sees("2 marked of 2 cards")
        await team.owner.issues.edit("CORE-2", IssueEdit(title="one"))
        await driver.sees("1 marked of 1 card")


async def test_a_closed_column_is_ordered_by_time(team: Team, app: Open) -> None:
    """What is moved there is its first card; it can't be ordered."""
    await fill(team, "one", "two", status=R)
    await fill(team, "old", status=D)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("old")
        await go_to(driver, "two")
        await driver.press("L")
        await driver.until(lambda: column(driver, D) == ["two", "old"])
        await driver.until_saved()
        await driver.press("J")
        await driver.sees("in the order in which they were closed")
        assert column(driver, D) == ["two", "old"]


async def test_closing_by_key_keeps_the_cursor_in_its_column(team: Team, app: Open) -> None:
    """So that one can go on down the column."""
    await fill(team, "one", "two", "three", status=R)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("three")
        await go_to(driver, "one")
        await driver.press("x")
        await driver.until(lambda: column(driver, D) == ["one"])
        assert under_cursor(driver) == "two"
        await driver.press("x")
        await driver.until_saved()
        assert under_cursor(driver) == "three"
        assert await saved(team.owner, R) == ["three"]


async def test_two_people_on_one_board(team: Team, app: Open) -> None:
    """A card that one moves moves for the other, with a name; the other's cursor and marks stay."""
    await fill(team, "one", "two", "three", status=T)
    async with (
        app(team.member, project="CORE", view="board") as mine,
        app(team.maintainer, project="CORE", view="board") as theirs,
    ):
        await mine.sees("three")
        await theirs.sees("three")
        await go_to(mine, "two")
        await mine.press("space")
        await go_to(mine, "two")
        await go_to(theirs, "one")
        await theirs.press("L")
        await mine.until(lambda: column(mine, P) == ["one"], "the card of the other")
        await mine.sees(f"← {team.maintainer.user.display_name}"[:12])
        assert column(mine, T) == ["two", "three"]
        assert under_cursor(mine) == "two"
        assert [row.title for row in mine.widget(BoardGrid).targets] == ["two"]
        key = (await fill(team, "four", status=P))[0]
        await theirs.until(lambda: column(theirs, P) == ["one", "four"])
        await team.owner.issues.delete([key])
        await theirs.until(lambda: column(theirs, P) == ["one"])


async def test_nothing_moves_under_the_cursor_while_others_work(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cards that come in above stay above what is seen."""
    monkeypatch.setattr(glow, "SECONDS", 0.1)
    await fill(team, *(f"card {number}" for number in range(30)), status=T)
    async with app(team.viewer, project="CORE", view="board") as driver:
        await driver.sees("card 1")
        await go_to(driver, "card 20")
        before = [line.rstrip("▌ ") for line in driver.text.splitlines()]
        (key,) = await fill(team, "new", status=P)
        await team.member.issues.place([key], T, before="CORE-1")
        await driver.until(lambda: column(driver, T)[0] == "new")
        await driver.until(lambda: "← " not in driver.text, "dark")
        assert under_cursor(driver) == "card 20"
        assert [line.rstrip("▌ ") for line in driver.text.splitlines()[4:]] == before[4:]


async def test_typing_filters_the_cards(team: Team, app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the search language; others' changes come in only if they match. Whether a new card does is asked
    of it alone, not of all cards."""
    await fill(team, "Login fails", "Crash in the importer", status=T)
    await fill(team, "Log progress", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("Crash")
        await driver.press("slash")
        await driver.write("log")
        await driver.sees("2 cards")
        await driver.misses("Crash")
        await driver.press("enter")
        await fill(team, "Logo is blurred", "Other", status=R)
        await driver.until(lambda: column(driver, R) == ["Logo is blurred"])
        await team.member.issues.edit("CORE-1", IssueEdit(title="Sign-in fails"))
        await driver.until(lambda: column(driver, T) == [])
        await driver.sees("2 cards")
        monkeypatch.setattr(Search, "ids", None)
        await driver.press("n")
        await driver.write("Nothing like it")
        await driver.press("enter")
        await driver.sees("CORE-6 created; this filter does not show it")
        await driver.press("n")
        await driver.write("Log in twice")
        await driver.press("enter")
        await driver.until(lambda: under_cursor(driver) == "Log in twice")
        await driver.sees("3 cards")
        await driver.press("escape")
        await driver.sees("Crash", "Sign-in", "Other", "Nothing like it", "7 cards")


async def test_lanes_group_the_cards(team: Team, app: Open) -> None:
    """By priority: a band each, with its count; folded and unfolded, as they are left; a new card belongs to
    it.
    """
    await fill(team, "hot", status=T, priority=Priority.URGENT)
    await fill(team, "cold", status=T, priority=Priority.LOW)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("cold")
        await driver.press("b")
        await driver.write("prio")
        await driver.press("enter")
        await driver.sees("▾ ▲ urgent  1", "▾ ↓ low  1")
        assert column(driver, T, "urgent") == ["hot"]
        await go_to(driver, "hot")
        await driver.press("L")
        await driver.until(lambda: column(driver, P, "urgent") == ["hot"])
        await driver.until_saved()
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.write("hotter")
        await driver.press("enter")
        await driver.until(lambda: column(driver, P, "urgent") == ["hot", "hotter"])
        await driver.until(lambda: under_cursor(driver) == "hotter")
        await driver.press("g", "g", "k", "minus")
        await driver.sees("▸ ▲ urgent  2")
        await driver.misses("hotter")
        await driver.press("minus")
        await driver.sees("hotter")
        await team.owner.issues.edit("CORE-2", IssueEdit(priority=Priority.HIGH))
        await driver.sees("▾ ↑ high  1")
        await go_to(driver, "hotter")
        await driver.press("_")
        await driver.sees("▸ ▲ urgent  2", "◐ 2", "▾ ↑ high  1", "enter unfold")
        await driver.press("_")
        await driver.until(lambda: under_cursor(driver) == "hotter")
        await driver.press("=")
        await driver.sees("▸ ▲ urgent  2", "▸ ↑ high  1", "○ 1")
        await driver.press("j")
        await driver.until(lambda: driver.widget(BoardGrid).spot == Spot("high", P))
        await driver.press("g", "g", "G", "_")
        await driver.sees("▸ ▲ urgent  2", "▾ ↑ high  1", "cold")
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("▸ ▲ urgent  2", "▾ ↑ high  1", "cold")
        await driver.press("b")
        await driver.write("nothing")
        await driver.press("enter")
        await driver.sees("hotter")
        await driver.press("=")
        await driver.sees("There are no lanes: b groups the cards")


async def test_a_card_dragged_into_another_lane_gets_its_value(team: Team, app: Open) -> None:
    """With lanes by assignee it is assigned, as one step; cards of people who left are with the others."""
    await fill(team, "mine", status=T, assignee="mia")
    await fill(team, "free", status=P)
    await fill(team, "left", status=P, assignee="max")
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("free")
        await driver.press("b")
        await driver.write("assignee")
        await driver.press("enter")
        await driver.sees("▾ Mia  1", "▾ Max  1", "▾ nobody  1")
        grid = driver.widget(BoardGrid)
        lines = driver.text.splitlines()
        box = grid.seen.of(P)
        assert box is not None
        at = next(y for y, line in enumerate(lines) if "CORE-2" in line) - grid.region.y
        await driver.pilot.mouse_down(grid, offset=(box.x + 3, at))
        await driver.pilot.hover(grid, offset=(box.x + 3, 4))
        await driver.pilot.mouse_up(grid, offset=(box.x + 3, 4))
        await driver.until(lambda: column(driver, P, "mia") == ["free"])
        await driver.sees("CORE-2: moved to Mia")
        await driver.until_saved()
        assert (await team.owner.issues.show("CORE-2")).assignee == team.member.user.ref
        await team.owner.members.remove("CORE", "max")
        await driver.press("r")
        await driver.misses("▾ Max")
        assert (await team.owner.issues.show("CORE-3")).assignee is None
        await driver.until(lambda: column(driver, P, "-") == ["left"])
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("▾ Mia  2")


async def test_lanes_are_read_as_they_come_into_view(team: Team, app: Open) -> None:
    """The cursor stays on its card when lanes are chosen, however far down its lane is."""
    for number in range(30):
        await team.maintainer.labels.create("CORE", f"label-{number:02d}")
        await fill(team, f"card {number:02d}", status=T, labels=(f"label-{number:02d}",))
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("card 00")
        await go_to(driver, "card 25")
        await driver.press("b")
        await driver.write("label")
        await driver.press("enter")
        await driver.sees("▾ •label-25  1")
        await driver.until(lambda: under_cursor(driver) == "card 25")
        grid = driver.widget(BoardGrid)
        await driver.press(*["k"] * 8)
        await driver.until(lambda: under_cursor(driver) == "card 21")
        await driver.until(lambda: not grid.unread & {"label-20", "label-21", "label-22"})
        assert grid.unread


async def test_only_what_is_seen_is_drawn(team: Team, app: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key draws the cards that it changes, however many there are."""
    team.fill(1000)
    drawn: list[int] = []

    def counting(row: IssueRow, width: int, look: Look, *, brief: bool) -> list[list[Piece]]:
        drawn.append(row.id)
        return face(row, width, look, brief=brief)

    monkeypatch.setattr(board_canvas, "face", counting)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("1,000 cards")
        assert len(set(drawn)) < 20

        async def few_are_drawn() -> bool:
            drawn.clear()
            for key in ("j", "k"):
                await driver.press(key)
                assert "1,000 cards" in driver.text
            return 1 <= len(drawn) <= 4

        await driver.eventually(few_are_drawn, "calm after what was read at the start")


async def test_columns_are_collapsed_and_hidden_and_stay_so(team: Team, app: Open) -> None:
    """It is remembered for each project."""
    await fill(team, "first", status=T)
    await fill(team, "second", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("first", "second")
        await go_to(driver, "first")
        await driver.press("minus")
        await driver.misses("first")
        await go_to(driver, "second")
        driver.view.action_command("board.hide")
        await driver.sees("✓ in progress hidden", "in progress hidden · 2 cards")
        await driver.misses("second")
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("backlog", "in progress hidden · 2 cards")
        assert P not in driver.widget(BoardGrid).statuses
        assert T in driver.widget(BoardGrid).collapsed
        driver.view.action_command("board.unhide")
        await driver.sees("second", " 2 cards")
        await driver.misses("hidden")


async def test_a_column_over_its_limit_warns(team: Team, app: Open) -> None:
    """With a sign too, not by colour alone; a member may not set it."""
    await fill(team, "one", "two", status=P)
    async with app(team.maintainer, project="CORE", view="board") as driver:
        await driver.sees("one")
        await go_to(driver, "one")
        driver.view.action_command("board.limit")
        await driver.sees("WIP limit · in progress")
        await driver.write("1")
        await driver.press("enter")
        await driver.sees("! 2 of 1")
        await driver.press("L")
        await driver.sees("1 of 1")
        await driver.press("5")
        await driver.sees("set the WIP limit of in progress to 1")
        await driver.press("2", "l")
        await driver.until(lambda: driver.widget(BoardGrid).spot.status.closed)
        driver.view.action_command("board.limit")
        await driver.sees("only grows: its column takes no limit")
        await driver.press("escape")
        await driver.misses("only grows")
        assert driver.app.current_mode == "board"
    async with app(team.member, project="CORE", view="board") as driver:
        driver.view.action_command("board.limit")
        await driver.sees("Only maintainers")


async def test_a_viewer_may_look(team: Team, app: Open) -> None:
    """Every key that moves says why not."""
    await fill(team, "one", status=T)
    async with app(team.viewer, project="CORE", view="board") as driver:
        await driver.sees("one")
        await go_to(driver, "one")
        for key in ("L", "H"):
            await driver.press(key)
            await driver.sees("Only members may move issues")
        assert await saved(team.owner, T) == ["one"]


async def test_the_mouse_drags_clicks_and_scrolls(team: Team, app: Open) -> None:
    """A card follows the mouse, is dropped where the line is, and esc lets it go."""
    await fill(team, *(f"card {number}" for number in range(20)), status=T)
    await fill(team, "x", "y", status=P)
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("card 0")
        grid = driver.widget(BoardGrid)
        todo, progress = (grid.seen.of(status) for status in (T, P))
        assert todo is not None
        assert progress is not None
        await driver.pilot.click(grid, offset=(todo.x + 3, 9))
        assert under_cursor(driver) == "card 1"
        await driver.pilot.mouse_down(grid, offset=(todo.x + 3, 4))
        await driver.pilot.hover(grid, offset=(progress.x + 3, 8))
        await driver.sees("━" * progress.width)
        await driver.pilot.mouse_up(grid, offset=(progress.x + 3, 8))
        await driver.until(lambda: column(driver, P) == ["x", "card 0", "y"])
        await driver.until_saved()
        assert await saved(team.owner, P) == ["x", "card 0", "y"]
        await driver.pilot.mouse_down(grid, offset=(progress.x + 3, 4))
        await driver.pilot.hover(grid, offset=(todo.x + 3, 8))
        await driver.press("escape")
        await driver.pilot.mouse_up(grid, offset=(todo.x + 3, 8))
        assert column(driver, P) == ["x", "card 0", "y"]
        await driver.sees("card 1")
        for _ in range(10):
            await driver.pilot._post_mouse_events([MouseScrollDown], grid, offset=(todo.x + 3, 8), button=0)
        await driver.misses("card 2 ")
        assert column(driver, P) == ["x", "card 0", "y"]


async def test_more_cards_are_read_as_one_goes(team: Team, app: Open) -> None:
    """A column of hundreds, to its end and back."""
    team.fill(700)
    team.instance.sql.execute(
        "UPDATE issues SET title = 'card ' || n"
        " FROM (SELECT id, row_number() OVER (ORDER BY rank) n FROM issues) o WHERE o.id = issues.id"
    )
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("card 1", "700")
        assert len(column(driver, B)) < 200
        await driver.press(*["ctrl+d"] * 12)
        await driver.until(lambda: len(column(driver, B)) > 100)
        await driver.press("G")
        await driver.until(lambda: under_cursor(driver) == "card 700")
        await driver.press("k")
        assert under_cursor(driver) == "card 699"
        await driver.press("g", "g")
        await driver.until(lambda: under_cursor(driver) == "card 1")


async def test_a_narrow_terminal_shows_the_columns_that_fit(team: Team, app: Open) -> None:
    """And says what is to the left and to the right; the cursor takes the others into view."""
    for status in Status:
        await fill(team, f"in {status}", status=status)
    async with app(team.member, project="CORE", view="board", size=(80, 24)) as driver:
        await driver.sees("backlog", "done 1 · cancelled 1 ›")
        await driver.press("l", "l", "l", "l")
        await driver.sees("‹ backlog 1", "in done")
        assert under_cursor(driver) == "in done"


async def test_without_a_project_it_says_what_to_do(team: Team, app: Open) -> None:
    async with app(team.member, view="board") as driver:
        await driver.sees("A board is of one project.", "g o chooses one.")
        await driver.press("g", "o")
        await driver.sees("Project CORE")
        await driver.press("enter")
        await driver.sees("backlog")


async def test_hostile_text_is_only_text(team: Team, app: Open) -> None:
    """Titles and labels do nothing but be read, at any width."""
    await team.maintainer.labels.create("CORE", "[/]x[@click=app.quit]")
    titles = ["[/] [@click=app.quit]x[/]", "\u202eevil 漢字漢字漢字漢字漢字漢字漢字漢字漢字", "👩‍👩‍👧‍👦" * 20]
    await fill(team, *titles, labels=("[/]x[@click=app.quit]",))
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("[/] [@click", "<202E>")
        for size in ((80, 24), (40, 12), (9, 5), (1, 1), (300, 100), (120, 40)):
            await driver.pilot.resize_terminal(*size)
            await driver.pilot.pause()
        await driver.sees("[/] [@click", "<202E>")


async def test_enter_and_two_clicks_open_a_card(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the others of its column, to go through."""
    await fill(team, "one", "two", status=T)
    opened: list[BoardGrid.Opened] = []
    async with app(team.member, project="CORE", view="board") as driver:
        await driver.sees("two")
        grid = driver.widget(BoardGrid)
        post = grid.post_message

        def spy(message: Message) -> bool:
            if isinstance(message, BoardGrid.Opened):
                opened.append(message)
                return True
            return post(message)

        monkeypatch.setattr(grid, "post_message", spy)
        await go_to(driver, "two")
        await driver.press("enter")
        todo = grid.seen.of(T)
        assert todo is not None
        await driver.pilot.click(grid, offset=(todo.x + 3, 4), times=2)
        assert [each.row.key for each in opened] == ["CORE-2", "CORE-1"]
