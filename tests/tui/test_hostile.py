"""Hostile text through every widget of every screen, on a real terminal: it can do nothing but be read.

Whoever adds a view, a dialog or a widget adds a walk through it, else a test fails: the last one here.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg.rows import dict_row
from textual.widget import Widget

import rhythm_tui
from rhythm_domain import credentials
from rhythm_domain.database import Database
from rhythm_domain.models.drafts import IssueEdit
from rhythm_domain.session import Session, Tracker
from rhythm_tui.app import VIEWS
from tests.conftest import Postgres
from tests.databases import Databases
from tests.instances import Instance
from tests.tui import hostile
from tests.tui.terminal import Terminal, pasted
from tests.tui.watched import AT_REST, SEEN

TYPED = "[/][@click=app.quit]x[/]\u202ez\u200b\x1b]52;c;7331eA==\x07\x9b7331m" + "e" + "\u0301" * 20
"""What somebody pastes everywhere."""


class Place(NamedTuple):
    """A database full of hostile texts, and what people are signed in by, by their roles."""

    conninfo: str
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def place(postgres: Postgres, databases: Databases) -> Iterator[Place]:
    """A database with hostile text wherever some can be stored."""
    name = databases.copy()
    yield asyncio.run(_filled(postgres.conninfo(name)))
    databases.drop(name)


async def _filled(conninfo: str) -> Place:
    db = Database(conninfo, max_size=4)
    try:
        with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as sql:
            instance = Instance(db, sql)
            owner, member, viewer, new = (instance.person(name) for name in ("olga", "mia", "vic", "nina"))
            instance.project("CORE", owner=owner, member=member, viewer=viewer)
            people = {"owner": owner, "viewer": viewer, "member": member, "newcomer": new}
            tokens = {role: _signed_in(instance, who) for role, who in people.items()}
            await hostile.fill(instance, owner, member, viewer)
    finally:
        await db.close()
    return Place(conninfo, tokens)


def _signed_in(instance: Instance, who: Session) -> str:
    """The token of a person's sign-in."""
    token, hashed = credentials.new_token(credentials.SESSION_PREFIX)
    instance.sql.execute("UPDATE sessions SET token_hash = %s WHERE id = %s", (hashed, who.id))
    return token


class Walk:
    """Somebody at the program, who looks at everything. What is done has had its effect when it returns."""

    def __init__(self, place: Place, terminal: Terminal, role: str) -> None:
        self.place, self.terminal, self.role = place, terminal, role
        self.sees, self.misses = terminal.sees, terminal.misses
        self.focus = ""
        """The class of what has the focus."""

    def press(self, *keys: str) -> None:
        """Presses keys."""
        self.terminal.press(*keys, "f12")
        self._rest()

    def write(self, text: str) -> None:
        """Types a text."""
        self.terminal.send(text)
        self.press()

    def paste(self, text: str = TYPED) -> None:
        """Pastes a text."""
        self.write(pasted(text))

    def _rest(self) -> None:
        titles = self.terminal.screen.titles
        self.terminal.until(lambda: titles and titles[-1].startswith(AT_REST), "rest")
        self.focus = titles.pop().removeprefix(f"{AT_REST} ")

    def shows(self, text: str) -> bool:
        return text in self.terminal.screen.text

    def open(self, project: str = "CORE") -> None:
        """Opens a project from the list."""
        self.sees("CORE")
        self.press("4")
        self.sees("NAME", "YOU")
        self.press("/", "ctrl+u")
        self.write(project)
        self.press("enter")
        self.press("enter")
        self.sees("TITLE")
        self.press("home")
        self.sees("CORE-66")

    def go(self, key: str, *sees: str) -> None:
        """Goes to a view, through all of its lines."""
        self.press(*key.split(" "))
        self.sees(*sees)
        self.press("j", "j", "k", "ctrl+d", "G", "home")

    def asks(self, key: str, title: str, *, open_to_all: bool = False) -> None:
        """Presses a key that asks something, pastes into what comes, leaves it; who may not is told so."""
        self.press(*key.split(" "))
        if self.role == "viewer" and not open_to_all:
            self.sees(" may ")
            self.press("j", "k")
            return
        self.sees(title)
        self.terminal.send(pasted(TYPED))
        self.press("down", "up")
        self.press("escape")
        self.misses("esc c")

    def leave(self) -> None:
        """Empties the field that is typed in, and escapes until keys are commands again."""
        self.press("ctrl+u")
        for _ in range(3):  # What completes goes first.
            if self.focus == "SearchField":
                self.press("escape")
        assert self.focus != "SearchField"

    def in_place(self) -> None:
        """Edits the title under the cursor where it stands."""
        self.press("e")
        if self.role == "viewer":
            self.sees(" may ")
            return
        self.paste(f"{TYPED}zqend")
        self.sees("zqend")
        self.press("home", "end", "escape")
        self.misses("zqend")

    def palette(self, words: str, *sees: str) -> None:
        """Gives a command by its name."""
        self.press(":")
        self.sees("What do you want to do?")
        self.write(words)
        self.terminal.until(lambda: self.terminal.screen.text.count(words[:12]) > 1, words)
        self.press("enter")
        self.sees(*sees)


