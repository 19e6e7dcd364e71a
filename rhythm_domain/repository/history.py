"""History in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.models import PersonRef, Role
from rhythm_domain.models.history import Event
from rhythm_domain.policy import Permission, allows
from rhythm_domain.transaction import BULK, Ref, Tx
from rhythm_domain.words import Names, again, as_it_was, fields_again, happened, with_its_issues

_Q = queries.load("history")

LATEST = 2**62
"""A sequence number beyond every event."""

SKIPPED = "history.skipped"
"""The event of an undo or redo that left something alone, or passed over something."""

CHOSEN = "issues.chosen"
"""The event that begins a change of more issues than one transaction takes: which they are."""

WITHIN = 10_000
"""Among how many of a project's latest events it is looked for who edited a text."""

_PEOPLE = ("assignee_id", "user_id")
_ISSUES = ("parent_id", "blocker_id", "blocked_id")
_LABELS = ("labels", "labels_added", "labels_removed")


async def of_project(tx: Tx, before: int, limit: int) -> tuple[Event, ...]:
    """The latest changes of the transaction's project, newest first.

    What stands in the trash is known only to those who may see that, and what a deleted comment said to those
    who may delete it: for all others the changes stay and their words go.
    """
    rows = await tx.fetch(_Q["events_of_project"], project=tx.project_id, before=before, limit=limit)
    return await _events(tx, rows)


async def of_issue(tx: Tx, issue: int, before: int, limit: int) -> tuple[Event, ...]:
    """The changes of an issue, newest first; see `of_project`."""
    return await _events(tx, await tx.fetch(_Q["events_of_issue"], issue=issue, before=before, limit=limit))


async def of_all(tx: Tx, before: int, limit: int) -> tuple[Event, ...]:
    """The latest changes in all of the person's projects, newest first; see `of_project`."""
    return await _events(tx, await tx.fetch(_Q["events_of_all"], user=tx.user.id, before=before, limit=limit))


async def _events(tx: Tx, found: Sequence[Row]) -> tuple[Event, ...]:
    rows = [{**row, **{side: _known(tx, row, row[side]) for side in ("before", "after")}} for row in found]
    projects = {row.get("project_id", tx.place and tx.place.id) for row in rows}
    names = await _names(tx, [side for row in rows for side in (row["before"], row["after"])], projects)
    return tuple(
        Event(
            **{
                name: row[name]
                for name in ("seq", "id", "operation", "kind", "permission", "at", "project_key")
            },
            **{name: row[name] for name in ("before", "after", "undoes", "undone")},
            actor=PersonRef(id=row["actor_id"], name=row["name"], display_name=row["display_name"]),
            issue_key=f"{row['project_key']}-{row['number']}" if row["number"] else None,
            text=happened(row["kind"], row["before"], row["after"], names),
        )
        for row in rows
    )


def _known(tx: Tx, row: Row, side: Mapping[str, Any]) -> dict[str, Any]:
    """What the person may know of the values before or after a change."""
    if row["trashed"] and not _may(tx, row, Permission.TRASH_READ):
        return {}
    own = row["said_by"] == tx.user.id
    if row["withdrawn"] and not _may(tx, row, Permission.COMMENT_DELETE, author=own):
        return {name: value for name, value in side.items() if name != "body"}
    return dict(side)


def _may(tx: Tx, row: Row, permission: Permission, *, author: bool = False) -> bool:
    """What the person's role allows in the project of a row; its `role` stands there where it can be any."""
    if "role" in row:
        return allows(permission, Role(row["role"]), admin=tx.user.admin, author=author)
    return tx.allows(permission, author=author)


async def _names(tx: Tx, sides: Iterable[Mapping[str, Any]], projects: Iterable[int | None]) -> Names:
    people: set[int] = set()
    sprints: set[int] = set()
    labels: set[int] = set()
    issues: set[int] = set()
    for side in sides:
        people.update(side[name] for name in _PEOPLE if side.get(name))
        issues.update(side[name] for name in _ISSUES if side.get(name))
        labels.update(label for name in _LABELS for label in side.get(name) or ())
        if side.get("sprint_id"):
            sprints.add(side["sprint_id"])
    names: Names = defaultdict(dict)
    for row in await tx.fetch(
        _Q["names_in_events"],
        people=list(people),
        sprints=list(sprints),
        labels=list(labels),
        issues=list(issues),
        projects=list(projects),
    ):
        names[row["kind"]][row["id"]] = row["name"]
    return names


