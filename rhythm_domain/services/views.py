"""Saved views: named queries, one's own or published to a project's team, and those that Rhythm brings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from rhythm_domain import text
from rhythm_domain.database import Row
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import NAME_LENGTH, SavedView
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.policy import Permission
from rhythm_domain.repository import views
from rhythm_domain.transaction import Tx, repeatable

BUILT_IN = (
    SavedView(name="My open", query="assignee:@me is:open sort:updated"),
    SavedView(name="Recently updated", query="sort:updated"),
    SavedView(name="Unassigned", query="no:assignee is:open sort:priority"),
    SavedView(name="Due soon", query="is:open due:<7d sort:due"),
    SavedView(name="Reported by me", query="reporter:@me sort:created"),
)
"""What a new person finds; in the order to offer them."""

_name = text.one_line("name", NAME_LENGTH)


class Views:
    """What a person does with saved views."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, key: str | None = None) -> tuple[SavedView, ...]:
        """The built-in views, then one's own, then what others published to one's projects.

        With a project's key: only those of that project and those of none.
        """
        if key is None:
            async with self._guard.person() as tx:
                return BUILT_IN + await views.visible(tx, None)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return BUILT_IN + await views.visible(tx, tx.project_id)

    @repeatable
    async def save(
        self,
        name: str,
        query: str,
        *,
        key: str | None = None,
        published: bool = False,
        new_name: str | None = None,
        operation: UUID | None = None,
    ) -> SavedView:
        """Saves a query under a name, for oneself or published to a project's team; one's own is replaced.

        With `new_name` one's own view gets that name, and keeps its place. A private view, also one of a
        project, is in nobody's history but its owner's. Raises `Invalid` for a query that says nothing (see
        `query.parse`), `AlreadyExists` for the name of a built-in view or, with `new_name`, of another one of
        one's own, `NotFound` if there is none to be renamed.
        """
        from rhythm_domain.query import parse

        name, query = _name(name), str(parse(query))
        then = name if new_name is None else _name(new_name)
        if text.folded(then) in {text.folded(view.name) for view in BUILT_IN}:
            raise AlreadyExists(f"{then!r} is a view that Rhythm brings.", field="name")
        door = self._shared(key, operation) if published else self._own("view.save", key, operation)
        async with door as (tx, project):
            if tx.done:
                return await views.one(tx, int(tx.done.after[0]["id"]))
            wanted = {"name": then, "query": query, "published": published}
            before = await views.held(tx, tx.user.name, project, name)
            if before is None and new_name is not None:
                raise await _unknown(tx, name, project)
            after = {
                column: value for column, value in wanted.items() if not before or value != before[column]
            }
            if before and not after:
                tx.unchanged()
                return await views.one(tx, before["id"])
            if before and new_name is not None:
                view = int(before["id"])
                await views.change(tx, **{**before, **after})
            else:
                view = await views.put(tx, project, name=then, query=query, published=published)
            named = {"id": view, "name": (before or wanted)["name"]}
            was = {**named, **{column: before[column] for column in after}} if before else {}
            now: dict[str, Any] = {**named, **after}
            seen = published or (before and before["published"])
            if seen and was and "published" in after:
                # The project learns that it was published, or no longer is, but not what it was in private.
                private = was if published else now
                private.pop("query", None)
            tx.record("view.saved", before=was, after=now, project=project if seen else None)
            return await views.one(tx, view)

    async def rename(
        self, name: str, new_name: str, *, key: str | None = None, operation: UUID | None = None
    ) -> SavedView:
        """Gives one's own view another name; its query and who sees it stay. Raises what `save` raises."""
        own = await self._own_by_name(key)
        # Sent again, it has the new name already.
        view = own.get(text.folded(_name(name))) or own.get(text.folded(_name(new_name)))
        query, published = (view.query, view.published) if view else ("", False)
        return await self.save(
            name, query, key=key, published=published, new_name=new_name, operation=operation
        )

    async def _own_by_name(self, key: str | None) -> dict[str, SavedView]:
        """One's own views of a project, or of none, by their folded names."""
        async with self._guard.person() as tx:
            project = await views.project(tx, text.check_project_key(key)) if key is not None else None
            found = await views.visible(tx, project["id"] if project else None)
            here = project["key"] if project else None
            return {
                text.folded(view.name): view
                for view in found
                if view.owner and view.owner.id == tx.user.id and view.project_key == here
            }

    @repeatable
    async def delete(
        self,
        name: str,
        *,
        key: str | None = None,
        owner: str | None = None,
        operation: UUID | None = None,
    ) -> None:
        """Deletes one's own view; with `owner`, as a maintainer, one that somebody published to the project.

        Raises `NotFound` with the nearest names.
        """
        if owner is not None:
            await self._delete_published(name, key, text.check_name(owner), operation)
            return
        async with self._own("view.delete", key, operation) as (tx, project):
            if not tx.done:
                held = await views.held(tx, tx.user.name, project, _name(name))
                if held is None:
                    raise await _unknown(tx, name, project)
                await _delete(tx, held, project)

    async def _delete_published(self, name: str, key: str | None, owner: str, operation: UUID | None) -> None:
        if key is None:
            raise Invalid("Which project was it published to?", field="key", hint="Name the project.")
        async with self._guard.project(Permission.PROJECT_EDIT, key, operation=operation) as tx:
            if not tx.done:
                held = await views.held(tx, owner, tx.project_id, _name(name))
                if held is None or not held["published"]:
                    raise await _unknown(tx, name, tx.project_id)
                await _delete(tx, held, tx.project_id)

    @asynccontextmanager
    async def _shared(self, key: str | None, operation: UUID | None) -> AsyncIterator[tuple[Tx, int | None]]:
        """The door to what a project's team sees."""
        if key is None:
            raise Invalid("A view is published to a project's team.", field="key", hint="Name the project.")
        async with self._guard.project(Permission.VIEW_PUBLISH, key, operation=operation) as tx:
            yield tx, tx.project_id

    @asynccontextmanager
    async def _own(
        self, write: str, key: str | None, operation: UUID | None
    ) -> AsyncIterator[tuple[Tx, int | None]]:
        """The door to one's own views, in a project that one can see or in none."""
        async with self._guard.person(write=write, operation=operation) as tx:
            if key is None:
                yield tx, None
                return
            wanted = text.check_project_key(key)
            project = await views.project(tx, wanted)
            if project is None:
                raise NotFound(f"There is no project {wanted}.")
            if project["archived_at"] is not None:
                raise Forbidden(
                    f"{project['key']} is archived: nothing in it can be changed.",
                    hint="An owner can unarchive it: `rhythm project unarchive KEY`.",
                )
            yield tx, int(project["id"])


async def _delete(tx: Tx, held: Row, project: int | None) -> None:
    await views.delete(tx, held["id"])
    tx.record(
        "view.deleted",
        before=held,
        after={"id": held["id"]},
        project=project if held["published"] else None,
    )


async def _unknown(tx: Tx, name: str, project: int | None) -> NotFound:
    known = await views.visible(tx, project)
    hint = did_you_mean(name, (view.name for view in known), "`rhythm view list` shows the views.")
    for view in known:
        if view.owner and view.owner.id != tx.user.id and text.folded(view.name) == text.folded(name):
            hint = f"{view.owner.name} published one: a maintainer can delete it by naming its owner."
    return NotFound(f"There is no view {name!r}.", hint=hint)
