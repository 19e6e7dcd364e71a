"""Saved views as tabs: a line of names, the one that is shown lit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from rhythm_domain.text import shown, truncated


class ViewTabs(Widget):
    """One line; names that don't fit are counted at its end."""

    current: reactive[int | None] = reactive[int | None](None)
    """The place of the tab that is lit."""
    names: reactive[Sequence[str]] = reactive(())

    @dataclass(eq=False, repr=False)
    class Chosen(Message):
        """A tab was pressed: the view's place in the list."""

        at: int

    def show(self, names: Sequence[str], current: int | None = None) -> None:
        """Shows these tabs, the one at `current` lit."""
        self.names, self.current = tuple(names), current

    def render(self) -> Content:
        return Content.assemble(*((text, style) for text, style, _ in self._parts()))

    def _parts(self) -> list[tuple[str, str, int]]:
        """The tabs that fit, the one that is shown among them, and how many are left out on either side."""
        tabs = [f" {truncated(shown(name), 24)} " for name in self.names]
        current = self.current if self.current is not None and self.current < len(tabs) else -1
        first = 0
        while (last := self._last(tabs, first)) <= current:
            first += 1
        parts: list[tuple[str, str, int]] = [(f"+{first}" if first else " ", "$faint", -1)]
        for at in range(first, last):
            parts.append((tabs[at], "bold $primary on $panel" if at == current else "$muted", at))
            parts.append((" ", "", -1))
        if last < len(tabs):
            parts.append((f"+{len(tabs) - last}", "$faint", -1))
        return parts

    def _last(self, tabs: Sequence[str], first: int) -> int:
        """Behind which tab the line is full, if it begins with the one at `first`; one at least fits."""
        room = self.size.width - 2
        for at in range(first, len(tabs)):
            room -= cell_len(tabs[at]) + 1
            left_out = 3 if at + 1 < len(tabs) else 0
            if room < left_out and at > first:
                return at
        return len(tabs)

    def on_click(self, event: events.Click) -> None:
        x = 0
        for text, _, at in self._parts():
            x += cell_len(text)
            if event.x < x:
                if at >= 0:
                    self.post_message(self.Chosen(at))
                return
