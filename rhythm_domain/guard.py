"""The only door to the database: a person and a permission become a transaction.

    async with self._guard.issue(Permission.ISSUE_MOVE, ref) as (tx, place):
        if not tx.done:
            ...
            tx.record("issue.moved", issue=..., before=..., after=...)

Each door re-reads the person's session, account and role *in the row's own project* inside the transaction
of the write, and holds them, so that a revocation can't slip between check and act. A write that records no
event raises unless it says `tx.unchanged()`. To somebody who is no member a project does not exist: the same
answer as for a key that was never used.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from rhythm_domain import database, queries
from rhythm_domain.database import Connection, Database, Retry, Row
from rhythm_domain.errors import Forbidden, Invalid, NotFound, NotSignedIn
from rhythm_domain.models import Role, User
from rhythm_domain.policy import Permission, allows
from rhythm_domain.transaction import BULK, CHANNEL, Chunk, Done, Operation, Place, Ref, Tx, of_another_change

_KEY = re.compile(r"([A-Za-z][A-Za-z0-9]{1,9})-([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Held:
    """An issue that the guard let somebody at: its id, key, number, reporter, whether deleted."""

    id: int
    number: int
    key: str
    reporter_id: int
    deleted: bool


def parse_ref(ref: Ref) -> tuple[str, int] | int:
    """An issue's key as (project key, number), or its id. Raises `Invalid` for anything else."""
    if isinstance(ref, int):
        return ref
    match = _KEY.fullmatch(ref.strip())
    if not match or int(match[2]) > 2**31 - 1:
        raise Invalid(f"{ref!r} is no issue key.", field="issue", hint="An issue key looks like CORE-123.")
    return match[1].upper(), int(match[2])


