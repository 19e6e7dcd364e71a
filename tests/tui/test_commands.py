"""Finding commands: the bottom line, the help, the palette, chords; and why one may not be given."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from textual.app import App
from textual.screen import SystemModalScreen
from textual.widget import Widget

import rhythm_tui.app
import rhythm_tui.screens
import rhythm_tui.widgets
from rhythm_domain.models import Status
from rhythm_tui.commanding import Commanding
from rhythm_tui.commands import COMMANDS
from rhythm_tui.looks import signs
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.key_bar import KeyBar
from rhythm_tui.widgets.search_bar import SearchBar
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.test_issues import fill


def handled() -> set[str]:
    """The ids of all commands that any screen or widget takes."""
    for package in (rhythm_tui.screens, rhythm_tui.widgets):
        for module in pkgutil.iter_modules(package.__path__):
            import_module(f"{package.__name__}.{module.name}")
    found, left = set(rhythm_tui.app.RhythmApp.HANDLERS), [Commanding]
    while left:
        kind = left.pop()
        found |= set(kind.HANDLERS)
        left += kind.__subclasses__()
    return found


def test_every_command_is_carried_out_somewhere() -> None:
    """None is only promised."""
    assert set(COMMANDS) - handled() == set()


async def test_the_palette_finds_a_command_by_its_words(team: Team, app: Open) -> None:
    """And carries it out where one was; none that was found of less than what was typed."""
    (key,) = await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.sees(key)
        await driver.press("colon")
        await driver.sees("What do you want to do?")
        driver.burst("xyzzy", "enter")
        await driver.sees("No matches found")
        await driver.press(*["backspace"] * 5)
        await driver.write("close it as done")
        await driver.sees("Close it as done, or open it again")
        await driver.press("enter")
        await driver.until_saved()
        await driver.sees("● done")
        assert (await team.member.issues.show(key)).status is Status.DONE


async def test_the_palette_says_why_a_command_may_not_be_given(team: Team, app: Open) -> None:
    """A viewer sees it all the same."""
    await fill(team, "one")
    async with app(team.viewer, project="CORE") as driver:
        await driver.press("colon")
        await driver.write("priority")
        await driver.sees("Set its priority", "only members may edit issues")


async def test_help_shows_the_keys_of_where_one_is(team: Team, app: Open) -> None:
    """With the reason where one may not."""
    await fill(team, "one")
    async with app(team.viewer, project="CORE", size=(120, 45)) as driver:
        await driver.press("question_mark")
        await driver.sees("Keys", "Sort by another column.", "only members may edit issues")
        assert driver.text.index("Issue table") < driver.text.index("Set its priority.")
        await driver.press("end")
        await driver.sees("Go to the board.", "only members may create issues")
        await driver.press("tab")
        await driver.sees("Qualifiers", "due:<7d")
        await driver.press("l")
        await driver.sees("× cancelled", f"{signs.BLOCKED}   it is blocked")
        await driver.press("question_mark")
        await driver.until(lambda: driver.app.screen is driver.view)


async def test_help_is_at_hand_while_one_types(team: Team, app: Open) -> None:
    """In the search line it explains the search language, in a dialog the dialog's own keys."""
    await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.press("slash")
        bar = driver.widget(KeyBar)
        await driver.until(lambda: "f1 what can be typed" in bar.render().plain)
        await driver.write("is:")
        await driver.press("f1")
        await driver.sees("Qualifiers", "-draft -label:wontfix")
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.view)
        assert driver.widget(SearchBar).text == "is:"
        await driver.press("escape", "escape", "s")
        await driver.sees("esc cancel")
        await driver.press("f1")
        await driver.sees("Here", "enter       choose")


async def test_a_chord_shows_what_can_follow(team: Team, app: Open) -> None:
    """And leads nowhere on any other key."""
    await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.press("g")
        await driver.sees("g …", "board")
        await driver.press("x")
        await driver.misses("g …")
        assert (await team.member.issues.show("CORE-1")).status is Status.BACKLOG
        await driver.press("g", "p")
        await driver.until(lambda: driver.app.current_mode == "projects")


async def test_what_has_happened_is_said_to_its_end(team: Team, app: Open) -> None:
    """In more lines where one is too short, and what to do below it; then there is one line again."""
    async with app(team.member, project="CORE", size=(60, 24)) as driver:
        await driver.sees("? help")
        bar = driver.widget(KeyBar)
        driver.view.say("word " * 20 + "end", "and this is to be done about it", warning=True)
        await driver.sees(" ! word", "word end\n", "   and this is to be done about it")
        driver.view.say("word " * 10 + "end", "and this is to be done about it")
        await driver.until(lambda: bar.size.height == 2)
        bar.clear()
        await driver.sees("? help")
        await driver.until(lambda: bar.size.height == 1)


