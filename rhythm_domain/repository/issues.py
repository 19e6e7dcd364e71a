"""Issues in the database: whole ones, and the one way in which their columns change."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rhythm_domain import lexemes, queries
from rhythm_domain.connection import Question
from rhythm_domain.database import Row
from rhythm_domain.errors import NotFound
from rhythm_domain.models import Issue, IssueLink, IssueRow, LinkKind, Status
from rhythm_domain.places import Held
from rhythm_domain.repository import changes as changing
from rhythm_domain.repository.comments import importer
from rhythm_domain.repository.lines import rows as rows
from rhythm_domain.repository.lines import rows_at_last as rows_at_last
from rhythm_domain.transaction import Tx

_Q = queries.load("issues")

Values = dict[str, Any]
"""Columns of an issue by name, as JSON holds them: enums and dates as text, people and sprints as ids."""


async def whole(tx: Tx, issue_id: int) -> Issue:
    """An issue with its description, links and children, as the last that is read (see `rows`). Raises
    `NotFound`.
    """
    found = await whole_at_last(tx, issue_id)
    await tx.end()
    return found()


async def whole_at_last(tx: Tx, issue_id: int) -> Callable[[], Issue]:
    """The same as the last of a transaction, read with its COMMIT: to be called behind it."""
    row = await rows_at_last(tx, [issue_id])
    details = tx.later(_Q["issue_details"], id=issue_id)
    return lambda: _whole(row(), details.rows)


def _whole(row: Sequence[IssueRow], found: Sequence[Row]) -> Issue:
    if not row or not found:
        raise NotFound("The issue was removed for ever since.")
    (details,) = found
    return Issue(
        **vars(row[0]),
        description=details["description"],
        comment_count=details["comment_count"],
        imported_by=importer(details),
        source_url=details["source_url"],
        metadata=details["metadata"] or {},
        links=tuple(_link(link) for link in details["links"] or ()),
        children=tuple(_link(child) for child in details["children"] or ()),
    )


def _link(row: Row) -> IssueLink:
    return IssueLink(
        kind=LinkKind(row["kind"]),
        key=f"{row['key']}-{row['number']}",
        title=row["title"],
        status=Status(row["status"]),
    )


async def values(tx: Tx, ids: Sequence[int]) -> dict[int, Values]:
    """The raw values of issues of this project, by id."""
    found = await tx.fetch(_Q["issue_values"], ids=list(ids), project=tx.project_id)
    return {row["id"]: _values(row) for row in found}


async def held(tx: Tx, issues: Sequence[Held], *, texts: bool) -> dict[int, Values]:
    """The same of issues that the guard holds; only with `texts` also their descriptions and labels."""
    known = {one.id: _values(one.columns) for one in issues}
    if texts:
        for row in await tx.fetch(_Q["issue_texts"], ids=list(known)):
            known[row["id"]] |= row
    return known


def closing(before: Values, changed: Values, now: datetime | None) -> str | None:
    """When an issue is closed after some of its columns change, as `apply` has it."""
    if "closed_at" in changed or "status" not in changed:
        closed: str | None = {**before, **changed}["closed_at"]
        return closed
    return _raw(now) if Status(changed["status"]).closed else None


def _values(columns: Mapping[str, Any]) -> Values:
    return {name: value if value.__class__ in _PLAIN else _raw(value) for name, value in columns.items()}


_PLAIN = {str, int, bool, type(None)}
"""What JSON holds as it is."""


def _raw(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


async def create(tx: Tx, new: Sequence[Values]) -> list[tuple[int, int]]:
    """Writes new issues of this project; their (id, number) in the order given.

    Each has a `number`, a `rank`, a `title`, a `reporter_id` and whatever else `insert_issues` names;
    `description` and `labels` (ids) are taken from the same values.
    """
    written = _insert(tx, new)
    await tx.send()
    ids = {row["number"]: row["id"] for row in written.rows}
    pairs = [(ids[one["number"]], one["number"]) for one in new]
    change_labels(
        tx, "add_labels", {pair[0]: one.get("labels", ()) for pair, one in zip(pairs, new, strict=True)}
    )
    return pairs


def create_at_last(tx: Tx, new: Values) -> None:
    """Writes a new issue, whose `id` was taken with its number, with what is asked next or at the end."""
    _insert(tx, [new])
    change_labels(tx, "add_labels", {new["id"]: new.get("labels", ())})


def _insert(tx: Tx, new: Sequence[Values]) -> Question:
    rows = json.dumps([_new(tx.project_id, one) for one in new], default=str)
    return tx.later(_Q["insert_issues"], project=tx.project_id, rows=rows)


def _new(project: int, values: Values) -> Values:
    defaults = {"status": "backlog", "priority": "none", "type": "task"}
    tsv = lexemes.document(
        values["title"], values.get("description", ""), project_id=project, number=values["number"]
    )
    return {**defaults, **values, "tsv": tsv}


async def take_numbers(tx: Tx, count: int) -> int:
    """Gives out `count` issue numbers of this project; the first of them."""
    row = await tx.one(_Q["take_numbers"], project=tx.project_id, count=count, ahead=False)
    if row is None:
        raise LookupError(tx.project_id)
    return int(row["last"]) - count + 1


def number_at_last(tx: Tx) -> Callable[[], tuple[int, int]]:
    """The next issue number of this project and the id of its issue, taken with COMMIT by a transaction that
    does nothing else: to be called behind it.
    """
    asked = tx.later(_Q["take_numbers"], project=tx.project_id, count=1, ahead=True)
    return lambda: (asked.rows[0]["last"], asked.rows[0]["id"])


_BESIDE = ("description", "labels_added", "labels_removed")
"""What of an issue no column of its own holds."""


async def apply(tx: Tx, changes: Mapping[int, Values]) -> dict[int, str | None]:
    """As `write`; the closing time of each issue afterwards (ISO 8601, or None)."""
    written = await write(tx, changes)
    await tx.send()
    return {row["id"]: _raw(row["closed_at"]) for asked in written for row in asked.rows}


async def write(tx: Tx, changes: Mapping[int, Values]) -> list[Question]:
    """Writes the named columns of each issue, with what is asked next or at the end.

    Columns: title, description, status, priority, type, assignee_id, sprint_id, parent_id, estimate, due,
    rank, closed_at, deleted, and labels_added and labels_removed (label ids). Version and times follow; so
    does what is searched.
    """
    alike: dict[frozenset[str], list[Values]] = {}
    for id_, one in changes.items():
        columns = {name: value for name, value in one.items() if name not in _BESIDE}
        alike.setdefault(frozenset(columns), []).append({"id": id_, **columns})
    written = [_write(tx, columns, rows) for columns, rows in alike.items()]
    texts = {id_: one["description"] for id_, one in changes.items() if "description" in one}
    if texts:
        tx.later(_Q["change_texts"], ids=list(texts), texts=list(texts.values()))
    change_labels(tx, "remove_labels", {id_: one.get("labels_removed", ()) for id_, one in changes.items()})
    change_labels(tx, "add_labels", {id_: one.get("labels_added", ()) for id_, one in changes.items()})
    searched = [id_ for id_, one in changes.items() if one.keys() & {"title", "description", "deleted"}]
    if searched:
        await reindex(tx, searched)
    return written


def _write(tx: Tx, columns: frozenset[str], rows: Sequence[Values]) -> Question:
    given: Values
    if alone := len(rows) == 1:
        given = {name: None if value is None else str(value) for name, value in rows[0].items()}
    else:
        given = {"changes": json.dumps(rows, default=str)}
    return tx.later(changing.statement(columns, alone=alone), project=tx.project_id, **given)


def change_labels(tx: Tx, query: str, labels: Mapping[int, Sequence[int]]) -> None:
    """Adds or removes labels (`add_labels`, `remove_labels`): label ids by issue id."""
    pairs = [(issue, label) for issue, ids in labels.items() for label in ids]
    if pairs:
        tx.later(
            _Q[query],
            project=tx.project_id,
            issues=[issue for issue, _ in pairs],
            labels=[label for _, label in pairs],
        )


async def reindex(tx: Tx, ids: Sequence[int]) -> None:
    """Makes what is searched of these issues anew from their texts; the trash is not searched."""
    texts = await tx.fetch(_Q["searched_texts"], ids=list(ids))
    gone = set(ids) - {row["id"] for row in texts}
    if gone:
        tx.later(_Q["unindex_issues"], ids=list(gone))
    index(
        tx,
        [(row["id"], row["project_id"], row["number"], row["title"], row["description"]) for row in texts],
    )


def index(tx: Tx, texts: Sequence[tuple[int, int, int, str, str]]) -> None:
    """Writes the lexemes of (id, project id, number, title, description)."""
    if texts:
        tx.later(
            _Q["index_issues"],
            ids=[one[0] for one in texts],
            projects=[one[1] for one in texts],
            numbers=[one[2] for one in texts],
            tsvs=[
                lexemes.document(title, description, project_id=project, number=number)
                for _, project, number, title, description in texts
            ],
        )


async def living(tx: Tx, ref: tuple[str, int] | int) -> int | None:
    """The id of a living issue of this project, by its id or by number and any key of the project."""
    key, number = (None, ref) if isinstance(ref, int) else ref
    row = await tx.one(_Q["issue_by_number"], project=tx.project_id, key=key, number=number)
    return int(row["id"]) if row else None


async def former_assignees(tx: Tx, ids: Sequence[int]) -> set[int]:
    """Those of some issues whose assignee is no member of this project any more."""
    if not ids:
        return set()
    rows = await tx.fetch(_Q["former_assignees"], project=tx.project_id, ids=list(ids))
    return {row["id"] for row in rows}


async def available(tx: Tx, wanted: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Which of some ids, by column (assignee_id, parent_id, sprint_id, labels), issues of this project can
    have: active members, living issues, labels, and sprints that are not finished, held until the end.
    """
    found: dict[str, set[int]] = {column: set() for column in wanted}
    for column, ids in wanted.items():
        if ids:
            rows = await tx.fetch(_Q[f"available_{column}"], project=tx.project_id, ids=list(ids))
            found[column] = {row["id"] for row in rows}
    return found


