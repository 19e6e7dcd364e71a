"""What shows a page costs as much in a large project as in a small one.

The same pages are read in two instances, one four times as large as the other. Costs are counted in
blocks that the statements look at, since times say little on a busy machine. Bounds that only matter in large
projects are taken down as far as the instances are smaller than those.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from rhythm_domain import database
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database
from rhythm_domain.queries import Named
from rhythm_domain.repository import narrowing, sources, starting
from rhythm_domain.session import Session
from tests.conftest import Postgres
from tests.databases import Databases
from tests.domain.conftest import Filled

PROJECT = "ATLAS"
ORDERS = ("created", "updated", "priority", "due", "rank", "closed")
LISTS = ("", "is:open", "status:todo", "label:backend", "type:bug is:open", "the", "t", "-the", "is:open the")
RARE = ("zzyzx", '"zzyzx the"', "the zzyzx", "label:zzyzx", "assignee:nobody")
BOARDS = ("", "label:backend", "is:open", "the")


@pytest.fixture(autouse=True)
def scaled_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the small project had a hundred thousand issues, none of which was listed before."""
    monkeypatch.setattr(narrowing, "KEPT", 0)
    monkeypatch.setattr(sources, "WINDOW", 200)
    monkeypatch.setattr(starting, "FEW", 300)
    monkeypatch.setattr(starting, "RARE", 50)
    monkeypatch.setattr(starting, "_FOUND", 25 * starting._FOUND)


@pytest.fixture
def larger(postgres: Postgres, databases: Databases) -> Iterator[Filled]:
    """As `filled`, but four times as large."""
    name = databases.copy()
    yield Filled.at(postgres.conninfo(name), 16_000)
    databases.drop(name)


async def test_no_page_costs_more_in_a_larger_project(
    filled: Filled, larger: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first pages of lists in every order, of what nobody wrote, and boards."""
    small, large = await _costs(filled, monkeypatch), await _costs(larger, monkeypatch)
    assert {
        what: (blocks, large[what]) for what, blocks in small.items() if large[what] > 2 * blocks + 100
    } == {}


async def _costs(at: Filled, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many blocks each page needs."""
    blocks: list[int] = []

    def counted(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def fetch(connection: Connection, query: Named, params: Any = None) -> Any:
            # A few segments of facets are counted now and then: each is larger than these projects.
            if re.match(rb"(--.*\n)*\s*(SELECT|WITH|\()", query.text) and query.name != "search_shared":
                asked = b"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + query.text
                (row,) = await (await connection.execute(asked, params)).fetchall()
                plan = row["QUERY PLAN"][0]["Plan"]
                blocks.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
            return await real(connection, query, params)

        return fetch

    costs = {}
    with monkeypatch.context() as patch:
        for name in ("fetch", "tuples"):
            patch.setattr(database, name, counted(getattr(database, name)))
        db = Database(at.conninfo)
        for what, show in _pages(Session(db, at.owner.user, at.owner.id)).items():
            blocks.clear()
            await show()
            costs[what] = sum(blocks)
        await db.close()
    return costs


def _pages(session: Session) -> dict[str, Callable[[], Awaitable[object]]]:
    async def pages(query: str) -> None:
        page = await session.search.page(query, project=PROJECT)
        if page.next is not None:
            await session.search.page(query, project=PROJECT, cursor=page.next)

    async def board(query: str) -> None:
        await session.boards.show(PROJECT, query, counted=False)

    queries = [f"{text} sort:{order}".strip() for text in (*LISTS, *RARE) for order in ORDERS]
    found: dict[str, Callable[[], Awaitable[object]]] = {
        query: lambda query=query: pages(query)  # type: ignore[misc]
        for query in queries
    }
    found |= {
        f"board {query}": lambda query=query: board(query)  # type: ignore[misc]
        for query in BOARDS
    }
    found["backlog"] = lambda: session.boards.backlog(PROJECT)
    found["history"] = lambda: session.history.of_project(PROJECT)
    found["history of all"] = session.history.of_all
    return found