async def who_wrote(tx: Tx, issue: int, field: str) -> str:
    """Who wrote the text that a field of an issue holds now, by their full name; empty if nobody knows."""
    row = await tx.one(_Q["who_wrote_in_issue"], issue=issue, field=field)
    return str(row["name"]) if row else ""


async def edited_since(
    tx: Tx, kind: str, texts: Sequence[str], field: str, now: str, edits: int, id_: int | None = None
) -> str | None:
    """Who changed one of some texts of the project, or of something in it with an id, by its latest so many
    edits, which are events of a kind; None if it holds what it held before them, which is `now`. Empty where
    the edits lie too far back for it to be known.
    """
    rows = await tx.fetch(
        _Q["edits_in_project"],
        project=tx.project_id,
        kind=kind,
        texts=list(texts),
        field=field,
        edits=edits,
        within=WITHIN,
        id=id_,
    )
    changed = [row for row in rows if row["changed"]]
    unknown = len(rows) < edits
    if changed and (unknown or changed[-1]["before"] != now):
        return str(changed[0]["name"])
    return "" if unknown else None


async def undo_target(tx: Tx, aside: Collection[str], rights: Collection[str] | None = None) -> Row | None:
    """The seq, operation, kind and permission of the person's latest change that is neither undone nor an
    undo, but for kinds that are no change; with `rights`, the latest by one of these permissions.
    """
    return await tx.one(
        _Q["undo_target"],
        user=tx.user.id,
        project=tx.project_id,
        aside=list(aside),
        rights=None if rights is None else _by(rights),
    )


async def passed_over(
    tx: Tx, since: int, aside: Collection[str], rights: Collection[str], limit: int
) -> tuple[Event, ...]:
    """The person's changes since one that were not made by one of these permissions: the last event of each,
    newest first.
    """
    rows = await tx.fetch(
        _Q["events_passed_over"],
        user=tx.user.id,
        project=tx.project_id,
        since=since,
        aside=list(aside),
        rights=_by(rights),
        limit=limit,
    )
    return await _events(tx, rows)


def _by(rights: Collection[str]) -> list[str]:
    """Permissions as history has them, of members and of administrators."""
    return [*rights, *(f"admin:{permission}" for permission in rights)]


async def redo_target(tx: Tx) -> Row | None:
    """The operation, kind and permission of what the person would redo now."""
    return await tx.one(_Q["redo_target"], user=tx.user.id, project=tx.project_id)


async def take_back_target(tx: Tx, operation: UUID) -> Row | None:
    """The operation, kind and permission of what this undo or redo took back, if it was sent before."""
    return await tx.one(_Q["take_back_target"], operation=operation, user=tx.user.id, project=tx.project_id)


async def is_own_work(tx: Tx, operation: UUID) -> bool:
    """Whether all that an operation changed is the person's own: their issues, their comments."""
    row = await tx.one(_Q["own_work"], operation=operation, user=tx.user.id)
    return bool(row and row["own"])


