"""How changes of labels are taken back."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.policy import Permission
from rhythm_domain.repository import history, labels
from rhythm_domain.services.editing import MAX_LABELS
from rhythm_domain.transaction import Tx

COLUMNS = ("name", "colour", "description")


async def created(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Removes labels that are as they were made, and on no other issues than they were then, or than such as
    the same step made and are in the trash by now.
    """
    done: set[int] = set()
    if not tx.allows(Permission.LABEL_MANAGE):  # They may have been made with issues, by a right for those.
        return done
    for row in events:
        made = row["after"]
        now = await labels.held_by_id(tx, made["id"])
        if now is None or any(now[column] != made[column] for column in COLUMNS):
            continue
        issues = await labels.issues_of(tx, now["id"], labels.KEPT)
        others = set(issues).difference(made.get("issues", ()))
        if others and not others <= await history.trashed(tx, undoes):
            continue
        await labels.delete(tx, now["id"])
        tx.record("label.deleted", before={**now, "issues": issues}, after={"id": now["id"]}, undoes=undoes)
        done.add(row["seq"])
    return done


async def deleted(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Makes labels again and puts them on the issues that bore them and can take them, unless another label
    has the name by now. Where some can't, that is said.
    """
    done: set[int] = set()
    if not tx.allows(Permission.LABEL_MANAGE):
        return done
    for row in events:
        was = row["before"]
        if not await labels.restore(tx, was["id"], **{column: was[column] for column in COLUMNS}):
            continue
        issues = await labels.put_on(tx, was["id"], was["issues"], MAX_LABELS)
        bore = was.get("bore", len(was["issues"]))
        after = {"id": was["id"], **{column: was[column] for column in COLUMNS}, "issues": issues}
        if bore > len(issues):
            after["skipped"] = [f"{was['name']} on {bore - len(issues):,} of {bore:,} issues"]
        tx.record("label.restored", before={"id": was["id"]}, after=after, undoes=undoes)
        done.add(row["seq"])
    return done


async def edited(tx: Tx, events: Sequence[Row], undoes: UUID) -> set[int]:
    """Labels of which every column that was changed is still as it was left, and whose old name is free."""
    done = set()
    for row in events:
        before, after = row["before"], row["after"]
        now = await labels.held_by_id(tx, after["id"])
        if now is None or any(now[column] != value for column, value in after.items()):
            continue
        if before.get("name", now["name"]) != now["name"]:
            other = await labels.held(tx, before["name"])
            if other is not None and other["id"] != now["id"]:
                continue
        await labels.change(tx, **{**now, **before})
        tx.record("label.edited", before=after, after=before, undoes=undoes)
        done.add(row["seq"])
    return done
