"""Where the time of a call goes: this program, the server, or their waiting for each other and the disk."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

from rhythm_domain.connection import Params
from rhythm_domain.database import overheard
from rhythm_domain.models import Issue, Status
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.queries import Named
from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.measure import Sample, Series

CALLS = 100


async def series(bench: Bench) -> AsyncIterator[Series]:
    """Of each call a series of what this program's processor took, one of the server's, and one of the rest:
    the way there and back, a switch between the two at each statement, and the disk that a COMMIT waits for.
    """
    others = _servers(bench)
    async with bench.session() as session:
        issue = await session.issues.create(bench.large, IssueDraft(title="Measured"))
        for name, call in (await _calls(session, bench.large, issue)).items():
            await call()
            servers = _servers(bench) - others
            session.forget()
            statements = await _statements(call)
            parts = {
                part: Series(f"{name}, {statements} statements: {part}")
                for part in ("client", "server", "waiting")
            }
            for at in range(CALLS):
                session.forget()
                start, client, server = time.perf_counter(), time.process_time(), _spent(servers)
                await call()
                took = {"client": time.process_time() - client, "server": _spent(servers) - server}
                took["waiting"] = time.perf_counter() - start - sum(took.values())
                for part, seconds in took.items():
                    parts[part].samples.append(Sample(seconds * 1000, str(at)))
            for one in parts.values():
                yield one
        await session.issues.delete([issue.key])
        await session.issues.purge([issue.key])


async def _calls(session: Session, project: str, issue: Issue) -> dict[str, Callable[[], Awaitable[object]]]:
    search = partial(session.search.page, project=project)
    active = await session.sprints.show(project, "current")
    turns = [status for status in Status if status is not issue.status]

    async def move() -> None:
        turns.append(turns.pop(0))
        await session.issues.move(issue.key, turns[0])

    async def edit() -> None:
        await session.issues.edit(issue.key, IssueEdit(title=f"Measured {time.perf_counter_ns()}"))

    async def create() -> None:
        made = await session.issues.create(project, IssueDraft(title="Measured"))
        await session.issues.delete([made.key])
        await session.issues.purge([made.key])

    return {
        "list": search,
        "frequent word": partial(search, "the"),
        "rare word": partial(search, "zeppelin"),
        "frequent phrase": partial(search, '"the of"'),
        "frequent word, all": partial(session.search.page, "the"),
        "rare word, all": partial(session.search.page, "zeppelin"),
        "board": partial(session.boards.show, project),
        "sprint, 250 cards": partial(session.boards.sprint_cards, project, active.id, limit=250),
        "move": move,
        "edit": edit,
        "create, delete, purge": create,
    }


async def _statements(call: Callable[[], Awaitable[object]]) -> int:
    """How many statements a call has, without BEGIN and COMMIT."""
    heard: list[tuple[Named, Params]] = []
    hearing = overheard.set(heard)
    try:
        await call()
    finally:
        overheard.reset(hearing)
    return len(heard)


def _servers(bench: Bench) -> set[Path]:
    """Where the system counts what the server's processes for its clients have run."""
    with bench.sql() as sql:
        rows = sql.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return {Path(f"/proc/{pid}/schedstat") for (pid,) in rows}


def _spent(servers: set[Path]) -> float:
    """Seconds."""
    return sum(int(path.read_text().split()[0]) for path in servers) / 1e9
