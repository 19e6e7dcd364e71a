"""What comes in from other trackers and goes out again, in the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.formats.records import (
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
)
from rhythm_domain.models import IssueType, LinkKind, Priority, SprintState, Status
from rhythm_domain.palette import colour_of, nearest
from rhythm_domain.text import folded
from rhythm_domain.transaction import Tx

_Q = queries.load("exchange")


@dataclass(frozen=True, slots=True)
class Known:
    """An issue that a source's issue was imported as. `native`: it was made here and never imported."""

    id: int
    number: int
    updated_at: datetime
    deleted: bool
    digest: bytes = b""
    native: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where an issue comes from: its record, what is kept beside it, and what the source said, hashed."""

    issue: int
    record: ImportIssue
    metadata: Mapping[str, Any]
    digest: bytes


async def begin_to_load(tx: Tx) -> None:
    """Lets this transaction wait longer than others for what another import is writing, and leave what is
    searched of its issues to be sorted in with that of many others.
    """
    await tx.execute(_Q["begin_to_load"])


async def settle(tx: Tx) -> None:
    """Sorts in what such transactions left."""
    await tx.execute(_Q["settle"])


async def own_prefix(tx: Tx) -> str:
    """What the source keys begin with that exports of this instance give to issues which were made here."""
    row = await tx.one(_Q["instance_created"]) or {}
    return f"rhythm:{int(row['created_at'].timestamp() * 1_000_000):x}/"


# What is there -----------------------------------------------------------------------------------------


async def imported(tx: Tx, keys: Sequence[str]) -> dict[str, Known]:
    """The issues of this project that were imported under these source keys."""
    rows = await tx.fetch(_Q["imported_issues"], project=tx.project_id, keys=list(keys))
    return {row.pop("source_key"): Known(**row) for row in rows}


async def natives(tx: Tx, numbers: Mapping[int, str]) -> dict[str, Known]:
    """The issues of this project that were made here, by the keys that `numbers` gives."""
    rows = (
        await tx.fetch(_Q["native_issues"], project=tx.project_id, numbers=list(numbers)) if numbers else ()
    )
    return {numbers[row["number"]]: Known(**row, native=True) for row in rows}


async def is_all_there_is(tx: Tx, own: Mapping[str, int]) -> bool:
    """Whether this project never gave a number, or holds nothing but issues of these keys and numbers."""
    last = await tx.one(_Q["last_number"], project=tx.project_id) or {}
    if last["last"] == 0:
        return True
    row = await tx.one(
        _Q["count_of_others"], project=tx.project_id, keys=list(own), numbers=list(own.values())
    )
    return row is not None and row["others"] == 0 < row["own"]


async def comment_keys(tx: Tx, ids: Sequence[int]) -> set[str]:
    """The source keys of the comments of issues, deleted ones too."""
    return {row["source_key"] for row in await tx.fetch(_Q["comment_keys"], issues=list(ids))}


# People, labels, sprints -------------------------------------------------------------------------------


async def accounts(tx: Tx, names: Iterable[str]) -> dict[str, Row]:
    """The id, display_name, active and claimed of accounts, by name."""
    return {row["name"]: row for row in await tx.fetch(_Q["accounts_by_name"], names=list(names))}


async def add_authors(tx: Tx, people: Mapping[str, str]) -> None:
    """Makes inactive accounts, by name with their display names; those that exist stay as they are."""
    await tx.execute(_Q["add_authors"], names=list(people), display_names=list(people.values()))


async def memberships(tx: Tx, users: Iterable[int]) -> dict[int, bool]:
    """Who of these is a member of this project, or was (False)."""
    rows = await tx.fetch(_Q["memberships_of"], project=tx.project_id, users=list(users))
    return {row["user_id"]: not row["ended"] for row in rows}


async def add_assignees(tx: Tx, users: Sequence[int]) -> None:
    """Makes people members who never were."""
    await tx.execute(_Q["add_assignees"], project=tx.project_id, users=list(users))


async def label_ids(tx: Tx, names: Iterable[str]) -> dict[str, int]:
    """The ids of this project's labels by folded name."""
    rows = await tx.fetch(_Q["label_ids"], project=tx.project_id, folded=list(names))
    return {row["folded"]: row["id"] for row in rows}


