"""How changes of issues and of their links are taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.models import OPEN
from rhythm_domain.repository import issues
from rhythm_domain.repository.history import touched_by_others
from rhythm_domain.repository.issues import Values
from rhythm_domain.services.editing import MAX_LABELS, change, same
from rhythm_domain.transaction import Tx


async def changed(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Issues of which every column that was changed is still as it was left."""
    now = await issues.values(tx, [row["issue_id"] for row in events])
    free = [
        row for row in events if row["issue_id"] in now and _untouched(now[row["issue_id"]], row["after"])
    ]
    wanted = {row["issue_id"]: dict(row["before"]) for row in free}
    possible = await _possible(tx, now, wanted)
    back = await change(tx, now, {issue: wanted[issue] for issue in possible}, undoes=undoes)
    return {row["seq"] for row in free if row["issue_id"] in back}


def _untouched(now: Values, after: Values) -> bool:
    if now["deleted"]:
        return False
    for name, value in after.items():
        match name:
            case "closed_at":
                continue
            case "labels_added":
                if not set(value) <= set(now["labels"]):
                    return False
            case "labels_removed":
                if set(value) & set(now["labels"]):
                    return False
            case _:
                if not same(now[name], value):
                    return False
    return True


async def _possible(tx: Tx, now: Mapping[int, Values], wanted: Mapping[int, Values]) -> list[int]:
    """Those issues that can have the values wanted: what they name is still there, nobody took their place,
    and no issue would be below itself.
    """
    named = {
        column: {values[column] for values in wanted.values() if values.get(column)}
        for column in ("assignee_id", "sprint_id", "parent_id")
    }
    named["labels"] = {label for values in wanted.values() for label in values.get("labels_added", ())}
    there = await issues.available(tx, named)
    holders = await issues.holders(tx, [values["rank"] for values in wanted.values() if "rank" in values])
    if named["parent_id"]:
        await issues.lock_graph(tx)
    above = {parent: await issues.ancestors(tx, parent) for parent in there["parent_id"]}

    def fits(issue: int, values: Values) -> bool:
        parent, added = values.get("parent_id"), values.get("labels_added", ())
        is_open = values.get("status", now[issue]["status"]) in OPEN
        return (
            (not is_open or values.get("assignee_id") in {None, *there["assignee_id"]})
            and values.get("sprint_id") in {None, *there["sprint_id"]}
            and (parent is None or issue not in above.get(parent, {issue}))
            and there["labels"].issuperset(added)
            and len(now[issue]["labels"]) + len(added) - len(values.get("labels_removed", ())) <= MAX_LABELS
            and holders.get(values.get("rank", ""), issue) == issue
        )

    return [issue for issue, values in wanted.items() if fits(issue, values)]


async def _set_deleted(tx: Tx, events: Sequence[Row], undoes: UUID, deleted: bool) -> set[int]:
    """Into the trash or out of it, unless somebody else worked on them or decided about them since."""
    if not events:
        return set()
    theirs = await touched_by_others(
        tx, [row["issue_id"] for row in events], min(row["seq"] for row in events)
    )
    events = [row for row in events if row["issue_id"] not in theirs]
    now = await issues.values(tx, [row["issue_id"] for row in events])
    free = [row for row in events if row["issue_id"] in now and now[row["issue_id"]]["deleted"] != deleted]
    await issues.apply(tx, {row["issue_id"]: {"deleted": deleted} for row in free})
    for row in free:
        tx.record(
            "issue.deleted" if deleted else "issue.restored",
            issue=row["issue_id"],
            before={"deleted": not deleted},
            after={"deleted": deleted},
            undoes=undoes,
        )
    return {row["seq"] for row in free}


async def created(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, True)


async def deleted(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, False)


async def linked(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    done = set()
    for row in events:
        ends = row["after"]
        if await issues.unlink(tx, ends["blocker_id"], ends["blocked_id"]):
            tx.record("issue.unlinked", issue=row["issue_id"], before=ends, undoes=undoes)
            done.add(row["seq"])
    return done


async def unlinked(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    done = set()
    for row in events:
        ends = row["before"]
        await issues.lock_graph(tx)
        circle = ends["blocker_id"] in await issues.blocked_by(tx, ends["blocked_id"])
        both = len(await issues.values(tx, list(ends.values()))) == len(ends)
        if both and not circle and await issues.link(tx, ends["blocker_id"], ends["blocked_id"]):
            tx.record("issue.linked", issue=row["issue_id"], after=ends, undoes=undoes)
            done.add(row["seq"])
    return done
