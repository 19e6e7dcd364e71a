"""Projects in the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from rhythm_domain import queries
from rhythm_domain.connection import Question
from rhythm_domain.database import Row
from rhythm_domain.models import Project, Role, Status
from rhythm_domain.transaction import Tx

_Q = queries.load("projects")


def _project(row: Row) -> Project:
    limits = {Status(status): limit for status, limit in (row["wip_limits"] or {}).items()}
    return Project(**row | {"wip_limits": limits, "role": row["role"] and Role(row["role"])})


async def visible(tx: Tx, *, archived: bool, everyone: bool) -> tuple[Project, ...]:
    """The projects of the transaction's person, or everyone's, the most lively first. They are the last
    that is read.
    """
    found = await tx.fetch(_Q["project_ids"], user=tx.user.id, archived=archived, everyone=everyone)
    asked = _later(tx, [row["id"] for row in found])
    await tx.end()
    return tuple(map(_project, asked.rows))


async def one(tx: Tx, project: int) -> Project:
    """A project as the transaction's person sees it."""
    asked = _later(tx, [project])
    await tx.send()
    return _project(asked.rows[0])


async def current(tx: Tx) -> Project:
    """The transaction's project as it is now."""
    return await one(tx, tx.project_id)


def current_later(tx: Tx) -> Callable[[], Project]:
    """The same, asked with what is asked next: to be called behind it."""
    asked = _later(tx, [tx.project_id])
    return lambda: _project(asked.rows[0])


def _later(tx: Tx, ids: Iterable[int]) -> Question:
    return tx.later(_Q["projects_by_id"], user=tx.user.id, ids=queries.integers(ids))


async def keys(tx: Tx) -> frozenset[str]:
    """Every key that the transaction's project has or had."""
    return frozenset(row["key"] for row in await tx.fetch(_Q["keys_of_project"], project=tx.project_id))


async def values(tx: Tx) -> Row:
    """What stands in the own columns of the transaction's project."""
    row = await tx.one(_Q["project_values"], project=tx.project_id)
    if row is None:
        raise LookupError(tx.project_id)
    return row


async def create(tx: Tx, key: str, name: str, description: str) -> int:
    """Writes a project that the transaction's person owns; its id."""
    row = await tx.one(_Q["insert_project"], key=key, name=name, description=description, owner=tx.user.id)
    return int((row or {})["id"])


async def change_texts(tx: Tx, *, name: str, description: str) -> None:
    """Writes name and description; the version counts it."""
    await tx.execute(_Q["change_project_texts"], project=tx.project_id, name=name, description=description)


async def set_wip_limits(tx: Tx, limits: Mapping[str, int]) -> None:
    """Writes the limits of the board's columns, by status."""
    await tx.execute(_Q["set_wip_limits"], project=tx.project_id, limits=json.dumps(limits))


async def set_key(tx: Tx, key: str) -> bool:
    """Gives the project another key; False if that is, or was, another project's."""
    if await tx.one(_Q["take_project_key"], project=tx.project_id, key=key) is None:
        return False
    await tx.execute(_Q["set_project_key"], project=tx.project_id, key=key)
    return True


async def set_archived(tx: Tx, archived: bool) -> datetime | None:
    """Archives the project or takes that back; since when it is archived."""
    row = await tx.one(_Q["set_project_archived"], project=tx.project_id, archived=archived)
    return row["archived_at"] if row else None


async def set_deleted(tx: Tx, deleted: bool) -> datetime | None:
    """Deletes the project or takes that back; since when it is deleted."""
    row = await tx.one(_Q["set_project_deleted"], project=tx.project_id, deleted=deleted)
    return row["deleted_at"] if row else None


async def deleted(tx: Tx, key: str) -> Row | None:
    """A deleted project, locked, with the role that the transaction's person has in it."""
    return await tx.one(_Q["deleted_project"], key=key, user=tx.user.id)
