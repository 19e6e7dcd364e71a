"""How changes of comments are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.repository import comments
from rhythm_domain.repository.history import comments_touched_by_others
from rhythm_domain.transaction import Tx


async def _set_deleted(tx: Tx, events: Sequence[Row], undoes: UUID, deleted: bool) -> set[int]:
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


async def created(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, True)


async def deleted(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    return await _set_deleted(tx, events, undoes, False)


async def edited(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
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
