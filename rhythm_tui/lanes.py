"""Lanes of a board: by what its cards can be grouped, and what a lane asks for and looks like. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rhythm_domain.models import IssueRow, LabelRef, PersonRef, Priority
from rhythm_domain.query import Condition, Field
from rhythm_domain.text import shown
from rhythm_tui import signs
from rhythm_tui.colours import Colours
from rhythm_tui.decks import ONE_LANE
from rhythm_tui.presentation import Piece

NONE = "-"
"""The lane of the cards that have nothing of what is grouped by."""


class Grouping(StrEnum):
    """By what cards are grouped into lanes."""

    NOTHING = "nothing"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    LABEL = "label"
    PARENT = "parent"

    def lanes(self, row: IssueRow) -> Sequence[str]:
        """The lanes in which a card is: several where it has several labels."""
        match self:
            case Grouping.ASSIGNEE:
                return (row.assignee.name if row.assignee else NONE,)
            case Grouping.PRIORITY:
                return (row.priority.value,)
            case Grouping.LABEL:
                return [label.name for label in row.labels] or (NONE,)
            case Grouping.PARENT:
                return (row.parent_key or NONE,)
            case _:
                return (ONE_LANE,)


@dataclass(frozen=True)
class Lane:
    """A band of the board. `heading` takes the theme's colours; `condition` is what its cards have in common.

    `fields` are what a card that is written here is given, as `IssueDraft` names them.
    """

    id: str = ONE_LANE
    heading: Callable[[Colours], list[Piece]] | None = None
    condition: Condition | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


def of_people(people: Sequence[PersonRef]) -> list[Lane]:
    """A lane for each person, then what nobody has."""
    return [
        *(
            Lane(each.name, _person(each), _is(Field.ASSIGNEE, each.name), {"assignee": each.name})
            for each in people
        ),
        Lane(NONE, _plain("nobody"), _is(Field.ASSIGNEE, None)),
    ]


def of_priorities() -> list[Lane]:
    """A lane for each priority, the most pressing first."""
    return [
        Lane(each.value, _priority(each), _is(Field.PRIORITY, each), {"priority": each}) for each in Priority
    ]


def of_labels(labels: Sequence[LabelRef]) -> list[Lane]:
    """A lane for each label, then what has none."""
    return [
        *(
            Lane(each.name, _label(each), _is(Field.LABEL, each.name), {"labels": (each.name,)})
            for each in labels
        ),
        Lane(NONE, _plain("no label"), _is(Field.LABEL, None)),
    ]


def of_parents(parents: Sequence[IssueRow]) -> list[Lane]:
    """A lane for each parent, then what has none."""
    return [
        *(
            Lane(each.key, _parent(each), _is(Field.PARENT, each.key), {"parent": each.key})
            for each in parents
        ),
        Lane(NONE, _plain("no parent"), _is(Field.PARENT, None)),
    ]


def _is(field: Field, value: Any) -> Condition:
    return Condition(field=field, values=(value,))


def _plain(words: str) -> Callable[[Colours], list[Piece]]:
    return lambda _: [Piece(words, "muted")]


def _person(who: PersonRef) -> Callable[[Colours], list[Piece]]:
    return lambda colours: [Piece(shown(who.display_name), colours.person(who), bold=True)]


def _priority(priority: Priority) -> Callable[[Colours], list[Piece]]:
    def heading(colours: Colours) -> list[Piece]:
        colour = colours.priority(priority)
        words = "no priority" if priority is Priority.NONE else priority.value
        return [Piece(f"{signs.PRIORITY[priority].mark} ", colour), Piece(words, colour, bold=True)]

    return heading


def _label(label: LabelRef) -> Callable[[Colours], list[Piece]]:
    return lambda colours: [Piece(f"•{shown(label.name)}", colours.label(label.colour), bold=True)]


def _parent(row: IssueRow) -> Callable[[Colours], list[Piece]]:
    return lambda colours: [
        Piece(f"{signs.TYPE[row.type].mark} ", colours.type(row.type)),
        Piece(f"{row.key}  ", "muted"),
        Piece(shown(row.title), bold=True),
    ]
