"""One import: a file of another tracker into a project, transaction by transaction.

The file is surveyed as a whole before anything of it is written, but never held: batches of issues wait on
disk meanwhile. They are made on a thread, one ahead, while the database works on the one before.
"""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO
from uuid import UUID

from rhythm_domain import rank
from rhythm_domain.errors import Forbidden, NotFound, NotSignedIn, RhythmError, SchemaMismatch, Unavailable
from rhythm_domain.formats import Reader
from rhythm_domain.formats.records import GHOST, ImportIssue, ImportPerson, Problem
from rhythm_domain.guard import Chunk, Guard, Tx, repeatable
from rhythm_domain.models import ImportNote, ImportProblem, ImportReport, SprintState
from rhythm_domain.policy import Permission
from rhythm_domain.repository import exchange, issues
from rhythm_domain.repository.exchange import Known, Source
from rhythm_domain.repository.issues import Values
from rhythm_domain.services.issues import MAX_LABELS
from rhythm_domain.services.linking import Linking, Pending
from rhythm_domain.services.survey import (
    UNLINKED,
    Survey,
    account_name,
    changed_fields,
    fingerprint,
    metadata,
)
from rhythm_domain.text import folded

BATCH = 500
"""Issues in one transaction: some 0.3 s of the 5 s that a transaction has."""

BATCH_TEXT = 1_000_000
"""Characters of text above which a batch ends early."""

AT_ONCE = 2
"""Transactions at a time: as many as the person has connections."""

_LOOKED_UP = 10_000
_PARTS = 1024  # more than the halves of halves of a batch
_NUMBER = re.compile("[1-9][0-9]{0,8}")

_FATAL = (Forbidden, NotFound, NotSignedIn, SchemaMismatch, Unavailable)
"""What ends an import; anything else is the fault of an issue, and the rest goes on."""


