"""One import: a file of another tracker into a project, transaction by transaction.

The file is surveyed as a whole before anything of it is written, but never held: batches of issues wait on
disk meanwhile. They are made on a thread, one ahead, while the database works on the one before.
"""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO
from uuid import UUID

from rhythm_domain.errors import (
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    RhythmError,
    SchemaMismatch,
    Unavailable,
)
from rhythm_domain.formats import Reader
from rhythm_domain.formats.records import ImportIssue, Problem
from rhythm_domain.guard import Guard
from rhythm_domain.models.exchange import ImportProblem, ImportReport
from rhythm_domain.policy import Permission
from rhythm_domain.repository import exchange, issues, projects
from rhythm_domain.repository.exchange import Known
from rhythm_domain.services.exchange.linking import Linking, Pending, briefly, shown
from rhythm_domain.services.exchange.planning import Outcome, Planning
from rhythm_domain.services.exchange.storing import Storing, comments_to_come, compare, outcome_of
from rhythm_domain.services.exchange.survey import Survey
from rhythm_domain.transaction import Chunk, Tx, repeatable

BATCH = 500
"""Issues in one transaction: some 0.3 s of the 5 s that a transaction has."""

BATCH_TEXT = 1_000_000
"""Characters of text above which a batch ends early."""

AT_ONCE = 2
"""Transactions at a time: as many as the person has connections."""

_LOOKED_UP = 10_000
_PROBLEMS = 10_000
_PARTS = 1024  # more than the halves of halves of a batch
_NUMBER = re.compile("[1-9][0-9]{0,8}")

_FATAL = (Forbidden, NotFound, NotSignedIn, SchemaMismatch, Unavailable)
"""What ends an import; anything else is the fault of an issue, and the rest goes on."""


