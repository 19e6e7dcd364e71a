"""The plans of the named queries: EXPLAIN on the real data, with arguments taken from it, and rolled back."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from rhythm_domain import database, queries
from rhythm_domain.database import Connection, Database, Retry
from rhythm_domain.errors import NotFound, RhythmError
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.queries import Named

DEADLINE = 60.0

_PARAMETER = re.compile(r"(?<!%)%\((\w+)\)s")

_Q = queries.load("health")


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: its lines, the arguments that it was made with, and whether the query was run for it."""

    name: str
    query: str
    arguments: dict[str, Any]
    ran: bool
    lines: tuple[str, ...]


class _Way(NamedTuple):
    """How to ask for a plan: the command, and whether it runs the query, and with samples as arguments."""

    command: str
    runs: bool
    sampled: bool


_WAYS = (
    _Way("EXPLAIN (ANALYZE, BUFFERS)", runs=True, sampled=True),
    _Way("EXPLAIN", runs=False, sampled=True),
    _Way("EXPLAIN", runs=False, sampled=False),
)
"""In order: the first that the query accepts. One name may mean another thing in another query."""


class _RolledBack(Exception):  # noqa: N818 - not an error that anyone sees
    """The end of a transaction that was only for looking."""


async def explain(conninfo: str, name: str) -> Plan:
    """The plan of a named query: run and rolled back where the sample arguments allow it, else estimated.

    Raises `NotFound` with the nearest names.
    """
    known = queries.every()
    if name not in known:
        raise NotFound(
            f"There is no query named {name}.",
            hint=did_you_mean(name, known, f"`rhythm db explain --list` names all {len(known)}."),
        )
    query = known[name]
    assert isinstance(query.text, bytes)  # noqa: S101 - named queries are texts
    text = query.text.decode()
    db = Database(conninfo, deadline=DEADLINE, max_size=1)
    try:
        for how in _WAYS[:-1]:
            with suppress(RhythmError, Retry):
                return await _plan(db, name, text, how)
        return await _plan(db, name, text, _WAYS[-1])
    finally:
        await db.close()


async def _plan(db: Database, name: str, text: str, how: _Way) -> Plan:
    plan: Plan | None = None
    try:
        async with db.transaction(write=True) as connection:
            arguments = await _arguments(connection, text, sampled=how.sampled)
            explained = Named(f"explain_{name}", f"{how.command} {text}".encode())
            rows = await database.fetch(connection, explained, arguments)
            lines = tuple(str(next(iter(row.values()))) for row in rows)
            plan = Plan(name, text, arguments, how.runs, lines)
            raise _RolledBack
    except _RolledBack:
        assert plan is not None  # noqa: S101 - for mypy
        return plan


async def _arguments(connection: Connection, text: str, *, sampled: bool) -> dict[str, Any]:
    """A value of the database at hand for each parameter whose name says what it is; NULL for the others."""
    (samples,) = await database.fetch(connection, _Q["samples"]) if sampled else ({},)
    return {match[1]: samples.get(match[1]) for match in _PARAMETER.finditer(text)}