class Guard:
    """The doors of one signed-in session."""

    def __init__(self, db: Database, session_id: int) -> None:
        self._db = db
        self.session_id = session_id

    @asynccontextmanager
    async def person(
        self, *, write: str = "", operation: Operation = None, admin: bool = False
    ) -> AsyncIterator[Tx]:
        """The signed-in person, outside any project. `write` is what the history records as permission.

        Raises `NotSignedIn`; `Forbidden` for a read-only session or instance, or when `admin` is asked for
        and they are not an administrator.
        """
        chunk = _chunk(operation)
        async with self._db.transaction(write=bool(write), operation=chunk.operation) as connection:
            tx = await self._enter(connection, write=bool(write), chunk=chunk)
            if admin and not tx.user.admin:
                raise Forbidden(
                    "Only administrators of this instance may do that.", hint="Ask an administrator."
                )
            tx.permission = write
            await self._repeated(tx, write if write != _ASK else "")
            yield tx
            await tx.flush()
        await self._after(tx)

    @asynccontextmanager
    async def across(self) -> AsyncIterator[Tx]:
        """The signed-in person, to read in the projects that they are a member of (`living`, `archived`).

        Raises `NotSignedIn`.
        """
        async with self._db.transaction(write=False) as connection:
            rows = await database.fetch(connection, _Q["enter_across"], {"session": self.session_id})
            tx = self._begun(connection, rows, write=False, chunk=_chunk(None))
            tx.living, tx.archived = tuple(rows[0]["living"]), tuple(rows[0]["archived"])
            yield tx
        await self._after(tx)

    @asynccontextmanager
    async def project(
        self,
        permission: Permission,
        key: str,
        *,
        operation: Operation = None,
        alone: bool = False,
        own: bool = False,
    ) -> AsyncIterator[Tx]:
        """A project by its key, for somebody with this permission in it.

        `alone` is for changes of the project itself and of its members: they follow one another, each seeing
        what the one before it left. It locks the project before the person's membership is read. `own` says
        that it is about the person's own work, as when they take back what they did themselves.
        Raises `NotFound` to those who are no members, `Forbidden` with the reason to those who may not.
        """
        chunk = _chunk(operation)
        async with self._db.transaction(write=not permission.reads, operation=chunk.operation) as connection:
            key = key.strip().upper()
            if permission.reads:
                tx, place = await self._enter_project(connection, key, chunk)
            else:
                tx = await self._enter(connection, write=True, chunk=chunk)
                place = await self._project(tx, key)
            if alone and place is not None:
                await tx.execute(_Q["hold_project"], key=key)
                place = await self._project(tx, key)
            if place is None:
                raise NotFound(f"There is no project {key}.")
            await self._repeated(tx, permission.value, place.id)
            await self._admit(tx, permission, place, author=own)
            yield tx
            await tx.flush()
        await self._after(tx)

    @asynccontextmanager
    async def issue(
        self,
        permission: Permission,
        ref: Ref,
        *,
        operation: Operation = None,
        comment: int | None = None,
        trash: bool = False,
    ) -> AsyncIterator[tuple[Tx, Held]]:
        """One issue, locked if the permission writes. As `issues`."""
        async with self.issues(permission, [ref], operation=operation, comment=comment, trash=trash) as (
            tx,
            held,
        ):
            yield tx, held[0]

    @asynccontextmanager
    async def issues(
        self,
        permission: Permission,
        refs: Sequence[Ref],
        *,
        operation: Operation = None,
        comment: int | None = None,
        trash: bool = False,
    ) -> AsyncIterator[tuple[Tx, list[Held]]]:
        """Some issues of one project, in the order given, locked if the permission writes.

        With `comment`, the comment's author counts as the author and it must belong to the issue; else the
        issue's reporter does. `trash` looks for deleted issues instead of living ones; reads find both for
        those who may see the trash.
        Raises `NotFound` for what the person can't see or what is not there, `Invalid` for more than 2,000 or
        for several projects, `Forbidden` with the reason.
        """
        if len(refs) > BULK:
            raise Invalid(f"At most {BULK:,} issues at once.", field="issue")
        chunk = _chunk(operation)
        write = not permission.reads
        async with self._db.transaction(write=write, operation=chunk.operation) as connection:
            tx = await self._enter(connection, write=write, chunk=chunk)
            await self._repeated(tx, permission.value)
            moved = permission is Permission.ISSUE_DELETE
            held, place = await self._find(tx, refs, trash=trash if write else None, moved=moved)
            author = all(one.reporter_id == tx.user.id for one in held)
            owner: Row | None = None
            if comment is not None:
                owner = await tx.one(_Q["place_of_comment"], comment=comment)
                # A deletion that is sent again finds what it deleted.
                gone = owner is None or (owner["deleted_at"] is not None and tx.done is None)
                if owner is None or gone or owner["issue_id"] != held[0].id:
                    raise NotFound("There is no such comment.")
                author = owner["author_id"] == tx.user.id
            await self._admit(tx, permission, place, author=author)
            if write:
                # What was found may have been deleted, restored or purged before it was held: look again.
                if await tx.hold([one.id for one in held]) != {one.id: one.deleted for one in held}:
                    raise Retry("issues")
                if comment is not None and await tx.one(_Q["place_of_comment"], comment=comment) != owner:
                    raise Retry("comment")
            yield tx, held
            await tx.flush()
        await self._after(tx)

    async def happened(self, operation: Operation) -> bool:
        """Whether this operation of the person was committed: for what nobody can see once it was done."""
        if operation is None:
            return False
        async with self.person(write=_ASK, operation=operation) as tx:
            tx.unchanged()
            return tx.done is not None

    async def _enter(self, connection: Connection, *, write: bool, chunk: Chunk) -> Tx:
        query = _Q["enter_to_write" if write else "enter"]
        rows = await database.fetch(connection, query, {"session": self.session_id})
        return self._begun(connection, rows, write=write, chunk=chunk)

    async def _enter_project(self, connection: Connection, key: str, chunk: Chunk) -> tuple[Tx, Place | None]:
        """To read in a project: who is there and where, asked in one."""
        asked = {"session": self.session_id, "key": key}
        rows = await database.fetch(connection, _Q["enter_project"], asked)
        tx = self._begun(connection, rows, write=False, chunk=chunk)
        (row,) = rows
        place = {**row, "id": row["project_id"], "key": row["project_key"]} if row["project_id"] else None
        return tx, _place(place, tx.user)

    async def _project(self, tx: Tx, key: str) -> Place | None:
        return _place(await tx.one(_Q["place_by_key"], key=key, user=tx.user.id), tx.user)

    def _begun(self, connection: Connection, rows: Sequence[Row], *, write: bool, chunk: Chunk) -> Tx:
        """The transaction of the person whose session was asked for; no row says that it has ended."""
        if not rows:
            raise NotSignedIn("Your session has ended.")
        row = rows[0]
        if write and row["read_only"]:
            raise Forbidden("This access token may only read.", hint="Use a token that may write.")
        if write and row["instance_read_only"]:
            raise Forbidden("The instance is read-only at the moment.", hint="Try again later.")
        user = User.model_validate({name: row[name] for name in User.model_fields})
        return Tx(
            connection,
            user,
            self.session_id,
            chunk.operation,
            write,
            chunk.index,
            stale=row["stale"],
            hints=self._db.hints,
        )

    async def _find(
        self, tx: Tx, refs: Sequence[Ref], *, trash: bool | None, moved: bool
    ) -> tuple[list[Held], Place]:
        wanted = [parse_ref(ref) for ref in dict.fromkeys(refs)]
        if not wanted:
            raise Invalid("Name at least one issue.", field="issue")
        keys = [ref for ref in wanted if isinstance(ref, tuple)]
        ids = [ref for ref in wanted if isinstance(ref, int)]
        found: dict[int | tuple[str, int], Row] = {}
        if keys:
            rows = await tx.fetch(
                _Q["places_of_issue_keys"],
                keys=[key for key, _ in keys],
                numbers=[number for _, number in keys],
                user=tx.user.id,
            )
            for row in rows:
                asked, _, number = row["asked"].rpartition("-")
                found[asked, int(number)] = row
        if ids:
            rows = await tx.fetch(_Q["places_of_issues"], ids=ids, user=tx.user.id)
            found |= {row["issue_id"]: row for row in rows}
        held: dict[int, Held] = {}
        places: dict[int, Place] = {}
        for ref in wanted:
            row = found.get(ref, {})
            place = _place(row or None, tx.user)
            # What this very operation moved into the trash is found when it is sent again; besides that an
            # answer shows what a read would.
            again = moved and tx.done is not None and row.get("issue_id") in tx.done.issue_ids
            sought = trash if tx.done is None else None
            if place is None or not (again or _visible(row, place, tx.user, sought)):
                if place is not None and isinstance(ref, int):
                    key = f"{place.key}-{row['number']}"
                    raise NotFound(
                        f"{key} is not in the trash." if trash else f"{key} was deleted meanwhile."
                    )
                name = f"{ref[0]}-{ref[1]}" if isinstance(ref, tuple) else f"with the id {ref}"
                raise NotFound(f"There is no issue {name}{' in the trash' if trash else ''}.")
            places[place.id] = place
            held[row["issue_id"]] = Held(
                row["issue_id"],
                row["number"],
                f"{place.key}-{row['number']}",
                row["reporter_id"],
                row["issue_deleted_at"] is not None,
            )
        if len(places) > 1:
            raise Invalid(
                "All issues of one change must be of one project.",
                field="issue",
                hint=f"These are of {', '.join(sorted(place.key for place in places.values()))}.",
            )
        return list(held.values()), next(iter(places.values()))

    async def _admit(self, tx: Tx, permission: Permission, place: Place, *, author: bool = False) -> None:
        if tx.write:
            hold = "hold_project_back" if permission in _CLOSING else "hold_project_open"
            await tx.fetch(_Q[hold], project=place.id)
            row = await tx.one(_Q["hold_membership"], project=place.id, user=tx.user.id)
            now = _place(row and {**place.row, **row}, tx.user)
            if now is None:
                raise NotFound(f"There is no project {place.key}.")
            place = now
        tx.place = place
        # What was done already is only answered again, also to one who may no longer: who handed a project
        # over, or when it was archived meanwhile. What was done in another project answers nothing here.
        if tx.done is None:
            tx.admit(permission, author=author)
        elif tx.done.project_id != place.id:
            raise of_another_change()

    async def _repeated(self, tx: Tx, asked: str, project: int | None = None) -> None:
        """Finds out whether the operation was done before, by a permission like the one that is asked for.

        What another kind of change recorded must not be taken for an answer: its ids are of other things.
        """
        if not tx.write:
            return
        rows = await tx.fetch(
            _Q["operation_done"], operation=tx.operation, first=tx.event_id(0), user=tx.user.id
        )
        if rows:
            elsewhere = project is not None and rows[0]["project_id"] != project
            if elsewhere or (asked and _family(rows[0]["permission"]) != _family(asked)):
                raise of_another_change()
            tx.done = Done(
                rows[0]["project_id"],
                tuple(row["issue_id"] for row in rows if row["issue_id"] is not None),
                tuple(row["kind"] for row in rows),
                tuple(row["after"] for row in rows),
            )

    async def _after(self, tx: Tx) -> None:
        """What follows a transaction, in statements of its own: the notice, and that the session is in use.

        What was saved is saved: neither may fail it.
        """
        notice = tx.notice()
        if notice is not None:
            await self._db.run_aside(_Q["notify"], {"channel": CHANNEL, "payload": notice})
        if tx.stale:
            await self._db.run_aside(_Q["seen"], {"session": self.session_id})


