"""Writes on their way: in order, shown before they are saved, never sent as two.

The screens draw each issue as `shown` has it: with every change that is on its way already made. When the
answer comes the change is dropped, and what the database holds is drawn; if it failed, that is the old state.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID, uuid4

from rhythm_domain.errors import Busy, Outcome, Unavailable
from rhythm_domain.models import IssueRow

T = TypeVar("T")

Change = Callable[[IssueRow], IssueRow]

PAUSES = (0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)
"""Seconds between two tries to learn whether a write was saved."""


class NotSaved(Unavailable):
    """It was not saved: the database can't be reached."""

    hint = "What you typed is kept; save it again when the database is back."


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A change of some issues that is not saved yet."""

    operation: UUID
    issues: frozenset[int]
    change: Change


class Edits:
    """The writes of one signed-in person, over all screens."""

    def __init__(self, changed: Callable[[frozenset[int]], None] = lambda _: None) -> None:
        self.changed = changed
        """Told which issues are to be drawn anew."""
        self._turn = asyncio.Lock()
        self._pending: list[Pending] = []
        self._sent: dict[UUID, None] = {}

    def shown(self, row: IssueRow) -> IssueRow:
        """An issue with all changes that are on their way."""
        for pending in self._pending:
            if row.id in pending.issues:
                row = pending.change(row)
        return row

    def unsaved(self, issue: int) -> bool:
        """Whether a change of an issue is on its way."""
        return any(issue in pending.issues for pending in self._pending)

    @property
    def waiting(self) -> int:
        """How many writes are on their way."""
        return len(self._pending)

    def ours(self, operation: UUID) -> bool:
        """Whether a write was sent from here."""
        return operation in self._sent

    async def run(
        self,
        write: Callable[[UUID], Awaitable[T]],
        *,
        issues: Iterable[int] = (),
        change: Change = lambda row: row,
    ) -> T:
        """Sends a write when those before it are through; its answer. `change` is drawn meanwhile.

        Where the answer did not come it is asked for again, with the same id: it happens once. Raises what
        the service raises.
        """
        operation = uuid4()
        pending = Pending(operation, frozenset(issues), change)
        self._pending.append(pending)
        self._remember(operation)
        self.changed(pending.issues)
        try:
            async with self._turn:
                return await _answered(write, operation)
        finally:
            self._pending.remove(pending)
            self.changed(pending.issues)

    def _remember(self, operation: UUID) -> None:
        self._sent[operation] = None
        while len(self._sent) > 1000:
            del self._sent[next(iter(self._sent))]


async def _answered(write: Callable[[UUID], Awaitable[T]], operation: UUID) -> T:
    unknown: Unavailable | None = None
    for pause in PAUSES:
        try:
            return await write(operation)
        except Unavailable as error:
            # Once the outcome is unknown it stays so, whatever a later try could not reach.
            if error.outcome is Outcome.UNKNOWN:
                unknown = error
            if unknown is None:
                raise error if isinstance(error, Busy) else NotSaved() from error
        await asyncio.sleep(pause)
    raise unknown or Unavailable()
