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

    current: reactive[str] = reactive("")
    names: reactive[Sequence[str]] = reactive(())

    @dataclass
    class Chosen(Message):
        """A tab was pressed: the view's place in the list."""

        at: int

    def show(self, names: Sequence[str]) -> None:
        """Shows these tabs."""
        self.names = tuple(names)

    def render(self) -> Content:
        return Content.assemble(*((text, style) for text, style, _ in self._parts()))

    def _parts(self) -> list[tuple[str, str, int]]:
        parts: list[tuple[str, str, int]] = [(" ", "", -1)]
        room = self.size.width - 8
        for at, name in enumerate(self.names):
            text = f" {truncated(shown(name), 24)} "
            if cell_len(text) + 1 > room:
                parts.append((f"+{len(self.names) - at}", "$foreground 40%", -1))
                break
            here = name == self.current
            parts.append((text, "bold $primary on $panel" if here else "$foreground 60%", at))
            parts.append((" ", "", -1))
            room -= cell_len(text) + 1
        return parts

    def on_click(self, event: events.Click) -> None:
        x = 0
        for text, _, at in self._parts():
            x += cell_len(text)
            if event.x < x:
                if at >= 0:
                    self.post_message(self.Chosen(at))
                return
