"""Search: pages of issues, totals, ids and completion, in one project or across all of a person's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from rhythm_domain.cursors import checked_limit
from rhythm_domain.errors import Invalid
from rhythm_domain.guard import Guard
from rhythm_domain.models import CLOSED, OPEN, IssueRow, Page, Status, Total
from rhythm_domain.policy import Permission
from rhythm_domain.query import Condition, Field, Is, Query, parse
from rhythm_domain.repository import issues, narrowing, search
from rhythm_domain.repository.names import Names
from rhythm_domain.repository.selection import look_up, projects, select
from rhythm_domain.services.unknown import sentence
from rhythm_domain.suggest import LIMIT, Suggestion, Vocabulary, asks_for_names, suggest
from rhythm_domain.transaction import BULK, Tx

COUNTED = 10_000
"""Where a total stops being exact."""


class Search:
    """What a person finds: in a project that they may read, or without one in all projects that they are a
    member of (an administrator too). Archived projects are searched only if named, by `project` or by
    `project:` in the query; the trash and deleted projects never.

    A query is text or parsed; text that is no query raises `QueryError`. A name of a person, a label, a
    sprint or a project that is not there finds nothing.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def page(
        self,
        query: str | Query = "",
        *,
        project: str | None = None,
        cursor: str | None = None,
        before: str | None = None,
        last: bool = False,
        limit: int = 50,
    ) -> Page[IssueRow]:
        """A page of issues in the query's order, else the newest first.

        `cursor` goes on behind a page (its `next`), `before` goes back (its `previous`), `last` begins at the
        list's end. A query that is only a key or a number gives that issue, if there is one, else what the
        text finds. By relevance only the newest 200 matches are ordered. Raises `Invalid` for a cursor of
        another query.
        """
        if (cursor is not None) + (before is not None) + last > 1:
            raise Invalid("A page lies behind a cursor, before one, or at the end.", field="cursor")
        limit = checked_limit(limit)
        asked = _parsed(query)
        async with self._enter(project) as tx:
            selection = await select(tx, asked)
            at = before if before is not None else cursor
            part = await search.page(tx, selection, cursor=at, back=last or before is not None, limit=limit)
            return Page(items=await issues.rows(tx, part.ids), next=part.next, previous=part.previous)

    async def again(self, ids: Sequence[int]) -> tuple[IssueRow, ...]:
        """Some issues as they are now, at most 2,000, wherever the person may see them.

        Those that are in the trash, gone or not theirs to see are left out. For what is on the screen.
        """
        if len(ids) > BULK:
            raise Invalid(f"At most {BULK:,} issues at once.", field="issue")
        async with self._guard.person() as tx:
            return await issues.rows(tx, await search.visible(tx, ids))

    async def mentioned(self, keys: Iterable[str]) -> dict[str, IssueRow]:
        """Issues by their keys, also by keys that their projects had before, as a text mentions them.

        Those that are in the trash, not there or not the person's to see are left out. Raises `Invalid` for
        more than 2,000.
        """
        parts = {key: key.rpartition("-") for key in keys}
        names = Names(
            parents={key: [] for key, (project, _, number) in parts.items() if project and _number(number)}
        )
        if len(names.parents) > BULK:
            raise Invalid(f"At most {BULK:,} issues at once.", field="issue")
        if not names:
            return {}
        async with self._guard.across() as tx:
            await look_up(tx, names, projects(tx, archived=True))
            ids = {found[0]: None for found in names.parents.values() if found}
            rows = {row.id: row for row in await issues.rows(tx, list(ids))}
        return {key: rows[found[0]] for key, found in names.parents.items() if found and found[0] in rows}

    async def ids(
        self, query: str | Query = "", *, project: str | None = None, limit: int = 100_000
    ) -> tuple[int, ...]:
        """The ids of all issues found, in order, at most `limit`."""
        asked = _parsed(query)
        async with self._enter(project) as tx:
            selection = await select(tx, asked)
            return (await search.page(tx, selection, limit=checked_limit(limit, 1_000_000))).ids

    async def among(
        self, ids: Collection[int], query: str | Query = "", *, project: str | None = None
    ) -> frozenset[int]:
        """Which of some issues are found, in one statement however much else is."""
        asked = _parsed(query)
        async with self._enter(project) as tx:
            return await narrowing.among(tx, await select(tx, asked), tuple(ids))

    async def place(self, issue: int, *, project: str | None = None) -> str | None:
        """The cursor of the list of all, the newest first, right before an issue: behind it stands the issue,
        `before` it what is newer. None if the issue is not in that list.
        """
        async with self._enter(project) as tx:
            return await search.place(tx, await select(tx, Query()), issue)

    async def total(self, query: str | Query = "", *, project: str | None = None) -> Total:
        """How many issues are found: exact where only statuses are asked for, else up to 10,000."""
        asked = _parsed(query)
        async with self._enter(project) as tx:
            statuses = counted(asked)
            if statuses is not None:
                known = await search.counts(tx)
                return Total(count=sum(known.get(status, 0) for status in statuses))
            total = await search.count(tx, await select(tx, asked), most=COUNTED + 1)
            return Total(count=min(total, COUNTED), exact=total <= COUNTED)

    async def exact_total(self, query: str | Query = "", *, project: str | None = None) -> Total:
        """How many issues are found, however many. Raises `Unavailable` where that takes too long."""
        asked = _parsed(query)
        if counted(asked) is not None:
            return await self.total(asked, project=project)
        async with self._enter(project) as tx:
            return Total(count=await search.count(tx, await select(tx, asked)))

    async def suggest(
        self, text: str, cursor: int, *, project: str | None = None, limit: int = LIMIT
    ) -> list[Suggestion]:
        """What could stand where the cursor is in a query that is being typed, at most `limit`."""
        if not asks_for_names(text, cursor):
            return suggest(text, cursor, Vocabulary(), limit)
        async with self._enter(project) as tx:
            known = Vocabulary(**await search.vocabulary(tx))
        return suggest(text, cursor, known, limit)

    async def unknown(self, query: str | Query, *, project: str | None = None) -> tuple[str, ...]:
        """What a query names and nobody or nothing is called, each in a sentence with the nearest names."""
        asked = _parsed(query)
        names = Names.asked(asked.conditions)
        if not names:
            return ()
        async with self._enter(project) as tx:
            await look_up(tx, names, projects(tx, archived=True))
            missing = {
                (each.field, value): None for each in asked.conditions for value in names.missing(each)
            }
            known = Vocabulary(**await search.vocabulary(tx)) if missing else Vocabulary()
        return tuple(sentence(field, value, known) for field, value in missing)

    def _enter(self, project: str | None) -> AbstractAsyncContextManager[Tx]:
        if project is None:
            return self._guard.across()
        return self._guard.project(Permission.PROJECT_READ, project)


def counted(query: Query) -> frozenset[Status] | None:
    """The statuses that a query asks for if it asks for nothing else, so that the counters know its total."""
    if query.terms:
        return None
    statuses = frozenset(Status)
    for condition in query.conditions:
        named = _statuses(condition)
        if named is None:
            return None
        statuses = statuses - named if condition.negated else statuses & named
    return statuses


def _statuses(condition: Condition) -> frozenset[Status] | None:
    if condition.field is Field.STATUS:
        return frozenset(Status(str(value)) for value in condition.values)
    if condition.field is Field.IS and set(condition.values) <= {Is.OPEN, Is.CLOSED}:
        return frozenset().union(*(OPEN if value is Is.OPEN else CLOSED for value in condition.values))
    return None


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _parsed(query: str | Query) -> Query:
    return parse(query) if isinstance(query, str) else query
