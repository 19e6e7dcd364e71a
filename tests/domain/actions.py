"""The one list of everything that can be done through a `Session`: how to call it, and who may.

Who may is said here a second time, in the words of the roles, so that a slip in the policy is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cached_property
from inspect import isfunction, signature
from io import BytesIO
from typing import Any
from uuid import UUID

from rhythm_domain.models import LinkKind, Role, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit, SprintEdit
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from tests.domain.stage import Spot, change_of

NOBODY: frozenset[str] = frozenset()
ADMINISTRATOR = frozenset({"admin"})
OWNERS = ADMINISTRATOR | {"owner"}
MAINTAINERS = OWNERS | {"maintainer"}
MEMBERS = MAINTAINERS | {"member"}
VIEWERS = MEMBERS | {"viewer"}
EVERYBODY = VIEWERS | {"outsider"}

ADMINISTRATORS_ONLY = "Only administrators of this instance may do that."
MISSING = "missing"
"""The outcome of one to whom it does not exist: as for a key or an id that was never used."""


NO_MEMBER = {"admin": "NotFound: ada is no member of #. `rhythm member list #` shows who is."}
"""Who is no member has no role of their own; # is the project's key."""


@dataclass(frozen=True)
class Call:
    """Somebody at a spot, about to do something."""

    session: Session
    at: Spot
    operation: UUID | None = None

    @property
    def once(self) -> dict[str, Any]:
        """What a write is called with beside its arguments."""
        return {"operation": self.operation} if self.operation else {}

    @property
    def name(self) -> str:
        return self.session.user.name

    @property
    def own(self) -> int | str:
        """An issue of the caller's."""
        return self.at.own[self.name]

    @property
    def own_comment(self) -> int:
        return self.at.own_comments[self.name]


@dataclass(frozen=True)
class Action:
    """One way to call a method. Without a permission it is about no project."""

    method: str
    call: Callable[[Call], Awaitable[Any]]
    may: frozenset[str]
    permission: Permission | None = None
    note: str = ""
    refusal: str = ""
    """Why others may not, unless the permission says it."""
    special: Mapping[str, str] = field(default_factory=dict)
    """The outcome of some that is neither "allowed" nor a refusal."""
    before: Callable[[Call], str] | None = None
    """SQL that sets the scene."""
    rests: bool = False
    """Whether it can be done in an archived project although it writes."""
    varies: bool = False
    """Whether each answer is another one: it holds a new secret, or says what was left to do."""
    ends_session: bool = False

    @property
    def first_asked(self) -> Permission | None:
        """What those are told who may change nobody's role but their own, before it is known whose it is."""
        others = self.method.startswith("members.") and "one's own" not in self.note
        late = self.method in ("members.set_role", "members.remove")
        return Permission.MEMBER_MANAGE if others and late else self.permission

    @property
    def id(self) -> str:
        return f"{self.method} {self.note}".strip()

    @cached_property
    def writes(self) -> bool:
        service, _, method = self.method.partition(".")
        operation = signature(services()[service][method]).parameters.get("operation")
        return operation is not None and operation.kind is operation.KEYWORD_ONLY


def services() -> dict[str, dict[str, Callable[..., Any]]]:
    """The public methods of every service of a session, by the service's name."""
    names = [name for name, value in vars(Session).items() if isinstance(value, cached_property)]
    session = Session.__new__(Session)
    session._db = session._guard = None  # type: ignore[assignment]
    return {
        name: {
            method: value
            for method in dir(getattr(session, name))
            if not method.startswith("_")
            and isfunction(value := getattr(type(getattr(session, name)), method, None))
        }
        for name in names
    }


async def _first_change(call: Call) -> object:
    async with aclosing(call.session.live.changes()) as changes:
        return await anext(changes)


