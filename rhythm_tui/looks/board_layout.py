"""How columns share the width of a board, and lanes its height. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from rhythm_domain.models import Status

LEAST = 22
"""Cells of a column before others go out of sight."""

MOST = 60
"""Cells that a column has at most, however much room there is."""

COLLAPSED = 4
"""Cells of a column that is collapsed."""

GAP = 1
"""Cells behind a column: there its scroll position is shown."""


class Box(NamedTuple):
    """A column as it is shown: where it begins, and its width in cells."""

    status: Status
    x: int
    width: int
    collapsed: bool


class Abreast(NamedTuple):
    """The columns that are seen, and those that are out of sight to the left and to the right."""

    boxes: tuple[Box, ...]
    left: tuple[Status, ...]
    right: tuple[Status, ...]

    def at(self, x: int) -> Box | None:
        """The column at a cell of the width."""
        return next((box for box in self.boxes if box.x <= x < box.x + box.width + GAP), None)

    def of(self, status: Status) -> Box | None:
        """A column, if it is seen."""
        return next((box for box in self.boxes if box.status is status), None)


@lru_cache(maxsize=64)
def abreast(statuses: tuple[Status, ...], collapsed: frozenset[Status], width: int, first: int) -> Abreast:
    """As many columns as fit into a width, from the one numbered `first` on, or more before it if there is
    room. What is left over is shared out.
    """
    if not statuses:
        return Abreast((), (), ())
    least = [COLLAPSED if status in collapsed else LEAST for status in statuses]
    first = max(0, min(first, len(statuses) - 1))
    last, taken = first, least[first] + GAP
    while last + 1 < len(statuses) and taken + least[last + 1] + GAP <= width:
        last += 1
        taken += least[last] + GAP
    while first > 0 and taken + least[first - 1] + GAP <= width:
        first -= 1
        taken += least[first] + GAP
    seen = range(first, last + 1)
    wide = [at for at in seen if statuses[at] not in collapsed]
    room = width - sum(COLLAPSED for at in seen if statuses[at] in collapsed) - GAP * len(seen)
    boxes, x = [], 0
    for at in seen:
        if statuses[at] in collapsed:
            cells = COLLAPSED
        else:
            number = wide.index(at)
            cells = max(1, min(MOST, room * (number + 1) // len(wide) - room * number // len(wide)))
        boxes.append(Box(statuses[at], x, cells, statuses[at] in collapsed))
        x += cells + GAP
    return Abreast(tuple(boxes), statuses[:first], statuses[last + 1 :])


def first_to_show(
    statuses: tuple[Status, ...], collapsed: frozenset[Status], width: int, first: int, at: int
) -> int:
    """The first column so that the one numbered `at` is seen, scrolled no further than that takes."""
    if at < first:
        return at
    while first < at and abreast(statuses, collapsed, width, first).of(statuses[at]) is None:
        first += 1
    return first


class Band(NamedTuple):
    """A lane as it is shown: its first line on the board, with a heading if it has one, and the lines that
    its cards have.
    """

    lane: str
    y: int
    headed: bool
    height: int

    @property
    def top(self) -> int:
        """The first line of its cards."""
        return self.y + self.headed

    @property
    def end(self) -> int:
        """The line behind its last."""
        return self.top + self.height
