"""Instances for tests: filled behind the services' back, with people to try them."""

from __future__ import annotations

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
        user = self.sql.execute(
            "INSERT INTO users (name, display_name, admin, active, claimed)"
            " VALUES (%s, %s, %s, %s, true) RETURNING *",
            (name, name.title(), admin, active),
        ).fetchone()
        assert user is not None
        return self._signed_in(user, read_only=read_only)

    def known(self, name: str) -> Session:
        """A person who is there already, signed in."""
        user = self.sql.execute("SELECT * FROM users WHERE name = %s", (name,)).fetchone()
        assert user is not None
        return self._signed_in(user)

    def _signed_in(self, user: dict[str, Any], *, read_only: bool = False) -> Session:
        session = self.sql.execute(
            "INSERT INTO sessions (user_id, kind, token_hash, read_only)"
            " VALUES (%s, 'password', sha256(%s::text::bytea), %s) RETURNING id",
            (user["id"], user["name"], read_only),
        ).fetchone()
        assert session is not None
        shown = User.model_validate({field: user[field] for field in User.model_fields})
        return Session(self.db, shown, session["id"])

    def project(self, key: str, **members: Session) -> int:
        """A project whose members are given as role=session (an owner is needed); its id."""
        row = self.sql.execute(
            "INSERT INTO projects (key, name) VALUES (%s, %s) RETURNING id", (key, f"Project {key}")
        ).fetchone()
        assert row is not None
        project = int(row["id"])
        self.sql.execute("INSERT INTO project_keys VALUES (%s, %s)", (key, project))
        self.sql.execute("INSERT INTO issue_numbers VALUES (%s, 0)", (project,))
        for role, session in members.items():
            self.join(project, session, Role(role))
        return project

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
        people = {
            "owner": instance.person("olga"),
            "maintainer": instance.person("max"),
            "member": instance.person("mia"),
            "viewer": instance.person("vic"),
        }
        project = instance.project("CORE", **people)
        outsider, admin = instance.person("otto"), instance.person("ada", admin=True)
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
