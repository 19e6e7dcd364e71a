"""Members of projects in the database."""

from __future__ import annotations

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.models import Member, PersonRef, Role
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.text import check_name, shown
from rhythm_domain.transaction import Tx

_Q = queries.load("members")

ME = ("me", "@me")
"""How people write themselves."""


def _member(row: Row) -> Member:
    return Member(
        user=PersonRef(id=row["id"], name=row["name"], display_name=row["display_name"]),
        active=row["active"],
        role=Role(row["role"]),
        since=row["since"],
        ended_at=row["ended_at"],
    )


async def of_project(tx: Tx, *, former: bool) -> tuple[Member, ...]:
    """The members of the transaction's project, the highest role first; former ones behind. They are the last
    that is read.
    """
    rows = await tx.last(_Q["members_of"], project=tx.project_id, former=former)
    return tuple(_member(row) for row in rows)


async def one(tx: Tx, name: str) -> Member:
    """A membership of the transaction's project, ended or not. Raises `NotFound`."""
    row = await tx.one(_Q["member_named"], project=tx.project_id, name=name)
    if row is None:
        raise NotFound(f"{shown(name)} was never in this project.")
    return _member(row)


async def held(tx: Tx, name: str) -> tuple[int, Role] | None:
    """The user id and the role of a member, whose row stays locked; None if they are none, or no longer."""
    row = await tx.one(_Q["hold_member"], project=tx.project_id, name=name)
    return (row["id"], Role(row["role"])) if row else None


async def has_owner_besides(tx: Tx, user: int | None) -> bool:
    """Whether the project has an active owner besides this person (None: any at all)."""
    row = await tx.one(_Q["has_owner_besides"], project=tx.project_id, besides=user)
    return bool(row and row["found"])


async def put(tx: Tx, user: int, role: Role) -> None:
    """Makes a person a member, takes a former one back, or changes a role."""
    await tx.execute(_Q["put_member"], project=tx.project_id, user=user, role=role.value)


async def end(tx: Tx, user: int) -> None:
    """Ends a membership; the row stays."""
    await tx.execute(_Q["end_member"], project=tx.project_id, user=user)


async def unassign_all(tx: Tx, user: int) -> list[int]:
    """Takes a person's open issues of the project from them; the ids of the issues, in order."""
    return sorted(row["id"] for row in await tx.fetch(_Q["unassign_all"], project=tx.project_id, user=user))


async def resolve(tx: Tx, name: str) -> int:
    """The user id of a member who can be assigned in the transaction's project; "@me" is its person.

    Raises `Invalid` (field `assignee`) with the nearest names.
    """
    try:
        wanted = tx.user.name if name.strip().lower() in ME else check_name(name)
        found = await tx.one(_Q["assignable"], project=tx.project_id, name=wanted)
    except Invalid:
        found = None
    if found is None:
        members = await tx.fetch(_Q["assignable"], project=tx.project_id, name=None)
        raise Invalid(
            f"{name!r} is no active member of this project.",
            field="assignee",
            hint=did_you_mean(
                name, (row["name"] for row in members), "`rhythm member list KEY` shows who can be assigned."
            ),
        )
    return int(found["id"])
