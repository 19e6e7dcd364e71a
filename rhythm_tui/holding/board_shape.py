"""How a person left a board: the columns that are collapsed or hidden, and what its cards are grouped by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from rhythm_domain.models import Status
from rhythm_tui.holding.lanes import Grouping


@dataclass(slots=True)
class Shape:
    """The shape of a board; the last of its columns is never hidden."""

    collapsed: set[Status] = field(default_factory=lambda: {Status.CANCELLED})
    hidden: set[Status] = field(default_factory=set)
    grouping: Grouping = Grouping.NOTHING

    @property
    def statuses(self) -> list[Status]:
        """The columns that are not hidden, in order."""
        return [status for status in Status if status not in self.hidden]

    def kept(self) -> dict[str, object]:
        """The same to be remembered."""
        return {
            "collapsed": sorted(self.collapsed),
            "hidden": sorted(self.hidden),
            "lanes": self.grouping.value,
        }

    @classmethod
    def of(cls, kept: object) -> Self:
        """The same as it was remembered, or as a board is at first; what is not known is passed over."""
        if not isinstance(kept, dict):
            return cls()
        hidden = _statuses(kept.get("hidden"))
        groupings = {each.value: each for each in Grouping}
        return cls(
            _statuses(kept.get("collapsed")),
            hidden if len(hidden) < len(Status) else set(),
            groupings.get(str(kept.get("lanes")), Grouping.NOTHING),
        )


def _statuses(kept: object) -> set[Status]:
    known = kept if isinstance(kept, Collection) else ()
    return {status for status in Status if status.value in known}