DRAFT = IssueDraft(title="Write the guide")
EDIT = IssueEdit(title="Write it again", priority="high")  # type: ignore[arg-type]
PASSWORD = "correct horse battery staple"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGhdyIU4n0p2QL969c3zNteLpFKS1CRYryrOW9inOdl1"
GITHUB = json.dumps(
    [{"number": 1, "title": "From elsewhere", "state": "OPEN", "url": "https://github.com/a/b/issues/1",
      "createdAt": "2026-01-05T00:00:00Z", "updatedAt": "2026-01-05T00:00:00Z"}]
).encode()  # fmt: skip

P = Permission
NOT_OTHERS_ACCOUNTS = "Only administrators may see the accounts of others."
NOT_OTHERS_KEYS = "Only administrators may see or change the keys of others."
_FINISH = "UPDATE sprints SET state = 'finished', finished_at = now() WHERE state = 'active'"


ACTIONS = (
    # One's own account
    Action("people.me", lambda c: c.session.people.me(), EVERYBODY),
    Action("people.directory", lambda c: c.session.people.directory("p"), EVERYBODY),
    Action(
        "people.set_display_name",
        lambda c: c.session.people.set_display_name("Another", **c.once),
        EVERYBODY,
    ),
    Action(
        "people.set_time_zone",
        lambda c: c.session.people.set_time_zone("Europe/Berlin", **c.once),
        EVERYBODY,
    ),
    Action(
        "people.change_password",
        lambda c: c.session.people.change_password("", PASSWORD, **c.once),
        EVERYBODY,
    ),
    Action("people.sessions", lambda c: c.session.people.sessions(), EVERYBODY),
    Action("people.end_sessions", lambda c: c.session.people.end_sessions(**c.once), EVERYBODY),
    Action("people.sign_out", lambda c: c.session.people.sign_out(**c.once), EVERYBODY, ends_session=True),
    Action(
        "people.create_token",
        lambda c: c.session.people.create_token("weekly", **c.once),
        EVERYBODY,
        varies=True,
    ),
    Action("people.tokens", lambda c: c.session.people.tokens(), EVERYBODY),
    Action("people.revoke_token", lambda c: c.session.people.revoke_token("nightly", **c.once), EVERYBODY),
    Action("people.ssh_keys", lambda c: c.session.people.ssh_keys(), EVERYBODY),
    Action(
        "people.ssh_keys",
        lambda c: c.session.people.ssh_keys("paul"),
        ADMINISTRATOR,
        note="of another",
        refusal=NOT_OTHERS_KEYS,
    ),
    Action(
        "people.add_ssh_key", lambda c: c.session.people.add_ssh_key("desk", SSH_KEY, **c.once), EVERYBODY
    ),
    Action(
        "people.add_ssh_key",
        lambda c: c.session.people.add_ssh_key("desk", SSH_KEY, "paul", **c.once),
        ADMINISTRATOR,
        note="of another",
        refusal=NOT_OTHERS_KEYS,
    ),
    Action("people.remove_ssh_key", lambda c: c.session.people.remove_ssh_key("laptop", **c.once), EVERYBODY),
    Action(
        "people.remove_ssh_key",
        lambda c: c.session.people.remove_ssh_key("laptop", "otto" if c.name != "otto" else "mia", **c.once),
        ADMINISTRATOR,
        note="of another",
        refusal=NOT_OTHERS_KEYS,
    ),
    # Accounts of others
    Action("people.show", lambda c: c.session.people.show(c.name), EVERYBODY, note="oneself"),
    Action(
        "people.show",
        lambda c: c.session.people.show("paul"),
        ADMINISTRATOR,
        note="another",
        refusal=NOT_OTHERS_ACCOUNTS,
    ),
    Action("people.list", lambda c: c.session.people.list(), ADMINISTRATOR, refusal=ADMINISTRATORS_ONLY),
    Action(
        "people.add",
        lambda c: c.session.people.add("nora", "Nora", **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
        varies=True,
    ),
    Action(
        "people.new_join_code",
        lambda c: c.session.people.new_join_code("paul", **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
        varies=True,
    ),
    Action(
        "people.deactivate",
        lambda c: c.session.people.deactivate("paul", **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action(
        "people.reactivate",
        lambda c: c.session.people.reactivate("gina", **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action(
        "people.set_admin",
        lambda c: c.session.people.set_admin("paul", True, **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action(
        "people.set_password",
        lambda c: c.session.people.set_password("paul", PASSWORD, **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action(
        "people.sessions_of",
        lambda c: c.session.people.sessions_of("paul"),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action(
        "people.end_sessions_of",
        lambda c: c.session.people.end_sessions_of("paul", **c.once),
        ADMINISTRATOR,
        refusal=ADMINISTRATORS_ONLY,
    ),
    # Projects
    Action("projects.list", lambda c: c.session.projects.list(), EVERYBODY),
    Action(
        "projects.list",
        lambda c: c.session.projects.list(everyone=True),
        ADMINISTRATOR,
        note="everyone's",
        refusal=ADMINISTRATORS_ONLY,
    ),
    Action("projects.create", lambda c: c.session.projects.create("NEW", "New", **c.once), EVERYBODY),
    Action("projects.keys", lambda c: c.session.projects.keys(c.at.key), VIEWERS, P.PROJECT_READ),
    Action("projects.show", lambda c: c.session.projects.show(c.at.key), VIEWERS, P.PROJECT_READ),
    Action(
        "projects.edit",
        lambda c: c.session.projects.edit(c.at.key, name="Other name", **c.once),
        MAINTAINERS,
        P.PROJECT_EDIT,
    ),
    Action(
        "projects.set_wip_limit",
        lambda c: c.session.projects.set_wip_limit(c.at.key, Status.TODO, 3, **c.once),
        MAINTAINERS,
        P.PROJECT_EDIT,
    ),
    Action(
        "projects.rekey",
        lambda c: c.session.projects.rekey(c.at.key, "FRESH", **c.once),
        OWNERS,
        P.PROJECT_KEY,
    ),
    Action(
        "projects.archive",
        lambda c: c.session.projects.archive(c.at.key, **c.once),
        OWNERS,
        P.PROJECT_ARCHIVE,
        rests=True,
    ),
    Action(
        "projects.unarchive",
        lambda c: c.session.projects.unarchive(c.at.key, **c.once),
        OWNERS,
        P.PROJECT_ARCHIVE,
        before=lambda c: f"UPDATE projects SET archived_at = now() WHERE key = '{c.at.key}'",
        rests=True,
    ),
    Action(
        "projects.delete",
        lambda c: c.session.projects.delete(c.at.key, **c.once),
        OWNERS,
        P.PROJECT_DELETE,
        rests=True,
    ),
    Action(
        "projects.restore",
        lambda c: c.session.projects.restore(c.at.restorable, **c.once),
        OWNERS,
        special=dict.fromkeys(("maintainer", "member", "viewer", "outsider"), MISSING),
    ),
    # Members
    Action("members.list", lambda c: c.session.members.list(c.at.key), VIEWERS, P.PROJECT_READ),
    *(
        Action(
            "members.add",
            lambda c, role=role: c.session.members.add(c.at.key, "gina2", role, **c.once),  # type: ignore[misc]
            OWNERS if role is Role.OWNER else MAINTAINERS,
            P.OWNER_MANAGE if role is Role.OWNER else P.MEMBER_MANAGE,
            note=f"as {role}",
            before=lambda _: "INSERT INTO users (name, display_name, claimed) VALUES ('gina2', 'Gina', true)",
        )
        for role in Role
    ),
    *(
        Action(
            "members.set_role",
            lambda c, role=role: c.session.members.set_role(c.at.key, "paul", role, **c.once),  # type: ignore[misc]
            OWNERS if role is Role.OWNER else MAINTAINERS,
            P.OWNER_MANAGE if role is Role.OWNER else P.MEMBER_MANAGE,
            note=f"to {role}",
        )
        for role in (Role.VIEWER, Role.MAINTAINER, Role.OWNER)
    ),
    Action(
        "members.set_role",
        lambda c: c.session.members.set_role(c.at.key, "petra", Role.MEMBER, **c.once),
        OWNERS,
        P.OWNER_MANAGE,
        note="of an owner",
    ),
    Action(
        "members.set_role",
        lambda c: c.session.members.set_role(c.at.key, c.name, Role.VIEWER, **c.once),
        VIEWERS - {"admin"},
        P.MEMBER_LEAVE,
        note="lowering one's own",
        special=NO_MEMBER,
        rests=True,
    ),
    Action(
        "members.set_role",
        lambda c: c.session.members.set_role(c.at.key, c.name, Role.OWNER, **c.once),
        frozenset({"owner"}),
        P.OWNER_MANAGE,
        note="raising one's own",
        special=NO_MEMBER,
        rests=True,
    ),
    Action(
        "members.remove",
        lambda c: c.session.members.remove(c.at.key, "paul", **c.once),
        MAINTAINERS,
        P.MEMBER_MANAGE,
    ),
    Action(
        "members.remove",
        lambda c: c.session.members.remove(c.at.key, "petra", **c.once),
        OWNERS,
        P.OWNER_MANAGE,
        note="an owner",
    ),
    Action(
        "members.leave",
        lambda c: c.session.members.leave(c.at.key, **c.once),
        VIEWERS - {"admin"},
        P.MEMBER_LEAVE,
        special=NO_MEMBER,
        rests=True,
    ),
    Action(
        "members.transfer",
        lambda c: c.session.members.transfer(c.at.key, "paul", **c.once),
        OWNERS,
        P.OWNER_MANAGE,
    ),
    # Labels
    Action("labels.list", lambda c: c.session.labels.list(c.at.key), VIEWERS, P.PROJECT_READ),
    Action(
        "labels.create",
        lambda c: c.session.labels.create(c.at.key, "docs", **c.once),
        MAINTAINERS,
        P.LABEL_MANAGE,
    ),
    Action(
        "labels.edit",
        lambda c: c.session.labels.edit(c.at.key, "bug", new_name="defect", **c.once),
        MAINTAINERS,
        P.LABEL_MANAGE,
    ),
    Action(
        "labels.delete",
        lambda c: c.session.labels.delete(c.at.key, "bug", **c.once),
        MAINTAINERS,
        P.LABEL_MANAGE,
    ),
    # Issues
    Action("issues.show", lambda c: c.session.issues.show(c.at.issue), VIEWERS, P.PROJECT_READ),
    Action(
        "issues.show",
        lambda c: c.session.issues.show(c.at.trashed),
        MAINTAINERS,
        P.PROJECT_READ,
        note="in the trash",
        special=dict.fromkeys(("member", "viewer"), MISSING),
    ),
    Action(
        "issues.rows", lambda c: c.session.issues.rows([c.at.issue, c.at.linked]), VIEWERS, P.PROJECT_READ
    ),
    Action(
        "issues.create",
        lambda c: c.session.issues.create(c.at.key, DRAFT, **c.once),
        MEMBERS,
        P.ISSUE_CREATE,
    ),
    *(
        Action(
            "issues.edit",
            lambda c, edit=edit: c.session.issues.edit(c.at.issue, edit, **c.once),  # type: ignore[misc]
            MEMBERS,
            permission,
            note=f"of the {', '.join(sorted(edit.fields))}",
        )
        for edit, permission in (
            (EDIT, P.ISSUE_EDIT),
            (IssueEdit(status=Status.DONE), P.ISSUE_MOVE),
            (IssueEdit(assignee=None), P.ISSUE_ASSIGN),
            (IssueEdit.model_validate({"estimate": 3}), P.ISSUE_ESTIMATE),
            (IssueEdit(sprint="Next"), P.ISSUE_PLAN),
            (IssueEdit(add_labels=("web",), remove_labels=("bug",)), P.ISSUE_LABEL),
        )
    ),
    Action(
        "issues.edit_many",
        lambda c: c.session.issues.edit_many([c.at.issue, c.at.linked], EDIT, **c.once),
        MEMBERS,
        P.ISSUE_EDIT,
    ),
    Action(
        "issues.edit_all",
        lambda c: c.session.issues.edit_all([c.at.issue, c.at.linked], EDIT, **c.once),
        MEMBERS,
        P.ISSUE_EDIT,
    ),
    Action(
        "issues.move",
        lambda c: c.session.issues.move(c.at.issue, Status.IN_REVIEW, after=c.at.linked, **c.once),
        MEMBERS,
        P.ISSUE_MOVE,
    ),
    Action(
        "issues.order",
        lambda c: c.session.issues.order(c.at.issue, after=c.at.planned, **c.once),
        MEMBERS,
        P.ISSUE_ORDER,
    ),
    Action(
        "issues.place",
        lambda c: c.session.issues.place(
            [c.at.issue, c.at.linked], Status.IN_REVIEW, before=c.at.planned, **c.once
        ),
        MEMBERS,
        P.ISSUE_MOVE,
    ),
    Action(
        "issues.place",
        lambda c: c.session.issues.place([c.at.issue], after=c.at.planned, **c.once),
        MEMBERS,
        P.ISSUE_ORDER,
        note="in the order alone",
    ),
    Action(
        "issues.link",
        lambda c: c.session.issues.link(c.at.linked, LinkKind.BLOCKS, c.at.planned, **c.once),
        MEMBERS,
        P.ISSUE_LINK,
    ),
    Action(
        "issues.unlink",
        lambda c: c.session.issues.unlink(c.at.issue, LinkKind.BLOCKS, c.at.linked, **c.once),
        MEMBERS,
        P.ISSUE_LINK,
    ),
    Action(
        "issues.delete",
        lambda c: c.session.issues.delete([c.own], **c.once),
        MEMBERS,
        P.ISSUE_DELETE,
        note="one's own",
    ),
    Action(
        "issues.delete",
        lambda c: c.session.issues.delete([c.at.issue], **c.once),
        MAINTAINERS,
        P.ISSUE_DELETE,
        note="another's",
    ),
    Action(
        "issues.delete",
        lambda c: c.session.issues.delete([c.own, c.at.issue], **c.once),
        MAINTAINERS,
        P.ISSUE_DELETE,
        note="one's own and another's",
    ),
    Action(
        "issues.restore",
        lambda c: c.session.issues.restore([c.at.trashed], **c.once),
        MAINTAINERS,
        P.ISSUE_RESTORE,
    ),
    Action("issues.purge", lambda c: c.session.issues.purge([c.at.trashed], **c.once), OWNERS, P.ISSUE_PURGE),
    Action("issues.trash", lambda c: c.session.issues.trash(c.at.key), MAINTAINERS, P.TRASH_READ),
    # Comments
    Action("comments.list", lambda c: c.session.comments.list(c.at.issue), VIEWERS, P.PROJECT_READ),
    Action(
        "comments.add",
        lambda c: c.session.comments.add(c.at.issue, "Well", **c.once),
        MEMBERS,
        P.COMMENT_CREATE,
    ),
    Action(
        "comments.edit",
        lambda c: c.session.comments.edit(c.at.issue, c.own_comment, "Better", **c.once),
        MEMBERS,
        P.COMMENT_EDIT,
        note="one's own",
    ),
    Action(
        "comments.edit",
        lambda c: c.session.comments.edit(c.at.issue, c.at.comment, "Better", **c.once),
        NOBODY,
        P.COMMENT_EDIT,
        note="another's",
    ),
    Action(
        "comments.delete",
        lambda c: c.session.comments.delete(c.at.issue, c.own_comment, **c.once),
        MEMBERS,
        P.COMMENT_DELETE,
        note="one's own",
    ),
    Action(
        "comments.delete",
        lambda c: c.session.comments.delete(c.at.issue, c.at.comment, **c.once),
        MAINTAINERS,
        P.COMMENT_DELETE,
        note="another's",
    ),
    # Search and boards
    Action("search.page", lambda c: c.session.search.page("issue"), EVERYBODY),
    Action("search.ids", lambda c: c.session.search.ids("issue"), EVERYBODY),
    Action("search.among", lambda c: c.session.search.among([1], "issue"), EVERYBODY),
    Action("search.place", lambda c: c.session.search.place(1), EVERYBODY),
    Action("search.again", lambda c: c.session.search.again([]), EVERYBODY),
    Action("search.total", lambda c: c.session.search.total("issue"), EVERYBODY),
    Action("search.exact_total", lambda c: c.session.search.exact_total("issue"), EVERYBODY),
    Action("search.suggest", lambda c: c.session.search.suggest("assignee:", 9), EVERYBODY),
    Action("search.unknown", lambda c: c.session.search.unknown("label:nowhere"), EVERYBODY),
    Action("search.mentioned", lambda c: c.session.search.mentioned(["CORE-1"]), EVERYBODY),
    Action(
        "search.unknown",
        lambda c: c.session.search.unknown("label:nowhere", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="of a project",
    ),
    Action(
        "search.page",
        lambda c: c.session.search.page("issue", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.ids",
        lambda c: c.session.search.ids("issue", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.among",
        lambda c: c.session.search.among([1], "issue", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.place",
        lambda c: c.session.search.place(1, project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.total",
        lambda c: c.session.search.total("issue", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.exact_total",
        lambda c: c.session.search.exact_total("issue", project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action(
        "search.suggest",
        lambda c: c.session.search.suggest("assignee:", 9, project=c.at.key),
        VIEWERS,
        P.PROJECT_READ,
        note="in a project",
    ),
    Action("boards.show", lambda c: c.session.boards.show(c.at.key), VIEWERS, P.PROJECT_READ),
    Action(
        "boards.column", lambda c: c.session.boards.column(c.at.key, Status.TODO), VIEWERS, P.PROJECT_READ
    ),
    Action("boards.backlog", lambda c: c.session.boards.backlog(c.at.key), VIEWERS, P.PROJECT_READ),
    Action(
        "boards.sprint_cards",
        lambda c: c.session.boards.sprint_cards(c.at.key, c.at.sprint),
        VIEWERS,
        P.PROJECT_READ,
    ),
    # Sprints
    Action("sprints.list", lambda c: c.session.sprints.list(c.at.key), VIEWERS, P.PROJECT_READ),
    Action("sprints.show", lambda c: c.session.sprints.show(c.at.key, "current"), VIEWERS, P.PROJECT_READ),
    Action(
        "sprints.create",
        lambda c: c.session.sprints.create(c.at.key, "Later", **c.once),
        MAINTAINERS,
        P.SPRINT_CREATE,
    ),
    Action(
        "sprints.edit",
        lambda c: c.session.sprints.edit(c.at.key, "Now", SprintEdit(goal="Ship it"), **c.once),
        MAINTAINERS,
        P.SPRINT_EDIT,
    ),
    Action(
        "sprints.delete",
        lambda c: c.session.sprints.delete(c.at.key, "Next", **c.once),
        MAINTAINERS,
        P.SPRINT_DELETE,
    ),
    Action(
        "sprints.start",
        lambda c: c.session.sprints.start(c.at.key, "Next", **c.once),
        MAINTAINERS,
        P.SPRINT_START,
        before=lambda _: _FINISH,
    ),
    Action(
        "sprints.finish",
        lambda c: c.session.sprints.finish(c.at.key, "Now", "Next", **c.once),
        MAINTAINERS,
        P.SPRINT_FINISH,
    ),
    Action(
        "sprints.add",
        lambda c: c.session.sprints.add(c.at.key, "Now", [c.at.issue], **c.once),
        MEMBERS,
        P.ISSUE_PLAN,
    ),
    Action(
        "sprints.remove",
        lambda c: c.session.sprints.remove(c.at.key, [c.at.planned], **c.once),
        MEMBERS,
        P.ISSUE_PLAN,
    ),
    Action("sprints.report", lambda c: c.session.sprints.report(c.at.key, "Now"), VIEWERS, P.PROJECT_READ),
    Action("sprints.velocity", lambda c: c.session.sprints.velocity(c.at.key), VIEWERS, P.PROJECT_READ),
    # Reports
    Action("reports.velocity", lambda c: c.session.reports.velocity(c.at.key), VIEWERS, P.PROJECT_READ),
    Action("reports.flow", lambda c: c.session.reports.flow(c.at.key), VIEWERS, P.PROJECT_READ),
    # Notes
    Action("notes.read", lambda c: c.session.notes.read("drafts"), EVERYBODY),
    Action(
        "notes.keep",
        lambda c: c.session.notes.keep("drafts", "comment CORE-1", '"so far"'),
        EVERYBODY,
    ),
    # Views
    Action("views.list", lambda c: c.session.views.list(), EVERYBODY),
    Action(
        "views.list", lambda c: c.session.views.list(c.at.key), VIEWERS, P.PROJECT_READ, note="of a project"
    ),
    Action("views.save", lambda c: c.session.views.save("Late", "is:overdue", **c.once), EVERYBODY),
    Action(
        "views.save",
        lambda c: c.session.views.save("Late", "is:overdue", key=c.at.key, **c.once),
        VIEWERS,
        P.PROJECT_READ,
        note="for oneself in a project",
    ),
    Action(
        "views.save",
        lambda c: c.session.views.save("Late", "is:overdue", key=c.at.key, published=True, **c.once),
        MEMBERS,
        P.VIEW_PUBLISH,
        note="published",
    ),
    Action("views.rename", lambda c: c.session.views.rename("Mine", "Yours", **c.once), EVERYBODY),
    Action("views.delete", lambda c: c.session.views.delete("Mine", **c.once), EVERYBODY),
    Action(
        "views.delete",
        lambda c: c.session.views.delete("Ours", key=c.at.key, owner="paul", **c.once),
        MAINTAINERS,
        P.PROJECT_EDIT,
        note="another's",
    ),
    # History
    Action("history.of_project", lambda c: c.session.history.of_project(c.at.key), VIEWERS, P.PROJECT_READ),
    Action("history.of_all", lambda c: c.session.history.of_all(), EVERYBODY),
    Action("history.of_issue", lambda c: c.session.history.of_issue(c.at.issue), VIEWERS, P.PROJECT_READ),
    Action("history.saved", lambda c: c.session.history.saved(UUID(int=1)), EVERYBODY),
    Action("history.where", lambda c: c.session.history.where([UUID(int=1)]), EVERYBODY),
    Action("history.latest", lambda c: c.session.history.latest(c.at.key), VIEWERS, P.PROJECT_READ),
    Action(
        "history.undo",
        lambda c: c.session.history.undo(c.at.key, **c.once),
        MEMBERS,
        P.ISSUE_EDIT,
        before=lambda c: change_of(c.session.user, c.at),
    ),
    Action(
        "history.redo",
        lambda c: c.session.history.redo(c.at.key, **c.once),
        MEMBERS,
        P.ISSUE_EDIT,
        before=lambda c: change_of(c.session.user, c.at, undone=True),
    ),
    # Exchange and live changes
    Action(
        "exchange.require_import",
        lambda c: c.session.exchange.require_import(c.at.key, **c.once),
        MAINTAINERS,
        P.IMPORT,
        note="as a rehearsal",
    ),
    Action(
        "exchange.import_file",
        lambda c: c.session.exchange.import_file(c.at.key, "github", BytesIO(GITHUB), **c.once),
        MAINTAINERS,
        P.IMPORT,
        varies=True,
    ),
    Action(
        "exchange.import_file",
        lambda c: c.session.exchange.import_file(c.at.key, "github", BytesIO(GITHUB), dry_run=True, **c.once),
        MAINTAINERS,
        P.IMPORT,
        note="as a rehearsal",
    ),
    Action(
        "exchange.export",
        lambda c: c.session.exchange.export(c.at.key, BytesIO(), format="csv"),
        VIEWERS,
        P.PROJECT_EXPORT,
    ),
    Action("live.changes", _first_change, EVERYBODY),
    Action("live.mark", lambda c: c.session.live.mark(), EVERYBODY),
)
