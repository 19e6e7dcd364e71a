"""History: what happened, in words, and taking one's own changes back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from rhythm_domain.cursors import checked_limit, pack, row_id, unpack
from rhythm_domain.database import Retry, Row
from rhythm_domain.errors import NotFound
from rhythm_domain.guard import BULK, Chunk, Guard, Ref, Tx, repeatable
from rhythm_domain.models import Event, Page, UndoResult
from rhythm_domain.policy import Permission
from rhythm_domain.repository import history
from rhythm_domain.services.reversal import REVERSIBLE, RIGHTS, reverse


class History:
    """What a person sees of the history, and their undo and redo."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def of_project(self, key: str, *, cursor: str | None = None, limit: int = 50) -> Page[Event]:
        """The latest changes of a project, newest first."""
        before, limit = _before(cursor), checked_limit(limit)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return _page(await history.of_project(tx, before, limit + 1), limit)

    async def of_issue(self, ref: Ref, *, cursor: str | None = None, limit: int = 50) -> Page[Event]:
        """The changes of an issue, newest first."""
        before, limit = _before(cursor), checked_limit(limit)
        async with self._guard.issue(Permission.PROJECT_READ, ref) as (tx, held):
            return _page(await history.of_issue(tx, held.id, before, limit + 1), limit)

    async def saved(self, operation: UUID) -> bool:
        """Whether a change whose outcome was unknown was saved."""
        async with self._guard.person() as tx:
            return await history.saved(tx, operation)

    async def undo(self, key: str, *, operation: UUID | None = None) -> UndoResult:
        """Takes back the person's latest change in a project that is not undone yet; a bulk as one step.

        What others changed since is left alone and named. It needs the right that the change needed. Raises
        `NotFound` if there is nothing to undo.
        """
        return await self._take_back(key, redo=False, operation=operation or uuid4())

    async def redo(self, key: str, *, operation: UUID | None = None) -> UndoResult:
        """Takes the latest undo back, unless something new was changed since. Raises `NotFound` if none."""
        return await self._take_back(key, redo=True, operation=operation or uuid4())

    @repeatable
    async def _take_back(self, key: str, *, redo: bool, operation: UUID) -> UndoResult:
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            target = await history.take_back_target(tx, operation) or await _target(tx, redo)
            if target is None:
                raise NotFound(
                    f"There is nothing to {'redo' if redo else 'undo'} in {key.strip().upper()}.",
                    hint="Only your own changes can be taken back.",
                )
            own = await history.is_own_work(tx, target["operation"])
        permission = Permission(target["permission"].removeprefix("admin:"))
        before: int | None = history.LATEST
        index = 0
        while before is not None:
            chunk = Chunk(operation, index)
            async with self._guard.project(permission, key, operation=chunk, own=own) as tx:
                before = await _take_back_chunk(tx, target["operation"], before, redo=redo)
            index += 1
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            changed, skipped = await history.taken_back(tx, operation)
            return UndoResult(operation=operation, kind=target["kind"], changed=changed, skipped=skipped)


async def _target(tx: Tx, redo: bool) -> Row | None:
    return await (history.redo_target(tx) if redo else history.undo_target(tx, REVERSIBLE, RIGHTS))


async def _take_back_chunk(tx: Tx, target: UUID, before: int, *, redo: bool) -> int | None:
    """Takes back the events of an operation that come before one, the last first, at most 2,000; where to go
    on, None at the end. Another undo that came first raises `Retry`.
    """
    if not tx.done:
        await history.lock(tx)
        if tx.chunk == 0:
            still = await _target(tx, redo)
            if still is None or still["operation"] != target:
                raise Retry("undo")
    events = await history.of_operation(tx, target, before, BULK)
    if not tx.done:
        outcome = await reverse(tx, events, undoes=target)
        if outcome.skipped or not outcome.changed:
            # The step counts as taken back all the same: the next undo goes on to the one before.
            tx.record("history.skipped", after={"skipped": outcome.skipped}, undoes=target)
    return events[-1]["seq"] if len(events) == BULK else None


def _before(cursor: str | None) -> int:
    return unpack(cursor, row_id, row_id)[0] if cursor else history.LATEST


def _page(events: Sequence[Event], limit: int) -> Page[Event]:
    shown = tuple(events[:limit])
    return Page(items=shown, next=pack(shown[-1].seq, 0) if len(events) > limit else None)
