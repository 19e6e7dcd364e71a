"""A page to read: blocks of lines, drawn only where they are seen, and a cursor among some of them.

An issue's page, the activity, the trash, a preview, both sides of a conflict: each says how it lays its
blocks out in a width. Where one reads, and the cursor, stay with their blocks when that is done anew.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import ClassVar

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from rhythm_tui.background import job
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.looks.blocks import Block, Layout
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.markdown import ISSUE, LINK
from rhythm_tui.widgets.glow import Glow
from rhythm_tui.widgets.theming import Themed, colours_of

_CONSOLE = Console(file=StringIO(), width=80)

STEP = 2
"""Lines that a key goes on where there is nothing for the cursor to stop at."""

AHEAD = 40
"""Lines that are left before more are asked for."""


class Document(ScrollView, Commanding, Themed, can_focus=True):
    """Show a page with `show`."""

    # A scrollbar that comes and goes would change the width, and with it every line.
    DEFAULT_CSS = """
    Document { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    GUTTER: ClassVar[int] = 2
    """Cells before each line, for the cursor's bar."""

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """A block was opened, by its id."""

        document: Document
        id: Hashable

        @property
        def control(self) -> Document:
            return self.document

    @dataclass(eq=False, repr=False)
    class EndSeen(Message):
        """The end of the page is near: if there is more, now is the time."""

        document: Document

        @property
        def control(self) -> Document:
            return self.document

    @dataclass(eq=False, repr=False)
    class LinkPressed(Message):
        """A link was pressed; its address may be followed."""

        address: str

    @dataclass(eq=False, repr=False)
    class KeyPressed(Message):
        """The key of an issue was pressed where a text mentions it."""

        key: str

    def __init__(self, *, id: str | None = None, classes: str | None = None, opens: str = "") -> None:
        """`opens` says in the bottom line what opening a block does, if that is not to open it."""
        super().__init__(id=id, classes=classes)
        self._opens = opens
        self._layout: Layout = lambda _width, _colours: ()
        self._heavy = False
        self._blocks: Sequence[Block] = ()
        self._starts: list[int] = []
        self._places: dict[Hashable, int] = {}
        self._lines: list[Text] = []
        self._cursor: Hashable | None = None
        self.glow = Glow[Hashable](self, lambda _: self.refresh())
        self._asked_at = -1
        self._under_way = False
        self._end_wanted = False

    # What it shows ---------------------------------------------------------------------------------------

    def show(self, layout: Layout, *, heavy: bool = False, top: bool = False) -> None:
        """Shows a page. With `top` from its beginning, else one goes on reading where one was.

        One that is `heavy`, of a long text, is laid out beside the loop.
        """
        self._layout, self._heavy = layout, heavy
        self._lay_out(top=top)

    def _lay_out(self, *, top: bool = False) -> None:
        width = self.scrollable_content_region.width - self.GUTTER - 1
        if width < 1:
            return
        colours = colours_of(self)
        if self._heavy:
            work = job(self._lay_out_beside, self._layout, width, colours, top=top)
            self.run_worker(work, group="layout", exclusive=True, description="lays a long text out")
        else:
            self.workers.cancel_group(self, "layout")
            self._place(self._layout(width, colours), top=top)

    async def _lay_out_beside(self, layout: Layout, width: int, colours: Colours, *, top: bool) -> None:
        self._under_way = True
        try:
            blocks = await asyncio.to_thread(layout, width, colours)
        finally:
            self._under_way = False
        self._place(blocks, top=top)

    def _place(self, blocks: Sequence[Block], *, top: bool) -> None:
        anchor, into = self._anchor() if not top else (None, 0)
        self._blocks = [block for block in blocks if block.lines]
        self._starts, self._lines = [], []
        for block in self._blocks:
            self._starts.append(len(self._lines))
            self._lines.extend(block.lines)
        self._places = {block.id: at for at, block in enumerate(self._blocks)}
        self._asked_at = -1
        if self._cursor not in self._places:
            self._set_cursor(None)
        self.virtual_size = Size(0, len(self._lines))
        place = self._places.get(anchor) if anchor is not None else None
        if top:
            self._set_cursor(None)
            self.scroll_to(y=0, animate=False, immediate=True, force=True)
        elif place is not None:
            self.scroll_to(y=self._starts[place] + into, animate=False, immediate=True, force=True)
        if self._end_wanted:
            self.to_bottom()
        self.refresh()
        self._look_ahead()

    def _anchor(self) -> tuple[Hashable | None, int]:
        """The block in the first line that is seen, and how far into it that is."""
        top = int(self.scroll_offset.y)
        at = self._at(top)
        return (self._blocks[at].id, top - self._starts[at]) if at is not None and top else (None, 0)

    def _at(self, line: int) -> int | None:
        """Which block a line is of."""
        if not 0 <= line < len(self._lines):
            return None
        return bisect_right(self._starts, line) - 1

    # The cursor --------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> Hashable | None:
        """The block under the cursor, by its id."""
        return self._cursor

    def go_to(self, id: Hashable) -> None:
        """Puts the cursor on a block and brings it into view."""
        if id in self._places:
            self._set_cursor(id)
            self._reveal(id)

    def show_from(self, id: Hashable) -> None:
        """Scrolls so that a block is the first that is seen."""
        if (place := self._places.get(id)) is not None:
            self.scroll_to(y=self._starts[place], animate=False, immediate=True, force=True)

    def _set_cursor(self, id: Hashable | None) -> None:
        if id != self._cursor:
            self._cursor = id
            self.refresh()

    def _span(self, place: int) -> tuple[int, int]:
        start = self._starts[place]
        return start, start + len(self._blocks[place].lines)

    @property
    def _view(self) -> tuple[int, int]:
        top = int(self.scroll_offset.y)
        return top, top + max(1, self.scrollable_content_region.height)

    def _reveal(self, id: Hashable) -> None:
        """Scrolls as little as shows the whole block, or its beginning if it is too long."""
        start, end = self._span(self._places[id])
        top, bottom = self._view
        if start < top:
            self.scroll_to(y=start, animate=False, immediate=True, force=True)
        elif end > bottom:
            self.scroll_to(y=min(start, end - (bottom - top)), animate=False, immediate=True, force=True)

    @property
    def _stops(self) -> list[int]:
        return [at for at, block in enumerate(self._blocks) if block.stop]

    def _step(self, direction: int) -> None:
        """Goes to the next block to stop at, if it is in sight; else reads on."""
        top, bottom = self._view
        here = self._places.get(self._cursor) if self._cursor is not None else None
        if here is not None and not (self._span(here)[0] < bottom and self._span(here)[1] > top):
            here = None  # It was scrolled away from.
        stops = self._stops
        if direction > 0:
            behind = (at for at in stops if (at > here if here is not None else self._span(at)[0] >= top))
            place = next(behind, None)
            near = place is not None and self._span(place)[0] < bottom
            read = here is None or self._span(here)[1] <= bottom
        else:
            stops = stops[::-1]
            before = (at for at in stops if (at < here if here is not None else self._span(at)[1] <= bottom))
            place = next(before, None)
            near = place is not None and self._span(place)[1] > top
            read = here is None or self._span(here)[0] >= top
        if place is not None and near and read:
            self._set_cursor(self._blocks[place].id)
            self._reveal(self._blocks[place].id)
        else:
            self.scroll_relative(y=direction * STEP, animate=False, immediate=True, force=True)

    # Keys --------------------------------------------------------------------------------------------------

    @handles("list.down")
    def move_down(self) -> None:
        self._step(1)

    @handles("list.up")
    def move_up(self) -> None:
        self._step(-1)

    @handles("list.page_down")
    def page_down(self) -> None:
        self.scroll_relative(y=max(1, self.size.height // 2), animate=False, immediate=True, force=True)
        self._follow()

    @handles("list.page_up")
    def page_up(self) -> None:
        self.scroll_relative(y=-max(1, self.size.height // 2), animate=False, immediate=True, force=True)
        self._follow()

    @handles("list.top")
    def to_top(self) -> None:
        self.scroll_to(y=0, animate=False, immediate=True, force=True)
        first = next((at for at in self._stops if self._starts[at] < self._view[1]), None)
        self._set_cursor(None if first is None else self._blocks[first].id)

    @handles("list.bottom")
    def to_bottom(self) -> None:
        self._end_wanted = self._under_way  # What is laid out so far is only the beginning.
        self.scroll_to(y=len(self._lines), animate=False, immediate=True, force=True)
        if stops := self._stops:
            self._set_cursor(self._blocks[stops[-1]].id)

    def _follow(self) -> None:
        """Takes the cursor along to what is seen, where every line is a stop."""
        if self._cursor is None or not (stops := self._stops):
            return
        top, bottom = self._view
        start, end = self._span(self._places[self._cursor])
        if end <= top or start >= bottom:
            seen = [at for at in stops if self._span(at)[0] >= top and self._span(at)[0] < bottom]
            if seen:
                self._set_cursor(self._blocks[seen[0] if end <= top else seen[-1]].id)

    def label_of(self, command: Command) -> str:
        return self._opens if command.id == "list.open" and self._opens else super().label_of(command)

    def why_not(self, command: Command) -> str | None:
        nothing = command.id == "list.open" and self._cursor is None
        return "there is nothing here to open" if nothing else super().why_not(command)

    @handles("list.open")
    def open(self) -> None:
        if self._cursor is not None:
            self.post_message(self.Opened(self, self._cursor))

    def next_part(self) -> None:
        """Goes to the first stop of the next kind: from sub-issues to links, to comments, and around."""
        stops = self._stops
        if not stops:
            return
        kinds = [_kind(self._blocks[at].id) for at in stops]
        now = _kind(self._cursor) if self._cursor is not None else None
        order = list(dict.fromkeys(kinds))
        kind = order[(order.index(now) + 1) % len(order)] if now in order else order[0]
        self.go_to(self._blocks[stops[kinds.index(kind)]].id)

    # Mouse -------------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        if address := event.style.meta.get(LINK):
            self.post_message(self.LinkPressed(address))
            return
        if key := event.style.meta.get(ISSUE):
            self.post_message(self.KeyPressed(key))
            return
        place = self._at(int(self.scroll_offset.y) + event.y)
        if place is not None and self._blocks[place].stop:
            self._set_cursor(self._blocks[place].id)
            if event.chain == 2:
                self.open()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        gutter = " " * self.GUTTER
        text = selection.extract("\n".join(gutter + line.plain for line in self._lines))
        return text.replace(f"\n{gutter}", "\n"), "\n"

    # Drawing -----------------------------------------------------------------------------------------------

    def draw_anew(self) -> None:
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def watch_has_focus(self, _focused: bool) -> None:
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    def _look_ahead(self) -> None:
        if self._lines and self._view[1] + AHEAD >= len(self._lines) and self._asked_at != len(self._lines):
            self._asked_at = len(self._lines)
            self.post_message(self.EndSeen(self))

    def render_line(self, y: int) -> Strip:
        line = int(self.scroll_offset.y) + y
        width = self.size.width
        colours = colours_of(self)
        place = self._at(line)
        if place is None:
            return Strip.blank(width, self.rich_style)
        block = self._blocks[place]
        here = block.stop and block.id == self._cursor
        ground = self.rich_style
        who = self.glow.who(block.id)
        if here:
            cursor = "block-cursor-background" if self.has_focus else "block-cursor-blurred-background"
            ground = colours.style("foreground", cursor)
        elif who is not None:
            ground = colours.style("foreground", "glow")
        bar = Segment("▌" if here else " ", Style(color=colours.of("primary")))
        segments = [bar, Segment(" " * (self.GUTTER - 1)), *_segments(self._lines[line])]
        if who and line == self._starts[place]:
            segments.append(Segment(f"  ← {who}", Style(color=colours.of("warning"), bold=True)))
        strip = Strip(segments).apply_style(ground).adjust_cell_length(width, ground)
        if (selection := self.text_selection) is not None and (span := selection.get_span(line)) is not None:
            strip = _selected(strip, span, self.screen.get_component_rich_style("screen--selection"))
        return strip.apply_offsets(0, line)

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh(Region(0, 0, *self.size))


def _segments(line: Text) -> Iterable[Segment]:
    """A line in its styles; Rich leaves the style of the whole out where there is no other."""
    if line.spans or not isinstance(line.style, Style):
        return line.render(_CONSOLE)
    return [Segment(line.plain, line.style)]


def _kind(id: Hashable) -> Hashable:
    """What sort of block it is: ids are pairs of that and a number, or a word."""
    return id[0] if isinstance(id, tuple) else id


def _selected(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    start, end = span
    end = strip.cell_length if end == -1 else min(end, strip.cell_length)
    parts = [part for part in strip.divide([min(start, end), end, strip.cell_length]) if part]
    return Strip.join([part.apply_style(style) if at == 1 else part for at, part in enumerate(parts)])
