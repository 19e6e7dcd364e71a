"""Rhythm's own JSON: one document with everything that an export holds.

    {"format": "rhythm", "version": 1, "issues": [ {...}, ... ]}

An issue is an object with the fields of `ImportIssue`; those that are not set are left out. Written and read
one issue at a time; ASCII only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from rhythm_domain.errors import Invalid
from rhythm_domain.formats.records import ImportIssue, Layout, Problem, Record
from rhythm_domain.formats.repair import repaired
from rhythm_domain.formats.streams import BrokenJsonError, json_values, text_of

VERSION = 1
HINT = "Make the file with `rhythm export KEY --format json`."

_HEAD = re.compile(
    r'\s*\{\s*"format"\s*:\s*"rhythm"\s*,\s*"version"\s*:\s*(\d+)\s*,\s*"issues"\s*:\s*\[', re.ASCII
)
_ISSUE: TypeAdapter[ImportIssue] = TypeAdapter(ImportIssue)
_UNWRITTEN = frozenset({"line", "notes"})


def read_json(stream: BinaryIO) -> Iterator[Record]:
    """The issues of a document. Invalid if it is none, or of a version that this program does not know."""
    text = text_of(stream)
    head = text.read(1 << 16)
    found = _HEAD.match(head)
    if found is None:
        raise Invalid("This is not a JSON export of Rhythm.", field="file", hint=HINT)
    if int(found[1]) != VERSION:
        message = f"This export is of version {found[1]}; this program reads version {VERSION}."
        raise Invalid(message, field="file", hint="Import it with the program that is as new as the export.")
    line = 1 + head.count("\n", 0, found.end())
    return repaired(_records(json_values(text, buffer=head[found.end() :], line=line)))


def as_json(issue: ImportIssue) -> dict[str, Any]:
    """The issue as JSON values, without what is not set."""
    fields: dict[str, Any] = _ISSUE.dump_python(
        issue, mode="json", exclude_defaults=True, exclude=set(_UNWRITTEN)
    )
    return fields


WRITTEN_JSON = Layout(
    head=f'{{"format": "rhythm", "version": {VERSION}, "issues": ['.encode(),
    issue=lambda issue: f"\n{json.dumps(as_json(issue))}".encode(),
    between=b",",
    tail=b"\n]}\n",
)
"""The document, issue by issue."""


def from_json(value: object, line: int) -> Record:
    """The issue that `as_json` made, or why it is none."""
    name = value.get("source_key") if isinstance(value, dict) else None
    try:
        return _ISSUE.validate_python(value | {"line": line} if isinstance(value, dict) else value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = f"{place}: {first['msg']}" if place else "it is not an issue"
        return Problem(line, name if isinstance(name, str) else f"line {line}", reason)


def _records(values: Iterator[tuple[int, Any]]) -> Iterator[Record]:
    try:
        for line, value in values:
            yield from_json(value, line)
    except BrokenJsonError as broken:
        yield Problem(broken.line, f"line {broken.line}", f"{broken}; nothing after it was read")
