"""Exchange: issues from other trackers, and out again for whatever reads CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import LAYOUTS, READERS
from rhythm_domain.guard import Guard
from rhythm_domain.models.exchange import ImportReport
from rhythm_domain.operations import new_operation
from rhythm_domain.policy import Permission
from rhythm_domain.query import parse
from rhythm_domain.services.exchange.exporting import Exporting
from rhythm_domain.services.exchange.importing import Importing
from rhythm_domain.transaction import repeatable


class Exchange:
    """What a person brings into a project, and takes out of it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @repeatable
    async def require_import(self, key: str, *, operation: UUID | None = None) -> None:
        """Raises `NotFound` or `Forbidden` if the person may import nothing into a project: asked before a
        file is taken from them.
        """
        async with self._guard.project(Permission.IMPORT, key, operation=operation) as tx:
            tx.unchanged()

    async def import_file(
        self,
        key: str,
        reader: str,
        stream: BinaryIO,
        *,
        dry_run: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
        operation: UUID | None = None,
    ) -> ImportReport:
        """Imports a file that can seek; `reader` is one of `formats.READERS`. `dry_run` only says what it
        would do.

        Importing again finds the same issues by their source keys and doubles nothing. What the source did
        not change since stays as people left it; of an issue that changed there, the fields that changed are
        written as the source has them, comments are added and edited, never removed. What is in the trash
        stays there. A row that can't be read or stored is reported, and the rest goes in.

        A project in which there is nothing else keeps the source's numbers; else issues get new ones, the
        oldest first. Who is assigned becomes a member, but for those who left.

        Authors are found by their user names among the project's members and the accounts that nobody has
        claimed, or get an account that nobody can sign in to before an administrator gives it to them. So do
        people of this instance who are no members: a file could have them say anything, and they would not
        see it. Whatever comes in shows who imported it, until its author edits it here; what was written or
        edited here is never changed.

        500 issues are one transaction: an import that is broken off can be run again. Undo does not take it
        back; history says what it changed. `progress` is told how many of how many issues are done.
        Raises `Invalid` if the file is not of that format, `Forbidden`, `NotFound`, `Unavailable`.
        """
        if reader not in READERS:
            raise Invalid(f"{reader!r} is no format.", field="format", hint=f"One of: {', '.join(READERS)}.")
        importing = Importing(
            self._guard,
            key,
            READERS[reader],
            stream,
            operation=operation or new_operation(),
            dry_run=dry_run,
            progress=progress,
        )
        return await importing.run()

    async def export(
        self,
        key: str,
        stream: BinaryIO,
        *,
        format: str,
        query: str = "",
        progress: Callable[[int], None] = lambda done: None,
    ) -> int:
        """Writes a project's issues, or those that a query finds, as `csv` or `json`; how many.

        With comments, labels, links, parents, sprints, people and sources, but not the trash: the reader
        `rhythm` makes the same issues of it. An issue that was made here gets a source key from the instance
        and its own key. Issues come oldest first, in pages that are each consistent in themselves.
        Raises `QueryError` for a text that is no query, `Invalid` for another format.
        """
        if format not in LAYOUTS:
            raise Invalid(f"{format!r} is no format.", field="format", hint=f"One of: {', '.join(LAYOUTS)}.")
        exporting = Exporting(self._guard, key, parse(query), progress)
        return await exporting.write(LAYOUTS[format], stream)
