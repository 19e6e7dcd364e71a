"""`rhythm issue`: everything that is done with issues. Several ids in one call: all or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueRow, IssueType, LinkKind, Priority, Status
from rhythm_domain.session import Session
from rhythm_tui.cli import issue_view
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.completing import issues
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.issue_view import keys
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.paging import Paging, paging_options
from rhythm_tui.cli.progress import progress
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.cli.values import FileName, OneOf, day, edited, estimate, long_text, nothing_or
from rhythm_tui.looks.wording import counted

if TYPE_CHECKING:
    from rhythm_domain.models.drafts import IssueEdit

F = TypeVar("F", bound=Callable[..., Any])

MOST_MATCHING = 100_000
"""The most issues that one edit of all that match changes."""

group = Noun("issue", help="Create, list, show, edit, move, assign, comment on, link and delete issues.")

_refs = click.argument("ids", nargs=-1, required=True, metavar="ID...", shell_complete=issues)
_ref = click.argument("id_", metavar="ID", shell_complete=issues)


def _fields(command: F) -> F:
    """The fields that new and existing issues share."""
    for option in (
        click.option("--description", "-d", metavar="TEXT", help="Markdown."),
        click.option(
            "--description-file",
            type=FileName(),
            metavar="FILE",
            help="The description from a file; - for stdin.",
        ),
        click.option("--status", type=OneOf(Status), help="Where it stands."),
        click.option("--priority", "-p", type=OneOf(Priority), help="How soon."),
        click.option("--type", "-t", "type_", type=OneOf(IssueType), help="What kind of work."),
        click.option("--assignee", "-a", metavar="USER", help="A member's name, me, or none."),
        click.option("--sprint", metavar="NAME", help="A sprint's name, current, or none."),
        click.option("--estimate", metavar="POINTS", help="Points, or none."),
        click.option("--due", metavar="DAY", help="2026-12-24, tomorrow, 7d, or none."),
        click.option("--parent", metavar="ID", help="The issue that it is a part of, or none."),
    ):
        command = option(command)
    return command


def _values(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """The given options as fields of a draft or an edit."""
    values: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        match name:
            case "type_":
                values["type"] = value
            case "assignee" | "sprint" | "parent":
                values[name] = nothing_or(value)
            case "estimate":
                values[name] = estimate(value)
            case "due":
                values[name] = day(value, session.user)
            case _:
                values[name] = value
    return values


@group.verb(
    "create",
    examples=[
        'rhythm issue create CORE "Sign-in fails on Safari" --type bug --priority high --label web',
        'rhythm issue create CORE "Write the guide" --description-file guide.md --assignee me',
    ],
)
@click.argument("key")
@click.argument("title")
@_fields
@click.option("--label", "-l", "--add-label", "labels", multiple=True, help="A label; may be repeated.")
@click.option("--edit", "in_editor", is_flag=True, help="Write the description in $EDITOR.")
@operation_option
@pass_context
async def create(
    context: Context,
    /,
    key: str,
    title: str,
    description: str | None,
    description_file: str | None,
    labels: tuple[str, ...],
    in_editor: bool,
    **given: Any,
) -> None:
    """Create an issue in the project KEY."""
    from rhythm_domain.models.drafts import IssueDraft

    editor = context.editor if in_editor else None
    async with context.session() as session:
        text = long_text(description, description_file, editor=editor, name="description")
        values = {name: value for name, value in _values(session, given).items() if value is not None}
        draft = IssueDraft(title=title, description=text or "", labels=labels, **values)
        issue = await session.issues.create(key, draft, operation=context.operation)
    context.out.done(f"Created {issue.key}: {issue.title}", issue)


@group.verb(
    "list",
    examples=[
        "rhythm issue list",
        "rhythm issue list 'project:CORE is:open assignee:@me priority:>=high'",
        "rhythm issue list 'login \"time out\" -label:wontfix sort:updated' --json",
    ],
)
@click.argument("query", nargs=-1)
@click.option("--project", "-P", metavar="KEY", help="One project; without it all of yours.")
@paging_options
@pass_context
async def list_issues(context: Context, query: tuple[str, ...], project: str | None, paging: Paging) -> None:
    """Issues that match QUERY, newest first; all open and closed ones without one.

    Words are searched in titles and descriptions, the last one as the beginning of a word. Qualifiers:
    status, priority, type, assignee, reporter, label, sprint, project, parent, due, created, updated,
    closed, estimate, is, has, no, sort. `-` negates, a comma means or.
    """
    text = " ".join(query)
    async with context.session() as session:
        page = await paging.read(
            lambda cursor, limit: session.search.page(text, project=project, cursor=cursor, limit=limit)
        )
        columns = issue_view.columns(terminal=context.out.terminal)
        context.out.page(columns, page, empty="No issue matches.")
        if not page.items:
            for doubt in await session.search.unknown(text, project=project):
                context.out.note(doubt)
        if page.next and not context.json:
            total = await session.search.total(text, project=project)
            context.out.note(f"{len(page.items):,} of {total} issues")


@group.verb("show", examples=["rhythm issue show CORE-12", "rhythm issue show CORE-12 --json"])
@_ref
@click.option("--all", "everything", is_flag=True, help="All comments, not only the first 100.")
@pass_context
async def show(context: Context, id_: str, everything: bool) -> None:
    """One issue: fields, description, links, comments."""
    async with context.session() as session:
        issue = await session.issues.show(id_)
        paging = Paging(100, everything or context.json, None)
        comments = await paging.read(
            lambda cursor, limit: session.comments.list(id_, cursor=cursor, limit=limit)
        )
    issue_view.show(context.out, issue, comments.items)


@group.verb(
    "edit",
    examples=[
        'rhythm issue edit CORE-12 --title "Sign-in fails on Safari 18"',
        "rhythm issue edit CORE-12 CORE-13 --priority urgent --add-label security --due 7d",
        "rhythm issue edit --matching 'label:old is:open' --project CORE --remove-label old",
    ],
)
@click.argument("ids", nargs=-1, metavar="[ID...]")
@click.option("--title", help="Another title.")
@_fields
@click.option(
    "--add-label",
    "--label",
    "-l",
    "add_label",
    multiple=True,
    metavar="LABEL",
    help="Add a label; may be repeated.",
)
@click.option("--remove-label", multiple=True, metavar="LABEL", help="Take a label off; may be repeated.")
@click.option("--edit", "in_editor", is_flag=True, help="Edit the description in $EDITOR.")
@click.option("--base-version", type=int, help="The version that your texts were edited from.")
@click.option("--matching", metavar="QUERY", help="All issues that match, instead of IDs.")
@click.option("--project", "-P", metavar="KEY", help="The project of --matching.")
@yes_option
@operation_option
@pass_context
async def edit(
    context: Context,
    /,
    ids: tuple[str, ...],
    title: str | None,
    description: str | None,
    description_file: str | None,
    add_label: tuple[str, ...],
    remove_label: tuple[str, ...],
    in_editor: bool,
    base_version: int | None,
    matching: str | None,
    project: str | None,
    yes: bool,
    **given: Any,
) -> None:
    """Change fields of one or several issues of a project, in one step that one undo takes back.

    With --base-version (the `version` that `issue show --json` gave), a text that somebody else changed
    since is a conflict: exit code 6, and both texts with --json. Without it --title and --description are
    written over whatever is there; --edit always asks for the version that it began with.
    """
    from rhythm_domain.models.drafts import IssueEdit

    if bool(ids) == bool(matching):
        raise click.UsageError("Name the issues, or give --matching QUERY.")
    async with context.session() as session:
        values = _values(session, given) | ({"title": title} if title is not None else {})
        text = long_text(description, description_file, name="description")
        if in_editor:
            issue = await session.issues.show(_only(ids, "--edit"))
            text, base_version = edited(issue.description, context.editor), issue.version
        if text is not None:
            values["description"] = text
        if add_label:
            values["add_labels"] = add_label
        if remove_label:
            values["remove_labels"] = remove_label
        change = IssueEdit(base_version=base_version, **values)
        if matching is not None:
            await _edit_matching(context, session, matching, project, change, yes=yes)
        elif len(ids) == 1:
            changed = await session.issues.edit(ids[0], change, operation=context.operation)
            context.out.done(f"Changed {changed.key}: {changed.title}", changed)
        else:
            rows = await session.issues.edit_many(ids, change, operation=context.operation)
            context.out.done(f"Changed {keys(rows)}.", {"items": rows})


def _only(ids: Sequence[str], option: str) -> str:
    if len(ids) != 1:
        raise click.UsageError(f"{option} goes with one issue.")
    return ids[0]


async def _edit_matching(
    context: Context, session: Session, query: str, project: str | None, change: IssueEdit, *, yes: bool
) -> None:
    if project is None:
        raise click.UsageError("--matching goes with --project KEY.")
    if not change.fields:
        raise Invalid("Nothing to change.", field="issue", hint="Name at least one field.")
    found: Sequence[int] = ()
    # An operation that began before goes on with its own issues: by now others may match.
    if not await session.history.saved(context.operation):
        found = await session.search.ids(query, project=project, limit=MOST_MATCHING + 1)
        if len(found) > MOST_MATCHING:
            raise Invalid(
                f"More than {MOST_MATCHING:,} issues match: nothing was changed.",
                field="matching",
                hint="Take them in parts, such as `created:<2026-01-01`.",
            )
        if not found:
            context.out.done("No issue matches: nothing was changed.", {"changed": 0})
            return
        confirm(f"Change {len(found):,} issues of {project.upper()}?", yes=yes)
    with progress(len(found) or None, "Issues looked at", quiet=context.json) as advance:
        done = 0

        def count(now: int) -> None:
            nonlocal done
            advance(now - done)
            done = now

        changed = await session.issues.edit_all(found, change, operation=context.operation, progress=count)
    context.out.done(
        f"Changed {counted(changed, 'issue')}. `rhythm undo {project.upper()}` takes it back.",
        {"changed": changed},
    )


@group.verb(
    "move", examples=["rhythm issue move CORE-12 in_progress", "rhythm issue move CORE-1 CORE-2 done"]
)
@_refs
@click.argument("status", type=OneOf(Status))
@click.option("--after", metavar="ID", help="Right behind this card.")
@click.option("--before", metavar="ID", help="Right before this card.")
@operation_option
@pass_context
async def move(
    context: Context, ids: tuple[str, ...], status: Status, after: str | None, before: str | None
) -> None:
    """Move issues to another status: another column of the board."""
    from rhythm_domain.models.drafts import IssueEdit

    if after and before:
        raise click.UsageError("Give --after or --before, not both.")
    async with context.session() as session:
        if after or before:
            one = _only(ids, "--after and --before")
            row = await session.issues.move(
                one, status, after=after, before=before, operation=context.operation
            )
            rows: tuple[IssueRow, ...] = (row,)
        else:
            rows = await session.issues.edit_many(ids, IssueEdit(status=status), operation=context.operation)
    context.out.done(f"Moved {keys(rows)} to {status.replace('_', ' ')}.", {"items": rows})


@group.verb("order", examples=["rhythm issue order CORE-12 --before CORE-3"])
@_ref
@click.option("--after", metavar="ID", help="Right behind this issue.")
@click.option("--before", metavar="ID", help="Right before this issue.")
@operation_option
@pass_context
async def order(context: Context, id_: str, after: str | None, before: str | None) -> None:
    """Put an issue behind or before another in the order of board and backlog."""
    async with context.session() as session:
        row = await session.issues.order(id_, after=after, before=before, operation=context.operation)
    context.out.done(
        f"{row.key} stands {'behind' if after else 'before'} {(after or before or '').upper()}.", row
    )


@group.verb(
    "assign", examples=["rhythm issue assign CORE-12 CORE-13 ada", "rhythm issue assign CORE-12 none"]
)
@_refs
@click.argument("user")
@operation_option
@pass_context
async def assign(context: Context, ids: tuple[str, ...], user: str) -> None:
    """Assign issues to a member of the project; to `me`, or to `none`."""
    from rhythm_domain.models.drafts import IssueEdit

    async with context.session() as session:
        change = IssueEdit(assignee=nothing_or(user))
        rows = await session.issues.edit_many(ids, change, operation=context.operation)
    whom = rows[0].assignee
    said = (
        f"Assigned {keys(rows)} to {whom.display_name}." if whom else f"Nobody is assigned to {keys(rows)}."
    )
    context.out.done(said, {"items": rows})


@group.verb(
    "comment",
    examples=[
        'rhythm issue comment CORE-12 "Seen on 18.2 too"',
        "git log -1 | rhythm issue comment CORE-12 --file -",
    ],
)
@_ref
@click.argument("text", required=False)
@click.option("--file", type=FileName(), metavar="FILE", help="The text from a file; - for stdin.")
@operation_option
@pass_context
async def comment(context: Context, id_: str, text: str | None, file: str | None) -> None:
    """Write a comment; in $EDITOR if no text is given. Markdown."""
    if text is None and file is None and not sys.stdin.isatty():
        raise click.UsageError("Give the text, or --file: there is no terminal for an editor here.")
    editor = context.editor if text is None and file is None else None
    async with context.session() as session:
        body = long_text(text, file, editor=editor, name="comment")
        made = await session.comments.add(id_, body or "", operation=context.operation)
    context.out.done(f"Commented on {made.issue_key} (#{made.id}).", made)


@group.verb("edit-comment", examples=['rhythm issue edit-comment CORE-12 44 "Seen on 18.2 and 18.3"'])
@_ref
@click.argument("comment_id", type=int)
@click.argument("text", required=False)
@click.option("--file", type=FileName(), metavar="FILE", help="The text from a file; - for stdin.")
@click.option("--base-version", type=int, help="The version that your text was edited from.")
@operation_option
@pass_context
async def edit_comment(
    context: Context, id_: str, comment_id: int, text: str | None, file: str | None, base_version: int | None
) -> None:
    """Change a comment of your own."""
    if text is None and file is None:
        raise click.UsageError("Give the text, or --file.")
    async with context.session() as session:
        body = long_text(text, file, name="comment") or ""
        made = await session.comments.edit(
            id_, comment_id, body, base_version=base_version, operation=context.operation
        )
    context.out.done(f"Changed the comment #{made.id} on {made.issue_key}.", made)


@group.verb("delete-comment", examples=["rhythm issue delete-comment CORE-12 44"])
@_ref
@click.argument("comment_id", type=int)
@operation_option
@pass_context
async def delete_comment(context: Context, id_: str, comment_id: int) -> None:
    """Delete a comment: your own, or as a maintainer anybody's."""
    async with context.session() as session:
        await session.comments.delete(id_, comment_id, operation=context.operation)
    context.out.done(f"Deleted the comment #{comment_id} on {id_.upper()}.")


