"""People: accounts, and the roles that they have in projects."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from rhythm_domain.models.base import Model


class Role(StrEnum):
    """What a person is in a project; the ladder from least to most."""

    VIEWER = "viewer"
    MEMBER = "member"
    MAINTAINER = "maintainer"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        return _ROLE_RANK[self]


_ROLE_RANK = {role: rank for rank, role in enumerate(Role, start=1)}


class PersonRef(Model):
    """Who, as it stands on an issue, a comment or an event."""

    id: int
    name: str
    display_name: str


class User(Model):
    """An account. Inactive ones (imported authors, people who left) cannot sign in."""

    id: int
    name: str
    display_name: str
    admin: bool
    active: bool
    claimed: bool
    time_zone: str
    created_at: datetime

    @property
    def ref(self) -> PersonRef:
        return PersonRef(id=self.id, name=self.name, display_name=self.display_name)


class Member(Model):
    """A person in a project. `ended_at` is set once the membership ended."""

    user: PersonRef
    active: bool
    role: Role
    since: datetime
    ended_at: datetime | None = None
