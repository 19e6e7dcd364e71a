"""An issue's page: what stands on it, how one gets about, what others do to it meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from rhythm_domain.models import LinkKind, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_tui.messages import OpenIssue
from rhythm_tui.screens import cards, issues, planner
from rhythm_tui.screens.board import BoardScreen
from rhythm_tui.screens.issue import IssueScreen
from rhythm_tui.screens.issues import IssuesScreen
from rhythm_tui.widgets import board_cursor, issue_table
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.issue_table import IssueTable
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver


def page(driver: Driver) -> IssueScreen:
    """The page that is seen."""
    assert isinstance(driver.view, IssueScreen)
    return driver.view


async def test_the_page_shows_all_that_belongs_to_an_issue(team: Team, app: Open) -> None:
    """Fields, text, sub-issues with progress, links, comments and, on a key, the history in words."""
    issues = team.member.issues
    await issues.create("CORE", IssueDraft(title="Sign-in fails", description="It **fails**.\n\n- twice"))
    await issues.create("CORE", IssueDraft(title="A part", parent="CORE-1", status=Status.DONE))
    await issues.create("CORE", IssueDraft(title="A blocker"))
    await issues.link("CORE-3", LinkKind.BLOCKS, "CORE-1")
    await issues.move("CORE-1", Status.IN_REVIEW)
    await team.owner.comments.add("CORE-1", "I saw it `too`.")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("Sign-in fails")
        await driver.press("G", "enter")
        await driver.sees("It fails.", "• twice", "1 of 1 done", "A part", "blocked by", "A blocker")
        await driver.sees("Olga", "I saw it too.", "in review", "⊘ blocked")
        await driver.press("H")
        await driver.sees("History", "Mia moved it from backlog to in review", "Mia created it")
        await driver.press("H")
        await driver.misses("Mia created it")


async def test_the_next_issue_is_a_key_away_and_the_list_follows(team: Team, app: Open) -> None:
    """] and [ go through the list; on the way back the cursor stands on the last one."""
    for title in ("one", "two", "three"):
        await team.member.issues.create("CORE", IssueDraft(title=title))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("three")
        await driver.press("enter")
        await driver.sees("1 of 3", "three")
        await driver.press("right_square_bracket", "J")
        await driver.sees("3 of 3", "one")
        await driver.press("J")
        await driver.sees("The list ends here")
        await driver.press("K")
        await driver.sees("2 of 3", "two")
        await driver.press("escape")
        await driver.until(lambda: isinstance(driver.view, IssuesScreen))
        table = driver.view.query_one("#table", IssueTable)
        await driver.until(lambda: table.row is not None and table.row.title == "two", "the cursor on two")


async def test_a_view_is_a_key_away_from_the_page(team: Team, app: Open) -> None:
    """The page is left for the board, and for the table that it was opened from."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("No description yet")
        await driver.press("2")
        await driver.until(lambda: isinstance(driver.view, BoardScreen), "the board")
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("No description yet")
        await driver.press("1")
        await driver.until(lambda: isinstance(driver.view, IssuesScreen), "the table")


async def test_keys_of_triage_work_on_the_page(team: Team, app: Open) -> None:
    """A field, the title in place, and undo."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("No description yet")
        await driver.press("p")
        await driver.write("urgent")
        await driver.press("enter")
        await driver.sees("▲ urgent")
        await driver.press("e", "end")
        await driver.sees("enter save   esc cancel")
        await driver.write(" more")
        await driver.press("enter")
        await driver.sees("one more")
        await driver.misses("enter save")
        await driver.until_saved()
        assert (await team.owner.issues.show("CORE-1")).title == "one more"
        await driver.press("u")
        await driver.sees("Undone")
        await driver.misses("one more")


async def test_what_others_do_appears_and_glows(team: Team, app: Open) -> None:
    """A field, a comment; the cursor stays; then the issue is gone and the page says so."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    await team.member.comments.add("CORE-1", "first words")
    async with app(team.viewer, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("first words")
        await driver.press("tab")
        cursor = page(driver).page.cursor
        assert cursor is not None
        await team.member.issues.edit("CORE-1", IssueEdit(status=Status.DONE))
        await driver.sees("● done", "← Mia")
        await team.owner.comments.add("CORE-1", "second words")
        await driver.sees("second words", "← Olga")
        assert page(driver).page.cursor == cursor
        await team.owner.issues.delete(["CORE-1"])
        await driver.sees("It was deleted, or you may not see it any more")


async def test_own_comments_are_edited_and_deleted_others_are_not(team: Team, app: Open) -> None:
    """The keys say why not."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    await team.owner.comments.add("CORE-1", "words of olga")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("words of olga")
        await driver.press("R")
        await driver.sees("Put the cursor on a comment first")
        await driver.press("tab", "R")
        await driver.sees("Only its author may edit a comment")
        await driver.press("c")
        await driver.sees("Comment · CORE-1")
        await driver.write("words of mia")
        await driver.press("ctrl+s")
        await driver.until(lambda: page(driver).comment is not None and not driver.app.screen.is_modal)
        await driver.sees("words of mia")
        await driver.press("R")
        await driver.sees("Your comment · CORE-1")
        await driver.write(" and more")
        await driver.press("escape")
        await driver.sees("… a draft of it waits")
        await driver.press("R", "ctrl+s")
        await driver.sees("words of mia and more", "edited just now")
        await driver.misses("a draft of it waits")
        await driver.press("ctrl+x")
        await driver.misses("words of mia")
        await driver.press("u")
        await driver.sees("words of mia and more")


async def test_pages_of_comments_come_as_one_scrolls(team: Team, app: Open) -> None:
    """The last of a hundred and thirty is reached by going down."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    team.instance.sql.execute(
        "INSERT INTO comments (project_id, issue_id, author_id, body)"
        " SELECT %s, i.id, %s, 'comment ' || n FROM issues i, generate_series(1, 130) n",
        (team.project_id, team.member.user.id),
    )
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("comment 1")
        page_ = driver.view.query_one("#page", Document)
        for _ in range(3):
            await driver.press("G")
            await driver.until(lambda: page_.cursor is not None)
        await driver.until(lambda: _pressed_to_the_end(driver), "the last comment")
        await driver.press("G")
        await driver.sees("comment 130")


def _pressed_to_the_end(driver: Driver) -> bool:
    driver.view.query_one("#page", Document).to_bottom()
    return "comment 130" in driver.text


async def test_a_page_that_is_left_at_once_ends_nothing(team: Team, app: Open) -> None:
    """What was read for it may come when it is half gone. Nothing keeps what has gone."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        told_of_themes = driver.app.theme_changed_signal._subscriptions
        before = len(told_of_themes)
        for pause in range(30):
            driver.app.post_message(OpenIssue("CORE-1"))
            await driver.until(lambda: isinstance(driver.app.screen, IssueScreen))
            await asyncio.sleep(pause / 1000)
            await driver.app.pop_screen()
        await driver.sees("1 issue")
        await driver.until(lambda: len(told_of_themes) == before, "that nothing of the pages is left")


async def test_a_large_text_does_not_hold_the_keys_up(team: Team, app: Open) -> None:
    """A text of 100,000 characters in thousands of lines is there, and one may go on meanwhile."""
    text = "".join(f"- line *{n}*\n" for n in range(6000))[:100_000]
    await team.member.issues.create("CORE", IssueDraft(title="large", description=text))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("large")
        await driver.press("enter")
        await driver.sees("• line 0")
        await driver.press("G")
        await driver.sees("line 5999")


async def test_nothing_in_a_text_acts(team: Team, app: Open) -> None:
    """Escape sequences and markup are read, not obeyed; only safe links can be followed."""
    hostile = "[/] [@click=app.quit]x[/] \u202ereversed [b](javascript:alert(1)) &#27;]52;c;x"
    await team.member.issues.create("CORE", IssueDraft(title="[/] \u202e", description=hostile))
    await team.member.comments.add("CORE-1", hostile)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("[/] <202E>")
        await driver.press("enter")
        await driver.sees("[@click=app.quit]x[/] <202E>reversed", "b")
        assert "\u202e" not in driver.text
        assert "\x1b" not in driver.text


async def test_links_of_a_text_are_a_key_away(team: Team, app: Open) -> None:
    """Only those that are safe; where no browser can open beside it, the address is copied."""
    text = "[a](https://a.example) [b](javascript:x) and https://b.example/c"
    await team.member.issues.create("CORE", IssueDraft(title="one", description=text))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("https://b.example/c")
        assert driver.app.desk is not None
        driver.app.desk.local = False
        await driver.press("L")
        await driver.sees("Links", "https://a.example")
        assert "javascript" not in driver.text.partition("Links")[2]
        await driver.write("b.ex")
        await driver.press("enter")
        await driver.sees("Copied https://b.example/c")


async def test_issues_that_a_text_names_are_opened_from_it(team: Team, app: Open) -> None:
    """By a click on the key, or by the key that lists links; nothing where there is no such issue."""
    text = "Like CORE-1 and CORE-9, see ELSE-1"
    await team.outsider.projects.create("ELSE", "Elsewhere")
    await team.outsider.issues.create("ELSE", IssueDraft(title="hidden"))
    await team.member.issues.create("CORE", IssueDraft(title="the first"))
    await team.member.issues.create("CORE", IssueDraft(title="the second"))
    await team.member.comments.add("CORE-2", text)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("the second")
        await driver.press("enter")
        await driver.sees("Like CORE-1")
        here = page(driver)
        await driver.until(lambda: here._mentioned, "the issue that is named")
        await driver.press("L")
        await driver.sees("Links", "the first")
        await driver.press("enter")
        await driver.until(lambda: driver.view is not here, "another page")
        await driver.sees("the first")
        await driver.press("escape")
        await driver.until(lambda: driver.view is here, "the page before")
        await driver.sees("Like CORE-1")
        for key in ("CORE-9", "CORE-1"):
            y = next(at for at, line in enumerate(driver.text.split("\n")) if "Like CORE-1" in line)
            await driver.pilot.click(offset=(driver.text.split("\n")[y].index(key) + 2, y))
        await driver.until(lambda: driver.view is not here, "another page")
        await driver.sees("CORE-1", "the first")


async def test_a_page_from_which_an_issue_was_deleted_can_take_it_back(team: Team, app: Open) -> None:
    """It says so, and undo brings it back. What was undone is told of though one has left."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("No description yet")
        await driver.press("d")
        await driver.sees("! It", "u takes it back")
        await driver.press("u")
        await driver.misses("! It")
        await driver.press("s")
        await driver.write("done")
        await driver.press("enter")
        await driver.sees("● done")
        left = driver.view

        def undone_and_left() -> None:
            left.reload_and_say("Undone: it", "U does it again")
            left.action_command("back")

        driver.app.call_later(undone_and_left)
        await driver.until(lambda: driver.view is not left, "the list")
        await driver.sees("Undone: it  U does it again")


async def test_text_is_selected_with_the_mouse(team: Team, app: Open) -> None:
    """And copied as it stands there."""
    await team.member.issues.create("CORE", IssueDraft(title="one", description="some words to copy"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("some words to copy")
        page_ = driver.view.query_one("#page", Document)
        await driver.pilot.mouse_down(page_, offset=(7, 1))
        await driver.pilot.hover(page_, offset=(11, 1))
        await driver.pilot.mouse_up(page_, offset=(11, 1))
        await driver.until(lambda: driver.app.screen.get_selected_text() == "words")


async def test_the_whole_list_is_gone_through_from_page_to_page(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what was not read of it: onwards from its beginning, and back from its end. The table follows."""
    monkeypatch.setattr(issues, "FIRST", 10)
    monkeypatch.setattr(issues, "PAGE", 10)
    monkeypatch.setattr(issue_table, "AHEAD", 0)
    for number in range(60):
        await team.member.issues.create("CORE", IssueDraft(title=f"title {number}"))
    async with app(team.member, project="CORE", size=(120, 10)) as driver:
        await driver.sees("60 issues", "CORE-60 ")
        await driver.press("enter")
        await driver.sees("title 59", "1 of 60")
        driver.burst("]" * 25)
        await driver.sees("title 34", "26 of 60")
        driver.burst("[")
        await driver.sees("title 35", "25 of 60")
        await driver.press("escape")
        await driver.sees("▌  □ CORE-36 ")
        await driver.press("G")
        await driver.sees("▌  □ CORE-1 ")
        await driver.press("enter")
        await driver.sees("60 of 60")
        await driver.press("right_square_bracket")
        await driver.sees("The list ends here")
        driver.burst("[" * 25)
        await driver.sees("title 25", "35 of 60")


async def test_a_column_and_a_backlog_are_gone_through_too(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In their own order, and to their end."""
    monkeypatch.setattr(planner, "PAGE", 10)
    monkeypatch.setattr(cards, "FIRST", 10)
    monkeypatch.setattr(cards, "PAGE", 10)
    monkeypatch.setattr(issue_table, "AHEAD", 0)
    monkeypatch.setattr(board_cursor, "AHEAD", 0)
    for number in range(1, 31):
        await team.member.issues.create("CORE", IssueDraft(title=f"title {number}"))
    for view in ("board", "sprints"):
        async with app(team.member, project="CORE", view=view, size=(120, 10)) as driver:
            await driver.sees("CORE-1 ")
            await driver.press("enter")
            await driver.sees("1 of 30")
            driver.burst("]" * 29)
            await driver.sees("title 30", "30 of 30")
