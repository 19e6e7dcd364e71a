"""Writes on their way: in order, shown before they are saved, never sent as two.

The screens draw each issue as `shown` has it: with every change that is on its way already made. When the
answer comes the change is dropped, and what the database holds is drawn; if it failed, that is the old state.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from rhythm_domain.errors import Busy, Outcome, RhythmError, Unavailable
from rhythm_domain.models import IssueRow
from rhythm_domain.operations import new_operation
from rhythm_tui.trail import Trail

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import IssueEdit

T = TypeVar("T")

Change = Callable[[IssueRow], IssueRow]

PAUSES = (0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0)
"""Seconds between two tries to learn whether a write was saved."""


log = logging.getLogger("rhythm.app")


def issue_edit(**fields: Any) -> IssueEdit:
    """An edit of these fields of an issue. What checks them is read with the first one: the start needs none.

    Raises `Invalid`, or pydantic's `ValidationError`.
    """
    from rhythm_domain.models.drafts import IssueEdit

    return IssueEdit(**fields)


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
        self.failed: Callable[[RhythmError], None] = lambda _: None
        """Told what went wrong with a write once nobody waits for it any more: one left its screen."""
        self.saved = 0
        """How many writes were saved."""
        self.trail = Trail()
        self._turn = asyncio.Lock()
        self._under_way: set[asyncio.Task[Any]] = set()
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
        stoppable: bool = False,
        step: bool = True,
    ) -> T:
        """Sends a write when those before it are through; its answer. `change` is drawn meanwhile.

        Where the answer did not come it is asked for again, with the same id: it happens once. It goes on
        to its end even if whoever waits here is cancelled, as by leaving a screen, unless it is `stoppable`.
        It is a step of the `trail` unless it takes one back. Raises what the service raises.
        """
        operation = new_operation()
        if step:
            self.trail.sent(operation)
        pending = Pending(operation, frozenset(issues), change)
        self._pending.append(pending)
        self._remember(operation)
        self.changed(pending.issues)
        sending = asyncio.create_task(self._in_turn(write, operation))
        self._under_way.add(sending)
        sending.add_done_callback(self._under_way.discard)
        try:
            answer = await (sending if stoppable else asyncio.shield(sending))
        except asyncio.CancelledError:
            # It may have ended in this very moment: whoever waited does not hear of it all the same.
            sending.add_done_callback(partial(self._ended_alone, pending))
            raise
        except BaseException:
            self._through(pending)
            raise
        # Once the answer is there it is drawn in the same breath: nothing goes back and forth.
        self._through(pending)
        return answer

    async def after(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Asks for something once the writes that were sent before are through."""
        async with self._turn:
            return await ask()

    async def _in_turn(self, write: Callable[[UUID], Awaitable[T]], operation: UUID) -> T:
        async with self._turn:
            answer = await _answered(write, operation)
            self.saved += 1
            return answer

    def _through(self, pending: Pending) -> None:
        self._pending.remove(pending)
        self.changed(pending.issues)

    def _ended_alone(self, pending: Pending, sending: asyncio.Task[Any]) -> None:
        self._through(pending)
        error = None if sending.cancelled() else sending.exception()
        if isinstance(error, RhythmError):
            self.failed(error)
        elif error is not None:
            log.error("a write whose screen was left failed", exc_info=error)

    @property
    def under_way(self) -> list[asyncio.Task[Any]]:
        """The writes that have not ended; of one that is cancelled it is not known whether it was saved."""
        return list(self._under_way)

    async def through(self, seconds: float) -> None:
        """Waits until no write is on its way, nor one that followed it, for so many seconds at most."""
        clock = asyncio.get_running_loop()
        end = clock.time() + seconds
        while self._under_way and (left := end - clock.time()) > 0:
            await asyncio.wait(self._under_way, timeout=left)

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
