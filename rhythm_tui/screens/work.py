"""What every view has in common: top line, body and bottom line, and how live changes reach it."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from time import monotonic
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.errors import RhythmError
from rhythm_domain.live import Change
from rhythm_domain.models import Issue, Project
from rhythm_domain.text import shown, truncated
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.drafts import of_issue
from rhythm_tui.messages import GoTo, OpenIssue, Say
from rhythm_tui.reading import Readings
from rhythm_tui.screens.undoing import take_back
from rhythm_tui.terminal.guarded import GuardedApp
from rhythm_tui.terminal.key_order import KeyOrder
from rhythm_tui.terminal.laid_out import LaidOut
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.key_bar import KeyBar
from rhythm_tui.widgets.title_bar import TitleBar

BESIDE = 44
"""Cells that stand in the two bottom lines beside what was undone."""


class WorkScreen(LaidOut[None], Commanding):
    """A view. A subclass says what stands in its `body`, how it `load`s, and what it does with `changes`."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    """Nothing by itself: the first widget that could be would be the search line."""

    VIEW: ClassVar[str] = ""
    """Its name in the top line, see `title_bar.VIEWS`."""

    ONE_PROJECT: ClassVar[str] = ""
    """What it shows, such as "A board", if that is of one project."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.stale = True
        """Whether it must read anew once it is seen."""
        self.busy = True
        """Whether what it shows is being read."""
        self.began_reading = 0.0
        """The moment at which what it shows was asked for (`monotonic`)."""
        self._readings = Readings(self)
        self._to_say: tuple[str, str] | None = None
        """What is said once what it is about is drawn."""
        self.waiting: frozenset[str] = frozenset()
        """The names of the drafts that wait to be gone on with."""

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static(id="strip")
        if self.ONE_PROJECT:
            yield Static(id="nowhere")
        yield from self.body()
        yield KeyBar({id: command.keys for id, command in self.desk.commands.items()})

    def body(self) -> ComposeResult:
        """The widgets between the top line and the bottom line."""
        yield from ()

    async def load(self) -> None:
        """Reads everything that is shown, for the project that the desk has now."""

    def is_nowhere(self) -> bool:
        """Whether it has no project to show; then it says what to do, and nothing else."""
        nowhere = self.desk.project is None
        self.set_class(nowhere, "nowhere")
        if nowhere:
            words = (f"{self.ONE_PROJECT} is of one project.", "$foreground")
            how = (f"{self.desk.how_to_choose}.", "$muted")
            self.query_one("#nowhere", Static).update(Content.assemble(words, "\n", how))
        return nowhere

    async def changes(self, changes: list[Change]) -> None:
        """What others or another screen changed; only for the screen that is seen."""

    def drawn(self, issues: frozenset[int]) -> None:
        """Draws issues anew: a change of them is on its way, or its answer came."""

    # The frame -------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.hold_keys()

    def on_screen_resume(self) -> None:
        self._say_where()
        self.look_for_drafts()
        if self.stale:
            self.stale = False
            self.hold_keys()
            self.reload()
        elif not self.busy:
            self.reveal()

    def look_for_drafts(self) -> None:
        """Sees which drafts wait: one may have been left or sent just now."""
        self.waiting = self.desk.drafts.waiting()
        self.light_keys()

    def label_of(self, command: Command) -> str:
        """Beside the key for a new issue stands that one was begun."""
        label = super().label_of(command)
        project = self.project_of_new() if command.id == "issue.create" and self.waiting else None
        if project is None or of_issue(project.id) not in self.waiting:
            return label
        return f"{label} · {self.desk.commands['issue.compose'].key} its draft".replace("  ", " ")

    @property
    def keys(self) -> KeyOrder | None:
        """What hands on the keys."""
        return getattr(self.app, "keys", None)

    def hold_keys(self) -> None:
        """Keys that come from now on are meant for what is about to be read: they wait until it is shown.

        Not where the database is away: they would wait for nothing.
        """
        if self.keys is not None and self.app.screen is self and self.query_one(TitleBar).well:
            self.keys.begun(self._readings, to_its_end=True)

    def let_keys_go(self) -> None:
        """What was about to be read is shown."""
        if self.keys is not None:
            self.keys.settled(self._readings)

    def on_screen_suspend(self) -> None:
        """Another screen was gone to: what was said here is of no use by the time one comes back."""
        if not self.app.screen.is_modal and self.app.screen is not self:
            for bar in self.query(KeyBar):
                bar.clear()
            if self._to_say is not None:  # What is drawn here is seen by nobody.
                self.app.post_message(Say(*self._to_say))
                self._to_say = None

    def on_unmount(self) -> None:
        self._readings.end()
        self.let_keys_go()

    def reload(self) -> None:
        """Reads everything that is shown again."""
        self.busy, self.began_reading = True, monotonic()
        self.read(self._load(), "load")

    async def _load(self) -> None:
        try:
            await self.load()
        except RhythmError:
            self.stale, self.busy = True, False
            self.reveal()
            self.say_what_is_drawn()
            self.let_keys_go()
            raise
        self.reveal()
        self.say_what_is_drawn()
        self.busy = False  # Where another reading took its place, that one says when it is through.
        self.let_keys_go()
        self.light_keys()

    def reveal(self) -> None:
        """It has all that one is to see of it first: it is drawn, if it was held back (see `curtain`)."""
        if isinstance(self.app, GuardedApp) and self.app.screen is self:
            self.app.curtain.open()

    def light_keys(self) -> None:
        """Draws the bottom line anew: other keys work by now."""
        for bar in self.query(KeyBar):
            bar.refresh()

    def read(self, work: Coroutine[Any, Any, None], group: str) -> None:
        """Reads something in the background, in place of what was read before in this group."""
        self._readings.read(work, group)

    def _say_where(self) -> None:
        bar = self.query_one(TitleBar)
        project = self.desk.project
        bar.place = f"{project.key}  {project.name}" if project else "All projects"
        bar.view = self.VIEW
        bar.demo = bool(self.desk.demo)
        bar.person = self.desk.session.user.display_name

    def say(self, text: str, hint: str = "", *, warning: bool = False, brief: bool = False) -> None:
        """A line for the person, in the bottom line; a `brief` one for what is seen on the screen as well."""
        self.query_one(KeyBar).say(text, hint, warning=warning, brief=brief)

    def reload_and_say(self, text: str, hint: str) -> None:
        """Reads everything that is shown again; what happened is said together with what comes of it."""
        self._to_say = text, hint
        self.reload()

    def say_what_is_drawn(self) -> None:
        """What was read stands on the screen: says what it came of, if that is to be said."""
        if self._to_say is not None:
            self.say(*self._to_say)
            self._to_say = None

    def warned(self) -> bool:
        """Whether the key before was refused, and that is still said: it is taken away, and one stays."""
        bar = self.query_one(KeyBar)
        if warning := bar.warns:
            bar.clear()
        return warning

    def set_lost(self, reason: str) -> None:
        """Shows or, with an empty reason, hides the strip of a database that does not answer."""
        strip = self.query_one("#strip", Static)
        strip.display = bool(reason)
        strip.update(Content(reason))  # The reason may quote what somebody else wrote.
        self.query_one(TitleBar).well = not reason

    @on(Document.LinkPressed)
    def _link_pressed(self, event: Document.LinkPressed) -> None:
        self.visit(event.address)

    def visit(self, address: str) -> None:
        """Opens a link where there is somebody to see it; elsewhere its address is copied."""
        if self.desk.local and (sys.platform == "darwin" or _has_windows()):
            self.app.open_url(address)
        else:
            self.app.copy_to_clipboard(address)
            self.say(f"Copied {shown(address)}")

    def why_not(self, command: Command) -> str | None:
        """The project's role decides, of the project that is shown; see `TriageScreen` for an issue's own."""
        if command.permission is None:
            return None
        return self.desk.why_not(command.permission)

    @handles("issue.create")
    async def create_in_a_line(self) -> None:
        project = self.project_of_new()
        if project is None:
            raise self.desk.no_project

        from rhythm_tui.screens.quick import QuickIssue

        created = await self.app.push_screen_wait(QuickIssue(self.desk, project, self.new_issue_fields()))
        if created is not None:
            self.created(*created)

    @handles("issue.compose")
    async def create_in_a_form(self) -> None:
        project = self.project_of_new()
        if project is None:
            raise self.desk.no_project
        from rhythm_tui.screens.compose import Compose

        form = Compose(self.desk, project, self.new_issue_fields())
        created = await self.app.push_screen_wait(form)
        if created is not None:
            self.created(created, f"{created.key} created")

    def project_of_new(self) -> Project | None:
        """The project that a new issue is for."""
        return self.desk.project

    def new_issue_fields(self) -> dict[str, Any]:
        """What a new issue is given because of where it is made, such as the column's status."""
        return {}

    def created(self, issue: Issue, said: str) -> None:
        """An issue was made here, as is `said`."""
        self.hold_keys()
        self.reload_and_say(said, "u takes it back")

    @handles("issue.jump")
    async def jump(self) -> None:
        """Opens an issue wherever one is; a number alone is of the project that is shown."""
        from rhythm_tui.screens.prompt import Prompt

        async def accept(text: str) -> str:
            key = text.strip()
            if key.isdigit() and self.desk.key:
                key = f"{self.desk.key}-{key}"
            return (await self.desk.session.issues.show(key)).key

        key = await self.app.push_screen_wait(
            Prompt(
                "Open an issue", accept, placeholder="CORE-123", foot="enter open · esc cancel", reads=True
            )
        )
        if key is not None:
            self.post_message(OpenIssue(key))

    @handles("refresh")
    def refresh_all(self) -> None:
        self.desk.session.forget()
        self.reload()

    @handles("trash")
    def open_trash(self) -> None:
        """Shows the trash of the project that is shown, or is under the cursor."""
        project = self.project_of_new()
        if project is None:
            raise self.desk.no_project
        from rhythm_tui.screens.trash import TrashScreen

        self.app.push_screen(TrashScreen(self.desk, project.key))

    @handles("pane.next")
    def next_pane(self) -> None:
        self.focus_next()

    @handles("undo")
    async def undo(self) -> None:
        await self._take_back(redo=False)

    @handles("redo")
    async def redo(self) -> None:
        await self._take_back(redo=True)

    async def _take_back(self, *, redo: bool) -> None:
        taken = await take_back(self.desk, self.app.push_screen_wait, self.undo_in(), redo=redo)
        if taken is None:
            return
        self.after_undo()
        said = truncated(taken.text, max(20, 2 * self.size.width - BESIDE)) or "nothing was left to change"
        self.reload_and_say(
            f"{'Redone' if redo else 'Undone'}: {said}",
            taken.left or ("u takes it back" if redo else "U does it again"),
        )

    def after_undo(self) -> None:
        """Something was taken back: what is shown is read again, as it may stand otherwise now."""

    def undo_in(self) -> str | None:
        """The key of the project in which something is to be taken back."""
        return self.desk.key

    @handles("back")
    def back(self) -> None:
        """Views have nowhere to go back to but the projects."""
        if self.VIEW != "projects":
            self.post_message(GoTo("projects"))

    @handles("clear")
    def clear(self) -> None:
        """Takes away what is marked or searched for, else what was said. A view stays where there is nothing
        to take: who presses escape twice wants the list.
        """
        if not self.took_away() and not self.warned():
            self.leave()

    def took_away(self) -> bool:
        """Takes away what one can be rid of here, the nearest thing first; whether there was any."""
        return False

    def leave(self) -> None:
        """Escape has nothing to take away here."""
        if self.VIEW != "projects":
            self.say("", f"{self.desk.commands['back'].key} goes to the projects", brief=True)


def _has_windows() -> bool:
    """Whether a browser can open beside the terminal, not in it."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
