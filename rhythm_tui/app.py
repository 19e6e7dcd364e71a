"""The app: gets a person in, keeps the views, hears of changes, and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import PurePath
from typing import Any, ClassVar, cast

from textual import on
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.command import CommandPalette
from textual.events import Event, Key
from textual.screen import Screen

from rhythm_domain.errors import Invalid, RhythmError, Unavailable
from rhythm_domain.live import Change, Resync
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.session import Session
from rhythm_domain.text import shown
from rhythm_tui.commanding import Commanding, Offer, handles, offers
from rhythm_tui.commands import remapped
from rhythm_tui.desk import Desk
from rhythm_tui.instance import Instance
from rhythm_tui.key_order import KeyOrder
from rhythm_tui.messages import GoTo, Lost, OpenIssue, OpenProject, Say, SignedOut
from rhythm_tui.notebook import Notebook
from rhythm_tui.palette import CommandProvider
from rhythm_tui.report import report
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.themes import DARK, LIGHT, THEMES

VIEWS = {
    "issues": ("rhythm_tui.screens.issues", "IssuesScreen"),
    "board": ("rhythm_tui.screens.board", "BoardScreen"),
    "sprints": ("rhythm_tui.screens.sprints", "SprintsScreen"),
    "projects": ("rhythm_tui.screens.projects", "ProjectsScreen"),
    "activity": ("rhythm_tui.screens.activity", "ActivityScreen"),
    "reports": ("rhythm_tui.screens.reports", "ReportsScreen"),
    "settings": ("rhythm_tui.screens.settings", "SettingsScreen"),
}
"""Where each view is; a view is imported when it is first gone to."""

GATHER = 0.1
"""Seconds for which changes are gathered before what is shown is read again."""


class RhythmApp(Commanding, App[int]):
    """Rhythm on the whole screen. `start` and `project` say where to begin; None is where the person left."""

    TITLE = "rhythm"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/work.tcss", "screens/dialog.tcss"]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, instance: Instance, *, start: str | None = None, project: str | None = None) -> None:
        super().__init__()
        self.instance = instance
        self.desk: Desk | None = None
        self.keys = KeyOrder(self, super().on_event)
        self.exits = AsyncExitStack()
        self._start, self._project = start, project
        self._heard: list[Change | Resync] = []
        self._commands = remapped(instance.settings.keys)
        chosen = {id: self._commands[id].keys for id in instance.settings.keys}
        self.set_keymap({id: ",".join(keys) for id, keys in chosen.items() if keys})
        first_strokes = {
            key.split(" ")[0] for command in self._commands.values() for key in command.keys if " " in key
        }
        for stroke in first_strokes:
            self.bind(stroke, f"chord('{stroke}')", show=False)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = _theme(instance.settings.theme, self.available_themes)

    def on_mount(self) -> None:
        from rhythm_tui.screens.way_in import WayIn

        self.push_screen(WayIn(self.instance, self.exits, self.signed_in))

    async def on_unmount(self) -> None:
        await self.exits.aclose()

    async def signed_in(self, session: Session) -> None:
        """Shows a signed-in person where they left."""
        name, person = self.instance.instance_name, session.user.name
        folder = self.instance.settings.state_dir
        desk = Desk(
            session,
            drafts=Notebook(folder, "drafts", name, person),
            memory=Notebook(folder, "app", name, person),
            commands=self._commands,
            editor=self.instance.settings.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR"),
            source=name,
        )
        self.desk = desk
        desk.edits.changed = self._drawn
        kept = desk.memory.get("theme")
        if self.instance.settings.theme == "auto" and kept in self.available_themes:
            self.theme = kept
        await desk.read_projects()
        desk.project = desk.projects.get(self._project or desk.memory.get("project") or "")
        for view, (module, screen) in VIEWS.items():
            if view not in self._modes:
                self.add_mode(view, _factory(module, screen, desk))
        view = self._start or (desk.memory.get("view") if desk.project else None) or "projects"
        await self.switch_mode(view)
        self.run_worker(self._listen(session), group="live", exclusive=True, description="hears of changes")

    # Views -----------------------------------------------------------------------------------------------

    @property
    def views(self) -> list[WorkScreen]:
        """All views that were gone to, and what lies over them."""
        return [
            screen
            for stack in self._screen_stacks.values()
            for screen in stack
            if isinstance(screen, WorkScreen)
        ]

    @property
    def view(self) -> WorkScreen | None:
        """The view that is seen, also below a dialog."""
        return next((each for each in reversed(self.screen_stack) if isinstance(each, WorkScreen)), None)

    @on(GoTo)
    async def _go_to(self, message: GoTo) -> None:
        await self.go_to(message.view)

    async def go_to(self, view: str) -> None:
        """Shows a view."""
        if self.desk is None:
            return
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.switch_mode(view)
        self.desk.memory.keep("view", view)

    @on(OpenProject)
    async def _open_project(self, message: OpenProject) -> None:
        if self.desk is None:
            return
        if message.project is not None and message.project.key not in self.desk.projects:
            await self.desk.read_projects()
        self.desk.project = message.project
        self.desk.memory.keep("project", message.project.key if message.project else "")
        for view in self.views:
            view.stale = True
        if message.view and message.view != self.current_mode:
            await self.go_to(message.view)
        elif self.view is not None:
            self.view.on_screen_resume()

    @on(OpenIssue)
    def _open_issue(self, message: OpenIssue) -> None:
        if self.desk is not None:
            screen = import_module("rhythm_tui.screens.issue").IssueScreen
            self.push_screen(screen(self.desk, message.key, message.siblings))

    @on(Say)
    def _say(self, message: Say) -> None:
        if self.view is not None:
            self.view.say(shown(message.text), shown(message.hint), warning=message.warning)

    # Others' changes -------------------------------------------------------------------------------------

    async def _listen(self, session: Session) -> None:
        async for change in session.live.changes():
            self._heard.append(change)
            if len(self._heard) == 1:
                self.set_timer(GATHER, self._tell)

    def _tell(self) -> None:
        heard, self._heard = self._heard, []
        changes = [change for change in heard if isinstance(change, Change)]
        seen = self.view
        for view in self.views:
            if view is not seen:
                view.stale = True
        if seen is not None and not seen.stale:
            if len(changes) < len(heard):
                seen.reload()
            elif changes:
                self.run_worker(_told(seen, changes), group="changes")

    def _drawn(self, issues: frozenset[int]) -> None:
        self.keys.settled()
        if self.view is not None:
            self.view.drawn(issues)

    # The database goes away and comes back -----------------------------------------------------------------

    @on(Lost)
    def _lost(self, message: Lost) -> None:
        for view in self.views:
            view.set_lost(f"{shown(message.error.message)} What you see is as it was; trying again …")
        self.run_worker(self._reach(), group="reach", exclusive=True, description="waits for the database")

    async def _reach(self) -> None:
        while self.desk is not None:
            await asyncio.sleep(1)
            try:
                await self.desk.session.people.me()
            except Unavailable:
                continue
            except RhythmError as error:
                report(self, error)
            for view in self.views:
                view.set_lost("")
                view.stale = True
            if self.view is not None:
                self.view.on_screen_resume()
            return

    @on(SignedOut)
    def _signed_out(self, message: SignedOut) -> None:
        self.exit(return_code=3, message=message.reason)

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            await self.keys.took(event)
        else:
            await super().on_event(event)

    # Commands --------------------------------------------------------------------------------------------

    async def action_chord(self, first: str) -> None:
        """Waits for the second stroke of a key of two."""
        here = self.focused or self.screen
        following = {
            key.split(" ")[1]: offer
            for offer in offers(here)
            for key in self._commands[offer.command.id].keys
            if key.startswith(f"{first} ")
        }

        def give(offer: Offer | None) -> None:
            if offer is not None:
                offer.node.action_command(offer.command.id)

        from rhythm_tui.screens.chord import Chord

        await self.push_screen(Chord(first, following), give)

    @handles("view.issues")
    async def to_issues(self) -> None:
        await self.go_to("issues")

    @handles("view.board")
    async def to_board(self) -> None:
        await self.go_to("board")

    @handles("view.sprints")
    async def to_sprints(self) -> None:
        await self.go_to("sprints")

    @handles("view.projects")
    async def to_projects(self) -> None:
        await self.go_to("projects")

    @handles("view.activity")
    async def to_activity(self) -> None:
        await self.go_to("activity")

    @handles("view.reports")
    async def to_reports(self) -> None:
        await self.go_to("reports")

    @handles("view.settings")
    async def to_settings(self) -> None:
        await self.go_to("settings")

    @handles("project.switch")
    async def switch_project(self) -> None:
        if self.desk is None:
            return
        await self.desk.read_projects()
        project = await self.push_screen_wait(
            Picker(
                "Project",
                [
                    Choice(
                        each,
                        _project_line(each.key, each.name, each.open_count),
                        f"{each.key} {each.name}",
                        each.key == self.desk.key,
                    )
                    for each in self.desk.projects.values()
                ],
            )
        )
        if project is not None:
            self.post_message(OpenProject(project, "issues" if self.current_mode == "projects" else ""))

    @handles("project.all")
    def all_projects(self) -> None:
        self.post_message(OpenProject(None, "issues"))

    @handles("palette")
    def open_palette(self) -> None:
        self.push_screen(CommandPalette(providers=[CommandProvider], placeholder="What do you want to do?"))

    @handles("help")
    def open_help(self) -> None:
        from rhythm_tui.screens.help import Help

        self.push_screen(Help(list(offers(self.focused or self.screen)), self._commands))

    @handles("theme")
    async def choose_theme(self) -> None:
        from textual.content import Content

        names = [theme.name for theme in THEMES]
        names += sorted(name for name in self.available_themes if name not in names)
        chosen = await self.push_screen_wait(
            Picker("Theme", [Choice(name, Content(name), name, name == self.theme) for name in names])
        )
        if chosen is not None:
            self.theme = chosen
            if self.desk is not None:
                self.desk.memory.keep("theme", chosen)

    @handles("quit")
    async def leave(self) -> None:
        self.exit(0)

    async def action_quit(self) -> None:
        self.exit(0)

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """None: the palette has Rhythm's own commands only."""
        return cast("list[SystemCommand]", [])


async def _told(view: WorkScreen, changes: list[Change]) -> None:
    try:
        await view.changes(changes)
    except RhythmError as error:
        report(view, error)


def _factory(module: str, screen: str, desk: Desk) -> Callable[[], Screen[Any]]:
    return lambda: cast("Screen[Any]", getattr(import_module(module), screen)(desk))


def _project_line(key: str, name: str, count: int) -> Any:
    from textual.content import Content

    return Content.assemble((f"{key:<10} ", "bold"), shown(name), (f"  {count:,} open", "dim"))


def _theme(setting: str, known: Collection[str]) -> str:
    """The theme of a setting; `auto` is light where the terminal says that its ground is.

    Raises `Invalid` for one that is not there, with the nearest.
    """
    if setting != "auto":
        if setting not in known:
            there_are = f"There are {', '.join(theme.name for theme in THEMES)}, and Textual's."
            raise Invalid(
                f"There is no theme {setting!r}.", field="theme", hint=did_you_mean(setting, known, there_are)
            )
        return setting
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if ground in ("7", "15") else DARK


def run(instance: Instance, *, start: str | None = None) -> int:
    """Opens the app; the exit code."""
    app = RhythmApp(instance, start=start)
    app.run()
    return app.return_code or 0
