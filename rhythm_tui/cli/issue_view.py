"""Issues on the command line: as lines of a table, and as a page."""

from __future__ import annotations

from collections.abc import Sequence

from rhythm_domain.models import (
    Comment,
    Issue,
    IssueLink,
    IssueRow,
    LinkKind,
    PersonRef,
    Priority,
)
from rhythm_domain.models.history import Event
from rhythm_tui.cli.output import Output, plain
from rhythm_tui.cli.table import Column
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import counted, points


def columns(*, terminal: bool) -> list[Column[IssueRow]]:
    """The columns of a list: with signs on a terminal, with bare names in a pipe."""

    def status(row: IssueRow) -> str:
        return f"{signs.STATUS[row.status].mark} {signs.words(row.status)}" if terminal else row.status

    def priority(row: IssueRow) -> str:
        if not terminal:
            return row.priority
        mark = signs.PRIORITY[row.priority].mark
        return mark if row.priority is Priority.NONE else f"{mark} {row.priority}"

    return [
        Column("key", lambda row: row.key, "bold"),
        Column("status", status, lambda row: signs.STATUS[row.status].style),
        Column("priority", priority, lambda row: signs.PRIORITY[row.priority].style),
        Column("title", lambda row: row.title, shrink=3, least=36),
        Column("assignee", lambda row: row.assignee.name if row.assignee else "", "cyan"),
        Column("labels", lambda row: ", ".join(label.name for label in row.labels), "dim", shrink=1),
        Column("sprint", lambda row: row.sprint or "", "dim", shrink=1),
        Column("updated", lambda row: row.updated_at, "dim"),
    ]


def show(out: Output, issue: Issue, comments: Sequence[Comment]) -> None:
    """An issue's page: its fields, its text, what was said about it."""
    if out.as_json:
        out.document({**plain(issue), "comments": plain(comments)})
        return
    priority = signs.PRIORITY[issue.priority]
    status = signs.STATUS[issue.status]
    if out.terminal:
        out.heading(f"{issue.key}  {issue.title}")

    def mark(sign: signs.Sign) -> str:
        return f"{sign.mark} " if out.terminal else ""

    out.details(
        issue,
        [
            ("Issue", "" if out.terminal else f"{issue.key}  {issue.title}"),
            ("Status", f"{mark(status)}{signs.words(issue.status)}" + (", blocked" if issue.blocked else "")),
            ("Priority", f"{mark(priority)}{issue.priority}"),
            ("Type", f"{mark(signs.TYPE[issue.type])}{issue.type}"),
            ("Assignee", _person(issue.assignee)),
            ("Reporter", _author(issue.reporter, issue.imported_by)),
            ("Sprint", issue.sprint or ""),
            ("Estimate", points(issue.estimate)),
            ("Due", issue.due),
            ("Labels", ", ".join(label.name for label in issue.labels)),
            ("Parent", issue.parent_key or ""),
            *_links("Blocks", LinkKind.BLOCKS, issue.links),
            *_links("Blocked by", LinkKind.BLOCKED_BY, issue.links),
            *(("Sub-issue", _linked(child)) for child in issue.children),
            ("Created", issue.created_at),
            ("Updated", issue.updated_at),
            ("Closed", issue.closed_at),
            ("Deleted", issue.deleted_at),
            ("Source", issue.source_url or ""),
        ],
        body=issue.description,
    )
    for comment in comments:
        edited = ", edited" if comment.edited_at else ""
        author = _author(comment.author, comment.imported_by)
        out.line("")
        out.heading(f"{author} · {out.written(comment.created_at)}{edited} · #{comment.id}")
        out.text(comment.body)
    if issue.comment_count > len(comments):
        out.note(f"{counted(issue.comment_count, 'comment')} in all: add --all")


def _person(person: PersonRef | None) -> str:
    return f"{person.display_name} (@{person.name})" if person else ""


def _author(author: PersonRef, importer: PersonRef | None) -> str:
    """Who wrote something; of what was imported, on whose word."""
    return _person(author) + (f", imported by {_person(importer)}" if importer else "")


def _linked(link: IssueLink) -> str:
    return f"{link.key}  {link.title} ({signs.words(link.status)})"


def _links(label: str, kind: LinkKind, links: Sequence[IssueLink]) -> list[tuple[str, str]]:
    return [(label, _linked(link)) for link in links if link.kind is kind]


def history(out: Output, events: Sequence[Event], next: str | None) -> None:
    """What happened, newest first, in words."""
    columns: list[Column[Event]] = [
        Column("when", lambda event: event.at, "dim"),
        Column("who", lambda event: event.actor.name, "cyan"),
        Column("issue", lambda event: event.issue_key or "", "bold"),
        Column("what", lambda event: event.text + (" (undone)" if event.undone else ""), shrink=1),
    ]
    out.table(columns, events, next=next, empty="Nothing happened yet.")


def keys(rows: Sequence[IssueRow] | Sequence[str]) -> str:
    """ "CORE-1, CORE-2 and 7 more": some issues in a sentence."""
    named = [row if isinstance(row, str) else row.key for row in rows]
    shown = named if len(named) <= 6 else named[:5]
    more = len(named) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
