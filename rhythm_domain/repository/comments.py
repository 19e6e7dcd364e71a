"""Comments in the database."""

from __future__ import annotations

from datetime import datetime

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.models import Comment, PersonRef
from rhythm_domain.transaction import Tx

_Q = queries.load("comments")


def _comment(row: Row) -> Comment:
    author = PersonRef(id=row["author_id"], name=row["name"], display_name=row["display_name"])
    plain = {name: row[name] for name in Comment.names if name not in ("author", "imported_by")}
    return Comment(author=author, imported_by=importer(row), **plain)


def importer(row: Row) -> PersonRef | None:
    """Who imported what a row is about; None if nobody did."""
    return row["imported_by"] and PersonRef(
        id=row["imported_by"], name=row["importer_name"], display_name=row["importer_display_name"]
    )


async def of_issue(tx: Tx, issue: int, limit: int, after: tuple[datetime, int] | None) -> list[Comment]:
    """The comments of an issue, oldest first, behind (time, id), as the last that is read."""
    at, id_ = after or (None, None)
    rows = await tx.last(_Q["comments_of"], issue=issue, after_at=at, after_id=id_, limit=limit)
    return [_comment(row) for row in rows]


async def one(tx: Tx, issue: int, comment: int) -> Comment | None:
    """A comment of an issue, deleted or not."""
    row = await tx.one(_Q["comment"], id=comment, issue=issue)
    return _comment(row) if row else None


async def add(tx: Tx, issue: int, body: str) -> int:
    """Writes a comment of the transaction's person; its id."""
    row = await tx.one(_Q["add_comment"], project=tx.project_id, issue=issue, author=tx.user.id, body=body)
    await tx.execute(_Q["touch_issue"], issue=issue)
    return int((row or {})["id"])


async def edit(tx: Tx, issue: int, comment: int, body: str) -> None:
    """Writes another body."""
    await tx.execute(_Q["edit_comment"], issue=issue, id=comment, body=body)
    await tx.execute(_Q["touch_issue"], issue=issue)


async def set_deleted(tx: Tx, issue: int, comment: int, deleted: bool) -> None:
    """Deletes a comment, or takes that back."""
    await tx.execute(_Q["set_comment_deleted"], issue=issue, id=comment, deleted=deleted)
    await tx.execute(_Q["touch_issue"], issue=issue)
