"""Search keystrokes: from the service's call to the models of the first 50 rows, guard included."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from rhythm_domain.query import QueryError, parse
from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.keystrokes import Keystroke, filtered, keystrokes
from tests.benchmarks.measure import Bound, Series

IN_PROJECT = Bound(2, 6, 12, 50)
ACROSS = Bound(3, 12, 25, 60)

ORDERS = ("updated", "relevance", "priority")


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
