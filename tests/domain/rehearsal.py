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

from rhythm_domain.connection import Connection, Question
from rhythm_domain.database import Database
from rhythm_domain.queries import Named
from rhythm_domain.refusals import Retry, translated


class Listening(Connection):
    """A connection that keeps the names of all statements that are asked."""

    statements: list[str]

    async def ask(self, *questions: Question, in_place: bool | None = None) -> None:
        self.statements += [question.query.name for question in (*self.waiting, *questions)]
        await super().ask(*questions, in_place=in_place)

    @classmethod
    async def to(cls, conninfo: str) -> Self:
        """A new one, that prepares what is asked again."""
        line = await cls.connect(conninfo, autocommit=True, row_factory=dict_row)
        line.statements, line.prepares = [], True
        line.prepare_threshold = None  # What psycopg prepares itself, it takes back with everything else.
        return line


class Rehearsal(Database):
    """As the services see it, a `Database`. The write that comes as number `loses` loses a race, once.

    The line is lent: a new one would look up everything, and plan every statement, anew.
    """

    loses: int | None = None
    writes = 0

    def __init__(self, conninfo: str, line: Listening) -> None:
        super().__init__(conninfo)
        self.line = line

    async def __aenter__(self) -> Self:
        await self.line.execute("BEGIN")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.line.waiting.clear()
        self.line.follow.clear()
        await self.line.execute("ROLLBACK")

    @asynccontextmanager
    async def taken_back(self) -> AsyncIterator[list[str]]:
        """What happens inside never happened; the statements that ran."""
        await self.line.execute("SAVEPOINT scene")
        self.line.statements.clear()
        try:
            yield self.line.statements
        finally:
            await self.line.execute("ROLLBACK TO scene")
            await self.line.execute("RELEASE scene")

    @asynccontextmanager
    async def entered(
        self, *first: Question, write: bool, operation: UUID | None = None
    ) -> AsyncIterator[Connection]:
        await self.line.execute("SAVEPOINT step")
        if not write:
            await self.line.execute("SET TRANSACTION READ ONLY")
        try:
            await self.line.ask(*first)
            yield self.line
            self.line.follow.clear()
            await self.line.ask()
            if write:
                self.writes += 1
                if self.writes == self.loses:
                    raise Retry("as if somebody had come first")
                # What COMMIT would check.
                await self.line.execute("SET CONSTRAINTS ALL IMMEDIATE")
                await self.line.execute("SET CONSTRAINTS ALL DEFERRED")
        except psycopg.Error as error:
            await self._take_back()
            raise translated(error, operation=operation) from error
        except BaseException:
            await self._take_back()
            raise
        if not write:
            await self.line.execute("ROLLBACK TO step")
        await self.line.execute("RELEASE step")

    async def _take_back(self) -> None:
        self.line.waiting.clear()
        self.line.follow.clear()
        await self.line.execute("ROLLBACK TO step")

    async def run_aside(self, query: Named, params: Any = None) -> None:
        """Notices and the time of last use are nothing that these tests ask for."""

    async def rows(self, query: str, *params: object) -> list[dict[str, Any]]:
        """What a look behind the services' back finds."""
        cursor = await self.line.execute(query.encode(), params)
        return await cursor.fetchall() if cursor.description else []
