"""The plans of queries: EXPLAIN on the real data, with arguments taken from it, and rolled back."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import sql

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection, Params, numbered
from rhythm_domain.database import Database
from rhythm_domain.errors import NotFound, RhythmError
from rhythm_domain.maintenance.calls import CALLS, Rehearsal, Sent, sample, sent_by
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.queries import Named
from rhythm_domain.refusals import Retry

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


def known() -> dict[str, str]:
    """What can be explained, and what it is: the calls of `calls`, then the named queries."""
    named = {name: _comment(_text(query)) for name, query in queries.every().items()}
    return {name: call.help for name, call in CALLS.items()} | named


async def explain(conninfo: str, name: str, query: str = "") -> list[Plan]:
    """The plans of a named query, of all queries of a call, or of a composed query that the log names.

    Each is run and rolled back where the sample arguments allow it, else estimated. `query` is what a call
    asks for instead of its own query. Raises `NotFound` with the nearest names.
    """
    if (named := queries.every().get(name)) is None:
        return await _of_calls(conninfo, name, query)
    text = _text(named)
    db = Database(conninfo, deadline=DEADLINE, max_size=1)
    try:
        for how in _WAYS[:-1]:
            with suppress(RhythmError, Retry):
                return [await _plan(db, name, text, how)]
        return [await _plan(db, name, text, _WAYS[-1])]
    finally:
        await db.close()


async def _of_calls(conninfo: str, name: str, query: str) -> list[Plan]:
    """The plans of a call's queries; or of the first query of that name which any call sends."""
    db = Rehearsal(conninfo, DEADLINE)
    seen: set[str] = set()
    try:
        async with db.begun() as connection:
            of = await sample(db, connection)
            if of is None:
                if name in CALLS:
                    hint = "`rhythm demo` makes an instance with some."
                    raise NotFound("There are no issues yet to try this on.", hint=hint)
            elif name in CALLS:
                return [await _explained(connection, sent) for sent in await sent_by(CALLS[name], of, query)]
            else:
                for call in CALLS.values():
                    for sent in await sent_by(call, of, query):
                        if sent.query.name == name:
                            return [await _explained(connection, sent)]
                        seen.add(sent.query.name)
    finally:
        await db.close()
    hint = "`rhythm db explain` alone names all."
    raise NotFound(f"There is no query named {name}.", hint=did_you_mean(name, {*known(), *seen}, hint))


async def _explained(connection: Connection, sent: Sent) -> Plan:
    """The plan of what a call sent: of a prepared statement, so that `plan_cache_mode` counts."""
    text, params = sent.query.text, sent.params or {}
    statement, names = numbered(text)
    literals = [sql.Literal(params[name]).as_bytes(connection) for name in names]
    values = b", ".join(literals)
    types = await _types(connection, literals)
    await connection.execute(b"PREPARE explained%s AS %s" % (b" (%s)" % types if types else b"", statement))
    cursor = await connection.execute(
        b"%s EXECUTE explained%s" % (_WAYS[0].command.encode(), b" (%s)" % values if values else b"")
    )
    lines = tuple(str(next(iter(row.values()))) for row in await cursor.fetchall())
    await connection.execute(b"DEALLOCATE explained")
    return Plan(sent.query.name, text.decode(), {name: params[name] for name in names}, True, lines)


async def _types(connection: Connection, literals: list[bytes]) -> bytes:
    """The types that the client gives its values, as a list; `unknown` leaves one to the server."""
    if not literals:
        return b""
    asked = b", ".join(b"pg_typeof(%s)::text" % literal for literal in literals)
    cursor = await connection.execute(b"SELECT ARRAY[%s] AS types" % asked.replace(b"%", b"%%"))
    (row,) = await cursor.fetchall()
    return ", ".join(row["types"]).encode()


async def _lines(
    connection: Connection, name: str, how: _Way, text: bytes, params: Params
) -> tuple[str, ...]:
    explained = Named(f"explain_{name}", b"%s %s" % (how.command.encode(), text))
    rows = await database.fetch(connection, explained, params)
    return tuple(str(next(iter(row.values()))) for row in rows)


async def _plan(db: Database, name: str, text: str, how: _Way) -> Plan:
    plan: Plan | None = None
    try:
        async with db.transaction(write=True) as connection:
            arguments = await _arguments(connection, text, sampled=how.sampled)
            lines = await _lines(connection, name, how, text.encode(), arguments)
            plan = Plan(name, text, arguments, how.runs, lines)
            raise _RolledBack
    except _RolledBack:
        assert plan is not None  # noqa: S101 - for mypy
        return plan


async def _arguments(connection: Connection, text: str, *, sampled: bool) -> dict[str, Any]:
    """A value of the database at hand for each parameter whose name says what it is; NULL for the others."""
    (samples,) = await database.fetch(connection, _Q["samples"]) if sampled else ({},)
    return {match[1]: samples.get(match[1]) for match in _PARAMETER.finditer(text)}


def _text(query: Named) -> str:
    return query.text.decode()


def _comment(text: str) -> str:
    """What a query says of itself in its first lines, up to the end of a sentence."""
    lines = (line.removeprefix("--").strip() for line in text.splitlines() if line.startswith("--"))
    return re.split(r"[.:;]( |$)", " ".join(lines), maxsplit=1)[0]
