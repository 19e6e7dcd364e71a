"""Issues: create, edit, move, order, link, delete, restore, purge; one at a time or many in one step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from rhythm_domain import rank
from rhythm_domain.cursors import checked_limit, pack, row_id, unpack
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import (
    Issue,
    IssueRow,
    LinkKind,
    Page,
    Status,
)
from rhythm_domain.operations import new_operation
from rhythm_domain.places import Held
from rhythm_domain.policy import Permission
from rhythm_domain.repository import history, issues
from rhythm_domain.repository.issues import Values
from rhythm_domain.services.editing import (
    change,
    check_labels,
    check_some,
    edit_held,
    label_ids,
    needed,
    resolved,
)
from rhythm_domain.services.ordering import ranks_beside
from rhythm_domain.transaction import BULK, Chunk, Operation, Ref, Tx, repeatable

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import IssueDraft, IssueEdit


class Issues:
    """What a person does with issues."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def show(self, ref: Ref) -> Issue:
        """An issue, whole. One in the trash only to those who may see the trash."""
        async with self._guard.issue(Permission.PROJECT_READ, ref) as (tx, held):
            return await issues.whole(tx, held.id)

    async def rows(self, refs: Sequence[Ref]) -> tuple[IssueRow, ...]:
        """Some issues of one project as lines of a list."""
        async with self._guard.issues(Permission.PROJECT_READ, refs) as (tx, held):
            return await issues.rows(tx, [one.id for one in held])

    @repeatable
    async def create(
        self,
        key: str,
        draft: IssueDraft,
        *,
        new_labels: Collection[str] = (),
        operation: UUID | None = None,
    ) -> Issue:
        """Creates an issue at the end of the project's order. Raises `Invalid` with the field at fault.

        Those of its labels that are `new_labels` are made with it, see `edit_many`.
        """
        operation = operation or new_operation()
        there = tuple(name for name in draft.labels if name not in new_labels)
        number, issue_id = await self._take_number(key, draft.model_copy(update={"labels": there}), operation)
        async with self._guard.project(Permission.ISSUE_CREATE, key, operation=operation) as tx:
            if tx.done:
                return await _made(tx, tx.done.issue_ids[0])
            new = await _drafted(tx, draft, new_labels)
            new |= {"number": number, "reporter_id": tx.user.id, "rank": rank.initial(number)}
            issues.create_at_last(tx, {"id": issue_id, **new})
            tx.record("issue.created", issue=issue_id, after=new)
            made = await issues.whole_at_last(tx, issue_id)
        return made()

    async def _take_number(self, key: str, draft: IssueDraft, operation: UUID) -> tuple[int, int]:
        """The number of a new issue and its id; 0 if it was created before.

        In a transaction of its own, so that others who create wait for this alone and not until the issue is
        written: fifty at once would wait too long. A number is left out if its issue then can't be written.
        """
        async with self._guard.project(Permission.ISSUE_CREATE, key, operation=operation) as tx:
            tx.unchanged()
            if tx.done:
                return 0, 0
            await _drafted(tx, draft)  # What can't be created uses up no number.
            number = issues.number_at_last(tx)
        return number()

    @repeatable
    async def edit(self, ref: Ref, edit: IssueEdit, *, operation: UUID | None = None) -> Issue:
        """Changes the fields that the edit sets. As `edit_many`, for one issue; the issue afterwards."""
        check_some(edit)
        async with self._guard.issues(needed(edit), [ref], operation=operation) as (tx, held):
            await edit_held(tx, held, edit)
            edited = await issues.whole_at_last(tx, held[0].id)
        return edited()

    @repeatable
    async def edit_many(
        self,
        refs: Sequence[Ref],
        edit: IssueEdit,
        *,
        new_labels: Collection[str] = (),
        operation: Operation = None,
    ) -> tuple[IssueRow, ...]:
        """Makes the same change to some issues of one project: all or nothing, one step of the history. Those
        of the added labels that are `new_labels` are made in that step if they are not there yet.

        Edits of different fields merge. A text that somebody else changed since `base_version` raises
        `Conflict` with both sides; without a base version it is written over whatever stands there.
        """
        check_some(edit)
        async with self._guard.issues(needed(edit), refs, operation=operation) as (tx, held):
            await edit_held(tx, held, edit, new_labels)
            rows = await issues.rows_at_last(tx, [one.id for one in held])
        return rows()

    async def edit_all(
        self,
        refs: Sequence[Ref],
        edit: IssueEdit,
        *,
        new_labels: Collection[str] = (),
        operation: UUID | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Makes the same change to any number of issues of one project, 2,000 in a transaction; how many it
        changed.

        One step of the history, undone as one. It can be cancelled between two transactions: what was done
        stays, and is undone as one too. Sent again, the operation goes on with the issues that it began with,
        whatever `refs` are by now. `progress` is told how many were looked at.
        """
        check_some(edit)
        if operation is not None:
            async with self._guard.person() as tx:
                refs = await history.chosen(tx, operation) or refs
        operation = operation or new_operation()
        for start in range(0, len(refs), BULK):
            await self._edit_part(refs, start, edit, new_labels, Chunk(operation, start // BULK))
            progress(min(start + BULK, len(refs)))
        async with self._guard.person() as tx:
            return await history.changed(tx, operation)

    @repeatable
    async def _edit_part(
        self, refs: Sequence[Ref], start: int, edit: IssueEdit, new_labels: Collection[str], chunk: Chunk
    ) -> None:
        part = refs[start : start + BULK]
        async with self._guard.issues(needed(edit), part, operation=chunk) as (tx, held):
            if start == 0 and len(refs) > len(part) and not tx.done:
                tx.record(history.CHOSEN, after={"issues": list(refs)})
            await edit_held(tx, held, edit, new_labels)

    async def move(
        self,
        ref: Ref,
        status: Status,
        *,
        after: Ref | None = None,
        before: Ref | None = None,
        operation: UUID | None = None,
    ) -> IssueRow:
        """Moves a card into a column, and there behind or before another card if one is named."""
        return (await self.place([ref], status, after=after, before=before, operation=operation))[0]

    async def order(
        self,
        ref: Ref,
        *,
        after: Ref | None = None,
        before: Ref | None = None,
        operation: UUID | None = None,
    ) -> IssueRow:
        """Puts an issue behind or before another in the project's one order."""
        return (await self.place([ref], after=after, before=before, operation=operation))[0]

    @repeatable
    async def place(
        self,
        refs: Sequence[Ref],
        status: Status | None = None,
        *,
        after: Ref | None = None,
        before: Ref | None = None,
        operation: UUID | None = None,
    ) -> tuple[IssueRow, ...]:
        """Puts issues of one project, in the order given, behind or before another one; into a column if a
        status is named, and then at their old places if no neighbour is. All or nothing, one step of the
        history.
        """
        beside = after is not None or before is not None
        if (after is not None and before is not None) or (status is None and not beside):
            raise Invalid(
                "Name the issue that it goes behind, or the one that it goes before.", field="order"
            )
        permission = Permission.ISSUE_ORDER if status is None else Permission.ISSUE_MOVE
        async with self._guard.issues(permission, refs, operation=operation) as (tx, held):
            if not tx.done:
                ranks = await ranks_beside(tx, held, after, before) if beside else {}
                moved: Values = {} if status is None else {"status": status.value}
                wanted = {
                    one.id: moved | ({"rank": ranks[one.id]} if one.id in ranks else {}) for one in held
                }
                # Making room beside another issue may have given these other ranks.
                known = await (
                    issues.values(tx, list(wanted)) if beside else issues.held(tx, held, texts=False)
                )
                await change(tx, known, wanted)
            rows = await issues.rows_at_last(tx, [one.id for one in held])
        return rows()

    @repeatable
    async def link(
        self, ref: Ref, kind: LinkKind, other: Ref, *, operation: UUID | None = None
    ) -> tuple[IssueRow, ...]:
        """Says that an issue blocks, or is blocked by, another of its project. Circles are refused."""
        async with self._guard.issues(Permission.ISSUE_LINK, [ref, other], operation=operation) as (tx, held):
            if not tx.done:
                blocker, blocked = _ends(kind, held)
                await issues.lock_graph(tx)
                if blocker.id in await issues.blocked_by(tx, blocked.id):
                    raise Invalid(
                        f"{blocked.key} blocks {blocker.key} already: they would wait for each other.",
                        field="link",
                        hint="Remove one of the links in between first.",
                    )
                if await issues.link(tx, blocker.id, blocked.id):
                    ends = {"blocker_id": blocker.id, "blocked_id": blocked.id}
                    tx.record("issue.linked", issue=held[0].id, after=ends)
                else:
                    tx.unchanged()
            rows = await issues.rows_at_last(tx, [one.id for one in held])
        return rows()

    @repeatable
    async def unlink(
        self, ref: Ref, kind: LinkKind, other: Ref, *, operation: UUID | None = None
    ) -> tuple[IssueRow, ...]:
        """Takes a link back. Raises `NotFound` if there is none."""
        async with self._guard.issues(Permission.ISSUE_LINK, [ref, other], operation=operation) as (tx, held):
            if not tx.done:
                blocker, blocked = _ends(kind, held)
                if not await issues.unlink(tx, blocker.id, blocked.id):
                    raise NotFound(
                        f"{blocker.key} does not block {blocked.key}.",
                        hint="`rhythm issue show` has the links.",
                    )
                ends = {"blocker_id": blocker.id, "blocked_id": blocked.id}
                tx.record("issue.unlinked", issue=held[0].id, before=ends)
            rows = await issues.rows_at_last(tx, [one.id for one in held])
        return rows()

    @repeatable
    async def delete(self, refs: Sequence[Ref], *, operation: UUID | None = None) -> tuple[str, ...]:
        """Moves issues to the trash: they are in no list and no search. Their keys."""
        async with self._guard.issues(Permission.ISSUE_DELETE, refs, operation=operation) as (tx, held):
            await _set_deleted(tx, held, True)
            return tuple(one.key for one in held)

    @repeatable
    async def restore(self, refs: Sequence[Ref], *, operation: UUID | None = None) -> tuple[IssueRow, ...]:
        """Takes issues back out of the trash."""
        async with self._guard.issues(Permission.ISSUE_RESTORE, refs, operation=operation, trash=True) as (
            tx,
            held,
        ):
            await _set_deleted(tx, held, False)
            rows = await issues.rows_at_last(tx, [one.id for one in held])
        return rows()

    @repeatable
    async def purge(self, refs: Sequence[Ref], *, operation: UUID | None = None) -> tuple[str, ...]:
        """Removes issues of the trash for ever; only that they were there stays in the history."""
        try:
            async with self._guard.issues(Permission.ISSUE_PURGE, refs, operation=operation, trash=True) as (
                tx,
                held,
            ):
                if not tx.done:
                    await _purge(tx, held)
                return tuple(one.key for one in held)
        except NotFound:
            if not await self._guard.happened(operation):
                raise
            return tuple(str(ref) for ref in refs)

    async def trash(self, key: str, *, cursor: str | None = None, limit: int = 50) -> Page[IssueRow]:
        """Deleted issues of a project, the last deleted first."""
        after = unpack(cursor, datetime.fromisoformat, row_id) if cursor else None
        limit = checked_limit(limit)
        async with self._guard.project(Permission.TRASH_READ, key) as tx:
            found = await issues.trash(tx, limit + 1, after)
            shown = found[:limit]
            rows = await issues.rows(tx, [issue_id for issue_id, _ in shown])
            more = len(found) > limit
            return Page(items=rows, next=pack(shown[-1][1], shown[-1][0]) if more else None)


async def _made(tx: Tx, issue: int) -> Issue:
    """An issue that was created before, as a read would show it now."""
    made = await issues.whole(tx, issue)
    if made.deleted_at is not None and not tx.allows(Permission.TRASH_READ):
        raise NotFound(f"There is no issue {made.key}.")
    return made


def _ends(kind: LinkKind, held: Sequence[Held]) -> tuple[Held, Held]:
    if len(held) != 2:
        raise Invalid("An issue can't block itself.", field="link")
    return (held[0], held[1]) if kind is LinkKind.BLOCKS else (held[1], held[0])


async def _drafted(tx: Tx, draft: IssueDraft, new_labels: Collection[str] = ()) -> Values:
    """The values of a new issue, but its number and rank. Raises `Invalid` with the field at fault."""
    asked = draft.model_dump(exclude_defaults=True, exclude={"labels"})
    new = await resolved(tx, {"title": draft.title, **asked})
    new["labels"] = await label_ids(tx, draft.labels, new_labels)
    check_labels(len(new["labels"]))
    return new


async def _set_deleted(tx: Tx, held: Sequence[Held], deleted: bool) -> None:
    if tx.done:
        return
    for one in held:
        tx.record(
            "issue.deleted" if deleted else "issue.restored",
            issue=one.id,
            before={"deleted": not deleted},
            after={"deleted": deleted},
        )
    await issues.apply(tx, {one.id: {"deleted": deleted} for one in held})


async def _purge(tx: Tx, held: Sequence[Held]) -> None:
    """Removes issues. What hung on them is let go first, as if somebody had done it: history says so."""
    await issues.lock_graph(tx)
    gone = [one.id for one in held]
    below = [child for child in await issues.children(tx, gone) if child not in gone]
    links = await issues.links(tx, gone)
    others = {end for link in links for end in link}.difference(gone)
    await tx.hold([*below, *others])
    await change(tx, await issues.values(tx, below), {child: {"parent_id": None} for child in below})
    for blocker, blocked in links:
        for other in {blocker, blocked}.difference(gone):
            ends = {"blocker_id": blocker, "blocked_id": blocked}
            tx.record("issue.unlinked", issue=other, before=ends)
    await issues.purge(tx, gone)
    for one in held:
        tx.record("issue.purged", issue=one.id, after={"number": one.number})
