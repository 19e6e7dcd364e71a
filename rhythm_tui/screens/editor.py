"""A text of Markdown to write, with a preview; it outlives a failed save, a crash and a dropped line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Generic, TypeVar

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from rhythm_domain.errors import Conflict, NotSignedIn, RhythmError, Unavailable
from rhythm_domain.models import TEXT_LENGTH
from rhythm_domain.text import shown
from rhythm_tui.background import job
from rhythm_tui.commanding import handles
from rhythm_tui.commands import readable
from rhythm_tui.desk import Desk
from rhythm_tui.drafts import Kept
from rhythm_tui.holding.merging import MINE, THEIRS, merged
from rhythm_tui.looks.blocks import Block
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.markdown import ink, laid_out
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.report import report
from rhythm_tui.screens.conflict import ConflictDialog, Settled
from rhythm_tui.screens.dialog import Dialog
from rhythm_tui.terminal.outside import edited
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.mentions import Mentions
from rhythm_tui.widgets.text_editor import TextEditor

T = TypeVar("T")

Save = Callable[[str, int | None], Awaitable[T]]
"""Saves a text that was edited from a version; its answer is what the editor is dismissed with."""

PAUSE = 0.4
"""Seconds without a key after which the draft is kept and the preview drawn."""

MENTIONING = "tab take it · ↓↑ choose · esc close"
"""What the keys do while somebody is being mentioned."""

BESIDE = 110
"""Cells from which on text and preview stand beside each other."""


class Editor(Dialog[T], Generic[T]):
    """A text to write. `draft` is the name that it is kept under until it is saved.

    `saved` is the text as it is stored, in `version`. `project` is the key of the one whose
    members can be mentioned in it.
    """

    def __init__(
        self,
        desk: Desk,
        title: str,
        save: Save[T],
        *,
        draft: str,
        saved: str = "",
        version: int | None = None,
        placeholder: str = "",
        verb: str = "save",
        project: str = "",
    ) -> None:
        self._keys = {id: readable(command.keys[0]) for id, command in desk.commands.items() if command.keys}
        keys = [f"{self._keys.get('form.save')} {verb}", f"{self._keys.get('form.preview')} preview"]
        if desk.editor:
            keys.append(f"{self._keys.get('form.editor')} your editor")
        self._foot_of_text = " · ".join([*keys, "esc leave, the draft is kept"])
        super().__init__(title, self._foot_of_text)
        self._desk, self._save = desk, save
        self._kept = Kept(desk.drafts, draft)
        self._saved, self._version = saved, version
        self._base = saved
        self.area = TextEditor(saved, outside=bool(desk.editor), placeholder=placeholder)
        """Where one types."""
        keys_of = {id: command.keys for id, command in desk.commands.items()}
        self._mentions = Mentions(self.area, keys_of["choice.next"], keys_of["choice.previous"])
        self._project = project
        self._said = ""
        self._unsettled = False
        """Whether both sides stand in it, marked, and a save is to say so first."""
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        with Horizontal(id="sheets"):
            yield self.area
            yield Document(id="look")
        with Horizontal(id="state"):
            yield Static(id="note")
            yield Static(id="count")
        yield Static(classes="wrong")
        yield self._mentions

    def on_mount(self) -> None:
        self.begin()
        self.area.move_cursor(self.area.document.end)
        self._say_state()
        self.run_worker(job(self._read_people), group="people")

    async def _read_people(self) -> None:
        """Reads who can be mentioned; where that fails nobody is offered, and the text goes on."""
        with suppress(RhythmError):
            members = await self._desk.session.members.list(self._project)
            self._mentions.people = [member.user for member in members if member.active]

    @on(Mentions.Turned)
    def _mentions_turned(self, event: Mentions.Turned) -> None:
        self.say_foot(MENTIONING if event.here else self._foot_of_text)

    def begin(self) -> None:
        """Puts the draft in, if there is one that is not saved, and the focus where one begins."""
        self.area.focus()
        draft = self._kept.find()
        if draft is not None and draft.text != self._saved:
            self.area.put(draft.text)
            # It was written from what stood there then: if that changed since, both sides are shown.
            self._version, self._base = draft.version, draft.base
            self.note_draft(draft.at, "^z shows what is saved · ")
        elif draft is not None:
            self._kept.drop()

    def note_draft(self, at: datetime, before: str = "") -> None:
        """Says that a draft was restored, and how to be rid of it."""
        discard = self._keys.get("form.discard", "")
        self.note(
            f"Draft restored, kept {relative_time(at, self._desk.now())}.  {before}{discard} throws it away"
        )

    def on_unmount(self) -> None:
        self.keep()

    # Typing ----------------------------------------------------------------------------------------------

    @on(TextArea.Changed)
    def _typed(self) -> None:
        self.query_one(".wrong").remove_class("said")
        self._say_state()
        # Who types without a pause has a draft too: the timer is not put off again and again.
        self.keep_soon()

    def keep_soon(self) -> None:
        """Keeps the draft after a pause."""
        if self._timer is None:
            self._timer = self.set_timer(PAUSE, self._pause)

    def _pause(self) -> None:
        self._timer = None
        self.keep()
        if self.query_one("#look").display:
            self._draw_preview()

    def keep(self) -> None:
        """Keeps the draft, or forgets it where there is nothing that is not saved."""
        text = self.area.text
        if text == self._saved or not text.strip():
            self._kept.drop()
        elif (draft := self._kept.find()) is None or draft.text != text:
            self._kept.keep(text, self._version, self._base)

    def _say_state(self) -> None:
        length = len(self.area.text)
        count = f"{length:,} / {TEXT_LENGTH:,}"
        style = "bold $error" if length > TEXT_LENGTH else "$muted"
        left = "saving …" if self._busy else self._said
        for note in self.query("#note").results(Static):
            note.update(Content.styled(left, "$warning"))
        for right in self.query("#count").results(Static):
            right.update(Content.styled(count, style))

    def on_resize(self) -> None:
        self.set_class(self.app.size.width >= BESIDE, "wide")

    @on(TextEditor.Noted)
    def _noted(self, event: TextEditor.Noted) -> None:
        self.note(event.words)

    def note(self, words: str) -> None:
        """Says something below the text."""
        self._said = shown(words)
        self._say_state()

    @handles("form.discard")
    def discard(self) -> None:
        """What is saved takes the draft's place; one undo brings it back."""
        self.area.put(self._saved)
        self.note("The draft is thrown away; ^z brings it back.")

    # Preview ---------------------------------------------------------------------------------------------

    @handles("form.preview")
    def turn_preview(self) -> None:
        look = self.query_one("#look", Document)
        self.set_class(not self.has_class("previewed"), "previewed")
        if self.has_class("previewed"):
            self._draw_preview()
            if not self.has_class("wide"):
                look.focus()
        else:
            self.area.focus()

    def _draw_preview(self) -> None:
        text = self.area.text[: 2 * TEXT_LENGTH]
        people = frozenset(f"@{who.name}" for who in self._mentions.people)

        def layout(width: int, colours: Colours) -> list[Block]:
            lines = laid_out(text, width, ink(colours)._replace(ground=colours.of("panel")), people)
            return [Block(("line", at), [line]) for at, line in enumerate(lines)]

        self.query_one("#look", Document).show(layout, heavy=len(text) > 8000)

    # The person's own editor -------------------------------------------------------------------------------

    @on(TextEditor.Outside)
    def _outside(self) -> None:
        if self._desk.editor is None:
            return
        self.keep()
        try:
            with self.app.suspend():
                text, note = edited(self.area.text, self._desk.editor)
        except SuspendNotSupported:
            self.note("Your editor can't be started from here.")
            return
        self.app.refresh(layout=True)
        if text != self.area.text:
            self.area.put(text)
        if note:
            self.note(note)

    # Saving ------------------------------------------------------------------------------------------------

    @handles("form.save")
    def save(self) -> None:
        if self._unsettled and any(line in (THEIRS, MINE) for line in self.area.text.splitlines()):
            self._unsettled = False
            self.note(f"{THEIRS} and {MINE} are still in it; once more saves it so.")
        elif not self._busy:
            self._busy = True
            self.run_worker(job(self._hand_over), exclusive=True, group="save", description="saves a text")

    async def _hand_over(self) -> None:
        self.keep()
        text = self.area.text
        slow = self.set_timer(0.15, self._say_state)
        try:
            answer = await self._save(text, self._version)
        except Conflict as conflict:
            await self._settle(conflict)
        except RhythmError as error:
            self.say_wrong(error)
        else:
            self.saved(text, answer)
        finally:
            slow.stop()
            self._busy = False
            self._say_state()

    def saved(self, text: str, answer: T) -> None:
        """It was saved; what was typed while it was on its way is not."""
        self._saved = text
        self.keep()
        if self.area.text == text:
            self.dismiss(answer)

    def say_wrong(self, error: RhythmError) -> None:
        """Says what went wrong; the text stays."""
        wrong = self.query_one(".wrong", Static)
        words = " ".join(part for part in (shown(error.message), shown(error.hint)) if part)
        wrong.update(Content(f"! {words}"))
        wrong.add_class("said")
        if isinstance(error, NotSignedIn | Unavailable):
            self.keep()
            report(self, error)

    async def _settle(self, conflict: Conflict) -> None:
        """Asks what is to become of the two sides, and does it."""
        theirs = conflict.current or ""
        choice = await self.app.push_screen_wait(ConflictDialog(conflict))
        if choice is None:
            return
        base, mine = self._base, self.area.text
        self._saved, self._version, self._base = theirs, conflict.version, theirs
        self._busy = False
        match choice:
            case Settled.MINE:
                self.call_later(self.save)
            case Settled.THEIRS:
                self.area.put(theirs)
                self.note("This is theirs; ^z brings yours back.")
            case Settled.MERGE:
                text, clashes = await asyncio.to_thread(merged, base, theirs, mine)
                self.area.put(text)
                self._unsettled = clashes > 0
                if clashes:
                    place = "a place" if clashes == 1 else f"{clashes} places"
                    self.note(f"Both of you changed {place}: between {THEIRS} and {MINE}.")
                else:
                    self.note("Both changes are in it; ^z brings yours back.")

    @handles("form.cancel")
    def cancel(self) -> None:
        if self.has_class("previewed") and not self.has_class("wide"):
            self.turn_preview()
            return
        self.keep()
        super().cancel()

    def say_busy(self) -> None:
        self._say_state()
