"""History: what happened, in words, and taking one's own changes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from rhythm_domain.cursors import checked_limit, pack, row_id, unpack
from rhythm_domain.database import Row
from rhythm_domain.errors import Irreversible, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import Page
from rhythm_domain.models.history import Event, UndoResult
from rhythm_domain.operations import new_operation
from rhythm_domain.policy import Permission
from rhythm_domain.refusals import Retry
from rhythm_domain.repository import history
from rhythm_domain.services.reversal import ASIDE, INSTEAD, RIGHTS, entrance, reverse
from rhythm_domain.transaction import BULK, Chunk, Ref, Tx, of_another_change, repeatable
from rhythm_domain.words import of_issue, of_many


class History:
    """What a person sees of the history, and their undo and redo."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def of_project(self, key: str, *, cursor: str | None = None, limit: int = 50) -> Page[Event]:
        """The latest changes of a project, newest first."""
        before, limit = _before(cursor), checked_limit(limit)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return _page(await history.of_project(tx, before, limit + 1), limit)

    async def of_all(self, *, cursor: str | None = None, limit: int = 50) -> Page[Event]:
        """The latest changes in all of the person's projects, newest first."""
        before, limit = _before(cursor), checked_limit(limit)
        async with self._guard.person() as tx:
            return _page(await history.of_all(tx, before, limit + 1), limit)

    async def of_issue(self, ref: Ref, *, cursor: str | None = None, limit: int = 50) -> Page[Event]:
        """The changes of an issue, newest first."""
        before, limit = _before(cursor), checked_limit(limit)
        async with self._guard.issue(Permission.PROJECT_READ, ref) as (tx, held):
            return _page(await history.of_issue(tx, held.id, before, limit + 1), limit)

    async def saved(self, operation: UUID) -> bool:
        """Whether a change whose outcome was unknown was saved."""
        async with self._guard.person() as tx:
            return await history.saved(tx, operation)

    async def where(self, operations: Sequence[UUID]) -> tuple[str, ...]:
        """The keys of the projects in which some operations of the person changed what undo can take back or
        answers for, the one that was changed last first.
        """
        async with self._guard.person() as tx:
            return await history.projects_of(tx, operations, ASIDE)

    async def latest(self, key: str) -> tuple[str, datetime] | None:
        """What undo would take back in a project now, in words ("moved CORE-4 from todo to done"), and when
        that was; None if there is nothing.
        """
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            target = await history.undo_target(tx, ASIDE, RIGHTS)
            if target is None:
                return None
            (event,) = await history.of_project(tx, target["seq"] + 1, 1)
            return await _step(tx, target), event.at

    async def undo(self, key: str, *, past: bool = False, operation: UUID | None = None) -> UndoResult:
        """Takes back the person's latest change in a project that is not undone yet; a bulk as one step.

        That is any change of theirs to issues, links, comments, sprints, labels, the project's name,
        description and limits, and to published views. What others changed since is left alone and named. It
        needs the right that the change needed.

        The latest change may be one that undo does not touch: of members and roles, of the project's key or
        rest, a purge, an import. Nothing is done then, lest another change be taken back by surprise: raises
        `Irreversible`, which says what to do instead. With `past` such changes are passed over and named, and
        the one before them is taken back. Raises `NotFound` if there is nothing to undo.
        """
        return await self._take_back(key, redo=False, past=past, operation=operation or new_operation())

    async def redo(self, key: str, *, operation: UUID | None = None) -> UndoResult:
        """Takes the latest undo back, unless something new was changed since. Raises `NotFound` if none."""
        return await self._take_back(key, redo=True, past=False, operation=operation or new_operation())

    @repeatable
    async def _take_back(self, key: str, *, redo: bool, past: bool, operation: UUID) -> UndoResult:
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            if await history.saved(tx, operation):
                target = await history.take_back_target(tx, operation)
                if target is None:
                    raise of_another_change()
            else:
                target = await (_redone(tx) if redo else _undone(tx, past))
            own = await history.is_own_work(tx, target["operation"])
        door = entrance(target["permission"])
        before: int | None = history.LATEST
        index = 0
        while before is not None:
            chunk = Chunk(operation, index)
            # Settings follow one another, like all that changes them.
            alone = door is Permission.PROJECT_EDIT
            async with self._guard.project(door, key, operation=chunk, own=own, alone=alone) as tx:
                if not tx.done:
                    await history.lock(tx)
                    target = await _held(tx, target, redo=redo, past=past, own=own)
                before = await _take_back_chunk(tx, target, before)
            index += 1
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            changed, skipped, passed = await history.taken_back(tx, operation)
            return UndoResult(
                operation=operation,
                kind=target["kind"],
                text=await history.said(tx, operation, changed, redo=redo),
                changed=changed,
                skipped=skipped,
                passed=passed,
            )


