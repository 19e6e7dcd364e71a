"""Some fields beside and below each other: one is chosen with the arrows or tab, and opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

LABEL = 10
"""Cells of a field's name."""

LEAST = 24
"""Cells that a field needs at least."""


class FieldGrid(Widget, can_focus=True):
    """Show values with `show`."""

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """A field is to be changed, by its name."""

        name: str

    def __init__(self, labels: Mapping[str, str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._labels = dict(labels)
        self._values: dict[str, Content] = {}
        self._at = 0
        self._wrong = ""

    def show(self, name: str, value: Content) -> None:
        """Shows a value of a field."""
        self._values[name] = value
        self.refresh()

    def mark(self, wrong: str) -> bool:
        """Marks a field as wrong, and goes there; none with an empty name. Whether there is such a field."""
        self._wrong = wrong
        names = list(self._labels)
        if wrong in names:
            self._at = names.index(wrong)
        self.refresh()
        return wrong in names

    def enter(self, *, last: bool = False) -> None:
        """Goes to the first field, or to the last one: that is where one comes in by tab."""
        self._at = len(self._labels) - 1 if last else 0
        self.refresh()

    @property
    def _columns(self) -> int:
        return max(1, min(3, self.content_region.width // LEAST))

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        columns = max(1, min(3, width // LEAST))
        return -(-len(self._labels) // columns)

    def render(self) -> Content:
        columns = self._columns
        width = max(1, self.content_region.width // columns)
        lines = [Content()]
        for at, (name, label) in enumerate(self._labels.items()):
            if at and at % columns == 0:
                lines.append(Content())
            here = at == self._at and self.has_focus
            style = "bold $error" if name == self._wrong else "bold $primary" if here else "$muted"
            bar = ("▌", "$primary") if here else ("!" if name == self._wrong else " ", "bold $error")
            field = Content.assemble(bar, (f"{label:<{LABEL}}", style), self._values.get(name, ""))
            field = field.truncate(width - 1, ellipsis=True)
            field = field.pad_right(max(0, width - field.cell_length))
            lines[-1] += field.stylize("on $block-cursor-background") if here else field
        return Content("\n").join(lines)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        steps = {
            "tab": 1, "shift+tab": -1,
            "left": -1, "h": -1, "right": 1, "l": 1,
            "up": -self._columns, "k": -self._columns, "down": self._columns, "j": self._columns,
        }  # fmt: skip
        if event.key in steps:
            at = self._at + steps[event.key]
            if not 0 <= at < len(self._labels):
                if event.key in ("tab", "down"):
                    self.screen.focus_next()
                elif event.key in ("shift+tab", "up"):
                    self.screen.focus_previous()
                else:
                    return
            else:
                self._at = at
                self.refresh()
        elif event.key in ("enter", "space"):
            self.post_message(self.Opened(list(self._labels)[self._at]))
        else:
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        width = max(1, self.content_region.width // self._columns)
        at = event.y * self._columns + min(event.x // width, self._columns - 1)
        if at < len(self._labels):
            self._at = at
            self.refresh()
            self.post_message(self.Opened(list(self._labels)[at]))
