"""Lanes of a board: by what its cards can be grouped, what a lane asks for, and what it is called. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rhythm_domain.models import IssueRow, LabelRef, PersonRef, Priority
from rhythm_domain.query import Condition, Field, Has, Query
from rhythm_domain.query.tree import written
from rhythm_domain.text import shown
from rhythm_tui.holding.decks import ONE_LANE
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece

NONE = "-"
"""The lane of the cards that have nothing of what is grouped by."""

OTHERS = "*"
"""The lane of the cards that have something else than the lanes there are: people who left, for example."""

ROOM = 600
"""Characters of all lanes' names together: the query for the others names each of them."""


class Grouping(StrEnum):
    """By what cards are grouped into lanes."""

    NOTHING = "nothing"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    LABEL = "label"
    PARENT = "parent"

    def values(self, row: IssueRow) -> Sequence[str]:
        """What a card has of it, by name or key: several labels, or nothing."""
        match self:
            case Grouping.ASSIGNEE:
                return (row.assignee.name,) if row.assignee else ()
            case Grouping.PRIORITY:
                return (row.priority.value,)
            case Grouping.LABEL:
                return [label.name for label in row.labels]
            case Grouping.PARENT:
                return (row.parent_key,) if row.parent_key else ()
            case _:
                return (ONE_LANE,)


Value = PersonRef | Priority | LabelRef | IssueRow


@dataclass(frozen=True, slots=True)
class Lane:
    """A band of the board: the cards that have one value of what is grouped by, None those that have none.

    With `others`, it is those that have something else than these.
    """

    by: Grouping = Grouping.NOTHING
    value: Value | None = None
    others: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name among the lanes of a board."""
        match self.value:
            case PersonRef() | LabelRef():
                return self.value.name
            case Priority():
                return self.value.value
            case IssueRow():
                return self.value.key
            case None:
                if self.others:
                    return OTHERS
                return ONE_LANE if self.by is Grouping.NOTHING else NONE

    def within(self, query: Query) -> Query:
        """A query, for the cards of this lane alone."""
        if self.by is Grouping.NOTHING:
            return query
        field = Field(self.by.value)
        if self.others:
            has = Condition(field=Field.HAS, values=(Has(self.by.value),))
            return query.with_condition(has).with_condition(
                Condition(field=field, values=self.others, negated=True)
            )
        value = self.value if isinstance(self.value, Priority) else None if self.value is None else self.id
        return query.with_condition(Condition(field=field, values=(value,)))

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        match self.value:
            case PersonRef():
                return shown(self.value.display_name)
            case LabelRef():
                return shown(self.value.name)
            case Priority():
                return "no priority" if self.value is Priority.NONE else f"{self.value.value} priority"
            case IssueRow():
                return self.value.key
        return "nobody" if self.by is Grouping.ASSIGNEE else f"no {self.by.value}"

    def heading(self, colours: Colours) -> list[Piece]:
        """What it is called; nothing where there is only one lane."""
        match self.value:
            case PersonRef():
                return [Piece(shown(self.value.display_name), colours.person(self.value), bold=True)]
            case LabelRef():
                return [Piece(f"•{shown(self.value.name)}", colours.label(self.value.colour), bold=True)]
            case Priority():
                colour = colours.priority(self.value)
                words = "no priority" if self.value is Priority.NONE else self.value.value
                return [
                    Piece(f"{signs.PRIORITY[self.value].mark} ", colour),
                    Piece(words, colour, bold=True),
                ]
            case IssueRow():
                return [
                    Piece(f"{signs.TYPE[self.value.type].mark} ", colours.type(self.value.type)),
                    Piece(f"{self.value.key}  ", "muted"),
                    Piece(shown(self.value.title), bold=True),
                ]
        if self.by is Grouping.NOTHING:
            return []
        if self.others:
            return [Piece("others", "muted")]
        return [Piece(self.words, "muted")]

    # What a card is given that is put here ---------------------------------------------------------------

    @property
    def given(self) -> dict[str, Any]:
        """Fields of a card that is written here, as `IssueDraft` names them."""
        if self.value is None:
            return {}
        match self.by:
            case Grouping.PRIORITY:
                return {"priority": self.value}
            case Grouping.LABEL:
                return {"labels": (self.id,)}
            case _:
                return {self.by.value: self.id}

    def edit(self, left: str) -> dict[str, Any]:
        """Fields of a card that comes here from another lane, as `IssueEdit` names them."""
        if self.others:
            return {}
        if self.by is Grouping.LABEL:
            return {
                "add_labels": () if self.value is None else (self.id,),
                "remove_labels": () if left in (NONE, OTHERS) else (left,),
            }
        return {self.by.value: None} if self.value is None else self.given

    def look(self, row: IssueRow, left: str) -> IssueRow:
        """How a card looks that comes here from another lane."""
        if self.others:
            return row
        match self.by:
            case Grouping.ASSIGNEE | Grouping.PRIORITY:
                return row.replace(**{self.by.value: self.value})
            case Grouping.PARENT:
                return row.replace(parent_key=self.id if self.value else None)
            case Grouping.LABEL:
                kept = [label for label in row.labels if label.name not in (left, self.id)]
                new = [self.value] if isinstance(self.value, LabelRef) else []
                return row.replace(labels=(*kept, *new))
            case _:
                return row


def of(by: Grouping, values: Iterable[Value]) -> list[Lane]:
    """A lane for each of the first values, one for all others, and one for what has none.

    Every card has a priority.
    """
    lanes, room = [], ROOM
    for value in values:
        lane = Lane(by, value)
        room -= len(written(lane.id)) + 1
        if room >= 0:
            lanes.append(lane)
    if by is Grouping.PRIORITY:
        return lanes
    others = [Lane(by, others=tuple(lane.id for lane in lanes))] if lanes else []
    return [*lanes, *others, Lane(by)]


def sorting(lanes: Sequence[Lane]) -> Callable[[IssueRow], Sequence[str]]:
    """Says in which of these lanes a card is: in several where it has several labels."""
    by, known = lanes[0].by, {lane.id for lane in lanes}

    def of_card(row: IssueRow) -> Sequence[str]:
        values = by.values(row)
        return [value for value in values if value in known] or ((OTHERS,) if values else (NONE,))

    return of_card
