"""The named doors for somebody who is not signed in yet. Whoever is comes in by the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

from rhythm_domain import database, queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database
from rhythm_domain.errors import Forbidden
from rhythm_domain.migrate import SchemaState

_Q = queries.load("guard")


class Gate(StrEnum):
    """Why somebody who is not signed in gets at the database: the named doors without a person."""

    SIGN_IN = "sign in"
    JOIN = "join with a code"
    KEY = "sign with a key"
    HOST = "run the shared instance"
    LOCAL = "own the embedded instance"
    FIRST_ADMINISTRATOR = "set up the instance"
    OWNER = "hold the database's owner URL"


@asynccontextmanager
async def gate(db: Database, purpose: Gate) -> AsyncIterator[Connection]:
    """A transaction of the accounts service for somebody who is not signed in yet.

    Raises `SchemaMismatch` if this program can't work with the database's schema, `Forbidden` if an
    administrator exists already (FIRST_ADMINISTRATOR), or if the database's role does not own the tables
    (OWNER).
    """
    async with db.transaction(write=True) as connection:
        (state,) = await database.fetch(connection, _Q["enter_by_gate"])
        SchemaState(state["version"] or 0, state["oldest_program"] or 0).check()
        if purpose is Gate.FIRST_ADMINISTRATOR and state["administered"]:
            raise Forbidden(
                "This instance has an administrator already.", hint="Ask them for an account and a join code."
            )
        if purpose is Gate.OWNER and not state["owner"]:
            raise Forbidden(
                "Only an administrator, or who holds the database's owner URL, may do that.",
                hint="Sign in as an administrator, or set RHYTHM_OWNER_URL.",
            )
        yield connection