@dataclass(slots=True)
class Outcome:
    """What one transaction did. `pending` are parents and links that wait for all issues to be there."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    comments: int = 0
    notes: list[ImportNote] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)

    def note(self, issue: ImportIssue, note: str) -> None:
        self.notes.append(ImportNote(source=shown(issue.source_key), note=note))

    def add(self, other: Outcome) -> None:
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.comments += other.comments
        self.notes += other.notes
        self.pending += other.pending


@dataclass(slots=True)
class Plan:
    """What the file's names stand for in the project, and the numbers that its new issues get."""

    people: dict[str, int] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    former: set[int] = field(default_factory=set)
    labels: dict[str, int] = field(default_factory=dict)
    sprints: dict[str, tuple[int, SprintState]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def person(self, person: ImportPerson) -> int:
        return self.people[account_name(person.login)]

    def assignee(self, issue: ImportIssue, outcome: Outcome) -> int | None:
        """Only members can be assigned; what is closed stays with those who left."""
        if issue.assignee is None:
            return None
        user = self.person(issue.assignee)
        if user in self.members or (issue.status.closed and user in self.former):
            return user
        outcome.note(issue, f"assignee: {issue.assignee.login} is no member any more; left unassigned")
        return None

    def sprint(self, issue: ImportIssue, outcome: Outcome) -> int | None:
        """What is open is in no finished sprint: nobody would see it there."""
        found = self.sprints.get(folded(issue.sprint.name)) if issue.sprint else None
        if issue.sprint is None or found is None:
            return None
        if found[1] is SprintState.FINISHED and not issue.status.closed:
            outcome.note(issue, f"sprint: {issue.sprint.name} is finished and the issue open; left out of it")
            return None
        return found[0]

    def label_ids(self, issue: ImportIssue, outcome: Outcome) -> list[int]:
        if len(issue.labels) > MAX_LABELS:
            left_out = ", ".join(label.name for label in issue.labels[MAX_LABELS:])
            outcome.note(issue, f"labels: an issue has at most {MAX_LABELS}; left out: {left_out}")
        return sorted(self.labels[folded(label.name)] for label in issue.labels[:MAX_LABELS])


def shown(source_key: str) -> str:
    """What the source calls an issue: its key without the format's name."""
    return source_key.partition(":")[2] or source_key


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
        self._plan = Plan()
        self._outcome = Outcome()
        self._problems: list[ImportProblem] = []
        self._made: dict[str, tuple[str, ...]] = {}
        self._prefix = ""
        self._own_keys: frozenset[str] = frozenset()

    async def run(self) -> ImportReport:
        """Surveys the file, makes what its names need, writes its issues and then what connects them."""
        async with self._guard.project(Permission.IMPORT, self._key) as tx:
            self._prefix = await exchange.own_prefix(tx)
            self._own_keys = await exchange.own_keys(tx)
            tx.unchanged()
        with TemporaryFile() as spool:
            async for batch in _ahead(self._batches(spool)):
                for issue in batch:
                    self._survey.add(issue)
            await self._prepare(await self._known(list(self._survey.issues)))
            spool.seek(0)
            await self._write_all(_ahead(_spooled(spool)))
        if not self._dry_run:
            await self._connect()
        return ImportReport(
            dry_run=self._dry_run,
            created=self._outcome.created,
            updated=self._outcome.updated,
            unchanged=self._outcome.unchanged,
            comments=self._outcome.comments,
            problems=tuple(sorted(self._problems, key=lambda problem: problem.line)),
            notes=tuple(self._outcome.notes),
            people=self._made["people"],
            matched=self._made["matched"],
            members=self._made["members"],
            labels=self._made["labels"],
            sprints=self._made["sprints"],
        )

    def _batches(self, spool: IO[bytes]) -> Iterator[list[ImportIssue]]:
        """The file's issues, a transaction's worth at a time; written to the spool too."""
        batch: list[ImportIssue] = []
        size = 0
        for record in self._read(self._stream):
            if isinstance(record, Problem):
                self._problems.append(
                    ImportProblem(line=record.line, source=record.source, reason=record.reason)
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

    # People, labels, sprints, numbers -------------------------------------------------------------------

    @repeatable
    async def _prepare(self, known: dict[str, Known]) -> None:
        chunk = Chunk(self._operation, 0)
        async with self._guard.project(Permission.IMPORT, self._key, operation=chunk, alone=True) as tx:
            self._made = {
                **await self._prepare_people(tx),
                "labels": await self._prepare_labels(tx),
                "sprints": await self._prepare_sprints(tx),
            }
            first = 0 if self._dry_run else await self._prepare_numbers(tx, known)
            made = {name: list(names) for name, names in self._made.items() if names and name != "matched"}
            if tx.done or self._dry_run or not (made or first):
                tx.unchanged()
            else:
                after = {**made, "matched": list(self._made["matched"]), "first_number": first}
                tx.record("import.started", after=after)

    async def _prepare_people(self, tx: Tx) -> dict[str, tuple[str, ...]]:
        """An account for everybody; and everybody who is assigned is a member, but for those who left."""
        people = self._survey.people
        found = await exchange.accounts(tx, people)
        missing = {name: one.display_name or one.login for name, one in people.items() if name not in found}
        matched = [name for name, row in found.items() if row["claimed"]]
        if not self._dry_run:
            await exchange.add_authors(tx, missing)
            found = await exchange.accounts(tx, people)
        ids = {name: row["id"] for name, row in found.items()}
        usable = {row["id"] for row in found.values() if row["active"] or not row["claimed"]}
        before = await exchange.memberships(tx, ids.values())
        # With dry_run who is missing has no id yet.
        joining = [
            name
            for name in self._survey.assigned
            if name not in ids or (ids[name] in usable and ids[name] not in before)
        ]
        if not self._dry_run:
            await exchange.add_assignees(tx, [ids[name] for name in joining])
            members = before | {ids[name]: True for name in joining}
            self._plan.people = ids
            self._plan.members = {user for user, now in members.items() if now and user in usable}
            self._plan.former = set(members)
        return {
            "people": tuple(sorted(missing)),
            "matched": tuple(sorted(matched)),
            "members": tuple(sorted(joining)),
        }

    async def _prepare_labels(self, tx: Tx) -> tuple[str, ...]:
        wanted = self._survey.labels
        found = await exchange.label_ids(tx, wanted)
        missing = [label for name, label in wanted.items() if name not in found]
        if not self._dry_run:
            await exchange.add_labels(tx, missing)
            self._plan.labels = await exchange.label_ids(tx, wanted)
        return tuple(sorted(label.name for label in missing))

    async def _prepare_sprints(self, tx: Tx) -> tuple[str, ...]:
        """One sprint can be active: a second one is planned."""
        wanted = self._survey.sprints
        found = await exchange.sprints(tx, wanted)
        active = any(row["state"] == SprintState.ACTIVE for row in found.values())
        missing: list[dict[str, Any]] = []
        for name, sprint in wanted.items():
            if name not in found:
                state = sprint.state
                if state is SprintState.ACTIVE and active:
                    state = SprintState.PLANNED
                active = active or state is SprintState.ACTIVE
                missing.append(sprint.row(state, datetime.now(UTC)))
        if not self._dry_run:
            await exchange.add_sprints(tx, missing)
            found = await exchange.sprints(tx, wanted)
            self._plan.sprints = {name: (row["id"], SprintState(row["state"])) for name, row in found.items()}
        return tuple(sorted(row["name"] for row in missing))

    async def _prepare_numbers(self, tx: Tx, known: dict[str, Known]) -> int:
        """The source's own numbers where no other issue is there; else new ones, the first of them returned.

        What an import that was broken off brought with its own numbers is no other issue.
        """
        new = [key for key in self._survey.issues if key not in known]
        own = self._survey.own_numbers()
        if own is not None:
            last, total = await exchange.count(tx)
            same = sum(one.number == own[key] for key, one in known.items())
            if last == 0 or 0 < total == same:
                self._plan.numbers = {key: own[key] for key in new}
                return 0
        if not new:
            return 0
        first = int(tx.done.after[0]["first_number"]) if tx.done else await issues.take_numbers(tx, len(new))
        self._plan.numbers = dict(zip(self._survey.oldest_first(new), count(first), strict=False))
        return first

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
            await exchange.wait_for_imports(tx)
            known = await self._known_here(tx, [issue.source_key for issue in batch])
            said = await self._said(tx, known)
            outcome = Outcome()
            new: list[ImportIssue] = []
            changed: list[tuple[ImportIssue, Known, frozenset[str]]] = []
            for issue in batch:
                before = known.get(issue.source_key)
                if before is None:
                    new.append(issue)
                    continue
                fields = changed_fields(said[before.id], fingerprint(issue))
                if not fields or before.deleted:
                    outcome.unchanged += 1
                    if fields:
                        outcome.note(issue, "it is in the trash here; left as it is")
                else:
                    changed.append((issue, before, fields))
            outcome.created, outcome.updated = len(new), len(changed)
            for issue in (*new, *(issue for issue, _, _ in changed)):
                for note in issue.notes:
                    outcome.note(issue, note)
            if self._dry_run:
                there = await exchange.comment_keys(tx, [before.id for _, before, _ in changed])
                written = [comment for issue in new for comment in issue.comments]
                written += [comment for issue, _, _ in changed for comment in issue.comments]
                outcome.comments = sum(comment.source_key not in there for comment in written)
            else:
                await self._create(tx, new, outcome)
                await self._update(tx, changed, outcome)
            if self._dry_run or not (new or changed):
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
            pending=[Pending.of(issue) for issue in mine if issue.parent_key or issue.links],
        )

    async def _said(self, tx: Tx, known: dict[str, Known]) -> dict[int, bytes]:
        """What the source said last of each issue; of what was made here, what an export says now."""
        own = [one.id for one in known.values() if one.native]
        records = await exchange.records(tx, own) if own else []
        said = {known[record.source_key].id: fingerprint(record) for record in records}
        return {one.id: said.get(one.id, one.digest) for one in known.values()}

    async def _create(self, tx: Tx, new: Sequence[ImportIssue], outcome: Outcome) -> None:
        if not new:
            return
        plan = self._plan
        numbers = await self._numbers(tx, new)
        rows: list[Values] = [
            {
                "number": number,
                "rank": rank.initial(number),
                "title": issue.title,
                "description": issue.description,
                "status": issue.status.value,
                "priority": issue.priority.value,
                "type": issue.type.value,
                "reporter_id": plan.person(issue.author) if issue.author else tx.user.id,
                "assignee_id": plan.assignee(issue, outcome),
                "sprint_id": plan.sprint(issue, outcome),
                "estimate": issue.estimate,
                "due": issue.due,
                "labels": plan.label_ids(issue, outcome),
                "created_at": issue.created_at,
                "updated_at": issue.updated_at,
                "closed_at": issue.closed_at,
            }
            for issue, number in zip(new, numbers, strict=True)
        ]
        ids = [issue_id for issue_id, _ in await issues.create(tx, rows)]
        await self._belongings(tx, list(zip(ids, new, strict=True)), outcome, new=True)
        for issue_id, issue in zip(ids, new, strict=True):
            tx.record("issue.imported", issue=issue_id, after={"source": issue.source_key})
            if issue.parent_key or issue.links:
                outcome.pending.append(Pending.of(issue))

    async def _numbers(self, tx: Tx, new: Sequence[ImportIssue]) -> list[int]:
        """The planned numbers; others for those that somebody took meanwhile."""
        planned = [self._plan.numbers.get(issue.source_key, 0) for issue in new]
        await exchange.reserve_numbers(tx, max(self._plan.numbers.values(), default=0))
        taken = await exchange.taken_numbers(tx, planned) | {0}
        lacking = sum(number in taken for number in planned)
        spare = count(await issues.take_numbers(tx, lacking) if lacking else 0)
        return [next(spare) if number in taken else number for number in planned]

    async def _update(
        self, tx: Tx, changed: Sequence[tuple[ImportIssue, Known, frozenset[str]]], outcome: Outcome
    ) -> None:
        if not changed:
            return
        ids = [before.id for _, before, _ in changed]
        await tx.hold(ids)
        now = await issues.values(tx, ids)
        await exchange.name_comments(
            tx, {before.id: issue.source_key for issue, before, _ in changed if before.native}
        )
        await issues.apply(
            tx,
            {
                before.id: self._columns(issue, now[before.id], before, fields, outcome)
                for issue, before, fields in changed
            },
        )
        await exchange.set_times(
            tx,
            {
                before.id: (issue.created_at, issue.updated_at and max(issue.updated_at, before.updated_at))
                for issue, before, _ in changed
            },
        )
        await self._belongings(tx, [(before.id, issue) for issue, before, _ in changed], outcome, new=False)
        for issue, before, fields in changed:
            after = {"source": issue.source_key, "changed": sorted(fields)}
            tx.record("issue.imported", issue=before.id, after=after)
            if fields & {"parent", "links"}:
                outcome.pending.append(Pending.of(issue))

    def _columns(
        self, issue: ImportIssue, now: Values, before: Known, fields: frozenset[str], outcome: Outcome
    ) -> Values:
        """The columns of those fields that the source changed."""
        plan = self._plan
        columns: Values = {
            name: getattr(issue, name)
            for name in ("title", "description", "status", "priority", "type", "estimate", "due")
            if name in fields
        }
        if "assignee" in fields:
            columns["assignee_id"] = plan.assignee(issue, outcome)
        if "sprint" in fields:
            columns["sprint_id"] = plan.sprint(issue, outcome)
        if "labels" in fields:
            wanted = plan.label_ids(issue, outcome)
            columns["labels_added"] = [label for label in wanted if label not in now["labels"]]
            columns["labels_removed"] = [label for label in now["labels"] if label not in wanted]
        if "status" in fields:
            moment = issue.closed_at or now["closed_at"] or issue.updated_at or before.updated_at
            columns["closed_at"] = moment if issue.status.closed else None
        elif "times" in fields and now["closed_at"] and issue.closed_at:
            columns["closed_at"] = issue.closed_at
        return columns

    async def _belongings(
        self, tx: Tx, written: Sequence[tuple[int, ImportIssue]], outcome: Outcome, *, new: bool
    ) -> None:
        """Sources, comments, and how long the issues were in their sprints."""
        sources = [Source(issue_id, issue, metadata(issue), _digest(issue)) for issue_id, issue in written]
        await exchange.write_sources(tx, sources, new=new)
        outcome.comments += await exchange.put_comments(
            tx,
            [
                (issue_id, self._plan.person(comment.author or GHOST), comment)
                for issue_id, issue in written
                for comment in issue.comments
            ],
        )
        if self._plan.sprints:
            await exchange.set_scope(tx, [issue_id for issue_id, _ in written])

    # Parents and links ----------------------------------------------------------------------------------

    async def _connect(self) -> None:
        pending = self._outcome.pending
        if not pending:
            return
        known = await self._known(list({key for one in pending for key in one.keys}))
        async with self._guard.project(Permission.IMPORT, self._key) as tx:
            linking = Linking(
                {key: one.id for key, one in known.items()},
                await exchange.parents(tx),
                await exchange.links(tx),
            )
            tx.unchanged()
        for start in range(0, len(pending), BATCH):
            await self._link(
                linking, pending[start : start + BATCH], Chunk(self._operation, next(self._chunks) * _PARTS)
            )
        self._outcome.notes += linking.notes

    async def _link(self, linking: Linking, pending: Sequence[Pending], chunk: Chunk) -> None:
        parents, links = linking.resolve(pending)

        @repeatable
        async def write() -> None:
            async with self._guard.project(Permission.IMPORT, self._key, operation=chunk) as tx:
                if not tx.done:
                    await exchange.set_parents(tx, parents)
                    await exchange.put_links(tx, links)
                    await exchange.put_digests(tx, {one.source_key: one.digest for one in pending})
                    tx.record("import.linked", after={"parents": len(parents), "links": len(links)})

        await write()


async def _first(running: set[asyncio.Task[int]]) -> int:
    """Waits until one of the tasks or more are done and takes them out; the sum of what they answer."""
    finished, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    running -= finished
    return sum(task.result() for task in finished)


def _digest(issue: ImportIssue) -> bytes:
    """What the source says; without parent and links if it has any, since they are made only at the end."""
    digest = fingerprint(issue)
    return digest[: -len(UNLINKED)] + UNLINKED if issue.parent_key or issue.links else digest


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
