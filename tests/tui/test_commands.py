"""Finding commands: the bottom line, the help, the palette, chords; and why one may not be given."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest
from textual.app import App
from textual.widget import Widget

import rhythm_tui.app
import rhythm_tui.screens
import rhythm_tui.widgets
from rhythm_domain.models import Status
from rhythm_tui.commanding import Commanding
from rhythm_tui.commands import COMMANDS
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
    """And carries it out where one was."""
    (key,) = await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.sees(key)
        await driver.press("colon")
        await driver.sees("What do you want to do?")
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
        await driver.press("escape")
        await driver.misses("Go to the board.")


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


@pytest.mark.parametrize("theme", ["rhythm-light", "ember-dark"])
async def test_a_theme_is_remembered(team: Team, app: Open, theme: str) -> None:
    """It is there again the next time, and drawn at once."""
    await fill(team, "one")
    async with app(team.member, project="CORE") as driver:
        await driver.press("colon")
        await driver.write("another theme")
        await driver.press("enter")
        await driver.sees("Theme")
        await driver.write(theme)
        await driver.press("enter")
        await driver.until(lambda: driver.app.theme == theme)
    async with app(team.member, project="CORE", theme="") as driver:
        assert driver.app.theme == theme


@pytest.mark.parametrize("view", ["projects", "activity", "reports", "settings"])
async def test_an_issue_can_be_written_wherever_one_is(team: Team, app: Open, view: str) -> None:
    """Its title is text, also where no issues are shown."""
    async with app(team.member, project="CORE", view=view) as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.write("mx")
        await driver.press("enter")
        await driver.sees("CORE-1 created")
        assert (await team.member.issues.show("CORE-1")).title == "mx"


def test_who_takes_commands_keeps_the_looks_of_what_it_is() -> None:
    """Textual takes them from the first base alone: a list would have no scroll bar, and no wheel."""
    handled()
    left = [Commanding]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if issubclass(kind, Widget | App):
            assert {Widget, App} & {*kind._css_bases(kind)}, kind


async def test_one_can_leave_from_a_dialog(team: Team, app: Open) -> None:
    """A dialog takes all keys but this one: whoever types in it can leave at once."""
    async with app(team.member, project="CORE") as driver:
        await driver.press("n")
        await driver.sees("New issue in CORE")
        await driver.press("ctrl+q")
        await driver.until(lambda: driver.app.return_code == 0 and not driver.app.is_running, "the end")
