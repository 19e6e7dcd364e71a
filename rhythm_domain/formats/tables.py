"""CSV as issue trackers write it: header names that repeat, line breaks in cells, guarded formulas."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from rhythm_domain import text
from rhythm_domain.errors import Invalid
from rhythm_domain.formats.records import Problem
from rhythm_domain.formats.streams import text_of

if TYPE_CHECKING:
    from _csv import Reader


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Columns are asked for by name, whatever its case; a name may stand for several columns."""

    line: int
    columns: dict[str, list[int]]
    cells: list[str]

    def all(self, *names: str) -> list[str]:
        """Every filled cell under these names, in the order of the names, then of the columns."""
        found = []
        for name in names:
            for index in self.columns.get(name, ()):
                cell = self.cells[index]
                if cell and not cell.isspace():
                    found.append(text.csv_unguarded(cell))
        return found

    def get(self, *names: str) -> str:
        """The first filled cell under these names, or an empty text."""
        return next(iter(self.all(*names)), "")


class Table:
    """A CSV file with a header row. `rows` may be read more than once.

    Raises Invalid if the columns `required` are not all there; `expected` says in words what the file should
    be and `hint` how to make one.
    """

    def __init__(self, stream: BinaryIO, *, required: frozenset[str], expected: str, hint: str) -> None:
        csv.field_size_limit(sys.maxsize)  # A cell may hold a long description, or all comments of an issue.
        self._stream = stream
        self.header = header_of(stream)
        self.columns: dict[str, list[int]] = {}
        for index, name in enumerate(self.header):
            self.columns.setdefault(name.casefold(), []).append(index)
        if missing := sorted(required - self.columns.keys()):
            lacking = ", ".join(f"“{name}”" for name in missing)
            raise Invalid(f"This is not {expected}: its first row lacks {lacking}.", field="file", hint=hint)

    def rows(self) -> Iterator[Row | Problem]:
        """Every row but blank ones; a Problem for each that is malformed."""
        reader = _opened(self._stream)
        next(reader)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Problem(line, f"line {line}", _explained(error, line, reader.line_num))
                continue
            if any(cells):
                yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row | Problem:
        width = len(self.header)
        if any(cells[width:]):
            reason = f"it has {len(cells)} cells, the header names {width}; a text with a comma needs quotes"
            return Problem(line, f"line {line}", reason)
        return Row(line, self.columns, cells + [""] * (width - len(cells)))


def header_of(stream: BinaryIO) -> list[str]:
    """The names in the first row; empty if that is no CSV."""
    try:
        return [name.strip() for name in next(_opened(stream), [])]
    except csv.Error:
        return []


def _opened(stream: BinaryIO) -> Reader:
    """The rows from the first. A comma parts the cells, or what a spreadsheet of another country writes."""
    first = text_of(stream).readline(65_536)
    return csv.reader(text_of(stream), delimiter=max(",;\t", key=first.count), strict=True)


def _explained(error: csv.Error, first: int, last: int) -> str:
    if "unexpected end" in str(error):
        return f"a quote that opens here is never closed, so nothing up to line {last} could be read"
    until = f" (it goes on to line {last})" if last > first else ""
    return f"its quotes are not in order{until}; a quote inside a text is written twice"
