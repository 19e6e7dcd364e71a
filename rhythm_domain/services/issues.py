"""Issues: create, edit, move, order, link, delete, restore, purge; one at a time or many in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from rhythm_domain import rank
from rhythm_domain.cursors import pack, unpack
from rhythm_domain.errors import Conflict, Invalid, NotFound
from rhythm_domain.guard import BULK, Chunk, Guard, Held, Operation, Ref, Tx, parse_ref, repeatable
from rhythm_domain.models import (
    OPEN,
    Issue,
    IssueDraft,
    IssueEdit,
    IssueRow,
    LinkKind,
    Page,
    SprintState,
    Status,
)
from rhythm_domain.policy import Permission
from rhythm_domain.repository import issues, labels, members
from rhythm_domain.repository.issues import Values
from rhythm_domain.text import folded

_NEEDS = {
    "status": Permission.ISSUE_MOVE,
    "assignee": Permission.ISSUE_ASSIGN,
    "estimate": Permission.ISSUE_ESTIMATE,
    "sprint": Permission.ISSUE_PLAN,
    "add_labels": Permission.ISSUE_LABEL,
    "remove_labels": Permission.ISSUE_LABEL,
}
"""What changing a field needs; everything else, and several kinds at once, needs ISSUE_EDIT."""

_REQUIRED = ("title", "description", "status", "priority", "type")

MAX_LABELS = 50
"""Labels on one issue."""

_TENTH = Decimal("0.1")

_SPREAD = 100
"""How many neighbours on either side get new ranks when there is no room left between two."""


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
    async def create(self, key: str, draft: IssueDraft, *, operation: UUID | None = None) -> Issue:
        """Creates an issue at the end of the project's order. Raises `Invalid` with the field at fault."""
        async with self._guard.project(Permission.ISSUE_CREATE, key, operation=operation) as tx:
            if tx.done:
                return await issues.whole(tx, tx.done.issue_ids[0])
            asked = draft.model_dump(exclude_defaults=True, exclude={"labels"})
            new = await _resolved(tx, {"title": draft.title, **asked})
            new["labels"] = sorted((await labels.ids_by_name(tx, draft.labels, create=False)).values())
            _check_labels(len(new["labels"]))
            number = await issues.take_numbers(tx, 1)
            new |= {"number": number, "reporter_id": tx.user.id, "rank": rank.initial(number)}
            ((issue_id, _),) = await issues.create(tx, [new])
            tx.record("issue.created", issue=issue_id, after=new)
            return await issues.whole(tx, issue_id)

    @repeatable
    async def edit(self, ref: Ref, edit: IssueEdit, *, operation: UUID | None = None) -> Issue:
        """Changes the fields that the edit sets. As `edit_many`, for one issue; the issue afterwards."""
        _check_some(edit)
        async with self._guard.issues(_needed(edit), [ref], operation=operation) as (tx, held):
            await _edit(tx, held, edit)
            return await issues.whole(tx, held[0].id)

    @repeatable
    async def edit_many(
        self, refs: Sequence[Ref], edit: IssueEdit, *, operation: Operation = None
    ) -> tuple[IssueRow, ...]:
        """Makes the same change to some issues of one project: all or nothing, one step of the history.

        Edits of different fields merge. A text that somebody else changed since `base_version` raises
        `Conflict` with both sides; without a base version it is written over whatever stands there.
        """
        _check_some(edit)
        async with self._guard.issues(_needed(edit), refs, operation=operation) as (tx, held):
            await _edit(tx, held, edit)
            return await issues.rows(tx, [one.id for one in held])

    async def edit_all(
        self,
        refs: Sequence[Ref],
        edit: IssueEdit,
        *,
        operation: UUID | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Makes the same change to any number of issues of one project, 2,000 in a transaction; how many.

        One step of the history, undone as one. It can be cancelled between two transactions: what was done
        stays, and is undone as one too. `progress` is told how many are done. Sent again with other issues,
        as when a query finds only those that are left, it changes them as well.
        """
        operation = operation or uuid4()
        for start in range(0, len(refs), BULK):
            chunk = refs[start : start + BULK]
            await self.edit_many(chunk, edit, operation=Chunk(operation, _index(chunk)))
            progress(start + len(chunk))
        return len(refs)

    @repeatable
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
        async with self._guard.issue(Permission.ISSUE_MOVE, ref, operation=operation) as (tx, held):
            if not tx.done:
                wanted: Values = {"status": status.value}
                if after is not None or before is not None:
                    wanted["rank"] = await _rank_beside(tx, held, after, before)
                await change(tx, await issues.values(tx, [held.id]), {held.id: wanted})
            return (await issues.rows(tx, [held.id]))[0]

    @repeatable
    async def order(
        self,
        ref: Ref,
        *,
        after: Ref | None = None,
        before: Ref | None = None,
        operation: UUID | None = None,
    ) -> IssueRow:
        """Puts an issue behind or before another in the project's one order."""
        if (after is None) == (before is None):
            raise Invalid(
                "Name the issue that it goes behind, or the one that it goes before.", field="order"
            )
        async with self._guard.issue(Permission.ISSUE_ORDER, ref, operation=operation) as (tx, held):
            if not tx.done:
                wanted = {"rank": await _rank_beside(tx, held, after, before)}
                await change(tx, await issues.values(tx, [held.id]), {held.id: wanted})
            return (await issues.rows(tx, [held.id]))[0]

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
            return await issues.rows(tx, [one.id for one in held])

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
            return await issues.rows(tx, [one.id for one in held])

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
            return await issues.rows(tx, [one.id for one in held])

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
        async with self._guard.project(Permission.TRASH_READ, key) as tx:
            found = await issues.trash(tx, limit + 1, unpack(cursor, str, int) if cursor else None)
            shown = found[:limit]
            rows = await issues.rows(tx, [issue_id for issue_id, _ in shown])
            more = len(found) > limit
            return Page(items=rows, next=pack(shown[-1][1], shown[-1][0]) if more else None)


async def change(
    tx: Tx, before: Mapping[int, Values], wanted: Mapping[int, Values], *, undoes: UUID | None = None
) -> list[int]:
    """Writes what differs from the values before and records it, an event an issue; the issues changed.

    `wanted` holds columns as `repository.issues.apply` names them. Where nothing differs, nothing is written.
    A closed issue that is opened again is nobody's if its assignee left the project meanwhile.
    """
    left = await issues.former_assignees(tx, _reopened(before, wanted))
    changes = {
        issue: _difference(before[issue], {"assignee_id": None, **values} if issue in left else values)
        for issue, values in wanted.items()
    }
    changes = {issue: values for issue, values in changes.items() if values}
    for issue, values in changes.items():
        _check_labels(
            len(before[issue]["labels"])
            + len(values.get("labels_added", ()))
            - len(values.get("labels_removed", ()))
        )
    closed = await issues.apply(tx, changes)
    for issue, after in changes.items():
        was = {name: before[issue].get(name) for name in after if not name.startswith("labels_")}
        if "status" in after:
            was["closed_at"], after["closed_at"] = before[issue]["closed_at"], closed[issue]
        if added := after.get("labels_added"):
            was["labels_removed"] = added
        if removed := after.get("labels_removed"):
            was["labels_added"] = removed
        tx.record("issue.changed", issue=issue, before=was, after=after, undoes=undoes)
    if not changes:
        tx.unchanged()
    return list(changes)


def _index(refs: Sequence[Ref]) -> int:
    """A number above 0 that stands for these issues."""
    return 1 + int.from_bytes(sha256("\n".join(map(str, refs)).encode()).digest()[:8])


def _reopened(before: Mapping[int, Values], wanted: Mapping[int, Values]) -> list[int]:
    return [
        issue
        for issue, values in wanted.items()
        if before[issue]["closed_at"] and before[issue]["assignee_id"] and values.get("status") in OPEN
    ]


def _difference(before: Values, wanted: Values) -> Values:
    """The columns of `wanted` that change something; labels only where they are not, or are, on the issue."""
    changed: Values = {}
    for name, value in wanted.items():
        if name == "labels_added":
            value = [label for label in value if label not in before["labels"]]
        elif name == "labels_removed":
            value = [label for label in value if label in before["labels"]]
        elif same(before[name], value):
            continue
        if value or not name.startswith("labels_"):
            changed[name] = value
    return changed


def same(one: Any, other: Any) -> bool:
    """Whether two values of a column are the same, however JSON holds them."""
    return one == other or (one is not None and other is not None and str(one) == str(other))


def _check_some(edit: IssueEdit) -> None:
    if not edit.fields:
        raise Invalid("Nothing to change.", field="issue", hint="Name at least one field.")


async def _edit(tx: Tx, held: Sequence[Held], edit: IssueEdit) -> None:
    if tx.done:
        return
    before = await issues.values(tx, [one.id for one in held])
    wanted = await _wanted(tx, edit)
    for one in held:
        _check_texts(edit, before[one.id])
    await _check_parent(tx, held, wanted.get("parent_id"))
    await change(tx, before, {one.id: wanted for one in held})


def _needed(edit: IssueEdit) -> Permission:
    needs = {_NEEDS.get(name, Permission.ISSUE_EDIT) for name in edit.fields}
    return needs.pop() if len(needs) == 1 else Permission.ISSUE_EDIT


async def _wanted(tx: Tx, edit: IssueEdit) -> Values:
    """The columns that an edit sets; names and keys resolved in the transaction's project."""
    asked = {name: getattr(edit, name) for name in edit.fields - {"add_labels", "remove_labels"}}
    for name in _REQUIRED:
        if name in asked and asked[name] is None:
            raise Invalid(f"The {name} can't be empty.", field=name)
    wanted = await _resolved(tx, asked)
    if edit.add_labels:
        ids = await labels.ids_by_name(tx, edit.add_labels, create=False)
        wanted["labels_added"] = sorted(ids.values())
    if edit.remove_labels:
        ids = await labels.ids_by_name(tx, edit.remove_labels, create=False)
        wanted["labels_removed"] = sorted(ids.values())
    return wanted


async def _resolved(tx: Tx, asked: Mapping[str, Any]) -> Values:
    """Fields of a draft or an edit as columns: enums as text, names and keys as ids."""
    values: Values = {}
    for name, value in asked.items():
        match name:
            case "assignee":
                values["assignee_id"] = None if value is None else await members.resolve(tx, value)
            case "sprint":
                values["sprint_id"] = None if value is None else await sprint_to_plan(tx, value)
            case "parent":
                values["parent_id"] = None if value is None else await _beside(tx, value)
            case "estimate":
                values[name] = None if value is None else str(value.quantize(_TENTH))
            case "due":
                values[name] = None if value is None else value.isoformat()
            case _:
                values[name] = value
    return values


async def sprint_to_plan(tx: Tx, name: str) -> int:
    """A sprint of the project by name (`current`: the active one) that work can be planned into.

    It is held: nobody finishes it until the end. Raises `Invalid` (field `sprint`).
    """
    hint = "`rhythm sprint list KEY` shows the sprints."
    wanted = folded(name)
    if not wanted:
        raise Invalid("A sprint's name can't be empty.", field="sprint", hint=hint)
    found = await issues.plannable_sprint(tx, "" if wanted in ("current", "@current") else wanted)
    if found is None:
        raise Invalid(f"There is no sprint {name!r} in this project.", field="sprint", hint=hint)
    if found["state"] == SprintState.FINISHED:
        raise Invalid(f"{name} is finished: nothing can be planned into it.", field="sprint", hint=hint)
    return int(found["id"])


async def _beside(tx: Tx, ref: Ref) -> int:
    """The id of another living issue of the same project."""
    found = await issues.living(tx, parse_ref(ref))
    if found is None:
        raise Invalid(f"There is no issue {ref} in this project.", field="issue")
    return found


async def _check_parent(tx: Tx, held: Sequence[Held], parent: int | None) -> None:
    if parent is None:
        return
    await issues.lock_graph(tx)
    above = await issues.ancestors(tx, parent)
    for one in held:
        if one.id in above:
            raise Invalid(f"{one.key} can't be below itself.", field="parent", hint="Choose another parent.")


def _check_texts(edit: IssueEdit, before: Values) -> None:
    """Raises `Conflict` if a text that is to be written was changed since it was read."""
    if edit.base_version is None:
        return
    for name in ("title", "description"):
        mine = getattr(edit, name)
        if name in edit.fields and before[f"{name}_version"] > edit.base_version and before[name] != mine:
            raise Conflict(
                f"Somebody else changed the {name} meanwhile.",
                field=name,
                current=before[name],
                mine=mine,
                version=before["version"],
            )


def _check_labels(count: int) -> None:
    if count > MAX_LABELS:
        raise Invalid(f"An issue can have at most {MAX_LABELS} labels.", field="labels")


def _ends(kind: LinkKind, held: Sequence[Held]) -> tuple[Held, Held]:
    if len(held) != 2:
        raise Invalid("An issue can't block itself.", field="link")
    return (held[0], held[1]) if kind is LinkKind.BLOCKS else (held[1], held[0])


async def _set_deleted(tx: Tx, held: Sequence[Held], deleted: bool) -> None:
    if tx.done:
        return
    await issues.apply(tx, {one.id: {"deleted": deleted} for one in held})
    for one in held:
        tx.record(
            "issue.deleted" if deleted else "issue.restored",
            issue=one.id,
            before={"deleted": not deleted},
            after={"deleted": deleted},
        )


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


async def _rank_beside(tx: Tx, held: Held, after: Ref | None, before: Ref | None) -> str:
    """A rank right behind `after`, or else right before `before`; makes room where there is none left."""
    anchor = (
        await issues.values(tx, [await _beside(tx, after if after is not None else before or "")])
    ).popitem()
    if anchor[0] == held.id:
        raise Invalid("An issue can't be placed beside itself.", field="order")
    here: str = anchor[1]["rank"]
    low, high = (
        (here, await issues.next_rank(tx, here))
        if after is not None
        else (await issues.previous_rank(tx, here), here)
    )
    found = rank.between(low, high)
    if len(found) <= rank.TOO_LONG:
        return found
    await _spread(tx, here)
    return await _rank_beside(tx, held, after, before)


async def _spread(tx: Tx, here: str, width: int = _SPREAD) -> None:
    """Gives the neighbours of a rank new ones between the first and the last of them, which stay; at an end
    of the order, between those and the open end. Takes in more of them while their ranks would be too long.
    """
    around = await issues.ranks_around(tx, here, width)
    below = sum(found <= here for _, found in around)
    more_below, more_above = below == width, len(around) - below == width
    low = around.pop(0)[1] if more_below else None
    high = around.pop()[1] if more_above else None
    ranks = rank.spread(low, high, len(around))
    if len(ranks[0]) > rank.TOO_LONG:
        await _spread(tx, here, 4 * width)
    else:
        await issues.set_ranks(tx, dict(zip((issue for issue, _ in around), ranks, strict=True)))
