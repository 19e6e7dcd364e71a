"""Reports: how a sprint went, and how work goes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rhythm_domain.models.base import Model
from rhythm_domain.models.issues import Status
from rhythm_domain.models.sprints import Sprint


class SprintIssue(Model):
    """An issue as a sprint's report names it."""

    key: str
    title: str
    status: Status
    estimate: Decimal | None


class BurndownDay(Model):
    """What was left at the end of a day, what an even pace would have left, and the scope by then: what was
    left together with what was done in the sprint. Each in issues and in points.
    """

    day: date
    remaining_issues: int
    remaining_points: Decimal
    ideal_issues: Decimal
    ideal_points: Decimal
    scope_issues: int
    scope_points: Decimal


class SprintReport(Model):
    """What was committed at the start, what was added and removed since, done, and carried over."""

    sprint: Sprint
    committed: tuple[SprintIssue, ...]
    added: tuple[SprintIssue, ...]
    removed: tuple[SprintIssue, ...]
    done: tuple[SprintIssue, ...]
    carried_over: tuple[SprintIssue, ...]
    burndown: tuple[BurndownDay, ...]


class SprintOutcome(Model):
    """A finished sprint, and what was committed when it started; what it got done stands in the sprint."""

    sprint: Sprint
    committed_issues: int
    committed_points: Decimal


class FlowDay(Model):
    """How many issues stood where at the end of a day."""

    day: date
    counts: dict[Status, int]


class Flow(Model):
    """How work went through the statuses, day by day up to today. `complete` is False where more happened
    than is looked at: the days before are left out then.
    """

    days: tuple[FlowDay, ...]
    complete: bool = True
