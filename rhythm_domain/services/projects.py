"""Projects: the place of issues, their board's limits, and how a project begins, rests and ends."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from rhythm_domain import text
from rhythm_domain.database import Row
from rhythm_domain.errors import AlreadyExists, Conflict, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import NAME_LENGTH, OPEN, TEXT_LENGTH, Project, Role, Status
from rhythm_domain.policy import Permission, allows
from rhythm_domain.repository import history, members, projects
from rhythm_domain.transaction import Place, Tx, repeatable

MAX_WIP_LIMIT = 999

_name = text.one_line("name", NAME_LENGTH)
_description = text.body("description", TEXT_LENGTH)


class Projects:
    """What a person does with projects."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, *, archived: bool = False, everyone: bool = False) -> tuple[Project, ...]:
        """One's own projects, the most lively first; with `archived` those too, behind the others.

        `everyone` asks for all projects of the instance. Raises `Forbidden` unless an administrator asks.
        """
        async with self._guard.person(admin=everyone) as tx:
            return await projects.visible(tx, archived=archived, everyone=everyone)

    async def show(self, key: str) -> Project:
        """A project by any key that it has or had."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await projects.current(tx)

    async def keys(self, key: str) -> frozenset[str]:
        """Every key that a project has or had: each still means it."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await projects.keys(tx)

    @repeatable
    async def create(
        self, key: str, name: str, description: str = "", *, operation: UUID | None = None
    ) -> Project:
        """Creates a project and becomes its owner.

        Raises `AlreadyExists` for a key that another project has or had.
        """
        key, name, description = text.check_project_key(key), _name(name), _description(description)
        async with self._guard.person(write="project.create", operation=operation) as tx:
            tx.answers(key=key)
            if not tx.done:
                project = await projects.create(tx, key, name, description)
                tx.record(
                    "project.created",
                    after={"id": project, "key": key, "name": name, "description": description},
                    project=project,
                )
                return await projects.one(tx, project)
        return await self.show(key)

    @repeatable
    async def edit(
        self,
        key: str,
        *,
        name: str | None = None,
        description: str | None = None,
        base_version: int | None = None,
        operation: UUID | None = None,
    ) -> Project:
        """Writes another name or description; None leaves it.

        Raises `Conflict` with both sides if one that is given was changed since `base_version`; without one
        they are written as they are.
        """
        if name is None and description is None:
            raise Invalid("Nothing to change.", field="project", hint="Give a name or a description.")
        given = {"name": name, "description": description}
        check = {"name": _name, "description": _description}
        mine: dict[str, str] = {
            field: check[field](value) for field, value in given.items() if value is not None
        }
        async with self._guard.project(Permission.PROJECT_EDIT, key, operation=operation, alone=True) as tx:
            if not tx.done:
                now = await projects.values(tx)
                after = {field: value for field, value in mine.items() if value != now[field]}
                edits = 0 if base_version is None else now["version"] - base_version
                for field in after if edits > 0 else ():
                    by = await history.edited_since(
                        tx, "project.edited", tuple(given), field, now[field], edits
                    )
                    if by is None:
                        continue
                    raise Conflict(
                        f"{by} changed the project's {field} meanwhile."
                        if by
                        else "The project was edited meanwhile.",
                        by=by,
                        field=field,
                        current=now[field],
                        mine=after[field],
                        version=now["version"],
                    )
                if after:
                    await projects.change_texts(tx, **{**_texts(now), **after})
                    tx.record("project.edited", before={field: now[field] for field in after}, after=after)
                else:
                    tx.unchanged()
            return await projects.current(tx)

    @repeatable
    async def set_wip_limit(
        self, key: str, status: Status, limit: int | None, *, operation: UUID | None = None
    ) -> Project:
        """Says how many issues a column of the board should hold at most (1 to 999); None for no limit.

        Raises `Invalid` for the columns of closed issues, which only grow.
        """
        if status not in OPEN:
            raise Invalid(f"{status} holds closed issues: it takes no limit.", field="wip_limit")
        if limit is not None and not 1 <= limit <= MAX_WIP_LIMIT:
            raise Invalid(
                f"{limit} can't be a limit.", field="wip_limit", hint=f"1 to {MAX_WIP_LIMIT}, or none."
            )
        async with self._guard.project(Permission.PROJECT_EDIT, key, operation=operation, alone=True) as tx:
            if not tx.done:
                before: dict[str, int] = (await projects.values(tx))["wip_limits"]
                after = {name: value for name, value in before.items() if name != status}
                if limit is not None:
                    after[status.value] = limit
                if after == before:
                    tx.unchanged()
                else:
                    await projects.set_wip_limits(tx, after)
                    tx.record("project.edited", before={"wip_limits": before}, after={"wip_limits": after})
            return await projects.current(tx)

    @repeatable
    async def rekey(self, key: str, new: str, *, operation: UUID | None = None) -> Project:
        """Gives a project another key; what was written with the old one still resolves.

        A key that the project had before may be taken back; one that another project has or had raises
        `AlreadyExists`.
        """
        new = text.check_project_key(new)
        async with self._guard.project(Permission.PROJECT_KEY, key, operation=operation, alone=True) as tx:
            if not tx.done:
                before = (await projects.values(tx))["key"]
                if new == before:
                    tx.unchanged()
                elif await projects.set_key(tx, new):
                    tx.record("project.rekeyed", before={"key": before}, after={"key": new})
                else:
                    raise AlreadyExists("That key is, or was, another project's.", field="key")
            return await projects.current(tx)

    async def archive(self, key: str, *, operation: UUID | None = None) -> Project:
        """Lays a project to rest: it can be read, and nothing in it can be changed."""
        return await self._set_archived(key, True, operation)

    async def unarchive(self, key: str, *, operation: UUID | None = None) -> Project:
        """Takes a project up again."""
        return await self._set_archived(key, False, operation)

    @repeatable
    async def _set_archived(self, key: str, archived: bool, operation: UUID | None) -> Project:
        async with self._guard.project(
            Permission.PROJECT_ARCHIVE, key, operation=operation, alone=True
        ) as tx:
            if not tx.done:
                before: datetime | None = (await projects.values(tx))["archived_at"]
                if archived == (before is not None):
                    tx.unchanged()
                else:
                    after = await projects.set_archived(tx, archived)
                    tx.record(
                        "project.archived" if archived else "project.unarchived",
                        before={"archived_at": _time(before)},
                        after={"archived_at": _time(after)},
                    )
            return await projects.current(tx)

    @repeatable
    async def delete(self, key: str, *, operation: UUID | None = None) -> None:
        """Deletes a project: it no longer exists for anybody, and its keys stay taken. See `restore`."""
        try:
            async with self._guard.project(
                Permission.PROJECT_DELETE, key, operation=operation, alone=True
            ) as tx:
                if not tx.done:
                    after = await projects.set_deleted(tx, True)
                    tx.record(
                        "project.deleted", before={"deleted_at": None}, after={"deleted_at": _time(after)}
                    )
        except NotFound:
            if not await self._guard.happened(operation):
                raise

    @repeatable
    async def restore(self, key: str, *, operation: UUID | None = None) -> Project:
        """Takes a deletion back: for those who owned the project, and for administrators.

        An administrator becomes owner where no active one is left.
        """
        key = text.check_project_key(key)
        async with self._guard.person(write=Permission.PROJECT_DELETE.value, operation=operation) as tx:
            if not tx.done:
                row = await projects.deleted(tx, key)
                role = Role(row["role"]) if row and row["role"] else None
                if row is None or not allows(Permission.PROJECT_DELETE, role, admin=tx.user.admin):
                    raise NotFound(
                        f"There is no deleted project {key} that you could restore.",
                        hint="Its owners and the administrators of this instance can.",
                    )
                tx.place = Place(row["id"], row["key"], role, row)
                tx.admit(Permission.PROJECT_DELETE)
                await projects.set_deleted(tx, False)
                tx.record(
                    "project.restored",
                    before={"deleted_at": _time(row["deleted_at"])},
                    after={"id": row["id"], "deleted_at": None},
                )
                await _be_owner_if_none_is(tx)
        return await self.show(key)


async def _be_owner_if_none_is(tx: Tx) -> None:
    if not await members.has_owner_besides(tx, None):
        before = tx.place and tx.place.role
        await members.put(tx, tx.user.id, Role.OWNER)
        tx.record(
            "member.changed" if before else "member.added",
            before={"user_id": tx.user.id, "role": before},
            after={"user_id": tx.user.id, "role": Role.OWNER},
        )


def _texts(row: Row) -> dict[str, str]:
    return {"name": row["name"], "description": row["description"]}


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