async def holders(tx: Tx, ranks: Sequence[str]) -> dict[str, int]:
    """The ids of the issues that have some ranks."""
    if not ranks:
        return {}
    rows = await tx.fetch(_Q["holders_of_ranks"], project=tx.project_id, ranks=list(ranks))
    return {row["rank"]: row["id"] for row in rows}


async def next_rank(tx: Tx, rank: str) -> str | None:
    """The rank that follows in this project."""
    row = await tx.one(_Q["rank_after"], project=tx.project_id, rank=rank)
    return row["rank"] if row else None


async def previous_rank(tx: Tx, rank: str) -> str | None:
    """The rank that precedes in this project."""
    row = await tx.one(_Q["rank_before"], project=tx.project_id, rank=rank)
    return row["rank"] if row else None


async def ranks_around(tx: Tx, rank: str, width: int) -> list[tuple[int, str]]:
    """The (id, rank) of at most `width` issues on either side of a rank, in order."""
    found = await tx.fetch(_Q["ranks_around"], project=tx.project_id, rank=rank, width=width)
    return [(row["id"], row["rank"]) for row in found]


async def set_ranks(tx: Tx, ranks: Mapping[int, str]) -> None:
    """Writes ranks without a trace in version or history: the order stays the same."""
    await tx.execute(_Q["set_ranks"], project=tx.project_id, ids=list(ranks), ranks=list(ranks.values()))