class Importing:
    """An import at work. `run` does it, once."""

    def __init__(
        self,
        guard: Guard,
        key: str,
        reader: Reader,
        stream: BinaryIO,
        *,
        operation: UUID,
        dry_run: bool,
        progress: Callable[[int, int], None],
    ) -> None:
        self._guard = guard
        self._key = key
        self._read = reader
        self._stream = stream
        self._operation = operation
        self._dry_run = dry_run
        self._progress = progress
        self._chunks = count(1)
        self._survey = Survey()
        self._planning = Planning(self._survey, dry_run=dry_run)
        self._outcome = Outcome()
        self._problems: list[ImportProblem] = []
        self._prefix = ""
        self._own_keys: frozenset[str] = frozenset()

    async def run(self) -> ImportReport:
        """Surveys the file, makes what its names need, writes its issues and then what connects them."""
        await self._begin()
        with TemporaryFile() as spool:
            async for batch in _ahead(self._batches(spool)):
                for issue in batch:
                    self._survey.add(issue)
            await self._prepare(await self._known(list(self._survey.issues)))
            spool.seek(0)
            await self._write_all(_ahead(_spooled(spool)))
        if not self._dry_run:
            await self._settle()
            await self._connect()
        return ImportReport(
            dry_run=self._dry_run,
            created=self._outcome.created,
            updated=self._outcome.updated,
            unchanged=self._outcome.unchanged,
            comments=self._outcome.comments,
            problems=tuple(sorted(self._problems, key=lambda problem: problem.line)),
            notes=(*self._planning.notes, *self._outcome.notes),
            **self._planning.made,
        )

    @repeatable
    async def _begin(self) -> None:
        async with self._guard.project(Permission.IMPORT, self._key) as tx:
            self._prefix = await exchange.own_prefix(tx)
            self._own_keys = await projects.keys(tx)
            tx.unchanged()

    def _batches(self, spool: IO[bytes]) -> Iterator[list[ImportIssue]]:
        """The file's issues, a transaction's worth at a time; written to the spool too."""
        batch: list[ImportIssue] = []
        size = 0
        for record in self._read(self._stream):
            if isinstance(record, Problem):
                source, reason = briefly(record.source), briefly(record.reason)
                self._problems.append(ImportProblem(line=record.line, source=source, reason=reason))
                if len(self._problems) > _PROBLEMS:
                    raise Invalid(
                        f"More than {_PROBLEMS:,} rows can't be read; nothing was written.",
                        field="file",
                        hint=f"Is it a file of that format? The first: line {self._problems[0].line}, "
                        f"{self._problems[0].reason}.",
                    )
                continue
            batch.append(record)
            size += len(record.description) + sum(len(comment.body) for comment in record.comments)
            if len(batch) == BATCH or size >= BATCH_TEXT:
                pickle.dump(batch, spool, pickle.HIGHEST_PROTOCOL)
                yield batch
                batch, size = [], 0
        if batch:
            pickle.dump(batch, spool, pickle.HIGHEST_PROTOCOL)
            yield batch

    # What is there already ------------------------------------------------------------------------------

    @repeatable
    async def _known(self, keys: Sequence[str]) -> dict[str, Known]:
        known: dict[str, Known] = {}
        for start in range(0, len(keys), _LOOKED_UP):
            async with self._guard.project(Permission.IMPORT, self._key) as tx:
                known |= await self._known_here(tx, keys[start : start + _LOOKED_UP])
                tx.unchanged()
        return known

    async def _known_here(self, tx: Tx, keys: Sequence[str]) -> dict[str, Known]:
        """By source key: what was imported before, and what is this project's own by its own export."""
        known = await exchange.imported(tx, keys)
        numbers: dict[int, str] = {}
        for key in keys:
            if key.startswith(self._prefix) and key not in known:
                own, _, number = key.removeprefix(self._prefix).rpartition("-")
                if own in self._own_keys and _NUMBER.fullmatch(number):
                    numbers[int(number)] = key
        return known | await exchange.natives(tx, numbers)

    @repeatable
    async def _prepare(self, known: dict[str, Known]) -> None:
        chunk = Chunk(self._operation, 0)
        async with self._guard.project(Permission.IMPORT, self._key, operation=chunk, alone=True) as tx:
            await self._planning.make(tx, known)

    # Issues ---------------------------------------------------------------------------------------------

    async def _write_all(self, batches: AsyncIterator[list[ImportIssue]]) -> None:
        """Writes batches, two at a time: one's issues are made ready while the other's are stored."""
        done, total = 0, len(self._survey.issues)
        self._progress(0, total)
        running: set[asyncio.Task[int]] = set()
        try:
            async for batch in batches:
                running.add(asyncio.create_task(self._attempt(batch, next(self._chunks), 1)))
                if len(running) == AT_ONCE:
                    done += await _first(running)
                    self._progress(done, total)
            while running:
                done += await _first(running)
                self._progress(done, total)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _attempt(self, batch: Sequence[ImportIssue], index: int, part: int) -> int:
        """Writes a batch; if it is refused, its halves, down to the issue that is at fault. Its length."""
        try:
            self._outcome.add(await self._write(batch, Chunk(self._operation, index * _PARTS + part)))
        except _FATAL:
            raise
        except RhythmError as error:
            if len(batch) == 1:
                (issue,) = batch
                self._problems.append(
                    ImportProblem(line=issue.line, source=shown(issue.source_key), reason=error.message)
                )
                return 1
            middle = len(batch) // 2
            await self._attempt(batch[:middle], index, part * 2)
            await self._attempt(batch[middle:], index, part * 2 + 1)
        return len(batch)

    @repeatable
    async def _write(self, batch: Sequence[ImportIssue], chunk: Chunk) -> Outcome:
        async with self._guard.project(Permission.IMPORT, self._key, operation=chunk) as tx:
            if tx.done:
                return self._repeated(batch, tx.done.after)
            await exchange.begin_to_load(tx)
            keys = [issue.source_key for issue in batch]
            found = await compare(tx, batch, await self._known_here(tx, keys))
            if found.changed and not self._dry_run:
                # Once they are held, another import may have written them already.
                await tx.hold([before.id for _, before, _ in found.changed])
                found = await compare(tx, batch, await self._known_here(tx, keys))
            outcome = outcome_of(found)
            if self._dry_run:
                outcome.comments = await comments_to_come(tx, found)
            else:
                storing = Storing(tx, self._planning.plan, outcome)
                await storing.create(found.new)
                await storing.update(found.changed)
            if self._dry_run or not (found.new or found.changed):
                tx.unchanged()
            return outcome

    def _repeated(self, batch: Sequence[ImportIssue], after: Sequence[Any]) -> Outcome:
        """What this transaction did when it was committed before."""
        done = {one["source"]: "changed" in one for one in after if "source" in one}
        mine = [issue for issue in batch if issue.source_key in done]
        updated = sum(done[issue.source_key] for issue in mine)
        return Outcome(
            created=len(mine) - updated,
            updated=updated,
            unchanged=len(batch) - len(mine),
            pending=[
                Pending.of(issue, known=done[issue.source_key])
                for issue in mine
                if issue.parent_key or issue.links
            ],
        )

    @repeatable
    async def _settle(self) -> None:
        async with self._guard.project(Permission.IMPORT, self._key) as tx:
            await exchange.settle(tx)
            tx.unchanged()

    # Parents and links ----------------------------------------------------------------------------------

    async def _connect(self) -> None:
        pending = self._outcome.pending
        if not pending:
            return
        known = await self._known(list({key for one in pending for key in one.keys}))
        linking = await self._linking({key: one.id for key, one in known.items()})
        for start in range(0, len(pending), BATCH):
            await self._link(
                linking, pending[start : start + BATCH], Chunk(self._operation, next(self._chunks) * _PARTS)
            )
        self._outcome.notes += linking.notes

    @repeatable
    async def _linking(self, ids: dict[str, int]) -> Linking:
        async with self._guard.project(Permission.IMPORT, self._key) as tx:
            tx.unchanged()
            return Linking(ids, await exchange.parents(tx), await exchange.links(tx))

    async def _link(self, linking: Linking, pending: Sequence[Pending], chunk: Chunk) -> None:
        parents, links = linking.resolve(pending)
        known = {
            linking.ids[one.source_key]: one for one in pending if one.known and one.source_key in linking.ids
        }

        @repeatable
        async def write() -> None:
            async with self._guard.project(Permission.IMPORT, self._key, operation=chunk) as tx:
                if not tx.done:
                    await tx.hold([*{*parents, *(blocked for _, blocked in links)}])
                    await _record_moves(tx, known, parents)
                    await exchange.set_parents(tx, parents)
                    await exchange.put_links(tx, links)
                    await exchange.put_digests(tx, {one.source_key: one.digest for one in pending})
                    for blocker, blocked in links:
                        for issue in known.keys() & {blocker, blocked}:
                            ends = {"blocker_id": blocker, "blocked_id": blocked}
                            tx.record("issue.linked", issue=issue, after=ends)
                    tx.record("import.linked", after={"parents": len(parents), "links": len(links)})

        await write()


