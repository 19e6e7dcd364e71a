"""Texts of issues: the title in a line; the description and comments in the editor, each with a draft of its
own until it is saved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rhythm_domain.errors import Conflict
from rhythm_domain.models import Comment, Issue, IssueRow
from rhythm_domain.text import shown
from rhythm_tui.drafts import of_body, of_comment
from rhythm_tui.edits import issue_edit
from rhythm_tui.holding.merging import merged_line
from rhythm_tui.screens.conflict import ConflictDialog, Settled
from rhythm_tui.screens.dialog import Instead
from rhythm_tui.screens.editor import Editor
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.screens.work import WorkScreen

if TYPE_CHECKING:
    from rhythm_tui.screens.triage import TriageScreen


async def edit_title(screen: TriageScreen, row: IssueRow) -> None:
    """Edits the title of an issue in its place."""
    base, version = row.title, row.version

    async def accept(text: str) -> bool:
        nonlocal base, version
        while text != base:
            edit = issue_edit(title=text, base_version=version)
            try:
                await screen.change(edit, lambda row: row.replace(title=text), "renamed", [row])
                break
            except Conflict as conflict:
                choice = await screen.app.push_screen_wait(ConflictDialog(conflict))
                theirs, was = conflict.current or "", base
                if choice is Settled.THEIRS:
                    screen.replaced(await screen.desk.session.issues.rows([row.id]))
                    break
                if choice is None:
                    hint = "enter asks again, esc leaves it so."
                    raise Conflict(f"Saved is “{shown(theirs)}”.", hint=hint) from None
                base, version = theirs, conflict.version
                if choice is Settled.MERGE:
                    both, fits = merged_line(was, theirs, text)
                    words = "Both changes are in it." if fits else "Yours, then theirs: make one of them."
                    raise Instead(both, f"{words} enter saves it.") from None
        return True

    await screen.app.push_screen_wait(
        Prompt(screen.titled("Title"), accept, value=row.title, region=screen.title_region())
    )


async def edit_body(screen: WorkScreen, row: IssueRow) -> Issue | None:
    """Edits the description of an issue; the issue afterwards, None if it was left as it is."""
    desk = screen.desk
    issue = await desk.session.issues.show(row.id)

    async def save(text: str, version: int | None) -> Issue:
        edit = issue_edit(description=text, base_version=version)
        return await desk.edits.run(
            lambda operation: desk.session.issues.edit(issue.id, edit, operation=operation),
            issues=[issue.id],
        )

    return await screen.app.push_screen_wait(
        Editor(
            desk,
            f"Description · {issue.key}",
            save,
            draft=of_body(issue.id),
            saved=issue.description,
            version=issue.version,
            placeholder="What it is about, in Markdown",
            project=issue.project_key,
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
            draft=of_comment(row.id),
            placeholder="What you want to say, in Markdown",
            verb="send",
            project=row.project_key,
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
            draft=of_comment(row.id, comment.id),
            saved=comment.body,
            version=comment.version,
            project=row.project_key,
        )
    )
