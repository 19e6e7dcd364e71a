"""How each kind of change is taken back: where values are still those after it, those before are written.

What can't be taken back is said by the permission that it was made by (see `INSTEAD`): who is a member and as
what, whether a project rests, its key, what is gone for ever, an import as a whole. Those change what others
may do or see, or can't be brought back at all; they have commands of their own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rhythm_domain.database import Row
from rhythm_domain.policy import Permission
from rhythm_domain.repository.history import CHOSEN, SKIPPED
from rhythm_domain.services.reversal import comments, issues, labels, projects, sprints, views
from rhythm_domain.transaction import Tx


@dataclass(slots=True)
class Reversed:
    """What was changed back and what had to be left alone: issue keys, or names."""

    changed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


Reverser = Callable[[Tx, Sequence[Row], UUID], Awaitable[set[int]]]
"""Takes events of one kind back; the seqs of those that it could."""


async def reverse(tx: Tx, events: Sequence[Row], *, undoes: UUID) -> Reversed:
    """Takes the events of an operation back, the last first, and records that."""
    result = Reversed()
    await tx.hold([*{issue for row in events for issue in _written(row)}])
    done: set[int] = set()
    for kind in dict.fromkeys(row["kind"] for row in events):
        same = [row for row in events if row["kind"] == kind]
        if kind in REVERSERS:
            done |= await REVERSERS[kind](tx, [row for row in same if not row["erased"]], undoes)
    for row in events:
        if row["kind"] not in ASIDE:
            (result.changed if row["seq"] in done else result.skipped).append(_name(tx, row))
    return result


def _written(row: Row) -> Iterable[int]:
    """The issues that may be written to where an event is taken back. Those to which a label or a link comes
    back are among them: who put another label on one meanwhile would leave it without the mark of this.
    """
    match row["kind"]:
        case "issue.unlinked":
            return tuple(row["before"].values())
        case "label.deleted":
            return tuple(row["before"].get("issues", ()))
    return (row["issue_id"],) if row["issue_id"] else ()


def _name(tx: Tx, row: Row) -> str:
    if row["number"]:
        return f"{tx.key}-{row['number']}"
    if row["kind"].startswith("project."):
        return tx.key
    return str(row["after"].get("name") or row["before"].get("name") or row["kind"])


REVERSERS: dict[str, Reverser] = {
    "issue.changed": issues.changed,
    "issue.created": issues.created,
    "issue.deleted": issues.deleted,
    "issue.restored": issues.created,
    "issue.linked": issues.linked,
    "issue.unlinked": issues.unlinked,
    "comment.created": comments.created,
    "comment.deleted": comments.deleted,
    "comment.restored": comments.created,
    "comment.edited": comments.edited,
    "label.created": labels.created,
    "label.restored": labels.created,
    "label.deleted": labels.deleted,
    "label.edited": labels.edited,
    "project.edited": projects.edited,
    "view.saved": views.saved,
    "view.deleted": views.deleted,
    **dict.fromkeys(sprints.BACK, sprints.changed),
}

ASIDE = frozenset({SKIPPED, CHOSEN, "project.created"})
"""Events that are no step of undo: that something was left alone, which issues were chosen, and how the
project itself began."""

_ENTRANCES = {"view.save": Permission.VIEW_PUBLISH, "view.delete": Permission.VIEW_PUBLISH}
"""Where one enters to take back what was done by a right outside projects. Of views, that is what a project's
team sees: private ones are in no project's history."""

RIGHTS = (
    *(
        permission.value
        for permission in Permission
        if permission.value.partition(".")[0] in {"issue", "comment", "sprint", "label"}
        and permission is not Permission.ISSUE_PURGE
    ),
    Permission.PROJECT_EDIT.value,
    Permission.VIEW_PUBLISH.value,
    *_ENTRANCES,
)
"""The permissions whose use can be taken back. What happened to issues on the way of something else, as when
a member left, could only be taken back together with that."""

_MEMBERS = "Members are changed in the project's settings, or by `rhythm member`"

INSTEAD = {
    Permission.MEMBER_MANAGE.value: _MEMBERS,
    Permission.MEMBER_LEAVE.value: _MEMBERS,
    Permission.OWNER_MANAGE.value: _MEMBERS,
    Permission.PROJECT_KEY.value: "Keys are changed in the settings, or by `rhythm project edit KEY --key`",
    Permission.PROJECT_ARCHIVE.value: "Archiving is changed by `rhythm project archive` and `unarchive`",
    Permission.PROJECT_DELETE.value: "Projects are deleted by `rhythm project delete`",
    Permission.ISSUE_PURGE.value: "What was purged is gone for ever",
    Permission.IMPORT.value: "What an import brought is changed and deleted like all other issues",
}
"""What to do instead of taking the use of a permission back."""


def entrance(permission: str) -> Permission:
    """The permission by which one takes back what was done by one, as the history has it."""
    bare = permission.removeprefix("admin:")
    return _ENTRANCES.get(bare) or Permission(bare)
