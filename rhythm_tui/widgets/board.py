"""The board: one widget that draws the lines that are seen, of any number of cards in any number of columns.

It shows `Cards` (`decks.py`) in columns abreast, each scrolled on its own, and with lanes as bands below each
other. Where things are is said in `board_space.py`, how they are drawn in `board_canvas.py`, what keys do in
`board_cursor.py`; here is what the mouse does: it presses, drags and scrolls.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.geometry import clamp
from textual.message import Message

from rhythm_tui.holding.decks import Spot
from rhythm_tui.widgets.board_canvas import Drag, Target
from rhythm_tui.widgets.board_cursor import BoardCursor
from rhythm_tui.widgets.board_space import HEAD

WHEEL = 2
"""Lines that a column moves by at a notch of the wheel."""


class BoardGrid(BoardCursor, can_focus=True):
    """Columns of cards."""

    @dataclass(eq=False, repr=False)
    class Dropped(Message):
        """Cards of a lane are to be put before the one at `place` of a column."""

        issues: tuple[int, ...]
        lane: str
        spot: Spot
        place: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._dropped = False

    def _lane_at(self, y: int) -> str | None:
        """The lane whose heading is on a line of the widget."""
        line = y - HEAD + self._scroll
        if not self._headed or not 0 <= y - HEAD < self._body:
            return None
        return next((band.lane for band in self._bands if band.headed and band.y == line), None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dropped = False
        if event.button != 1:
            return
        at = self._spot_at(event.x, event.y)
        box = self.seen.at(event.x)
        if at is None or box is None or box.collapsed:
            return
        spot, line = at
        place, inside = divmod(line, self._slot)
        deck = self._deck(spot)
        if inside and place < len(deck):
            self._go(spot, place)
            self.drag = Drag(
                deck.ids[place], spot.lane, (event.x - box.x, inside - 1), event.x, event.y, box.width
            )
            self.capture_mouse()
        elif not deck.ids:
            self._go(spot, 0)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        drag = self.drag
        if drag is None:
            return
        if not drag.moving and abs(event.x - drag.x) + abs(event.y - drag.y) < 2:
            return
        drag.moving, drag.x, drag.y = True, event.x, event.y
        self._scroll_while_dragging(event.x, event.y)
        drag.target = self._target(event.x, event.y)
        self.refresh()

    def _scroll_while_dragging(self, x: int, y: int) -> None:
        seen = self.seen
        if x <= 0 and seen.left:
            self._show_from(self._first - 1)
        elif x >= self.size.width - 1 and seen.right:
            self._show_from(self._first + 1)
        if y < HEAD or y >= HEAD + self._body - 1:
            self._wheel(x, clamp(y, HEAD, HEAD + self._body - 1), -1 if y < HEAD else 1)

    def _target(self, x: int, y: int) -> Target | None:
        y = clamp(y, HEAD, HEAD + self._body - 1)
        at, lane, box = self._spot_at(x, y), self._lane_at(y), self.seen.at(x)
        if lane in self.folded and box is not None:
            return Target(Spot(lane, box.status), 0)
        if at is None or self.drag is None:
            return None
        spot, line = at
        if spot.status.closed:
            return Target(spot, 0)
        return Target(spot, clamp((line + self._slot // 2) // self._slot, 0, len(self._deck(spot))))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        drag, self.drag = self.drag, None
        if drag is None:
            return
        self.release_mouse()
        self.refresh()
        self._dropped = drag.moving
        if drag.moving and (target := drag.target):
            issues = tuple(self.marks) if drag.issue in self.marks else (drag.issue,)
            self.post_message(self.Dropped(issues, drag.lane, target.spot, target.place))

    def on_click(self, event: events.Click) -> None:
        if self._dropped:
            return
        if event.chain == 2 and self._spot_at(event.x, event.y):
            self.open()
            return
        box = self.seen.at(event.x)
        if lane := self._lane_at(event.y):
            self._go(Spot(lane, self.spot.status), 0, heading=True)
            self.fold_lane(lane)
        elif self._railed and event.y == self.size.height - 1:
            self._turn(-1 if event.x < self.size.width // 2 else 1)
        elif box is not None and (box.collapsed or event.y < HEAD):
            self._go(Spot(self.spot.lane, box.status), 0)
            if box.collapsed:
                self.fold_column()

    def _turn(self, step: int) -> None:
        seen = self.seen
        if seen.left if step < 0 else seen.right:
            self._show_from(len(seen.left) + step)
            self._look_ahead()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(event.x, event.y, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(event.x, event.y, -1)

    def _wheel(self, x: int, y: int, step: int) -> None:
        """Scrolls the column under the mouse; where it is at its end, the lanes."""
        at = self._spot_at(x, y)
        if at is not None:
            spot = at[0]
            top = self._tops.get(spot, 0)
            new = clamp(top + step * WHEEL, 0, self._most_scrolled(spot))
            if new != top:
                self._tops[spot] = new
                self._refresh_column(spot)
                self._look_ahead()
                return
        if self._headed:
            most = max(0, self._bands[-1].end - self._body) if self._bands else 0
            self._scroll = clamp(self._scroll + step * WHEEL, 0, most)
            self.refresh()

    def cancel_drag(self) -> bool:
        """Lets the card go where it was; whether one was held."""
        held = self.drag is not None and self.drag.moving
        if self.drag is not None:
            self.drag = None
            self.release_mouse()
            self.refresh()
        return held
