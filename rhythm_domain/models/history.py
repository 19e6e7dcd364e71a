"""History: what was changed, and what an undo did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from rhythm_domain.models.base import Model
from rhythm_domain.models.people import PersonRef


class Event(Model):
    """One recorded change: who did what, by which permission, what it was before and after.

    `text` says it in words, without the person ("moved it from todo to in review").
    """

    seq: int
    id: UUID
    operation: UUID
    kind: str
    permission: str
    actor: PersonRef
    at: datetime
    project_key: str | None
    issue_key: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    undoes: UUID | None
    undone: bool = False
    text: str = ""


class UndoResult(Model):
    """What an undo or a redo did: the kind of change, in words what is as it was now (empty if nothing is),
    what it changed back (issue keys or names), and what it had to leave alone since others changed it
    meanwhile. `passed` are later changes that can't be undone and stayed as they are, in words.
    """

    operation: UUID
    kind: str
    text: str
    changed: tuple[str, ...]
    skipped: tuple[str, ...]
    passed: tuple[str, ...] = ()
