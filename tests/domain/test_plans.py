"""No search, list or board reads a whole table: the plans on a small, analysed copy of a large instance.

Sequential scans are made expensive, so that one is left only where no index could serve.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection, Params
from rhythm_domain.database import Database, overheard
from rhythm_domain.maintenance import plans
from rhythm_domain.queries import Named
from rhythm_domain.session import Session
from tests.domain.conftest import Filled

LARGE = frozenset(
    {
        "issues",
        "issue_texts",
        "issue_search",
        "issue_index",
        "issue_facets",
        "issue_labels",
        "issue_links",
        "comments",
        "events",
    }
    | {"sprint_scope", "issue_sources"}
)
"""The tables that grow with the issues."""

WHOLE = {
    "issue_total": "counts all",
    "samples": "looks for the largest project",
    "correct_counts": "makes all totals anew",
    "derived_data": "compares all",
    "wrong_history": "checks all",
    "issues_after": "goes through all, by its own order",
}
"""Named queries that read everything on purpose."""

QUERIES = (
    "",
    "is:open",
    "status:todo",
    "assignee:@me",
    "label:backend",
    "sprint:current",
    "is:blocked",
    "cache",
    "cache ser",
    "c",
    "zzyzx",
    "v1.2.3",
    '"the cache"',
    "-cache",
    "label:idea cache",
    "is:open priority:urgent type:bug cache",
)
ORDERS = ("created", "updated", "priority", "due", "rank", "closed")


@pytest.fixture(scope="module")
def seen(filled: Filled) -> str:
    """The connection string of those who take an index wherever one could serve."""
    return make_conninfo(filled.conninfo, options="-c enable_seqscan=off")


@pytest.fixture
async def large(filled: Filled, seen: str) -> AsyncIterator[Session]:
    """The owner, signed in."""
    db = Database(seen)
    yield Session(db, filled.owner.user, filled.owner.id)
    await db.close()


def scans(lines: list[str]) -> set[str]:
    """The large tables that a plan reads from end to end."""
    return {name for name in re.findall(r"Seq Scan on (\w+)", "\n".join(lines)) if name in LARGE}


def remembers(lines: list[str]) -> set[str]:
    """What a plan keeps in case that it is looked up again."""
    return set(re.findall(r"Memoize", "\n".join(lines)))


@contextmanager
def explained(
    monkeypatch: pytest.MonkeyPatch, of: Callable[[list[str]], set[str]] = scans
) -> Iterator[dict[str, set[str]]]:
    """What each statement that is run meanwhile would scan, or do otherwise, by its name."""
    found: dict[str, set[str]] = {}

    def explaining(real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def fetch(connection: Connection, query: Named, params: Any = None) -> Any:
            if re.match(rb"(--.*\n)*\s*(SELECT|WITH|\()", query.text):
                cursor = await connection.execute(b"EXPLAIN " + query.text, params)
                lines = [str(row["QUERY PLAN"]) for row in await cursor.fetchall()]
                if seen := of(lines):
                    found.setdefault(query.name, set()).update(seen)
            return await real(connection, query, params)

        return fetch

    with monkeypatch.context() as patch:
        for name in ("fetch", "tuples"):
            patch.setattr(database, name, explaining(getattr(database, name)))
        yield found


async def test_no_search_scans_a_large_table(large: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one project and across all, in every order, the first page and the next; nor does a total."""
    with explained(monkeypatch) as found:
        for project in ("ATLAS", None):
            for text in QUERIES:
                for order in (*ORDERS, "relevance") if re.search(r"(?<!-)cache", text) else ORDERS:
                    query = f"{text} sort:{order}"
                    page = await large.search.page(query, project=project)
                    if page.next:
                        await large.search.page(query, project=project, cursor=page.next)
                await large.search.total(text, project=project)
                await large.search.among((await large.search.ids(text, limit=50)), text, project=project)
    assert found == {}


async def test_what_is_looked_up_once_is_not_remembered(
    large: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the issues are that the index of facets finds."""
    with explained(monkeypatch, remembers) as found:
        for text in (
            "label:idea priority:urgent is:open",
            "is:blocked type:bug",
            "sprint:current label:backend",
        ):
            await large.search.page(f"{text} sort:updated", project="ATLAS")
            await large.search.total(text, project="ATLAS")
    assert found == {}


@pytest.mark.parametrize("project", ["ATLAS", None], ids=["one project", "across"])
async def test_no_more_words_are_compared_than_it_takes(large: Session, project: str | None) -> None:
    """In each project: the newest issues are compared one after the other, until enough are found."""
    heard: list[tuple[Named, Params]] = []
    hearing = overheard.set(heard)
    await large.search.page("is:open c", project=project, limit=2)
    overheard.reset(hearing)
    (query, params) = next(each for each in heard if each[0].name == "search_window")
    async with large._guard._db.transaction(write=False) as connection:
        cursor = await connection.execute(b"EXPLAIN (ANALYZE, FORMAT JSON) " + query.text, params)
        ((plan,),) = [row.values() for row in await cursor.fetchall()]

    def compared(node: dict[str, Any]) -> Iterator[tuple[int, int]]:
        """How many issues' words are looked up, and in how many projects."""
        for each in node.get("Plans", ()):
            if each.get("Index Name") == "issue_search_pkey":
                yield each["Actual Loops"], node["Actual Loops"]
            yield from compared(each)

    ((issues, projects),) = compared(plan[0]["Plan"])
    assert issues < 8 * projects


async def test_no_board_scans_a_large_table(large: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do a filtered one, the backlog, a sprint's cards and its report."""
    with explained(monkeypatch) as found:
        for text in QUERIES:
            await large.boards.show("ATLAS", text)
            await large.boards.backlog("ATLAS", text)
        sprint = await large.sprints.show("ATLAS", "current")
        await large.boards.sprint_cards("ATLAS", sprint.id)
        await large.sprints.report("ATLAS", sprint.name)
    assert found == {}


async def test_no_named_query_scans_a_large_table(seen: str) -> None:
    """With arguments of the data at hand, those left out that read everything on purpose."""
    found = {}
    for query in sorted(set(queries.every()) - set(WHOLE)):
        for plan in await plans.explain(seen, query):
            if scanned := scans(list(plan.lines)):
                found[query] = scanned
    assert found == {}


def test_what_refers_to_an_issue_is_found_by_an_index(filled: Filled) -> None:
    """No plan shows it: the server looks for each reference when an issue is purged."""
    with psycopg.connect(filled.conninfo) as sql:
        rows = sql.execute(
            "SELECT c.conname FROM pg_constraint c WHERE c.contype = 'f' AND c.confrelid = 'issues'::regclass"
            " AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid"
            "   AND coalesce(pg_get_expr(i.indpred, i.indrelid) ~ 'IS NOT NULL', true)"
            "   AND (i.indkey[0] = c.conkey[array_upper(c.conkey, 1)]"
            "     OR (i.indkey[0] = ANY (c.conkey) AND i.indkey[1] = ANY (c.conkey))))"
        ).fetchall()
    assert rows == []
