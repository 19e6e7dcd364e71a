"""How each kind of change is taken back: where values are still those after it, those before are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.guard import Tx
from rhythm_domain.models import OPEN, SprintState
from rhythm_domain.policy import Permission
from rhythm_domain.repository import comments, issues, sprints
from rhythm_domain.repository.history import CHOSEN, comments_touched_by_others, touched_by_others
from rhythm_domain.repository.issues import Values
from rhythm_domain.services.editing import MAX_LABELS, change, same
from rhythm_domain.services.sprints import write


@dataclass(slots=True)
class Reversed:
    """What was changed back and what had to be left alone: issue keys."""

    changed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


Reverser = Callable[[Tx, Sequence[Row], UUID], Awaitable[set[int]]]
"""Takes events of one kind back; the seqs of those that it could."""


async def reverse(tx: Tx, events: Sequence[Row], *, undoes: UUID) -> Reversed:
    """Takes the events of an operation back, the last first, and records that."""
    result = Reversed()
    await tx.hold([row["issue_id"] for row in events if row["issue_id"]])
    done: set[int] = set()
    for kind in dict.fromkeys(row["kind"] for row in events):
        same = [row for row in events if row["kind"] == kind]
        if kind in _REVERSERS:
            done |= await _REVERSERS[kind](tx, [row for row in same if not row["erased"]], undoes)
    for row in events:
        if row["kind"] not in _ASIDE:
            (result.changed if row["seq"] in done else result.skipped).append(_name(tx, row))
    return result


def _name(tx: Tx, row: Row) -> str:
    key = tx.place.key if tx.place else ""
    if row["number"]:
        return f"{key}-{row['number']}"
    return str(row["after"].get("name") or row["before"].get("name") or row["kind"])


async def _changed_issues(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Issues of which every column that was changed is still as it was left."""
    now = await issues.values(tx, [row["issue_id"] for row in events])
    free = [
        row for row in events if row["issue_id"] in now and _untouched(now[row["issue_id"]], row["after"])
    ]
    wanted = {row["issue_id"]: dict(row["before"]) for row in free}
    possible = await _possible(tx, now, wanted)
    changed = await change(tx, now, {issue: wanted[issue] for issue in possible}, undoes=undoes)
    return {row["seq"] for row in free if row["issue_id"] in changed}


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


async def _created_issues(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, True)


async def _deleted_issues(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, False)


async def _linked(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    done = set()
    for row in events:
        ends = row["after"]
        if await issues.unlink(tx, ends["blocker_id"], ends["blocked_id"]):
            tx.record("issue.unlinked", issue=row["issue_id"], before=ends, undoes=undoes)
            done.add(row["seq"])
    return done


async def _unlinked(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
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


async def _comment_presence(tx: Tx, events: Sequence[Row], undoes: UUID, deleted: bool) -> set[int]:
    """Deletes comments or brings them back, unless somebody else decided about them since."""
    done: set[int] = set()
    if not events:
        return done
    theirs = await comments_touched_by_others(
        tx, [row["issue_id"] for row in events], min(row["seq"] for row in events)
    )
    for row in events:
        id_ = int(row["after"]["id"])
        if id_ in theirs:
            continue
        now = await comments.one(tx, row["issue_id"], id_)
        if now is None or (now.deleted_at is not None) == deleted:
            continue
        await comments.set_deleted(tx, row["issue_id"], id_, deleted)
        tx.record(
            "comment.deleted" if deleted else "comment.restored",
            issue=row["issue_id"],
            before={"id": id_, "deleted": not deleted},
            after={"id": id_, "deleted": deleted},
            undoes=undoes,
        )
        done.add(row["seq"])
    return done


async def _commented(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _comment_presence(tx, events, undoes, True)


async def _uncommented(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _comment_presence(tx, events, undoes, False)


async def _edited_comments(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    done = set()
    for row in events:
        id_, before, after = int(row["after"]["id"]), row["before"]["body"], row["after"]["body"]
        now = await comments.one(tx, row["issue_id"], id_)
        if now is None or now.deleted_at is not None or now.body != after:
            continue
        await comments.edit(tx, row["issue_id"], id_, before)
        tx.record(
            "comment.edited",
            issue=row["issue_id"],
            before={"id": id_, "body": after},
            after={"id": id_, "body": before},
            undoes=undoes,
        )
        done.add(row["seq"])
    return done


async def _changed_sprints(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Sprints of which every column that was changed is still as it was left."""
    done = set()
    for row in events:
        created = row["kind"] == "sprint.created"
        before, after = ({"deleted": True}, {"deleted": False}) if created else (row["before"], row["after"])
        now = await sprints.held(tx, row["after"]["id"])
        changed = [column for column in before if column != "id" and before[column] != after[column]]
        # A finish that is redone has another time than the one that was recorded first.
        kept = [column for column in changed if column != "finished_at"]
        if now is None or any(now[column] != after[column] for column in kept):
            continue
        wanted = {column: before[column] for column in changed}
        if wanted.get("finished_at"):
            wanted["finished_at"], _ = await sprints.clock(tx)
        if await _sprint_can_be(tx, {**now, **wanted}):
            await write(tx, _BACK[row["kind"]], now, wanted, undoes=undoes)
            done.add(row["seq"])
    return done


async def _sprint_can_be(tx: Tx, sprint: Values) -> bool:
    """Whether the project can have a sprint like this now."""
    if sprint["deleted"]:
        return not await sprints.held_issues(tx, sprint["id"])
    if await sprints.name_is_taken(tx, sprint["name"], besides=sprint["id"]):
        return False
    match sprint["state"]:
        case SprintState.ACTIVE:
            active = await sprints.active(tx)
            return active is None or active["id"] == sprint["id"]
        case SprintState.FINISHED:
            return not await sprints.held_issues(tx, sprint["id"], open_only=True)
        case _:
            return True


_BACK = {
    "sprint.created": "sprint.deleted",
    "sprint.deleted": "sprint.restored",
    "sprint.restored": "sprint.deleted",
    "sprint.edited": "sprint.edited",
    "sprint.started": "sprint.stopped",
    "sprint.stopped": "sprint.started",
    "sprint.finished": "sprint.reopened",
    "sprint.reopened": "sprint.finished",
}
"""What taking a change of a sprint back is called."""

_REVERSERS: dict[str, Reverser] = {
    "issue.changed": _changed_issues,
    "issue.created": _created_issues,
    "issue.deleted": _deleted_issues,
    "issue.restored": _created_issues,
    "issue.linked": _linked,
    "issue.unlinked": _unlinked,
    "comment.created": _commented,
    "comment.deleted": _uncommented,
    "comment.restored": _commented,
    "comment.edited": _edited_comments,
    **dict.fromkeys(_BACK, _changed_sprints),
}

_ASIDE = frozenset({"history.skipped", CHOSEN})
"""Events that change nothing themselves: that something was left alone, which issues were chosen."""

REVERSIBLE = tuple(_REVERSERS)
"""The kinds of change that undo takes back; it passes over all others."""

RIGHTS = tuple(
    permission.value
    for permission in Permission
    if permission.value.partition(".")[0] in {"issue", "comment", "sprint"}
)
"""The permissions whose use undo takes back. What happened to issues on the way of something else, as when a
member left, could only be taken back together with that."""
