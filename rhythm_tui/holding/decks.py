"""The cards of a board that are held: by lane and column, in their order, as they are shown. Pure.

A deck is a stretch of one column of one lane: what was read of it, and the ways on at both ends. Where a card
stands follows from the card alone, from its status and rank with the changes that are on their way; so a move
is drawn before it is saved, and what others move goes where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from rhythm_domain import rank
from rhythm_domain.models import Board, BoardColumn, IssueRow, Page, Status, Total

KEPT = 2000
"""The most cards of a deck that are kept: what lies further away is read again when one goes there."""

ONE_LANE = ""
"""The only lane of a board that is not grouped."""

Order = tuple[str | float, int]


def order(row: IssueRow) -> Order:
    """What its column is ordered by: rank, or for closed ones when they were closed, the latest first."""
    if row.status.closed:
        return (-row.closed_at.timestamp() if row.closed_at else float("-inf"), -row.id)
    return (row.rank, row.id)


class Spot(NamedTuple):
    """A column of a lane."""

    lane: str
    status: Status


class _Stretch(NamedTuple):
    """A page that was read: where it began and ended, and the ways on."""

    first: Order
    last: Order
    previous: str | None
    next: str | None


@dataclass(slots=True)
class Deck:
    """A stretch of a column. `total` is of the whole column, as last read, and `uncounted` says that there
    were too many to count them all; `above` is how many precede the stretch.
    """

    total: Total = field(default_factory=lambda: Total(count=0))
    uncounted: bool = False
    limit: int | None = None
    above: int = 0
    ids: list[int] = field(default_factory=list)
    _orders: list[Order] = field(default_factory=list)
    _known: dict[int, Order] = field(default_factory=dict)
    _pages: deque[_Stretch] = field(default_factory=deque)

    @property
    def previous(self) -> str | None:
        """The cursor of the page before the first card; None where the column begins."""
        return self._pages[0].previous if self._pages else None

    @property
    def next(self) -> str | None:
        """The cursor of the page behind the last card; None where the column ends."""
        return self._pages[-1].next if self._pages else None

    def __len__(self) -> int:
        return len(self.ids)

    def say(self, column: BoardColumn) -> None:
        """Takes the column's total and limit. A total that was counted to its end is not given up for one
        that only says that there are more: it is counted again.
        """
        self.uncounted = not column.total.exact
        if column.total.exact or not self.total.exact or self.total.count < column.total.count:
            self.total = column.total
        self.limit = column.wip_limit

    def place(self, issue: int) -> int | None:
        """Where a card stands among those that are held."""
        at = self._known.get(issue)
        return None if at is None else bisect_left(self._orders, at)

    def covers(self, at: Order) -> bool:
        """Whether a card of that order belongs among those that are held."""
        if self.previous is not None and at < self._pages[0].first:
            return False
        return self.next is None or at <= self._pages[-1].last

    def insert(self, issue: int, at: Order) -> None:
        """Puts a card where its order says."""
        place = bisect_left(self._orders, at)
        self._orders.insert(place, at)
        self.ids.insert(place, issue)
        self._known[issue] = at

    def remove(self, issue: int) -> None:
        """Takes a card away."""
        place = bisect_left(self._orders, self._known.pop(issue))
        del self._orders[place], self.ids[place]

    def clear(self) -> list[int]:
        """Lets go of all cards; which they were."""
        gone, self.ids = self.ids, []
        self._orders, self._known, self._pages, self.above = [], {}, deque(), 0
        return gone

    def add(
        self, rows: Sequence[IssueRow], page: Page[IssueRow], direction: Literal["next", "previous"]
    ) -> None:
        """Notes that a page was read, behind those before it or in front of them."""
        if not rows:
            if self._pages:
                first, last = self._pages[0], self._pages[-1]
                if direction == "next":
                    self._pages[-1] = last._replace(next=page.next)
                else:
                    self._pages[0] = first._replace(previous=page.previous)
            return
        stretch = _Stretch(order(rows[0]), order(rows[-1]), page.previous, page.next)
        if direction == "next":
            self._pages.append(stretch)
        else:
            self._pages.appendleft(stretch)

    def reach(self, column: BoardColumn) -> None:
        """Takes note of how far the column's first cards go, as they are read now: further than what is held,
        or the column was held to its end and has more cards by now.
        """
        if self.previous is not None:
            return
        cards = column.cards
        if self.next is None:
            reaches = column.next is not None and self.total.count > len(self.ids)
        else:
            reaches = column.next is None or order(cards[-1]) > self._pages[-1].last
        if reaches:
            ends = [_Stretch(order(cards[0]), order(cards[-1]), None, column.next)] if cards else []
            self._pages = deque(ends)

    def shorten(self, direction: Literal["next", "previous"]) -> list[int]:
        """Lets go of whole pages at the other end than one goes to, if there are too many; their cards."""
        gone: list[int] = []
        while len(self.ids) - len(gone) > KEPT and len(self._pages) > 2:
            if direction == "next":
                self._pages.popleft()
                first = self._pages[0].first
                gone += [issue for issue in self.ids if self._known[issue] < first and issue not in gone]
            else:
                self._pages.pop()
                last = self._pages[-1].last
                gone += [issue for issue in self.ids if self._known[issue] > last and issue not in gone]
        return gone


class Placing(NamedTuple):
    """Where cards are to go: into a column, there behind or before another one; `ranks` are theirs until the
    database has given them others.
    """

    status: Status
    after: int | None = None
    before: int | None = None
    ranks: tuple[str, ...] = ()


class Cards:
    """All cards that are held of a board.

    `lanes` says in which lanes a card is; `shown` how it looks with the changes on their way.
    """

    def __init__(
        self,
        lanes: Callable[[IssueRow], Sequence[str]] = lambda _: (ONE_LANE,),
        shown: Callable[[IssueRow], IssueRow] = lambda row: row,
    ) -> None:
        self.lanes, self.shown = lanes, shown
        self.decks: dict[Spot, Deck] = {}
        self.rows: dict[int, IssueRow] = {}
        """The cards as the database has them."""
        self._where: dict[int, tuple[Spot, ...]] = {}
        self._moving: dict[int, tuple[frozenset[Spot], frozenset[Spot]]] = {}

    def row(self, issue: int) -> IssueRow:
        """A card as it is shown."""
        return self.shown(self.rows[issue])

    def spots(self, issue: int) -> tuple[Spot, ...]:
        """Where a card is shown: at most one place, but where it has several labels and each is a lane."""
        return self._where.get(issue, ())

    def total(self, spot: Spot) -> Total:
        """How many cards a column has, counting those on their way there."""
        total = self.decks[spot].total
        on_the_way = sum((spot in after) - (spot in before) for before, after in self._moving.values())
        return total.replace(count=max(0, total.count + on_the_way)) if on_the_way else total

    # Reading ---------------------------------------------------------------------------------------------

    def show(self, lane: str, board: Board) -> None:
        """Begins a lane with the first cards of each of its columns."""
        for column in board.columns:
            spot = Spot(lane, column.status)
            deck = self.decks.setdefault(spot, Deck())
            self._forget(spot, deck.clear())
            deck.say(column)
            deck.add(column.cards, Page(items=(), next=column.next), "next")
        for column in board.columns:
            self._take(column.cards)

    def count(self, lane: str, board: Board) -> None:
        """Takes the totals and limits of a lane's columns alone; those of `ONE_LANE` are of whole columns."""
        for column in board.columns:
            deck = self.decks.setdefault(Spot(lane, column.status), Deck())
            deck.say(column)

    def extend(self, spot: Spot, page: Page[IssueRow], direction: Literal["next", "previous"]) -> None:
        """Adds a page of a column behind those that are held, or in front of them."""
        deck = self.decks[spot]
        before = len(deck)
        deck.add(page.items, page, direction)
        self._take(page.items)
        if direction == "previous":
            deck.above = max(0, deck.above - len(deck) + before) if deck.previous else 0
        gone = deck.shorten(direction)
        if direction == "next":
            deck.above += len(gone)
        self._forget(spot, gone)

    def begin(self, spot: Spot, page: Page[IssueRow], *, last: bool) -> None:
        """Begins a column anew at its first or its last page."""
        deck = self.decks[spot]
        self._forget(spot, deck.clear())
        deck.add(page.items, page, "next")
        self._take(page.items)
        deck.above = max(0, deck.total.count - len(deck)) if last and deck.previous else 0

    def merge(self, lane: str, board: Board, *, settled: bool = True) -> None:
        """Brings a lane up to date with its first cards and its totals, as they are read now.

        What is held and should be among them but is not does not belong to the lane any more: it goes. Not
        so while writes are on their way (`settled` is False): they may have been saved since it was read.
        """
        for column in board.columns:
            spot = Spot(lane, column.status)
            deck = self.decks.setdefault(spot, Deck())
            deck.say(column)
            deck.reach(column)
        for column in board.columns:
            self.put(column.cards, counted=True)
        if not settled:
            return
        for column in board.columns:
            read = {card.id for card in column.cards}
            end = order(column.cards[-1]) if column.next else None
            gone = [
                row.id
                for row in self.rows.values()
                if row.status is column.status
                and row.id not in read
                and (end is None or order(row) <= end)
                and lane in self.lanes(row)
            ]
            self.drop(gone, counted=True)

    def put(self, rows: Iterable[IssueRow], *, counted: bool = False) -> frozenset[int]:
        """Puts newer states of cards where they belong; which of them are held now.

        `counted` says that the totals know of it; else they follow the cards that were held before.
        """
        held = set()
        for row in rows:
            known = self.rows.get(row.id)
            if known is not None and known.version > row.version:
                continue
            if known is not None and not counted:
                self._count(self._home(known), -1)
                self._count(self._home(row), 1)
            self.rows[row.id] = row
            if self._place(row.id):
                held.add(row.id)
        return frozenset(held)

    def drop(self, issues: Iterable[int], *, counted: bool = False) -> None:
        """Takes cards away that are not of the board any more."""
        for issue in list(issues):
            row = self.rows.get(issue)
            if row is not None:
                if not counted:
                    self._count(self._home(row), -1)
                self._unplace(issue)
                del self.rows[issue]

    def place_again(self, issues: Iterable[int]) -> frozenset[int]:
        """Puts cards where they are shown now: a change of them is on its way, or its answer came."""
        return frozenset(issue for issue in issues if issue in self.rows and self._place(issue))

    # Moving ----------------------------------------------------------------------------------------------

    def placing(self, issues: Sequence[int], spot: Spot, at: int | None) -> Placing:
        """What it takes to put cards into a column, before the card that stands at a place.

        Without a place, in a column without cards and in closed columns they go where their order says.
        """
        moved = set(issues)
        deck = self.decks[spot]
        rest = [issue for issue in deck.ids if issue not in moved]
        if at is None or spot.status.closed or not rest:
            return Placing(spot.status)
        place = sum(issue not in moved for issue in deck.ids[:at])
        low = self.row(rest[place - 1]).rank if place else None
        high = self.row(rest[place]).rank if place < len(rest) else None
        try:
            ranks = rank.spread(low, high, len(issues))
        except ValueError:
            ranks = [low or high or ""] * len(issues)
        if place:
            return Placing(spot.status, after=rest[place - 1], ranks=tuple(ranks))
        return Placing(spot.status, before=rest[0], ranks=tuple(ranks))

    # Where cards stand -----------------------------------------------------------------------------------

    def _home(self, row: IssueRow) -> frozenset[Spot]:
        """Every deck that a card counts for: those of its lanes, and its whole column."""
        return frozenset(Spot(lane, row.status) for lane in (*self.lanes(row), ONE_LANE))

    def _count(self, spots: Collection[Spot], step: int) -> None:
        for spot in spots:
            deck = self.decks.get(spot)
            if deck is not None:
                count = max(0, deck.total.count + step)
                deck.total = deck.total.replace(count=count)

    def _take(self, rows: Iterable[IssueRow]) -> None:
        for row in rows:
            known = self.rows.get(row.id)
            if known is None or known.version <= row.version:
                self.rows[row.id] = row
            self._place(row.id)

    def _place(self, issue: int) -> bool:
        """Puts a card where it is shown; whether it is among those that are held."""
        self._unplace(issue)
        row = self.rows[issue]
        looks = self.shown(row)
        spots = []
        at = order(looks)
        for lane in self.lanes(looks):
            spot = Spot(lane, looks.status)
            deck = self.decks.get(spot)
            if deck is not None and deck.covers(at):
                deck.insert(issue, at)
                spots.append(spot)
        if looks is not row and (home := self._home(row)) != (there := self._home(looks)):
            self._moving[issue] = (home, there)
        if spots:
            self._where[issue] = tuple(spots)
        elif looks is row:
            del self.rows[issue]
        return bool(spots)

    def _unplace(self, issue: int) -> None:
        self._moving.pop(issue, None)
        for spot in self._where.pop(issue, ()):
            self.decks[spot].remove(issue)

    def _forget(self, spot: Spot, issues: Iterable[int]) -> None:
        """Lets go of cards of a deck; those that are shown in another lane too stay there."""
        deck = self.decks[spot]
        for issue in issues:
            if deck.place(issue) is not None:
                deck.remove(issue)
            rest = tuple(each for each in self._where.pop(issue, ()) if each != spot)
            if rest:
                self._where[issue] = rest
            else:
                self._moving.pop(issue, None)
                self.rows.pop(issue, None)


def moved(placing: Placing, issues: Sequence[int], now: datetime) -> Callable[[IssueRow], IssueRow]:
    """How cards look while they are on their way to a place."""
    ranks = dict(zip(issues, placing.ranks, strict=False))

    def look(row: IssueRow) -> IssueRow:
        fields: dict[str, object] = {"status": placing.status}
        if row.id in ranks:
            fields["rank"] = ranks[row.id]
        if placing.status.closed != row.status.closed:
            fields["closed_at"] = now if placing.status.closed else None
        return row.replace(**fields)

    return look
