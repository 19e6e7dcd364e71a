"""The reading of one row: what was understood, what was not, and what stays in the metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from rhythm_domain.formats import dates
from rhythm_domain.formats.tables import Row

T = TypeVar("T")

_NUMBERED = re.compile(r"(.+)-([1-9]\d{0,8})", re.ASCII)


class Cells:
    """A row whose cells are taken by column name, in lower case; what nobody took is the `rest`.

    A cell that can't be read as what it should be is left out, kept in the rest, and noted; the row stays.
    """

    def __init__(self, row: Row, header: list[str]) -> None:
        self.line = row.line
        self._row = row
        self._header = header
        self._taken: set[str] = set()
        self._kept: dict[str, Any] = {}
        self._notes: list[str] = []

    def peek(self, *columns: str) -> str:
        """The first filled cell of these columns, which stay in the rest."""
        return self._row.get(*columns).strip()

    def get(self, *columns: str) -> str:
        """The first filled cell of these columns, or an empty text."""
        self._taken.update(columns)
        return self._row.get(*columns).strip()

    def all(self, *columns: str) -> list[str]:
        """Every filled cell of these columns."""
        self._taken.update(columns)
        return [cell.strip() for cell in self._row.all(*columns)]

    def moment(self, *columns: str) -> datetime | None:
        """A time in UTC."""
        return self._read(dates.moment, *columns)

    def day(self, column: str, read: Callable[[str], date] = dates.day) -> date | None:
        """A day."""
        return self._read(read, column)

    def number(self, *columns: str) -> Decimal | None:
        """A number."""
        return self._read(_decimal, *columns)

    def named(self, column: str, known: Callable[[str], T | None]) -> T | None:
        """What a name stands for; None, kept and noted, if it is unknown."""
        name = self.get(column)
        found = known(name) if name else None
        if name and found is None:
            self.keep(self.title(column), name, f"“{name}” is not known here; left out")
        return found

    def keep(self, name: str, value: object, note: str) -> None:
        """Keep a value in the rest under a name, and say why."""
        self._kept[name] = value
        self._notes.append(f"{name}: {note}")

    def title(self, column: str) -> str:
        """The column's name as the header writes it."""
        return next((name for name in self._header if name.casefold() == column), column)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)

    def rest(self) -> dict[str, Any]:
        """What was kept, and each filled column that was not taken (as a list if it is repeated)."""
        rest: dict[str, Any] = {}
        for column, indexes in self._row.columns.items():
            if column and column not in self._taken and (values := self._row.all(column)):
                rest[self._header[indexes[0]]] = values if len(values) > 1 else values[0]
        return rest | self._kept

    def _read(self, read: Callable[[str], T], *columns: str) -> T | None:
        value = self.get(*columns)
        if not value:
            return None
        try:
            return read(value)
        except (ValueError, OverflowError) as error:
            column = next(name for name in columns if self._row.get(name))
            self.keep(self.title(column), value, f"{error}; left out")
            return None


def only_prefix(keys: Iterable[str]) -> str | None:
    """The prefix that all keys such as `CORE-12` share, so that their numbers don't collide; else None."""
    found: set[str] = set()
    for key in keys:
        match = _NUMBERED.fullmatch(key.strip())
        if match is None:
            return None
        found.add(match[1])
        if len(found) > 1:
            return None
    return next(iter(found), None)


def _decimal(value: str) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"“{value}” is not a number") from None
    if not number.is_finite():
        raise ValueError(f"“{value}” is not a number")
    return number
