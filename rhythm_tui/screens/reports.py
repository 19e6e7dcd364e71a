"""Reports: the burndown of a sprint, the velocity of the last ones, the flow of the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from rhythm_domain.errors import NotFound
from rhythm_domain.live import Change
from rhythm_domain.models import Sprint, SprintState, Status
from rhythm_domain.models.reports import SprintIssue, SprintReport
from rhythm_domain.text import shown, truncated
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command, Where
from rhythm_tui.desk import Desk
from rhythm_tui.holding import planning
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets import burndown, flow, velocity
from rhythm_tui.widgets.canvas import number
from rhythm_tui.widgets.drawing import Draw, Drawing
from rhythm_tui.widgets.pane_heading import STATES
from rhythm_tui.widgets.theming import Themed, colours_of
from rhythm_tui.widgets.view_tabs import ViewTabs

REPORTS = {"burndown": "Burndown", "velocity": "Velocity", "flow": "Flow"}

SPRINTS = 12
"""Sprints of a velocity."""

_ONLY = {
    "report.sprint": ("burndown",),
    "report.unit": ("burndown", "velocity"),
    "report.days": ("flow",),
    "report.backlog": ("flow",),
}
"""The reports that a command is for."""


class ReportsScreen(WorkScreen, Themed):
    """One report at a time, as large as the screen."""

    VIEW: ClassVar[str] = "reports"
    ONE_PROJECT: ClassVar[str] = "A report"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["reports.tcss"]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        kept = desk.memory.get("report")
        self.report: str = kept if kept in REPORTS else "burndown"
        self.points = True
        self.days = 30
        self.backlog: bool | None = None
        """Whether the flow has the backlog; None leaves it out where it would dwarf all else."""
        self._with_backlog = True
        self.sprints: list[Sprint] = []
        """Those that have begun, from the earliest on."""
        self.sprint: Sprint | None = None
        self._timer: Timer | None = None

    def body(self) -> ComposeResult:
        yield ViewTabs()
        yield Static(id="empty")
        yield Static(id="of")
        yield Drawing()
        yield Static(id="figures")

    def draw_anew(self) -> None:
        self.reload()

    # Reading ---------------------------------------------------------------------------------------------

    async def load(self) -> None:
        self.query_one(ViewTabs).show(list(REPORTS.values()), list(REPORTS).index(self.report))
        key = self.desk.key
        if self.is_nowhere() or key is None:
            return
        if self.report == "burndown":
            await self._burndown(key)
        elif self.report == "velocity":
            await self._velocity(key)
        else:
            await self._flow(key)

    async def _burndown(self, key: str) -> None:
        service = self.desk.session.sprints
        begun = [each for each in await service.list(key) if each.state is not SprintState.PLANNED]
        self.sprints = planning.in_time(begun)
        ids = [each.id for each in self.sprints]
        if self.sprint is None or self.sprint.id not in ids:
            self.sprint = begun[0] if begun else None
        if self.sprint is None:
            self._say_empty("No sprint has begun yet. g s goes to the sprints: + plans one, b starts it.")
            return
        report = await service.report(key, self.sprint.name)
        self.sprint = report.sprint
        of = burndown.of(report, points=self.points)
        today = self.desk.today()
        if of is not None:
            place = f"‹ {ids.index(self.sprint.id) + 1}/{len(ids)} ›" if len(ids) > 1 else ""
            self._say(
                self._sprint_line(self.sprint, place),
                lambda width, height: burndown.lines(of, today, width, height, plain=self.app.no_color),
                _figures(report, points=of.unit == "points"),
            )

    def _sprint_line(self, sprint: Sprint, place: str) -> list[Piece]:
        today = self.desk.today()
        days = planning.span_said(sprint.starts_on, sprint.ends_on, today)
        left = planning.days_said(sprint, today)
        goal = " ".join(shown(sprint.goal).split())
        return [
            Piece(truncated(shown(sprint.name), 30), "foreground", bold=True),
            Piece("  "),
            STATES[sprint.state],
            Piece("".join(f"  {part}" for part in (days, left, place) if part), "muted"),
            Piece(f"  {truncated(goal, 60)}" if goal else "", "muted"),
        ]

    async def _velocity(self, key: str) -> None:
        found = list(reversed(await self.desk.session.reports.velocity(key, SPRINTS)))
        if not found:
            self._say_empty("No sprint is finished yet: the velocity is what finished sprints got done.")
            return
        points = self.points and velocity.in_points(found)
        which = f"The last {len(found)} finished sprints"
        self._say(
            [Piece("The last finished sprint" if len(found) == 1 else which, "muted")],
            lambda width, height: velocity.lines(
                found, width, height, points=points, plain=self.app.no_color
            ),
            [],
        )

    async def _flow(self, key: str) -> None:
        found = await self.desk.session.reports.flow(key, self.days + 1)
        today = self.desk.today()
        last = found.days[-1].counts if found.days else {}
        if not any(last.values()):
            self._say_empty("There are no issues yet: n writes the first one.")
            return
        waiting = last.get(Status.BACKLOG, 0)
        others = sum(flow.amounts(found.days[-1], found.days[0], backlog=False))
        backlog = waiting <= 4 * max(1, others) if self.backlog is None else self.backlog
        self._with_backlog = backlog
        without = "" if backlog else f"  without the backlog of {waiting:,}: b shows it"
        self._say(
            [
                Piece(
                    "From the first issue on" if flow.begun(found) else f"The last {self.days} days", "muted"
                ),
                Piece(without, "muted"),
            ],
            lambda width, height: flow.lines(
                found, today, width, height, backlog=backlog, plain=self.app.no_color
            ),
            [],
        )

    def _say_empty(self, words: str) -> None:
        self.add_class("empty")
        self.query_one("#empty", Static).update(Content(words))

    def _say(self, of: Sequence[Piece], draw: Draw, figures: Sequence[Piece]) -> None:
        self.remove_class("empty")
        colours = colours_of(self)
        self.query_one("#of", Static).update(show.content(of, colours))
        self.query_one(Drawing).show(draw)
        beneath = self.query_one("#figures", Static)
        beneath.display = bool(figures)
        beneath.update(show.content(figures, colours))

    async def changes(self, changes: list[Change]) -> None:
        """Reads the report again, once those who work pause."""
        if any(change.project_key == self.desk.key for change in changes):
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(0.3, self.reload)

    # Commands --------------------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        if command.where is Where.REPORTS and self.desk.nowhere:
            return self.desk.nowhere
        reports = _ONLY.get(command.id)
        if reports is not None and self.report not in reports:
            return f"that is for the {' and the '.join(reports)}: ] goes there"
        return super().why_not(command)

    def go_to(self, report: str) -> None:
        """Shows another report."""
        self.report = report
        self.desk.memory.keep("report", report)
        self.reload()

    @on(ViewTabs.Chosen)
    def _pressed(self, event: ViewTabs.Chosen) -> None:
        self.go_to(list(REPORTS)[event.at])

    @handles("report.next")
    def next_report(self) -> None:
        self._step(1)

    @handles("report.previous")
    def previous_report(self) -> None:
        self._step(-1)

    @handles("pane.next")
    def next_pane(self) -> None:
        self._step(1)

    def _step(self, step: int) -> None:
        names = list(REPORTS)
        self.go_to(names[(names.index(self.report) + step) % len(names)])

    @handles("list.left")
    def earlier(self) -> None:
        self._step_sprint(-1)

    @handles("list.right")
    def later(self) -> None:
        self._step_sprint(1)

    def _step_sprint(self, step: int) -> None:
        ids = [each.id for each in self.sprints]
        if self.report == "burndown" and self.sprint is not None and self.sprint.id in ids:
            at = ids.index(self.sprint.id) + step
            if 0 <= at < len(ids):
                self.sprint = self.sprints[at]
                self.reload()

    @handles("report.sprint")
    async def choose_sprint(self) -> None:
        if not self.sprints:
            raise NotFound("No sprint has begun yet.", hint="g s goes to the sprints")
        today = self.desk.today()
        chosen = await self.app.push_screen_wait(
            Picker(
                "Sprint",
                [
                    Choice(
                        each,
                        Content.assemble(
                            (shown(each.name), "bold"),
                            (f"  {planning.span_said(each.starts_on, each.ends_on, today)}", "dim"),
                            (f"  {each.state.value}", "dim"),
                        ),
                        f"{each.name} {each.state.value}",
                        self.sprint is not None and each.id == self.sprint.id,
                    )
                    for each in reversed(self.sprints)
                ],
            )
        )
        if chosen is not None:
            self.sprint = chosen
            self.reload()

    @handles("report.unit")
    def change_unit(self) -> None:
        self.points = not self.points
        self.reload()

    @handles("report.days")
    def change_days(self) -> None:
        self.days = 90 if self.days == 30 else 30
        self.reload()

    @handles("report.backlog")
    def change_backlog(self) -> None:
        self.backlog = not self._with_backlog
        self.reload()


def _figures(report: SprintReport, *, points: bool) -> list[Piece]:
    """What happened to the issues of a sprint, in numbers."""
    parts: list[tuple[str, Sequence[SprintIssue], str]] = [
        ("committed", report.committed, "foreground"),
        ("added", report.added, "foreground"),
        ("removed", report.removed, "foreground"),
        ("done", report.done, "success"),
        *([("carried over", report.carried_over, "warning")] if report.carried_over else []),
    ]
    pieces: list[Piece] = []
    for name, issues, colour in parts:
        total = sum((one.estimate or 0 for one in issues), 0)
        count, unit = f"{len(issues):,}", ""
        if not pieces:  # The others are counted in the same.
            count, unit = counted(len(issues), "issue"), " points"
        amount = f"{number(total)}{unit} in {count}" if points and (total or not pieces) else count
        pieces += [Piece(f"{name} ", "muted"), Piece(amount, colour, bold=True), Piece("   ")]
    return pieces
