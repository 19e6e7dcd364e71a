"""A transaction that the guard opened for a person: what services and repositories work with.

It runs named queries, and records what was changed: every write leaves rows of history, with what each value
was before and after, or says that it changed nothing. An operation that is sent again finds out here that it
was done before.
"""

from __future__ import annotations

import asyncio
import functools
import json
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection, Question
from rhythm_domain.database import Row
from rhythm_domain.errors import Forbidden, Invalid, Unavailable
from rhythm_domain.models import Role, User
from rhythm_domain.names import Names
from rhythm_domain.operations import part_of
from rhythm_domain.policy import Permission, allows, reason
from rhythm_domain.queries import Named
from rhythm_domain.refusals import Retry

_Q = queries.load("guard")

CHANNEL = "rhythm"
"""The channel of the notices; a notice is `{"p": project id, "i": [issue ids], "o": operation}`. Without a
project it concerns everybody.
"""

_FOR_ALL = ("member.", "project.created", "project.restored")
"""Kinds of events that concern those whose project it was not so far."""

BULK = 2000
"""The most issues in one transaction; larger bulks go in chunks of one operation."""

ATTEMPTS = 6
"""How often a write is run before somebody is told that too many are changing the same."""

P = ParamSpec("P")
R = TypeVar("R")

Ref = int | str
"""An issue: its id, or its key such as CORE-123."""

Operation: TypeAlias = "UUID | Chunk | None"
"""The client's id of a write; without one it gets one."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One transaction of an operation that needs several; each happens once, all are undone as one."""

    operation: UUID
    index: int


class Place(NamedTuple):
    """Where a write happens: a project, and what the person is in it."""

    id: int
    key: str
    role: Role | None
    row: Row

    @property
    def archived(self) -> bool:
        return self.row["archived_at"] is not None


class Done(NamedTuple):
    """What an operation already did: where, the issues it touched, and what it recorded."""

    project_id: int | None
    issue_ids: tuple[int, ...]
    kinds: tuple[str, ...]
    after: tuple[Mapping[str, Any], ...]


class Moment(NamedTuple):
    """What a transaction sees: a history that ends with an event, and at least all that transactions below a
    number did, which are `over`. If it is `settled`, no others were at work: what is recorded later has a
    higher sequence number. Within a project it is the history of that, and of what happens in none.
    """

    seq: int
    event: UUID
    over: int
    settled: bool

    def still(self, since: Moment) -> bool:
        """Whether nothing happened since an earlier one."""
        # At another one something may be missing that was there then, though the history is no shorter.
        return (self.seq, self.event) == (since.seq, since.event) and since.over <= self.over


