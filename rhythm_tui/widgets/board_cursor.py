"""What keys do on the board: the cursor, marks, what is folded; and what is shown while cards come and go.

Cursor, marks and scroll positions follow issues by their ids through every change. What is to be read it asks
for with messages.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from textual.geometry import clamp
from textual.message import Message

from rhythm_domain.models import IssueRow, Status
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.holding.decks import Cards, Deck, Spot
from rhythm_tui.holding.lanes import Grouping, Lane
from rhythm_tui.looks.board_layout import Band
from rhythm_tui.widgets.board_canvas import BoardCanvas

AHEAD = 15
"""Cards that are left before more are asked for."""


class BoardCursor(BoardCanvas, Commanding):
    """A board on which keys move about."""

    @dataclass(eq=False, repr=False)
    class Opened(Message):
        """A card was opened."""

        row: IssueRow

    @dataclass(eq=False, repr=False)
    class MoreWanted(Message):
        """The page of a column behind what is held or in front of it is needed."""

        spot: Spot
        direction: Literal["next", "previous"]

    @dataclass(eq=False, repr=False)
    class EndWanted(Message):
        """The first or the last page of a column is needed."""

        spot: Spot
        direction: Literal["first", "last"]

    class LanesWanted(Message):
        """Lanes that are about to be seen were not read yet: see `unread_lane`."""

    class MarksChanged(Message):
        """Other cards are marked."""

    class Placed(Message):
        """The cursor was put on a card, or where there is none."""

    class ShapeChanged(Message):
        """Columns or lanes were collapsed or unfolded."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._carried: int | None = None
        self._range_from: int | None = None
        self._asked: set[tuple[Spot, str]] = set()

    # What it shows ---------------------------------------------------------------------------------------

    def show(self, cards: Cards, lanes: Sequence[Lane], statuses: Sequence[Status], *, keep: bool) -> None:
        """Shows a board. With `keep` the cursor stays on its card, if it is there."""
        self.cards, self.lanes, self.statuses = cards, lanes, statuses
        self.unread = {lane.id for lane in lanes if lane.by is not Grouping.NOTHING}
        self._asked.clear()
        self._tops.clear()
        self._range_from = None
        if not keep:
            self.issue, self._place, self._scroll, self.at_heading = None, 0, 0, False
        self._follow()
        self.draw_anew()
        if keep:
            self._keep_in_view()
        else:
            self.to_first_card()

    @contextmanager
    def changing(self, *, calm: bool) -> Iterator[None]:
        """While cards come, go and move.

        `calm` is for what others do: nothing that is seen moves, and the cursor stays on its card wherever
        that goes. Else it is the person's own change: the cursor stays in its column, unless it is carried.
        """
        anchors = {spot: self._anchor(spot, deck) for spot, deck in self.cards.decks.items()} if calm else {}
        lane = self._lane_seen() if calm else None
        yield
        for spot, anchor in anchors.items():
            if anchor is not None:
                self._hold(spot, *anchor)
        self._follow(stay=not calm and self.issue != self._carried)
        self._bands_known = None
        if lane is not None:
            self._scroll = max(0, self._scroll + self._band(lane.lane).y - lane.y)
        if not calm:
            self._keep_in_view()
        self.refresh()
        self._look_ahead()

    def carry(self, issue: int) -> None:
        """Puts the cursor on a card that is about to be moved, to go where it goes."""
        self.issue = self._carried = issue
        self._follow()

    def _lane_seen(self) -> Band | None:
        """The lane that is to stay where it is: the cursor's if it is seen, else the first that is."""
        if not self._headed:
            return None
        seen = [
            band for band in self._bands if self._scroll <= band.end and band.y < self._scroll + self._body
        ]
        own = next((band for band in seen if band.lane == self.spot.lane), None)
        return own or next(iter(seen), None)

    def _anchor(self, spot: Spot, deck: Deck) -> tuple[list[int], int] | None:
        """The cards from the first line that is seen on; how far it is scrolled into the first."""
        top = self._tops.get(spot, 0)
        if top == 0 and not (spot == self.spot and self.issue is not None):
            return None
        first = top // self._slot
        if top == 0:  # What comes in above the cursor must not push it down.
            return deck.ids[:1], 0
        return deck.ids[first : first + 20], top % self._slot

    def _hold(self, spot: Spot, cards: list[int], inside: int) -> None:
        deck = self.cards.decks.get(spot)
        if deck is not None:
            for number, issue in enumerate(cards):
                place = deck.place(issue)
                if place is not None:
                    self._tops[spot] = max(0, (place - number) * self._slot + inside)
                    return

    def _follow(self, *, stay: bool = False) -> None:
        """Puts the cursor where its card is now; if it is nowhere, or is to `stay` in its column, on what
        stands in its place. On a heading it stays.
        """
        if self.statuses and self.spot.status not in self.statuses:
            self.spot = self.spot._replace(status=self.statuses[0])
        if all(lane.id != self.spot.lane for lane in self.lanes) and self.lanes:
            self.spot = self.spot._replace(lane=self.lanes[0].id)
        if self.issue is not None:
            spots = [spot for spot in self.cards.spots(self.issue) if spot.status in self.statuses]
            if spots and self.spot not in spots and not (stay or self.on_heading):
                self.spot = spots[0]
            if self.spot in spots:
                self._place = self._deck().place(self.issue) or 0
                self.post_message(self.Placed())
                return
        ids = self._deck().ids
        self._place = clamp(self._place, 0, max(0, len(ids) - 1))
        self.issue = ids[self._place] if ids else None
        self.post_message(self.Placed())

    def why_not(self, command: Command) -> str | None:
        unfolds = self.on_heading or self.spot.status in self.collapsed
        return "there is no card here" if command.id == "list.open" and not (self.row or unfolds) else None

    def label_of(self, command: Command) -> str:
        if command.id != "list.open" or not (self.on_heading or self.spot.status in self.collapsed):
            return super().label_of(command)
        return "unfold" if not self.on_heading or self.spot.lane in self.folded else "fold"

    def ask_again(self, spot: Spot, direction: Literal["next", "previous"]) -> None:
        """A page that was wanted came, or did not: the next one is asked for when one moves."""
        self._asked.discard((spot, direction))

    def fold_column(self) -> None:
        """Collapses the column of the cursor, or unfolds it."""
        self.collapsed ^= {self.spot.status}
        self._reshaped()

    def fold_lane(self, lane: str) -> None:
        """Shows of a lane only its heading, or its cards again."""
        self.folded ^= {lane}
        self._reshaped()
        if lane not in self.folded:  # As much of it as there is room for.
            band = self._band(lane)
            self._scroll = max(0, min(max(self._scroll, band.end - self._body), band.y))
            self._look_ahead()

    def fold_lanes(self) -> None:
        """Folds every lane; if all are, unfolds them."""
        lanes = {lane.id for lane in self.shown_lanes()}
        self.folded ^= lanes - self.folded or lanes
        self._reshaped()

    def regroup(self, folded: set[str]) -> None:
        """Cards are grouped otherwise: the lanes that are folded then. The cursor goes with its card."""
        self.folded, self.at_heading = folded, False

    def _reshaped(self) -> None:
        self.draw_anew()
        if self._headed and self._bands:
            self._scroll = clamp(self._scroll, 0, max(0, self._bands[-1].end - self._body))
        self._keep_in_view()
        self._look_ahead()
        self.post_message(self.ShapeChanged())
        self.post_message(self.Placed())

    def on_resize(self) -> None:
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Asks for more of the columns that are seen before their ends are."""
        for box in self.seen.boxes:
            if not box.collapsed:
                for band in self._bands:
                    if band.height:
                        self._look_ahead_in(Spot(band.lane, box.status), band.height)

        if self.unread and self.unread_lane() is not None:
            self.post_message(self.LanesWanted())

    def unread_lane(self) -> str | None:
        """The next lane that is to be read: one that is seen, or almost so."""
        begin, end = self._scroll - self._body, self._scroll + 2 * self._body
        wanted = (band.lane for band in self._bands if begin < band.end and band.y < end)
        return next((lane for lane in wanted if lane in self.unread), None)

    def lane_read(self, lane: str) -> None:
        """A lane was read."""
        self.unread.discard(lane)
        self._bands_known = None

    def _look_ahead_in(self, spot: Spot, height: int) -> None:
        deck = self._deck(spot)
        top = self._tops.get(spot, 0) // self._slot
        if deck.next and len(deck) - top - height // self._slot < AHEAD:
            self._ask(spot, "next")
        if deck.previous and top < AHEAD:
            self._ask(spot, "previous")

    def _ask(self, spot: Spot, direction: Literal["next", "previous"]) -> None:
        if (spot, direction) not in self._asked:
            self._asked.add((spot, direction))
            self.post_message(self.MoreWanted(spot, direction))

    # The cursor ------------------------------------------------------------------------------------------

    def to_first_card(self) -> None:
        """Puts the cursor on the first card of the first lane and column that has one."""
        for lane in self.shown_lanes():
            for spot in self._spots(lane.id):
                if len(self._deck(spot)) and spot.status not in self.collapsed:
                    self.spot = spot
                    self._bands_known = None  # An empty lane was shown only while the cursor was in it.
                    self._go(spot, 0)
                    return

    def choose_columns(self, statuses: Sequence[Status]) -> None:
        """Shows these columns."""
        self.statuses = statuses
        self._follow(stay=True)
        self.draw_anew()
        self._keep_in_view()
        self._look_ahead()

    def go_to(self, issue: int, *, unfold: bool = True) -> None:
        """Puts the cursor on a card, and brings it into view; its lane is unfolded if it is to be."""
        spots = [spot for spot in self.cards.spots(issue) if spot.status in self.statuses]
        if spots and self.spot not in spots:
            self.spot = spots[0]
        self.issue, self.at_heading = issue, False
        if unfold and spots and self.spot.lane in self.folded:
            self.fold_lane(self.spot.lane)
        self._follow()
        self._keep_in_view()
        self.refresh()

    def _go(self, spot: Spot, place: int, *, heading: bool = False) -> None:
        deck = self._deck(spot)
        self._carried = None
        self._refresh_cursor()
        self.spot, self.at_heading = spot, heading
        self._place = clamp(place, 0, max(0, len(deck) - 1))
        self.issue = deck.ids[self._place] if deck.ids else None
        self._mark_between()
        self._keep_in_view()
        self._refresh_cursor()
        self._look_ahead()
        self.post_message(self.Placed())

    @handles("list.down")
    def move_down(self) -> None:
        if self.on_heading and self.spot.lane not in self.folded:
            self._go(self.spot, 0)
        elif not self.on_heading and self._place + 1 < len(self._deck()):
            self._go(self.spot, self._place + 1)
        elif below := self._lane_beside(1):
            self._go(Spot(below, self.spot.status), 0, heading=True)

    @handles("list.up")
    def move_up(self) -> None:
        if not self.on_heading and self._place > 0:
            self._go(self.spot, self._place - 1)
        elif not self.on_heading and self._headed:
            self._go(self.spot, 0, heading=True)
        elif self.on_heading and (above := self._lane_beside(-1)):
            spot = Spot(above, self.spot.status)
            self._go(spot, len(self._deck(spot)) - 1, heading=above in self.folded)

    @handles("list.left")
    def move_left(self) -> None:
        self._go_beside(-1)

    @handles("list.right")
    def move_right(self) -> None:
        self._go_beside(1)

    def beside(self, step: int) -> Status | None:
        """The column so many to the right of the cursor's, if there is one."""
        if self.spot.status not in self.statuses:
            return None
        at = self.statuses.index(self.spot.status) + step
        return self.statuses[at] if 0 <= at < len(self.statuses) else None

    def _lane_beside(self, step: int) -> str | None:
        lanes = [lane.id for lane in self.shown_lanes()]
        at = lanes.index(self.spot.lane) + step if self.spot.lane in lanes else -1
        return lanes[at] if 0 <= at < len(lanes) and self._headed else None

    def _go_beside(self, step: int) -> None:
        status = self.beside(step)
        if status is not None:
            spot = Spot(self.spot.lane, status)
            self._go(spot, self.level(spot), heading=self.on_heading)

    def level(self, spot: Spot) -> int:
        """The place in a column that is on the same line of the screen as the cursor."""
        return max(0, (self._line + self._tops.get(spot, 0) + self._slot // 2) // self._slot)

    @handles("list.page_down")
    def page_down(self) -> None:
        self._page(1)

    @handles("list.page_up")
    def page_up(self) -> None:
        self._page(-1)

    def _page(self, step: int) -> None:
        """Goes half a page of the column; from its end, and from a heading, to that of a lane further on."""
        half = max(1, self._band(self.spot.lane).height // self._slot // 2)
        place = clamp(self._place + step * half, 0, max(0, len(self._deck()) - 1))
        if not self._headed or (place != self._place and not self.on_heading):
            self._go(self.spot, place)
            return
        at = self._band(self.spot.lane).y
        further = [band for band in self._bands if (band.y - at) * step > 0][::step]
        near = [band for band in further if (band.y - at) * step <= self._body // 2]
        if further:
            self._go(Spot((near or further[:1])[-1].lane, self.spot.status), 0, heading=True)

    def _to_lane(self, at: int) -> None:
        self._go(Spot(self._bands[at].lane, self.spot.status), 0, heading=True)

    @handles("list.top")
    def to_top(self) -> None:
        if self.on_heading:
            self._to_lane(0)
        elif self._deck().previous is None:
            self._go(self.spot, 0)
        else:
            self.post_message(self.EndWanted(self.spot, "first"))

    @handles("list.bottom")
    def to_bottom(self) -> None:
        if self.on_heading:
            self._to_lane(-1)
        elif self._deck().next is None:
            self._go(self.spot, len(self._deck()) - 1)
        else:
            self.post_message(self.EndWanted(self.spot, "last"))

    def begun(self, spot: Spot, *, last: bool) -> None:
        """A column begins anew at its first or its last page: the cursor goes to that end of it."""
        self._tops.pop(spot, None)
        self._asked = {each for each in self._asked if each[0] != spot}
        self.refresh()
        self._go(spot, len(self._deck(spot)) - 1 if last else 0)

    @handles("list.open")
    def open(self) -> None:
        if self.on_heading:
            self.fold_lane(self.spot.lane)
        elif self.spot.status in self.collapsed:
            self.fold_column()
        elif row := self.row:
            self.post_message(self.Opened(row))

    # Marks -----------------------------------------------------------------------------------------------

    @handles("mark")
    def mark(self) -> None:
        if row := self.row:
            marks = {issue: known for issue, known in self.marks.items() if issue != row.id}
            self.set_marks(marks if row.id in self.marks else {**marks, row.id: row})
            self._go(self.spot, self._place + 1)

    @handles("mark.range")
    def mark_range(self) -> None:
        if row := self.row:
            self._range_from = None if self._range_from is not None else row.id
            self.set_marks({**self.marks, row.id: row})

    def unmark(self) -> None:
        """Takes all marks away."""
        self._range_from = None
        if self.marks:
            self.set_marks({})

    def keep_marks(self, issues: Collection[int]) -> None:
        """Takes the marks of all other cards away: they are not of the board any more."""
        if not self.marks.keys() <= set(issues):
            self.set_marks({issue: row for issue, row in self.marks.items() if issue in issues})

    def set_marks(self, marks: dict[int, IssueRow | None]) -> None:
        """Marks these cards and no others."""
        changed = marks.keys() ^ self.marks.keys()
        self.marks = marks
        self.redraw(changed)
        self.post_message(self.MarksChanged())

    def _mark_between(self) -> None:
        if self._range_from is None:
            return
        deck = self._deck()
        start = deck.place(self._range_from)
        if start is not None:
            first, last = sorted((start, self._place))
            between = {issue: self.cards.rows[issue] for issue in deck.ids[first : last + 1]}
            if between.keys() - self.marks.keys():
                self.set_marks({**self.marks, **between})
