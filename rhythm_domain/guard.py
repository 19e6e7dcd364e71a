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

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from rhythm_domain import database, places, queries
from rhythm_domain.connection import Connection, Question
from rhythm_domain.database import Database, Row
from rhythm_domain.errors import Forbidden, Invalid, NotFound, NotSignedIn
from rhythm_domain.models import User
from rhythm_domain.names import Names
from rhythm_domain.operations import new_operation
from rhythm_domain.places import Held
from rhythm_domain.policy import Permission
from rhythm_domain.transaction import (
    BULK,
    Chunk,
    Done,
    Moment,
    Operation,
    Place,
    Ref,
    Tx,
    first_event,
    of_another_change,
)


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
        chunk = _chunk(operation) if write else _READ
        who = self._asks_to_write("enter_to_write", chunk) if write else self._asks("enter")
        async with self._db.entered(who, write=bool(write), operation=chunk.operation) as connection:
            tx = self._begun(connection, who.rows, write=bool(write), chunk=chunk)
            if admin and not tx.user.admin:
                raise Forbidden(
                    "Only administrators of this instance may do that.", hint="Ask an administrator."
                )
            tx.permission = write
            if write:
                await self._find_done(tx, who, chunk, write if write != _ASK else "")
            yield tx
            await tx.flush()
            tx.tell()
        await self._after(tx)

    @asynccontextmanager
    async def across(self) -> AsyncIterator[Tx]:
        """The signed-in person, to read in the projects that they are a member of (`living`, `archived`).

        Raises `NotSignedIn`.
        """
        who = self._asks("enter_across")
        async with self._db.entered(who, write=False) as connection:
            tx = self._begun(connection, who.rows, write=False, chunk=_READ)
            tx.living, tx.archived = tuple(who.rows[0]["living"]), tuple(who.rows[0]["archived"])
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
        write, key = not permission.reads, key.strip().upper()
        chunk = _chunk(operation) if write else _READ
        waits = alone or permission in _CLOSING
        if not write:
            asked = [self._asks("enter_project", key=key)]
        elif waits:
            asked = [self._asks_to_write("enter_to_write", chunk)]
        else:
            entering = self._asks_to_write("enter_by_key", chunk, keys=[key])
            asked = [entering, self._asks("hold_membership", key=key)]
        async with self._db.entered(*asked, write=write, operation=chunk.operation) as connection:
            tx = self._begun(connection, asked[0].rows, write=write, chunk=chunk)
            if not write:
                found = _entered(asked[0].rows[0])
            elif waits:
                found = await self._wait_for_project(tx, permission, key, alone=alone)
            else:
                found = next(iter(asked[-1].rows), None)
            place = places.place(found, tx.user)
            if place is None:
                raise NotFound(f"There is no project {key}.")
            if write:
                await self._find_done(tx, asked[0], chunk, permission.value, place.id)
            _admit(tx, permission, place, author=own)
            yield tx
            await tx.flush()
            tx.tell()
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
        write = not permission.reads
        chunk = _chunk(operation) if write else _READ
        wanted = places.named(refs)
        what = places.asked(wanted)
        if write:
            ways = places.ways(wanted)
            entering = [self._asks_to_write(f"enter_{way}", chunk, **what) for way in ways]
            finding = [self._asks(f"hold_{way}", **what) for way in ways]
        else:
            entering, finding = [self._asks("enter")], [self._asks("places_of_issues", **what)]
        asked = [*entering, *finding]
        async with self._db.entered(*asked, write=write, operation=chunk.operation) as connection:
            tx = self._begun(connection, entering[0].rows, write=write, chunk=chunk)
            if write:
                await self._find_done(tx, entering[0], chunk, permission.value)
            held, place = places.found(
                wanted,
                [row for found in finding for row in found.rows],
                tx.user,
                trash=trash if write else None,
                moved=permission is Permission.ISSUE_DELETE,
                done=tx.done,
            )
            author = all(one.reporter_id == tx.user.id for one in held)
            if comment is not None:
                # Whoever changes a comment holds its issue, as this does if it writes.
                owner = await tx.one(_Q["place_of_comment"], comment=comment)
                # A deletion that is sent again finds what it deleted.
                gone = owner is None or (owner["deleted_at"] is not None and tx.done is None)
                if owner is None or gone or owner["issue_id"] != held[0].id:
                    raise NotFound("There is no such comment.")
                author = owner["author_id"] == tx.user.id
            _admit(tx, permission, place, author=author)
            yield tx, held
            await tx.flush()
            tx.tell()
        await self._after(tx)

    async def happened(self, operation: Operation) -> bool:
        """Whether this operation of the person was committed: for what nobody can see once it was done."""
        if operation is None:
            return False
        async with self.person(write=_ASK, operation=operation) as tx:
            tx.unchanged()
            return tx.done is not None

    def _asks(self, query: str, **params: Any) -> Question:
        """What a door asks for whoever has the session."""
        return database.question(_Q[query], {"session": self.session_id, **params})

    def _asks_to_write(self, query: str, chunk: Chunk, **params: Any) -> Question:
        """The same for a write, which may have been done before."""
        return self._asks(query, **_operation(chunk), **params)

    async def _find_done(
        self, tx: Tx, who: Question, chunk: Chunk, asked: str, project: int | None = None
    ) -> None:
        """Notes what the operation did if it was done before, by a permission like the one asked for now."""
        if who.rows[0]["repeated"]:
            done = await tx.fetch(_Q["operation_done"], **_operation(chunk), user=tx.user.id)
            _repeated(tx, done, asked, project)

    async def _wait_for_project(self, tx: Tx, permission: Permission, key: str, *, alone: bool) -> Row | None:
        """A project for a change that others wait for, or that waits for them; None if there is none for this
        person.
        """
        if alone:
            await tx.execute(_Q["hold_project"], key=key)
        place = places.place(await tx.one(_Q["place_by_key"], session=self.session_id, key=key), tx.user)
        if place is None:
            return None
        hold = "hold_project_back" if permission in _CLOSING else "hold_project_open"
        await tx.fetch(_Q[hold], project=place.id)
        return await tx.one(_Q["hold_membership"], session=self.session_id, key=key)

    def _begun(self, connection: Connection, rows: Sequence[Row], *, write: bool, chunk: Chunk) -> Tx:
        """The transaction of the person whose session was asked for; no row says that it has ended."""
        if not rows:
            raise NotSignedIn("Your session has ended.")
        row = rows[0]
        if write and row["read_only"]:
            raise Forbidden("This access token may only read.", hint="Use a token that may write.")
        if write and row["instance_read_only"]:
            raise Forbidden("The instance is read-only at the moment.", hint="Try again later.")
        user = _user(*_FIELDS(row))
        return Tx(
            connection,
            user,
            self.session_id,
            chunk.operation,
            write,
            chunk.index,
            stale=row["stale"],
            now=row.get("now"),
            search_generation=row["search_generation"],
            moment=_moment(row),
            names=Names() if write else self._db.names_of(row["names_version"]),
            hints=self._db.hints,
        )

    async def _after(self, tx: Tx) -> None:
        """What follows a transaction, in one of its own: that the session is in use. It may not fail it."""
        if tx.stale:
            await self._db.run_aside(_Q["seen"], {"session": self.session_id})


