"""What the planner shows: the backlog and a sprint side by side, read and kept up with what others do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any, ClassVar, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.geometry import Offset, Region
from textual.timer import Timer

from rhythm_domain.errors import Invalid, RhythmError
from rhythm_domain.lexemes import matches
from rhythm_domain.live import Change
from rhythm_domain.models import Issue, IssueRow, Page, Sprint, SprintState, Total
from rhythm_domain.query import Query, SortKey
from rhythm_domain.text import shown
from rhythm_tui.commanding import handles
from rhythm_tui.desk import Desk
from rhythm_tui.holding import planning
from rhythm_tui.holding.planning import Load
from rhythm_tui.holding.rows import Reading
from rhythm_tui.holding.siblings import Direction, Listed
from rhythm_tui.looks.wording import counted
from rhythm_tui.messages import OpenIssue
from rhythm_tui.screens.plan_lists import PlanLists
from rhythm_tui.screens.searching import SearchScreen
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.plan_panes import SIDES, PlanPanes, Side

PAGE = 100
"""Rows that are read at once."""

MARKED = 2000
"""Issues that can be marked and planned at once."""

NARROW = 100
"""Cells below which the panes stand one above the other; the one with the focus has most of the room."""

LOW, LOWEST = 18, 12
"""Lines below which there is room for the issues of one of them only, and for one pane only."""

TALL, TALL_ALONE = 32, 22
"""Lines from which on there is room for the burndown below a sprint, and below one that is zoomed."""

MANY = 100
"""More issues than this that change at once are read anew, not put in their places one by one."""

RETRIES = 5
"""Times that the panes are read again because something changed meanwhile."""


class PlannerScreen(SearchScreen):
    """Backlog and sprint. What is done with them is said in `sprints.py`."""

    VIEW: ClassVar[str] = "sprints"
    ONE_PROJECT: ClassVar[str] = "A plan"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "sprints.tcss"]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._figures_timer: Timer | None = None
        self._learnt = 0
        self._backlog = Total(count=0)
        self._shown: tuple[str | None, Query] | None = None
        self._turn = asyncio.Lock()
        """Held while the panes are read: what is read later is shown later."""
        self.panes = PlanPanes(desk.edits.shown, desk.edits.unsaved, desk.now, id="panes")

    def body(self) -> ComposeResult:
        yield self.search_bar()
        yield self.panes

    def on_mount(self) -> None:
        self.panes.go_to("backlog")

    def on_resize(self) -> None:
        width, height = self.app.size
        self.set_class(width < NARROW, "narrow")
        self.set_class(width < NARROW and height < LOW, "low")
        self.set_class(width < NARROW and height < LOWEST, "lowest")
        tall = self.has_class("tall")
        self.set_class(height >= (TALL_ALONE if self.has_class("zoomed") else TALL), "tall")
        if self.has_class("tall") and not tall and not self.busy:
            self.read_figures()

    # Reading ---------------------------------------------------------------------------------------------

    @property
    def is_read(self) -> bool:
        """Whether the plan that is shown is the one that is asked for."""
        return self._shown is not None and self._shown[0] == self.desk.key

    async def load(self) -> None:
        if self.is_nowhere() or self.desk.project is None:
            return
        self.panes.project = self.desk.project.id
        if self.focused is None:
            self.panes.go_to(self.panes.side)
        await self._show(anew=True, keep=True)
        await self.read_burndown()

    async def read_sprints(self) -> Sequence[Sprint]:
        """The project's sprints with what is in them, from the earliest on."""
        return planning.in_time(await self.desk.session.sprints.list(self.desk.key or ""))

    def _of(self, sprints: Sequence[Sprint], wanted: Sprint | None) -> Sprint | None:
        """A sprint as it is now; where it is gone, the first that waits to be worked on."""
        here = next((each for each in sprints if wanted is not None and each.id == wanted.id), None)
        waiting = (each for each in sprints if each.state is not SprintState.FINISHED)
        return here or next(waiting, None)

    async def read_burndown(self) -> None:
        """Reads what a sprint that has begun had left day by day, if there is room to draw it."""
        sprint, key = self.panes.sprint, self.desk.key
        report = None
        if sprint is not None and key and sprint.state is not SprintState.PLANNED and self.has_class("tall"):
            report = await self.desk.session.sprints.report(key, sprint.name)
        if sprint is self.panes.sprint:
            self.panes.draw(report)

    async def search(self, *, keep: bool = False) -> None:
        if self.desk.key is not None:
            self.say_chips()
            await self._show(keep=keep)

    async def show_sprint(self, sprint: Sprint, *, anew: bool = False) -> None:
        """Shows another sprint, or with `anew` one that has just become another. Keys wait for it."""
        if self.keys is not None:
            self.keys.begun(self._turn, to_its_end=True)
        try:
            await self._show(sprint, anew=anew, keep=True)
        finally:
            if self.keys is not None:
                self.keys.settled(self._turn)
        await self.read_burndown()

    async def _show(self, sprint: Sprint | None = None, *, anew: bool = False, keep: bool = False) -> None:
        """Reads both panes, of a sprint or of the one that is shown, and with `anew` what the headings say;
        then shows all of it at once: what a key is about is what is seen.
        """
        async with self._turn:
            panes, key = self.panes, self.desk.key
            sprints = await self.read_sprints() if anew else panes.sprints
            sprint = self._of(sprints, sprint or panes.sprint)
            total = await self._count()
            wanted = (key, self.asked)
            stay, keep = keep and wanted != self._shown, keep and wanted == self._shown
            kept: Mapping[Side, bool] = {
                "backlog": keep,
                "sprint": keep and _same(sprint, panes.sprint),
            }
            windows = [table.window for table in panes.tables]
            readings, pages = await self._pages(sprint, kept)
            held = [
                await self.lists.among(side, panes.table_of(side).marks)
                if kept[side] and panes.table_of(side).marks and not _is_whole(page)
                else None
                for side, page in zip(SIDES, pages, strict=True)
            ]
            if wanted != (self.desk.key, self.asked):
                return  # Something else is asked for by now, and will be read.
            # From here on nothing is waited for.
            self._shown = wanted
            self._say_order()
            panes.sprints, panes.sprint, panes.total = sprints, sprint, total
            if anew or not kept["sprint"]:
                panes.load = Load.of(sprint) if sprint else Load()
            read = zip(SIDES, windows, readings, pages, held, strict=True)
            for side, window, reading, page, found in read:
                table = panes.table_of(side)
                if kept[side] and table.window is not window:
                    continue  # Somebody went to another stretch of the list meanwhile.
                if not kept[side]:
                    table.unmark()
                table.empty = self._empty(side)
                table.show(page, reading, keep=kept[side], stay=stay)
                if found is not None:
                    table.keep_marks(found)
            panes.fit_keys()
            # What is on its way stands where it will be, not where it was read.
            rows = [row for table in panes.tables for row in table.window]
            panes.settle([row for row in rows if self.desk.edits.unsaved(row.id)])
            panes.say()
            self.say_what_is_drawn()
            self.light_keys()

    def _say_order(self) -> None:
        sort = self.asked.sort
        ranked = sort is None or sort.key is SortKey.RANK
        self.panes.order = "other" if not ranked else "falling" if sort and sort.descending else "rising"
        terms = [term for term in self.asked.terms if not term.negated]
        for table in self.panes.tables:
            table.spans = (lambda title: matches(title, terms)) if terms else None

    async def _pages(
        self, sprint: Sprint | None, kept: Mapping[Side, bool]
    ) -> tuple[list[Reading], list[Page[IssueRow]]]:
        """What both panes show; read again if something changed meanwhile: it may be of before."""
        for _ in range(RETRIES):
            learnt = self._learnt
            readings = [self._reading(side, kept[side]) for side in SIDES]
            lists = self._lists(sprint)
            pages = [lists.page(side, reading) for side, reading in zip(SIDES, readings, strict=True)]
            found = await asyncio.gather(*pages)
            if learnt == self._learnt:
                break
        return readings, found

    def _reading(self, side: Side, keep: bool) -> Reading:
        table = self.panes.table_of(side)
        reading = table.window.around(table.cursor) if keep else Reading()
        return reading._replace(limit=max(reading.limit, PAGE))

    def _lists(self, sprint: Sprint | None) -> PlanLists:
        """What is asked for now, with a sprint."""
        return PlanLists(self.desk.session, self.desk.key or "", self.asked, sprint)

    @property
    def lists(self) -> PlanLists:
        """What is asked for now, with the sprint that is shown."""
        return self._lists(self.panes.sprint)

    async def _count(self) -> str:
        total = await self.lists.backlog_total()
        self._backlog = total
        return f"{total} issue{'' if total.count == 1 else 's'}"

    @property
    def _filtered(self) -> bool:
        return bool(self.asked.terms or self.asked.conditions)

    def _empty(self, side: Side) -> str:
        if self._filtered:
            return "No issue here is like that. esc clears the search."
        if side == "backlog":
            return "The backlog is empty. n writes an issue."
        if self.panes.sprint is None:
            return "+ plans a sprint."
        return "Nothing is in it yet. L moves issues here."

    @on(IssueTable.Highlighted)
    @on(events.DescendantFocus)
    def _highlighted(self) -> None:
        self.cursor_moved()

    @on(IssueTable.MoreWanted)
    def _more(self, event: IssueTable.MoreWanted) -> None:
        table, direction = event.table, event.direction
        self.read(self._extend(table, direction), f"more {table.id} {direction}")

    async def _extend(self, table: IssueTable, direction: Direction) -> None:
        """Reads the page behind what a pane holds, or the one before it."""
        window = table.window
        reading = window.further(direction, PAGE)
        if reading is None:
            return
        try:
            page = await self.lists.page(self.panes.side_of(table), reading)
        except RhythmError:
            table.ask_again(direction)
            raise
        if window is table.window:  # Else another list is shown by now.
            table.extend(page, direction)

    @on(IssueTable.EndWanted)
    def _end(self, event: IssueTable.EndWanted) -> None:
        self.read(self._go_to_end(event.table, event.direction), f"end of {event.table.id}")

    async def _go_to_end(self, table: IssueTable, direction: Literal["first", "last"]) -> None:
        reading, window = Reading(last=direction == "last", limit=PAGE), table.window
        page = await self.lists.page(self.panes.side_of(table), reading)
        if window is table.window:
            table.show(page, reading, steady=True)

    # Issues ----------------------------------------------------------------------------------------------

    def targets(self) -> list[IssueRow]:
        return self.panes.table.targets if self.desk.project else []

    def unread(self) -> list[int]:
        return [issue for issue, row in self.panes.table.marks.items() if row is None]

    def follow(self, row: IssueRow) -> None:
        self.panes.table.go_to(row.id)

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        self._learnt += 1
        self.panes.replace(rows)
        self.read_figures()

    def read_figures(self) -> None:
        """Reads again what the headings say, once the keys rest: until then they are counted along."""
        if self._figures_timer is not None:
            self._figures_timer.stop()
        self._figures_timer = self.set_timer(0.1, lambda: self.read(self._figures(), "figures"))

    async def _figures(self) -> None:
        learnt, panes = self._learnt, self.panes
        total, sprints = await self._count(), await self.read_sprints()
        if learnt != self._learnt:
            return  # What was counted may be of before; it is counted again.
        if self.desk.edits.waiting:  # It may be counted already, and would be counted along once more.
            self.read_figures()
            return
        here = self._of(sprints, panes.sprint)
        if not _same(here, panes.sprint):
            self.reload()
            return
        panes.total, panes.sprints, panes.sprint = total, sprints, here
        panes.load = Load.of(here) if here else Load()
        panes.say()
        self.light_keys()
        await self.read_burndown()

    def end_range(self) -> None:
        for table in self.panes.tables:
            table.end_range()

    def done_with(self, issues: Sequence[int]) -> None:
        for table in self.panes.tables:
            table.take(issues)
        self.read_figures()

    def drawn(self, issues: frozenset[int]) -> None:
        for table in self.panes.tables:
            table.redraw(issues)
        self.panes.say()

    def new_issue_fields(self) -> dict[str, Any]:
        """A new issue is of the pane with the focus."""
        here = self.panes.sprint if self.panes.side == "sprint" else None
        return {"sprint": here.name} if here and here.state is not SprintState.FINISHED else {}

    def created(self, issue: Issue, said: str) -> None:
        self.say(said, "u takes it back")
        self.panes.settle([issue])
        home = self.panes.belongs(issue)
        if home is not None:
            self.panes.table_of(home).go_to(issue.id)
        self.read_figures()

    def title_region(self) -> Region | None:
        table = self.panes.table
        column = next((start, width) for each, start, width in table.headings() if each.id == "title")
        y = table.cursor - table.scroll_offset.y + 1
        return Region.from_offset(table.content_region.offset + Offset(column[0] - 1, y), (column[1] + 1, 1))

    async def changes(self, changes: list[Change]) -> None:
        """What others did: issues go where they are now and glow there; what one looks at stays."""
        self._learnt += 1
        project, edits, panes = self.desk.project, self.desk.edits, self.panes
        if project is None:
            return
        here = [change for change in changes if change.project_id == project.id]
        others = [change for change in here if not edits.ours(change.operation)]
        touched = frozenset().union(*(change.issue_ids for change in here))
        if len(touched) > MANY or any(kind.startswith("sprint.") for each in others for kind in each.kinds):
            self.reload()
            return
        if not touched:
            return
        rows = await self.desk.session.search.again(list(touched))
        theirs = frozenset().union(*(change.issue_ids for change in others))
        # Whether a search finds what nobody has looked at here, only the database knows.
        unknown = [
            row for row in rows if self._filtered and panes.held(row.id) is None and panes.belongs(row)
        ]
        known = [row for row in rows if row not in unknown]
        panes.replace([row for row in known if row.id not in theirs])
        panes.replace([row for row in known if row.id in theirs], keep=True)
        for table in panes.tables:
            table.leave(touched - {row.id for row in rows})
            for change in others:
                table.glow.light(change.issue_ids, shown(change.actor.display_name))
        if unknown:
            self.say(f"{counted(len(unknown), 'change')} that the search may find", "r reads it again")
        self.read_figures()

    @on(IssueTable.Opened)
    def _opened(self, event: IssueTable.Opened) -> None:
        table = self.panes.table
        siblings = Listed(
            event.row.id,
            lambda: table.window,
            lambda at: table.window[at],
            partial(self._extend, table),
            lambda: table.window.above_of(self._total_of(table)),
            lambda: f"{self._total_of(table)}",
        )
        self.post_message(OpenIssue(event.row.key, siblings))

    def _total_of(self, table: IssueTable) -> Total:
        """How many issues are in the list of a pane."""
        if self.panes.side_of(table) == "backlog":
            return self._backlog
        window = table.window
        if window.next is None and window.previous is None:
            return Total(count=len(window))
        # What was carried over counts in a finished sprint, but is not in its list.
        finished = self.panes.sprint is not None and self.panes.sprint.state is SprintState.FINISHED
        if self._filtered or finished:
            return Total(count=len(window), exact=False)
        return Total(count=self.panes.load.issues)

    # Panes -----------------------------------------------------------------------------------------------

    def leave_search(self) -> None:
        self.panes.go_to(self.panes.side)

    def forget_marks(self) -> None:
        for table in self.panes.tables:
            table.unmark()

    @handles("pane.next")
    def next_pane(self) -> None:
        self.panes.go_to("sprint" if self.panes.side == "backlog" else "backlog")

    @handles("list.left")
    def to_left(self) -> None:
        self.panes.go_to("backlog")

    @handles("list.right")
    def to_right(self) -> None:
        self.panes.go_to("sprint")

    @handles("pane.zoom")
    def zoom(self) -> None:
        self.toggle_class("zoomed")
        self.on_resize()

    @handles("mark.all")
    async def mark_all(self) -> None:
        table = self.panes.table
        found = await self.lists.ids(self.panes.side, MARKED + 1)
        table.mark_all(found[:MARKED])
        if len(found) > MARKED:
            raise Invalid(f"Only the first {MARKED:,} are marked.", hint="Narrow the search for the others.")

    def took_away(self) -> bool:
        if not self.panes.table.marks:
            return super().took_away()
        self.panes.table.unmark()
        return True


def _is_whole(page: Page[IssueRow]) -> bool:
    """Whether a page is all of its list."""
    return page.previous is None and page.next is None


def _same(one: Sprint | None, other: Sprint | None) -> bool:
    return (one and one.id) == (other and other.id)
