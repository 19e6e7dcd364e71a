"""The planner: what moves between the backlog and a sprint, in which order, and the life of a sprint."""

from __future__ import annotations

from typing import Literal

from rhythm_domain.errors import Invalid, RhythmError
from rhythm_domain.models import Sprint, SprintState
from rhythm_domain.text import shown
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command, Where
from rhythm_tui.looks.wording import counted, day_said
from rhythm_tui.screens import sprint_dialogs
from rhythm_tui.screens.planner import MANY, PlannerScreen
from rhythm_tui.screens.triage import setting
from rhythm_tui.widgets.plan_panes import SIDES

_OF_A_SPRINT = frozenset({"sprint.edit", "sprint.start", "sprint.finish", "sprint.delete"})

TAKEN_OUT = "Take {} out of the sprint?"
"""The question before many issues are, see `TriageScreen.sure`."""


class SprintsScreen(PlannerScreen):
    """What is planned moves at once, and the load of the sprint is counted along."""

    # Planning ----------------------------------------------------------------------------------------------

    def why_not(self, command: Command) -> str | None:
        if command.where is Where.SPRINTS and (self.desk.nowhere or not self.is_read):
            return self.desk.nowhere or "the plan is being read"
        if self.desk.project is not None and command.id.startswith("plan."):
            panes, sprint = self.panes, self.panes.sprint
            moves = command.id in ("plan.left", "plan.right")
            if command.id == "plan.left" and panes.side == "backlog":
                return "it is in the backlog already"
            if command.id == "plan.right" and sprint is None:
                return "there is no sprint to plan into: + plans one"
            if command.id == "plan.right" and panes.side == "sprint":
                return "it is in the sprint already: H takes it out"
            if sprint and sprint.state is SprintState.FINISHED and (moves or panes.side == "sprint"):
                return f"{shown(sprint.name)} is finished: it stays as it was"
        reason = super().why_not(command)
        if reason is None and self.desk.project is not None and command.id in _OF_A_SPRINT:
            return self._state_against(command.id)
        return reason

    def _state_against(self, command: str) -> str | None:
        """Why a sprint's state does not allow a command."""
        sprint = self.panes.sprint
        if sprint is None:
            return "no sprint is shown: + plans one"
        name, state = shown(sprint.name), sprint.state
        others = (each for each in self.panes.sprints if each.state is SprintState.ACTIVE)
        match command, state:
            case _, SprintState.FINISHED:
                return f"{name} is finished: it stays as it was"
            case "sprint.start", SprintState.ACTIVE:
                return f"{name} is active already"
            case "sprint.start", _ if other := next(others, None):
                return f"{shown(other.name)} is active: finish it first, there is one at a time"
            case "sprint.finish", SprintState.PLANNED:
                return f"{name} has not been started: b starts it"
            case "sprint.delete", SprintState.ACTIVE:
                return f"{name} is active: only a planned sprint can be deleted"
        return None

    @handles("plan.right")
    async def into_sprint(self) -> None:
        if self.panes.sprint is not None:
            await self._plan(self.panes.sprint)

    @handles("plan.left")
    async def into_backlog(self) -> None:
        await self._plan(None)

    async def _plan(self, sprint: Sprint | None) -> None:
        panes, key, sprints = self.panes, self.desk.key, self.desk.session.sprints
        rows = [panes.held(row.id) or row for row in self.targets()]
        ids = [row.id for row in rows] + self.unread()
        if not ids or key is None:
            return
        look = setting(sprint=sprint and sprint.name, sprint_id=sprint and sprint.id)
        if not await self.sure(len(ids), f"Plan {{}} into {shown(sprint.name)}?" if sprint else TAKEN_OUT):
            return
        panes.table.unmark()
        for home in (*SIDES, None) if len(ids) <= MANY else ():
            if these := [row for row in rows if panes.belongs(look(self.desk.edits.shown(row))) == home]:
                panes.move(these, home)
        try:
            saved = await self.desk.edits.run(
                lambda operation: (
                    sprints.add(key, sprint.name, ids, operation=operation)
                    if sprint
                    else sprints.remove(key, ids, operation=operation)
                ),
                issues=ids,
                change=look,
            )
        except RhythmError:
            panes.settle(rows)
            raise
        if len(ids) > MANY:
            self.reload()
        else:
            self.replaced(saved)
        if len(ids) > 1:
            where = f"into {shown(sprint.name)}" if sprint else "back to the backlog"
            self.say(f"{counted(len(ids), 'issue')} {where}", "u takes it back")

    @handles("plan.down")
    async def down(self) -> None:
        await self._order(1)

    @handles("plan.up")
    async def up(self) -> None:
        await self._order(-1)

    async def _order(self, step: Literal[1, -1]) -> None:
        table, place = self.panes.table, self.panes.table.cursor
        if self.panes.order != "rising":
            raise Invalid("This is another order than the plan's.", hint="Take sort: out of the search")
        if table.row is None or not 0 <= place + step < len(table.window):
            return
        row, other = table.window[place], table.window[place + step]
        table.put(row, place + 2 if step == 1 else place - 1)
        order = self.desk.session.issues.order
        beside = "after" if step == 1 else "before"
        try:
            saved = await self.desk.edits.run(
                lambda operation: order(row.id, **{beside: other.id}, operation=operation), issues=[row.id]
            )
        except RhythmError:
            self.panes.settle([row])
            raise
        self.replaced([saved])

    # Sprints -----------------------------------------------------------------------------------------------

    @handles("sprint.create")
    async def create_sprint(self) -> None:
        if self.desk.key is None:
            raise self.desk.no_project
        if made := await sprint_dialogs.create(self, await self.read_sprints()):
            self.say(f"{shown(made.name)} is planned", "L moves issues into it · b starts it")
            await self.show_sprint(made, anew=True)

    @handles("sprint.edit")
    async def edit_sprint(self) -> None:
        sprint = self.panes.sprint
        if sprint is not None and (saved := await sprint_dialogs.edit(self, sprint)):
            self.say(f"{shown(saved.name)} saved", "u takes it back")
            await self.show_sprint(saved, anew=True)

    @handles("sprint.start")
    async def start_sprint(self) -> None:
        panes, sprint = self.panes, self.panes.sprint
        if sprint is None:
            return
        started = await sprint_dialogs.start(self, sprint, panes.load, panes.against)
        if started is not None:
            last = started.ends_on or self.desk.today()
            self.say(
                f"{shown(started.name)} has begun, until {last:%A} {day_said(last, self.desk.today())}",
                "u takes it back",
            )
            await self.show_sprint(started, anew=True)

    @handles("sprint.finish")
    async def finish_sprint(self) -> None:
        panes, sprint = self.panes, self.panes.sprint
        if sprint is None:
            return
        finished = await sprint_dialogs.finish(self, sprint, panes.load, panes.sprints)
        if finished is None:
            return
        report, target = finished
        left = counted(len(report.carried_over), "issue") if report.carried_over else ""
        where = f"carried over to {shown(target)}" if target else "back in the backlog"
        said = f"{shown(sprint.name)} is finished: {counted(len(report.done), 'issue')} done"
        self.say(f"{said}, {left} {where}" if left else said, "u takes it back")
        sprints = await self.read_sprints()
        here = next((each for each in sprints if each.name == target), report.sprint)
        await self.show_sprint(here, anew=True)

    @handles("sprint.delete")
    async def delete_sprint(self) -> None:
        sprint, key = self.panes.sprint, self.desk.key
        if sprint is None or key is None:
            return
        delete = self.desk.session.sprints.delete
        await self.desk.edits.run(lambda operation: delete(key, sprint.name, operation=operation))
        what = f", {counted(sprint.issue_count, 'issue')} back in the backlog" if sprint.issue_count else ""
        self.say(f"{shown(sprint.name)} is deleted{what}", "u takes it back")
        self.reload()

    @handles("sprint.next")
    async def next_sprint(self) -> None:
        await self._step(1)

    @handles("sprint.previous")
    async def previous_sprint(self) -> None:
        await self._step(-1)

    async def _step(self, step: int) -> None:
        panes = self.panes
        if not panes.sprints:
            raise Invalid("There is no sprint yet.", hint="+ plans one")
        ids = [sprint.id for sprint in panes.sprints]
        if panes.sprint is not None and panes.sprint.id in ids:
            at = ids.index(panes.sprint.id) + step
        else:
            at = len(ids) - 1 if step < 0 else 0
        if 0 <= at < len(ids):
            await self.show_sprint(panes.sprints[at])