async def add_labels(tx: Tx, labels: Sequence[ImportLabel]) -> None:
    """Makes labels, in the palette's colours that are most like the source's."""
    await tx.execute(
        _Q["add_missing_labels"],
        project=tx.project_id,
        names=[label.name for label in labels],
        folded=[folded(label.name) for label in labels],
        colours=[nearest(label.colour) or colour_of(label.name) for label in labels],
        descriptions=[label.description for label in labels],
    )


async def sprints(tx: Tx, names: Iterable[str]) -> dict[str, Row]:
    """The id and state of this project's sprints of these folded names, and of the active one."""
    rows = await tx.fetch(_Q["sprints_by_name"], project=tx.project_id, folded=list(names))
    return {row["folded"]: row for row in rows}


async def add_sprints(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Makes sprints of columns by name."""
    await tx.execute(
        _Q["add_missing_sprints"], project=tx.project_id, rows=json.dumps(list(rows), default=str)
    )


# Issues ------------------------------------------------------------------------------------------------


async def reserve_numbers(tx: Tx, to: int) -> None:
    """Sees to it that no number up to this one is given any more."""
    await tx.execute(_Q["reserve_numbers"], project=tx.project_id, number=to)


async def taken_numbers(tx: Tx, numbers: Iterable[int]) -> set[int]:
    """Those of the numbers that issues of this project have, the trash included."""
    rows = await tx.fetch(_Q["taken_numbers"], project=tx.project_id, numbers=list(numbers))
    return {row["number"] for row in rows}


async def write_sources(tx: Tx, sources: Sequence[Source], *, new: bool) -> None:
    """Writes where issues come from. Of `new` ones none may be there: another import lets us run again."""
    await tx.execute(
        _Q["add_sources" if new else "put_sources"],
        project=tx.project_id,
        importer=tx.user.id,
        keys=[source.record.source_key for source in sources],
        issues=[source.issue for source in sources],
        urls=[source.record.url for source in sources],
        metadata=[json.dumps(source.metadata) for source in sources],
        digests=[source.digest for source in sources],
    )


async def put_digests(tx: Tx, digests: Mapping[str, bytes]) -> None:
    """Writes what was said last, by source key."""
    await tx.execute(
        _Q["put_digests"], project=tx.project_id, keys=list(digests), digests=list(digests.values())
    )


async def name_comments(tx: Tx, issues: Mapping[int, str]) -> None:
    """Gives comments that were written here their keys: those of their issues, and their ids."""
    await tx.execute(_Q["name_comments"], issues=list(issues), keys=list(issues.values()))


async def put_comments(tx: Tx, comments: Sequence[tuple[int, int, ImportComment]]) -> int:
    """Writes comments as (issue id, author id, record); how many were new or changed."""
    if not comments:
        return 0
    return await tx.execute(
        _Q["put_comments"],
        project=tx.project_id,
        importer=tx.user.id,
        issues=[issue for issue, _, _ in comments],
        authors=[author for _, author, _ in comments],
        bodies=[comment.body for _, _, comment in comments],
        keys=[comment.source_key for _, _, comment in comments],
        times=[comment.created_at for _, _, comment in comments],
    )


async def set_times(tx: Tx, times: Mapping[int, tuple[datetime | None, datetime | None]]) -> None:
    """Writes when issues were created and updated last, where that is given."""
    await tx.execute(
        _Q["set_times"],
        project=tx.project_id,
        issues=list(times),
        created=[created for created, _ in times.values()],
        updated=[updated for _, updated in times.values()],
    )


async def set_scope(tx: Tx, issues: Sequence[int]) -> None:
    """Counts imported issues as part of their sprints from the sprints' start on, for the reports."""
    await tx.execute(_Q["set_scope"], issues=list(issues))


async def parents(tx: Tx) -> dict[int, int]:
    """The parent of every issue of this project that has one, by id."""
    rows = await tx.fetch(_Q["all_parents"], project=tx.project_id)
    return {row["id"]: row["parent_id"] for row in rows}


async def links(tx: Tx) -> dict[int, set[int]]:
    """What each issue of this project blocks, by id."""
    found: dict[int, set[int]] = {}
    for row in await tx.fetch(_Q["all_links"], project=tx.project_id):
        found.setdefault(row["blocker_id"], set()).add(row["blocked_id"])
    return found


async def set_parents(tx: Tx, parents: Mapping[int, int | None]) -> None:
    """Writes parents by issue."""
    await tx.execute(
        _Q["set_parents"], project=tx.project_id, issues=list(parents), parents=list(parents.values())
    )


async def put_links(tx: Tx, ends: Sequence[tuple[int, int]]) -> None:
    """Writes links as (blocker, blocked)."""
    await tx.execute(
        _Q["put_links"],
        project=tx.project_id,
        blockers=[blocker for blocker, _ in ends],
        blocked=[blocked for _, blocked in ends],
    )


# Going out ---------------------------------------------------------------------------------------------


async def records(tx: Tx, ids: Sequence[int]) -> list[ImportIssue]:
    """Issues of this project with all that is theirs, in the order of `ids`."""
    prefix = await own_prefix(tx) + tx.key

    def key(source_key: str | None, number: int) -> str:
        return source_key or f"{prefix}-{number}"

    rows = await tx.fetch(_Q["exported_issues"], project=tx.project_id, ids=list(ids))
    keys = {row["id"]: key(row["source_key"], row["number"]) for row in rows}
    comments: dict[int, list[ImportComment]] = {}
    for row in await tx.fetch(_Q["exported_comments"], ids=list(keys)):
        issue = row["issue_id"]
        author = ImportPerson(row["name"], row["display_name"])
        name = row["source_key"] or f"{keys[issue]}/{row['id']}"
        comments.setdefault(issue, []).append(
            ImportComment(name, author, row["body"], row["created_at"].astimezone(UTC))
        )
    linked: dict[int, list[tuple[LinkKind, str]]] = {}
    for row in await tx.fetch(_Q["exported_links"], ids=list(keys)):
        linked.setdefault(row["issue_id"], []).append(
            (LinkKind(row["kind"]), key(row["source_key"], row["number"]))
        )
    return [
        ImportIssue(
            source_key=keys[row["id"]],
            number=row["number"],
            title=row["title"],
            description=row["description"],
            status=Status(row["status"]),
            priority=Priority(row["priority"]),
            type=IssueType(row["type"]),
            author=ImportPerson(row["author"], row["author_name"]),
            assignee=row["assignee"] and ImportPerson(row["assignee"], row["assignee_name"]),
            labels=tuple(ImportLabel(*label) for label in row["labels"] or ()),
            sprint=row["sprint"] and _sprint(row),
            estimate=row["estimate"],
            due=row["due"],
            parent_key=row["parent_number"] and key(row["parent_key"], row["parent_number"]),
            links=tuple(linked.get(row["id"], ())),
            comments=tuple(comments.get(row["id"], ())),
            created_at=row["created_at"].astimezone(UTC),
            updated_at=row["updated_at"].astimezone(UTC),
            closed_at=row["closed_at"] and row["closed_at"].astimezone(UTC),
            url=row["url"],
            metadata=row["metadata"] or {},
        )
        for row in rows
    ]


def _sprint(row: Row) -> ImportSprint:
    return ImportSprint(
        row["sprint"], row["goal"], row["starts_on"], row["ends_on"], SprintState(row["state"])
    )
