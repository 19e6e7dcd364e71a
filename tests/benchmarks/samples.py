"""A few calls of each kind, to compare: an instance in two states, or instances of several sizes.

Nothing that was read before counts, as after a change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.session import Session
from tests.benchmarks.measure import Bound, Series

CALLS = 30


def reads(session: Session, project: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """What reads in a project, by name."""
    search = partial(session.search.page, project=project)
    return {
        "list": search,
        "list by priority": partial(search, "sort:priority"),
        "a frequent word": partial(search, "the"),
        "a rare word": partial(search, "zeppelin"),
        "board": partial(session.boards.show, project),
        "backlog": partial(session.boards.backlog, project),
    }


async def sampled(session: Session, project: str, what: str, *, beside: dict[str, Series]) -> list[Series]:
    """The reads of a project and a move, each a series; its median is bound by twice that of the series
    `beside` that has its name, and a millisecond.
    """
    issue = await session.issues.create(project, IssueDraft(title="Measured"))
    statuses = [status for status in Status if status is not issue.status]

    async def move() -> None:
        statuses.append(statuses.pop(0))
        await session.issues.move(issue.key, statuses[0])

    found = []
    for name, call in {**reads(session, project), "move": move}.items():
        series = Series(f"{name}, {what}")
        if name in beside:
            series.bound = Bound(p50=2 * beside[name].percentile(0.5) + 1)
        await call()
        for _ in range(CALLS):
            session.forget()
            await series.time(name, call)
        found.append(series)
    await session.issues.delete([issue.key])
    await session.issues.purge([issue.key])
    return found


def by_name(series: list[Series]) -> dict[str, Series]:
    """The series of `sampled`, without what they were sampled in."""
    return {one.name.rpartition(", ")[0]: one for one in series}
