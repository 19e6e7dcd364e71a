"""Saved views in the database."""

from __future__ import annotations

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.errors import NotFound
from rhythm_domain.models import PersonRef, SavedView
from rhythm_domain.text import folded
from rhythm_domain.transaction import Tx

_Q = queries.load("views")


COLUMNS = ("id", "name", "query", "published", "owner_id")
"""What history holds of a view that is no more."""


def _view(row: Row) -> SavedView:
    owner = PersonRef(id=row["owner_id"], name=row["owner_name"], display_name=row["owner_display_name"])
    plain = ("id", "name", "query", "published", "project_key")
    return SavedView(owner=owner, **{name: row[name] for name in plain})


async def visible(tx: Tx, project: int | None) -> tuple[SavedView, ...]:
    """The views that the transaction's person owns or that are published to them; own ones first. They are
    the last that is read.
    """
    rows = await tx.last(_Q["views_visible"], user=tx.user.id, project=project)
    return tuple(_view(row) for row in rows)


async def one(tx: Tx, view: int) -> SavedView:
    """A view by its id. Raises `NotFound`."""
    row = await tx.one(_Q["view"], id=view)
    if row is None:
        raise NotFound("The view was deleted since.")
    return _view(row)


async def project(tx: Tx, key: str) -> Row | None:
    """The id, key and archived_at of a project that the transaction's person may see."""
    return await tx.one(_Q["view_project"], key=key, user=tx.user.id, admin=tx.user.admin)


async def held(tx: Tx, owner: str, project: int | None, name: str) -> Row | None:
    """The columns of somebody's view, locked."""
    return await tx.one(_Q["hold_view"], owner=owner, project=project, folded=folded(name))


async def held_by_id(tx: Tx, view: int) -> Row | None:
    """The columns of a view of the transaction's project, locked."""
    return await tx.one(_Q["hold_view_by_id"], project=tx.project_id, id=view)


async def change(tx: Tx, *, id: int, name: str, query: str, published: bool, owner_id: int) -> None:
    """Writes the columns of a view; its owner stays."""
    await tx.execute(
        _Q["change_view"], id=id, name=name, folded=folded(name), search=query, published=published
    )


async def restore(tx: Tx, *, id: int, name: str, query: str, published: bool, owner_id: int) -> bool:
    """Writes a view of this project that was deleted, under the id that it had; False if its owner has
    another one of that name.
    """
    row = await tx.one(
        _Q["restore_view"],
        project=tx.project_id,
        id=id,
        owner=owner_id,
        name=name,
        folded=folded(name),
        search=query,
        published=published,
    )
    return row is not None


async def put(tx: Tx, project: int | None, *, name: str, query: str, published: bool) -> int:
    """Writes a view of the transaction's person, or replaces theirs of that name; its id."""
    row = await tx.one(
        _Q["put_view"],
        owner=tx.user.id,
        project=project,
        name=name,
        folded=folded(name),
        search=query,
        published=published,
    )
    return int((row or {})["id"])


async def delete(tx: Tx, view: int) -> None:
    """Removes a view that `held` found."""
    await tx.execute(_Q["delete_view"], id=view)