async def taken_back(tx: Tx, operation: UUID) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What an undo or redo changed and what it left alone, issue keys or names; and what it passed over, in
    words.
    """
    changed: dict[str, None] = {}
    skipped: dict[str, None] = {}
    passed: list[str] = []
    for row in await tx.fetch(_Q["taken_back"], operation=operation):
        skipped |= dict.fromkeys(row["skipped"] or ())
        passed += row["passed"] or ()
        if row["kind"] != SKIPPED:
            issue = f"{tx.key}-{row['number']}" if row["number"] else ""
            project = tx.key if row["kind"].startswith("project.") else ""
            changed[issue or project or row["name"] or "an issue that is gone"] = None
    return tuple(changed), tuple(skipped), tuple(passed)


async def said(tx: Tx, operation: UUID, changed: Sequence[str], *, redo: bool) -> str:
    """What an undo or redo did, in a few words; `changed` are the keys and names of what it changed."""
    rows = await tx.fetch(_Q["done_by_taking_back"], operation=operation, skipped=SKIPPED)
    if not rows:
        return ""
    issues = any(row["number"] for row in rows)
    labels = [row for row in rows if issues and row["kind"].startswith("label.")]
    if labels:  # They came or went with the issues.
        rows = [row for row in rows if row not in labels]
        changed = [each for each in changed if each.startswith(f"{tx.key}-")]
    of = changed[0] if len(changed) == 1 else f"{len(changed):,} {'issues' if issues else 'changes'}"
    if len(rows) == 1:
        before, after = rows[0]["before"], rows[0]["after"]
        names = await _names(tx, (before, after), [tx.project_id])
        names["label"] |= {row["after"]["id"]: (row["before"] | row["after"])["name"] for row in labels}
        return again(rows[0]["kind"], before, after, names, of, many=len(changed) > 1, redo=redo)
    sprints = [row for row in rows if row["kind"].startswith("sprint.")]
    if len(rows) == 2 and len(sprints) == 1 and issues:
        (sprint,), (issue,) = sprints, [row for row in rows if row not in sprints]
        return await _sprint_said(tx, sprint, issue, len(changed) - 1)
    fields = {frozenset(row["after"]) - {"rank", "closed_at"} for row in rows}
    if len(changed) > 1 and {row["kind"] for row in rows} == {"issue.changed"} and len(fields) == 1:
        (columns,) = fields
        return fields_again(columns, of, redo=redo)
    return f"{of} {'is' if len(changed) == 1 else 'are'} {as_it_was(redo)}"


async def _sprint_said(tx: Tx, sprint: Row, issue: Row, count: int) -> str:
    """What became of a sprint and of its issues, of which one is given."""
    names = await _names(tx, (issue["after"],), [tx.project_id])
    said = again(sprint["kind"], sprint["before"], sprint["after"], names, "")
    into = names["sprint"].get(issue["after"].get("sprint_id") or 0, "")
    of = f"{count:,} issue{'' if count == 1 else 's'}"
    return with_its_issues(said, sprint["kind"], into, of, many=count != 1)


async def lock(tx: Tx) -> None:
    """Holds other undos of this person in this project back until this one is committed."""
    await tx.fetch(_Q["lock_undo"], user=tx.user.id, project=tx.project_id)


async def of_operation(tx: Tx, operation: UUID, permission: str, before: int, limit: int) -> list[Row]:
    """What an operation of the person did in the transaction's project by a permission, the last first."""
    return await tx.fetch(
        _Q["events_of_operation"],
        operation=operation,
        user=tx.user.id,
        project=tx.project_id,
        permissions=_by([permission.removeprefix("admin:")]),
        before=before,
        limit=limit,
    )


async def touched_by_others(tx: Tx, issues: Sequence[int], since: int) -> set[int]:
    """Which of some issues somebody else changed since."""
    rows = await tx.fetch(_Q["touched_by_others"], issues=list(issues), since=since, user=tx.user.id)
    return {row["issue_id"] for row in rows}


async def comments_touched_by_others(tx: Tx, issues: Sequence[int], since: int) -> set[int]:
    """Which comments of some issues somebody else deleted or brought back since."""
    rows = await tx.fetch(_Q["comments_touched_by_others"], issues=list(issues), since=since, user=tx.user.id)
    return {row["id"] for row in rows}


async def saved(tx: Tx, operation: UUID) -> bool:
    """Whether an operation of the person was saved."""
    row = await tx.one(_Q["outcome"], operation=operation, user=tx.user.id)
    return bool(row and row["saved"])


async def projects_of(tx: Tx, operations: Sequence[UUID], aside: Collection[str]) -> tuple[str, ...]:
    """The keys of the projects in which some operations of the person did something but for kinds that lie
    aside, the latest first.
    """
    rows = await tx.fetch(
        _Q["projects_of_operations"], operations=list(operations), user=tx.user.id, aside=list(aside)
    )
    return tuple(row["key"] for row in rows)


async def chosen(tx: Tx, operation: UUID) -> list[Ref]:
    """The issues that an operation of the person began with; none if it did not begin."""
    rows = await tx.fetch(
        _Q["issues_of_operation"], operation=operation, user=tx.user.id, chosen=CHOSEN, limit=BULK
    )
    if rows and rows[0]["chosen"]:
        return list(rows[0]["chosen"])
    return [row["issue_id"] for row in rows]


async def changed(tx: Tx, operation: UUID) -> int:
    """How many issues an operation of the person changed."""
    row = await tx.one(_Q["count_of_operation"], operation=operation, user=tx.user.id)
    return int((row or {})["issues"])


async def trashed(tx: Tx, operation: UUID) -> set[int]:
    """The issues of an operation of the person that are in the trash."""
    rows = await tx.fetch(_Q["trashed_of_operation"], operation=operation, user=tx.user.id)
    return {row["issue_id"] for row in rows}