class Tour(NamedTuple):
    """A walk, and the classes that it goes through."""

    walk: Callable[[Walk], None]
    through: frozenset[str]


WALKS: dict[str, Tour] = {}


def walk(*through: str) -> Callable[[Callable[[Walk], None]], Callable[[Walk], None]]:
    """Says which screens and widgets a walk goes through."""

    def add(function: Callable[[Walk], None]) -> Callable[[Walk], None]:
        WALKS[function.__name__] = Tour(function, frozenset(through))
        return function

    return add


@walk("WayIn", "ProjectsScreen", "Listing", "SearchBar", "SearchField", "TitleBar", "KeyBar", "Help",
      "Picker", "Dialog", "Filtered", "FilterField", "LineField", "Form", "TextEditor", "WorkScreen",
      "Chord", "Palette")  # fmt: skip
def projects(at: Walk) -> None:
    """The list, with what each is about; a project is found, made and edited."""
    at.sees("NAME", "[/]", "␛[2J")
    at.press("j", "j", "j", "j", "j", "G", "home")
    at.press("/")
    at.paste()
    at.sees("Nothing is like that")
    at.leave()
    at.sees("23 projects")
    at.asks("+", "New project", open_to_all=True)
    at.asks("e", "Edit")
    at.asks("?", "Keys", open_to_all=True)
    at.press("g")
    at.sees("g …")
    at.press("escape")
    at.asks("g o", "Project", open_to_all=True)
    at.press("X")
    at.sees("Archive" if at.role == "owner" else " may ")
    at.press("escape")


@walk("IssuesScreen", "IssueTable", "TableCanvas", "ViewTabs", "Preview", "MultiPicker", "Prompt",
      "SearchScreen", "TriageScreen", "IssuePicker", "QuickIssue")  # fmt: skip
def issues(at: Walk) -> None:
    """The table with a preview at its side and below, searched, changed; all that it asks."""
    at.open()
    at.sees("␛[", "␛]52", "<009B>")
    at.palette("Put the preview")
    for _ in range(11):
        at.press("j")
    at.press("w", *"kkk", "w")
    at.press("z", *"kkk", "z")
    at.press("]", "]", "]", "]", "]", "]", "]", "[")
    at.press("escape")
    at.go("1", "TITLE")
    at.press("/")
    at.write("zq label:")
    at.sees(" 1 zq [@click=app.copy_to_clipboard('7331')]c[/] [l")
    at.press("down", "down", "tab")
    at.misses("66 issues")
    at.leave()
    at.press("/", "ctrl+u")
    at.paste(f"nonsense:{TYPED}")
    at.sees("nonsense")
    at.leave()
    at.sees("66 issues")
    at.asks("f", "Filter by", open_to_all=True)
    at.press("f")
    at.write("label")
    at.press("enter")
    at.sees("label:")
    at.sees("space mark")
    at.press("down", "space", "enter")
    at.misses("space mark", "66 issues")
    at.press("escape")
    at.sees("66 issues")
    for key, title in (
        ("s", "Status"), ("a", "Assign"), ("t", "Labels"), ("S", "Sprint"), ("D", "Due"),
    ):  # fmt: skip
        at.asks(key, f"{title} ·")
    at.asks("m", "More ·")
    if at.role == "owner":
        at.press("m")
        at.sees("More ·")
        at.press("enter")
        at.sees("A key, or words")
        at.write("zq")
        at.sees("○ CORE-")
        at.paste()
        at.press("escape")
        at.misses("esc c")
    at.asks("n", "New issue in CORE")
    at.asks("+", "Save this search", open_to_all=True)
    at.asks("g j", "Open an issue", open_to_all=True)
    at.press("g", "j")
    at.sees("Open an issue")
    at.paste()
    at.press("enter")
    at.sees("[/][@click=app.quit]x[/]", "esc cancel")
    at.press("escape")
    at.press("g", "0")
    at.misses(" CORE ")


