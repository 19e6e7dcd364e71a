"""One of a few things to choose, in one line: left and right go through them, a letter goes to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from rhythm_domain.text import folded


class Way(NamedTuple):
    """What can be chosen: its value, how it looks, and a few words on it."""

    value: str
    look: Content
    words: str = ""


class ChoiceLine(Widget, can_focus=True):
    """Shows what is chosen between two arrows."""

    value: reactive[str] = reactive("")

    @dataclass(eq=False, repr=False)
    class Changed(Message):
        """Something else was chosen."""

        line: ChoiceLine

        @property
        def control(self) -> ChoiceLine:
            return self.line

    @dataclass(eq=False, repr=False)
    class Submitted(Message):
        """Enter was pressed."""

        line: ChoiceLine

    def __init__(self, ways: Sequence[Way], value: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ways = tuple(ways)
        known = [way.value for way in self._ways]
        self.set_reactive(ChoiceLine.value, value if value in known else known[0])

    @property
    def _place(self) -> int:
        return next(at for at, way in enumerate(self._ways) if way.value == self.value)

    def render(self) -> Content:
        way = self._ways[self._place]
        arrow = "bold $footer-key-foreground" if self.has_focus else "$faint"
        line = Content.assemble(
            ("‹ ", arrow), way.look, (" ›", arrow), (f"  {way.words}" if way.words else "", "$muted")
        )
        return line.truncate(max(1, self.content_region.width), ellipsis=True)

    def watch_value(self) -> None:
        self.post_message(self.Changed(self))

    def on_key(self, event: events.Key) -> None:
        count = len(self._ways)
        if event.key in ("left", "right", "space"):
            step = -1 if event.key == "left" else 1
            self.value = self._ways[(self._place + step) % count].value
        elif event.key == "enter":
            self.post_message(self.Submitted(self))
        elif event.character and event.character.isalnum():
            behind = [self._ways[(self._place + 1 + at) % count] for at in range(count)]
            letter = folded(event.character)
            found = next(
                (way for way in behind if folded(way.look.plain.strip("•● ")).startswith(letter)), None
            )
            if found is None:
                return
            self.value = found.value
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        self.focus()
        step = -1 if event.x < 2 else 1
        self.value = self._ways[(self._place + step) % len(self._ways)].value
