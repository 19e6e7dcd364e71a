"""Sprints, as they stand; for how one went see `reports`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from rhythm_domain.models.base import Model


class SprintState(StrEnum):
    """A sprint is planned, then active (one per project), then finished."""

    PLANNED = "planned"
    ACTIVE = "active"
    FINISHED = "finished"


class Sprint(Model):
    """A time box. Points and counts are of the issues in it now; of a finished one, of those in it at its
    finish, those that were carried over included.
    """

    id: int
    project_key: str
    name: str
    goal: str
    state: SprintState
    starts_on: date | None
    ends_on: date | None
    started_at: datetime | None
    finished_at: datetime | None
    version: int
    issue_count: int = 0
    done_count: int = 0
    points: Decimal = Decimal(0)
    done_points: Decimal = Decimal(0)
