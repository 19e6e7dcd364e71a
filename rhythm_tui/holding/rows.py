"""A stretch of a list of any length: the pages that were read, and the ways on at both ends. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple

from rhythm_domain.models import IssueRow, Page, Total

KEPT = 3000
"""The most rows that are kept: what lies further away is read again when one goes there."""


class Reading(NamedTuple):
    """Where to read a page: behind a cursor, before one, at the list's end, else from its start; how much."""

    cursor: str | None = None
    before: str | None = None
    last: bool = False
    limit: int = 0


class Window:
    """What is held of a list. Rows are in the list's order; an issue stands in it once."""

    def __init__(self, page: Page[IssueRow] | None = None, reading: Reading | None = None) -> None:
        self._pages: deque[tuple[Page[IssueRow], Reading]] = deque()
        if page is not None:
            self._pages.append((page, reading or Reading()))
        self._above = 0 if page is None or page.previous is None else None
        self._rows: list[IssueRow] = []
        self._places: dict[int, int] = {}
        self._fresh: dict[int, IssueRow] = {}
        self._join()

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[IssueRow]:
        return iter(self._rows)

    def __getitem__(self, at: int) -> IssueRow:
        return self._rows[at]

    @property
    def previous(self) -> str | None:
        """The cursor of the page before the first row; None where the list begins."""
        return self._pages[0][0].previous if self._pages else None

    @property
    def next(self) -> str | None:
        """The cursor of the page behind the last row; None where the list ends."""
        return self._pages[-1][0].next if self._pages else None

    def place(self, issue: int) -> int | None:
        """Where an issue stands in the window."""
        return self._places.get(issue)

    def above_of(self, total: Total) -> int | None:
        """How many rows of a list that is so long come before the first one; None if that is not known."""
        if self._above is None and self.next is None and total.exact:
            return max(0, total.count - len(self))
        return self._above

    def further(self, direction: Literal["next", "previous"], limit: int) -> Reading | None:
        """How to read the page behind the last row, or the one before the first; None where the list ends."""
        at = self.next if direction == "next" else self.previous
        if at is None:
            return None
        return Reading(cursor=at, limit=limit) if direction == "next" else Reading(before=at, limit=limit)

    def around(self, place: int) -> Reading:
        """How to read the page that a row stands in again."""
        for page, reading in self._pages:
            if place < len(page.items):
                return reading._replace(limit=len(page.items))
            place -= len(page.items)
        return Reading()

    def append(self, page: Page[IssueRow]) -> int:
        """Adds the page behind the last row; how many rows were let go of at the top."""
        self._pages.append((page, Reading(cursor=self.next)))
        let_go = 0
        while len(self._pages) > 2 and self._count() - len(self._pages[0][0].items) >= KEPT:
            let_go += len(self._pages.popleft()[0].items)
        self._join()
        if self._above is not None:
            self._above += let_go
        return let_go

    def prepend(self, page: Page[IssueRow]) -> int:
        """Adds the page before the first row; how many rows that are new stand there now."""
        before = self._rows[0].id if self._rows else None
        self._pages.appendleft((page, Reading(before=self.previous)))
        while len(self._pages) > 2 and self._count() - len(self._pages[-1][0].items) >= KEPT:
            self._pages.pop()
        self._join()
        new = self._places.get(before, 0) if before is not None else 0
        if self.previous is None:
            self._above = 0
        elif self._above is not None:
            self._above = max(0, self._above - new)
        return new

    def replace(self, rows: Iterable[IssueRow]) -> frozenset[int]:
        """Puts newer states of issues in their places; those that are in the window.

        What was read before a change that is known already is left out: answers may overtake each other.
        """
        fresh = {
            row.id: row
            for row in rows
            if row.id in self._places and row.version >= self._rows[self._places[row.id]].version
        }
        for issue, row in fresh.items():
            self._rows[self._places[issue]] = row
            self._fresh[issue] = row
        return frozenset(fresh)

    def insert(self, at: int, row: IssueRow) -> None:
        """Puts an issue before the row at a place, or with a place behind the last one at the end."""
        anchor = self._rows[at].id if at < len(self._rows) else None
        if not self._pages:
            self._pages.append((Page(items=()), Reading()))
        for number, (page, reading) in enumerate(self._pages):
            places = [place for place, each in enumerate(page.items) if each.id == anchor]
            if places or number == len(self._pages) - 1:
                cut = places[0] if places else len(page.items)
                items = (*page.items[:cut], row, *page.items[cut:])
                self._pages[number] = page.replace(items=items), reading
                break
        self._fresh.pop(row.id, None)
        self._join()

    def take(self, issues: Collection[int]) -> None:
        """Takes issues out."""
        for number, (page, reading) in enumerate(self._pages):
            items = tuple(row for row in page.items if row.id not in issues)
            if len(items) < len(page.items):
                self._pages[number] = page.replace(items=items), reading
        self._join()

    def _count(self) -> int:
        return sum(len(page.items) for page, _ in self._pages)

    def _join(self) -> None:
        # An issue that moved in the order between two reads can be in two pages: its first place counts.
        self._places, self._rows = {}, []
        for page, _ in self._pages:
            for row in page.items:
                if row.id not in self._places:
                    self._places[row.id] = len(self._rows)
                    self._rows.append(self._fresh.get(row.id, row))