async def _record_moves(tx: Tx, known: Mapping[int, Pending], parents: Mapping[int, int | None]) -> None:
    """Records which of the issues that were there get another parent."""
    now = await issues.values(tx, list(known))
    for issue, one in known.items():
        was = now[issue]["parent_id"] if issue in now else None
        if issue in now and was != parents[issue]:
            after = {"source": one.source_key, "changed": ["parent"], "parent_id": parents[issue]}
            tx.record("issue.imported", issue=issue, before={"parent_id": was}, after=after)


async def _first(running: set[asyncio.Task[int]]) -> int:
    """Waits until one of the tasks or more are done and takes them out; the sum of what they answer."""
    finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    running -= finished
    return sum(task.result() for task in finished)


def _spooled(spool: IO[bytes]) -> Iterator[list[ImportIssue]]:
    """The batches that were written to a spool."""
    with suppress(EOFError):
        while True:
            yield pickle.load(spool)  # noqa: S301 - nobody else can write to this file


async def _ahead(batches: Iterator[list[ImportIssue]]) -> AsyncIterator[list[ImportIssue]]:
    """Batches made on a thread, one ahead of who takes them."""
    nothing: list[ImportIssue] = []
    ahead = asyncio.ensure_future(asyncio.to_thread(next, batches, nothing))
    try:
        while batch := await ahead:
            ahead = asyncio.ensure_future(asyncio.to_thread(next, batches, nothing))
            yield batch
    finally:
        await asyncio.gather(ahead, return_exceptions=True)
