"""The two panes of the planner, and where each issue stands in them.

An issue stands in the pane where it belongs with all changes that are on their way, in the order of rank. It
keeps its last saved state until the answer comes: what is on its way is told by `shown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.reactive import reactive

from rhythm_domain.models import IssueRow, Sprint, SprintState
from rhythm_domain.models.reports import SprintReport
from rhythm_tui.holding import planning
from rhythm_tui.holding.planning import Capacity, Load
from rhythm_tui.widgets import burndown
from rhythm_tui.widgets.drawing import Drawing
from rhythm_tui.widgets.issue_table import IssueTable
from rhythm_tui.widgets.pane_heading import (
    Line,
    Marked,
    PaneHeading,
    backlog_lines,
    no_sprint_lines,
    sprint_lines,
)

LAST = 3
"""Finished sprints whose mean is the velocity."""

LEAST_TITLE = 18
"""Cells that a title has at least: two lists share the screen, and points matter here."""

Side = Literal["backlog", "sprint"]

SIDES: tuple[Side, Side] = ("backlog", "sprint")

_COLUMNS: dict[Side, tuple[str, ...]] = {
    "backlog": ("type", "key", "priority", "title", "initials", "estimate"),
    "sprint": ("sign", "key", "priority", "title", "initials", "estimate"),
}


class PlanPanes(Container):
    """Backlog and sprint, each a heading and a table. `side` is the one that has, or had, the focus."""

    side: reactive[Side] = reactive[Side]("backlog")

    def __init__(
        self,
        shown: Callable[[IssueRow], IssueRow],
        unsaved: Callable[[int], bool],
        now: Callable[[], datetime],
        *,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.shown, self.unsaved, self.now = shown, unsaved, now
        self.project = 0
        """The id of the project whose plan it is."""
        self.sprints: Sequence[Sprint] = ()
        """All sprints of the project, from the earliest on."""
        self.sprint: Sprint | None = None
        """The one that is shown."""
        self.load = Load()
        """What is in it, as far as it is saved."""
        self.total = ""
        """How many issues are in the backlog, in words."""
        self.order: Literal["rising", "falling", "other"] = "rising"
        """How the lists go: by rank, by rank from the end, or by something else."""
        self._tables: dict[Side, IssueTable] = {side: IssueTable(id=side, empty="") for side in SIDES}
        self._drawing = Drawing()
        self._headings = {side: PaneHeading() for side in SIDES}

    def compose(self) -> ComposeResult:
        for side in SIDES:
            with Vertical(id=f"{side}-pane", classes="pane"):
                yield self._headings[side]
                yield self._tables[side]
                if side == "sprint":
                    yield self._drawing

    def on_mount(self) -> None:
        for side in SIDES:
            table = self.table_of(side)
            table.shown, table.unsaved, table.now = self.shown, self.unsaved, self.now
            table.say_order("", descending=False)
        self.watch_side()

    def table_of(self, side: Side) -> IssueTable:
        """The table of a pane."""
        return self._tables[side]

    @property
    def table(self) -> IssueTable:
        """The table of the pane that has, or had, the focus."""
        return self.table_of(self.side)

    @property
    def tables(self) -> tuple[IssueTable, IssueTable]:
        return self.table_of("backlog"), self.table_of("sprint")

    def side_of(self, table: IssueTable) -> Side:
        """The pane of a table."""
        return "sprint" if table.id == "sprint" else "backlog"

    # The focus -------------------------------------------------------------------------------------------

    def go_to(self, side: Side) -> None:
        """Gives a pane the focus."""
        self.side = side
        self.table.focus()

    def watch_side(self) -> None:
        for side in SIDES:
            self.query_one(f"#{side}-pane").set_class(side == self.side, "here")
            self._headings[side].lit = side == self.side

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, IssueTable):
            self.side = self.side_of(event.widget)

    # Where issues stand ------------------------------------------------------------------------------------

    def belongs(self, row: IssueRow) -> Side | None:
        """The pane that an issue is in by its fields."""
        if row.deleted_at is not None or row.project_id != self.project:
            return None
        if self.sprint is not None and row.sprint_id == self.sprint.id:
            return "sprint"
        return "backlog" if row.sprint_id is None and not row.status.closed else None

    def fit_keys(self) -> None:
        """Gives the keys of the issues as many cells as the longest has, and the rest to the titles."""
        keys = [len(row.key) for table in self.tables for row in table.window]
        widths = {"key": max(keys, default=len("KEY")), "title": LEAST_TITLE}
        for side in SIDES:
            self.table_of(side).choose_columns(_COLUMNS[side], widths)

    def held(self, issue: int) -> IssueRow | None:
        """An issue as it is saved, as far as a pane knows it."""
        for table in self.tables:
            place = table.window.place(issue)
            if place is not None:
                return table.window[place]
        return None

    def settle(self, rows: Iterable[IssueRow], *, keep: bool = False) -> None:
        """Puts issues, as they are saved now, where they belong. With `keep` those that belong in neither
        pane stay where they are, struck through.
        """
        for row in rows:
            known = self.held(row.id)
            if known is not None and known.version > row.version:
                continue  # Answers may overtake each other.
            home = self.belongs(self.shown(row))
            for table in self.tables:
                if home is None and keep:
                    if table.replace([row]):
                        table.leave([row.id])
                    else:  # It may be marked, and not read yet.
                        table.keep_marks(table.marks.keys() - {row.id})
                elif table.id == home:
                    table.replace([row])
                else:
                    table.take([row.id])
            if home is not None:
                self._put(self.table_of(home), row)

    def replace(self, rows: Sequence[IssueRow], *, keep: bool = False) -> None:
        """Issues were saved: they go where they belong, and the load of the sprint follows."""
        for row in rows:
            before = self.held(row.id)
            if before is not None and before.version <= row.version and self.sprint is not None:
                self.load = self.load.changed(before, row, self.sprint.id)
        self.settle(rows, keep=keep)
        self.say()

    def move(self, rows: Sequence[IssueRow], to: Side | None) -> None:
        """Puts issues into the other pane, or with None into none, before it is saved."""
        for table in self.tables:
            if table.id != to:
                table.take([row.id for row in rows])
        if to is not None:
            for row in rows:
                self._put(self.table_of(to), row)
            self.table_of(to).go_to(rows[0].id)

    def _put(self, table: IssueTable, row: IssueRow) -> None:
        """Puts an issue in its place in the order. One that is on its way stands where it was put."""
        here = table.window.place(row.id)
        if here is not None and (self.order == "other" or self.unsaved(row.id)):
            return
        place = len(table.window) if self.order == "other" else self._place(table, row)
        if here is None:
            if place < len(table.window) or table.window.next is None:
                table.put(row, place)
        elif place not in (here, here + 1):
            table.put(row, place)

    def _place(self, table: IssueTable, row: IssueRow) -> int:
        # Those on their way have the rank of where they were: it is no measure.
        falling = self.order == "falling"
        behind = (
            place
            for place, each in enumerate(table.window)
            if each.id != row.id
            and not self.unsaved(each.id)
            and (each.rank < row.rank if falling else each.rank > row.rank)
        )
        return next(behind, len(table.window))

    def draw(self, report: SprintReport | None) -> None:
        """Draws the burndown of the sprint, if it has begun."""
        of = burndown.of(report) if report is not None else None
        self._drawing.set_class(of is not None, "drawn")
        if of is not None:
            today, plain = self.now().date(), self.app.no_color
            self._drawing.show(lambda width, height: burndown.lines(of, today, width, height, plain=plain))

    # The headings ------------------------------------------------------------------------------------------

    @property
    def load_shown(self) -> Load:
        """What is in the sprint with all that is on its way."""
        load = self.load
        if self.sprint is not None:
            for row in {row.id: row for table in self.tables for row in table.window}.values():
                if self.unsaved(row.id):
                    load = load.changed(row, self.shown(row), self.sprint.id)
        return load

    @property
    def _last(self) -> Sequence[Sprint]:
        finished = [each for each in reversed(self.sprints) if each.state is SprintState.FINISHED]
        return finished[:LAST]

    @property
    def against(self) -> Capacity:
        """The load of the sprint beside the velocity."""
        return planning.capacity(self.load_shown, self._last)

    def say(self) -> None:
        """Draws what stands over the panes."""
        sprint, load, total, today = self.sprint, self.load_shown, self.total, self.now().date()
        last, against = self._last, self.against
        known = [each.id for each in self.sprints]
        place = (known.index(sprint.id) + 1 if sprint and sprint.id in known else 0, len(known))
        left, right = (self._marked(table) for table in self.tables)

        def backlog(width: int, lit: bool) -> Sequence[Line]:
            return backlog_lines(total, left, last, against, width, lit=lit)

        def planned(width: int, lit: bool) -> Sequence[Line]:
            if sprint is None:
                return no_sprint_lines(len(last), width, lit=lit)
            return sprint_lines(sprint, load, against, right, place, today, width, lit=lit)

        self._headings["backlog"].show(backlog)
        self._headings["sprint"].show(planned)

    def _marked(self, table: IssueTable) -> Marked:
        rows = table.marks.values()
        return Marked(len(rows), sum((row.estimate or Decimal(0) for row in rows if row), Decimal(0)))

    @on(IssueTable.MarksChanged)
    def _marks_changed(self) -> None:
        self.say()
