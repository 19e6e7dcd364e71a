"""Comments: what people write under an issue. Nobody edits another's words."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rhythm_domain import text
from rhythm_domain.cursors import checked_limit, pack, row_id, unpack
from rhythm_domain.errors import Conflict, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import TEXT_LENGTH, Comment, Page
from rhythm_domain.policy import Permission
from rhythm_domain.repository import comments
from rhythm_domain.transaction import Ref, Tx, repeatable

_clean = text.body("comment", TEXT_LENGTH, required=True)


class Comments:
    """What a person does with comments."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, ref: Ref, *, cursor: str | None = None, limit: int = 100) -> Page[Comment]:
        """The comments of an issue, oldest first."""
        after = unpack(cursor, datetime.fromisoformat, row_id) if cursor else None
        limit = checked_limit(limit)
        async with self._guard.issue(Permission.PROJECT_READ, ref) as (tx, held):
            found = await comments.of_issue(tx, held.id, limit + 1, after)
            shown = tuple(found[:limit])
            more = len(found) > limit
            return Page(items=shown, next=pack(shown[-1].created_at, shown[-1].id) if more else None)

    @repeatable
    async def add(self, ref: Ref, body: str, *, operation: UUID | None = None) -> Comment:
        """Writes a comment. Raises `Invalid` for an empty or over-long one."""
        body = _clean(body)
        async with self._guard.issue(Permission.COMMENT_CREATE, ref, operation=operation) as (tx, held):
            if tx.done:
                return await _comment(tx, held.id, int(tx.done.after[0]["id"]))
            comment = await comments.add(tx, held.id, body)
            tx.record("comment.created", issue=held.id, after={"id": comment, "body": body})
            return await _comment(tx, held.id, comment)

    @repeatable
    async def edit(
        self,
        ref: Ref,
        comment: int,
        body: str,
        *,
        base_version: int | None = None,
        operation: UUID | None = None,
    ) -> Comment:
        """Writes another body of one's own comment. Raises `Conflict` if it changed since `base_version`."""
        body = _clean(body)
        async with self._guard.issue(Permission.COMMENT_EDIT, ref, comment=comment, operation=operation) as (
            tx,
            held,
        ):
            if not tx.done:
                before = await _comment(tx, held.id, comment)
                if base_version is not None and before.version > base_version and before.body != body:
                    raise Conflict(
                        "You changed the comment elsewhere meanwhile.",
                        by=tx.user.display_name,
                        field="comment",
                        current=before.body,
                        mine=body,
                        version=before.version,
                    )
                if before.body == body:
                    tx.unchanged()
                    return before
                await comments.edit(tx, held.id, comment, body)
                tx.record(
                    "comment.edited",
                    issue=held.id,
                    before={"id": comment, "body": before.body},
                    after={"id": comment, "body": body},
                )
            return await _comment(tx, held.id, comment)

    @repeatable
    async def delete(self, ref: Ref, comment: int, *, operation: UUID | None = None) -> None:
        """Deletes a comment: one's own, or as a maintainer anybody's."""
        async with self._guard.issue(
            Permission.COMMENT_DELETE, ref, comment=comment, operation=operation
        ) as (tx, held):
            if not tx.done:
                await comments.set_deleted(tx, held.id, comment, True)
                tx.record(
                    "comment.deleted",
                    issue=held.id,
                    before={"id": comment, "deleted": False},
                    after={"id": comment, "deleted": True},
                )


async def _comment(tx: Tx, issue: int, comment: int) -> Comment:
    found = await comments.one(tx, issue, comment)
    if found is None:
        raise NotFound("There is no such comment.")
    return found
