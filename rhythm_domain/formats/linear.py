"""Linear: the CSV of "Export issues"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO

from rhythm_domain.formats import dates, vocabulary
from rhythm_domain.formats.cells import Cells, only_prefix
from rhythm_domain.formats.records import (
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Problem,
    Record,
)
from rhythm_domain.formats.repair import repaired
from rhythm_domain.formats.tables import Row, Table
from rhythm_domain.models import LinkKind, Priority, Status

HINT = "In Linear: Settings, Administration, Import and export, Export CSV."


def read(stream: BinaryIO) -> Iterator[Record]:
    """The issues of a Linear workspace or team. Invalid if the file has no columns Id, Title and Status."""
    table = Table(
        stream, required=frozenset({"id", "title", "status"}), expected="a CSV file from Linear", hint=HINT
    )
    numbered = only_prefix(row.get("id") for row in table.rows() if isinstance(row, Row))
    return repaired(_records(table, numbered))


def _records(table: Table, numbered: str | None) -> Iterator[Record]:
    for row in table.rows():
        yield row if isinstance(row, Problem) else _issue(Cells(row, table.header), numbered)


def _issue(cells: Cells, numbered: str | None) -> ImportIssue | Problem:
    """One row. `numbered` is the team whose numbers can be kept, if all issues are of one."""
    key = cells.get("id")
    if not key:
        return Problem(cells.line, f"line {cells.line}", "it has no Id")
    prefix, _, number = key.rpartition("-")
    completed, cancelled = cells.moment("completed"), cells.moment("canceled")
    status = _status(cells, completed, cancelled)
    labels = [name for name in cells.get("labels").split(", ") if name]
    return ImportIssue(
        source_key=f"linear:{key}",
        line=cells.line,
        number=int(number) if prefix and prefix == numbered else None,
        title=cells.get("title"),
        description=cells.get("description"),
        status=status,
        priority=cells.named("priority", vocabulary.priority_named) or Priority.NONE,
        type=vocabulary.type_from_labels(labels),
        author=_person(cells.get("creator")),
        assignee=_person(cells.get("assignee")),
        labels=tuple(ImportLabel(name) for name in labels),
        sprint=_cycle(cells),
        estimate=cells.number("estimate"),
        due=cells.day("due date", dates.local_day),
        parent_key=_parent(cells.get("parent issue")),
        links=tuple(_links(cells)),
        created_at=cells.moment("created"),
        updated_at=cells.moment("updated"),
        closed_at=(completed or cancelled) if status.closed else None,
        metadata=cells.rest(),
        notes=cells.notes,
    )


def _status(cells: Cells, completed: datetime | None, cancelled: datetime | None) -> Status:
    """The status by its name; a team's own names by how far the issue has come."""
    name = cells.get("status")
    if (known := vocabulary.status_named(name)) is not None:
        return known
    if cancelled:
        guess = Status.CANCELLED
    elif completed:
        guess = Status.DONE
    else:
        guess = Status.IN_PROGRESS if cells.peek("started") else Status.TODO
    cells.keep("Status", name, f"“{name}” was taken for {guess.value}")
    return guess


def _person(name: str) -> ImportPerson | None:
    """A person by name or e-mail address: Linear writes either."""
    return ImportPerson(name, "" if "@" in name else name) if name else None


def _cycle(cells: Cells) -> ImportSprint | None:
    name, number = cells.get("cycle name"), cells.get("cycle number")
    starts_on, ends_on = cells.day("cycle start", dates.local_day), cells.day("cycle end", dates.local_day)
    if not (name or number):
        return None
    return ImportSprint(name or f"Cycle {number}", starts_on=starts_on, ends_on=ends_on)


def _parent(key: str) -> str | None:
    return f"linear:{key}" if key else None


def _links(cells: Cells) -> Iterator[tuple[LinkKind, str]]:
    for column, kind in (("blocks", LinkKind.BLOCKS), ("blocked by", LinkKind.BLOCKED_BY)):
        for key in cells.get(column).split(","):
            if key.strip():
                yield kind, f"linear:{key.strip()}"
