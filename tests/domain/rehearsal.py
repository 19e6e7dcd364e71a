"""A database in which nothing stays: every transaction of a service becomes a savepoint of one that is taken
back, so that hundreds of calls start from the same state within seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from rhythm_domain import waiting
from rhythm_domain.database import Connection, Database, Retry, translated
from rhythm_domain.queries import Named


class Listening(waiting.Connection):
    """A connection that keeps every statement."""

    statements: list[Any]

    async def execute(self, query: Any, params: Any = None, **options: Any) -> psycopg.AsyncCursor[Any]:
        self.statements.append(query)
        return await super().execute(query, params, **options)

    async def read(self, statement: bytes, params: Any = None, **options: Any) -> tuple[list[Any], int]:
        self.statements.append(statement)
        return await super().read(statement, params, **options)


class Rehearsal(Database):
    """As the services see it, a `Database`. The write that comes as number `loses` loses a race, once."""

    loses: int | None = None
    writes = 0

    async def __aenter__(self) -> Self:
        self.line = await Listening.connect(self.conninfo, autocommit=True, row_factory=dict_row)
        self.line.statements = []
        await self.line.execute("BEGIN")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.line.close()

    @asynccontextmanager
    async def taken_back(self) -> AsyncIterator[list[Any]]:
        """What happens inside never happened; the statements that ran."""
        await self.line.execute("SAVEPOINT scene")
        self.line.statements.clear()
        try:
            yield self.line.statements
        finally:
            await self.line.execute("ROLLBACK TO scene")
            await self.line.execute("RELEASE scene")

    @asynccontextmanager
    async def transaction(self, *, write: bool, operation: UUID | None = None) -> AsyncIterator[Connection]:
        await self.line.execute("SAVEPOINT step")
        if not write:
            await self.line.execute("SET TRANSACTION READ ONLY")
        try:
            yield self.line
            if write:
                self.writes += 1
                if self.writes == self.loses:
                    raise Retry("as if somebody had come first")
                # What COMMIT would check.
                await self.line.execute("SET CONSTRAINTS ALL IMMEDIATE")
                await self.line.execute("SET CONSTRAINTS ALL DEFERRED")
        except psycopg.Error as error:
            await self.line.execute("ROLLBACK TO step")
            raise translated(error, operation=operation) from error
        except BaseException:
            await self.line.execute("ROLLBACK TO step")
            raise
        if not write:
            await self.line.execute("ROLLBACK TO step")
        await self.line.execute("RELEASE step")

    async def run_aside(self, query: Named, params: Any = None) -> None:
        """Notices and the time of last use are nothing that these tests ask for."""

    async def rows(self, query: str, *params: object) -> list[dict[str, Any]]:
        """What a look behind the services' back finds."""
        cursor = await self.line.execute(query.encode(), params)
        return await cursor.fetchall() if cursor.description else []
