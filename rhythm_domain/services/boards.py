"""Boards: a project's issues by status, its backlog, a sprint's cards. All are queries over issues."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rhythm_domain.cursors import checked_limit, pack
from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import Board, BoardColumn, IssueRow, Page, Status, Total
from rhythm_domain.policy import Permission
from rhythm_domain.query import Condition, Field, Query, Sort, SortKey, parse
from rhythm_domain.repository import boards, conditions, issues, projects, search
from rhythm_domain.repository.boards import Column
from rhythm_domain.repository.conditions import Clause
from rhythm_domain.repository.selection import select, tag
from rhythm_domain.transaction import Tx

COUNTED = 1_000
"""Where the total of a filtered column stops being exact."""

_BY_RANK = Sort.by(SortKey.RANK)
_BY_CLOSING = Sort.by(SortKey.CLOSED)


class Boards:
    """What a person sees of a project at work. Queries are those of the search; a board has its own order."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def show(self, key: str, query: str = "", *, limit: int = 50, counted: bool = True) -> Board:
        """Every column with its total and its first cards.

        Open columns are in the order of rank, closed ones by when they were closed, the latest first. Totals
        are exact without a query, else up to 1,000; if not `counted`, which is quicker, perhaps only where
        all cards are among the first. Raises `QueryError` for what is no query.
        """
        asked, limit = parse(query).with_sort(None), checked_limit(limit)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            current = projects.current_later(tx)
            filtered = bool(asked.terms or asked.conditions)
            selection = await select(tx, asked)
            if selection.projects:
                most = (COUNTED + 1 if counted else 0) if filtered else None
                columns = await boards.columns(tx, selection, limit=limit + 1, most=most)
            else:
                columns = {status: Column((), 0) for status in Status}
                await tx.send()
            project = current()
            wanted = [id_ for column in columns.values() for id_ in column.ids[:limit]]
            cards = {row.id: row for row in await issues.rows(tx, wanted)}
            return Board(
                project=project,
                query=str(asked),
                columns=tuple(
                    BoardColumn(
                        status=status,
                        total=_read(column, limit, counted=counted)
                        if filtered
                        else Total(count=column.total),
                        wip_limit=project.wip_limits.get(status),
                        cards=(shown := tuple(cards[id_] for id_ in column.ids[:limit])),
                        next=_behind(tx, asked, status, shown[-1]) if len(column.ids) > limit else None,
                    )
                    for status, column in columns.items()
                ),
            )

    async def column(
        self, key: str, status: Status, query: str = "", *, cursor: str | None = None, limit: int = 50
    ) -> BoardColumn:
        """One column, or more of its cards behind the cursor that it gave."""
        asked, limit = _of_column(parse(query), status), checked_limit(limit)
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            project = await projects.current(tx)
            selection = await select(tx, asked)
            part = await search.page(tx, selection, cursor=cursor, limit=limit)
            if len(asked.conditions) == 1 and not asked.terms:
                total = Total(count=(await search.counts(tx)).get(status, 0))
            else:
                total = _total(await search.count(tx, selection, most=COUNTED + 1), COUNTED)
            return BoardColumn(
                status=status,
                total=total,
                wip_limit=project.wip_limits.get(status),
                cards=await issues.rows(tx, part.ids),
                next=part.next,
            )

    async def backlog(
        self,
        key: str,
        query: str = "",
        *,
        cursor: str | None = None,
        before: str | None = None,
        last: bool = False,
        limit: int = 50,
    ) -> Page[IssueRow]:
        """The open issues in no sprint, by rank unless the query has an order of its own.

        `cursor`, `before` and `last` are those of a search.
        """
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await _page(tx, query, [conditions.BACKLOG], "backlog", cursor, before, last, limit)

    async def sprint_cards(
        self,
        key: str,
        sprint: int,
        query: str = "",
        *,
        cursor: str | None = None,
        before: str | None = None,
        last: bool = False,
        limit: int = 50,
    ) -> Page[IssueRow]:
        """All issues of a sprint, by rank unless the query has an order of its own."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            there = boards.has_sprint_later(tx, sprint)
            page = await _page(
                tx, query, [conditions.sprint((sprint,))], f"sprint {sprint}", cursor, before, last, limit
            )
            await tx.send()
            if not there():
                raise NotFound("There is no such sprint.", hint="`rhythm sprint list KEY` shows them.")
            return page


async def _page(
    tx: Tx,
    query: str,
    clauses: Sequence[Clause],
    name: str,
    cursor: str | None,
    before: str | None,
    last: bool,
    limit: int,
) -> Page[IssueRow]:
    selection = await select(tx, parse(query), sort=_BY_RANK, clauses=clauses, name=name)
    if (cursor is not None) + (before is not None) + last > 1:
        raise Invalid("A page lies behind a cursor, before one, or at the end.", field="cursor")
    at = before if before is not None else cursor
    back = last or before is not None
    part = await search.page(tx, selection, cursor=at, back=back, limit=checked_limit(limit))
    return Page(items=await issues.rows(tx, part.ids), next=part.next, previous=part.previous)


@lru_cache(maxsize=256)
def _of_column(query: Query, status: Status) -> Query:
    """What a column of a filtered board asks for, in its order."""
    of_status = Condition(field=Field.STATUS, values=(status,))
    return query.with_condition(of_status).with_sort(_BY_CLOSING if status.closed else _BY_RANK)


def _behind(tx: Tx, query: Query, status: Status, card: IssueRow) -> str:
    """The cursor of a column behind one of its cards."""
    asked = _of_column(query, status)
    value = card.closed_at if status.closed else card.rank
    return pack(tag(tx, asked, asked.sort or _BY_RANK), (0, value, card.id))


def _read(column: Column, limit: int, *, counted: bool) -> Total:
    """The total of a filtered column; of one that was not counted, what its first cards say of it."""
    if counted or column.total >= len(column.ids):
        return _total(column.total, COUNTED)
    return _total(len(column.ids), limit)


def _total(count: int, bound: int) -> Total:
    return Total(count=min(count, bound), exact=count <= bound)
