"""One batch of an import: compared with what the source said last, then written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

from rhythm_domain import rank
from rhythm_domain.formats.records import GHOST, ImportIssue
from rhythm_domain.repository import exchange, issues
from rhythm_domain.repository.exchange import Known, Source
from rhythm_domain.repository.issues import Values
from rhythm_domain.services.editing import difference, points, sides
from rhythm_domain.services.exchange.linking import Pending
from rhythm_domain.services.exchange.planning import Outcome, Plan
from rhythm_domain.services.exchange.survey import UNLINKED, changed_fields, fingerprint, metadata
from rhythm_domain.transaction import Tx


class Changed(NamedTuple):
    """An issue of which the source says something else than last time, and in which FIELDS."""

    issue: ImportIssue
    before: Known
    fields: frozenset[str]


@dataclass(slots=True)
class Compared:
    """A batch, sorted by what is to be done; `trashed` changed too, but stay as they are."""

    new: list[ImportIssue] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    trashed: list[ImportIssue] = field(default_factory=list)
    same: int = 0


async def compare(tx: Tx, batch: Sequence[ImportIssue], known: Mapping[str, Known]) -> Compared:
    """What is new, what changed since the last import; `known` are the batch's issues that are there."""
    said = await _said(tx, known)
    found = Compared()
    for issue in batch:
        before = known.get(issue.source_key)
        if before is None:
            found.new.append(issue)
        elif not (fields := changed_fields(said[before.id], fingerprint(issue))):
            found.same += 1
        elif before.deleted:
            found.trashed.append(issue)
        else:
            found.changed.append(Changed(issue, before, fields))
    return found


async def _said(tx: Tx, known: Mapping[str, Known]) -> dict[int, bytes]:
    """What the source said last of each issue; of what was made here, what an export says now."""
    native = {one.number: one.id for one in known.values() if one.native}
    records = await exchange.records(tx, list(native.values())) if native else []
    # By number: a file from before the project got another key names its issues by the old one.
    said = {native[record.number or 0]: fingerprint(record) for record in records}
    return {one.id: said.get(one.id, one.digest) for one in known.values()}


def outcome_of(found: Compared) -> Outcome:
    """What will have happened once a comparison is stored, but for the comments."""
    outcome = Outcome(len(found.new), len(found.changed), found.same + len(found.trashed))
    for issue in (*found.new, *(issue for issue, _, _ in found.changed)):
        for note in issue.notes:
            outcome.note(issue, note)
    for issue in found.trashed:
        outcome.note(issue, "it is in the trash here; left as it is")
    return outcome


async def comments_to_come(tx: Tx, found: Compared) -> int:
    """How many comments a comparison would add."""
    there = await exchange.comment_keys(tx, [before.id for _, before, _ in found.changed])
    edited = [issue for issue, _, fields in found.changed if "comments" in fields]
    return sum(
        comment.source_key not in there for issue in (*found.new, *edited) for comment in issue.comments
    )


