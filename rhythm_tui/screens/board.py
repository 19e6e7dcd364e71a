"""The board: a column per status, cards that are moved by key or mouse, lanes, and what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.timer import Timer

from rhythm_domain.errors import Invalid, Unavailable
from rhythm_domain.lexemes import matches
from rhythm_domain.live import Change
from rhythm_domain.models import Board, Issue, IssueEdit, IssueRow, LabelRef, Page, Priority, Status
from rhythm_domain.policy import Permission
from rhythm_domain.query import Condition, Field, Query, Sort, SortKey
from rhythm_domain.text import shown
from rhythm_tui import clock
from rhythm_tui.background import job
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command, Where
from rhythm_tui.desk import Desk
from rhythm_tui.holding import lanes
from rhythm_tui.holding.decks import ONE_LANE, Cards, Placing, Spot, moved
from rhythm_tui.holding.lanes import OTHERS, Grouping, Lane
from rhythm_tui.holding.siblings import Listed
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import counted
from rhythm_tui.messages import OpenIssue, Say
from rhythm_tui.report import reported
from rhythm_tui.screens.picker import Choice
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.searching import SearchScreen
from rhythm_tui.screens.triage import setting
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


class BoardScreen(SearchScreen):
    """The cards of one project."""

    VIEW: ClassVar[str] = "board"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "board.tcss"]
    PLACEHOLDER: ClassVar[str] = "filter: words, assignee:@me, label:ui, sprint:current …"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.grouping = Grouping.NOTHING
        self._hidden: set[Status] = set()
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

    async def load(self) -> None:
        if self.desk.key is None:
            self._shows = None
            self.query_one(SearchBar).total = ""
            self.grid.say("A board shows one project.", "g o chooses it")
            return
        async with self._reading:  # What is being read may be what is wanted.
            shows = self._shows
        if shows == (self.desk.key, self.asked, self.grouping):
            same = [lane.id for lane in await self._read_lanes(self.desk.key)]
            if same == [lane.id for lane in self._lanes]:
                await self._refresh(list(self.cards.rows), thorough=True)
            else:
                await self.search(keep=True)
        else:
            self._remembered()
            await self.search()

    async def search(self, *, keep: bool = False) -> None:
        key = self.desk.key
        if key is None:
            return
        self.say_chips()
        terms = [term for term in self.asked.terms if not term.negated]
        self.grid.spans = (lambda title: matches(title, terms)) if terms else None
        at = self.grid.issue if keep else None
        async with self._reading:
            board = await self._board(None, FIRST)
            self._shows, self._lanes = None, await self._read_lanes(key)
            cards = Cards(lanes.sorting(self._lanes), self.desk.edits.shown)
            lane = None
            if self.grouping is Grouping.NOTHING:
                cards.show(ONE_LANE, board)
            else:
                cards.count(ONE_LANE, board)
                lane = next(iter(cards.lanes(self.cards.rows[at]))) if at in self.cards.rows else None
            self.grid.show(cards, self._lanes, self._statuses(), keep=keep)
            self._shows = key, self.asked, self.grouping
        self._say_total()
        self._count_later(0.2)
        if self.grouping is not Grouping.NOTHING:
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
            self.grid.go_to(at)
        await self._fill_lanes()
        if self.grid.issue is None:
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
                board = await self._board(self._lane(Spot(lane, Status.TODO)), FIRST_OF_LANE)
            except Unavailable:
                if lane != OTHERS:
                    raise
                self.say("Which cards are in no other lane could not be read in time.", warning=True)
            with self.grid.changing(calm=True):
                if board is not None:
                    cards.show(lane, board)
                self.grid.lane_read(lane)

    async def _board(self, lane: Lane | None, limit: int, *, counted: bool = False) -> Board:
        asked = lane.within(self.asked) if lane else self.asked
        boards = self.desk.session.boards
        return await boards.show(self.desk.key or "", str(asked), limit=limit, counted=counted)

    async def _read_lanes(self, key: str) -> list[Lane]:
        session = self.desk.session
        match self.grouping:
            case Grouping.NOTHING:
                return [Lane()]
            case Grouping.ASSIGNEE:
                me = self.desk.session.user.id
                people = [member.user for member in await session.members.list(key)]
                people.sort(key=lambda user: user.id != me)
                return lanes.of(self.grouping, people[:MOST_LANES])
            case Grouping.LABEL:
                labels = await session.labels.list(key)
                refs = [LabelRef(name=label.name, colour=label.colour) for label in labels]
                return lanes.of(self.grouping, refs[:MOST_LANES])
            case Grouping.PARENT:
                with_children = "has:children is:open sort:rank"
                page = await session.search.page(with_children, project=key, limit=MOST_LANES)
                return lanes.of(self.grouping, page.items)
            case Grouping.PRIORITY:
                return lanes.of(self.grouping, Priority)

    def _say_total(self) -> None:
        totals = [self.cards.total(spot) for spot in self.cards.decks if spot.lane == ONE_LANE]
        count = sum(total.count for total in totals)
        text = f"{count:,}{'' if all(total.exact for total in totals) else '+'} "
        marks = len(self.grid.marks)
        of = f"{marks:,} marked of " if marks else ""
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
                    self._say_total()
        for lane in {spot.lane for spot, deck in cards.decks.items() if deck.uncounted} - {ONE_LANE}:
            with suppress(Unavailable):
                board = await self._board(self._lane(Spot(lane, Status.TODO)), 1, counted=True)
                cards.count(lane, board)
        self.grid.refresh()

    def _lane(self, spot: Spot) -> Lane:
        return next((lane for lane in self._lanes if lane.id == spot.lane), Lane())

    def _column_query(self, spot: Spot) -> Query:
        """What a column of a lane asks for, in its order: as `Boards.show` reads it."""
        asked = self._lane(spot).within(self.asked)
        by = SortKey.CLOSED if spot.status.closed else SortKey.RANK
        return asked.with_condition(_of_status(spot.status)).with_sort(Sort.by(by))

    @on(BoardGrid.MoreWanted)
    def _more(self, event: BoardGrid.MoreWanted) -> None:
        self.read(self._extend(event.spot, event.direction), f"more {event.spot} {event.direction}")

    async def _extend(self, spot: Spot, direction: Literal["next", "previous"]) -> None:
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
        filtered = bool(self.asked.terms or self.asked.conditions)
        await self._refresh(touched, thorough=filtered or len(touched) > AGAIN)
        for change in here:
            if not self.desk.edits.ours(change.operation):
                self.grid.glow.light(change.issue_ids, shown(change.actor.display_name))

    async def _refresh(self, issues: Iterable[int], *, thorough: bool) -> None:
        """Reads some cards and all totals again. Where their columns are is known from the cards, unless it
        is to be `thorough`: then the first cards of every column are read again too.
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
            whole = await self._board(None, FIRST if thorough and self.grouping is Grouping.NOTHING else 1)
            settled = saved == self._saved and not self.desk.edits.waiting
            filtered = bool(self.asked.terms or self.asked.conditions)
            with self.grid.changing(calm=True):
                cards.put((row for row in again if row.id in cards.rows or not filtered), counted=True)
                cards.drop(set(wanted) - {row.id for row in again}, counted=True)
                if self.grouping is Grouping.NOTHING:
                    cards.merge(ONE_LANE, whole, settled=settled)
                cards.count(ONE_LANE, whole)
                for lane, board in boards.items():
                    cards.merge(lane, board, settled=settled)
            self.grid.redraw(wanted)
        self._say_total()
        self._count_later(2)

    # Issues ----------------------------------------------------------------------------------------------

    def targets(self) -> list[IssueRow]:
        return self.grid.targets

    def unread(self) -> list[int]:
        return [issue for issue, row in self.grid.marks.items() if row is None]

    def follow(self, row: IssueRow) -> None:
        self.grid.go_to(row.id)

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        self._saved += 1
        with self.grid.changing(calm=False):
            self.cards.put(rows)
        self.grid.redraw(row.id for row in rows)
        self._say_total()

    def done_with(self, issues: Sequence[int]) -> None:
        self._saved += 1
        with self.grid.changing(calm=False):
            self.cards.drop(issues)
        self.grid.unmark()
        self._say_total()

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
            self._say_total()

    def title_region(self) -> Region | None:
        return self.grid.title_region()

    def new_issue_fields(self) -> dict[str, Any]:
        spot = self.grid.spot
        # Work that is new is not over, wherever the cursor is.
        status = {} if spot.status.closed else {"status": spot.status}
        return {**status, **self._lane(spot).given}

    def created(self, issue: Issue) -> None:
        self.say(f"{issue.key} created", "u takes it back")
        self._saved += 1
        row = IssueRow.model_validate({name: getattr(issue, name) for name in IssueRow.model_fields})
        with self.grid.changing(calm=False):
            held = self.cards.put([row])
        if held:
            self.grid.go_to(issue.id)
        else:  # It is behind all that were read of its column.
            self.grid.post_message(BoardGrid.EndWanted(self.grid.spot, "last"))
        self.reload()

    def forget_marks(self) -> None:
        self.grid.unmark()

    def leave_search(self) -> None:
        self.grid.focus()

    @on(BoardGrid.Opened)
    def _opened(self, event: BoardGrid.Opened) -> None:
        spot, cards = self.grid.spot, self.cards
        siblings = Listed(
            event.row.id,
            lambda: cards.decks[spot],
            lambda at: cards.rows[cards.decks[spot].ids[at]],
            partial(self._extend, spot),
            lambda: cards.decks[spot].above,
            lambda: f"{cards.total(spot)}",
        )
        self.post_message(OpenIssue(event.row.key, siblings))

    @on(BoardGrid.MarksChanged)
    def _marked(self) -> None:
        self._say_total()

    @handles("mark.all")
    async def mark_all(self) -> None:
        search, key = self.desk.session.search, self.desk.key
        if key is None:
            return
        ids = await search.ids(self.asked, project=key, limit=100_000)
        self.grid.set_marks({issue: self.cards.rows.get(issue) for issue in ids})

    @handles("back")
    def back(self) -> None:
        """Lets go of the card that is dragged, then of the marks, then of the filter; then goes back."""
        if self.grid.cancel_drag():
            return
        if self.grid.marks:
            self.grid.unmark()
        else:
            super().back()

    # Moving ----------------------------------------------------------------------------------------------

    @handles("card.left")
    async def move_left(self) -> None:
        await self._move_beside(-1)

    @handles("card.right")
    async def move_right(self) -> None:
        await self._move_beside(1)

    async def _move_beside(self, step: int) -> None:
        status = self.grid.beside(step)
        issues = [row.id for row in self.targets()]
        if status is not None and self.unread():
            said = f"moved to {signs.words(status)}"
            await self.change(IssueEdit(status=status), setting(status=status), said, self.targets())
        elif status is not None and issues:
            spot = Spot(self.grid.spot.lane, status)
            place = None if status in self.grid.collapsed else self.grid.level(spot)
            await self._put(issues, spot, place)
        elif issues:
            self.say(f"There is no column to the {'left' if step < 0 else 'right'}.")

    @handles("card.down")
    async def move_down(self) -> None:
        await self._move_within(1)

    @handles("card.up")
    async def move_up(self) -> None:
        await self._move_within(-1)

    async def _move_within(self, step: int) -> None:
        spot = self.grid.spot
        deck = self.cards.decks.get(spot)
        if deck is None:
            return
        issues = [row.id for row in self.targets() if deck.place(row.id) is not None]
        if not issues:
            return
        if spot.status.closed:
            raise Invalid(
                f"Cards that are {signs.words(spot.status)} stand in the order in which they were closed.",
                hint="H and L move them between columns",
            )
        places = sorted(place for issue in issues if (place := deck.place(issue)) is not None)
        issues.sort(key=lambda issue: deck.place(issue) or 0)
        to = places[0] - 1 if step < 0 else places[-1] + 2
        if 0 <= to <= len(deck):
            await self._put(issues, spot, to)
        else:
            of = "column" if self.grouping is Grouping.NOTHING else "lane"
            self.say(f"It is the {'first' if step < 0 else 'last'} of its {of} already.")

    @on(BoardGrid.Dropped)
    def _dropped(self, event: BoardGrid.Dropped) -> None:
        reason = self.desk.why_not(Permission.ISSUE_MOVE)
        if reason is not None:
            self.post_message(Say(f"{reason[0].upper()}{reason[1:]}.", warning=True))
        else:
            self.run_worker(job(self._drop, event), group="commands")

    async def _drop(self, event: BoardGrid.Dropped) -> None:
        if event.lane == event.spot.lane:
            await reported(self, self._put(event.issues, event.spot, event.place))
        else:
            await reported(self, self._put_in_lane(event.issues, event.spot, event.lane))

    async def _put(self, issues: Sequence[int], spot: Spot, place: int | None) -> None:
        """Puts cards into a column before the one at a place: at once on the screen, then in the database."""
        placing = self.cards.placing(issues, spot, place)
        at = self.grid.issue
        place_issues = self.desk.session.issues.place
        # What is only put in order stays in the column where it is by then, whoever moved it there.
        ordered = bool(placing.ranks) and all(self._is_in(issue, spot.status) for issue in issues)
        status = None if ordered else placing.status
        self.grid.carry(at if at is not None and at in issues else issues[0])
        saved = await self.desk.edits.run(
            lambda operation: place_issues(
                issues, status, after=placing.after, before=placing.before, operation=operation
            ),
            issues=issues,
            change=moved(placing, issues, clock.now()),
        )
        self.replaced(saved)
        if len(issues) > 1:
            self.say(f"{counted(len(issues), 'card')} moved to {signs.words(spot.status)}", "u takes it back")

    def _is_in(self, issue: int, status: Status) -> bool:
        return issue in self.cards.rows and self.cards.row(issue).status is status

    async def _put_in_lane(self, issues: Sequence[int], spot: Spot, left: str) -> None:
        """Puts cards into another lane, at their old places in the order: they get its value."""
        lane, placing = self._lane(spot), Placing(spot.status)
        look = moved(placing, issues, clock.now())
        self.grid.carry(issues[0])
        await self.change(
            IssueEdit(status=spot.status, **lane.edit(left)),
            lambda row: lane.look(look(row), left),
            f"moved to {signs.words(spot.status)}",
            [self.cards.row(issue) for issue in issues if issue in self.cards.rows],
        )

    # Lanes, columns, limits ------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        if command.where is Where.BOARD and self._shows is None:
            return "choose a project first: g o" if self.desk.key is None else "the board is being read"
        return super().why_not(command)

    @handles("board.group")
    async def choose_lanes(self) -> None:
        chosen = await self.pick(
            "Lanes by",
            [Choice(each, Content(each.value), each.value, each is self.grouping) for each in Grouping],
        )
        if chosen is not None and chosen is not self.grouping:
            self.grouping = chosen
            self.grid.folded.clear()
            self._remember()
            await self.search(keep=True)

    @handles("board.collapse")
    def collapse(self) -> None:
        if self.grid.on_heading:
            self.grid.fold_lane(self.grid.spot.lane)
        else:
            self.grid.fold_column()

    @handles("board.hide")
    def hide_column(self) -> None:
        status = self.grid.spot.status
        if len(self.grid.statuses) < 2:
            raise Invalid("The last column stays.", hint="“show columns” brings the others back")
        self._hidden.add(status)
        self._show_columns()
        self.say(f"{signs.words(status)} hidden", "“show columns” brings it back")

    @handles("board.unhide")
    def show_columns(self) -> None:
        self._hidden.clear()
        self._show_columns()

    def _show_columns(self) -> None:
        self.grid.choose_columns(self._statuses())
        self._remember()

    def _statuses(self) -> list[Status]:
        return [status for status in Status if status not in self._hidden]

    @on(BoardGrid.ShapeChanged)
    def _remember(self) -> None:
        if self.desk.key:
            kept = {
                "collapsed": sorted(self.grid.collapsed),
                "hidden": sorted(self._hidden),
                "lanes": self.grouping.value,
            }
            self.desk.memory.keep(f"board {self.desk.key}", kept)

    def _remembered(self) -> None:
        """How the person left this project's board."""
        kept = self.desk.memory.get(f"board {self.desk.key}")
        if not isinstance(kept, dict):
            kept = {"collapsed": [Status.CANCELLED]}
        known = {status.value: status for status in Status}
        self.grid.collapsed = {known[each] for each in kept.get("collapsed", ()) if each in known}
        self._hidden = {known[each] for each in kept.get("hidden", ()) if each in known}
        if len(self._hidden) == len(known):
            self._hidden.clear()
        groupings = {each.value: each for each in Grouping}
        self.grouping = groupings.get(kept.get("lanes", ""), Grouping.NOTHING)

    @handles("board.limit")
    async def set_limit(self) -> None:
        key, status = self.desk.key, self.grid.spot.status
        if key is None:
            return
        deck = self.cards.decks.get(Spot(ONE_LANE, status))

        async def accept(text: str) -> bool:
            limit = _limit(text)
            await self.desk.edits.run(
                lambda operation: self.desk.session.projects.set_wip_limit(
                    key, status, limit, operation=operation
                )
            )
            return True

        done = await self.app.push_screen_wait(
            Prompt(
                f"WIP limit · {signs.words(status)}",
                accept,
                value=str(deck.limit) if deck and deck.limit else "",
                words="How many cards at most. Empty for no limit.",
            )
        )
        if done:
            self.reload()


def _of_status(status: Status) -> Condition:
    return Condition(field=Field.STATUS, values=(status,))


def _limit(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise Invalid(f"{shown(text.strip())!r} is no number.", field="wip_limit", hint="Such as 5.")
    return int(text)