_Q = queries.load("guard")

_ASK = "operation.ask"

_CLOSING = {Permission.PROJECT_ARCHIVE, Permission.PROJECT_DELETE}
"""What waits for all writes that are at work in a project, and is waited for by all behind it."""

_MEMBERS = {Permission.MEMBER_LEAVE, Permission.MEMBER_MANAGE, Permission.OWNER_MANAGE}
"""What a change of a member enters by, and what it then needs."""


def _family(permission: str) -> str:
    """What changes of one kind have in common, whoever makes them."""
    bare = permission.removeprefix("admin:")
    return "members" if bare in _MEMBERS else bare


def _chunk(operation: Operation) -> Chunk:
    return operation if isinstance(operation, Chunk) else Chunk(operation or uuid4(), 0)


def _visible(row: Row, place: Place, user: User, trash: bool | None) -> bool:
    """Whether an issue is where it is looked for; None: wherever this person may look."""
    deleted = row["issue_deleted_at"] is not None
    if trash is None:
        return not deleted or allows(Permission.TRASH_READ, place.role, admin=user.admin)
    return deleted == trash


def _place(row: Row | None, user: User) -> Place | None:
    """The project of a row, if this person may know that it exists."""
    if row is None or (row["role"] is None and not user.admin):
        return None
    return Place(row["id"], row["key"], Role(row["role"]) if row["role"] else None, row)