class Storing:
    """Writes what was compared, adding to an outcome."""

    def __init__(self, tx: Tx, plan: Plan, outcome: Outcome) -> None:
        self._tx = tx
        self._plan = plan
        self._outcome = outcome

    async def create(self, new: Sequence[ImportIssue]) -> None:
        """Writes new issues."""
        if not new:
            return
        tx, plan = self._tx, self._plan
        numbers = await self._numbers(new)
        rows: list[Values] = [
            {
                "number": number,
                "rank": rank.initial(number),
                "title": issue.title,
                "description": issue.description,
                "status": issue.status.value,
                "priority": issue.priority.value,
                "type": issue.type.value,
                "reporter_id": plan.author(issue.author) if issue.author else tx.user.id,
                "assignee_id": plan.assignee(issue, self._outcome),
                "sprint_id": plan.sprint(issue, self._outcome),
                "estimate": issue.estimate,
                "due": issue.due,
                "labels": plan.label_ids(issue, self._outcome),
                "created_at": issue.created_at,
                "updated_at": issue.updated_at,
                "closed_at": issue.closed_at,
            }
            for issue, number in zip(new, numbers, strict=True)
        ]
        ids = [issue_id for issue_id, _ in await issues.create(tx, rows)]
        written = list(zip(ids, new, strict=True))
        await self._belong(written, new=True)
        await self._comments(written)
        for issue_id, issue in written:
            tx.record("issue.imported", issue=issue_id, after={"source": issue.source_key})
            if issue.parent_key or issue.links:
                self._outcome.pending.append(Pending.of(issue))

    async def _numbers(self, new: Sequence[ImportIssue]) -> list[int]:
        """The planned numbers; others for those that somebody took meanwhile."""
        tx = self._tx
        planned = [self._plan.numbers.get(issue.source_key, 0) for issue in new]
        await exchange.reserve_numbers(tx, max(self._plan.numbers.values(), default=0))
        taken = await exchange.taken_numbers(tx, planned) | {0}
        lacking = sum(number in taken for number in planned)
        spare = count(await issues.take_numbers(tx, lacking) if lacking else 0)
        return [next(spare) if number in taken else number for number in planned]

    async def update(self, changed: Sequence[Changed]) -> None:
        """Writes the fields that the source changed. Their issues are held."""
        if not changed:
            return
        tx = self._tx
        ids = [before.id for _, before, _ in changed]
        now = await issues.values(tx, ids)
        await exchange.name_comments(
            tx, {before.id: issue.source_key for issue, before, fields in changed if "comments" in fields}
        )
        columns = {
            before.id: self._columns(issue, now[before.id], before, fields)
            for issue, before, fields in changed
        }
        closed = await issues.apply(tx, columns)
        await exchange.set_times(
            tx,
            {
                before.id: (issue.created_at, issue.updated_at and max(issue.updated_at, before.updated_at))
                for issue, before, fields in changed
                if "times" in fields
            },
        )
        await self._belong([(before.id, issue) for issue, before, _ in changed], new=False)
        await self._comments(
            [(before.id, issue) for issue, before, fields in changed if "comments" in fields]
        )
        for issue, before, fields in changed:
            columns[before.id].pop("closed_at", None)  # It follows from the status.
            other = difference(now[before.id], columns[before.id])
            was, after = sides(now[before.id], other, closed[before.id])
            said = {"source": issue.source_key, "changed": sorted(fields)}
            tx.record("issue.imported", issue=before.id, before=was, after={**said, **after})
            if fields & {"parent", "links"}:
                self._outcome.pending.append(Pending.of(issue, known=True))

    def _columns(self, issue: ImportIssue, now: Values, before: Known, fields: frozenset[str]) -> Values:
        """The columns of those fields that the source changed."""
        plan = self._plan
        columns: Values = {
            name: getattr(issue, name) for name in ("title", "description") if name in fields
        } | {name: getattr(issue, name).value for name in ("status", "priority", "type") if name in fields}
        if "estimate" in fields:
            columns["estimate"] = None if issue.estimate is None else points(issue.estimate)
        if "due" in fields:
            columns["due"] = issue.due and issue.due.isoformat()
        if "assignee" in fields:
            columns["assignee_id"] = plan.assignee(issue, self._outcome)
        if "sprint" in fields:
            columns["sprint_id"] = plan.sprint(issue, self._outcome)
        if "labels" in fields:
            wanted = plan.label_ids(issue, self._outcome)
            columns["labels_added"] = [label for label in wanted if label not in now["labels"]]
            columns["labels_removed"] = [label for label in now["labels"] if label not in wanted]
        if "status" in fields:
            moment = issue.closed_at or now["closed_at"] or issue.updated_at or before.updated_at
            columns["closed_at"] = moment if issue.status.closed else None
        elif "times" in fields and now["closed_at"] and issue.closed_at:
            columns["closed_at"] = issue.closed_at
        return columns

    async def _comments(self, written: Sequence[tuple[int, ImportIssue]]) -> None:
        self._outcome.comments += await exchange.put_comments(
            self._tx,
            [
                (issue_id, self._plan.author(comment.author or GHOST), comment)
                for issue_id, issue in written
                for comment in issue.comments
            ],
        )

    async def _belong(self, written: Sequence[tuple[int, ImportIssue]], *, new: bool) -> None:
        """Where the issues come from, and how long they were in their sprints."""
        sources = [Source(issue_id, issue, metadata(issue), _digest(issue)) for issue_id, issue in written]
        await exchange.write_sources(self._tx, sources, new=new)
        if self._plan.sprints:
            await exchange.set_scope(self._tx, [issue_id for issue_id, _ in written])


def _digest(issue: ImportIssue) -> bytes:
    """What the source says; without parent and links if it has any, since they are made only at the end."""
    digest = fingerprint(issue)
    return digest[: -len(UNLINKED)] + UNLINKED if issue.parent_key or issue.links else digest