async def _redone(tx: Tx) -> Row:
    """The undo that a redo takes back now. Raises `NotFound`."""
    target = await history.redo_target(tx)
    if target is None:
        raise _nothing(tx, "redo")
    return {**target, "passed": []}


async def _undone(tx: Tx, past: bool) -> Row:
    """The change that an undo takes back now, and what it passes over. Raises `NotFound`, `Irreversible`."""
    latest = await history.undo_target(tx, ASIDE)
    target = await history.undo_target(tx, ASIDE, RIGHTS)
    if latest is None or (target is None and past):
        raise _nothing(tx, "undo")
    if target is not None and target["operation"] == latest["operation"]:
        return {**target, "passed": []}
    since = target["seq"] if target else 0
    left = await history.passed_over(tx, since, ASIDE, RIGHTS, _NAMED)
    if not left:  # Another undo was committed between these looks.
        raise Retry("undo")
    if target is None or not past:
        raise _irreversible(tx, left[0], await _step(tx, target) if target else "")
    return {**target, "passed": [f"{_said(event)}. {_instead(event)}" for event in left]}


async def _held(tx: Tx, target: Row, *, redo: bool, past: bool, own: bool) -> Row:
    """What to take back, now that no other undo of the person is at work: what was found before, or what is
    next where another one came first. Raises `Retry` if that needs another door than this transaction's.
    """
    if tx.chunk > 0:
        return target
    try:
        now = await (_redone(tx) if redo else _undone(tx, past))
    except (NotFound, Irreversible) as error:
        raise Retry("undo") from error
    if now["operation"] != target["operation"] and (
        entrance(now["permission"]) is not entrance(target["permission"])
        or await history.is_own_work(tx, now["operation"]) is not own
    ):
        raise Retry("undo")
    return now


async def _take_back_chunk(tx: Tx, target: Row, before: int) -> int | None:
    """Takes back the events of an operation that come before one, the last first, at most 2,000; where to go
    on, None at the end.
    """
    events = await history.of_operation(tx, target["operation"], target["permission"], before, BULK)
    if not tx.done:
        outcome = await reverse(tx, events, undoes=target["operation"])
        passed = target["passed"] if tx.chunk == 0 else []
        if outcome.skipped or passed or not outcome.changed:
            # The step counts as taken back all the same: the next undo goes on to the one before.
            left = {"skipped": outcome.skipped, "passed": passed}
            tx.record(history.SKIPPED, after=left, undoes=target["operation"])
    return events[-1]["seq"] if len(events) == BULK else None


_NAMED = 20
"""The most changes that an undo names as passed over."""

_TOLD = 200
"""The most issues of a change that are looked at to say what it was."""

_WORDS = {Permission.IMPORT.value: "imported issues", Permission.ISSUE_PURGE.value: "purged issues"}
"""Changes that are many events, in a few words."""


def _said(event: Event) -> str:
    if words := _WORDS.get(event.permission.removeprefix("admin:")):
        return words
    return of_issue(event.text, event.issue_key)


def _instead(event: Event) -> str:
    instead = INSTEAD.get(event.permission.removeprefix("admin:"))
    return f"{instead}." if instead else "That has a command of its own."


async def _step(tx: Tx, target: Row) -> str:
    """A change of the person in words, as a whole: "changed 12 issues"."""
    issues = await history.changed(tx, target["operation"])
    latest = await history.of_project(tx, target["seq"] + 1, min(issues, _TOLD) or 1)
    if issues < 2:
        return _said(latest[0])
    step = [event for event in latest if event.operation == target["operation"] and event.issue_key]
    whole = len({event.issue_key for event in step}) == issues and len({event.kind for event in step}) == 1
    return of_many(step, issues) if whole else f"changed {issues:,} issues"


def _irreversible(tx: Tx, event: Event, before: str) -> Irreversible:
    return Irreversible(
        f"Your latest change in {tx.key} can't be taken back: you {_said(event)}.",
        instead=_instead(event),
        before=before,
        past=f"rhythm undo {tx.key} --past",
    )


def _nothing(tx: Tx, to_do: str) -> NotFound:
    return NotFound(
        f"There is nothing to {to_do} in {tx.key}.", hint="Only your own changes can be taken back."
    )


def _before(cursor: str | None) -> int:
    return unpack(cursor, row_id, row_id)[0] if cursor else history.LATEST


def _page(events: Sequence[Event], limit: int) -> Page[Event]:
    shown = tuple(events[:limit])
    return Page(items=shown, next=pack(shown[-1].seq, 0) if len(events) > limit else None)
