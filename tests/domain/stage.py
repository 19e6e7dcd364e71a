"""A stage on which every action can be tried by everybody: the same project four times, and one that is not.

CORE is at work, REST is archived, GONE is deleted, OTHER is of other people, NOPE was never used. In each of
the first three the same people have the same roles and the same things lie about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import psycopg

from rhythm_domain.database import Database
from rhythm_domain.models import Role, User
from rhythm_domain.policy import Permission
from rhythm_domain.session import Session
from tests.instances import Instance

OPERATION = UUID("00000000-0000-4000-8000-00000000000a")

Ref = int | str


@dataclass(frozen=True)
class Spot:
    """A project and what lies about in it; issues as people write them."""

    key: str
    issue: Ref
    """Paul's: first in order, blocks `linked`, labelled bug, with a comment of his; in no sprint."""
    linked: Ref
    planned: Ref
    """Paul's: in the sprint Next."""
    trashed: Ref
    own: Mapping[str, Ref]
    """An issue of each person's."""
    comment: int
    own_comments: dict[str, int]
    sprint: int
    """The id of the sprint Now."""
    restorable: str
    project_id: int = 0
    ids: dict[Ref, int] = field(default_factory=dict)

    def by_id(self) -> Spot:
        """The same with issues by their ids, as a program names them."""
        return replace(
            self,
            issue=self.ids[self.issue],
            linked=self.ids[self.linked],
            planned=self.ids[self.planned],
            trashed=self.ids[self.trashed],
            own={name: self.ids[ref] for name, ref in self.own.items()},
        )

    def never_used(self) -> Spot:
        """The spot as it would be in a project that there never was, with ids that nothing has."""

        def other(ref: Ref) -> Ref:
            return ref + 10**12 if isinstance(ref, int) else ref.replace(self.key, "NOPE")

        return replace(
            self,
            key="NOPE",
            issue=other(self.issue),
            linked=other(self.linked),
            planned=other(self.planned),
            trashed=other(self.trashed),
            own={name: other(ref) for name, ref in self.own.items()},
            restorable="NOPE",
        )


@dataclass(frozen=True)
class Stage:
    """Who and what is there."""

    conninfo: str
    cast: tuple[str, ...]
    people: dict[str, tuple[User, int]]
    spots: dict[str, Spot]

    def session(self, who: str, db: Database) -> Session:
        """Somebody, signed in."""
        return Session(db, *self.people[who])


CAST = {
    "owner": "olga",
    "maintainer": "max",
    "member": "mia",
    "viewer": "vic",
    "outsider": "otto",
    "admin": "ada",
    "deactivated": "dora",
    "expired": "exie",
    "read-only token": "toni",
}
"""Who tries everything. Those of the last three lines were owners of every project."""


def build(conninfo: str) -> Stage:
    """Fills an empty database."""
    with psycopg.connect(conninfo, autocommit=True, row_factory=psycopg.rows.dict_row) as sql:
        instance = Instance(Database(conninfo), sql)
        people = {who: instance.person(name, admin=who == "admin") for who, name in CAST.items()}
        for name in ("paul", "petra", "lena"):
            people[name] = instance.person(name)
        people["gina"] = instance.person("gina", active=False)
        spots = {key: _project(instance, people, key) for key in ("CORE", "REST", "GONE", "OTHER")}
        sql.execute("UPDATE projects SET archived_at = now() WHERE key = 'REST'")
        sql.execute("UPDATE projects SET deleted_at = now() WHERE key = 'GONE'")
        sql.execute("UPDATE users SET active = false WHERE name = 'dora'")
        sql.execute(
            "UPDATE sessions SET expires_at = now() - interval '1 hour' WHERE id = %s",
            (people["expired"].id,),
        )
        sql.execute(
            "UPDATE sessions SET kind = 'token', read_only = true, name = 'reports' WHERE id = %s",
            (people["read-only token"].id,),
        )
        for name, session in people.items():
            if name in CAST:
                _belongings(instance, session)
    return Stage(conninfo, tuple(CAST), {who: (one.user, one.id) for who, one in people.items()}, spots)


def _belongings(instance: Instance, session: Session) -> None:
    """What is a person's own in no project: a view, a token, a key."""
    me = session.user
    instance.sql.execute(
        "INSERT INTO saved_views (owner_id, name, folded, query) VALUES (%s, 'Mine', 'mine', 'is:open')",
        (me.id,),
    )
    instance.sql.execute(
        "INSERT INTO sessions (user_id, kind, name, token_hash)"
        " VALUES (%s, 'token', 'nightly', sha256(%s::text::bytea))",
        (me.id, f"token of {me.name}"),
    )
    instance.sql.execute(
        "INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key)"
        " VALUES (%s, 'laptop', 'ssh-ed25519', %s, '')",
        (me.id, f"SHA256:{me.name}"),
    )


