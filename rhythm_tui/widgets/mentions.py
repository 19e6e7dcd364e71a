"""Names to choose from while one types @ and a letter of one; they hang below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from textual import on
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from rhythm_domain.models import PersonRef
from rhythm_domain.text import findable, shown
from rhythm_tui.holding.mentions import begun, offered
from rhythm_tui.looks.colours import Colours
from rhythm_tui.widgets.text_editor import TextEditor
from rhythm_tui.widgets.theming import colours_of

MOST = 30
"""People who are offered at once."""


WIDE = 44
"""Cells of it."""


class Mentions(OptionList):
    """Offers `people` in a text. Tab or enter takes one, escape leaves it; all other keys are the text's.

    `down` and `up` are keys that move in it beside the arrows.
    """

    @dataclass(eq=False, repr=False)
    class Turned(Message):
        """It is shown, or not any more."""

        here: bool

    def __init__(self, area: TextEditor, down: Collection[str] = (), up: Collection[str] = ()) -> None:
        super().__init__(compact=True)
        self.can_focus = self.display = False
        self.styles.width = WIDE
        self.people: Sequence[PersonRef] = ()
        self._area = area
        self._steps = {**dict.fromkeys(("down", *down), 1), **dict.fromkeys(("up", *up), -1)}
        self._found: list[PersonRef] = []
        self._typed = ""
        self._left: tuple[int, int] | None = None
        """Where a name begins that nobody wants to be asked about any more."""

    def on_mount(self) -> None:
        self._area.completion = self
        self.watch(self._area, "has_focus", self._leave_with_focus, init=False)

    def _leave_with_focus(self, has_focus: bool) -> None:
        if not has_focus:
            self._turn(here=False)

    @property
    def _start(self) -> tuple[int, int]:
        row, column = self._area.cursor_location
        return row, column - len(self._typed) - 1

    def follow(self, *, typed: bool) -> None:
        """The text or its cursor changed; only where somebody `typed` does it come up."""
        row, column = self._area.cursor_location
        document = self._area.document
        if "@" not in document.get_line(row)[:column] or not self._area.selection.is_empty:
            self._typed = ""
        else:
            before = [*document.lines[:row], document.get_line(row)[:column]]
            self._typed = begun(before)
        if self._left is not None and (not self._typed or self._start != self._left):
            self._left = None
        found = offered(self.people, self._typed)[:MOST] if self._typed and self._left is None else []
        is_whole = len(found) == 1 and found[0].name == findable(self._typed)
        if is_whole or not (typed or self.display):
            found = []
        if found != self._found:
            self._found = found
            colours = colours_of(self)
            self.clear_options()
            self.add_options(Option(_look(who, colours)) for who in found)
            self.highlighted = 0 if found else None
        if found:
            x, y = self._area.cursor_screen_offset
            room = self._area.region.right - WIDE
            self.absolute_offset = Offset(max(0, min(x - len(self._typed) - 1, room)), y)
        self._turn(here=bool(found))

    def _turn(self, *, here: bool) -> None:
        if here is not self.display:
            self.display = here
            self.post_message(self.Turned(here))

    def steer(self, key: str) -> bool:
        """Does what a key does here; whether it does anything."""
        if not self.display:
            return False
        if step := self._steps.get(key):
            self.action_cursor_down() if step > 0 else self.action_cursor_up()
        elif key == "escape":
            self._left = self._start
            self._turn(here=False)
        elif key == "enter" and self._found[self.highlighted or 0].name == findable(self._typed):
            self._turn(here=False)  # It is all there: the line ends.
            return False
        elif key in ("tab", "enter"):
            self._take(self._found[self.highlighted or 0])
        else:
            return False
        return True

    @on(OptionList.OptionSelected)
    def _pressed(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._area.focus()
        self._take(self._found[event.option_index])

    def _take(self, who: PersonRef) -> None:
        area, start = self._area, self._start
        row, column = area.cursor_location
        behind = area.document.get_line(row)[column:]
        # What stands behind is the rest of this very name, or it is not of it and stays.
        end = who.name.removeprefix(findable(self._typed))
        rest = len(end) if behind.startswith(end) and not behind[len(end) :][:1].isalnum() else 0
        blank = "" if behind[rest:].startswith(" ") else " "
        self._turn(here=False)
        taken = area.replace(
            f"@{who.name}{blank}", start, (row, column + rest), maintain_selection_offset=False
        )
        end_row, end_column = taken.end_location
        area.move_cursor((end_row, end_column + (not blank)))


def _look(who: PersonRef, colours: Colours) -> Content:
    return Content.assemble(
        (shown(who.name), colours.person(who)), (f"  {shown(who.display_name)}", "$muted")
    )
