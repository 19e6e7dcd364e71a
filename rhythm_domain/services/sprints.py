"""Sprints: plan, start, finish, report. One is active at a time; what is left when it ends is carried on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from rhythm_domain.cursors import checked_limit
from rhythm_domain.errors import Conflict, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import IssueRow, Sprint, SprintState
from rhythm_domain.models.reports import SprintReport
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.policy import Permission
from rhythm_domain.repository import history, issues, sprints
from rhythm_domain.repository.sprints import Values
from rhythm_domain.services.editing import change, sprint_to_plan
from rhythm_domain.text import folded
from rhythm_domain.transaction import Ref, Tx, repeatable

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import SprintEdit

LENGTH = timedelta(weeks=2)
"""How long a sprint lasts unless its last day is said."""

BACKLOG = "backlog"

_RESERVED = sprints.CURRENT | {BACKLOG, "next", "@next", "none"}
"""Names that mean something else where a sprint is asked for."""


class Sprints:
    """What a person does with sprints, named as people write them; `current` is the active one."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, key: str, *, finished: bool = True) -> tuple[Sprint, ...]:
        """The active sprint, the planned ones by their first day, then the finished ones from the latest."""
        states = [state for state in SprintState if finished or state is not SprintState.FINISHED]
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await sprints.of_project(tx, states)

    async def show(self, key: str, name: str) -> Sprint:
        """A sprint. Raises `NotFound` with the names that there are."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await sprints.one(tx, await _id(tx, name))

    @repeatable
    async def create(
        self,
        key: str,
        name: str,
        goal: str = "",
        starts_on: date | None = None,
        ends_on: date | None = None,
        *,
        operation: UUID | None = None,
    ) -> Sprint:
        """Plans a sprint; both days belong to it. Raises `AlreadyExists` for a name that another one has."""
        from rhythm_domain.models.drafts import SprintEdit

        new = SprintEdit(name=name, goal=goal, starts_on=starts_on, ends_on=ends_on)
        name, goal = _checked(new.name or ""), new.goal or ""
        async with self._guard.project(Permission.SPRINT_CREATE, key, operation=operation, alone=True) as tx:
            if tx.done:
                return await sprints.one(tx, tx.done.after[-1]["id"])
            sprint = await sprints.create(tx, name, goal, starts_on, ends_on)
            tx.record(
                "sprint.created",
                after={"id": sprint, "name": name, "goal": goal, "starts_on": starts_on, "ends_on": ends_on},
            )
            return await sprints.one(tx, sprint)

    @repeatable
    async def edit(self, key: str, name: str, edit: SprintEdit, *, operation: UUID | None = None) -> Sprint:
        """Changes the fields that the edit sets.

        A goal that somebody else changed since `base_version` raises `Conflict` with both sides.
        """
        if not edit.fields:
            raise Invalid("Nothing to change.", field="sprint", hint="Name at least one field.")
        wanted = edit.model_dump(mode="json", include=set(edit.fields))
        if edit.name is not None:
            _checked(edit.name)
        for text in ("name", "goal"):
            if text in wanted and wanted[text] is None:
                raise Invalid(f"The {text} can't be nothing.", field=text)
        async with self._guard.project(Permission.SPRINT_EDIT, key, operation=operation, alone=True) as tx:
            if tx.done:
                return await sprints.one(tx, tx.done.after[-1]["id"])
            sprint = await _held(tx, name)
            mine, goal = wanted.get("goal", sprint["goal"]), sprint["goal"]
            edits = 0 if edit.base_version is None else sprint["version"] - edit.base_version
            if edits > 0 and mine != goal:
                by = await history.edited_since(
                    tx, "sprint.edited", ("name", "goal"), "goal", goal, edits, sprint["id"]
                )
                if by is not None:
                    raise Conflict(
                        f"{by} changed the goal meanwhile." if by else "The sprint was edited meanwhile.",
                        by=by,
                        field="goal",
                        current=goal,
                        mine=mine,
                        version=sprint["version"],
                    )
            if not await write(tx, "sprint.edited", sprint, wanted):
                tx.unchanged()
            return await sprints.one(tx, sprint["id"])

    @repeatable
    async def delete(self, key: str, name: str, *, operation: UUID | None = None) -> None:
        """Deletes a planned sprint; its issues go back to the backlog."""
        async with self._guard.project(Permission.SPRINT_DELETE, key, operation=operation, alone=True) as tx:
            if not tx.done:
                sprint = await _held(tx, name)
                _require(sprint, SprintState.PLANNED, "deleted")
                await _take_out(tx, await sprints.held_issues(tx, sprint["id"]), None)
                # Last, so that it is the first to be taken back: issues return to a sprint that is there.
                await write(tx, "sprint.deleted", sprint, {"deleted": True})

    @repeatable
    async def start(
        self,
        key: str,
        name: str,
        starts_on: date | None = None,
        ends_on: date | None = None,
        *,
        operation: UUID | None = None,
    ) -> Sprint:
        """Starts a planned sprint; what is in it is committed.

        Its first day is the one given, or planned, or today where the person is; without a last day it lasts
        two weeks. Raises `Invalid` while another sprint of the project is active.
        """
        async with self._guard.project(Permission.SPRINT_START, key, operation=operation, alone=True) as tx:
            if tx.done:
                return await sprints.one(tx, tx.done.after[-1]["id"])
            sprint = await _held(tx, name)
            _require(sprint, SprintState.PLANNED, "started")
            if other := await sprints.active(tx):
                raise Invalid(
                    f"{other['name']} is active: a project has one active sprint at a time.",
                    field="sprint",
                    hint=f'Finish it first: `rhythm sprint finish {tx.key} "{other["name"]}"`.',
                )
            now, today = await sprints.clock(tx)
            first = starts_on or _day(sprint["starts_on"]) or today
            last = ends_on or _day(sprint["ends_on"]) or first + LENGTH - timedelta(days=1)
            started = {
                "state": SprintState.ACTIVE,
                "started_at": now,
                "starts_on": first.isoformat(),
                "ends_on": last.isoformat(),
            }
            await write(tx, "sprint.started", sprint, started)
            return await sprints.one(tx, sprint["id"])

    @repeatable
    async def finish(
        self, key: str, name: str, unfinished: str | None = None, *, operation: UUID | None = None
    ) -> SprintReport:
        """Finishes the active sprint. Open issues go to the planned sprint that `unfinished` names, or to
        the backlog; the report of the sprint.
        """
        async with self._guard.project(Permission.SPRINT_FINISH, key, operation=operation, alone=True) as tx:
            if tx.done:
                return await sprints.report(tx, await sprints.one(tx, tx.done.after[-1]["id"]))
            sprint = await _held(tx, name)
            _require(sprint, SprintState.ACTIVE, "finished")
            target = None
            if unfinished is not None and folded(unfinished) != BACKLOG:
                following = await _held(tx, unfinished)
                _require(following, SprintState.PLANNED, "given what is left")
                target = following["id"]
            await _take_out(tx, await sprints.held_issues(tx, sprint["id"], open_only=True), target)
            # Last, so that it is the first to be taken back: issues return to a sprint that takes them.
            now, _ = await sprints.clock(tx)
            await write(tx, "sprint.finished", sprint, {"state": SprintState.FINISHED, "finished_at": now})
            return await sprints.report(tx, await sprints.one(tx, sprint["id"]))

    async def add(
        self, key: str, name: str, refs: Sequence[Ref], *, operation: UUID | None = None
    ) -> tuple[IssueRow, ...]:
        """Plans issues into a sprint that is not finished."""
        return await self._plan(key, name, refs, operation)

    async def remove(
        self, key: str, refs: Sequence[Ref], *, operation: UUID | None = None
    ) -> tuple[IssueRow, ...]:
        """Takes issues out of their sprints: back to the backlog."""
        return await self._plan(key, None, refs, operation)

    @repeatable
    async def _plan(
        self, key: str, name: str | None, refs: Sequence[Ref], operation: UUID | None
    ) -> tuple[IssueRow, ...]:
        async with self._guard.issues(Permission.ISSUE_PLAN, refs, operation=operation) as (tx, held):
            ids = [one.id for one in held]
            if not tx.done:
                if not await sprints.is_key(tx, key):
                    raise Invalid(
                        f"{held[0].key} is not an issue of {key.strip().upper()}.",
                        field="issue",
                        hint="The issues of a sprint are of its own project.",
                    )
                target = None if name is None else await sprint_to_plan(tx, name)
                await _take_out(tx, ids, target)
            rows = await issues.rows_at_last(tx, ids)
        return rows()

    async def report(self, key: str, name: str) -> SprintReport:
        """What was committed, added, removed, done and carried over, and the burndown by the person's days.

        Points are those that the issues are estimated at now. Of a planned sprint there is nothing to tell.
        """
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await sprints.report(tx, await sprints.one(tx, await _id(tx, name)))

    async def velocity(self, key: str, last: int = 3) -> tuple[Sprint, ...]:
        """The last finished sprints, the latest first: their `done_points` are the team's velocity."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await sprints.of_project(tx, [SprintState.FINISHED], checked_limit(last))