async def test_letters_are_text_while_one_types(team: Team, app: Open) -> None:
    """The bottom line shows only the keys that work then."""
    await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("s status")
        await driver.press("slash")
        await driver.misses("s status")
        await driver.write("xxq")
        await driver.sees("0 issues")
        assert (await team.member.issues.show("CORE-1")).status is Status.BACKLOG


async def test_the_bottom_line_says_no_key_that_is_dead(team: Team, app: Open) -> None:
    """What lies over a view has the keys: below a box there are none, else its own are there."""
    (key,) = await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        bar = driver.widget(KeyBar)

        async def says(*words: str) -> None:
            await driver.until(lambda: bar.render().plain.split("   ") == [*words, ""], f"{words} below")

        await driver.sees(key, "s status")
        await driver.press("y")
        await driver.sees(f"Copied {key}")
        for opening, seen, words in (
            (("s",), "esc cancel", [" f1 help"]),
            (("e",), "one", [" enter save", "esc cancel", "f1 help"]),
            (("colon",), "What do you want", [" enter do it", "↓↑ choose", "esc cancel"]),
            (("g",), "g …", [" esc not now"]),
        ):
            await driver.press(*opening)
            await driver.until(lambda: driver.app.screen is not driver.view)
            await driver.sees(seen)
            await says(*words)
            await driver.press("escape")
            await driver.until(lambda: driver.app.screen is driver.view)
            await driver.sees("s status")


@pytest.mark.parametrize("theme", ["rhythm-light", "ember-dark"])
async def test_a_theme_is_remembered(
    team: Team, app: Open, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there again the next time, and drawn at once."""
    monkeypatch.setattr(IssueTable, "set_interval", lambda *_given: None)  # It is drawn each minute anyhow.
    await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.press("colon")
        await driver.write("another theme")
        await driver.press("enter")
        await driver.sees("Theme")
        before = driver.app.theme
        table = driver.view.query_one(IssueTable)
        drawn = table.render_line(1)
        await driver.write(theme)
        await driver.until(lambda: driver.app.theme == theme, "a look at it")
        await driver.until(lambda: table.render_line(1) != drawn, "the table in its colours")
        await driver.press("escape")
        await driver.until(lambda: driver.app.theme == before, "the theme of before")
        driver.app.action_command("theme")
        await driver.sees("Theme")
        await driver.write(theme)
        await driver.until(lambda: driver.app.theme == theme, "a look at it")
        driver.app.workers.cancel_group(driver.app, "commands")
        await driver.until(lambda: driver.app.theme == before, "the theme of before, as nobody chose")
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.view)
        driver.app.action_command("theme")
        await driver.sees("Theme")
        await driver.write(theme)
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen is driver.view and driver.app.theme == theme)
    async with app(team.member, project="CORE", theme="") as driver:
        assert driver.app.theme == theme


@pytest.mark.parametrize("view", ["projects", "activity", "reports", "settings"])
async def test_an_issue_can_be_written_wherever_one_is(team: Team, app: Open, view: str) -> None:
    """Its title is text, also where no issues are shown; what words at its end set is said before."""
    async with app(team.member, project="CORE", view=view) as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.write("mx p1 @me due:frday")
        await driver.sees('"frday" is no day. All of it is the title.')
        await driver.press("ctrl+w", "ctrl+w")
        await driver.sees("“mx”", "high")
        await driver.press("enter")
        await driver.sees(f"CORE-1 created: high, {team.member.user.display_name}", "u takes it back")
        made = await team.member.issues.show("CORE-1")
        assert (made.title, made.priority, made.assignee) == ("mx", "high", team.member.user.ref)


def test_who_takes_commands_keeps_the_looks_of_what_it_is() -> None:
    """Textual takes them from the first base alone: a list would have no scroll bar, and no wheel."""
    handled()
    left = [Commanding]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if issubclass(kind, Widget | App):
            assert {Widget, App, SystemModalScreen} & {*kind._css_bases(kind)}, kind


async def test_one_can_leave_from_a_dialog(team: Team, app: Open) -> None:
    """A dialog takes all keys but this one: whoever types in it can leave at once."""
    async with app(team.member, project="CORE") as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.press("ctrl+q")
        await driver.until(lambda: driver.app.return_code == 0 and not driver.app.is_running, "the end")
