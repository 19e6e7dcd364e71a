"""The issue table: search as you type over all issues of a project, or of all projects."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import PurePath
from time import monotonic
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Offset, Region
from textual.timer import Timer

from rhythm_domain.errors import Invalid, NotFound, RhythmError
from rhythm_domain.lexemes import matches
from rhythm_domain.live import Change
from rhythm_domain.models import Issue, IssueRow, Page, SavedView, Total
from rhythm_domain.query import Query, Sort, SortKey
from rhythm_domain.text import shown
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.holding.rows import Reading
from rhythm_tui.holding.siblings import Direction, Listed, Siblings
from rhythm_tui.looks.columns import CHOSEN, COLUMNS
from rhythm_tui.messages import OpenIssue
from rhythm_tui.screens import arranging, saved_views
from rhythm_tui.screens.searching import SearchScreen
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.preview import Preview
from rhythm_tui.widgets.search_bar import SearchBar
from rhythm_tui.widgets.view_tabs import ViewTabs

PAGE = 200
"""Rows that are read at once when one scrolls."""

MOST = 100_000
"""Issues that can be marked at once."""

FIRST = 60
"""Rows of the first page: what fits on a screen, and a little more."""

TURNS = 50
"""Turns of the loop that the table is given at most, to come to rest."""

PAUSE = 0.3
"""Seconds without a key after which all that is found is counted."""

NO_ISSUES = "No issues yet. n writes the first one."

NONE_FOUND = "No issue is like that. esc clears the search, n makes one."

_COMES = {"issue.created", "issue.restored"}
"""Kinds of events after which an issue is there that was not."""

Place = Literal["side", "below", "away"]

_NEXT_PLACE: dict[Place, Place] = {"side": "below", "below": "away", "away": "side"}


class _First(NamedTuple):
    """What is seen first, asked for at a moment (`monotonic`): the total is None where the page has all."""

    at: float
    key: str | None
    views: Sequence[SavedView]
    page: Page[IssueRow]
    total: Total | None


class IssuesScreen(SearchScreen):
    """The issue table with its search line, saved views as tabs, and a preview."""

    VIEW: ClassVar[str] = "issues"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["searching.tcss", "issues.tcss"]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._views: Sequence[SavedView] = ()
        self._to_top = False
        self._chosen_view: int | str | None = None
        """The view that was gone to last, see `_id_of`: two may have the same search."""
        self._columns = [id for id in desk.memory.get("columns") or () if id in COLUMNS] or CHOSEN
        self._preview: Place = "away"
        self._preview_timer: Timer | None = None
        self._made: tuple[Issue, str] | None = None
        """An issue that was just made here, until the list is read again."""
        self._known_total = Total(count=0)
        self._new = 0
        """How many issues others have made since the list was read."""
        self._shown: tuple[str | None, Query] | None = None
        self._first: asyncio.Task[_First] | None = asyncio.create_task(self._read_first(desk.key))
        self._first.add_done_callback(_heard)

    def body(self) -> ComposeResult:
        yield ViewTabs()
        yield self.search_bar()
        with Container(id="panes"):
            table = IssueTable(id="table", empty=NO_ISSUES)
            table.shown = self.desk.edits.shown
            table.unsaved = self.desk.edits.unsaved
            table.now = self.desk.now
            table.choose_columns(self._columns)
            yield table
            yield Preview(self.desk.now)

    @property
    def table(self) -> IssueTable:
        return self.query_one(IssueTable)

    def on_mount(self) -> None:
        self.table.focus()
        wide: Place = "side" if self.app.size.width >= 150 else "away"
        kept = self.desk.memory.get("preview")
        self._place_preview(kept if kept in _NEXT_PLACE else wide)

    # Reading ---------------------------------------------------------------------------------------------

    async def _read_first(self, key: str | None) -> _First:
        """Asks for what is seen first, while the widgets come that show it."""
        at = monotonic()
        views = await saved_views.tabs(self.desk.session, key)
        page = await self._page(Reading(limit=FIRST))
        total = await self.desk.session.search.total(self.asked, project=key) if page.next else None
        return _First(at, key, views, page, total)

    async def _taken_first(self) -> _First | None:
        """What was asked for first, if that is what is to be shown; once."""
        task, self._first = self._first, None
        first = await task if task is not None else None
        if first is None or (first.key, Query()) != (self.desk.key, self.asked):
            return None
        self.began_reading = first.at
        return first

    async def load(self) -> None:
        first = await self._taken_first()
        views = first.views if first else await saved_views.tabs(self.desk.session, self.desk.key)
        self._show_views(views)
        for _ in range(TURNS):  # Else rows that are there before the table has its size are drawn after it.
            if not self.table.message_queue_size:
                break
            await asyncio.sleep(0)
        await self.search(keep=True, first=first)

    async def search(self, *, keep: bool = False, first: _First | None = None) -> None:
        wanted = (self.desk.key, self.asked)
        table = self.table
        window = table.window
        stay, keep = keep and wanted != self._shown, keep and wanted == self._shown
        reading = window.around(table.cursor) if keep else Reading()
        page = first.page if first else await self._page(reading._replace(limit=max(reading.limit, FIRST)))
        held = await self._among(table.marks) if table.marks and (page.previous or page.next) else None
        behind = None
        if stay and (row := table.row) and page.next and all(each.id != row.id for each in page.items):
            page, reading, behind = await self._around(row) or (page, reading, None)
        if wanted != (self.desk.key, self.asked) or (keep and window is not table.window):
            return  # Meanwhile the person went on to something else.
        self._shown, self._new = wanted, 0
        self._say_query()
        self._say_empty()
        table.show(page, reading, behind, keep=keep, stay=stay, steady=self.query_one(SearchBar).typing)
        if self._to_top:
            table.scroll_to(y=0, animate=False, immediate=True, force=True)
        self._to_top = False
        if held is not None:
            table.keep_marks(held)
        self.say_what_is_drawn()
        self.found()
        made, self._made = self._made, None
        if made is not None:
            await self._go_to_made(*made)
        if first is not None and first.total is not None and first.total.exact:
            self._know_total(first.total)
        else:
            await self._count_found(page)

    def _say_empty(self) -> None:
        words = NONE_FOUND if self.asked.terms or self.asked.conditions else NO_ISSUES
        self.table.say_empty(f"{self.doubt} esc clears the search." if self.doubt else words)

    def doubted(self) -> None:
        self._say_empty()

    @property
    def doubt_beside(self) -> str:
        return self.doubt if len(self.table.window) else ""

    async def _among(self, issues: Collection[int]) -> frozenset[int]:
        """Those of some issues that are found."""
        return await self.desk.session.search.among(issues, self.asked, project=self.desk.key)

    async def _page(self, reading: Reading) -> Page[IssueRow]:
        return await self.desk.session.search.page(
            self.asked,
            project=self.desk.key,
            cursor=reading.cursor,
            before=reading.before,
            last=reading.last,
            limit=reading.limit,
        )

    async def _around(self, row: IssueRow) -> tuple[Page[IssueRow], Reading, Page[IssueRow]] | None:
        """The pages before an issue and from it on, in the list of all; None where it is not there."""
        if self.asked != Query():
            return None
        at = await self.desk.session.search.place(row.id, project=self.desk.key)
        if at is None:
            return None
        before = Reading(before=at, limit=FIRST)
        return await self._page(before), before, await self._page(Reading(cursor=at, limit=FIRST))

    async def _count_found(self, page: Page[IssueRow]) -> None:
        """Says how many are found: all that were read, if that is all. Else those at least while one types;
        the server counts once one pauses.
        """
        if page.previous is None and page.next is None:
            self._know_total(Total(count=len(page.items)))
            return
        if self.asked.terms or self.asked.conditions:  # To count them may take longer than to find some.
            self.reveal()
        if self.query_one(SearchBar).typing:
            self._know_total(Total(count=len(page.items), exact=False))
            await asyncio.sleep(PAUSE)
        await self._count()

    async def _count(self) -> None:
        search = self.desk.session.search
        total = await search.total(self.asked, project=self.desk.key)
        self._know_total(total)
        if not total.exact:
            with suppress(RhythmError):  # Counting may take too long; that there are many is said already.
                self._know_total(await search.exact_total(self.asked, project=self.desk.key))

    def _know_total(self, total: Total) -> None:
        self._known_total = total
        self._say_total()
        self.reveal()

    def _say_total(self) -> None:
        total = self._known_total
        marked = len(self.table.marks)
        issues = "issue" if total == Total(count=1) else "issues"
        said = f"{marked:,} of {total} marked" if marked else f"{total} {issues}"
        new = f"{self._new:,} new · " if self._new else ""
        self.query_one(SearchBar).total = f"{new}{said} "

    def _say_query(self) -> None:
        sort = self.asked.sort or Sort.by(SortKey.CREATED)
        self.table.say_order(sort.key.value, descending=sort.descending)
        terms = [term for term in self.asked.terms if not term.negated]
        self.table.spans = (lambda title: matches(title, terms)) if terms else None
        self.say_chips()
        self.query_one(ViewTabs).current = self._view_here

    def forget_marks(self) -> None:
        self.table.unmark()

    def leave_search(self) -> None:
        self.set_focus(self.table)  # At once: what is found from now on has the columns that it needs.
        self.table.fit_columns()

    def refresh_all(self) -> None:
        """As if the list was opened now."""
        self.table.fit_columns()
        super().refresh_all()

    @on(IssueTable.MoreWanted)
    def _more(self, event: IssueTable.MoreWanted) -> None:
        self.read(self._extend(event.direction), f"more {event.direction}")

    async def _extend(self, direction: Direction) -> None:
        """Reads the page behind what is held, or the one before it."""
        window = self.table.window
        reading = window.further(direction, PAGE)
        if reading is None:
            return
        if self._shown != (self.desk.key, self.asked):  # Another list is on its way.
            self.table.ask_again(direction)
            return
        try:
            page = await self._page(reading)
        except RhythmError:
            self.table.ask_again(direction)
            raise
        if window is self.table.window:  # Else another list is shown by now.
            self.table.extend(page, direction)

    @on(IssueTable.EndWanted)
    def _end(self, event: IssueTable.EndWanted) -> None:
        self.read(self._go_to_end(event.direction), "search")

    async def _go_to_end(self, direction: Literal["first", "last"]) -> None:
        reading = Reading(last=direction == "last", limit=FIRST)
        self.table.show(await self._page(reading), reading, steady=True)

    # Issues ----------------------------------------------------------------------------------------------

    def targets(self) -> list[IssueRow]:
        return self.table.targets

    def unread(self) -> list[int]:
        return [issue for issue, row in self.table.marks.items() if row is None]

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        self.table.replace(rows)

    def end_range(self) -> None:
        self.table.end_range()

    def done_with(self, issues: Sequence[int]) -> None:
        self.table.take(issues)
        self.table.unmark()
        self.read(self._count(), "count")

    def after_undo(self) -> None:
        """What is back above the first line is seen there, if one looks at the top."""
        self._to_top = self.table.scroll_offset.y == 0

    def created(self, issue: Issue, said: str) -> None:
        self._made = issue, said
        super().created(issue, said)

    async def _go_to_made(self, issue: Issue, said: str) -> None:
        """The cursor goes to an issue that was just made, if it is found and is not too far down."""
        wanted = (self.desk.key, self.asked)
        if self.table.go_to(issue.id):
            return
        found = await self._among([issue.id])
        page = await self._page(Reading(limit=FIRST)) if found else None
        if wanted != (self.desk.key, self.asked):
            return  # Meanwhile the person went on to something else.
        if page is None:
            self.say(f"{said}; this search does not show it", "u takes it back")
        elif any(row.id == issue.id for row in page.items):
            self.table.show(page, steady=True)
            self.table.go_to(issue.id)
        else:
            self.say(f"{said}; it is further down in this order", "u takes it back")

    def follow(self, row: IssueRow) -> None:
        self.table.go_to(row.id)

    def drawn(self, issues: frozenset[int]) -> None:
        self.table.redraw(issues)

    def title_region(self) -> Region | None:
        table = self.table
        column = next((start, width) for each, start, width in table.headings() if each.id == "title")
        y = table.cursor - table.scroll_offset.y + 1
        return Region.from_offset(table.content_region.offset + Offset(column[0] - 1, y), (column[1] + 1, 1))

    async def changes(self, changes: list[Change]) -> None:
        """Draws what others changed where it stands. Nothing moves: new issues are only announced."""
        touched = frozenset().union(*(change.issue_ids for change in changes))
        table = self.table
        gone = [change.issue_ids for change in changes if "issue.deleted" in change.kinds]
        marked = frozenset().union(*gone) & table.marks.keys()  # Also where they are not read.
        here = {issue for issue in touched if issue in marked or table.window.place(issue) is not None}
        if here:
            rows = await self.desk.session.search.again([*here])
            self.table.replace(rows)
            self.table.leave(here - {row.id for row in rows})
            for change in changes:
                if not self.desk.edits.ours(change.operation):
                    self.table.glow.light(change.issue_ids, shown(change.actor.display_name))
        ours = [change for change in changes if self.desk.edits.ours(change.operation)]
        come = (change for change in ours if change.kinds & _COMES)
        if not self.busy and any(not change.issue_ids & here for change in come):
            self.reload()  # They were made or taken back elsewhere, as in the trash.
        elif any("issue.created" in change.kinds or "issue.imported" in change.kinds for change in changes):
            before = self._known_total
            await self._count()
            more = self._known_total.count - before.count
            if before.exact and more > 0 and len(ours) < len(changes):
                self._new += more
                self._say_total()
                self.say(f"{self._new:,} new", "r reads the list again")

    @on(IssueTable.Opened)
    def _opened(self, event: IssueTable.Opened) -> None:
        self.post_message(OpenIssue(event.row.key, self._siblings(event.row)))

    def _siblings(self, row: IssueRow) -> Siblings:
        table = self.table

        return Listed(
            row.id,
            lambda: table.window,
            lambda at: table.window[at],
            self._extend,
            lambda: table.window.above_of(self._known_total),
            lambda: f"{self._known_total}",
        )

    @on(IssueTable.MarksChanged)
    def _marked(self) -> None:
        self._say_total()

    @handles("mark.all")
    async def mark_all(self) -> None:
        found = await self.desk.session.search.ids(self.asked, project=self.desk.key, limit=MOST + 1)
        self.table.mark_all(found[:MOST])
        if len(found) > MOST:
            raise Invalid(f"Only the first {MOST:,} are marked.", hint="Narrow the search for the others.")

    def took_away(self) -> bool:
        if not self.table.marks:
            return super().took_away()
        self.table.unmark()
        return True

    # Order, columns, views, preview ------------------------------------------------------------------------

    def sort_by(self, sort: Sort) -> None:
        """Reads the list in another order."""
        text = str(self.asked.with_sort(sort))
        self.seek(text)

    @on(IssueTable.SortWanted)
    def _heading(self, event: IssueTable.SortWanted) -> None:
        now = self.asked.sort or Sort.by(SortKey.CREATED)
        key = SortKey(event.order)
        usual = Sort.by(key)
        self.sort_by(Sort.by(key, reverse=now == usual))

    @handles("sort")
    async def choose_sort(self) -> None:
        now = self.asked.sort or Sort.by(SortKey.CREATED)
        chosen = await arranging.choose_sort(self, now)
        if chosen is not None:
            self.sort_by(chosen)

    @handles("columns")
    async def choose_columns(self) -> None:
        chosen = await arranging.choose_columns(self, self.table, self._columns)
        if chosen is not None:
            self._columns = chosen
            self.desk.memory.keep("columns", chosen)

    def _show_views(self, views: Sequence[SavedView]) -> None:
        """Has these as tabs."""
        self._views = views
        self.query_one(ViewTabs).show([view.name for view in views], self._view_here)

    def show_view(self, at: int) -> None:
        """Searches for what the saved view at a place among the tabs says."""
        self._chosen_view = _id_of(self._views[at])
        self.query_one(ViewTabs).current = at
        self.seek(self._views[at].query)

    @property
    def _view_here(self) -> int | None:
        """The place of the saved view that is shown."""
        asked = str(self.asked)
        alike = [(at, view) for at, view in enumerate(self._views) if view.query == asked]
        chosen = [at for at, view in alike if _id_of(view) == self._chosen_view]
        saved = [at for at, view in alike if not view.built_in]
        return next(iter((*chosen, *saved, *(at for at, _ in alike))), None)

    @property
    def saved_view(self) -> SavedView | None:
        """The saved view that is shown."""
        at = self._view_here
        return None if at is None else self._views[at]

    def why_not(self, command: Command) -> str | None:
        if command.id in ("view.rename", "view.publish", "view.delete"):
            return saved_views.why_not(self.desk, command.id, self.saved_view)
        return super().why_not(command)

    @on(ViewTabs.Chosen)
    def _view_pressed(self, event: ViewTabs.Chosen) -> None:
        if event.at < len(self._views):
            self.show_view(event.at)

    @handles("view.next")
    def next_view(self) -> None:
        self._step_view(1)

    @handles("view.previous")
    def previous_view(self) -> None:
        self._step_view(-1)

    def _step_view(self, step: int) -> None:
        if self._views:
            here = self._view_here
            start = -1 if step > 0 else 0
            self.show_view(((start if here is None else here) + step) % len(self._views))

    @handles("view.save")
    async def save_view(self) -> None:
        self._put_view(await saved_views.save(self, str(self.asked), self._views))

    @handles("view.rename")
    async def rename_view(self) -> None:
        if view := self.saved_view:
            self._put_view(await saved_views.rename(self, view))

    @handles("view.publish")
    async def publish_view(self) -> None:
        if view := self.saved_view:
            self._put_view(await saved_views.publish(self, view))

    def _put_view(self, saved: SavedView | None) -> None:
        """Goes on with a view as it is saved now, until all are read again."""
        if saved is not None:
            self._chosen_view = saved.id
            self._show_views([*(view for view in self._views if view.id != saved.id), saved])
            self.reload()

    @handles("view.delete")
    async def delete_view(self) -> None:
        if view := self.saved_view:
            await saved_views.delete(self, view)

    @handles("preview")
    def turn_preview(self) -> None:
        self._place_preview(_NEXT_PLACE[self._preview])
        self.desk.memory.keep("preview", self._preview)

    @handles("pane.zoom")
    def zoom(self) -> None:
        """Reads: the preview has all the room, j and k go from issue to issue."""
        self.toggle_class("zoomed")
        if self._preview == "away":
            self._place_preview("side")

    def _place_preview(self, place: Place) -> None:
        self._preview = place
        panes = self.query_one("#panes")
        panes.set_class(place == "below", "below")
        self.query_one(Preview).display = place != "away"
        self._show_preview()

    @on(IssueTable.Highlighted)
    def _highlighted(self) -> None:
        self.cursor_moved()
        if self._preview != "away":
            if self._preview_timer is not None:
                self._preview_timer.stop()
            # Holding j does not read every issue that it passes.
            self._preview_timer = self.set_timer(0.06, self._show_preview)

    def _show_preview(self) -> None:
        if self._preview != "away":
            self.read(self._read_preview(), "preview")

    async def _read_preview(self) -> None:
        row = self.table.row
        try:
            issue = await self.desk.session.issues.show(row.id) if row else None
        except NotFound:
            issue = None
        self.query_one(Preview).show_issue(issue)


def _heard(task: asyncio.Task[_First]) -> None:
    """Who takes it hears of its error; nobody may."""
    if not task.cancelled():
        task.exception()


def _id_of(view: SavedView) -> int | str:
    return view.id or view.name