async def write(tx: Tx, kind: str, sprint: Values, wanted: Values, *, undoes: UUID | None = None) -> bool:
    """Writes what differs from a sprint's values and records it; whether anything did.

    Events hold the changed columns, and the id and the name by which history speaks of the sprint.
    """
    changed = {name: value for name, value in wanted.items() if value != sprint[name]}
    if not changed:
        return False
    await sprints.change(tx, sprint["id"], changed)
    named: dict[str, Any] = {"id": sprint["id"], "name": sprint["name"]}
    tx.record(
        kind,
        before={**named, **{name: sprint[name] for name in changed}},
        after={**named, **changed},
        undoes=undoes,
    )
    return True


async def _take_out(tx: Tx, ids: Sequence[int], target: int | None) -> None:
    """Puts issues into another sprint, or into none."""
    await change(tx, await issues.values(tx, ids), {issue: {"sprint_id": target} for issue in ids})


async def _id(tx: Tx, name: str) -> int:
    """A sprint of the project by name. Raises `NotFound` with the names that there are."""
    found = await sprints.named(tx, name)
    if found is None:
        current = folded(name) in sprints.CURRENT
        known = await sprints.names(tx)
        there_are = f"There are {', '.join(known[:10])}." if known else "Plan one: `rhythm sprint create`."
        raise NotFound(
            f"No sprint of {tx.key} is active." if current else f"{tx.key} has no sprint {name!r}.",
            hint=there_are if current else did_you_mean(name, known, there_are),
        )
    return int(found["id"])


async def _held(tx: Tx, name: str) -> Values:
    sprint = await sprints.held(tx, await _id(tx, name))
    if sprint is None:
        raise LookupError(name)
    return sprint


def _checked(name: str) -> str:
    if not name or folded(name) in _RESERVED:
        raise Invalid(f"{name!r} can't be a sprint's name.", field="name", hint="Choose another one.")
    return name


def _require(sprint: Values, state: SprintState, to_be: str) -> None:
    if sprint["state"] != state:
        raise Invalid(
            f"{sprint['name']} is {sprint['state']}: only {_A[state]} can be {to_be}.",
            field="sprint",
            hint="`rhythm sprint list KEY` shows which is.",
        )


_A = {
    SprintState.PLANNED: "a planned sprint",
    SprintState.ACTIVE: "an active sprint",
    SprintState.FINISHED: "a finished sprint",
}


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
