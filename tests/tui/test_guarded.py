"""Textual's own doors are shut or watched: output, clipboard, browser, files, the environment."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import webbrowser
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App
from textual.content import Content
from textual.events import Paste
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rhythm_domain.models.drafts import IssueDraft
from rhythm_tui.terminal.curtain import Curtain
from rhythm_tui.terminal.environment import LOOKS, shut
from rhythm_tui.terminal.guarded import COPIED, PASTED, GuardedApp
from rhythm_tui.terminal.laid_out import LaidOut
from tests.instances import Team
from tests.tui.conftest import Open
from tests.tui.driver import PATIENCE, Driver

BAD = "a\x1b[31mb\x9bc\u202ed\u200be\u00adf" + "\u0301" * 30 + "漢👩‍👩‍👧‍👦"


class Careless(GuardedApp):
    """An app that shows a text as it is."""

    def compose(self) -> list[Static]:
        box = Static(Content(BAD))
        box.border_title = Content(BAD)
        box.styles.border = ("round", "red")
        return [box]


async def test_what_was_forgotten_does_not_pass_to_the_terminal() -> None:
    """A widget that shows a stored text as it is: the last line of defence takes out what acts and hides."""
    app = Careless()
    async with app.run_test(size=(60, 6)):
        strips = app.screen._compositor.render_strips()
        text = "\n".join(strip.text for strip in strips)
        assert "a[31mbcde\ufffdf" + "\u0301" * 8 + "漢👩‍👩‍👧‍👦" in text
        assert not set("\x1b\x9b\u202e\u200b\u00ad") & set(text)
        assert {cell_len(line) for line in text.split("\n")} == {60}


async def test_what_is_copied_is_safe_and_bounded(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile text on the clipboard would act where it is pasted: in a shell, an escape sequence does."""
    async with app(team.member) as driver:
        written: list[str] = []
        assert driver.app._driver is not None
        monkeypatch.setattr(driver.app._driver, "write", written.append)
        driver.app.copy_to_clipboard("rm\x1b[201~\u202e -rf\n")
        (sequence,) = written
        assert sequence.startswith("\x1b]52;c;")
        assert sequence.endswith("\a")
        assert base64.b64decode(sequence[7:-1]).decode() == "rm␛[201~<202E> -rf\n"
        driver.app.copy_to_clipboard("漢" * (COPIED // 3 + 1))
        await driver.sees("too long to be copied")
        assert len(written) == 1


async def test_keys_and_branch_names_are_all_that_is_copied_of_an_issue(team: Team, app: Open) -> None:
    """Whatever the title is, `y` and `Y` copy a key and a name of letters, digits and dashes."""
    await team.owner.issues.create("CORE", IssueDraft(title="[/] \u202e$(reboot); `x`\u2028 漢 " + "w" * 200))
    async with app(team.viewer, project="CORE") as driver:
        await driver.sees("CORE-1")
        await driver.press("Y")
        await driver.sees("Copied core-1-")
        assert re.fullmatch(r"core-1-[a-z0-9-]{1,50}", driver.app.clipboard)
        await driver.press("y")
        await driver.until(lambda: driver.app.clipboard == "CORE-1")


async def test_only_pages_and_addresses_are_opened(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever calls for it: no file, no script, no program."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url, *_, **__: opened.append(url))
    async with app(team.member) as driver:
        for url in (
            "file:///etc/passwd", "javascript:alert(1)", "command:x", "https://a/\u202eb", "--version", "",
            "http://a b", "ftp://a/", "mailto:a@example.org", "https://example.org/x",
        ):  # fmt: skip
            driver.app.open_url(url)
    assert set(opened) <= {"mailto:a@example.org", "https://example.org/x"}


async def test_no_file_is_written_or_sent(
    team: Team, app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Textual's screenshots and downloads are no way out, even for an action that somebody smuggled in."""
    monkeypatch.chdir(tmp_path)
    async with app(team.member) as driver:
        await driver.app.run_action("screenshot('stolen.svg', '.')")
        driver.app.save_screenshot("stolen.svg", ".")
        assert driver.app.deliver_screenshot("stolen.svg", ".") is None
        assert not list(driver.app.get_system_commands(driver.app.screen))
    assert not [entry.name for entry in os.scandir() if entry.name.endswith(".svg")]


def test_the_environment_says_how_it_looks_and_nothing_else() -> None:
    """What imports a module, opens a console, presses keys or writes files goes before Textual reads it."""
    environ = dict.fromkeys((*LOOKS, "NO_COLOR"), "1") | {"TERM": "xterm", "TEXTUALLY": "x", "ESCDELAY": "5"}
    kept = dict(environ)
    environ |= dict.fromkeys(
        ("TEXTUAL", "TEXTUAL_DRIVER", "TEXTUAL_LOG", "TEXTUAL_DEBUG", "TEXTUAL_PRESS", "TEXTUAL_SCREENSHOT",
         "TEXTUAL_SCREENSHOT_LOCATION", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_ALLOW_SIGNALS", "TEXTUAL_NEW"),
        "x",
    )  # fmt: skip
    shut(environ)
    assert environ == kept
    del environ["ESCDELAY"], environ["TEXTUAL_FPS"]
    environ["NO_COLOR"] = ""
    shut(environ)
    assert (environ["ESCDELAY"], environ["TEXTUAL_FPS"], "NO_COLOR" in environ) == ("40", "240", False)


def test_every_variable_of_textual_was_thought_of() -> None:
    """A new one of Textual's is dropped; here it fails a test, so that somebody decides."""
    from textual import constants

    source = Path(constants.__file__).parent
    known = LOOKS | {
        "TEXTUAL_DEBUG", "TEXTUAL_DRIVER", "TEXTUAL_LOG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_DEVTOOLS_PORT",
        "TEXTUAL_SCREENSHOT", "TEXTUAL_SCREENSHOT_LOCATION", "TEXTUAL_SCREENSHOT_FILENAME", "TEXTUAL_PRESS",
        "TEXTUAL_SHOW_RETURN", "TEXTUAL_SLOW_THRESHOLD", "TEXTUAL_THEME", "TEXTUAL_ALLOW_SIGNALS",
    }  # fmt: skip
    found = {
        name
        for path in source.rglob("*.py")
        for name in re.findall(r"[\"'](TEXTUAL_[A-Z_]+)[\"']", path.read_text(encoding="utf-8"))
    }
    assert found - {"TEXTUAL_ANIMATIONS"} <= known


async def test_a_paste_into_a_line_is_one_clean_line(team: Team, app: Open) -> None:
    """Lines become one, controls are replaced, a megabyte is refused with a word: nothing is cut silently."""
    await team.owner.issues.create("CORE", IssueDraft(title="one"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("one")
        await driver.press("n")
        field = await _field(driver)
        driver.app.post_message(Paste("a\x1b]52;c;eA==\x07\nb\tc\x9b\u0085"))
        await driver.until(lambda: field.value == "a\ufffd]52;c;eA==\ufffd b c\ufffd\ufffd")
        driver.app.post_message(Paste("x" * (PASTED + 1)))
        await driver.sees("too many to paste")
        assert field.value.startswith("a\ufffd")


async def test_a_paste_comes_behind_the_key_before_it(team: Team, app: Open) -> None:
    """`n` and at once a paste: the text stands in the new issue, not nowhere."""
    async with app(team.member, project="CORE") as driver:
        driver.burst("n")
        driver.app.post_message(Paste("Pasted at once"))
        driver.burst("enter")
        await driver.sees("CORE-1", "Pasted at once")


async def _field(driver: Driver) -> Input:
    await driver.until(lambda: isinstance(driver.app.focused, Input))
    assert isinstance(driver.app.focused, Input)
    return driver.app.focused


async def test_what_nobody_sees_is_seen_where_it_is_edited(team: Team, app: Open) -> None:
    """A stored title with a bidi control: the field to edit it shows a sign for it, and keeps it as it is."""
    await team.owner.issues.create("CORE", IssueDraft(title="gnp\u202eexe"))
    async with app(team.member, project="CORE") as driver:
        await driver.sees("gnp<202E>exe")
        await driver.press("e")
        field = await _field(driver)
        await driver.sees("gnp\ufffdexe")
        assert field.value == "gnp\u202eexe"
        await driver.press("escape", "N")
        field = await _field(driver)
        field.value = "new\u202eexe"
        await driver.sees("new\ufffdexe")


def test_an_app_takes_no_driver_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does one that is started in another way, such as by the host of a shared instance."""
    from textual import constants

    monkeypatch.setattr(constants, "DRIVER", "os:path")
    assert GuardedApp().get_driver_class().__module__ == "rhythm_tui.terminal.driver"
    with pytest.raises(RuntimeError):
        App().get_driver_class()


async def test_what_is_longer_than_its_field_is_seen_while_it_is_typed(team: Team, app: Open) -> None:
    """A scrollbar once lay over the only line of the field: of a long title nothing was seen."""
    async with app(team.member, project="CORE", size=(80, 24)) as driver:
        for key in ("slash", "n"):
            await driver.press(key)
            await _field(driver)
            driver.app.post_message(Paste("long" * 40 + " to its end"))
            await driver.sees("longlong to its end")
            await driver.press("ctrl+u", "escape")


@pytest.mark.parametrize(
    "kept", ['{"project": [5], "view": {}, "theme": ["x"], "colours": [1]}', "[" * 100_000]
)
async def test_no_notes_of_where_one_was_keep_one_out(
    team: Team, app: Open, tmp_path: Path, kept: str
) -> None:
    """A file of them that somebody wrote into, or that another version left: one begins at the projects."""
    async with app(team.member, project="CORE", view=None) as driver:
        await driver.press("1")
        await driver.until(lambda: _written(tmp_path, kept), "notes")
    assert _written(tmp_path, kept) == 1
    async with app(team.member, view=None) as driver:
        await driver.sees("NAME", "CORE")


def _written(folder: Path, text: str) -> int:
    """Writes over all notes of where one was; how many there are."""
    return sum(bool(file.write_text(text)) for file in folder.glob("mia/app-*.json"))


async def test_a_view_is_drawn_as_soon_as_it_is_whole(
    team: Team, app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so itself, the first one too: none waits for the clock, however long that would be."""
    close = Curtain.close
    monkeypatch.setattr(Curtain, "close", lambda curtain, _: close(curtain, 10 * PATIENCE))
    async with app(team.member, project="CORE") as driver:
        for view in ("issues", "board", "sprints", "projects", "activity", "reports", "settings", "issues"):
            await driver.app.go_to(view)
            await driver.until(lambda: not driver.app.curtain.closed, f"{view} drawn")


async def test_a_screen_below_another_is_laid_out_whoever_interrupts_it() -> None:
    """What lies over it hears first of a new size, in the midst of what it has to do; so does a batch end."""
    app = Careless()
    async with app.run_test() as pilot:
        below = LaidOut[None]()
        await app.push_screen(below)
        await app.push_screen(ModalScreen[None]())
        await pilot.pause()
        below._layout_required = True
        below._screen_resized(app.size)
        await _laid_out(below)
        with app.batch_update():
            below._layout_required = True
            below._on_timer_update()
            assert below._layout_required
        await _laid_out(below)


async def _laid_out(screen: LaidOut[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while screen._layout_required:  # noqa: ASYNC110 - a layout tells nobody
            await asyncio.sleep(0.01)
