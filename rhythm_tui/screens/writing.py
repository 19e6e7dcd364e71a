"""Texts of issues in the editor: the description, comments. Each has a draft of its own until it is saved."""

from __future__ import annotations

from rhythm_domain.models import Comment, Issue, IssueEdit, IssueRow
from rhythm_tui.screens.editor import Editor
from rhythm_tui.screens.work import WorkScreen


async def edit_body(screen: WorkScreen, row: IssueRow) -> Issue | None:
    """Edits the description of an issue; the issue afterwards, None if it was left as it is."""
    desk = screen.desk
    issue = await desk.session.issues.show(row.id)

    async def save(text: str, version: int | None) -> Issue:
        edit = IssueEdit(description=text, base_version=version)
        return await desk.edits.run(
            lambda operation: desk.session.issues.edit(issue.id, edit, operation=operation),
            issues=[issue.id],
        )

    return await screen.app.push_screen_wait(
        Editor(
            desk,
            f"Description · {issue.key}",
            save,
            draft=f"body {issue.key}",
            saved=issue.description,
            version=issue.version,
            placeholder="What it is about, in Markdown",
        )
    )


async def write_comment(screen: WorkScreen, row: IssueRow) -> Comment | None:
    """Writes a comment under an issue; None if it was left as a draft."""
    desk = screen.desk

    async def save(text: str, _version: int | None) -> Comment:
        return await desk.edits.run(
            lambda operation: desk.session.comments.add(row.id, text, operation=operation), issues=[row.id]
        )

    return await screen.app.push_screen_wait(
        Editor(
            desk,
            f"Comment · {row.key}",
            save,
            draft=f"comment {row.key}",
            placeholder="What you want to say, in Markdown",
            verb="send",
        )
    )


async def edit_comment(screen: WorkScreen, row: IssueRow, comment: Comment) -> Comment | None:
    """Edits one's own comment; None if it was left as it is."""
    desk = screen.desk

    async def save(text: str, version: int | None) -> Comment:
        return await desk.edits.run(
            lambda operation: desk.session.comments.edit(
                row.id, comment.id, text, base_version=version, operation=operation
            ),
            issues=[row.id],
        )

    return await screen.app.push_screen_wait(
        Editor(
            desk,
            f"Your comment · {row.key}",
            save,
            draft=f"comment {row.key} {comment.id}",
            saved=comment.body,
            version=comment.version,
        )
    )