async def lock_graph(tx: Tx) -> None:
    """Holds other changes of parents and links in this project back until the end: each sees the last one's,
    so that no two of them close a circle together.
    """
    await tx.fetch(_Q["lock_graph"], project=tx.project_id)


async def ancestors(tx: Tx, issue_id: int) -> set[int]:
    """An issue and all its parents."""
    return {row["id"] for row in await tx.fetch(_Q["ancestors"], id=issue_id)}


async def blocked_by(tx: Tx, issue_id: int) -> set[int]:
    """Everything that an issue blocks, directly or through others."""
    return {row["id"] for row in await tx.fetch(_Q["blocking_chain"], id=issue_id)}


async def link(tx: Tx, blocker: int, blocked: int) -> bool:
    """Links two issues of this project; whether they were not linked yet."""
    return await tx.execute(_Q["add_link"], project=tx.project_id, blocker=blocker, blocked=blocked) == 1


async def unlink(tx: Tx, blocker: int, blocked: int) -> bool:
    """Takes a link back; whether there was one."""
    return await tx.execute(_Q["remove_link"], project=tx.project_id, blocker=blocker, blocked=blocked) == 1


async def children(tx: Tx, ids: Sequence[int]) -> list[int]:
    """The ids of the issues right below some issues, the trash included."""
    return [row["id"] for row in await tx.fetch(_Q["children_of"], ids=list(ids), project=tx.project_id)]


async def links(tx: Tx, ids: Sequence[int]) -> list[tuple[int, int]]:
    """The links of some issues as (blocker, blocked)."""
    return [(row["blocker_id"], row["blocked_id"]) for row in await tx.fetch(_Q["links_of"], ids=list(ids))]


async def trash(tx: Tx, limit: int, after: tuple[datetime, int] | None) -> list[tuple[int, datetime]]:
    """The (id, time of deletion) of deleted issues, the last deleted first."""
    before, id_ = after or (None, None)
    found = await tx.fetch(_Q["trash"], project=tx.project_id, before=before, id=id_, limit=limit)
    return [(row["id"], row["deleted_at"]) for row in found]


async def purge(tx: Tx, ids: Sequence[int]) -> None:
    """Removes deleted issues for ever, with all that hangs on them and what their history held."""
    await tx.execute(_Q["purge_contents"], ids=list(ids))
    await tx.execute(_Q["erase_events"], ids=list(ids))
    await tx.execute(_Q["purge_issues"], ids=list(ids), project=tx.project_id)
