"""Issues as lines of a list, with all names that they show: the rows of every list, board and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from rhythm_domain import queries
from rhythm_domain.models import IssueRow, IssueType, LabelRef, PersonRef, Priority, Status
from rhythm_domain.transaction import Tx

_Q = queries.load("lines")

MANY = 100
"""From so many issues on it is quicker to ask for each name once than with each issue."""


async def rows(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
    """Issues as lines of a list, in the order of `ids`; what no longer exists is left out."""
    if not ids:
        return ()
    if len(ids) > MANY:
        return await _many(tx, ids)
    return tuple(
        _row(
            columns,
            labels=_labels(labels) if labels else (),
            key=key,
            sprint=sprint,
            assignee=None if name is None else _person(columns[7], name, display_name),
            reporter=_person(columns[8], reporter, reporter_display_name),
        )
        for (
            *columns,
            labels,
            key,
            sprint,
            name,
            display_name,
            reporter,
            reporter_display_name,
        ) in await tx.tuples(_Q["issue_rows"], ids=queries.integers(ids))
    )


async def _many(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
    """The same, in two statements: the issues with the ids of what they name, and the names."""
    found = {row[0]: row for row in await tx.tuples(_Q["many_issue_rows"], ids=queries.integers(ids))}
    there = [found[id_] for id_ in ids if id_ in found]
    labels = {text: [int(id_) for id_ in text.split(",")] for text in {row[20] for row in there} if text}
    named = await tx.tuples(
        _Q["names_of_rows"],
        projects=queries.integers({row[1] for row in there}),
        people=queries.integers({id_ for row in there for id_ in row[7:9] if id_ is not None}),
        sprints=queries.integers({row[9] for row in there if row[9] is not None}),
        labels=queries.integers({id_ for ids_ in labels.values() for id_ in ids_}),
    )
    names = {(kind, id_): name for kind, id_, name, _ in named}
    keys = {row[1]: names["project", row[1]] for row in there}
    sprints = {row[9]: names.get(("sprint", row[9])) for row in there}
    people = {id_: _person(id_, name, more) for kind, id_, name, more in named if kind == "person"}
    labelled = {
        text: _labels("\x1e".join(names["label", id_] for id_ in ids_ if ("label", id_) in names))
        for text, ids_ in labels.items()
    }
    return tuple(
        _row(
            row[:20],
            labels=labelled.get(row[20], ()),
            key=keys[row[1]],
            sprint=sprints[row[9]],
            assignee=people.get(row[7]),
            reporter=people[row[8]],
        )
        for row in there
    )


def _row(
    columns: Sequence[Any],
    *,
    labels: tuple[LabelRef, ...],
    key: str,
    sprint: str | None,
    assignee: PersonRef | None,
    reporter: PersonRef,
) -> IssueRow:
    """A line, of the columns that both statements begin with; written out, as they come by the hundred."""
    # fmt: off
    (
        id_, project_id, number, title, status, priority, type_, _, _, sprint_id, estimate, due, parent,
        blocked, rank, version, created_at, updated_at, closed_at, deleted_at,
    ) = columns
    # fmt: on
    return IssueRow.known(
        {
            "id": id_,
            "project_id": project_id,
            "project_key": key,
            "number": number,
            "title": title,
            "status": _STATUSES[status],
            "priority": _PRIORITIES[priority],
            "type": _TYPES[type_],
            "assignee": assignee,
            "reporter": reporter,
            "sprint_id": sprint_id,
            "sprint": sprint,
            "estimate": estimate,
            "due": due,
            "labels": labels,
            "parent_key": None if parent is None else f"{key}-{parent}",
            "blocked": blocked,
            "rank": rank,
            "version": version,
            "created_at": created_at,
            "updated_at": updated_at,
            "closed_at": closed_at,
            "deleted_at": deleted_at,
        }
    )


_STATUSES: Mapping[str, Status] = {status.value: status for status in Status}
_PRIORITIES: Mapping[str, Priority] = {priority.value: priority for priority in Priority}
_TYPES: Mapping[str, IssueType] = {kind.value: kind for kind in IssueType}


@lru_cache(maxsize=1024)
def _person(id_: int, name: str, display_name: str) -> PersonRef:
    """The same few people are on every page; a frozen model can be on many rows."""
    return PersonRef(id=id_, name=name, display_name=display_name)


@lru_cache(maxsize=4096)
def _labels(text: str) -> tuple[LabelRef, ...]:
    """An issue's labels by name, of their folded names, names and colours between signs that no name has."""
    labels = sorted(label.split("\x1f") for label in text.split("\x1e") if label)
    return tuple(LabelRef(name=name, colour=colour) for _, name, colour in labels)
