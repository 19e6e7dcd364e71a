"""What a sprint holds against what the team gets done: the numbers of the planner. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from rhythm_domain.models import IssueRow, Sprint, SprintState, Status
from rhythm_tui.looks.wording import day_said

LENGTH = timedelta(weeks=2)
"""How long a sprint lasts where none was before it."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much work there is, and how much of it is done: issues, and the points of their estimates."""

    issues: int = 0
    done: int = 0
    points: Decimal = Decimal(0)
    done_points: Decimal = Decimal(0)

    @classmethod
    def of(cls, sprint: Sprint) -> Load:
        """What is in a sprint, by its own figures."""
        return cls(sprint.issue_count, sprint.done_count, sprint.points, sprint.done_points)

    def changed(self, before: IssueRow, after: IssueRow, sprint: int) -> Load:
        """The load of a sprint once an issue is as `after` says."""
        was, now = _weight(before, sprint), _weight(after, sprint)
        return replace(
            self,
            issues=self.issues + now.issues - was.issues,
            done=self.done + now.done - was.done,
            points=self.points + now.points - was.points,
            done_points=self.done_points + now.done_points - was.done_points,
        )


def _weight(row: IssueRow, sprint: int) -> Load:
    if row.sprint_id != sprint or row.deleted_at is not None:
        return Load()
    points, done = row.estimate or Decimal(0), row.status is Status.DONE
    return Load(1, int(done), points, points if done else Decimal(0))


@dataclass(frozen=True, slots=True)
class Capacity:
    """The load of a sprint beside the velocity: what the last finished sprints got done on average.

    In points, or in issues where nobody estimates. `velocity` is None before the first sprint is finished.
    """

    planned: Decimal
    done: Decimal
    velocity: Decimal | None
    unit: str

    @property
    def over(self) -> Decimal:
        """How much more is planned than the velocity; negative for room that is left."""
        return self.planned - self.velocity if self.velocity is not None else Decimal(0)


def capacity(load: Load, last: Sequence[Sprint]) -> Capacity:
    """A sprint's load against the last finished sprints."""
    in_points = bool(load.points) or any(sprint.done_points for sprint in last)
    got = [sprint.done_points if in_points else Decimal(sprint.done_count) for sprint in last]
    velocity = mean(got) if got else None
    if in_points:
        return Capacity(load.points, load.done_points, velocity, "points")
    return Capacity(Decimal(load.issues), Decimal(load.done), velocity, "issues")


def mean(amounts: Sequence[Decimal]) -> Decimal:
    """The mean of some amounts, as exact as it is worth saying."""
    found = sum(amounts, Decimal(0)) / len(amounts)
    return found.quantize(Decimal(1) if found >= 10 else Decimal("0.1"))


def in_time(sprints: Iterable[Sprint]) -> list[Sprint]:
    """Sprints from the earliest on: finished, active, planned. As `Sprints.list` gives them, but turned."""
    known = list(sprints)
    finished = [sprint for sprint in known if sprint.state is SprintState.FINISHED]
    return [*reversed(finished), *(sprint for sprint in known if sprint.state is not SprintState.FINISHED)]


def place_of(row: IssueRow, among: Sequence[IssueRow]) -> int:
    """Before which of some issues, which are in the order of rank, an issue belongs."""
    return next((at for at, each in enumerate(among) if each.rank > row.rank), len(among))


def next_name(sprints: Sequence[Sprint]) -> str:
    """A name for one more sprint: that of the last one with the next number, or Sprint 1."""
    known = {sprint.name.casefold() for sprint in sprints}
    last = sprints[-1].name if sprints else "Sprint 0"
    stem = last.rstrip("0123456789")
    number = int(last[len(stem) :][-9:] or 1)
    while True:
        number += 1
        name = f"{stem if stem != last else last + ' '}{number}"
        if name.casefold() not in known:
            return name


def next_days(sprints: Sequence[Sprint], today: date) -> tuple[date, date]:
    """Days for one more sprint: behind the last one and as long as it, or two weeks from today."""
    last = sprints[-1] if sprints else None
    if last is None or last.ends_on is None:
        return today, today + LENGTH - timedelta(days=1)
    length = last.ends_on - last.starts_on + timedelta(days=1) if last.starts_on else LENGTH
    first = max(last.ends_on + timedelta(days=1), today)
    return first, first + length - timedelta(days=1)


def days_from(sprint: Sprint, today: date) -> tuple[date, date]:
    """The days of a sprint that starts now: as planned, or from today and as long where it was planned for
    later; two weeks where no last day was planned.
    """
    planned = sprint.starts_on or today
    first = min(planned, today)
    last = sprint.ends_on - (planned - first) if sprint.ends_on else first + LENGTH - timedelta(days=1)
    return first, max(first, last)


def days_said(sprint: Sprint, today: date) -> str:
    """How far a sprint is, as people say it: "5 days left", "starts in 3 days", "2 days over"."""
    if sprint.state is SprintState.FINISHED:
        return ""
    if sprint.state is SprintState.PLANNED:
        if sprint.starts_on is None or sprint.starts_on < today:
            return ""
        ahead = (sprint.starts_on - today).days
        return "starts today" if not ahead else f"starts in {_days(ahead)}"
    if sprint.ends_on is None:
        return ""
    left = (sprint.ends_on - today).days
    return f"{_days(-left)} over" if left < 0 else "last day" if not left else f"{_days(left)} left"


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def span_said(first: date | None, last: date | None, today: date) -> str:
    """Two days as people write them: "19 Nov – 2 Dec"."""
    said = [day_said(day, today) for day in (first, last) if day]
    if len(said) == 2:
        return " – ".join(said)
    return f"from {said[0]}" if first else f"until {said[0]}" if last else ""
