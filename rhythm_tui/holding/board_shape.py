"""How a person left a board: the columns that are collapsed or hidden, and what its cards are grouped by, and
which of these lanes are folded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    folded: dict[Grouping, set[str]] = field(default_factory=dict)
    """The lanes of which only the heading is shown, of every grouping."""

    @property
    def folded_lanes(self) -> set[str]:
        """Those of what cards are grouped by; what is added to it is remembered."""
        return self.folded.setdefault(self.grouping, set())

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
            "folded": {by.value: sorted(lanes) for by, lanes in self.folded.items() if lanes},
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
            _folded(kept.get("folded"), groupings),
        )


def _folded(kept: object, groupings: Mapping[str, Grouping]) -> dict[Grouping, set[str]]:
    if not isinstance(kept, dict):
        return {}
    return {
        groupings[by]: {lane for lane in lanes if isinstance(lane, str)}
        for by, lanes in kept.items()
        if by in groupings and isinstance(lanes, list)
    }


def _statuses(kept: object) -> set[Status]:
    known = kept if isinstance(kept, Collection) else ()
    return {status for status in Status if status.value in known}
