"""The formats that people bring their issues in, and take them away in.

A reader takes a binary stream that can seek, raises Invalid if the file is not of its format at all, and else
yields an `ImportIssue` or a `Problem` for each piece of it. Pure: nothing here knows of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from rhythm_domain.errors import Invalid
from rhythm_domain.formats import github, jira, linear
from rhythm_domain.formats.records import (
    ImportComment,
    ImportIssue,
    ImportLabel,
    ImportPerson,
    ImportSprint,
    Layout,
    Problem,
    Record,
)
from rhythm_domain.formats.rhythm_csv import WRITTEN_CSV, read_csv
from rhythm_domain.formats.rhythm_json import WRITTEN_JSON, read_json
from rhythm_domain.formats.streams import text_of
from rhythm_domain.formats.tables import header_of

__all__ = [
    "LAYOUTS",
    "READERS",
    "ImportComment",
    "ImportIssue",
    "ImportLabel",
    "ImportPerson",
    "ImportSprint",
    "Layout",
    "Problem",
    "Reader",
    "Record",
    "read_csv",
    "read_json",
    "read_rhythm",
    "sniff",
]

Reader = Callable[[BinaryIO], Iterator[Record]]


def read_rhythm(stream: BinaryIO) -> Iterator[Record]:
    """The issues of an export of Rhythm, JSON or CSV. Invalid if it is neither."""
    return read_json(stream) if _beginning(stream).startswith("{") else read_csv(stream)


READERS: dict[str, Reader] = {
    "github": github.read,
    "linear": linear.read,
    "jira": jira.read,
    "rhythm": read_rhythm,
}

LAYOUTS = {"csv": WRITTEN_CSV, "json": WRITTEN_JSON}
"""What an export can be."""


def sniff(stream: BinaryIO) -> str:
    """The name of the reader that this file is for, by how it begins. Invalid if there is none."""
    begin = _beginning(stream)
    if begin.startswith(("[", "{")):
        return "github" if begin.startswith("[") else "rhythm"
    columns = {name.casefold() for name in header_of(stream)}
    for name, needed in (
        ("rhythm", {"source key", "title"}),
        ("linear", {"id", "team", "title"}),
        ("jira", {"summary"}),
    ):
        if needed <= columns:
            return name
    raise Invalid(
        "What wrote this file can't be told from how it begins.",
        field="file",
        hint=f"Name its format: {', '.join(READERS)}.",
    )


def _beginning(stream: BinaryIO) -> str:
    return text_of(stream).read(4096).lstrip()
