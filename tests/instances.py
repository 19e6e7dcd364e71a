"""Instances for tests: filled behind the services' back, with people to try them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from rhythm_domain.database import Database
from rhythm_domain.models import Role, User
from rhythm_domain.session import Session


@dataclass
class Instance:
    """Fills a database behind the services' back, so that a test of one does not lean on the others."""

    db: Database
    sql: psycopg.Connection[dict[str, Any]]

    def person(
        self, name: str, *, admin: bool = False, active: bool = True, read_only: bool = False
    ) -> Session:
        """A person, signed in."""
        (session,) = self.people({name: admin}, active=active, read_only=read_only)
        return session

    def people(
        self, admins: Mapping[str, bool], *, active: bool = True, read_only: bool = False
    ) -> list[Session]:
        """New people by their names, each an administrator or not; all of them signed in."""
        rows = self.sql.execute(
            "WITH person AS (INSERT INTO users (name, display_name, admin, active, claimed)"
            "  SELECT name, shown, admin, %s, true"
            "  FROM unnest(%s::text[], %s::text[], %s::bool[]) n (name, shown, admin) RETURNING *),"
            " session AS (INSERT INTO sessions (user_id, kind, token_hash, read_only)"
            "  SELECT id, 'password', sha256(name::bytea), %s FROM person RETURNING id, user_id)"
            " SELECT person.*, session.id AS session_id FROM person JOIN session ON user_id = person.id"
            " ORDER BY person.id",
            (active, list(admins), [name.title() for name in admins], list(admins.values()), read_only),
        )
        return [Session(self.db, _shown(row), row["session_id"]) for row in rows]

    def known(self, name: str) -> Session:
        """A person who is there already, signed in."""
        user = self.sql.execute("SELECT * FROM users WHERE name = %s", (name,)).fetchone()
        assert user is not None
        session = self.value(
            "INSERT INTO sessions (user_id, kind, token_hash)"
            " VALUES (%s, 'password', sha256(%s::text::bytea)) RETURNING id",
            user["id"],
            name,
        )
        return Session(self.db, _shown(user), session)

    def project(self, key: str, **members: Session) -> int:
        """A project whose members are given as role=session (an owner is needed); its id."""
        return int(
            self.value(
                "WITH project AS (INSERT INTO projects (key, name) VALUES (%s, %s) RETURNING id, key),"
                " key AS (INSERT INTO project_keys SELECT key, id FROM project),"
                " number AS (INSERT INTO issue_numbers SELECT id, 0 FROM project),"
                " member AS (INSERT INTO project_members (project_id, user_id, role)"
                "  SELECT project.id, m.id, m.role::project_role"
                "  FROM project, unnest(%s::bigint[], %s::text[]) m (id, role))"
                " SELECT id FROM project",
                key,
                f"Project {key}",
                [session.user.id for session in members.values()],
                [Role(role).value for role in members],
            )
        )

    def join(self, project: int, session: Session, role: Role) -> None:
        """Makes a person a member."""
        self.sql.execute(
            "INSERT INTO project_members (project_id, user_id, role) VALUES (%s, %s, %s)",
            (project, session.user.id, role.value),
        )

    def end_session(self, session: Session) -> None:
        """Signs a person out behind their back."""
        self.sql.execute("UPDATE sessions SET ended_at = now() WHERE id = %s", (session.id,))

    def value(self, query: str, *params: object) -> Any:
        """The first column of the first row."""
        row = self.sql.execute(query.encode(), params).fetchone()
        return None if row is None else next(iter(row.values()))


@dataclass
class Team:
    """One project CORE with a person in every role, and two outside it."""

    instance: Instance
    project_id: int
    owner: Session
    maintainer: Session
    member: Session
    viewer: Session
    outsider: Session
    admin: Session

    @classmethod
    def of(cls, instance: Instance) -> Team:
        """A new team of olga, max, mia and vic, by their roles; otto is the outsider, ada the admin."""
        owner, maintainer, member, viewer, outsider, admin = instance.people(
            {name: name == "ada" for name in ("olga", "max", "mia", "vic", "otto", "ada")}
        )
        people = {"owner": owner, "maintainer": maintainer, "member": member, "viewer": viewer}
        project = instance.project("CORE", **people)
        return cls(instance, project, **people, outsider=outsider, admin=admin)

    def fill(self, count: int) -> list[int]:
        """New issues behind the services' back, by the member; their ids."""
        rows = self.instance.sql.execute(
            "INSERT INTO issues (project_id, number, title, reporter_id, rank)"
            " SELECT %s, n, 'x', %s, 'b' || n || 'U' FROM generate_series(1, %s::int) n RETURNING id",
            (self.project_id, self.member.user.id, count),
        ).fetchall()
        self.instance.sql.execute("INSERT INTO issue_texts (issue_id) SELECT id FROM issues")
        self.instance.sql.execute("UPDATE issue_numbers SET last = %s", (count,))
        return [row["id"] for row in rows]


def _shown(user: Mapping[str, Any]) -> User:
    return User(**{field: user[field] for field in User.names})
