"""The cards of a board: read column by column and lane by lane, and kept up with what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.timer import Timer

from rhythm_domain.errors import Unavailable
from rhythm_domain.lexemes import matches
from rhythm_domain.live import Change
from rhythm_domain.models import Board, IssueRow, LabelRef, Page, Priority, Status
from rhythm_domain.query import Condition, Field, Query, Sort, SortKey
from rhythm_domain.text import shown
from rhythm_tui.desk import Desk
from rhythm_tui.holding import lanes
from rhythm_tui.holding.board_shape import Shape
from rhythm_tui.holding.decks import ONE_LANE, Cards, Spot
from rhythm_tui.holding.lanes import OTHERS, Grouping, Lane
from rhythm_tui.looks import signs
from rhythm_tui.screens.searching import SearchScreen
from rhythm_tui.widgets.board import BoardGrid
from rhythm_tui.widgets.search_bar import SearchBar

FIRST = 50
"""Cards of a column that are read first: what fits on a screen, and some more."""

PAGE = 100
"""Cards that are read at once when one scrolls."""

FIRST_OF_LANE = 25
"""Cards of a lane's column that are read first."""

MOST_LANES = 60
"""Lanes at most."""

AGAIN = 2000
"""The most cards that are read again at once."""

FOUND = 100_000
"""Cards that are marked at most."""


