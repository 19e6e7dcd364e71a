"""A text of many lines to write: Markdown, pasted safely, shown safely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rich.text import Text
from textual import events, on
from textual.message import Message
from textual.widgets import TextArea

from rhythm_domain.models import TEXT_LENGTH
from rhythm_domain.text import repaired, shown_in_place
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command

PASTED = 4 * TEXT_LENGTH
"""Characters that are pasted at most: what is far too long to be saved would only freeze the screen."""


class Completion(Protocol):
    """What helps somebody who types in a text."""

    def steer(self, key: str) -> bool:
        """Does what a key does there; whether it does anything."""

    def follow(self, *, typed: bool) -> None:
        """The text or its cursor changed, perhaps because somebody `typed`."""


class TextEditor(TextArea, Commanding):
    """Textual's text area, with the way into the person's own editor if `outside`."""

    @dataclass(eq=False, repr=False)
    class Noted(Message):
        """Something is to be said about what was pasted."""

        words: str

    class Outside(Message):
        """The person wants to go on in their own editor."""

    def __init__(
        self, text: str = "", *, outside: bool = False, placeholder: str = "", id: str | None = None
    ) -> None:
        super().__init__(text, id=id, placeholder=placeholder, compact=True, highlight_cursor_line=False)
        self._outside = outside
        self.completion: Completion | None = None

    def why_not(self, command: Command) -> str | None:
        if command.id == "form.editor" and not self._outside:
            return "no editor of your own can be started from here: $EDITOR is not set"
        return None

    @handles("form.editor")
    def go_outside(self) -> None:
        self.post_message(self.Outside())

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: nothing in it can do anything but be read."""
        return Text(shown_in_place(self.document.get_line(line_index)), end="", no_wrap=True)

    def put(self, text: str) -> None:
        """Writes another text over the whole, as one step that can be undone."""
        self.replace(text, (0, 0), self.document.end)

    async def _on_key(self, event: events.Key) -> None:
        if self.completion is not None and self.completion.steer(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)
        if self.completion is not None and event.is_printable:
            self.completion.follow(typed=True)

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _moved(self) -> None:
        if self.completion is not None:
            self.completion.follow(typed=False)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if len(event.text) + len(self.text) > PASTED:
            self.post_message(self.Noted(f"{len(event.text):,} characters are too many to paste."))
            return
        text, notes = repaired(event.text, limit=PASTED, lines=True)
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)
        if notes:
            self.post_message(self.Noted(f"Pasted: {', '.join(notes)}."))
