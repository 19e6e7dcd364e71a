"""The list that an issue's page was opened from: where in it one is, and how to go on, read or not yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from rhythm_domain.models import IssueRow

Direction = Literal["next", "previous"]
Step = Literal[1, -1]


class Siblings(Protocol):
    """A list with a place in it."""

    @property
    def place(self) -> str:
        """Which of how many: "3 of 446"; "" where that is not known."""

    def more(self, step: Step) -> bool:
        """Whether the list goes on in a direction."""

    async def go(self, step: Step) -> str | None:
        """Goes on by one; the key of the issue there. Where the list ends nothing happens."""


class Few:
    """A list of a few keys."""

    def __init__(self, keys: Sequence[str] = (), key: str = "") -> None:
        self._keys = tuple(keys)
        self._at = self._keys.index(key) if key in self._keys else -1

    @property
    def place(self) -> str:
        return f"{self._at + 1:,} of {len(self._keys):,}" if self._at >= 0 else ""

    def more(self, step: Step) -> bool:
        return self._at >= 0 and 0 <= self._at + step < len(self._keys)

    async def go(self, step: Step) -> str | None:
        if not self.more(step):
            return None
        self._at += step
        return self._keys[self._at]


class Held(Protocol):
    """What is held of a long list: a window of a table, a deck of a board."""

    def __len__(self) -> int: ...

    def place(self, issue: int) -> int | None: ...

    @property
    def previous(self) -> str | None: ...

    @property
    def next(self) -> str | None: ...


@dataclass
class Listed:
    """A long list, of which the view below holds a stretch: it is read on as one goes through it.

    `issue` is where one is; `extend` reads on and returns when that is held; `above` is how many come before
    those that are held, None if nobody knows.
    """

    issue: int
    held: Callable[[], Held]
    row: Callable[[int], IssueRow]
    extend: Callable[[Direction], Awaitable[None]]
    above: Callable[[], int | None]
    total: Callable[[], str]

    def __post_init__(self) -> None:
        self._last = self.held().place(self.issue) or 0

    @property
    def _at(self) -> int:
        """Its place among those that are held. One that left the list meanwhile keeps the place it had."""
        place = self.held().place(self.issue)
        self._last = self._last if place is None else place
        return self._last

    @property
    def place(self) -> str:
        above, total = self.above(), self.total()
        return f"of {total}" if above is None else f"{above + self._at + 1:,} of {total}"

    def more(self, step: Step) -> bool:
        held = self.held()
        beyond = held.next if step == 1 else held.previous
        return 0 <= self._at + step < len(held) or beyond is not None

    async def go(self, step: Step) -> str | None:
        if not 0 <= self._at + step < len(self.held()) and self.more(step):
            await self.extend("next" if step == 1 else "previous")
        at = self._at + step  # Rows before it may have come or gone.
        if not 0 <= at < len(self.held()):
            return None
        row = self.row(at)
        self.issue = row.id
        return row.key
