"""What an import needs before its first issue: accounts, members, labels, sprints and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from rhythm_domain.formats.records import ImportIssue, ImportPerson
from rhythm_domain.models import SprintState
from rhythm_domain.models.exchange import ImportNote
from rhythm_domain.refusals import Retry
from rhythm_domain.repository import exchange, issues
from rhythm_domain.repository.exchange import Known
from rhythm_domain.services.editing import MAX_LABELS
from rhythm_domain.services.exchange.linking import Pending, briefly, shown
from rhythm_domain.services.exchange.survey import Survey, account_name, stand_in
from rhythm_domain.text import folded
from rhythm_domain.transaction import Tx


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
        self.notes.append(ImportNote(source=shown(issue.source_key), note=briefly(note)))

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
    stand_ins: dict[str, int] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    former: set[int] = field(default_factory=set)
    labels: dict[str, int] = field(default_factory=dict)
    sprints: dict[str, tuple[int, SprintState]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def author(self, person: ImportPerson) -> int:
        """Under whose name words stand: never under somebody's who is not here to see it."""
        name = account_name(person.login)
        return self.stand_ins.get(name, self.people[name])

    def assignee(self, issue: ImportIssue, outcome: Outcome) -> int | None:
        """Only members can be assigned; what is closed stays with those who left."""
        if issue.assignee is None:
            return None
        user = self.people[account_name(issue.assignee.login)]
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


class Planning:
    """Makes what a surveyed file needs, or with `dry_run` only says what that is.

    `made` are the names of it by kind: people, matched, members, labels, sprints; `notes` say who is not
    taken for the author that the file names.
    """

    def __init__(self, survey: Survey, *, dry_run: bool) -> None:
        self.plan = Plan()
        self.made: dict[str, tuple[str, ...]] = {}
        self.notes: list[ImportNote] = []
        self._survey = survey
        self._dry_run = dry_run

    async def make(self, tx: Tx, known: Mapping[str, Known]) -> None:
        """Fills `plan` and `made`. `known` are the file's issues that are in the project."""
        self.made = {
            **await self._people(tx),
            "labels": await self._labels(tx),
            "sprints": await self._sprints(tx),
        }
        first = 0 if self._dry_run else await self._numbers(tx, known)
        made = {name: list(names) for name, names in self.made.items() if names and name != "matched"}
        if tx.done or self._dry_run or not (made or first):
            tx.unchanged()
        else:
            after = {**made, "matched": list(self.made["matched"]), "first_number": first}
            tx.record("import.started", after=after)

    async def _people(self, tx: Tx) -> dict[str, tuple[str, ...]]:
        """An account for everybody; and everybody who is assigned is a member, but for those who left."""
        people = self._survey.people
        found = await exchange.accounts(tx, people)
        missing = {name: one.display_name or one.login for name, one in people.items() if name not in found}
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
        memberships = before | {ids[name]: True for name in joining if name in ids}
        members = {user for user, now in memberships.items() if now and user in usable}
        strangers = {
            name
            for name, row in found.items()
            if name in self._survey.authors and row["claimed"] and row["id"] not in {*members, tx.user.id}
        }
        stand_ins = await self._stand_ins(tx, strangers, missing)
        if not self._dry_run:
            await exchange.add_assignees(tx, [ids[name] for name in joining])
            await exchange.add_authors(tx, missing)
            there = await exchange.accounts(tx, stand_ins.values())
            if any(row["claimed"] for row in there.values()):
                raise Retry("accounts")
            self.plan.people, self.plan.members, self.plan.former = ids, members, set(memberships)
            self.plan.stand_ins = {name: there[account]["id"] for name, account in stand_ins.items()}
        matched = {name for name, row in found.items() if row["claimed"]}
        return {
            "people": tuple(sorted(missing)),
            "matched": tuple(sorted(matched - (strangers - self._survey.assigned))),
            "members": tuple(sorted(joining)),
        }

    async def _stand_ins(self, tx: Tx, strangers: Iterable[str], missing: dict[str, str]) -> dict[str, str]:
        """For people who would not see what a file has them say: the names of accounts that nobody has
        claimed. Those that are not there yet are added to what is missing.
        """
        found: dict[str, str] = {}
        ahead, at = sorted(strangers), 1
        while ahead:
            there = await exchange.accounts(tx, [stand_in(name, at) for name in ahead])
            for name in ahead:
                account = stand_in(name, at)
                if account not in there:
                    person = self._survey.people[name]
                    missing[account] = f"{(person.display_name or person.login)[:85]} (imported)"
                elif there[account]["claimed"]:
                    continue
                found[name] = account
            ahead, at = [name for name in ahead if name not in found], at + 1
        self.notes = [
            ImportNote(source=name, note=f"no member here: what they wrote stands under {account}")
            for name, account in sorted(found.items())
        ]
        return found

    async def _labels(self, tx: Tx) -> tuple[str, ...]:
        wanted = self._survey.labels
        found = await exchange.label_ids(tx, wanted)
        missing = [label for name, label in wanted.items() if name not in found]
        if not self._dry_run:
            await exchange.add_labels(tx, missing)
            self.plan.labels = await exchange.label_ids(tx, wanted)
        return tuple(sorted(label.name for label in missing))

    async def _sprints(self, tx: Tx) -> tuple[str, ...]:
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
            self.plan.sprints = {name: (row["id"], SprintState(row["state"])) for name, row in found.items()}
        return tuple(sorted(row["name"] for row in missing))

    async def _numbers(self, tx: Tx, known: Mapping[str, Known]) -> int:
        """The source's own numbers where no other issue is there; else new ones, the first of them returned.

        What an import that was broken off brought with its own numbers is no other issue.
        """
        new = [key for key in self._survey.issues if key not in known]
        if not new:
            return 0
        own = self._survey.own_numbers()
        if own is not None and await exchange.is_all_there_is(tx, own):
            self.plan.numbers = {key: own[key] for key in new}
            return 0
        first = int(tx.done.after[0]["first_number"]) if tx.done else await issues.take_numbers(tx, len(new))
        self.plan.numbers = dict(zip(self._survey.oldest_first(new), count(first), strict=False))
        return first
