"""When the people of the demo work: on weekdays by day, in sprints of two weeks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from rhythm_domain.models import SprintState

OPENS, CLOSES = time(8), time(18)
"""Between these they work, Monday to Friday; in UTC."""

SPRINT = timedelta(weeks=2)

_MADE = timedelta(days=5)
"""How long before its start a sprint is made."""


@dataclass(frozen=True)
class Stretch:
    """A sprint: made some days before it starts in the morning, finished in the afternoon of its last day."""

    made: datetime
    starts: datetime
    ends: datetime
    state: SprintState


def sprints(now: datetime, finished: int) -> list[Stretch]:
    """So many that are finished, one that is half over, and the next one, which is planned."""
    begun = _working_day(now - SPRINT / 2)
    states = [SprintState.FINISHED] * finished + [SprintState.ACTIVE, SprintState.PLANNED]
    stretches = []
    for at, state in enumerate(states):
        starts = (begun + SPRINT * (at - finished)).replace(hour=9, minute=0, second=0, microsecond=0)
        made = _working_day(min(starts - _MADE, now - timedelta(days=1)))
        ends = _working_day(starts + SPRINT - timedelta(days=1))
        stretches.append(Stretch(made.replace(hour=10, minute=30), starts, ends.replace(hour=16), state))
    return stretches


def moment(start: datetime, end: datetime, share: float) -> datetime:
    """When a share of the time that is worked between two times is over; `start` if nobody works between."""
    days = [
        _day(start, end, start + timedelta(days=at)) for at in range((end.date() - start.date()).days + 1)
    ]
    left = sum((until - since for since, until in days), timedelta(0)) * share
    for since, until in days:
        if left < until - since:
            return since + left
        left -= until - since
    return max((until for since, until in days if since < until), default=start)


def _day(start: datetime, end: datetime, at: datetime) -> tuple[datetime, datetime]:
    """From when to when is worked on a day, within two times; for no time if nobody works."""
    since = max(start, datetime.combine(at, OPENS, at.tzinfo))
    until = min(end, datetime.combine(at, CLOSES, at.tzinfo))
    return since, max(since, until) if at.weekday() < 5 else since


def _working_day(at: datetime) -> datetime:
    """The same time on the last day on which is worked."""
    return at - timedelta(days=max(0, at.weekday() - 4))
