"""What an issue hangs together with: its parent and sub-issues, what it blocks and what blocks it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueRow, LinkKind
from rhythm_domain.text import shown
from rhythm_tui.edits import issue_edit
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import counted
from rhythm_tui.screens.issue_picker import IssuePicker
from rhythm_tui.screens.picker import Choice

if TYPE_CHECKING:
    from rhythm_tui.screens.triage import TriageScreen

_WORDS = {LinkKind.BLOCKS: "blocks", LinkKind.BLOCKED_BY: "is blocked by"}
_NO_LONGER = {LinkKind.BLOCKS: "no longer blocks", LinkKind.BLOCKED_BY: "is no longer blocked by"}


class Step(NamedTuple):
    """What is to be done: set the parent, add a link, or take the one to `key` away."""

    kind: LinkKind | None = None
    key: str = ""


async def more(screen: TriageScreen, rows: Sequence[IssueRow]) -> None:
    """Asks what is to change of an issue's parent and links, and changes it; of several issues the parent."""
    if len({row.project_key for row in rows}) > 1:
        raise Invalid("These issues are of several projects.", hint="Mark those of one project.")
    if len(rows) > 1:
        await _set_parent(screen, rows)
        return
    (row,) = rows
    issue = await screen.desk.session.issues.show(row.id)
    colours = screen.colours
    parent = issue.parent_key or "none"
    offered = [
        Choice(Step(), Content.assemble("Parent …", (f"  {parent}", "dim")), "parent below"),
        Choice(Step(LinkKind.BLOCKS), Content("It blocks …"), "it blocks link"),
        Choice(Step(LinkKind.BLOCKED_BY), Content("It is blocked by …"), "it is blocked by link"),
        *(
            Choice(
                Step(link.kind, link.key),
                Content.assemble(
                    ("✗ ", "$error"),
                    f"{_NO_LONGER[link.kind]} ",
                    (f"{signs.STATUS[link.status].mark} ", colours.status(link.status)),
                    (f"{link.key}  ", "dim"),
                    shown(link.title),
                ),
                f"remove unlink {_NO_LONGER[link.kind]} {link.key} {link.title}",
            )
            for link in issue.links
        ),
    ]
    step = await screen.pick(f"More · {issue.key}", offered)
    if step is None:
        return
    if step.kind is None:
        await _set_parent(screen, rows)
    elif step.key:
        await _unlink(screen, row, step.kind, step.key)
    else:
        await _link(screen, row, step.kind)


async def _set_parent(screen: TriageScreen, rows: Sequence[IssueRow]) -> None:
    which = rows[0].key if len(rows) == 1 else counted(len(rows), "issue")
    parents = {row.parent_key for row in rows}
    chosen = await screen.app.push_screen_wait(
        IssuePicker(
            screen.desk,
            f"Parent · {which}",
            rows[0].project_key,
            without={row.id for row in rows},
            none="no parent",
            chosen=parents if len(parents) == 1 else (),
        )
    )
    if chosen is not None:
        (parent,) = chosen
        key = parent.key if parent else None
        said = f"part of {key}" if key else "part of no other"
        await screen.change(issue_edit(parent=key), lambda row: row.replace(parent_key=key), said, rows)
        screen.linked(rows)


async def sub_issue(screen: TriageScreen, row: IssueRow) -> None:
    """Asks for a new issue below one, in the form."""
    from rhythm_tui.screens.compose import Compose

    if row.deleted_at is not None:
        raise Invalid(f"{row.key} is in the trash.", hint="u takes it back")
    desk = screen.desk
    project = desk.projects.get(row.project_key) or await desk.session.projects.show(row.project_key)
    created = await screen.app.push_screen_wait(Compose(desk, project, screen.new_issue_fields(), row))
    if created is not None:
        below = f" below {created.parent_key}" if created.parent_key else ""
        screen.created(created, f"{created.key} created{below}")


async def _link(screen: TriageScreen, row: IssueRow, kind: LinkKind) -> None:
    words = _WORDS[kind]
    picker = IssuePicker(screen.desk, f"{row.key} {words} …", row.project_key, without={row.id})
    chosen = await screen.app.push_screen_wait(picker)
    if chosen is None or chosen[0] is None:
        return
    other, issues = chosen[0], screen.desk.session.issues
    saved = await screen.desk.edits.run(
        lambda operation: issues.link(row.id, kind, other.id, operation=operation), issues=[row.id, other.id]
    )
    screen.replaced(saved)
    screen.say(f"{row.key} {words} {other.key}", "u takes it back")
    screen.linked([row, other])


async def _unlink(screen: TriageScreen, row: IssueRow, kind: LinkKind, key: str) -> None:
    issues = screen.desk.session.issues
    saved = await screen.desk.edits.run(
        lambda operation: issues.unlink(row.id, kind, key, operation=operation), issues=[row.id]
    )
    screen.replaced(saved)
    screen.say(f"{row.key} {_NO_LONGER[kind]} {key}", "u takes it back")
    screen.linked([row])
