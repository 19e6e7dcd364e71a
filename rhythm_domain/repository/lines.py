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
    found = await tx.tuples(_Q["issue_rows"], ids=queries.integers(ids))
    return tuple(IssueRow.known(fields(row)) for row in found)


def fields(row: tuple[Any, ...]) -> dict[str, Any]:
    """The fields of an `IssueRow`, in its order, of a row of `issue_rows`; written out, as they come by the
    hundred.
    """
    # fmt: off
    (
        id_, project_id, number, title, status, priority, type_,
        assignee, reporter, sprint_id, estimate, due, parent, blocked,
        rank, version, created_at, updated_at, closed_at, deleted_at,
        labels, project_key, sprint, name, display_name, reporter_name, reporter_display_name,
    ) = row
    # fmt: on
    return {
        "id": id_,
        "project_id": project_id,
        "project_key": project_key,
        "number": number,
        "title": title,
        "status": _STATUSES[status],
        "priority": _PRIORITIES[priority],
        "type": _TYPES[type_],
        "assignee": None if assignee is None else _person(assignee, name, display_name),
        "reporter": _person(reporter, reporter_name, reporter_display_name),
        "sprint_id": sprint_id,
        "sprint": sprint,
        "estimate": estimate,
        "due": due,
        "labels": _labels(labels) if labels else (),
        "parent_key": None if parent is None else f"{project_key}-{parent}",
        "blocked": blocked,
        "rank": rank,
        "version": version,
        "created_at": created_at,
        "updated_at": updated_at,
        "closed_at": closed_at,
        "deleted_at": deleted_at,
    }


async def _many(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
    """The same, in two statements: the issues with the ids of what they name, and the names."""
    found = {row[0]: row for row in await tx.tuples(_Q["many_issue_rows"], ids=queries.integers(ids))}
    there = [found[id_] for id_ in ids if id_ in found]
    labels = {text: text.split(",") for text in {row[20] for row in there} if text}
    named = await tx.tuples(
        _Q["names_of_rows"],
        projects=queries.integers({row[1] for row in there}),
        people=queries.integers({person for row in there for person in row[7:9] if person is not None}),
        sprints=queries.integers({row[9] for row in there if row[9] is not None}),
        labels=queries.integers({int(id_) for ids_ in labels.values() for id_ in ids_}),
    )
    names = {(kind, id_): known for kind, id_, *known in named}
    of_labels = {
        text: "\x1e".join(names["label", int(id_)][0] for id_ in ids_ if ("label", int(id_)) in names)
        for text, ids_ in labels.items()
    }
    nobody = (None, None)
    return tuple(
        IssueRow.known(
            fields(
                (
                    *row[:20],
                    of_labels.get(row[20]),
                    names["project", row[1]][0],
                    None if row[9] is None else names["sprint", row[9]][0],
                    *(nobody if row[7] is None else names["person", row[7]]),
                    *names["person", row[8]],
                )
            )
        )
        for row in there
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
    labels = sorted(label.split("\x1f") for label in text.split("\x1e"))
    return tuple(LabelRef(name=name, colour=colour) for _, name, colour in labels)