@walk("BoardScreen", "CardsScreen", "BoardGrid", "BoardCursor", "BoardCanvas", "BoardSpace")
def board(at: Walk) -> None:
    """Cards in columns, and in lanes by everything that lanes can be of."""
    at.open()
    at.go("2", "◌ backlog")
    at.press(*"lljjhhkk")
    for lanes in ("assignee", "label", "parent", "nothing"):
        at.press("b")
        at.sees("Lanes by")
        at.write(lanes)
        at.press("enter")
        at.misses("Lanes by")
        at.press(*"jjj", "ctrl+d", "ctrl+d", *"lhl", "-", "-", "home")
    at.press("/")
    at.write("zq label:")
    at.sees(" 1 zq [@click=app.copy_to_clipboard('7331')]c[/] [l")
    at.press("down", "tab")
    at.leave()
    at.sees("66 cards")
    at.asks("s", "Status ·")
    at.in_place()


@walk("SprintsScreen", "PlannerScreen", "PlanPanes", "PaneHeading", "Drawing")
def sprints(at: Walk) -> None:
    """Backlog and sprints; all dialogs of a sprint."""
    at.open()
    at.go("3", "Backlog")
    at.press("l", *"jjj", *"]]]]]]]]]", *"[[[[", "tab", *"jj")
    at.asks("+", "New sprint")
    at.asks("O", "Edit ")
    at.press("b")
    at.press("z", "z")
    at.sees("Backlog")


@walk("ReportsScreen")
def reports(at: Walk) -> None:
    """Burndown of any sprint, velocity, flow."""
    at.open()
    at.press("6")
    at.sees("Burndown")
    at.press("o")
    at.sees("esc cancel")
    at.press("down", "down", "enter")
    at.misses("esc cancel")
    at.press("p", "]", "]", "d", "b", "[")
    at.sees("Velocity")


@walk("ActivityScreen", "Document")
def activity(at: Walk) -> None:
    """What happened, in one project and in all."""
    at.open()
    at.go("5", "Today")
    at.press("ctrl+d", "ctrl+d", "ctrl+d", "G", "k", "k")
    at.press("g", "0")
    at.sees("TITLE")
    at.press("5")
    at.sees(" ago")
    at.press("home")
    at.sees("Today")
    at.press("G", "ctrl+u")


@walk("IssueScreen", "IssueHead", "Editor", "Mentions", "Compose", "FieldGrid")
def issue(at: Walk) -> None:
    """An issue with everything: text, fields, comments, history; its text is edited; the next ones."""
    at.open()
    at.press("enter")
    at.sees("CORE-66", "of 6")
    at.press(*"jjjjj", *["ctrl+d"] * 9, "tab", "G", *"kkkk")
    at.press("H", "G")
    assert at.shows("edited the description") or at.shows("commented")
    at.press("ctrl+d", "ctrl+d", "ctrl+d", "ctrl+d", "G", "home")
    at.press(*"]]]]]]]]]]]")
    at.sees("CORE-55")
    at.press(*"[[[[[[[[[[[")
    at.sees("CORE-66")
    at.in_place()
    at.asks("c", "Comment")
    for key, title in (("E", "Description"), ("N", "New issue")):
        at.press(key)
        if at.role == "viewer":
            at.sees(" may ")
            continue
        at.sees(title)
        at.press("f2", "down", "down", "f2")
        at.paste()
        if key == "E":
            at.write(" @m")
            at.sees("tab take it")
            at.press("down", "escape")
        at.press("up", "down", "escape")
        at.misses(title)
    at.press("G", "escape")
    at.sees("TITLE")


@walk("SettingsScreen", "Once", "ChoiceLine", "Confirm")
def settings(at: Walk) -> None:
    """All sections, and what they ask."""
    at.open()
    at.press("g", "m")
    at.sees("SINCE")
    for noun in ("member", "label", "column", "setting", "view", "setting", "sign-in", "token", "key"):
        at.sees(f"find a {noun}")
        at.press(*"jjj", "G", "k")
        for key in ("+", "e", "d"):
            at.press(key)
            if at.shows("esc c"):  # Others say that it can't be done.
                at.terminal.send(pasted(TYPED))
                at.press("down", "escape")
                at.misses("esc c")
        if noun == "token" and at.role == "owner":
            at.press("+")
            at.sees("New access token")
            at.write(f"zq {at.terminal.screen.width}")
            at.press("ctrl+s")
            at.sees("y copy")
            at.press("escape")
            at.misses("y copy")
        at.press("]")


@walk("TrashScreen")
def trash(at: Walk) -> None:
    """All that match, deleted and taken back; the trash of it."""
    at.open()
    at.press("A")
    at.sees("66 of 66")
    at.press("p")
    if at.role == "viewer":
        at.sees(" may ")
        at.press("escape")
        at.palette("Show deleted issues")
        at.sees(" may ")
        return
    at.sees("Priority · 66 issues")
    at.press("enter")
    at.sees("Change 66 issues")
    at.press("enter")
    at.misses("Many at once")
    at.sees("66 issues:")
    at.press("escape", "u")
    at.sees("Undone")
    at.press("d")
    at.sees("moved to the trash")
    at.palette("Show deleted issues", "Trash of CORE")
    at.press("P")
    at.sees("Remove for ever")
    at.press("escape", "enter")
    at.sees("is back")
    at.press("escape")
    at.sees("TITLE")


