"""Sprints in the database."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import Sprint, SprintState, Status
from rhythm_domain.models.reports import BurndownDay, SprintIssue, SprintReport
from rhythm_domain.text import folded
from rhythm_domain.transaction import Tx

_Q = queries.load("sprints")

Values = dict[str, Any]
"""Columns of a sprint by name, as JSON holds them; `deleted` says whether it is."""

CURRENT = frozenset({"current", "@current"})
"""Names for the active sprint."""


def _sprint(row: Row) -> Sprint:
    return Sprint(**row | {"state": SprintState(row["state"])})


async def of_project(
    tx: Tx, states: Collection[SprintState] = tuple(SprintState), limit: int | None = None
) -> tuple[Sprint, ...]:
    """Sprints of the transaction's project: the active one, planned ones by first day, finished ones from
    the latest.
    """
    rows = await tx.fetch(
        _Q["sprints_of"],
        project=tx.project_id,
        id=None,
        states=[state.value for state in states],
        limit=limit,
    )
    return tuple(_sprint(row) for row in rows)


async def one(tx: Tx, sprint: int) -> Sprint:
    """A sprint of the transaction's project. Raises `NotFound`."""
    row = await tx.one(
        _Q["sprints_of"],
        project=tx.project_id,
        id=sprint,
        states=[state.value for state in SprintState],
        limit=None,
    )
    if row is None:
        raise NotFound("The sprint was deleted since.")
    return _sprint(row)


async def named(tx: Tx, name: str, *, hold: bool = False) -> Row | None:
    """The id and state of a sprint by its name, or of the active one by a name for that. `hold`: who would
    finish it waits until the end.

    Raises `Invalid` (field `sprint`) for an empty name.
    """
    wanted = folded(name)
    if not wanted:
        raise Invalid(
            "A sprint's name can't be empty.",
            field="sprint",
            hint="`rhythm sprint list KEY` shows the sprints.",
        )
    query = _Q["hold_sprint_by_name" if hold else "sprint_by_name"]
    return await tx.one(query, project=tx.project_id, folded="" if wanted in CURRENT else wanted)


async def names(tx: Tx) -> list[str]:
    """The names of the project's sprints, the latest first."""
    return [row["name"] for row in await tx.fetch(_Q["sprint_names"], project=tx.project_id)]


async def held(tx: Tx, sprint: int) -> Values | None:
    """The raw values of a sprint, deleted or not, locked."""
    row = await tx.one(_Q["hold_sprint"], project=tx.project_id, id=sprint)
    return row and {name: _raw(value) for name, value in row.items()}


def _raw(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


async def create(tx: Tx, name: str, goal: str, starts_on: date | None, ends_on: date | None) -> int:
    """Writes a planned sprint; its id."""
    row = await tx.one(
        _Q["insert_sprint"],
        project=tx.project_id,
        name=name,
        folded=folded(name),
        goal=goal,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    return int((row or {})["id"])


async def change(tx: Tx, sprint: int, changes: Values) -> None:
    """Writes the named columns of a sprint."""
    await tx.execute(
        _Q["change_sprint"],
        project=tx.project_id,
        id=sprint,
        changes=json.dumps(changes),
        folded=folded(changes.get("name", "")),
    )


async def clock(tx: Tx) -> tuple[str, date]:
    """The transaction's time (ISO 8601), and which day that is for its person."""
    row = await tx.one(_Q["clock"], zone=tx.user.time_zone) or {}
    return row["now"].isoformat(), row["today"]


async def active(tx: Tx) -> Row | None:
    """The id and name of the active sprint."""
    return await tx.one(_Q["active_sprint"], project=tx.project_id)


async def name_is_taken(tx: Tx, name: str, *, besides: int) -> bool:
    """Whether another living sprint has this name."""
    row = await tx.one(_Q["sprint_named_so"], project=tx.project_id, folded=folded(name), id=besides)
    return row is not None


async def held_issues(tx: Tx, sprint: int, *, open_only: bool = False) -> list[int]:
    """The ids of the issues in a sprint, the trash included, locked."""
    rows = await tx.fetch(_Q["hold_issues_of_sprint"], project=tx.project_id, sprint=sprint, open=open_only)
    return [row["id"] for row in rows]


async def is_key(tx: Tx, key: str) -> bool:
    """Whether the transaction's project has or had a key."""
    return await tx.one(_Q["is_key_of"], project=tx.project_id, key=key.strip().upper()) is not None


async def report(tx: Tx, sprint: Sprint) -> SprintReport:
    """What happened to the issues of a sprint since it started; of one that did not, nothing did."""
    rows = await tx.fetch(
        _Q["sprint_report"],
        project=tx.project_id,
        id=sprint.id,
        started_at=sprint.started_at,
        finished_at=sprint.finished_at,
    )
    key = sprint.project_key
    issues = [
        SprintIssue(
            key=f"{key}-{row['number']}",
            title=row["title"],
            status=Status(row["status"]),
            estimate=row["estimate"],
        )
        for row in rows
    ]
    found = list(zip(rows, issues, strict=True))
    finished = sprint.state is SprintState.FINISHED
    return SprintReport(
        sprint=sprint,
        committed=tuple(issue for row, issue in found if row["committed"]),
        added=tuple(issue for row, issue in found if not row["committed"]),
        removed=tuple(issue for row, issue in found if not row["stayed"] and not row["carried"]),
        done=tuple(
            issue
            for row, issue in found
            if row["stayed"]
            and (issue.status is not Status.CANCELLED if finished else issue.status is Status.DONE)
        ),
        carried_over=tuple(issue for row, issue in found if row["carried"]),
        burndown=await _burndown(tx, sprint),
    )


async def _burndown(tx: Tx, sprint: Sprint) -> tuple[BurndownDay, ...]:
    rows = await tx.fetch(_Q["sprint_burndown"], project=tx.project_id, id=sprint.id, zone=tx.user.time_zone)
    if not rows:
        return ()
    first = rows[0]["day"]
    length = max(1, (sprint.ends_on - first).days + 1) if sprint.ends_on else len(rows)

    def ideal(committed: Decimal, day: date) -> Decimal:
        """What is left at an even pace: it runs from the first whole day, as the first may be nearly over."""
        left = max(0, length - 1 - (day - first).days)
        return Decimal(committed * left / max(1, length - 1)).quantize(Decimal("0.1"))

    return tuple(
        BurndownDay(
            day=row["day"],
            remaining_issues=row["issues"],
            remaining_points=row["points"],
            ideal_issues=ideal(Decimal(row["committed_issues"]), row["day"]),
            ideal_points=ideal(row["committed_points"], row["day"]),
            scope_issues=row["scope_issues"],
            scope_points=row["scope_points"],
        )
        for row in rows
    )
