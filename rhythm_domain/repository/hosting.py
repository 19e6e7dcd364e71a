"""What the host of a shared instance asks and says."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rhythm_domain import queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import execute, fetch
from rhythm_domain.transaction import CHANNEL

_Q = queries.load("hosting")


async def people(connection: Connection, keys: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The person's and the key's name of each key that there still is."""
    rows = await fetch(connection, _Q["people_of_keys"], {"keys": list(keys)})
    return {row["id"]: (row["name"], row["key_name"]) for row in rows}


async def is_read_only(connection: Connection) -> bool:
    """Whether the instance refuses all writes."""
    (row,) = await fetch(connection, _Q["is_read_only"])
    return bool(row["read_only"])


async def set_read_only(connection: Connection, read_only: bool) -> None:
    """Has the instance refuse all writes, or no more."""
    await execute(connection, _Q["set_read_only"], {"read_only": read_only})


async def announce(connection: Connection, words: str) -> None:
    """Says something to everybody who listens."""
    payload = json.dumps({"say": words})
    await fetch(connection, _Q["announce"], {"channel": CHANNEL, "payload": payload})