@walk("Welcome")
def newcomer(at: Walk) -> None:
    """Somebody who is in no project."""
    at.sees("at the speed of your keys")
    at.asks("+", "New project", open_to_all=True)


@walk("ConflictDialog")
def conflict(at: Walk) -> None:
    """Somebody else saves a hostile text while one is written: both sides are shown."""
    at.open()
    at.press("g", "j")
    at.sees("Open an issue")
    at.write("CORE-1")
    at.press("enter")
    at.sees("CORE-1", "Sub-issues")
    at.press("E")
    at.sees("Description · CORE-1 ")
    at.paste(f"mine {hostile.BODIES[0]}")
    asyncio.run(_save_theirs(at.place))
    at.press("ctrl+s")
    at.sees("theirs, saved", "yours, not saved")
    at.press("j", "j", "ctrl+d", "G", "escape")
    at.misses("theirs, saved")
    at.press("escape")
    at.misses("Description · CORE-1 ")


async def _save_theirs(place: Place) -> None:
    async with Tracker.open(place.conninfo) as tracker:
        member = await tracker.accounts.resume(place.tokens["member"])
        issue = await member.issues.show("CORE-1")
        edit = IssueEdit(description=f"theirs {hostile.BODIES[1]}", base_version=issue.version)
        await member.issues.edit(issue.id, edit)


@walk("Door")
def door(at: Walk) -> None:
    """Somebody who is not signed in types hostile text into every field."""
    for foot in ("I have a join code", "^o sign in"):
        at.sees(foot)
        for _ in range(3):
            at.paste()
            at.press("tab")
        at.press("ctrl+s")
        at.press("ctrl+o")
    at.sees("I have a join code")


WORDLESS = {
    "Working": "its words are a number",
    "LaidOut": "what screens are made of",
    "NarrowingScreen": "what screens are made of that are narrowed by typing",
}
"""What shows no text that anybody wrote, and why."""

OWN = {"newcomer", "door"}
"""Walks that are one person's only."""

RUNS = {
    "owner": ((120, 32), [name for name in WALKS if name not in OWN]),
    "viewer": ((80, 24), ["projects", "board", "sprints", "issue", "settings", "trash"]),
    "newcomer": ((80, 24), ["newcomer"]),
    "nobody": ((120, 32), ["door"]),
}
"""Who goes on which walks, in a window of which size."""


@pytest.mark.parametrize("role", RUNS)
def test_no_screen_lets_hostile_text_act(place: Place, tmp_path: Path, role: str) -> None:
    """A real terminal gets nothing but what the app itself has to say to it, and the app goes on."""
    (size, walks), seen = RUNS[role], tmp_path / "seen"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("RHYTHM_", "TEXTUAL"))},
        "RHYTHM_DATABASE_URL": place.conninfo,
        "RHYTHM_STATE_DIR": str(tmp_path / "state"),
        "RHYTHM_LOG_DIR": str(tmp_path / "log"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "EDITOR": "true",
        "TEXTUAL_ANIMATIONS": "none",
        SEEN: str(seen),
    }
    if role in place.tokens:
        env["RHYTHM_TOKEN"] = place.tokens[role]
    with Terminal([sys.executable, "-m", "tests.tui.watched"], env, size) as terminal:
        at, screen = Walk(place, terminal, role), terminal.screen
        try:
            for name in walks:
                WALKS[name].walk(at)
                assert not screen.findings, f"{name}:\n{terminal.look}"
            terminal.press("ctrl+q")
            assert terminal.ends() == 0, terminal.look
        except AssertionError:
            print(*(path.read_text()[-8000:] for path in tmp_path.glob("log/*.log")))
            raise
    assert not screen.findings, terminal.look
    assert not screen.copied
    assert set(screen.titles) <= {"rhythm"}
    assert {mode for mode, on in screen.modes.items() if on} <= {"7", "25"}
    through = set().union(*(WALKS[name].through for name in walks))
    if role != "viewer":
        assert through <= set(seen.read_text().split())


def test_every_screen_and_widget_is_walked() -> None:
    """A new one without a hostile run fails here."""
    everything: set[str] = set()
    for module in pkgutil.walk_packages(rhythm_tui.__path__, "rhythm_tui."):
        if module.name.startswith("rhythm_tui.cli") or module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Widget) and value.__module__ == module.name:
                everything.add(value.__name__)
    walked = set().union(*(tour.through for tour in WALKS.values()))
    assert everything - walked - set(WORDLESS) == set()
    assert {screen for _, screen in VIEWS.values()} <= walked
