"""Who may do what: one table, read by the guard before any SQL runs and by the screens to light their keys.

Pure. A rule names the least role that may; `author` is the least role that may on one's own work. A rule
without a role is for the author alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from rhythm_domain.models import Role


class Rule(NamedTuple):
    """The least role that may, the least role that may on its own work, and what it is, in words."""

    role: Role | None
    words: str
    author: Role | None = None
    archived: bool = False


class Permission(StrEnum):
    """What can be done in a project; the value is what the history records."""

    PROJECT_READ = "project.read"
    PROJECT_EXPORT = "project.export"
    ISSUE_CREATE = "issue.create"
    ISSUE_EDIT = "issue.edit"
    ISSUE_MOVE = "issue.move"
    ISSUE_ORDER = "issue.order"
    ISSUE_ASSIGN = "issue.assign"
    ISSUE_LABEL = "issue.label"
    ISSUE_ESTIMATE = "issue.estimate"
    ISSUE_LINK = "issue.link"
    ISSUE_PLAN = "issue.plan"
    ISSUE_DELETE = "issue.delete"
    ISSUE_RESTORE = "issue.restore"
    ISSUE_PURGE = "issue.purge"
    TRASH_READ = "trash.read"
    COMMENT_CREATE = "comment.create"
    COMMENT_EDIT = "comment.edit"
    COMMENT_DELETE = "comment.delete"
    LABEL_MANAGE = "label.manage"
    VIEW_PUBLISH = "view.publish"
    PROJECT_EDIT = "project.edit"
    SPRINT_CREATE = "sprint.create"
    SPRINT_EDIT = "sprint.edit"
    SPRINT_START = "sprint.start"
    SPRINT_FINISH = "sprint.finish"
    SPRINT_DELETE = "sprint.delete"
    IMPORT = "project.import"
    MEMBER_MANAGE = "member.manage"
    OWNER_MANAGE = "owner.manage"
    MEMBER_LEAVE = "member.leave"
    PROJECT_KEY = "project.key"
    PROJECT_ARCHIVE = "project.archive"
    PROJECT_DELETE = "project.delete"

    @property
    def rule(self) -> Rule:
        return RULES[self]

    @property
    def reads(self) -> bool:
        """Whether it changes nothing: allowed in archived projects, on read-only tokens and instances."""
        return self in READS


RULES: dict[Permission, Rule] = {
    Permission.PROJECT_READ: Rule(Role.VIEWER, "read the project"),
    Permission.PROJECT_EXPORT: Rule(Role.VIEWER, "export the project"),
    Permission.ISSUE_CREATE: Rule(Role.MEMBER, "create issues"),
    Permission.ISSUE_EDIT: Rule(Role.MEMBER, "edit issues"),
    Permission.ISSUE_MOVE: Rule(Role.MEMBER, "move issues"),
    Permission.ISSUE_ORDER: Rule(Role.MEMBER, "order issues"),
    Permission.ISSUE_ASSIGN: Rule(Role.MEMBER, "assign issues"),
    Permission.ISSUE_LABEL: Rule(Role.MEMBER, "label issues"),
    Permission.ISSUE_ESTIMATE: Rule(Role.MEMBER, "estimate issues"),
    Permission.ISSUE_LINK: Rule(Role.MEMBER, "link issues"),
    Permission.ISSUE_PLAN: Rule(Role.MEMBER, "plan issues into sprints"),
    Permission.ISSUE_DELETE: Rule(Role.MAINTAINER, "delete issues of others", author=Role.MEMBER),
    Permission.ISSUE_RESTORE: Rule(Role.MAINTAINER, "restore deleted issues"),
    Permission.ISSUE_PURGE: Rule(Role.OWNER, "purge issues for ever"),
    Permission.TRASH_READ: Rule(Role.MAINTAINER, "see the trash"),
    Permission.COMMENT_CREATE: Rule(Role.MEMBER, "comment"),
    Permission.COMMENT_EDIT: Rule(None, "edit a comment", author=Role.MEMBER),
    Permission.COMMENT_DELETE: Rule(Role.MAINTAINER, "delete comments of others", author=Role.MEMBER),
    Permission.LABEL_MANAGE: Rule(Role.MAINTAINER, "manage labels"),
    Permission.VIEW_PUBLISH: Rule(Role.MEMBER, "publish saved views"),
    Permission.PROJECT_EDIT: Rule(Role.MAINTAINER, "change the project's settings"),
    Permission.SPRINT_CREATE: Rule(Role.MAINTAINER, "create sprints"),
    Permission.SPRINT_EDIT: Rule(Role.MAINTAINER, "edit sprints"),
    Permission.SPRINT_START: Rule(Role.MAINTAINER, "start a sprint"),
    Permission.SPRINT_FINISH: Rule(Role.MAINTAINER, "finish a sprint"),
    Permission.SPRINT_DELETE: Rule(Role.MAINTAINER, "delete sprints"),
    Permission.IMPORT: Rule(Role.MAINTAINER, "import issues"),
    Permission.MEMBER_MANAGE: Rule(Role.MAINTAINER, "add, change and remove members"),
    Permission.OWNER_MANAGE: Rule(Role.OWNER, "grant ownership, and demote or remove owners"),
    Permission.MEMBER_LEAVE: Rule(Role.VIEWER, "lower your own role or leave", archived=True),
    Permission.PROJECT_KEY: Rule(Role.OWNER, "change the project's key"),
    Permission.PROJECT_ARCHIVE: Rule(Role.OWNER, "archive or unarchive the project", archived=True),
    Permission.PROJECT_DELETE: Rule(Role.OWNER, "delete the project", archived=True),
}

READS = frozenset({Permission.PROJECT_READ, Permission.PROJECT_EXPORT, Permission.TRASH_READ})


def allows(permission: Permission, role: Role | None, *, admin: bool = False, author: bool = False) -> bool:
    """Whether a person with this role may; administrators may what an owner may.

    `author` says that it is their own work. To somebody without a role nothing is allowed.
    """
    rule = permission.rule
    rank = Role.OWNER.rank if admin else role.rank if role else 0
    if rule.role is not None and rank >= rule.role.rank:
        return True
    return author and rule.author is not None and rank >= rule.author.rank


def reason(permission: Permission) -> str:
    """Why somebody may not, in words: "only maintainers may start a sprint"."""
    rule = permission.rule
    if rule.role is None:
        return f"only its author may {rule.words}"
    who = "owners" if rule.role is Role.OWNER else f"{rule.role.value}s"
    return f"only {who} may {rule.words}"


def to_change_member(now: Role | None, to: Role | None) -> Permission:
    """The permission needed to turn another's role `now` (None: no member) into `to` (None: remove).

    Nobody grants above their own rank or touches a higher one: whatever involves an owner needs an owner,
    everything else a maintainer.
    """
    return Permission.OWNER_MANAGE if Role.OWNER in (now, to) else Permission.MEMBER_MANAGE