@group.verb("history", examples=["rhythm issue history CORE-12", "rhythm issue history CORE-12 --all --json"])
@_ref
@paging_options
@pass_context
async def history(context: Context, id_: str, paging: Paging) -> None:
    """What happened to an issue, newest first. A project's KEY instead of an ID: to the whole project."""
    async with context.session() as session:
        read = session.history.of_issue if "-" in id_ else session.history.of_project
        page = await paging.read(lambda cursor, limit: read(id_, cursor=cursor, limit=limit))
    issue_view.history(context.out, page.items, page.next)


@group.verb("delete", examples=["rhythm issue delete CORE-12"])
@_refs
@operation_option
@pass_context
async def delete(context: Context, ids: tuple[str, ...]) -> None:
    """Move issues to the trash; `rhythm issue restore` and `rhythm undo` bring them back."""
    async with context.session() as session:
        gone = await session.issues.delete(ids, operation=context.operation)
    context.out.done(f"Moved {keys(gone)} to the trash.", {"deleted": gone})


@group.verb("restore", examples=["rhythm issue restore CORE-12"])
@_refs
@operation_option
@pass_context
async def restore(context: Context, ids: tuple[str, ...]) -> None:
    """Take issues out of the trash."""
    async with context.session() as session:
        rows = await session.issues.restore(ids, operation=context.operation)
    context.out.done(f"Restored {keys(rows)}.", {"items": rows})


