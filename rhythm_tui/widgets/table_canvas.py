"""The issue table as it is drawn: which columns have room, their headings, and the lines that are seen.

A line is drawn once and kept until something of it changes. What is shown, and where the cursor goes, is said
in `issue_table.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown
from rhythm_tui import clock
from rhythm_tui.holding.rows import Window
from rhythm_tui.looks import issue_line
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.columns import CHOSEN, COLUMNS, NARROWER, Column, Layout, View, arranged, held
from rhythm_tui.looks.issue_line import GUTTER, Line, Spans
from rhythm_tui.looks.presentation import fitted
from rhythm_tui.widgets.glow import Glow
from rhythm_tui.widgets.theming import Themed, colours_of

KEPT = 400
"""Lines that are kept as they were drawn, some kilobytes each; twice as many as are seen, if that is more."""


def longest_key(rows: Iterable[IssueRow]) -> int:
    """Characters of the longest key of some issues."""
    return max((len(row.key) for row in rows), default=0)


class TableCanvas(ScrollView, Themed):
    """A window of a list, with a cursor and marks, as lines under headings."""

    cursor: reactive[int] = reactive(0, repaint=False)
    glow: Glow[int]

    def __init__(self, *, id: str | None, empty: str) -> None:
        super().__init__(id=id)
        self.window = Window()
        self.marks: dict[int, IssueRow | None] = {}
        """The marked issues, with their rows where they were read."""
        self.empty = empty
        self.shown: Callable[[IssueRow], IssueRow] = lambda row: row
        self.unsaved: Callable[[int], bool] = lambda _: False
        self.spans: Spans | None = None
        self.now: Callable[[], datetime] = clock.now
        self._columns: Sequence[str] = CHOSEN
        self._widths: Mapping[str, int] = {}
        self._longest_key = 0
        self._held: frozenset[str] = frozenset(COLUMNS)
        """The columns that had something to show of the list when it was opened."""
        self._layout: Layout | None = None
        self._width = 0
        """Cells that the columns were laid out for."""
        self._order = ("created", True)
        self._gone: set[int] = set()
        """Issues that are not of the list any more."""
        self._drawn: dict[tuple[int, str, bool], Strip] = {}

    # Columns ---------------------------------------------------------------------------------------------

    def fit_columns(self) -> None:
        """Lets columns that have nothing to show of what was read give way to the titles.

        Only here and where another list is shown do columns come and go: while one works through a list none
        moves, whoever changes what. What a column that gave way has to show stands at the end of the title.
        """
        self._held = frozenset[str]().union(*map(held, self.window)) or frozenset(COLUMNS)
        self._longest_key = longest_key(self.window)
        self._lay_out_anew()

    def _lay_out_anew(self) -> None:
        self._layout = None
        self._drawn.clear()
        self.refresh()

    @property
    def no_room(self) -> list[Column]:
        """The columns that were chosen and are not seen: the titles need the room."""
        layout = self._arranged()
        there = {*(column.id for column, _ in layout.columns), *(column.id for column in layout.aside)}
        return [COLUMNS[id] for id in self._columns if id not in there and NARROWER.get(id) not in there]

    @property
    def idle(self) -> list[Column]:
        """The columns that were chosen and gave way, as they had nothing to show of this list."""
        return list(self._arranged().aside)

    def choose_columns(self, ids: Sequence[str], widths: Mapping[str, int] | None = None) -> None:
        """Shows these columns, in their own order; `widths` has the cells of those that are not as usual."""
        if (tuple(ids), widths or {}) != (self._columns, self._widths):
            self._columns, self._widths = tuple(ids), widths or {}
            self.draw_anew()

    def say_order(self, key: str, *, descending: bool) -> None:
        """Says by which order the list is, for the headings; "" for the one that it always has there."""
        self._order = (key, descending)
        self.refresh()

    def headings(self) -> Iterable[tuple[Column, int, int]]:
        """The columns that are shown, where each begins and how wide it is, in cells."""
        start = GUTTER
        for column, width in self._arranged().columns:
            yield column, start, width
            start += width + column.gap

    def _arranged(self) -> Layout:
        if self._layout is None:
            usual = COLUMNS["key"].width or 0
            widths = {"key": max(usual, self._longest_key), **self._widths}
            self._width = self.scrollable_content_region.width
            empty = COLUMNS.keys() - self._held
            self._layout = arranged(self._columns, self._width - GUTTER - 1, widths, empty)
        return self._layout

    # Lines -----------------------------------------------------------------------------------------------

    def say_empty(self, words: str) -> None:
        """Says what stands there where there is no issue."""
        self.empty = words
        if not self.window:
            self.refresh()

    def on_mount(self) -> None:
        self.set_interval(60, self.draw_anew)

    def watch_has_focus(self, _focused: bool) -> None:
        self._refresh_row(self.cursor)

    def draw_anew(self) -> None:
        self._drawn.clear()
        self._layout = None
        self._resize()
        self.refresh()

    def _resize(self) -> None:
        self.virtual_size = Size(0, len(self.window) + 1)

    @property
    def _height(self) -> int:
        """Lines for rows."""
        return max(1, self.scrollable_content_region.height - 1)

    def _refresh_row(self, place: int) -> None:
        y = place - self.scroll_offset.y + 1
        if 0 < y <= self._height:
            self.refresh(Region(0, y, self.size.width, 1))

    @property
    def _colours(self) -> Colours:
        return colours_of(self)

    def render_line(self, y: int) -> Strip:
        if self.scrollable_content_region.width != self._width:  # Its scrollbar came or went: nobody says so.
            self._drawn.clear()
            self._layout = None
        if y == 0:
            return self._heading_line()
        place = self.scroll_offset.y + y - 1
        if place < len(self.window):
            return self._row_line(place)
        colours = self._colours
        width = self.scrollable_content_region.width
        if not self.window and y == 2:
            text = fitted(" " * GUTTER + shown(self.empty), width)
            return Strip([Segment(text, colours.style("muted", "background"))], width)
        return Strip.blank(width, colours.style("foreground", "background"))

    def _heading_line(self) -> Strip:
        width = self.scrollable_content_region.width
        ground = self._colours.style("muted", "background")
        segments = issue_line.heading(self._arranged(), *self._order, self._colours)
        return Strip(segments).adjust_cell_length(width, ground)

    def _row_line(self, place: int) -> Strip:
        row = self.window[place]
        on_cursor = place == self.cursor
        marked = row.id in self.marks
        if on_cursor:
            ground = "block-cursor-background" if self.has_focus else "block-cursor-blurred-background"
        elif self.glow.who(row.id) is not None:
            ground = "glow"
        else:
            ground = "background"
        unsaved = self.unsaved(row.id)
        key = (row.id, ground, marked)
        known = self._drawn.get(key)
        if known is not None and not unsaved:
            return known
        colours = self._colours
        line = Line(
            self.shown(row),
            ground,
            on_cursor=on_cursor,
            lit=self.has_focus,
            marked=marked,
            unsaved=unsaved,
            gone=row.id in self._gone,
            by=self.glow.who(row.id),
            spans=self.spans,
        )
        segments = issue_line.drawn(line, self._arranged(), View(colours, self.now()))
        width = self.scrollable_content_region.width
        strip = Strip(segments).adjust_cell_length(width, colours.style("foreground", ground))
        if not unsaved:
            if len(self._drawn) > max(KEPT, 2 * self.size.height):
                del self._drawn[next(iter(self._drawn))]
            self._drawn[key] = strip
        return strip
