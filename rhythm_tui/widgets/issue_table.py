"""The issue table: one widget for a list of any length, of which the lines that are seen are drawn.

It holds a window of the list (`rows.py`) and asks for more with `MoreWanted` before the end is reached. The
cursor, the marks and the scroll position follow issues by their ids through every refresh. How it looks is
said in `table_canvas.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.message import Message
from textual.timer import Timer

from rhythm_domain.models import IssueRow, Page
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.holding.rows import Reading, Window
from rhythm_tui.looks.wording import NO_ISSUE
from rhythm_tui.widgets.glow import Glow
from rhythm_tui.widgets.table_canvas import TableCanvas, longest_key

AHEAD = 150
"""Rows that are left before more are asked for."""

CALM = 1.0
"""Seconds for which a list was shown before more of it is asked for unless one moves in it: while one types
there is another with each letter.
"""


class IssueTable(TableCanvas, Commanding, can_focus=True):
    """Issues as lines. Show a list with `show`, go on with `extend`."""

    @dataclass(eq=False, repr=False)
    class Highlighted(Message):
        """The cursor is on another issue, or on none."""

        row: IssueRow | None

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """An issue was opened."""

        row: IssueRow

    @dataclass(eq=False, repr=False)
    class MoreWanted(Message):
        """The page behind the window or before it is needed."""

        table: IssueTable
        direction: Literal["next", "previous"]

    @dataclass(eq=False, repr=False)
    class EndWanted(Message):
        """The first or the last page of the list is needed; where the window holds it none is asked for."""

        table: IssueTable
        direction: Literal["first", "last"]

    @dataclass(eq=False, repr=False)
    class SortWanted(Message):
        """The heading of a column was pressed; its order in the search language."""

        order: str

    class MarksChanged(Message):
        """Other issues are marked."""

    DEFAULT_CLASSES: ClassVar[str] = "lines"

    def __init__(self, *, id: str | None = None, empty: str = "Nothing here.") -> None:
        super().__init__(id=id, empty=empty)
        self.glow = Glow[int](self, self.redraw)
        self._range_from: int | None = None
        self._asked: set[str] = set()
        self._calm: Timer | None = None

    # What it shows ---------------------------------------------------------------------------------------

    def show(
        self,
        page: Page[IssueRow],
        reading: Reading | None = None,
        behind: Page[IssueRow] | None = None,
        *,
        keep: bool = False,
        stay: bool = False,
        steady: bool = False,
    ) -> None:
        """Shows a page of a list, and how it was read: from the start, if that is not said; and the page
        `behind` it, if that was read too.

        With `keep` the cursor stays on its issue if that is there, and on its line in any case; with `stay`,
        for another list, only if it is there. Else it goes to the first row, or to the last of a list that
        was read from its end. With `keep`, or with `steady` as while one types, the columns stay as they are;
        else see `fit_columns`.
        """
        reading = reading or Reading()
        before = self.row
        line = self.cursor - self.scroll_offset.y
        self.window = Window(page, reading)
        if behind is not None:
            self.window.append(behind)
        self._know(self.window)
        same = keep or steady
        if same:
            self._longest_key = max(longest_key(self.window), self._longest_key)
        else:
            self.fit_columns()
        self._asked.clear()
        self._gone.clear()
        self.draw_anew()
        if self.window.previous is None and self.window.next is None:
            self.keep_marks([row.id for row in self.window])
        place = self.window.place(before.id) if (keep or stay) and before else None
        if keep and before and place is None:
            place = min(self.cursor, len(self.window) - 1) if self.window else None
        if place is not None:
            self.scroll_to(y=max(0, place - line), animate=False, immediate=True, force=True)
            self._put_cursor(place, told=before)
        else:
            self._range_from = None
            self._put_cursor(len(self.window) - 1 if reading.last else 0, told=None)
        if self._calm is not None:
            self._calm.stop()
        self._calm = self.set_timer(CALM, self._look_ahead)

    def extend(self, page: Page[IssueRow], direction: Literal["next", "previous"]) -> None:
        """Adds a page behind the window or before it. What is seen does not move."""
        self._asked.discard(direction)
        self._know(page.items)
        shift = -self.window.append(page) if direction == "next" else self.window.prepend(page)
        if (longest := longest_key(page.items)) > self._longest_key:
            self._longest_key = longest
            self._lay_out_anew()
        self._resize()
        if shift:
            self.set_reactive(IssueTable.cursor, self.cursor + shift)
            self.scroll_to(y=self.scroll_offset.y + shift, animate=False, immediate=True, force=True)
        self.refresh()

    def ask_again(self, direction: Literal["next", "previous"]) -> None:
        """A page that was wanted did not come: it is wanted again as soon as one moves."""
        self._asked.discard(direction)

    def replace(self, rows: Sequence[IssueRow]) -> frozenset[int]:
        """Draws newer states of issues; those that the table holds."""
        changed = self.window.replace(rows)
        self._know(rows)
        self.redraw(changed)
        return changed

    def _know(self, rows: Iterable[IssueRow]) -> None:
        """Has the marked issues as they were read last."""
        self.marks |= {row.id: row for row in rows if row.id in self.marks}

    def redraw(self, issues: Iterable[int]) -> None:
        """Draws some issues anew, as when a change of them is on its way."""
        for issue in issues:
            place = self.window.place(issue)
            if place is not None:
                for key in [key for key in self._drawn if key[0] == issue]:
                    del self._drawn[key]
                self._refresh_row(place)
                if place == self.cursor:
                    self.post_message(self.Highlighted(self.row))

    def put(self, row: IssueRow, at: int) -> None:
        """Puts an issue before the one at a place, or at the end; if it stands in the list, it moves there.

        What one looks at does not move: the issue under the cursor keeps its line.
        """
        self._gone.discard(row.id)
        self._rearrange(lambda: self._move(row, at), moved=row.id)

    def _move(self, row: IssueRow, at: int) -> None:
        before = self.window.place(row.id)
        if before is not None:
            self.window.take({row.id})
            at -= before < at
        self.window.insert(at, row)

    def take(self, issues: Iterable[int]) -> None:
        """Takes issues out of the list. From one that is gone the cursor goes to the next."""
        taken = set(issues)
        if gone := {issue for issue in taken if self.window.place(issue) is not None}:
            self._rearrange(lambda: self.window.take(gone))
        self.keep_marks(self.marks.keys() - taken)

    def _rearrange(self, change: Callable[[], None], moved: int | None = None) -> None:
        """Makes a change of the list around what one looks at: the issue under the cursor if it is seen and
        is not itself `moved`, else the first line.
        """
        told, top = self.row, self.scroll_offset.y
        seen = top <= self.cursor < top + self._height
        ids = [row.id for row in self.window]
        under = ids[self.cursor] if ids else None
        fixed = self.cursor if seen and under != moved else top
        change()
        cursor = self._first_of(ids[self.cursor :])
        place = self._first_of([issue for issue in ids[fixed:] if issue != moved])
        self._resize()
        self.set_reactive(IssueTable.cursor, cursor)
        self.scroll_to(y=max(0, place - (fixed - top)), animate=False, immediate=True, force=True)
        if seen:
            self._keep_in_view()
        self.refresh()
        if told is None or self.row is None or told.id != self.row.id:
            self.post_message(self.Highlighted(self.row))

    def _first_of(self, ids: Sequence[int]) -> int:
        """Where the first of some issues that is still in the list stands; the last line if none is."""
        places = (self.window.place(issue) for issue in ids)
        return next((place for place in places if place is not None), max(0, len(self.window) - 1))

    def leave(self, issues: Iterable[int]) -> None:
        """Draws issues that are not of the list any more as such, until it is read anew."""
        gone = set(issues)
        self._gone |= gone
        self.redraw(gone)
        self.keep_marks(self.marks.keys() - gone)

    @property
    def row(self) -> IssueRow | None:
        """The issue under the cursor, as it is shown."""
        return self.shown(self.window[self.cursor]) if self.cursor < len(self.window) else None

    @property
    def targets(self) -> list[IssueRow]:
        """What a command is about: the marked issues that were read, else the one under the cursor."""
        if self.marks:
            return [self.shown(row) for row in self.marks.values() if row is not None]
        return [self.row] if self.row else []

    def unmark(self) -> None:
        """Takes all marks away."""
        if self.marks or self._range_from is not None:
            self.marks.clear()
            self._range_from = None
            self.draw_anew()
            self.post_message(self.MarksChanged())

    # Moving ----------------------------------------------------------------------------------------------

    @handles("list.down")
    def move_down(self) -> None:
        self._go(self.cursor + 1)

    @handles("list.up")
    def move_up(self) -> None:
        self._go(self.cursor - 1)

    @handles("list.page_down")
    def page_down(self) -> None:
        self._go(self.cursor + max(1, self._height // 2))

    @handles("list.page_up")
    def page_up(self) -> None:
        self._go(self.cursor - max(1, self._height // 2))

    @handles("list.top")
    def to_top(self) -> None:
        if self.window.previous is None:
            self._go(0)
        else:
            self.post_message(self.EndWanted(self, "first"))

    @handles("list.bottom")
    def to_bottom(self) -> None:
        if self.window.next is None:
            self._go(len(self.window) - 1)
        else:
            self.post_message(self.EndWanted(self, "last"))

    def why_not(self, command: Command) -> str | None:
        return NO_ISSUE if command.id == "list.open" and self.row is None else None

    @handles("list.open")
    def open(self) -> None:
        if self.row:
            self.post_message(self.Opened(self.row))

    @handles("mark")
    def mark(self) -> None:
        if row := self.row:
            marks = {issue: known for issue, known in self.marks.items() if issue != row.id}
            self._set_marks(marks if row.id in self.marks else {**marks, row.id: row})
            self._go(self.cursor + 1)

    @handles("mark.range")
    def mark_range(self) -> None:
        if row := self.row:
            self._range_from = None if self._range_from is not None else row.id
            self._set_marks({**self.marks, row.id: row})

    def end_range(self) -> None:
        """Marks no further issues as the cursor moves; those that are marked stay."""
        self._range_from = None

    def go_to(self, issue: int) -> bool:
        """Puts the cursor on an issue; whether the window holds it."""
        place = self.window.place(issue)
        if place is not None:
            self._go(place)
        return place is not None

    def mark_all(self, issues: Iterable[int]) -> None:
        """Marks issues, also such as were not read."""
        places = {issue: self.window.place(issue) for issue in issues}
        self._set_marks(
            {issue: None if place is None else self.window[place] for issue, place in places.items()}
        )

    def keep_marks(self, issues: Iterable[int]) -> None:
        """Takes the marks of all other issues away: the list does not hold them any more."""
        kept = set(issues)
        if not self.marks.keys() <= kept:
            self._set_marks({issue: row for issue, row in self.marks.items() if issue in kept})

    def _set_marks(self, marks: dict[int, IssueRow | None]) -> None:
        changed = marks.keys() ^ self.marks.keys()
        self.marks = marks
        self.redraw(changed)
        self.post_message(self.MarksChanged())

    def _go(self, place: int) -> None:
        self._put_cursor(place, told=None)
        self._look_ahead()

    def _put_cursor(self, place: int, *, told: IssueRow | None) -> None:
        place = max(0, min(place, len(self.window) - 1))
        before, self.cursor = self.cursor, place
        start = self.window.place(self._range_from) if self._range_from is not None else None
        if start is not None:
            first, last = sorted((start, place))
            between = {self.window[at].id: self.window[at] for at in range(first, last + 1)}
            self._set_marks({**self.marks, **between})
        self._refresh_row(before)
        self._refresh_row(place)
        self._keep_in_view()
        if told is None or self.row is not told:
            self.post_message(self.Highlighted(self.row))

    def _keep_in_view(self) -> None:
        top, height = self.scroll_offset.y, self._height
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, immediate=True, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, immediate=True, force=True)

    def _look_ahead(self) -> None:
        if self.window.next and len(self.window) - self.scroll_offset.y - self._height < AHEAD:
            self._ask("next")
        if self.window.previous and self.scroll_offset.y < AHEAD:
            self._ask("previous")

    def _ask(self, direction: Literal["next", "previous"]) -> None:
        if direction not in self._asked:
            self._asked.add(direction)
            self.post_message(self.MoreWanted(self, direction))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._look_ahead()

    # Mouse -----------------------------------------------------------------------------------------------

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            for column, start, width in self.headings():
                if column.sort and start <= event.x < start + width:
                    self.post_message(self.SortWanted(column.sort))
            return
        place = self.scroll_offset.y + event.y - 1
        if place < len(self.window):
            self._go(place)
            if event.chain == 2 and self.row:
                self.post_message(self.Opened(self.row))

    def on_resize(self) -> None:
        if self.scrollable_content_region.width != self._width:  # Else it was drawn as wide as it is.
            self.draw_anew()
        self._keep_in_view()
