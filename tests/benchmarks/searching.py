"""Search keystrokes: from the service's call to the models of the first 50 rows, guard included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from time import perf_counter

from rhythm_domain.query import QueryError, parse
from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.keystrokes import Keystroke, filtered, keystrokes
from tests.benchmarks.measure import Bound, Series

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
            together = Series(f"search {name}, twenty people", bound.times(4))
            yield await _together(bench, project, words, together)


async def _together(bench: Bench, project: str | None, typed: Sequence[Keystroke], into: Series) -> Series:
    """Each person types some queries' keys, at the same pace as all others but not in step with them."""

    async def person(number: int) -> None:
        async with bench.session() as session:
            await session.search.page("", project=project)
            await asyncio.sleep(PAUSE * number / PEOPLE)
            for at in range(KEYS):
                begun = perf_counter()
                keystroke = typed[(number * KEYS + at) % len(typed)]
                await _typed(session, project, [keystroke], "", into)
                await asyncio.sleep(max(PAUSE - (perf_counter() - begun), 0))

    await asyncio.gather(*(person(number) for number in range(PEOPLE)))
    return into


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
