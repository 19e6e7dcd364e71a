"""Lists at any depth, boards, the planner and the burndown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.measure import Bound, Series

CALLS = 40
PAGES = 8

ORDERS = ("created", "updated", "priority", "due", "rank", "closed")
FILTERS = ("", "is:open", "status:in_progress", "type:bug", "label:backend", "assignee:@me")
COMBINED = (
    "label:idea priority:urgent is:open",
    "status:done type:chore label:regression",
    "is:blocked priority:high type:feature",
    "due:<30d label:customer no:assignee",
)


async def series(bench: Bench) -> AsyncIterator[Series]:
    """Everything that only reads and is no search for words, in the largest project."""
    async with bench.session() as session:
        yield await _lists(session, bench.large, FILTERS, Series("list, any page", Bound(p95=4)))
        rare = Series("list, three filters", Bound(p95=15))
        yield await _lists(session, bench.large, COMBINED, rare)
        board = partial(session.boards.show, bench.large)
        for anew in (True, False):
            into = Series("board" if anew else "board, again", Bound(p95=5))
            yield await _repeated(session, into, board, "50 cards a column", anew=anew)
        for anew in (True, False):
            yield await _planner(session, bench.large, anew=anew)
        sprint = (await session.sprints.list(bench.large))[0]
        report = partial(session.sprints.report, bench.large, sprint.name)
        yield await _repeated(session, Series("burndown", Bound(p95=30)), report, sprint.name, anew=True)


async def _lists(session: Session, project: str, filters: tuple[str, ...], into: Series) -> Series:
    for text in filters:
        for order in ORDERS:
            query = f"{text} sort:{order}".strip()
            cursor = None
            for page in range(PAGES):
                found = await into.time(
                    f"{query}, page {page + 1}",
                    partial(session.search.page, query, project=project, cursor=cursor),
                )
                cursor = found and found.next
                if cursor is None:
                    break
    return into


async def _planner(session: Session, project: str, *, anew: bool) -> Series:
    into = Series("backlog and sprint, 500 cards" if anew else "backlog and sprint, again", Bound(p95=10))
    active = await session.sprints.show(project, "current")

    async def both() -> None:
        await session.boards.backlog(project, limit=250)
        await session.boards.sprint_cards(project, active.id, limit=250)

    return await _repeated(session, into, both, active.name, anew=anew)


async def _repeated(
    session: Session, into: Series, call: Callable[[], Awaitable[object]], what: str, *, anew: bool
) -> Series:
    """The same again and again; `anew` as after a change, when nothing that was read before counts."""
    for _ in range(CALLS):
        if anew:
            session.forget()
        await into.time(what, call)
    return into
