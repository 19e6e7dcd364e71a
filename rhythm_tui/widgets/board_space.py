"""Where things are on the board: columns abreast, lanes in bands below each other, cards in their places.

Each column is scrolled on its own, and the lanes all together; the cursor's card is brought into view. How it
looks is said in `board_canvas.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.geometry import Region, clamp
from textual.widget import Widget

from rhythm_domain.models import IssueRow, Status
from rhythm_tui.holding.decks import ONE_LANE, Cards, Deck, Spot
from rhythm_tui.holding.lanes import Grouping, Lane
from rhythm_tui.looks.board_layout import Abreast, Band, abreast, first_to_show
from rhythm_tui.looks.card_face import BRIEF, LINES

HEAD = 2
"""Lines above the cards: the columns' headings and a rule."""

LOW, LOW_IN_LANES = 12, 30
"""Lines for cards, or for lanes of them, below which cards are shown in brief."""

EMPTY = 2
"""Lines of a lane of which no card is seen."""

_NO_DECK = Deck()


class BoardSpace(Widget):
    """A board with a cursor, laid out."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cards = Cards()
        self.lanes: Sequence[Lane] = ()
        self.statuses: Sequence[Status] = ()
        """The columns that are not hidden, in order."""
        self.collapsed: set[Status] = set()
        self.folded: set[str] = set()
        """The lanes of which only the heading is shown."""
        self.unread: set[str] = set()
        """The lanes that were not read yet."""
        self.marks: dict[int, IssueRow | None] = {}
        """The marked cards, as they were last read if they were."""
        self.spot = Spot(ONE_LANE, Status.TODO)
        """The column and lane of the cursor."""
        self.issue: int | None = None
        """The card under the cursor."""
        self.at_heading = False
        """Whether it was put on the heading of its lane."""
        self._place = 0
        self._slot = LINES + 1
        """Lines from a card to the next: a blank one, and its own."""
        self._first = 0
        self._tops: dict[Spot, int] = {}
        self._scroll = 0
        self._bands_known: list[Band] | None = None

    @property
    def on_heading(self) -> bool:
        """Whether the cursor is on the heading of its lane: where else should it be of one that is folded?"""
        return self.at_heading or self.spot.lane in self.folded

    @property
    def row(self) -> IssueRow | None:
        """The card under the cursor, as it is shown."""
        if self.issue is None or self.on_heading or self.issue not in self.cards.rows:
            return None
        return self.cards.row(self.issue)

    @property
    def targets(self) -> list[IssueRow]:
        """What a command is about: the marked cards that were read, else the one under the cursor."""
        if self.marks:
            return [self.cards.shown(row) for row in self.marks.values() if row is not None]
        return [self.row] if self.row else []

    @property
    def place(self) -> int:
        """Where the cursor is in its column."""
        return self._place

    @property
    def _line(self) -> int:
        """The line of its column where the card of the cursor begins, from the first that is seen on."""
        return self._place * self._slot - self._tops.get(self.spot, 0)

    def _deck(self, spot: Spot | None = None) -> Deck:
        return self.cards.decks.get(self.spot if spot is None else spot, _NO_DECK)

    @property
    def _headed(self) -> bool:
        """Whether lanes have headings: whether the cards are grouped."""
        return any(lane.by is not Grouping.NOTHING for lane in self.lanes)

    @property
    def seen(self) -> Abreast:
        return abreast(tuple(self.statuses), frozenset(self.collapsed), max(1, self.size.width), self._first)

    @property
    def _railed(self) -> bool:
        """Whether the last line says what is out of sight."""
        seen = self.seen
        return bool(seen.left or seen.right)

    @property
    def _body(self) -> int:
        """Lines for cards and lanes."""
        return max(1, self.size.height - HEAD - self._railed)

    def shown_lanes(self) -> list[Lane]:
        """The lanes that have cards, or may have."""
        if not self._headed:
            return list(self.lanes)
        return [
            lane
            for lane in self.lanes
            if lane.id in self.unread
            or lane.id == self.spot.lane
            or any(self.cards.total(spot).count for spot in self._spots(lane.id))
        ]

    def _spots(self, lane: str) -> list[Spot]:
        return [spot for status in self.statuses if (spot := Spot(lane, status)) in self.cards.decks]

    @property
    def _bands(self) -> list[Band]:
        if self._bands_known is None:
            self._bands_known = list(self._laid_out())
        return self._bands_known

    def _laid_out(self) -> Iterator[Band]:
        if not self._headed:
            yield Band(self.lanes[0].id if self.lanes else ONE_LANE, 0, False, self._body)
            return
        y = 0
        for lane in self.shown_lanes():
            band = Band(lane.id, y, True, 0 if lane.id in self.folded else self._height_of(lane.id))
            yield band
            y = band.end

    def _height_of(self, lane: str) -> int:
        """Lines that a lane takes: those of its most open cards in sight, up to two thirds of the board."""
        slot, seen = self._slot, [box.status for box in self.seen.boxes if not box.collapsed]
        spots = [spot for spot in self._spots(lane) if spot.status in seen]
        cards = max((len(self._deck(spot)) for spot in spots if not spot.status.closed), default=0)
        # What is closed only grows: it makes a lane no higher than one card.
        cards = cards or any(len(self._deck(spot)) for spot in spots)
        most = max(1, self._body * 2 // 3 // slot) * slot + 1
        return min(max(cards, 1) * slot + 1, most) if cards or lane in self.unread else EMPTY

    def _band(self, lane: str) -> Band:
        return next((band for band in self._bands if band.lane == lane), Band(lane, 0, False, self._body))

    def _most_scrolled(self, spot: Spot) -> int:
        """How far a column can be scrolled."""
        return max(0, len(self._deck(spot)) * self._slot + 1 - self._band(spot.lane).height)

    def _show_from(self, first: int) -> None:
        """Shows the columns from one on: others are in sight, and lanes as high as these need."""
        self._first = first
        self._bands_known = None
        self.refresh()

    def _keep_in_view(self) -> None:
        if not self.statuses or not self.size.width:
            return
        at = self.statuses.index(self.spot.status) if self.spot.status in self.statuses else 0
        first = first_to_show(
            tuple(self.statuses), frozenset(self.collapsed), self.size.width, self._first, at
        )
        if first != self._first:
            self._show_from(first)
        band, slot = self._band(self.spot.lane), self._slot
        line, top = self._place * slot, self._tops.get(self.spot, 0)
        if not self.on_heading:
            first = line + (band.height < slot)  # The blank line before a card is the first that has no room.
            new = (
                min(max(top, line + slot + 1 - band.height), first)
                if line < top or line + slot + 1 > top + band.height
                else top
            )
            new = clamp(new, 0, self._most_scrolled(self.spot))
            if new != top:
                self._tops[self.spot] = top = new
                self._refresh_column(self.spot)
        if self._headed:
            at, low = band.top + line - top, self._body <= slot
            begin = band.y if self.on_heading or (line == top and not low) else at + low
            end = band.y + 1 if self.on_heading else at + slot + 1
            scroll = min(max(self._scroll, end - self._body), begin)
            if scroll != self._scroll:
                self._scroll = max(0, scroll)
                self.refresh()

    def _spot_at(self, x: int, y: int) -> tuple[Spot, int] | None:
        """The column at a cell of the widget, and which line of its cards that is."""
        box = self.seen.at(x)
        line = y - HEAD + (self._scroll if self._headed else 0)
        if box is None or not 0 <= y - HEAD < self._body:
            return None
        for band in self._bands:
            if band.top <= line < band.end:
                spot = Spot(band.lane, box.status)
                return spot, line - band.top + self._tops.get(spot, 0)
        return None

    def _space_cards(self) -> None:
        """Gives cards the lines that there is room for; each column stays at its card."""
        slot = 1 + (BRIEF if self._body < (LOW_IN_LANES if self._headed else LOW) else LINES)
        if slot != self._slot:
            self._tops = {spot: top // self._slot * slot for spot, top in self._tops.items()}
            self._slot = slot

    def _refresh_column(self, spot: Spot) -> None:
        box = self.seen.of(spot.status)
        if box is not None:
            self.refresh(Region(box.x, HEAD, box.width + 1, self._body))