@group.verb("trash", examples=["rhythm issue trash CORE"])
@click.argument("key")
@paging_options
@pass_context
async def trash(context: Context, key: str, paging: Paging) -> None:
    """Deleted issues of a project, the last deleted first."""
    async with context.session() as session:
        page = await paging.read(lambda cursor, limit: session.issues.trash(key, cursor=cursor, limit=limit))
    context.out.page(issue_view.columns(terminal=context.out.terminal), page, empty="The trash is empty.")


@group.verb("purge", examples=["rhythm issue purge CORE-12"])
@_refs
@yes_option
@operation_option
@pass_context
async def purge(context: Context, ids: tuple[str, ...], yes: bool) -> None:
    """Remove issues of the trash for ever, with their comments and what their history held."""
    confirm(f"Remove {keys(ids)} for ever? Nothing brings them back.", yes=yes)
    async with context.session() as session:
        gone = await session.issues.purge(ids, operation=context.operation)
    context.out.done(f"Removed {keys(gone)} for ever.", {"purged": gone})


@group.verb(
    "link",
    examples=["rhythm issue link CORE-12 blocks CORE-3", "rhythm issue link CORE-3 blocked-by CORE-12"],
)
@_ref
@click.argument("kind", type=OneOf(LinkKind))
@click.argument("other", metavar="ID")
@operation_option
@pass_context
async def link(context: Context, id_: str, kind: LinkKind, other: str) -> None:
    """Say that an issue blocks another, or is blocked by it."""
    async with context.session() as session:
        rows = await session.issues.link(id_, kind, other, operation=context.operation)
    context.out.done(f"{rows[0].key} {_verb(kind)} {rows[1].key}.", {"items": rows})


@group.verb("unlink", examples=["rhythm issue unlink CORE-12 blocks CORE-3"])
@_ref
@click.argument("kind", type=OneOf(LinkKind))
@click.argument("other", metavar="ID")
@operation_option
@pass_context
async def unlink(context: Context, id_: str, kind: LinkKind, other: str) -> None:
    """Take such a link back."""
    async with context.session() as session:
        rows = await session.issues.unlink(id_, kind, other, operation=context.operation)
    context.out.done(f"{rows[0].key} {_verb(kind, no_longer=True)} {rows[1].key}.", {"items": rows})


def _verb(kind: LinkKind, *, no_longer: bool = False) -> str:
    now = "no longer " if no_longer else ""
    return f"{now}blocks" if kind is LinkKind.BLOCKS else f"is {now}blocked by"
