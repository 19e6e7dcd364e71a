"""Rhythm's own CSV: a row an issue, for people and spreadsheets, and nothing lost.

Simple fields are cells as one would type them. Fields with parts (labels, links, comments, ...) are JSON in a
cell. No cell begins like a formula: such a one gets a `'` before it, which reading takes away.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from rhythm_domain import text
from rhythm_domain.formats.records import ImportIssue, Layout, Problem, Record
from rhythm_domain.formats.repair import repaired
from rhythm_domain.formats.rhythm_json import as_json, from_json
from rhythm_domain.formats.tables import Row, Table

HINT = "Make the file with `rhythm export KEY --format csv`."

# Column -> where its value stands in the issue's JSON.
PLAIN = {
    "Source key": ("source_key",),
    "Number": ("number",),
    "Title": ("title",),
    "Status": ("status",),
    "Priority": ("priority",),
    "Type": ("type",),
    "Assignee": ("assignee", "login"),
    "Assignee name": ("assignee", "display_name"),
    "Author": ("author", "login"),
    "Author name": ("author", "display_name"),
    "Sprint": ("sprint", "name"),
    "Sprint goal": ("sprint", "goal"),
    "Sprint starts": ("sprint", "starts_on"),
    "Sprint ends": ("sprint", "ends_on"),
    "Sprint state": ("sprint", "state"),
    "Estimate": ("estimate",),
    "Due": ("due",),
    "Parent": ("parent_key",),
    "Created": ("created_at",),
    "Updated": ("updated_at",),
    "Closed": ("closed_at",),
    "URL": ("url",),
    "Description": ("description",),
}
COMPLEX = {
    "Labels": "labels",
    "Other assignees": "other_assignees",
    "Links": "links",
    "Comments": "comments",
    "Metadata": "metadata",
}
HEADER = (*PLAIN, *COMPLEX)


def read_csv(stream: BinaryIO) -> Iterator[Record]:
    """The issues of such a file. Invalid if it has no columns Source key and Title."""
    required = frozenset({"source key", "title"})
    table = Table(stream, required=required, expected="a CSV export of Rhythm", hint=HINT)
    return repaired(_records(table))


def _records(table: Table) -> Iterator[Record]:
    for row in table.rows():
        yield row if isinstance(row, Problem) else _issue(row)


def _cells(fields: dict[str, Any]) -> Iterator[str]:
    for path in PLAIN.values():
        value: Any = fields
        for name in path:
            value = (value or {}).get(name)
        yield "" if value is None else text.csv_guarded(str(value))
    for name in COMPLEX.values():
        yield json.dumps(fields[name]) if name in fields else ""


def _line(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _whole(issue: ImportIssue) -> dict[str, Any]:
    """The issue as JSON has it, with the words that JSON leaves out since reading knows them: a spreadsheet
    is read by people.
    """
    words = {"status": issue.status, "priority": issue.priority, "type": issue.type}
    return {**words, **as_json(issue)}


WRITTEN_CSV = Layout(head=_line(HEADER), issue=lambda issue: _line(_cells(_whole(issue))))
"""A header and a row an issue, as UTF-8."""


def _issue(row: Row) -> Record:
    fields: dict[str, Any] = {}
    for column, path in PLAIN.items():
        if value := row.get(column.casefold()):
            place = fields
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = value
    for column, name in COMPLEX.items():
        if value := row.get(column.casefold()):
            try:
                fields[name] = json.loads(value)
            except (ValueError, RecursionError) as error:
                return Problem(row.line, row.get("source key"), f"{column}: not valid JSON: {error}")
    return from_json(fields, row.line)
