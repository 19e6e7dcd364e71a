"""Moves, creates and edits, by one person and by fifty at once; what was made is purged at the end.

One person's are bound above what a commit takes on the same disk.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from time import monotonic

from psycopg.rows import dict_row

from rhythm_domain.database import Database
from rhythm_domain.models import Status, User
from rhythm_domain.models.drafts import IssueDraft, IssueEdit
from rhythm_domain.session import Session
from tests.benchmarks.instance import Bench
from tests.benchmarks.measure import Bound, Sample, Series

CALLS = 100
PEOPLE = 50
SECONDS = 10
RATE = 10
"""Moves that each of fifty people makes in a second."""


async def series(bench: Bench) -> AsyncIterator[Series]:
    """One person, then fifty, in the largest project."""
    made: list[str] = []
    committing = await _committing(bench)
    yield committing
    floor = committing.percentile(0.95)
    async with bench.session() as session:
        creating = Series("create", Bound(p95=floor + 5, worst=100))
        for at in range(CALLS):
            draft = IssueDraft(title=f"Measured {at}", description="How long does it take? " * 30)
            issue = await creating.time(str(at), partial(session.issues.create, bench.large, draft))
            made.append(issue.key)
        yield creating
        moving = Series("move", Bound(p95=floor + 3, worst=100))
        for at, key in enumerate(made):
            await moving.time(key, partial(session.issues.move, key, [*Status][at % len(Status)]))
        yield moving
        editing = Series("edit", Bound(p95=floor + 5, worst=100))
        for at, key in enumerate(made):
            edit = IssueEdit(title=f"Measured again {at}")
            await editing.time(key, partial(session.issues.edit, key, edit))
        yield editing
        counted = await session.search.total(project=bench.large)
        yield await asyncio.to_thread(_people, bench, made)
        again = await session.search.total(project=bench.large)
        if counted != again:
            raise SystemExit(f"the counts are wrong after {PEOPLE} people: {counted} before, {again} after")
        await session.issues.delete(made)
        await session.issues.purge(made)


async def _committing(bench: Bench) -> Series:
    """The floor: a transaction that writes a few bytes to the log, so that its COMMIT waits for the disk."""
    floor = Series("commit")
    database = Database(bench.conninfo)
    pool = await database._pool.open()

    async def commit() -> None:
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_logical_emit_message(true, 'benchmark', '')")

    for at in range(CALLS):
        await floor.time(str(at), commit)
    await database.close()
    return floor


def _people(bench: Bench, keys: list[str]) -> Series:
    into = Series(f"move, {PEOPLE} people", Bound(p95=20, worst=100))
    with _signed_in(bench) as people, multiprocessing.get_context("spawn").Pool(PEOPLE) as pool:
        begin = monotonic() + 0.2 * PEOPLE
        work = [(bench.conninfo, *people[at % len(people)], keys, begin, at) for at in range(PEOPLE)]
        for times, failed in pool.starmap(_person, work):
            into.samples += [Sample(ms, "") for ms in times]
            into.failed += failed
    return into


@contextmanager
def _signed_in(bench: Bench) -> Iterator[list[tuple[User, int]]]:
    """Members of the largest project who may write there, each with a session of their own."""
    fields = ", ".join(f"u.{name}" for name in User.names)
    with bench.sql() as sql, sql.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"WITH found AS (SELECT {fields} FROM users u JOIN project_members m ON m.user_id = u.id"
            " JOIN projects p ON p.id = m.project_id WHERE p.key = %s AND m.ended_at IS NULL"
            " AND m.role <> 'viewer' AND u.active ORDER BY u.id LIMIT %s),"
            " begun AS (INSERT INTO sessions (user_id, kind) SELECT id, 'key' FROM found"
            " RETURNING id, user_id)"
            " SELECT found.*, begun.id AS session FROM found JOIN begun ON begun.user_id = found.id",
            (bench.large, PEOPLE),
        ).fetchall()
        try:
            yield [(User(**{name: row[name] for name in User.names}), row["session"]) for row in rows]
        finally:
            cursor.execute("DELETE FROM sessions WHERE id = ANY(%s)", ([row["session"] for row in rows],))


def _person(
    conninfo: str, user: User, session_id: int, keys: list[str], begin: float, seed: int
) -> tuple[list[float], list[str]]:
    return asyncio.run(_moves(conninfo, user, session_id, keys, begin, Random(seed)))  # noqa: S311


async def _moves(
    conninfo: str, user: User, session_id: int, keys: list[str], begin: float, dice: Random
) -> tuple[list[float], list[str]]:
    """Moves at a steady pace, not in step with the others."""
    database = Database(conninfo)
    session = Session(database, user, session_id)
    done = Series("")
    await session.issues.move(dice.choice(keys), Status.TODO)
    begin += dice.random() / RATE
    for at in range(SECONDS * RATE):
        await asyncio.sleep(max(0, begin + at / RATE - monotonic()))
        await done.time("", partial(session.issues.move, dice.choice(keys), dice.choice([*Status])))
    await database.close()
    return [sample.ms for sample in done.samples], done.failed


__all__ = ["series"]