_Q = queries.load("guard")

_ASK = "operation.ask"

_CLOSING = {Permission.PROJECT_ARCHIVE, Permission.PROJECT_DELETE}
"""What waits for all writes that are at work in a project, and is waited for by all behind it."""

_MEMBERS = {Permission.MEMBER_LEAVE, Permission.MEMBER_MANAGE, Permission.OWNER_MANAGE}
"""What a change of a member enters by, and what it then needs."""


_FIELDS = itemgetter(*User.names)


@lru_cache(maxsize=16)
def _user(*values: Any) -> User:
    """A person, of the values of all fields: nearly always the same one."""
    return User(**dict(zip(User.names, values, strict=True)))


def _moment(row: Row) -> Moment | None:
    """Where the history ends, if the door asked for it and there is any."""
    if row.get("event") is None:
        return None
    return Moment(row["seq"], row["event"], row["over"], row["settled"])


def _entered(row: Row) -> Row | None:
    """The project that was entered with the person, if there is one."""
    return {**row, "id": row["project_id"], "key": row["project_key"]} if row["project_id"] else None


def _family(permission: str) -> str:
    """What changes of one kind have in common, whoever makes them."""
    bare = permission.removeprefix("admin:")
    return "members" if bare in _MEMBERS else bare


_READ = Chunk(UUID(int=0), 0)
"""Of what reads, which is no operation."""


def _chunk(operation: Operation) -> Chunk:
    return operation if isinstance(operation, Chunk) else Chunk(operation or new_operation(), 0)


def _operation(chunk: Chunk) -> Row:
    """The parameters by which statements look for what was done before."""
    return {"operation": chunk.operation, "first": first_event(chunk)}


def _repeated(tx: Tx, done: Sequence[Row], asked: str, project: int | None) -> None:
    """What another kind of change recorded must not be taken for an answer: its ids are of other things."""
    elsewhere = project is not None and done[0]["project_id"] != project
    if elsewhere or (asked and _family(done[0]["permission"]) != _family(asked)):
        raise of_another_change()
    tx.done = Done(
        done[0]["project_id"],
        tuple(row["issue_id"] for row in done if row["issue_id"] is not None),
        tuple(row["kind"] for row in done),
        tuple(row["after"] for row in done),
    )


def _admit(tx: Tx, permission: Permission, place: Place, *, author: bool) -> None:
    tx.place = place
    # What was done already is only answered again, also to one who may no longer: who handed a project over,
    # or when it was archived meanwhile. What was done in another project answers nothing here.
    if tx.done is None:
        tx.admit(permission, author=author)
    elif tx.done.project_id != place.id:
        raise of_another_change()
