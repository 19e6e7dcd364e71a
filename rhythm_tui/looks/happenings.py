"""What happened, as people tell it: the events of one step in one line; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from rhythm_domain.models import PersonRef
from rhythm_domain.models.history import Event
from rhythm_domain.words import of_many


@dataclass(frozen=True, slots=True)
class Happening:
    """What somebody did in one step. `issues` are the keys of those that it changed, the latest first."""

    seq: int
    actor: PersonRef
    at: datetime
    text: str
    issues: tuple[str, ...]
    project: str | None
    undone: bool


def told(events: Sequence[Event]) -> list[Happening]:
    """Events, newest first, as happenings: those of one step and one kind that follow each other are one."""
    undos = {event.operation for event in events if event.undoes}
    return [
        _one(list(group), undos)
        for _, group in groupby(events, lambda event: (event.operation, event.kind, event.project_key))
    ]


def _one(events: list[Event], undos: Collection[UUID]) -> Happening:
    last = events[0]
    keys = tuple(dict.fromkeys(event.issue_key for event in events if event.issue_key))
    back = "did again: " if last.undoes in undos else "took back: " if last.undoes else ""
    return Happening(
        seq=last.seq,
        actor=last.actor,
        at=last.at,
        text=back + (last.text if len(keys) < 2 else of_many(events, len(keys))),
        issues=keys,
        project=last.project_key,
        undone=last.undone,
    )
