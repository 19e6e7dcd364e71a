"""What is asked before a sprint is planned, edited, started and finished. Each says what will happen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from textual.content import Content

from rhythm_domain.days import parse_day
from rhythm_domain.errors import Conflict, Invalid
from rhythm_domain.models import Sprint, SprintState
from rhythm_domain.models.reports import SprintReport
from rhythm_domain.query import Condition, Field, Is, Query
from rhythm_domain.text import shown
from rhythm_tui.desk import Desk
from rhythm_tui.holding import planning
from rhythm_tui.holding.planning import Capacity, Load
from rhythm_tui.looks.wording import counted, day_said, points
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.form import Entry, Form, Values
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.work import WorkScreen

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import SprintEdit

DAY_FORMS = "2026-05-01, next-week, 14d"

BACKLOG = ""
"""The choice to leave what is unfinished to the backlog; a sprint's name can't be empty."""

ANOTHER = "\n"
"""The choice of a new sprint for what is unfinished; no sprint's name has a line's end."""


async def create(screen: WorkScreen, sprints: Sequence[Sprint]) -> Sprint | None:
    """Asks for a new sprint, with the name and the days that follow the last one; None if there is none."""
    desk, key = screen.desk, screen.desk.key or ""
    first, last = planning.next_days(sprints, desk.today())

    async def accept(values: Values) -> Sprint:
        days = _days(desk, values)
        return await desk.edits.run(
            lambda operation: desk.session.sprints.create(
                key, values["name"], values["goal"], *days, operation=operation
            )
        )

    return await screen.app.push_screen_wait(
        Form(
            f"New sprint in {key}",
            _entries(planning.next_name(sprints), "", first, last, suggested=True),
            accept,
            save="plan it",
            drafts=desk.drafts,
            draft=f"new sprint {desk.project.id if desk.project else 0}",
        )
    )


async def edit(screen: WorkScreen, sprint: Sprint) -> Sprint | None:
    """Asks for other texts and days of a sprint. Only what is changed here is written, and over a goal that
    somebody else changed meanwhile only if that is wanted.
    """
    from rhythm_domain.models.drafts import SprintEdit
    from rhythm_tui.screens.settling import Ground, settle

    desk, key = screen.desk, screen.desk.key or ""
    before = Ground(sprint.version, {"goal": sprint.goal})
    ground: Ground | None = None

    async def now() -> Sprint:
        sprints = await desk.session.sprints.list(key)
        return next((each for each in sprints if each.id == sprint.id), sprint)

    async def save(name: str, change: SprintEdit, operation: UUID) -> Sprint:
        return await desk.session.sprints.edit(key, name, change, operation=operation)

    async def accept(values: Values) -> Sprint:
        nonlocal ground
        ground = ground or before.as_kept(values)
        wanted = _changed(sprint, values, _days(desk, values), ground.texts["goal"])
        latest = await now()
        while wanted:
            change = SprintEdit.model_validate({**wanted, "base_version": ground.version})
            try:
                return await desk.edits.run(partial(save, latest.name, change))
            except Conflict as conflict:
                latest = await now()
                theirs = Ground(latest.version, {"goal": latest.goal})
                await settle(screen, ground, wanted, theirs, conflict.by)
        return latest

    return await screen.app.push_screen_wait(
        Form(
            f"Edit {sprint.name}",
            _entries(sprint.name, sprint.goal, sprint.starts_on, sprint.ends_on),
            accept,
            drafts=desk.drafts,
            draft=f"sprint {sprint.id}",
            base=before.kept,
        )
    )


def _changed(
    sprint: Sprint, values: Values, days: tuple[date | None, date | None], goal: str
) -> dict[str, str | date | None]:
    """What a form says otherwise than the sprint that it was opened with, and than the goal it began from."""
    said = {"name": values["name"], "goal": values["goal"], "starts_on": days[0], "ends_on": days[1]}
    before = {
        "name": sprint.name, "goal": goal, "starts_on": sprint.starts_on, "ends_on": sprint.ends_on
    }  # fmt: skip
    return {name: value for name, value in said.items() if value != before[name]}


async def start(screen: WorkScreen, sprint: Sprint, load: Load, against: Capacity) -> Sprint | None:
    """Says what is committed, and asks for the days."""
    desk, key = screen.desk, screen.desk.key or ""
    today = desk.today()
    first, last = planning.days_from(sprint, today)

    async def accept(values: Values) -> Sprint:
        days = _days(desk, values)
        return await desk.edits.run(
            lambda operation: desk.session.sprints.start(key, sprint.name, *days, operation=operation)
        )

    return await screen.app.push_screen_wait(
        Form(
            f"Start {sprint.name}",
            _day_entries(first, last, suggested=True),
            accept,
            words=commitment(load, against) + _planned_for_later(sprint, today),
            save="start",
        )
    )


def _planned_for_later(sprint: Sprint, today: date) -> str:
    """What is said where a sprint begins before the day that it was planned for."""
    if sprint.starts_on is None or sprint.starts_on <= today:
        return ""
    return f" It was planned from {day_said(sprint.starts_on, today)}; it starts now."


def commitment(load: Load, against: Capacity) -> str:
    """What a sprint that starts now commits to, beside the velocity."""
    if not load.issues:
        return "Nothing is in it yet: it starts empty, and what comes later counts as added."
    what = counted(load.issues, "issue") + (f", {points(load.points)}," if load.points else "")
    said = f"{what} {'is' if load.issues == 1 else 'are'} committed."
    if against.velocity is None:
        return f"{said} No sprint was finished before: there is no velocity to hold it against."
    velocity = f"{against.velocity.normalize():,f}"
    if against.over > 0:
        return f"{said} That is {against.over.normalize():,f} {against.unit} over the velocity of {velocity}."
    return f"{said} The velocity is {velocity} {against.unit}."


async def finish(
    screen: WorkScreen, sprint: Sprint, load: Load, sprints: Sequence[Sprint]
) -> tuple[SprintReport, str] | None:
    """Says what was done, and asks where what is open goes; the report, and the name of that sprint if one
    was chosen. None if the sprint is not finished.
    """
    desk, key = screen.desk, screen.desk.key or ""
    of_it = Condition(field=Field.SPRINT, values=(sprint.name,))
    asked = Query(conditions=(of_it, Condition(field=Field.IS, values=(Is.OPEN,))))
    left = (await desk.session.search.total(asked, project=key)).count
    said = done_said(load)
    if not left:
        words = f"{said} Nothing is left open."
        if not await screen.app.push_screen_wait(Confirm(f"Finish {sprint.name}", words, yes="finish")):
            return None
        target = BACKLOG
    else:
        words = (
            f"{said} Where {'does the one' if left == 1 else f'do the {left:,}'} that {_be(left)} open go?"
        )
        chosen = await screen.app.push_screen_wait(
            Picker(f"Finish {sprint.name}", _ways(sprints, desk.today()), words=words)
        )
        if chosen == ANOTHER:
            made = await create(screen, sprints)
            chosen = made.name if made else None
        if chosen is None:
            return None
        target = chosen
    report = await desk.edits.run(
        lambda operation: desk.session.sprints.finish(key, sprint.name, target or None, operation=operation)
    )
    return report, target


def done_said(load: Load) -> str:
    """What of a sprint is done: "4 of 15 issues are done, 2 of 34 points." """
    if not load.issues:
        return "Nothing was in it."
    issues = f"{load.done:,} of {counted(load.issues, 'issue')} {'is' if load.issues == 1 else 'are'} done"
    return (
        f"{issues}, {load.done_points.normalize():,f} of {points(load.points)}."
        if load.points
        else f"{issues}."
    )


def _be(count: int) -> str:
    return "is" if count == 1 else "are"


def _ways(sprints: Sequence[Sprint], today: date) -> list[Choice[str]]:
    """Where the unfinished can go: planned sprints, the backlog, a sprint to be planned."""
    planned = [sprint for sprint in sprints if sprint.state is SprintState.PLANNED]
    return [
        *(
            Choice(
                sprint.name,
                Content.assemble(
                    (shown(sprint.name), "bold"),
                    (f"  {planning.span_said(sprint.starts_on, sprint.ends_on, today)}", "dim"),
                    (f"  {counted(sprint.issue_count, 'issue')} in it", "dim"),
                ),
                sprint.name,
            )
            for sprint in planned
        ),
        Choice(BACKLOG, Content.assemble("Back to the ", ("backlog", "bold")), "back to the backlog"),
        Choice(
            ANOTHER,
            Content.assemble("Into a ", ("new sprint", "bold"), ("  planned in the next step", "dim")),
            "into a new sprint",
        ),
    ]


def _entries(
    name: str, goal: str, first: date | None, last: date | None, *, suggested: bool = False
) -> list[Entry]:
    return [
        Entry("name", "Name", name, suggested=suggested),
        Entry("goal", "Goal", goal, lines=2, hint="What it is for, in a sentence"),
        *_day_entries(first, last, suggested=suggested),
    ]


def _day_entries(first: date | None, last: date | None, *, suggested: bool = False) -> list[Entry]:
    days = (("starts_on", "First day", first), ("ends_on", "Last day", last))
    return [
        Entry(name, label, day.isoformat() if day else "", hint=DAY_FORMS, suggested=suggested)
        for name, label, day in days
    ]


def _days(desk: Desk, values: Values) -> tuple[date | None, date | None]:
    """The days that were typed. Raises `Invalid` with the field at fault."""
    first, last = (_day(desk, name, values[name]) for name in ("starts_on", "ends_on"))
    if first and last and last < first:
        raise Invalid("A sprint can't end before it starts.", field="ends_on")
    return first, last


def _day(desk: Desk, name: str, text: str) -> date | None:
    if not text.strip():
        return None
    try:
        first, last = parse_day(text).resolve(desk.today())
    except Invalid as error:
        raise Invalid(error.message, field=name, hint=error.hint) from error
    return first if name == "starts_on" else last
