"""Texts that are written: saved, kept as drafts, found again; what goes wrong takes nothing away."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.events import Paste

from rhythm_domain.errors import Unavailable
from rhythm_domain.models import TEXT_LENGTH
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_tui.drafts import of_body, of_comment
from rhythm_tui.screens.compose import Compose
from rhythm_tui.screens.conflict import ConflictDialog
from rhythm_tui.screens.editor import Editor
from rhythm_tui.screens.issue import IssueScreen
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.mentions import Mentions
from rhythm_tui.widgets.text_editor import TextEditor
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import Driver


@pytest.fixture(autouse=True)
def no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' person has no editor of their own."""
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.delenv("VISUAL", raising=False)


def area(driver: Driver) -> TextEditor:
    """Where one types."""
    return driver.app.screen.query_one(TextEditor)


def draft(driver: Driver, name: str) -> str | None:
    """The text that is kept under a name."""
    assert driver.app.desk is not None
    kept = driver.app.desk.drafts.get(name)
    return kept["text"] if kept else None


async def write_body(driver: Driver, text: str) -> None:
    """Opens the description of the issue under the cursor and types at its end."""
    await driver.press("E")
    await driver.until(lambda: isinstance(driver.app.screen, Editor))
    await driver.write(text)


async def test_a_description_is_written_and_previewed(team: Team, app: Open) -> None:
    """Typed, looked at as it will be, saved; no draft is left."""
    one = await team.member.issues.create("CORE", IssueDraft(title="one", description="It is"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, " **bold**")
        await driver.sees("It is **bold**", "14 / 100,000")
        await driver.until(lambda: draft(driver, of_body(one.id)) == "It is **bold**", "the draft")
        await driver.press("f2")
        await driver.sees("It is bold")
        await driver.press("ctrl+s")
        await driver.misses("Description")
        assert (await team.owner.issues.show("CORE-1")).description == "It is **bold**"
        assert draft(driver, of_body(one.id)) is None


async def test_people_are_mentioned_by_a_few_letters(team: Team, app: Open) -> None:
    """Offered as one types, taken by tab or enter, never in the way; a mention stands out on the page."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    team.instance.sql.execute("UPDATE users SET display_name = '[/][@click=app.quit]x' WHERE name = 'max'")
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter", "c")
        await driver.until(lambda: driver.app.screen.query(Mentions) and people(driver))
        await driver.write("@m")
        await driver.sees("max  [/][@click=app.quit]x", "mia  Mia", "tab take it")
        await driver.press("ctrl+n", "enter")
        await driver.until(lambda: area(driver).text == "@mia ")
        await driver.write("@o")
        await driver.press("tab", "x", "enter")
        await driver.until(lambda: area(driver).text == "@mia @olga x\n")
        await driver.write("@v")
        await driver.press("escape")
        await driver.write("i")
        await driver.press("enter")
        await driver.write("a@m")
        await driver.press("enter")
        await driver.write("@vic")
        await driver.press("enter")
        await driver.until(lambda: area(driver).text == "@mia @olga x\n@vi\na@m\n@vic\n")
        area(driver).move_cursor((2, 0))  # Before a word that is no part of the name: it stays.
        await driver.write("@ol")
        await driver.press("tab")
        await driver.until(lambda: area(driver).text == "@mia @olga x\n@vi\n@olga a@m\n@vic\n")
        area(driver).move_cursor((2, 3))  # Within the name: the rest of it is not said twice.
        await driver.press("backspace", "l", "tab")
        await driver.until(lambda: area(driver).text == "@mia @olga x\n@vi\n@olga a@m\n@vic\n")
        await driver.press("ctrl+s")
        await driver.until(lambda: isinstance(driver.app.screen, IssueScreen))
        await driver.until(lambda: "@vic" in mentioned(driver), "the mentions")
        assert mentioned(driver) == ["@mia", "@olga", "@olga", "@vic"]


def people(driver: Driver) -> list[str]:
    """Who can be mentioned in the text that is written."""
    return [who.name for who in driver.app.screen.query_one(Mentions).people]


def mentioned(driver: Driver) -> list[str]:
    """What stands out on the page as a mention of somebody."""
    page = driver.view.query_one("#page", Document)
    spans = [(line.plain, span) for line in page._lines for span in line.spans]
    bold = [plain[span.start : span.end] for plain, span in spans if getattr(span.style, "bold", False)]
    return [words for words in bold if words.startswith("@")]


async def test_what_was_left_is_restored_by_the_next_app(team: Team, app: Open) -> None:
    """Escape keeps it, and so does the end of the app; it can be thrown away and brought back."""
    await team.member.issues.create("CORE", IssueDraft(title="one", description="saved"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, " and begun")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("enter")
        await driver.sees("… A draft of the description waits, E goes on with it")
        await write_body(driver, "!")
        await driver.sees("Draft restored", "saved and begun!")
        await driver.press("ctrl+r")
        await driver.until(lambda: area(driver).text == "saved")
        await driver.press("ctrl+z")
        await driver.until(lambda: area(driver).text == "saved and begun!")
        await driver.press("ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.misses("A draft of")
    assert (await team.owner.issues.show("CORE-1")).description == "saved and begun!"


async def test_an_app_that_is_killed_leaves_the_draft(team: Team, app: Open) -> None:
    """What was typed before a pause is in the file before anything else is done; it is found under the key
    that the project has by then.
    """
    one = await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("c")
        await driver.until(lambda: isinstance(driver.app.screen, Editor))
        await driver.write("half a sen")
        await driver.until(lambda: draft(driver, of_comment(one.id)) == "half a sen")
        files = list(driver.app.instance.settings.state_dir.glob("drafts-*.json"))
        assert any("half a sen" in file.read_text() for file in files)
        assert all(file.stat().st_mode & 0o077 == 0 for file in files)
        await driver.press("escape", "N")
        await driver.until(lambda: isinstance(driver.app.screen, Compose))
        await driver.write("half a title")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
    await team.owner.projects.rekey("CORE", "KERN")
    async with app(team.member, project="KERN") as driver:
        await driver.sees("KERN-1")
        await driver.press("c")
        await driver.sees("half a sen", "Draft restored")
        await driver.press("escape", "N")
        await driver.sees("New issue in KERN", "half a title")


async def test_a_failed_save_keeps_the_text_and_says_why(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away; then it is back, and the same text is saved."""
    one = await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "an hour of work")
        assert driver.app.desk is not None
        service = driver.app.desk.session.issues

        async def away(*_: object, **__: object) -> None:
            raise Unavailable("The database can't be reached.")

        with monkeypatch.context() as patch:
            patch.setattr(service, "edit", away)
            await driver.press("ctrl+s")
            await driver.sees("It was not saved", "an hour of work")
            assert draft(driver, of_body(one.id)) == "an hour of work"
        await driver.press("ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal)
        assert (await team.owner.issues.show("CORE-1")).description == "an hour of work"


async def test_a_text_that_is_too_long_is_refused_and_kept(team: Team, app: Open) -> None:
    """The count says so before, the domain's words afterwards."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "x")
        area(driver).put("words " * 17_000)
        await driver.sees("102,000 / 100,000")
        await driver.press("ctrl+s")
        await driver.sees(f"at most {TEXT_LENGTH:,} are possible")
        assert len(area(driver).text) == 102_000


async def test_pasted_control_characters_are_replaced_and_named(team: Team, app: Open) -> None:
    """They can do nothing, in the editor or later."""
    await team.member.issues.create("CORE", IssueDraft(title="one", description="\u202e"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "x")
        area(driver).post_message(Paste("a\x1b]52;c;x\x07b\r\nc"))
        await driver.sees("2 control characters replaced")
        assert area(driver).text == "\u202exa\ufffd]52;c;x\ufffdb\nc"
        assert "\u202e" not in driver.text


async def test_both_edit_one_text_and_nothing_is_lost(team: Team, app: Open) -> None:
    """Different places are put together; mine and theirs are both saved."""
    await team.member.issues.create("CORE", IssueDraft(title="one", description="top\n\nmiddle\n\nbottom"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, " of mine")
        await team.owner.issues.edit(
            "CORE-1", IssueEdit(description="top of hers\n\nmiddle\n\nbottom", base_version=1)
        )
        await driver.press("ctrl+s")
        await driver.until(lambda: isinstance(driver.app.screen, ConflictDialog))
        await driver.sees("Both of you changed the description", "top of hers", "bottom of mine")
        await driver.press("e")
        await driver.sees("Both changes are in it")
        await driver.press("ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal)
    both = (await team.owner.issues.show("CORE-1")).description
    assert both == "top of hers\n\nmiddle\n\nbottom of mine"


@pytest.mark.parametrize(("key", "kept"), [("m", "mine"), ("t", "theirs")])
async def test_one_side_is_chosen_and_the_other_is_an_undo_away(
    team: Team, app: Open, key: str, kept: str
) -> None:
    """The same place: mine is saved over theirs, or theirs stands in the editor."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "mine")
        await team.owner.issues.edit("CORE-1", IssueEdit(description="theirs", base_version=1))
        await driver.press("ctrl+s")
        await driver.sees("− theirs", "+ mine")
        await driver.press(key)
        if key == "t":
            await driver.until(lambda: area(driver).text == "theirs")
            await driver.press("ctrl+z")
            await driver.until(lambda: area(driver).text == "mine")
            await driver.press("ctrl+y", "ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal)
    assert (await team.owner.issues.show("CORE-1")).description == kept


async def test_marks_of_both_sides_are_not_saved_unawares(team: Team, app: Open) -> None:
    """The first save says that they are still there; the second one is meant."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "mine")
        await team.owner.issues.edit("CORE-1", IssueEdit(description="theirs", base_version=1))
        await driver.press("ctrl+s")
        await driver.sees("− theirs", "+ mine")
        await driver.press("e")
        await driver.sees("Both of you changed a place")
        await driver.press("ctrl+s")
        await driver.sees("are still in it; once more saves it so")
        assert (await team.owner.issues.show("CORE-1")).description == "theirs"
        await driver.press("ctrl+s")
        await driver.until(lambda: not driver.app.screen.is_modal)
        assert "mine" in (await team.owner.issues.show("CORE-1")).description


async def test_both_edit_one_title(team: Team, app: Open) -> None:
    """Neither is lost: mine is saved only once I have seen theirs."""
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("e")
        await driver.write(" of mine")
        await team.owner.issues.edit("CORE-1", IssueEdit(title="one of hers", base_version=1))
        await driver.press("enter")
        await driver.sees("Both of you changed the title", "one of hers", "one of mine")
        await driver.press("escape")
        await driver.sees("Saved is “one of hers”")
        await driver.press("enter", "m")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await driver.until_saved()
    assert (await team.owner.issues.show("CORE-1")).title == "one of mine"


async def test_a_restored_draft_does_not_write_over_what_came_since(team: Team, app: Open) -> None:
    """It was begun from an older version: both sides are shown."""
    await team.member.issues.create("CORE", IssueDraft(title="one", description="old"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, " and mine")
        await driver.press("escape")
        await driver.until(lambda: not driver.app.screen.is_modal)
        await team.owner.issues.edit("CORE-1", IssueEdit(description="hers", base_version=1))
        await write_body(driver, "!")
        await driver.sees("restored")
        await driver.press("ctrl+s")
        await driver.sees("− hers", "+ old and mine!")


async def test_the_person_writes_in_their_own_editor(
    team: Team, app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves counts, even if it fails; its file is gone."""
    script = tmp_path / "editor"
    seen = tmp_path / "seen"
    script.write_text(f'#!/bin/sh\nstat -c "%a $1" "$1" > {seen}\nprintf "from outside\\n" > "$1"\nexit 3\n')
    script.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(script))
    await team.member.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await write_body(driver, "inside")
        monkeypatch.setattr(driver.app, "suspend", nullcontext)
        await driver.press("ctrl+e")
        await driver.until(lambda: area(driver).text == "from outside")
        await driver.sees("ended with 3")
        mode, file = seen.read_text().split()
        assert mode == "600"
        left = await asyncio.to_thread(Path(file).exists)
        assert not left
