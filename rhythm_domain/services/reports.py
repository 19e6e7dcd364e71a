"""Reports of a project: what its sprints got done, and how work flows through the statuses."""

from __future__ import annotations

from datetime import timedelta

from rhythm_domain.cursors import checked_limit
from rhythm_domain.guard import Guard
from rhythm_domain.models.reports import Flow, SprintOutcome
from rhythm_domain.policy import Permission
from rhythm_domain.repository import reports, sprints

LONGEST = 366
"""The most days of a flow."""

MOST = 100
"""The most sprints of a velocity."""


class Reports:
    """What a person can be told of a project as a whole. A sprint's own report is `Sprints.report`."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def velocity(self, key: str, last: int = 8) -> tuple[SprintOutcome, ...]:
        """The last finished sprints, the latest first: what each committed to, and what it got done."""
        last = checked_limit(last, MOST)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await reports.outcomes(tx, last)

    async def flow(self, key: str, days: int = 30) -> Flow:
        """How many issues stood in each status at the end of each of the last days, the person's today being
        the last of them. Issues in the trash are left out, as if they had never been.
        """
        days = checked_limit(days, LONGEST)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            _, today = await sprints.clock(tx)
            return await reports.flow(tx, today - timedelta(days=days - 1), today)
