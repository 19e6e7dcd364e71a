"""The board: a column per status, cards that are moved by key or mouse, lanes, and columns out of the way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from textual import on
from textual.content import Content
from textual.geometry import Region

from rhythm_domain.errors import Invalid
from rhythm_domain.models import Issue, IssueRow, Status
from rhythm_domain.policy import Permission
from rhythm_domain.text import shown
from rhythm_tui import clock
from rhythm_tui.background import job
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command, Where
from rhythm_tui.edits import issue_edit
from rhythm_tui.holding.decks import ONE_LANE, Placing, Spot, moved, order
from rhythm_tui.holding.lanes import Grouping
from rhythm_tui.holding.siblings import Listed
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import counted
from rhythm_tui.messages import OpenIssue, Say
from rhythm_tui.report import reported
from rhythm_tui.screens.cards import CardsScreen
from rhythm_tui.screens.picker import Choice
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.triage import MANY, moving
from rhythm_tui.widgets.board import BoardGrid


class BoardScreen(CardsScreen):
    """What one does with the cards of a project."""

    def title_region(self) -> Region | None:
        return self.grid.title_region()

    def new_issue_fields(self) -> dict[str, Any]:
        spot = self.grid.spot
        # Work that is new is not over, wherever the cursor is.
        status = {} if spot.status.closed else {"status": spot.status}
        return {**status, **self.lane_of(spot).given}

    def created(self, issue: Issue, said: str) -> None:
        self.say(said, "u takes it back")
        self.hold_keys()
        self.read(self._go_to_created(issue, said), "created")

    async def _go_to_created(self, issue: Issue, said: str) -> None:
        try:
            await self._find_created(issue, said)
        finally:
            self.let_keys_go()

    async def _find_created(self, issue: Issue, said: str) -> None:
        """Puts the cursor on a card that was just made, or says why it is not seen."""
        if self.filtered and not await self.found_among([issue.id]):
            self.say(f"{said}; this filter does not show it", "u takes it back")
            return
        if issue.status in self.shape.hidden:
            self.say(f"{said}; {signs.words(issue.status)} is hidden", "“show columns” brings it back")
        row = IssueRow(**{name: getattr(issue, name) for name in IssueRow.names})
        if self.put([row]):
            self.grid.go_to(issue.id)
        else:  # It is behind all that were read of its column.
            self.grid.post_message(BoardGrid.EndWanted(self.grid.spot, "last"))
        self.reload()

    def forget_marks(self) -> None:
        self.grid.unmark()

    def leave_search(self) -> None:
        self.set_focus(self.grid)

    @on(BoardGrid.Opened)
    def _opened(self, event: BoardGrid.Opened) -> None:
        spot, cards = self.grid.spot, self.cards
        siblings = Listed(
            event.row.id,
            lambda: cards.decks[spot],
            lambda at: cards.rows[cards.decks[spot].ids[at]],
            partial(self.extend, spot),
            lambda: cards.decks[spot].above,
            lambda: f"{cards.total(spot)}",
        )
        self.post_message(OpenIssue(event.row.key, siblings))

    @on(BoardGrid.MarksChanged)
    def _marked(self) -> None:
        self.say_total()
        self.cursor_moved()

    @handles("mark.all")
    async def mark_all(self) -> None:
        if self.is_read:
            self.grid.set_marks({issue: self.cards.rows.get(issue) for issue in await self.found_ids()})

    def took_away(self) -> bool:
        if self.grid.cancel_drag():
            return True
        if not self.grid.marks:
            return super().took_away()
        self.grid.unmark()
        return True

    # Moving ----------------------------------------------------------------------------------------------

    @handles("card.left")
    async def move_left(self) -> None:
        await self._move_beside(-1)

    @handles("card.right")
    async def move_right(self) -> None:
        await self._move_beside(1)

    async def _move_beside(self, step: int) -> None:
        status, rows = self.grid.beside(step), self.targets()
        if status is not None and self.unread():
            await self.move(rows, status)
        elif status is not None and rows and await self.sure(len(rows), moving(status)):
            spot = Spot(self.grid.spot.lane, status)
            place = None if status in self.grid.collapsed else self.grid.level(spot)
            await self._put(_in_order(rows), spot, place)
        elif status is None and (rows or self.unread()):
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
            of = "column" if self.shape.grouping is Grouping.NOTHING else "lane"
            self.say(f"It is the {'first' if step < 0 else 'last'} of its {of} already.")

    @on(BoardGrid.Dropped)
    def _dropped(self, event: BoardGrid.Dropped) -> None:
        reason = self.desk.why_not(Permission.ISSUE_MOVE)
        if reason is not None:
            self.post_message(Say(f"{reason[0].upper()}{reason[1:]}.", warning=True))
        else:
            self.run_worker(job(self._drop, event), group="commands")

    async def _drop(self, event: BoardGrid.Dropped) -> None:
        await reported(self, self._put_down(event))

    async def _put_down(self, event: BoardGrid.Dropped) -> None:
        spot, held = event.spot, event.issues[0]
        marked = held in self.grid.marks
        rows = self.targets() if marked else [self.cards.row(held)] if held in self.cards.rows else []
        if event.lane != spot.lane:
            await self._put_in_lane(rows, spot, event.lane)
        elif marked and self.unread():
            await self.move(rows, spot.status)
        elif rows and await self.sure(len(rows), moving(spot.status)):
            await self._put(_in_order(rows), spot, event.place)

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

    async def _put_in_lane(self, rows: Sequence[IssueRow], spot: Spot, left: str) -> None:
        """Puts cards into another lane, at their old places in the order: they get its value."""
        if not rows:
            return
        lane, placing, issues = self.lane_of(spot), Placing(spot.status), [row.id for row in rows]
        look = moved(placing, issues, clock.now())
        to = [] if lane.others else [lane.words]
        if lane.others or any(row.status is not spot.status for row in rows):
            to.insert(0, signs.words(spot.status))
        if len(rows) <= MANY:
            self.grid.carry(issues[0])
        await self.change(
            issue_edit(status=spot.status, **lane.edit(left)),
            lambda row: lane.look(look(row), left),
            f"moved to {', '.join(to)}",
            rows,
        )

    # Lanes, columns, limits ------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        if command.where is Where.BOARD and not self.is_read:
            return self.desk.nowhere or "the board is being read"
        if command.id == "board.limit" and self.grid.spot.status.closed:
            return f"{signs.words(self.grid.spot.status)} only grows: its column takes no limit"
        if command.id in ("board.fold", "board.fold_all") and self.shape.grouping is Grouping.NOTHING:
            return f"there are no lanes: {self.desk.commands['board.group'].key} groups the cards"
        return super().why_not(command)

    @handles("board.group")
    async def choose_lanes(self) -> None:
        chosen = await self.pick(
            "Lanes by",
            [Choice(each, Content(each.value), each.value, each is self.shape.grouping) for each in Grouping],
        )
        if chosen is not None and chosen is not self.shape.grouping:
            self.shape.grouping = chosen
            self.grid.regroup(self.shape.folded_lanes)
            self._remember()
            await self.search(keep=True)
            if chosen is not Grouping.NOTHING:
                one, every = (self.desk.commands[id].key for id in ("board.fold", "board.fold_all"))
                self.say("", f"{one} folds a lane, {every} all of them", brief=True)

    @handles("board.collapse")
    def collapse(self) -> None:
        if self.grid.on_heading:
            self.grid.fold_lane(self.grid.spot.lane)
        else:
            self.grid.fold_column()

    @handles("board.fold")
    def fold_lane(self) -> None:
        self.grid.fold_lane(self.grid.spot.lane)

    @handles("board.fold_all")
    def fold_lanes(self) -> None:
        self.grid.fold_lanes()

    @handles("board.hide")
    def hide_column(self) -> None:
        status = self.grid.spot.status
        if len(self.grid.statuses) < 2:
            raise Invalid("The last column stays.", hint="“show columns” brings the others back")
        self.shape.hidden.add(status)
        self._show_columns()
        self.say(f"{signs.words(status)} hidden", "“show columns” brings it back")

    @handles("board.unhide")
    def show_columns(self) -> None:
        self.shape.hidden.clear()
        self._show_columns()

    def _show_columns(self) -> None:
        self.grid.choose_columns(self.shape.statuses)
        self.say_total()
        self._remember()

    @on(BoardGrid.ShapeChanged)
    def _remember(self) -> None:
        if self.desk.key:
            self.desk.memory.keep(f"board {self.desk.key}", self.shape.kept())

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


def _in_order(rows: Sequence[IssueRow]) -> list[int]:
    """Cards as they stand on the board, column by column: so they will stand where they are put."""
    columns = list(Status)
    return [row.id for row in sorted(rows, key=lambda row: (columns.index(row.status), order(row)))]


def _limit(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise Invalid(f"{shown(text.strip())!r} is no number.", field="wip_limit", hint="Such as 5.")
    return int(text)