@dataclass(slots=True)
class Tx:
    """A transaction that the guard opened for a person. `done` is set if this operation happened before."""

    connection: Connection
    user: User
    session_id: int
    operation: UUID
    write: bool
    chunk: int = 0
    place: Place | None = None
    permission: str = ""
    done: Done | None = None
    stale: bool = False
    now: datetime | None = None
    """What all that this transaction writes is dated, where the door asked for it."""
    search_generation: int = 1
    """What the search index can be asked for, see `lexemes.GENERATION`."""
    living: tuple[int, ...] = ()
    archived: tuple[int, ...] = ()
    """The projects that the person is a member of, where the door asked for them."""
    moment: Moment | None = None
    """Which moment this transaction sees, where the door asked for it."""
    names: Names = field(default_factory=Names)
    """Names that are known already."""
    hints: dict[Any, Any] = field(default_factory=dict)
    """What was found out about the data, see `repository.hints`: it outlives the transaction."""
    _events: list[Row] = field(default_factory=list)
    _unchanged: bool = False

    async def fetch(self, query: Named, **params: Any) -> list[Row]:
        """All rows of a query."""
        return await database.fetch(self.connection, query, params)

    async def tuples(self, query: Named, **params: Any) -> list[tuple[Any, ...]]:
        """The same, each row without the names of its columns: for those that come by the hundred."""
        return await database.tuples(self.connection, query, params)

    async def one(self, query: Named, **params: Any) -> Row | None:
        """The first row of a query, or None."""
        rows = await database.fetch(self.connection, query, params)
        return rows[0] if rows else None

    async def last(self, query: Named, **params: Any) -> list[Row]:
        """All rows of a query that is the last: a transaction that only reads ends with it (see `end`)."""
        asked = self.later(query, **params)
        await self.end()
        return asked.rows

    async def execute(self, query: Named, **params: Any) -> int:
        """Runs a query; the number of rows it touched."""
        return await database.execute(self.connection, query, params)

    def later(self, query: Named, *, named: bool = True, **params: Any) -> Question:
        """Has a query sent with what is asked next, or else with COMMIT: it is answered by then. Its rows are
        tuples if they are not to be `named`.
        """
        asked = database.question(query, params, named=named)
        self.connection.waiting.append(asked)
        return asked

    async def send(self) -> None:
        """Sends what was left for later."""
        await database.ask(self.connection)

    async def end(self) -> None:
        """The same, as the last of a transaction that only reads: that ends with it, in one message. Whatever
        is asked behind it sees another moment.
        """
        await database.end(self.connection)

    async def hold(self, issues: Sequence[int]) -> dict[int, bool]:
        """Locks issues until the end, in one order; of those that exist, if they are deleted."""
        return {row["id"]: row["deleted"] for row in await self.fetch(_Q["hold_issues"], ids=list(issues))}

    @property
    def project_id(self) -> int:
        """The project that this transaction is about."""
        if self.place is None:
            raise RuntimeError("this transaction is about no project")
        return self.place.id

    @property
    def key(self) -> str:
        """The key of that project, as people know it now."""
        return self.place.key if self.place else ""

    def allows(self, permission: Permission, *, author: bool = False) -> bool:
        """Whether the person's role here allows something: for what they see beside what they asked for."""
        return self.place is not None and allows(
            permission, self.place.role, admin=self.user.admin, author=author
        )

    def admit(self, permission: Permission, *, author: bool = False) -> None:
        """Admits the person by a permission, which the history then records; a service may ask for a higher
        one than its door did, once it has seen the rows. Raises `Forbidden` with the reason.
        """
        if self.place is None:
            raise RuntimeError("this transaction is about no project")
        if not self.allows(permission, author=author):
            raise Forbidden(f"You may not do that: {reason(permission)}.")
        if self.write and self.place.archived and not permission.rule.archived:
            raise Forbidden(
                f"{self.place.key} is archived: nothing in it can be changed.",
                hint="An owner can unarchive it: `rhythm project unarchive KEY`.",
            )
        by_role = allows(permission, self.place.role, author=author)
        self.permission = permission.value if by_role else f"admin:{permission.value}"

    def answers(self, **named: Any) -> None:
        """Makes sure that what was done already was done to what is named now, as its first event has it.

        Raises `Invalid`: an answer to another change must not be taken for one to this.
        """
        if self.done is not None and not named.items() <= self.done.after[0].items():
            raise of_another_change()

    def event_id(self, at: int) -> UUID:
        """The id of this transaction's event number `at`: the same whenever the operation is sent again."""
        return _event_id(self.operation, self.chunk, at)

    def record(
        self,
        kind: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        issue: int | None = None,
        undoes: UUID | None = None,
        project: int | None = None,
    ) -> None:
        """Adds a row of history. Values are JSON: enums and dates as text, people and sprints as ids."""
        if not self.write or self.done is not None:
            raise RuntimeError("a read, or an operation that was done before, records nothing")
        at = project or (self.place.id if self.place else None)
        self._events.append(
            {
                "id": self.event_id(len(self._events)),
                "kind": kind,
                "project_id": at,
                "issue_id": issue,
                "before": before or {},
                "after": after or {},
                "undoes": undoes,
            }
        )

    def unchanged(self) -> None:
        """Says that this write changed nothing, on purpose."""
        self._unchanged = True

    async def flush(self) -> None:
        """Has what was recorded written with COMMIT; the guard calls it at the end."""
        if not self.write or self.done is not None:
            return
        if not self._events:
            if self._unchanged:
                return
            raise RuntimeError(f"a write ({self.permission}) recorded no event")
        by: dict[str, Any] = {
            "operation": self.operation,
            "actor": self.user.id,
            "permission": self.permission,
        }
        if len(self._events) == 1:
            (event,) = self._events
            sides = {side: _written(event[side]) for side in ("before", "after")}
            self.later(_Q["record"], **by, **event | sides)
        else:
            self.later(_Q["record_many"], **by, events=_written(self._events))

    def tell(self) -> None:
        """Has the listeners told behind COMMIT, if there is anything to tell."""
        if (notice := self._notice()) is not None:
            told = Question(_Q["notify"], {"channel": CHANNEL, "payload": notice})
            self.connection.follow.append(told)

    def _notice(self) -> str | None:
        """What the listeners are told, if there is anything to tell."""
        if not self._events or self.done is not None:
            return None
        issues = sorted({event["issue_id"] for event in self._events if event["issue_id"] is not None})
        projects = {event["project_id"] for event in self._events}
        # Who becomes a member does not know yet that it is their project.
        for_all = len(projects) > 1 or any(event["kind"].startswith(_FOR_ALL) for event in self._events)
        # A notice holds at most 8,000 bytes; without ids it says "much changed".
        return _written(
            {
                "p": None if for_all else projects.pop(),
                "i": issues if len(issues) <= 200 else None,
                "o": self.operation,
            }
        )


_written = json.JSONEncoder(default=str).encode


def first_event(chunk: Chunk) -> UUID:
    """The id of the first event of a transaction: it is there if that was committed."""
    return _event_id(chunk.operation, chunk.index, 0)


def _event_id(operation: UUID, chunk: int, at: int) -> UUID:
    return part_of(operation, f"{chunk}.{at}") if chunk or at else operation


def of_another_change() -> Invalid:
    """What an operation recorded is no answer to what is asked now."""
    return Invalid("The operation's id is that of another change.", field="operation", hint="Use a new one.")


def repeatable(method: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """A service method that is run again when its transaction lost a race; nothing of it had been saved."""

    @functools.wraps(method)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS):
            try:
                return await method(*args, **kwargs)
            except Retry:
                await asyncio.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - not a secret
        try:
            return await method(*args, **kwargs)
        except Retry as error:
            raise Unavailable("Too many people are changing the same.") from error

    return wrapper
