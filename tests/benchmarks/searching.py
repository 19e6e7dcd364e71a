"""Search keystrokes: from the service's call to the models of the first 50 rows, guard included."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Sequence
from functools import partial
from time import monotonic

from rhythm_domain.database import Database
from rhythm_domain.models import User
from rhythm_domain.query import QueryError, parse
from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.keystrokes import Keystroke, filtered, keystrokes
from tests.benchmarks.measure import Bound, Sample, Series

IN_PROJECT = Bound(2, 6, 12, 50)
ACROSS = Bound(3, 12, 25, 60)

ORDERS = ("updated", "relevance", "priority")

PEOPLE, KEYS, PAUSE = 20, 25, 0.2
"""How many people type at once, how many keys each, and the seconds from one to the next."""


async def series(bench: Bench, seed: str, *, every: int = 1, only: str = "") -> AsyncIterator[Series]:
    """Every place with and without filters, and every order; `every` n-th keystroke only."""
    places = (
        ("large", bench.large, IN_PROJECT),
        ("middling", bench.middling, IN_PROJECT),
        ("all", None, ACROSS),
    )
    words, behind = keystrokes(seed)[::every], filtered(seed)[::every]
    some = words[:: len(ORDERS)] + behind[:: len(ORDERS)]
    async with bench.session() as session:
        for name, project, bound in places:
            if only and name != only:
                continue
            await _typed(session, project, keystrokes("warm", each=1), "", Series(""))
            yield await _typed(session, project, words, "", Series(f"search {name}", bound))
            yield await _typed(session, project, behind, "", Series(f"search {name}, filters", bound))
            for order in ORDERS:
                ordered = Series(f"search {name}, {order}", bound.times(2))
                yield await _typed(session, project, some, f" sort:{order}", ordered)
        for name, project, bound in places:
            if not only or name == only:
                into = Series(f"search {name}, twenty people", bound.times(4))
                yield await asyncio.to_thread(
                    _together, bench, session.user, session.id, project, words, into
                )


def _together(
    bench: Bench, user: User, session_id: int, project: str | None, typed: Sequence[Keystroke], into: Series
) -> Series:
    with multiprocessing.get_context("spawn").Pool(PEOPLE) as pool:
        begin = monotonic() + 0.2 * PEOPLE
        keys = [[typed[(at * KEYS + key) % len(typed)] for key in range(KEYS)] for at in range(PEOPLE)]
        work = [
            (bench.conninfo, user, session_id, project, each, begin + PAUSE * at / PEOPLE)
            for at, each in enumerate(keys)
        ]
        for samples, failed in pool.starmap(_person, work):
            into.samples += samples
            into.failed += failed
    return into


def _person(
    conninfo: str, user: User, session_id: int, project: str | None, typed: Sequence[Keystroke], begin: float
) -> tuple[list[Sample], list[str]]:
    return asyncio.run(_paced(conninfo, user, session_id, project, typed, begin))


async def _paced(
    conninfo: str, user: User, session_id: int, project: str | None, typed: Sequence[Keystroke], begin: float
) -> tuple[list[Sample], list[str]]:
    """Types some keys at the pace of all others, but not in step with them."""
    database = Database(conninfo)
    session, into = Session(database, user, session_id), Series("")
    await session.search.page("", project=project)
    for at, keystroke in enumerate(typed):
        await asyncio.sleep(max(begin + PAUSE * at - monotonic(), 0))
        await _typed(session, project, [keystroke], "", into)
    await database.close()
    return into.samples, into.failed


async def _typed(
    session: Session, project: str | None, typed: Sequence[Keystroke], order: str, into: Series
) -> Series:
    for keystroke in typed:
        query = f"{keystroke.query}{order}"
        try:
            parse(query)
        except QueryError:  # A quote that is not closed yet: the app asks nothing.
            continue
        await into.time(query, partial(session.search.page, query, project=project))
    return into
