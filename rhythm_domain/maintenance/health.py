"""Is everything well? Checks of a database that need no sign-in, for whoever holds its URL.

Each check says in one line what it found, and in one what to do about it if it is bad.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database, Row
from rhythm_domain.errors import RhythmError, Unavailable
from rhythm_domain.lexemes import GENERATION

OLDEST_SERVER = 15
"""The oldest PostgreSQL that the schema works with."""

CLOCK_SECONDS = 5.0
"""Difference of clocks above which times look wrong: "in 3 min" of what just happened."""

SLOW_PING = 100.0
"""Milliseconds above which an answer of the server is felt at every key."""

_Q = queries.load("health")


class State(StrEnum):
    """How something is; a note is worth knowing and no defect."""

    WELL = "well"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """What a check found. `error` is the one behind it, if there is one."""

    name: str
    state: State
    message: str
    hint: str = ""
    error: RhythmError | None = None


def verdict(name: str, bad: bool, message: str, hint: str = "") -> Check:
    """A check that is bad or well; the hint is for the bad one."""
    return Check(name, State.BAD if bad else State.WELL, message, hint if bad else "")


async def database_checks(conninfo: str) -> AsyncIterator[Check]:
    """The server, the schema, the clock, the rights of the URL's role, and whether derived data is right.

    Stops after the first check without which the others make no sense. Changes nothing.
    """
    db = Database(conninfo)
    try:
        start = time.perf_counter()
        async with db.connection() as connection:
            connected = (time.perf_counter() - start) * 1000
            (server,) = await database.fetch(connection, _Q["server"])
            offset = server["clock"] - time.time()
            ping = await _ping(connection)
            yield verdict(
                "database",
                ping > SLOW_PING,
                f"reachable: connected in {connected:.0f} ms, answers in {ping:.1f} ms",
                "The line to it is slow: every key that asks the database waits so long.",
            )
            for check in _server(server, offset):
                yield check
            missing = await database.fetch(connection, _Q["missing_rights"])
            if missing:
                yield _lacking(server["role"], [row["name"] for row in missing])
                return
            schema = await _schema(conninfo)
            yield schema
            if schema.state is State.BAD:
                return
            for check in _rights(server):
                yield check
            async for check in _contents(connection):
                yield check
    except RhythmError as error:
        yield Check("database", State.BAD, error.message, error.hint, error)
    finally:
        await db.close()


async def _ping(connection: Connection) -> float:
    """Milliseconds of the fastest of five round trips."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        await database.fetch(connection, _Q["ping"])
        times.append((time.perf_counter() - start) * 1000)
    return min(times)


def _server(server: Row, offset: float) -> list[Check]:
    return [
        verdict(
            "server",
            server["major"] < OLDEST_SERVER or server["encoding"] != "UTF8" or server["standby"],
            f"PostgreSQL {server['version']}, {server['encoding']}, {server['size'] / 1e6:,.0f} MB"
            + (", a read-only standby" if server["standby"] else ""),
            f"Rhythm needs a primary of PostgreSQL {OLDEST_SERVER} or later with a database in UTF8.",
        ),
        verdict(
            "connections",
            server["connections"] > 0.9 * server["max_connections"],
            f"{server['connections']} of {server['max_connections']} in use",
            "Raise max_connections, or put a pooler in front (`pooler = true`).",
        ),
        verdict(
            "clock",
            abs(offset) > CLOCK_SECONDS,
            f"{abs(offset):.1f} s {'ahead of' if offset > 0 else 'behind'} this machine's"
            if abs(offset) > 0.5
            else "the same here and there",
            "Set both machines' clocks by NTP.",
        ),
    ]


def _lacking(role: str, names: list[str]) -> Check:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return Check(
        "rights",
        State.BAD,
        f"{role} may not work with {', '.join(names[:3])}{more}",
        f"Run `rhythm db migrate --grant {role}` with the owner's URL (RHYTHM_OWNER_URL).",
        Unavailable("The database role may not do that."),
    )


async def _schema(conninfo: str) -> Check:
    import asyncio

    from rhythm_domain import migrate

    state = await asyncio.to_thread(migrate.inspect, conninfo)
    try:
        state.check()
    except RhythmError as error:
        return Check("schema", State.BAD, error.message, error.hint, error)
    return Check(
        "schema", State.WELL, f"version {state.version}, this program's is {migrate.program_schema()}"
    )


def _rights(server: Row) -> list[Check]:
    """What stands between the holder of the URL and the data: the trust boundary."""
    role = server["role"]
    if server["superuser"]:
        found = f"{role} is a superuser: whoever holds this URL can do anything on the server"
    elif server["owner"]:
        found = f"{role} owns the tables: whoever holds this URL can change or drop them, past all rules"
    else:
        found = f"{role} owns nothing, yet whoever holds this URL can write past Rhythm's rules"
    hint = (
        "People who should not be trusted with that use a shared instance over SSH, where nobody has the URL."
    )
    return [Check("trust", State.NOTE, found, hint)]


async def _contents(connection: Connection) -> AsyncIterator[Check]:
    (sessions,) = await database.fetch(connection, _Q["open_sessions"])
    yield Check(
        "sessions",
        State.WELL,
        f"open: {sessions['sessions']}; access tokens: {sessions['tokens']}; people: {sessions['people']}",
    )
    (counts,) = await database.fetch(connection, _Q["wrong_counts"])
    yield verdict(
        "counts",
        counts["wrong"] > 0,
        f"{counts['wrong']} totals of board columns are wrong" if counts["wrong"] else "all totals are right",
        "Run `rhythm db reindex`.",
    )
    (search,) = await database.fetch(connection, _Q["wrong_search"])
    wrong = search["missing"] + search["surplus"]
    yield verdict(
        "search",
        wrong > 0,
        f"{search['missing']} issues are not found, {search['surplus']} entries are of none"
        if wrong
        else "every issue can be found",
        "Run `rhythm db reindex`.",
    )
    (index,) = await database.fetch(connection, _Q["search_generation"])
    if index["generation"] < GENERATION:
        yield Check(
            "index",
            State.NOTE,
            "paths and versions could be found sooner: the search index is of an older version",
            "Run `rhythm db reindex` once all use this version; people can work meanwhile.",
        )
    (history,) = await database.fetch(connection, _Q["wrong_history"])
    yield verdict(
        "history",
        history["triggers"] < 2 or history["dangling"] > 0,
        "protected and whole"
        if history["triggers"] == 2 and not history["dangling"]
        else f"{2 - history['triggers']} of its triggers are off, {history['dangling']} undos are of nothing",
        "Somebody changed the database past Rhythm: compare it with a backup.",
    )
    (owners,) = await database.fetch(connection, _Q["wrong_owners"])
    yield verdict(
        "owners",
        owners["projects"] > 0,
        f"{owners['projects']} projects have no active owner"
        if owners["projects"]
        else "every project has one",
        "An administrator can add one: `rhythm member add KEY USER owner`.",
    )


async def is_empty(connection: Connection) -> bool:
    """Whether a database has nothing in it."""
    (row,) = await database.fetch(connection, _Q["contents"])
    return bool(row["things"] == 0)


async def server_of(connection: Connection) -> Row:
    """The server's version, size, and the role's rights, as `server` in health.sql names them."""
    (row,) = await database.fetch(connection, _Q["server"])
    return row