def _project(instance: Instance, people: dict[str, Session], key: str) -> Spot:
    roles = {role.value: people[role.value] for role in Role} if key != "OTHER" else {}
    project = instance.project(key, **roles)
    if key == "OTHER":
        instance.join(project, people["lena"], Role.OWNER)
    else:
        for owner in ("deactivated", "expired", "read-only token", "petra"):
            instance.join(project, people[owner], Role.OWNER)
    instance.join(project, people["paul"], Role.MEMBER)
    paul = people["paul"].user.id
    sprint = _sprints(instance, project)
    ids: dict[Ref, int] = {}

    def issue(number: int, reporter: int, **columns: object) -> str:
        values: dict[str, Any] = {
            "project_id": project,
            "number": number,
            "title": f"Issue {number}",
            "reporter_id": reporter,
            "rank": f"{chr(96 + number)}1",
            **columns,
        }
        names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
        made = instance.value(
            f"INSERT INTO issues ({names}) VALUES ({marks}) RETURNING id",
            *values.values(),
        )
        instance.sql.execute("INSERT INTO issue_texts (issue_id) VALUES (%s)", (made,))
        instance.sql.execute(
            "INSERT INTO issue_search (issue_id, project_id, number, tsv) VALUES (%s, %s, %s, 'issue')",
            (made, project, number),
        )
        ref = f"{key}-{number}"
        ids[ref] = made
        return ref

    def comment(on: Ref, author: int) -> int:
        return int(
            instance.value(
                "INSERT INTO comments (project_id, issue_id, author_id, body)"
                " VALUES (%s, %s, %s, 'As I said') RETURNING id",
                project,
                ids[on],
                author,
            )
        )

    first = issue(1, paul, status="todo", assignee_id=paul)
    linked = issue(2, paul)
    planned = issue(3, paul, sprint_id=sprint["Next"])
    trashed = issue(4, paul)
    instance.sql.execute("UPDATE issues SET deleted_at = now() WHERE id = %s", (ids[trashed],))
    own = {people[who].user.name: issue(5 + at, people[who].user.id) for at, who in enumerate(CAST)}
    instance.sql.execute("UPDATE issue_numbers SET last = 25 WHERE project_id = %s", (project,))
    instance.sql.execute("INSERT INTO issue_links VALUES (%s, %s, %s)", (project, ids[first], ids[linked]))
    label = instance.value(
        "INSERT INTO labels (project_id, name, folded) VALUES (%s, 'bug', 'bug') RETURNING id", project
    )
    instance.sql.execute(
        "INSERT INTO labels (project_id, name, folded) VALUES (%s, 'web', 'web')", (project,)
    )
    instance.sql.execute("INSERT INTO issue_labels VALUES (%s, %s, %s)", (project, ids[first], label))
    instance.sql.execute(
        "INSERT INTO saved_views (owner_id, project_id, name, folded, query, published)"
        " VALUES (%s, %s, 'Ours', 'ours', 'is:open', true)",
        (paul, project),
    )
    return Spot(
        key=key,
        issue=first,
        linked=linked,
        planned=planned,
        trashed=trashed,
        own=own,
        comment=comment(first, paul),
        own_comments={people[who].user.name: comment(first, people[who].user.id) for who in CAST},
        sprint=sprint["Now"],
        restorable="GONE",
        project_id=project,
        ids=ids,
    )


def _sprints(instance: Instance, project: int) -> dict[str, int]:
    return {
        name: int(
            instance.value(
                "INSERT INTO sprints (project_id, name, folded, state, started_at, finished_at)"
                " VALUES (%s, %s, lower(%s), %s, %s, %s) RETURNING id",
                project,
                name,
                name,
                state,
                None if state == "planned" else "2026-01-05",
                "2026-01-19" if state == "finished" else None,
            )
        )
        for name, state in (("Past", "finished"), ("Now", "active"), ("Next", "planned"))
    }


def change_of(user: User, spot: Spot, *, undone: bool = False) -> str:
    """SQL of a change that a person made to paul's issue, and perhaps took back."""
    first, second = (f"'00000000-0000-4000-8000-00000000000{at}'" for at in (1, 2))
    issue = next(iter(spot.ids.values()))

    def row(event: str, undoes: str) -> str:
        where = f"'issue.changed', '{Permission.ISSUE_EDIT}', {user.id}, {spot.project_id}, {issue}"
        return f"""({event}, {event}, {where}, '{{"priority": "low"}}', '{{"priority": "none"}}', {undoes})"""

    return (
        "INSERT INTO events (id, operation, kind, permission, actor_id, project_id, issue_id, before, after,"
        f" undoes) VALUES {row(first, 'NULL')}{', ' + row(second, first) if undone else ''}"
    )
