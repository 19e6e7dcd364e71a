"""The app: gets a person in, keeps the views, hears of changes, and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from functools import partial
from importlib import import_module
from pathlib import PurePath
from time import monotonic
from typing import Any, ClassVar, cast

from textual import on
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.events import Event, Key, Paste
from textual.screen import Screen

from rhythm_domain.errors import Invalid, NotSignedIn, Outcome, RhythmError, Unavailable
from rhythm_domain.session import Session
from rhythm_domain.text import shown
from rhythm_tui.background import end, job, tasks
from rhythm_tui.commanding import Commanding, Offer, handles, keys_of, offers
from rhythm_tui.commands import COMMANDS, Command, remapped
from rhythm_tui.desk import Desk
from rhythm_tui.drafts import Drafts
from rhythm_tui.hearing import Hearing
from rhythm_tui.instance import Instance
from rhythm_tui.messages import GoTo, Lost, OpenIssue, OpenProject, Say, SignedOut
from rhythm_tui.notebook import Notebook
from rhythm_tui.outage import Outage
from rhythm_tui.palette import Palette
from rhythm_tui.report import report
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.way_in import WayIn
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.start import read
from rhythm_tui.stylesheet import KeptStylesheet
from rhythm_tui.terminal import lifecycle as terminal
from rhythm_tui.terminal.guarded import HELD
from rhythm_tui.terminal.key_order import KeyOrder
from rhythm_tui.terminal.shared_colours import share_colours
from rhythm_tui.themed import ThemedApp
from rhythm_tui.widgets.key_bar import KeyBar

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

DOOR = "way in"
"""What lies below the views until somebody is signed in."""

AT_THE_DOOR = frozenset(
    {"refresh", "help", "help.search", "help.signs", "palette", "theme", "suspend", "quit"}
)
"""What can be done before somebody is signed in."""

STARTED = 1.0
"""Seconds after which what the start made is taken to stay: only what comes later may be garbage."""

READS_END, WRITES_END = 0.4, 2.0
"""Seconds for which the app's end waits for what is read, and before that for what is written. All of it is
to be shorter than the grace that a host gives (`hosting.limits`): else nobody reads how it ended.
"""

SEE = "It may have been saved: have a look when the database answers again."

AGAIN = "Connect again; an administrator can help if that fails."


class RhythmApp(ThemedApp, Commanding):
    """Rhythm on the whole screen. `start` and `project` say where to begin; None is where the person left.

    `issue` is one to open first.
    """

    TITLE = "rhythm"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/work.tcss", "screens/dialog.tcss"]
    DEFAULT_MODE: ClassVar[str] = DOOR
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        instance: Instance,
        *,
        start: str | None = None,
        project: str | None = None,
        issue: str | None = None,
    ) -> None:
        share_colours()
        super().__init__()
        self.stylesheet = KeptStylesheet(variables=self.get_css_variables())
        self.instance = instance
        self.local = instance.local
        self.desk: Desk | None = None
        self.keys = KeyOrder(self, super().on_event)
        self.exits = AsyncExitStack()
        self._start, self._project, self._issue = start, project, issue
        self.parting: RhythmError | None = None
        """Why the person was shown out."""
        self.commands: Mapping[str, Command] = COMMANDS
        """All commands, with the keys that the person has given them."""
        self._leaving = False
        self._at_the_door = False
        self.way_in = WayIn(
            instance, self.exits, prepare=self._settle, signed_in=self.signed_in, turned_away=self.part
        )
        self.add_mode(DOOR, lambda: self.way_in)
        self.hearing = Hearing(
            self,
            views=lambda: self.views,
            seen=lambda: self.view,
            rights=self._look_at_rights,
            announce=self._announce,
        )
        self.outage = Outage(
            say=self._say_lost, ask=self._ask_database, revive=self._revive, back=self._read_anew
        )
        with suppress(Invalid):  # The way in says what is wrong.
            self._settle()

    def _settle(self) -> None:
        """Does what the settings say. Raises `Invalid`."""
        settings = self.instance.settings
        self.commands = remapped(settings.keys)
        self.set_keymap({id: keys_of(self.commands[id]) for id in settings.keys})
        first_strokes = {
            key.split(" ")[0] for command in self.commands.values() for key in command.keys if " " in key
        }
        for stroke in first_strokes:
            self.bind(stroke, f"chord('{stroke}')", show=False)
        self.theme = self.theme_of(settings.theme)

    def on_mount(self) -> None:
        if self._driver is not None and not self.is_headless:
            terminal.end_on_signals(self._end)
            terminal.entitle(self._driver.write, self.TITLE)
            self.set_timer(STARTED, self._started)
        self.curtain.close(HELD)
        self._look_if_idle()

    def _started(self) -> None:
        self.run_worker(job(_read_on), description="reads what the start did without")

    def _end(self, code: int) -> None:
        self.exit(return_code=code)

    async def _process_messages_loop(self) -> None:
        """Textual's; at its end what is written is waited for, while who sent it can still hear of its end:
        the draft of what is saved is dropped.
        """
        try:
            await super()._process_messages_loop()
        finally:
            if self.desk is not None:
                await self.desk.edits.through(WRITES_END)

    async def _shutdown(self) -> None:
        """Textual's end; before it, what is read is given up, and what is not written yet."""
        late = self.desk.edits.under_way if self.desk is not None else []
        if late and self.parting is None:
            self.parting = Unavailable("A change was still on its way.", outcome=Outcome.UNKNOWN, hint=SEE)
        await end([*tasks(self.workers), *late], READS_END)
        await super()._shutdown()

    async def on_unmount(self) -> None:
        await self.exits.aclose()

    async def signed_in(self, session: Session) -> None:
        """Shows a signed-in person where they left."""
        desk = Desk(
            session,
            drafts=Drafts(await self._notebook("drafts", session)),
            memory=await self._notebook("app", session),
            commands=self.commands,
            editor=self._editor() if self.local else None,
            local=self.local,
            demo=str(self.instance.embedded.home) if self.instance.demo else "",
        )
        code = VIEWS.get(self._start or str(desk.memory.get("view")), (__name__,))[0]
        await asyncio.gather(desk.read_projects(), read(code))
        self.desk = desk
        desk.edits.changed = self._drawn
        desk.edits.failed = partial(report, self)
        project = self._project or (self._issue and self._issue.rpartition("-")[0].upper())
        desk.project = desk.projects.get(project or str(desk.memory.get("project")))
        for view, (module, screen) in VIEWS.items():
            if view not in self._modes:  # Tests bring their own.
                self.add_mode(view, _factory(module, screen, desk))
        last = str(desk.memory.get("view")) if desk.project else ""
        view = self._start or (last if last in VIEWS else "projects")
        kept = str(desk.memory.get("theme"))
        if kept in self.available_themes and self.instance.settings.theme == "auto":
            self.theme = kept
        self.show_colours(str(desk.memory.get("colours") or ""))
        await self.switch_mode(view)
        self.curtain.after(partial(self._begin_to_listen, session))
        issue, self._issue = self._issue, None
        if issue is not None:
            self.post_message(OpenIssue(issue))

    async def _notebook(self, kind: str, session: Session) -> Notebook:
        notebook = await self.instance.notebook(kind, session)
        self.exits.push_async_callback(notebook.close)
        return notebook

    def _editor(self) -> str | None:
        return self.instance.settings.editor or os.environ.get("VISUAL") or os.environ.get("EDITOR")

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
        await self.go_to(message.view or self.current_mode)  # A page of another project's is left.
        if self.view is not None:
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

    def _begin_to_listen(self, session: Session) -> None:
        session.live.lost = self._heard_of_loss
        self.hearing.begin(session)

    def _announce(self, words: str) -> None:
        """Shows everybody's words wherever the person is, for longer than what a view says."""
        self.notify(shown(words), title="To everybody", timeout=30, markup=False)

    async def _look_at_rights(self, since: float) -> None:
        """Lights the keys by the roles that one has now; leaves a project that is no longer there for one.
        What was asked for after a moment (`monotonic`) is not asked for again.
        """
        desk = self.desk
        if desk is None or desk.projects_asked > since:
            return
        await desk.read_projects()
        here = desk.project
        if here is not None and await desk.is_gone(here):
            await self._open_project(OpenProject(None, "projects"))
            words = f"{here.key} is no longer there for you: you are no member any more, or it was deleted."
            self._say(Say(words, warning=True))
        for bar in self.screen.query(KeyBar):
            bar.refresh()

    def _drawn(self, issues: frozenset[int]) -> None:
        self.keys.settled()
        if self.view is not None:
            self.view.drawn(issues)

    # The database goes away and comes back ---------------------------------------------------------------

    @on(Lost)
    def _lost(self, message: Lost) -> None:
        outlast = job(self._outlast, message.error)
        self.run_worker(outlast, group="outage", description="waits for the database")

    def _heard_of_loss(self, error: Unavailable) -> None:
        self.post_message(Lost(error))

    async def _outlast(self, error: RhythmError) -> None:
        try:
            await self.outage.last(error)
        except NotSignedIn as ended:
            report(self, ended)

    def _say_lost(self, reason: str) -> None:
        words = f"{shown(reason)} What you see is as it was; trying again …" if reason else ""
        for view in self.views:
            view.set_lost(words)

    async def _ask_database(self) -> None:
        if self.desk is not None:
            await self.desk.session.people.me()

    def _revive(self) -> None:
        """Starts a server of one's own again, should it have ended; not where its data were removed."""
        if not self.instance.settings.database_url and self.instance.embedded.made:
            self.instance.conninfo()

    def _read_anew(self) -> None:
        for view in self.views:
            view.stale = True
        if self.view is not None:
            self.view.on_screen_resume()

    # Who is signed in ------------------------------------------------------------------------------------

    @on(SignedOut)
    def _signed_out(self, message: SignedOut) -> None:
        if self._at_the_door:
            return
        if not self.local:
            self.part(NotSignedIn(message.reason, hint=AGAIN))
        elif self.desk is not None:
            self._at_the_door = True
            again = job(self._sign_in_again, self.desk, message.reason)
            self.run_worker(again, description="signs in again")

    async def _sign_in_again(self, desk: Desk, reason: str) -> None:
        """Lets the person in again where they were: what they have typed stays, below the door."""
        user = desk.session.user
        try:
            desk.session = await self.way_in.sign_in_again(user.name, reason)
        except RhythmError as error:
            report(self, error)
            return
        finally:
            self._at_the_door = False
        self._begin_to_listen(desk.session)
        self._read_anew()

    def _look_if_idle(self) -> None:
        if self.instance.idle is None:
            return
        left = self.instance.idle.total_seconds() - (monotonic() - self.stirred)
        if left > 0:
            self.set_timer(left, self._look_if_idle)
        else:
            self.part(NotSignedIn("You did nothing for so long that your session was closed.", hint=AGAIN))

    def part(self, error: RhythmError) -> None:
        """Shows the person out: there is no other way in. Whoever runs the app says why."""
        self.parting = error
        self.exit()

    @handles("account.switch")
    async def switch_account(self) -> None:
        if self.desk is not None:
            await self._sign_out()
            self._start_over()

    @handles("account.sign_out")
    async def sign_out(self) -> None:
        if self.desk is not None:
            await self._sign_out()
            self.exit(0)

    async def _sign_out(self) -> None:
        if self.desk is not None:
            people = self.desk.session.people
            self._at_the_door = True  # What is still being read asks nobody to sign in again.
            try:
                await self.desk.edits.run(lambda operation: people.sign_out(operation=operation))
            except RhythmError:
                self._at_the_door = False
                raise
            self.instance.remember(None)

    def _start_over(self) -> None:
        # A worker of the app's: one of a view's would end with it.
        self.run_worker(job(self._go_out), group="door", description="takes the views away")

    async def _go_out(self) -> None:
        """Takes all views away, and goes in again."""
        self.hearing.end()
        self.desk, self._at_the_door = None, False
        await self.switch_mode(DOOR)
        for view in VIEWS.keys() & self._modes.keys():
            await self.remove_mode(view)
        self.way_in.begin()

    @handles("demo")
    def switch_demo(self) -> None:
        """Goes to the demo's own instance, or back from it."""
        self.instance = Instance({**self.instance.flags, "demo": not self.instance.demo})
        self.way_in.instance = self.instance
        self._start = self._project = None
        self._start_over()

    @property
    def behind(self) -> int:
        """How much of what was typed it has not got to yet. Any thread may ask."""
        return self.message_queue_size + self.keys.waiting

    async def on_event(self, event: Event) -> None:
        if isinstance(event, (Key, Paste)) and not event.is_forwarded:
            await self.keys.took(event)
        else:
            await super().on_event(event)

    # Commands --------------------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        """At the door there is nothing to do but to come in, or to leave; over SSH nothing of the host."""
        if command.local and not self.local:
            return "that is not possible over SSH"
        return None if self.desk is not None or command.id in AT_THE_DOOR else "come in first"

    async def action_chord(self, first: str) -> None:
        """Waits for the second stroke of a key of two."""
        here = self.focused or self.screen
        following = {
            key.split(" ")[1]: offer
            for offer in offers(here)
            for key in self.commands[offer.command.id].keys
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
        await self._go_to_project("board")

    @handles("view.sprints")
    async def to_sprints(self) -> None:
        await self._go_to_project("sprints")

    @handles("view.projects")
    async def to_projects(self) -> None:
        await self.go_to("projects")

    @handles("view.activity")
    async def to_activity(self) -> None:
        await self.go_to("activity")

    @handles("view.reports")
    async def to_reports(self) -> None:
        await self._go_to_project("reports")

    @handles("view.settings")
    async def to_settings(self) -> None:
        await self.go_to("settings")

    async def _go_to_project(self, view: str) -> None:
        """Shows a view of one project; which one is asked where all are shown."""
        await self.go_to(view)
        if self.desk is None or self.desk.project is not None:
            return
        match list(self.desk.projects.values()):
            case []:
                pass
            case [only]:
                await self._open_project(OpenProject(only))
            case _:
                await self.switch_project()

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
        self.push_screen(Palette())

    def get_system_commands(self, screen: Screen[Any]) -> list[SystemCommand]:
        """None: the palette has Rhythm's own commands only."""
        return []

    @handles("help")
    def open_help(self) -> None:
        self._help("Keys")

    @handles("help.search")
    def explain_search(self) -> None:
        self._help("Search")

    @handles("help.signs")
    def explain_signs(self) -> None:
        self._help("Signs")

    def _help(self, page: str) -> None:
        from rhythm_tui.screens.help import help_of

        self.push_screen(help_of(self.screen, page))

    @handles("theme")
    async def choose_theme(self) -> None:
        chosen = await self.ask_for_theme()
        if chosen is not None and self.desk is not None:
            self.desk.memory.keep("theme", chosen)

    @handles("colours")
    async def choose_colours(self) -> None:
        kept = self.desk.memory.get("colours") or "" if self.desk is not None else ""
        chosen = await self.ask_for_colours(str(kept))
        if chosen is not None and self.desk is not None:
            self.desk.memory.keep("colours", chosen)
            self._say(Say("Your colours are others from the next start on."))

    @handles("suspend")
    def suspend_here(self) -> None:
        self.action_suspend_process()

    @handles("quit")
    async def leave(self) -> None:
        self.exit(0)

    async def action_quit(self) -> None:
        self.exit(0)

    def action_help_quit(self) -> None:
        """Ctrl-C: a habit of the shell. Once it says how to leave, twice it leaves."""
        if self._leaving:
            self.exit(return_code=130)
            return
        self._leaving = True
        self.set_timer(2, self._stay)
        self._say(Say("^q leaves Rhythm.", "so does ^c, twice"))

    def _stay(self) -> None:
        self._leaving = False


async def _read_on() -> None:
    """Reads what the first change needs, so that it does not wait for that."""
    await read("rhythm_domain.models.drafts")
    gc.freeze()
    gc.enable()


def _factory(module: str, screen: str, desk: Desk) -> Callable[[], Screen[Any]]:
    return lambda: cast("Screen[Any]", getattr(import_module(module), screen)(desk))


def _project_line(key: str, name: str, count: int) -> Any:
    from textual.content import Content

    return Content.assemble((f"{key:<10} ", "bold"), shown(name), (f"  {count:,} open", "dim"))


async def opened(instance: Instance, *, start: str | None = None, issue: str | None = None) -> int:
    """Opens the app; its exit code once it was left. Raises why the person was shown out, if they were."""
    logging.captureWarnings(True)  # They would be written over the screen.
    gc.disable()  # See `STARTED`.
    app = RhythmApp(instance, start=start, issue=issue)
    try:
        await app.run_async()
    finally:
        terminal.restore_title()
    if app.crashed is not None:
        raise app.crashed
    if app.parting is not None:
        raise app.parting
    if app.return_code is None:
        raise RuntimeError("the app ended, and nothing had asked for it")
    return app.return_code
