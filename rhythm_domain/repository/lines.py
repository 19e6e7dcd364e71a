"""Issues as lines of a list, with all names that they show: the rows of every list, board and page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any

from rhythm_domain import queries
from rhythm_domain.models import IssueRow, IssueType, LabelRef, PersonRef, Priority, Status
from rhythm_domain.names import Names, numbers
from rhythm_domain.repository.hints import standing
from rhythm_domain.transaction import Tx

_Q = queries.load("lines")

FEW = 16
"""Up to so many issues it is quicker to ask for the names with each of them than for each name once."""


KNOWN = 500
"""Lines that are kept: those of some pages, or of a board."""


async def rows(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
    """Issues as lines of a list, in the order of `ids`; what no longer exists is left out. They are the last
    that is read: a transaction that only reads ends with them. Those that were shown before are read again
    only if something happened.
    """
    known = await standing(tx, ("lines", tx.place and tx.place.id, tx.names.version), _none)
    found = await rows_at_last(tx, [id_ for id_ in ids if id_ not in known])
    await tx.end()
    lines = known | {row.id: row for row in found()}
    shown = {id_: lines[id_] for id_ in ids if id_ in lines}
    if len(lines) > KNOWN:  # Of all that was shown, what is shown now is the likeliest to be asked for again.
        known.clear()
    known |= shown
    return tuple(shown.values())


async def _none() -> dict[int, IssueRow]:
    return {}


async def rows_at_last(tx: Tx, ids: Sequence[int]) -> Callable[[], tuple[IssueRow, ...]]:
    """The same as the last of a transaction, read with its COMMIT if they are few: to be called behind it."""
    if not ids:
        return tuple
    if len(ids) > FEW:
        many = await _many(tx, ids)
        return lambda: many
    asked = tx.later(_Q["issue_rows"], named=False, ids=queries.integers(ids))
    return lambda: tuple(_lines(*_few(asked.rows)))


_Found = Sequence[tuple[Any, ...]]
"""Rows of the columns of `many_issue_rows`."""


def _few(found: _Found) -> tuple[_Found, Names]:
    """Issues and their names, of what one statement found."""
    people = {row[8]: _person(row[8], *row[25:27]) for row in found}
    people |= {row[7]: _person(row[7], *row[23:25]) for row in found if row[7] is not None}
    names = Names(
        projects={row[1]: row[21] for row in found},
        people=people,
        sprints={row[9]: row[22] for row in found},
    )
    names.labelled.update((row[20], _labels(row[20])) for row in found if row[20])
    return [row[:21] for row in found], names


async def _many(tx: Tx, ids: Sequence[int]) -> tuple[IssueRow, ...]:
    """Lines of the issues with the ids of what they name, and of the names: those that are not known yet are
    asked for.
    """
    asked = tx.later(_Q["many_issue_rows"], named=False, ids=queries.integers(ids))
    await tx.end()
    by_id = {row[0]: row for row in asked.rows}
    found = [by_id[id_] for id_ in ids if id_ in by_id]
    try:
        return tuple(_lines(found, tx.names))
    except KeyError:  # Rarely: to look for it in all rows first would take as long as the lines do.
        await _learn(tx, found)
    return tuple(_lines(found, tx.names))


async def _learn(tx: Tx, found: _Found) -> None:
    """Asks for the names that are not known yet."""
    names, labels = tx.names, tx.names.labelled.known
    labelled = {row[20] for row in found} - names.labelled.keys()
    unknown = {
        "projects": {row[1] for row in found} - names.projects.keys(),
        "people": ({row[7] for row in found} | {row[8] for row in found}) - names.people.keys() - {None},
        "sprints": {row[9] for row in found} - names.sprints.keys() - {None},
        "labels": {id_ for ids_ in labelled for id_ in numbers(ids_)} - labels.keys(),
    }
    asked = {kind: queries.integers(ids_) for kind, ids_ in unknown.items()}
    for kind, id_, name, more in await tx.tuples(_Q["names_of_rows"], **asked):
        match kind:
            case "people":
                names.people[id_] = PersonRef(id=id_, name=name, display_name=more)
            case "labels":
                labels[id_] = _label(name)
            case _:
                known: dict[int, str] = getattr(names, kind)
                known[id_] = name
    for gone in unknown["labels"] - labels.keys():
        labels[gone] = None


def _lines(found: _Found, names: Names) -> Iterator[IssueRow]:
    """Each line: written out, as they come by the hundred. Raises `KeyError` for a name that is not known."""
    projects, people, sprints, labels = names.projects, names.people, names.sprints, names.labelled
    # fmt: off
    for (
        id_, project_id, number, title, status, priority, type_, assignee, reporter, sprint, estimate, due,
        parent, blocked, rank, version, created_at, updated_at, closed_at, deleted_at, labelled,
    ) in found:
        # fmt: on
        line = IssueRow.__new__(IssueRow)
        fields = vars(line)  # Set in this, the fields of all lines share their names: a third of the room.
        fields["id"] = id_
        fields["project_id"] = project_id
        fields["project_key"] = key = projects[project_id]
        fields["number"] = number
        fields["title"] = title
        fields["status"] = _STATUSES[status]
        fields["priority"] = _PRIORITIES[priority]
        fields["type"] = _TYPES[type_]
        fields["assignee"] = None if assignee is None else people[assignee]
        fields["reporter"] = people[reporter]
        fields["sprint_id"] = sprint
        fields["sprint"] = None if sprint is None else sprints[sprint]
        fields["estimate"] = None if estimate is None else _estimate(estimate)
        fields["due"] = due
        fields["labels"] = labels[labelled] if labelled else ()
        fields["parent_key"] = None if parent is None else f"{key}-{parent}"
        fields["blocked"] = blocked
        fields["rank"] = rank
        fields["version"] = version
        fields["created_at"] = created_at
        fields["updated_at"] = updated_at
        fields["closed_at"] = closed_at
        fields["deleted_at"] = deleted_at
        yield line


_STATUSES: Mapping[bytes, Status] = {status.value.encode(): status for status in Status}
_PRIORITIES: Mapping[bytes, Priority] = {priority.value.encode(): priority for priority in Priority}
_TYPES: Mapping[bytes, IssueType] = {kind.value.encode(): kind for kind in IssueType}


_estimate = lru_cache(maxsize=1024)(Decimal)
"""Of its digits: psycopg takes longer over these few numbers than over all the rest of a line."""


@lru_cache(maxsize=1024)
def _person(id_: int, name: str, display_name: str) -> PersonRef:
    """The same few people are on every page; a frozen model can be on many rows."""
    return PersonRef(id=id_, name=name, display_name=display_name)


@lru_cache(maxsize=4096)
def _labels(text: str) -> tuple[LabelRef, ...]:
    """An issue's labels in order, between signs that no name has."""
    return tuple(label for _, label in sorted(map(_label, text.split("\x1e")), key=itemgetter(0)))


def _label(text: str) -> tuple[str, LabelRef]:
    """The folded name of a label, which orders it, and the label."""
    folded, name, colour = text.split("\x1f")
    return folded, LabelRef(name=name, colour=colour)