class CardsScreen(SearchScreen):
    """The cards of one project. What is done with them is said in `board.py`."""

    VIEW: ClassVar[str] = "board"
    ONE_PROJECT: ClassVar[str] = "A board"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "board.tcss"]
    PLACEHOLDER: ClassVar[str] = "filter: words, assignee:@me, label:ui, sprint:current …"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.shape = Shape()
        self._lanes: Sequence[Lane] = (Lane(),)
        self._shows: tuple[str | None, Query, Grouping] | None = None
        self._reading = asyncio.Lock()
        self._saved = 0
        self._to_draw: set[int] = set()
        self._counting: Timer | None = None

    def body(self) -> ComposeResult:
        yield self.search_bar()
        grid = BoardGrid()
        grid.unsaved = self.desk.edits.unsaved
        grid.today = self.desk.today
        yield grid

    @property
    def grid(self) -> BoardGrid:
        return self.query_one(BoardGrid)

    @property
    def cards(self) -> Cards:
        return self.grid.cards

    def on_mount(self) -> None:
        self.grid.focus()

    # Reading ---------------------------------------------------------------------------------------------

    @property
    def is_read(self) -> bool:
        """Whether there are cards of a project to do something with."""
        return self._shows is not None and self._shows[0] == self.desk.key

    async def load(self) -> None:
        if self.is_nowhere() or self.desk.key is None:
            self._shows = None
            return
        if self.focused is None:
            self.grid.focus()
        async with self._reading:  # What is being read may be what is wanted.
            shows = self._shows
        if shows == (self.desk.key, self.asked, self.shape.grouping):
            same = [lane.id for lane in await self._read_lanes(self.desk.key)]
            if same == [lane.id for lane in self._lanes]:
                await self._refresh([*self.grid.marks, *self.cards.rows], thorough=True)
            else:
                await self.search(keep=True)
        else:
            self.shape = Shape.of(self.desk.memory.get(f"board {self.desk.key}"))
            self.grid.collapsed = self.shape.collapsed
            self.grid.regroup(self.shape.folded_lanes)
            await self.search()

    async def search(self, *, keep: bool = False) -> None:
        key = self.desk.key
        if key is None:
            return
        self.say_chips()
        terms = [term for term in self.asked.terms if not term.negated]
        self.grid.spans = (lambda title: matches(title, terms)) if terms else None
        at = self.grid.issue if keep and not self.grid.at_heading else None
        async with self._reading:
            board = await self._board(None, FIRST)
            self._shows, self._lanes = None, await self._read_lanes(key)
            self.shape.folded_lanes.intersection_update(lane.id for lane in self._lanes)
            cards = Cards(lanes.sorting(self._lanes), self.desk.edits.shown)
            lane = None
            if self.shape.grouping is Grouping.NOTHING:
                cards.show(ONE_LANE, board)
            else:
                cards.count(ONE_LANE, board)
                lane = next(iter(cards.lanes(self.cards.rows[at]))) if at in self.cards.rows else None
            held = await self.found_among(self.grid.marks) if keep and self.grid.marks else None
            self.grid.show(cards, self._lanes, self.shape.statuses, keep=keep)
            if held is not None:
                self.grid.keep_marks(held)
            self._shows = key, self.asked, self.shape.grouping
        self.say_total()
        self._count_later(0.2)
        if self.shape.grouping is not Grouping.NOTHING:
            self.read(self._open_lanes(at, lane), "lanes")

    @on(BoardGrid.LanesWanted)
    def _lanes_wanted(self) -> None:
        if not any(worker.group == "lanes" and not worker.is_finished for worker in self.workers):
            self.read(self._fill_lanes(), "lanes")

    async def _open_lanes(self, at: int | None, lane: str | None) -> None:
        """Reads the lanes that are seen; the cursor goes to the card `at` of a lane, if there is one."""
        if lane is not None:
            await self._read_lane(lane)
        if at is not None and self.cards.spots(at):
            self.grid.go_to(at, unfold=False)
        await self._fill_lanes()
        if self.grid.issue is None and not self.grid.on_heading:
            self.grid.to_first_card()

    async def _fill_lanes(self) -> None:
        """Reads the lanes that are seen, or almost so."""
        while (lane := self.grid.unread_lane()) is not None:
            await self._read_lane(lane)
        self._count_later(0.2)

    async def _read_lane(self, lane: str) -> None:
        async with self._reading:
            cards, board = self.cards, None
            try:
                board = await self._board(self.lane_of(Spot(lane, Status.TODO)), FIRST_OF_LANE)
            except Unavailable:
                if lane != OTHERS:
                    raise
                self.say("Which cards are in no other lane could not be read in time.", warning=True)
            with self.grid.changing(calm=True):
                if board is not None:
                    cards.show(lane, board)
                self.grid.lane_read(lane)

    async def found_ids(self) -> frozenset[int]:
        """All cards that are asked for, whether they were read or not."""
        search = self.desk.session.search
        return frozenset(await search.ids(self.asked, project=self.desk.key or "", limit=FOUND))

    async def found_among(self, cards: Collection[int]) -> frozenset[int]:
        """Those of some cards that are asked for."""
        return await self.desk.session.search.among(cards, self.asked, project=self.desk.key or "")

    @property
    def filtered(self) -> bool:
        """Whether not all cards are asked for."""
        return bool(self.asked.terms or self.asked.conditions)

    async def _board(self, lane: Lane | None, limit: int, *, counted: bool = False) -> Board:
        asked = lane.within(self.asked) if lane else self.asked
        boards = self.desk.session.boards
        return await boards.show(self.desk.key or "", str(asked), limit=limit, counted=counted)

    async def _read_lanes(self, key: str) -> list[Lane]:
        session = self.desk.session
        match self.shape.grouping:
            case Grouping.NOTHING:
                return [Lane()]
            case Grouping.ASSIGNEE:
                me = self.desk.session.user.id
                people = [member.user for member in await session.members.list(key)]
                people.sort(key=lambda user: user.id != me)
                return lanes.of(self.shape.grouping, people[:MOST_LANES])
            case Grouping.LABEL:
                labels = await session.labels.list(key)
                refs = [LabelRef(name=label.name, colour=label.colour) for label in labels]
                return lanes.of(self.shape.grouping, refs[:MOST_LANES])
            case Grouping.PARENT:
                with_children = "has:children is:open sort:rank"
                page = await session.search.page(with_children, project=key, limit=MOST_LANES)
                return lanes.of(self.shape.grouping, page.items)
            case Grouping.PRIORITY:
                return lanes.of(self.shape.grouping, Priority)

    def say_total(self) -> None:
        """Says how many cards there are, how many of them are marked, and which column is not to be seen."""
        totals = [self.cards.total(spot) for spot in self.cards.decks if spot.lane == ONE_LANE]
        count = sum(total.count for total in totals)
        text = f"{count:,}{'' if all(total.exact for total in totals) else '+'} "
        marks = len(self.grid.marks)
        of = f"{marks:,} marked of " if marks else ""
        hidden = [signs.words(status) for status in self.shape.hidden]
        if hidden:
            out = hidden[0] if len(hidden) == 1 else f"{len(hidden)} columns"
            of = f"{out} hidden · {of}"
        self.query_one(SearchBar).total = f"{of}{text}card{'' if count == 1 else 's'} "

    def _count_later(self, seconds: float) -> None:
        """Counts to the end, once there is time, the columns whose total only says that there are more."""
        if self._counting is not None:
            self._counting.stop()
        if any(deck.uncounted for deck in self.cards.decks.values()):
            self._counting = self.set_timer(seconds, lambda: self.read(self._count(), "count"))

    async def _count(self) -> None:
        cards, search = self.cards, self.desk.session.search
        for spot, deck in list(cards.decks.items()):
            if deck.uncounted and spot.lane == ONE_LANE:
                with suppress(Unavailable):  # It may take too long; that there are many is said already.
                    deck.total = await search.exact_total(self._column_query(spot), project=self.desk.key)
                    self.say_total()
        for lane in {spot.lane for spot, deck in cards.decks.items() if deck.uncounted} - {ONE_LANE}:
            with suppress(Unavailable):
                board = await self._board(self.lane_of(Spot(lane, Status.TODO)), 1, counted=True)
                cards.count(lane, board)
        self.grid.refresh()

    def lane_of(self, spot: Spot) -> Lane:
        """The lane that a column is of."""
        return next((lane for lane in self._lanes if lane.id == spot.lane), Lane())

    def _column_query(self, spot: Spot) -> Query:
        """What a column of a lane asks for, in its order: as `Boards.show` reads it."""
        asked = self.lane_of(spot).within(self.asked)
        by = SortKey.CLOSED if spot.status.closed else SortKey.RANK
        return asked.with_condition(_of_status(spot.status)).with_sort(Sort.by(by))

    @on(BoardGrid.Placed)
    def _placed(self) -> None:
        self.cursor_moved()

    @on(BoardGrid.MoreWanted)
    def _more(self, event: BoardGrid.MoreWanted) -> None:
        self.read(self.extend(event.spot, event.direction), f"more {event.spot} {event.direction}")

    async def extend(self, spot: Spot, direction: Literal["next", "previous"]) -> None:
        """Reads the page of a column behind those that are held, or in front of them."""
        cards, search, key = self.cards, self.desk.session.search, self.desk.key
        async with self._reading:
            deck = cards.decks[spot]
            at = deck.next if direction == "next" else deck.previous
            if cards is not self.cards or at is None:
                return
            try:
                asked = self._column_query(spot)
                if direction == "next":
                    page = await search.page(asked, project=key, cursor=at, limit=PAGE)
                else:
                    page = await search.page(asked, project=key, before=at, limit=PAGE)
            finally:
                self.grid.ask_again(spot, direction)
            with self.grid.changing(calm=True):
                cards.extend(spot, page, direction)

    @on(BoardGrid.EndWanted)
    def _end(self, event: BoardGrid.EndWanted) -> None:
        self.read(self._go_to_end(event.spot, event.direction), "search")

    async def _go_to_end(self, spot: Spot, direction: Literal["first", "last"]) -> None:
        cards, last = self.cards, direction == "last"
        async with self._reading:
            asked = self._column_query(spot)
            page: Page[IssueRow] = await self.desk.session.search.page(
                asked, project=self.desk.key, last=last, limit=PAGE
            )
            with self.grid.changing(calm=False):
                cards.begin(spot, page, last=last)
            self.grid.begun(spot, last=last)

    # Live ------------------------------------------------------------------------------------------------

    async def changes(self, changes: list[Change]) -> None:
        here = [change for change in changes if change.project_key == self.desk.key]
        if not here:
            return
        touched = frozenset().union(*(change.issue_ids for change in here))
        await self._refresh(touched, thorough=self.filtered or len(touched) > AGAIN)
        for change in here:
            if not self.desk.edits.ours(change.operation):
                self.grid.glow.light(change.issue_ids, shown(change.actor.display_name))

    async def _refresh(self, issues: Iterable[int], *, thorough: bool) -> None:
        """Reads some cards and all totals again; marks of cards that are gone go with them. Where their
        columns are is known from the cards, unless it is to be `thorough`: then the first cards of every
        column are read again too.
        """
        wanted = list(issues)[:AGAIN]
        async with self._reading:
            if self._shows is None:
                return  # What is shown will be read anew.
            cards, saved = self.cards, self._saved
            again = await self.desk.session.search.again(wanted) if wanted else ()
            touched = {lane for row in again for lane in cards.lanes(row)}
            touched |= {
                lane for issue in wanted if issue in cards.rows for lane in cards.lanes(cards.rows[issue])
            }
            boards = {
                lane.id: await self._board(lane, FIRST_OF_LANE)
                for lane in self._lanes
                if lane.by is not Grouping.NOTHING and lane.id in touched - self.grid.unread
            }
            in_one = self.shape.grouping is Grouping.NOTHING
            whole = await self._board(None, FIRST if thorough and in_one else 1)
            settled = saved == self._saved and not self.desk.edits.waiting
            filtered, marks = self.filtered, self.grid.marks
            asked = (filtered or len(marks) > AGAIN) and not marks.keys().isdisjoint(wanted)
            held = await self.found_among(marks) if asked else None
            with self.grid.changing(calm=True):
                cards.put((row for row in again if row.id in cards.rows or not filtered), counted=True)
                cards.drop(set(wanted) - {row.id for row in again}, counted=True)
                if in_one:
                    cards.merge(ONE_LANE, whole, settled=settled)
                cards.count(ONE_LANE, whole)
                for lane, board in boards.items():
                    cards.merge(lane, board, settled=settled)
            self.grid.keep_marks(self.grid.marks.keys() - (set(wanted) - {row.id for row in again}))
            if held is not None:
                self.grid.keep_marks(held)
            self.grid.redraw(wanted)
        self.say_total()
        self._count_later(2)

    # Issues ----------------------------------------------------------------------------------------------

    def targets(self) -> list[IssueRow]:
        return self.grid.targets if self.is_read else []

    def unread(self) -> list[int]:
        return [issue for issue, row in self.grid.marks.items() if row is None]

    def follow(self, row: IssueRow) -> None:
        self.grid.go_to(row.id)

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        self.put(rows)
        self.grid.redraw(row.id for row in rows)
        self.say_total()

    def put(self, rows: Sequence[IssueRow]) -> frozenset[int]:
        """Puts cards, as they were saved just now, where they belong; which of them are held."""
        self._saved += 1
        with self.grid.changing(calm=False):
            return self.cards.put(rows)

    def done_with(self, issues: Sequence[int]) -> None:
        self._saved += 1
        with self.grid.changing(calm=False):
            self.cards.drop(issues)
        self.grid.unmark()
        self.say_total()

    def drawn(self, issues: frozenset[int]) -> None:
        # When a change was saved its answer is there before this is done: nothing goes back and forth.
        self._to_draw |= issues
        self.call_next(self._draw)

    def _draw(self) -> None:
        issues, self._to_draw = self._to_draw, set()
        if issues and self._shows is not None:
            with self.grid.changing(calm=False):
                self.cards.place_again(issues)
            self.grid.redraw(issues)
            self.say_total()


def _of_status(status: Status) -> Condition:
    return Condition(field=Field.STATUS, values=(status,))
