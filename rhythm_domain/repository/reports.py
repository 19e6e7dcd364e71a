"""Reports in the database."""

from __future__ import annotations

from datetime import date, timedelta

from rhythm_domain import queries
from rhythm_domain.models import SprintState, Status
from rhythm_domain.models.reports import Flow, FlowDay, SprintOutcome
from rhythm_domain.repository import sprints
from rhythm_domain.transaction import Tx

_Q = queries.load("reports")

MOVES = 200_000
"""The most changes of a status that are looked at."""


async def outcomes(tx: Tx, last: int) -> tuple[SprintOutcome, ...]:
    """The last finished sprints of the transaction's project, the latest first."""
    finished = await sprints.of_project(tx, [SprintState.FINISHED], last)
    rows = await tx.fetch(_Q["sprint_outcomes"], project=tx.project_id, limit=last)
    committed = {row["id"]: row for row in rows}
    return tuple(
        SprintOutcome(
            sprint=sprint,
            committed_issues=committed[sprint.id]["issues"],
            committed_points=committed[sprint.id]["points"],
        )
        for sprint in finished
        if sprint.id in committed
    )


async def flow(tx: Tx, first: date, today: date) -> Flow:
    """How many issues stood where at the end of each day, from now back."""
    rows = await tx.fetch(
        _Q["status_flow"], project=tx.project_id, zone=tx.user.time_zone, first=first, limit=MOVES + 1
    )
    changes: dict[date, dict[Status, int]] = {}
    counts = dict.fromkeys(Status, 0)
    for row in rows:
        if row["day"] is None:
            counts[Status(row["status"])] = int(row["change"])
        else:
            changes.setdefault(row["day"], {})[Status(row["status"])] = int(row["change"])
    complete = not rows or rows[0]["read"] <= MOVES
    # Of the oldest day that was looked at, not all may have been.
    begin = first if complete else rows[0]["oldest"] + timedelta(days=1)
    days = []
    day = today
    while day >= begin:
        days.append(FlowDay(day=day, counts=dict(counts)))
        for status, change in changes.get(day, {}).items():
            counts[status] -= change
        day -= timedelta(days=1)
    return Flow(days=tuple(reversed(days)), complete=complete)
