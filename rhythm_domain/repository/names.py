"""What a query leaves to time and place: whose names it means, who asks, which day it is for them; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rhythm_domain.query import CURRENT, ME, NEXT, Condition, Field
from rhythm_domain.text import folded


@dataclass(slots=True)
class Names:
    """What the names in a query stand for, by name; several projects can have a label or a sprint of a name.

    Names are as they are looked up: accounts and projects as they are, labels and sprints folded.
    """

    people: dict[str, list[int]] = field(default_factory=dict)
    labels: dict[str, list[int]] = field(default_factory=dict)
    sprints: dict[str, list[int]] = field(default_factory=dict)
    parents: dict[str, list[int]] = field(default_factory=dict)
    projects: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def asked(cls, conditions: Iterable[Condition]) -> Names:
        """The names in some conditions, not looked up yet."""
        names = cls()
        for condition in conditions:
            known = names._known(condition.field)
            if known is not None:
                known.update((name, []) for name in _names(condition))
        return names

    def ids(self, condition: Condition) -> list[int]:
        """What the names of a condition stand for; nothing for names that nobody has, and without names."""
        known = self._known(condition.field)
        if known is None:
            return []
        return sorted({found for name in _names(condition) for found in known[name]})

    def missing(self, condition: Condition) -> list[str]:
        """The values of a condition that stand for nothing, as they were asked for."""
        known = self._known(condition.field)
        if known is None:
            return []
        asked = [value for value in condition.values if isinstance(value, str) and value != ME]
        return [value for value, name in zip(asked, _names(condition), strict=True) if not known[name]]

    def _known(self, of: Field) -> dict[str, list[int]] | None:
        match of:
            case Field.ASSIGNEE | Field.REPORTER:
                return self.people
            case Field.LABEL:
                return self.labels
            case Field.SPRINT:
                return self.sprints
            case Field.PARENT:
                return self.parents
            case Field.PROJECT:
                return self.projects
            case _:
                return None

    def __bool__(self) -> bool:
        return any((self.people, self.labels, self.sprints, self.parents, self.projects))


def _names(condition: Condition) -> list[str]:
    names = [value for value in condition.values if isinstance(value, str) and value != ME]
    match condition.field:
        case Field.LABEL:
            return [folded(name) for name in names]
        case Field.SPRINT:
            # No sprint's folded name is empty or has a leading blank: these two are no names.
            return [{CURRENT: " current", NEXT: " next"}.get(name, folded(name)) for name in names]
        case _:
            return names


class Asker(NamedTuple):
    """Who asks, and where their days begin and end."""

    id: int
    zone: ZoneInfo
    today: date

    def starts(self, day: date) -> datetime:
        """The moment at which a day begins there."""
        return datetime.combine(day, time.min, self.zone)
