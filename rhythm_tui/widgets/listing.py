"""A list of lines of any kind: one widget that draws the lines that are seen, narrowed down by typing.

For lists that are held whole: projects, members, labels, sign-ins. The endless list of issues has a widget of
its own (`issue_table.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rhythm_domain.text import findable
from rhythm_tui import clock
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.columns import GAP, View
from rhythm_tui.looks.presentation import Piece, cells, fitted
from rhythm_tui.widgets.theming import Themed, colours_of

T = TypeVar("T")

GUTTER = 2
"""Cells before the first column: the cursor's bar, and a blank."""


@dataclass(frozen=True)  # No slots: with them Python 3.11 can't make one whose type is written out.
class Field(Generic[T]):
    """A column. `width` in cells; None takes what is left. `least` is what that one needs; `keep` says how
    long it stays as the list gets narrower: the lowest goes first.
    """

    heading: str
    width: int | None
    draw: Callable[[T, View], list[Piece]]
    keep: int = 100
    right: bool = False
    least: int = 16


class Listing(ScrollView, Commanding, Themed, Generic[T], can_focus=True):
    """Lines with headings. The cursor follows what it is on by `identity` through every `show`."""

    @dataclass(eq=False, repr=False)
    class Highlighted(Message):
        """The cursor is on another line, or on none."""

        listing: Listing[Any]

        @property
        def control(self) -> Listing[Any]:
            return self.listing

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """A line was opened."""

        listing: Listing[Any]

        @property
        def control(self) -> Listing[Any]:
            return self.listing

    DEFAULT_CLASSES: ClassVar[str] = "lines"

    def __init__(
        self,
        fields: Sequence[Field[T]],
        *,
        identity: Callable[[T], Hashable],
        words: Callable[[T], str],
        faded: Callable[[T], bool] = lambda _: False,
        empty: str = "Nothing here.",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.empty = empty
        self.now: Callable[[], datetime] = clock.now
        self.typed = ""
        """What the list is narrowed down by."""
        self._fields = fields
        self._identity, self._words, self._faded = identity, words, faded
        self._all: Sequence[T] = ()
        self._items: Sequence[T] = ()
        self._cursor = 0

    def become(
        self,
        fields: Sequence[Field[T]],
        identity: Callable[[T], Hashable],
        words: Callable[[T], str],
        faded: Callable[[T], bool],
        empty: str,
    ) -> None:
        """Turns into a list of another kind, empty for now."""
        self._fields, self._identity, self._words, self._faded = fields, identity, words, faded
        self.empty, self.typed = empty, ""
        self._all = self._items = ()
        self._cursor = 0

    # What it shows ---------------------------------------------------------------------------------------

    def show(self, items: Sequence[T]) -> None:
        """Shows these lines, narrowed down as before; the cursor stays on what it is on."""
        self._all = items
        self._narrowed()

    def narrow(self, typed: str) -> None:
        """Shows only the lines that have all words of a text."""
        self.typed = typed
        self._narrowed()

    def _narrowed(self) -> None:
        before, words = self.item, findable(self.typed).split()
        self._items = [
            item for item in self._all if all(word in findable(self._words(item)) for word in words)
        ]
        self.draw_anew()
        if before is None or not self.go_to(self._identity(before)):
            self._go(self._cursor)

    @property
    def items(self) -> Sequence[T]:
        """The lines that are shown, in their order."""
        return self._items

    @property
    def item(self) -> T | None:
        """What the cursor is on."""
        return self._items[self._cursor] if self._cursor < len(self._items) else None

    def go_to(self, identity: Hashable) -> bool:
        """Puts the cursor on a line; whether it is shown."""
        place = next((at for at, item in enumerate(self._items) if self._identity(item) == identity), None)
        if place is not None:
            self._go(place)
        return place is not None

    # Moving ----------------------------------------------------------------------------------------------

    @handles("list.down")
    def move_down(self) -> None:
        self._go(self._cursor + 1)

    @handles("list.up")
    def move_up(self) -> None:
        self._go(self._cursor - 1)

    @handles("list.page_down")
    def page_down(self) -> None:
        self._go(self._cursor + max(1, self._height // 2))

    @handles("list.page_up")
    def page_up(self) -> None:
        self._go(self._cursor - max(1, self._height // 2))

    @handles("list.top")
    def to_top(self) -> None:
        self._go(0)

    @handles("list.bottom")
    def to_bottom(self) -> None:
        self._go(len(self._items) - 1)

    def why_not(self, command: Command) -> str | None:
        return "there is nothing here to open" if command.id == "list.open" and self.item is None else None

    @handles("list.open")
    def open(self) -> None:
        if self.item is not None:
            self.post_message(self.Opened(self))

    def _go(self, place: int) -> None:
        self._cursor = max(0, min(place, len(self._items) - 1))
        top, height = self.scroll_offset.y, self._height
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True, force=True)
        self.refresh()
        self.post_message(self.Highlighted(self))

    def on_click(self, event: events.Click) -> None:
        place = self.scroll_offset.y + event.y - 1
        if event.y and place < len(self._items):
            self._go(place)
            if event.chain == 2:
                self.open()

    # Drawing ---------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self.set_interval(60, self.refresh)

    def on_resize(self) -> None:
        self.draw_anew()
        self._go(self._cursor)

    def draw_anew(self) -> None:
        self.virtual_size = Size(0, len(self._items) + 1)
        self.refresh()

    @property
    def _height(self) -> int:
        """Lines for items."""
        return max(1, self.scrollable_content_region.height - 1)

    @property
    def colours(self) -> Colours:
        """The theme's colours."""
        return colours_of(self)

    def _laid_out(self) -> list[tuple[Field[T], int]]:
        """The columns that fit, each with its width: those that matter least give way first."""
        width = self.scrollable_content_region.width - GUTTER - 1
        fields = list(self._fields)
        while True:
            left = width - sum(field.width or 0 for field in fields) - GAP * (len(fields) - 1)
            least = next((field.least for field in fields if field.width is None), 0)
            if left >= least or len(fields) == 1:
                return [(field, max(left, 1) if field.width is None else field.width) for field in fields]
            fields.remove(
                min((each for each in fields if each.width is not None), key=lambda each: each.keep)
            )

    def render_line(self, y: int) -> Strip:
        colours, width = self.colours, self.scrollable_content_region.width
        plain = colours.style("muted", "background")
        place = self.scroll_offset.y + y - 1
        if y == 0:
            segments = [Segment(" " * GUTTER, plain)]
            for field, wide in self._laid_out():
                segments.append(
                    Segment(fitted(field.heading, wide, "right" if field.right else "left"), plain)
                )
                segments.append(Segment(" " * GAP, plain))
            return Strip(segments).adjust_cell_length(width, plain)
        if place < len(self._items):
            return self._line(place)
        if not self._items and y == 2:
            empty = "Nothing is like that. esc shows all again." if self.typed else self.empty
            return Strip([Segment(fitted(" " * GUTTER + empty, width), plain)], width)
        return Strip.blank(width, colours.style("foreground", "background"))

    def _line(self, place: int) -> Strip:
        item, colours = self._items[place], self.colours
        on_cursor = place == self._cursor
        lit = "block-cursor-background" if self.has_focus else "block-cursor-blurred-background"
        ground = lit if on_cursor else "background"
        view = View(colours, self.now())
        blank = colours.style("foreground", ground)
        segments = [Segment("▌ " if on_cursor else "  ", colours.style("primary", ground))]
        for field, width in self._laid_out():
            pieces = field.draw(item, view)
            if self._faded(item):
                pieces = [Piece(piece.text, "muted") for piece in pieces]
            segments += cells(pieces, width, colours, ground, right=field.right)
            segments.append(Segment(" " * GAP, blank))
        return Strip(segments).adjust_cell_length(self.scrollable_content_region.width, blank)
