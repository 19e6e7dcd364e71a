"""What the fields of an issue can be set to, for the pickers of triage and of the form of a new issue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from textual.content import Content

from rhythm_domain.errors import Invalid
from rhythm_domain.models import IssueType, Label, Member, Priority, Sprint, SprintState, Status
from rhythm_domain.text import shown
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.screens.picker import Choice


def statuses(colours: Colours, current: set[Status]) -> list[Choice[Status]]:
    """All statuses; `current` are those that are set now."""
    return [
        Choice(
            each,
            Content.assemble((f"{signs.STATUS[each].mark} ", colours.status(each)), signs.words(each)),
            f"{signs.words(each)} {each.value}",
            current == {each},
        )
        for each in Status
    ]


def priorities(colours: Colours, current: set[Priority]) -> list[Choice[Priority]]:
    """All priorities."""
    return [
        Choice(
            each,
            Content.assemble((f"{signs.PRIORITY[each].mark} ", colours.priority(each)), each.value),
            f"{each.value} p{rank}",
            current == {each},
        )
        for rank, each in enumerate(Priority)
    ]


def types(colours: Colours, current: set[IssueType]) -> list[Choice[IssueType]]:
    """All types."""
    return [
        Choice(
            each,
            Content.assemble((f"{signs.TYPE[each].mark} ", colours.type(each)), each.value),
            each.value,
            current == {each},
        )
        for each in IssueType
    ]


def people(
    members: Sequence[Member], me: str, colours: Colours, current: set[str | None]
) -> list[Choice[str]]:
    """User names of the members who can be assigned, oneself first; an empty one for nobody."""
    active = sorted((member.user for member in members if member.active), key=lambda user: user.name != me)
    return [
        *(
            Choice(
                user.name,
                Content.assemble((shown(user.display_name), colours.person(user)), (f"  {user.name}", "dim")),
                f"{user.display_name} {user.name}{' me' if user.name == me else ''}",
                current == {user.name},
            )
            for user in active
        ),
        Choice("", Content.styled("nobody", "dim"), "nobody unassigned", current == {None}),
    ]


def labels(
    found: Sequence[Label],
    colours: Colours,
    on: Callable[[str], bool],
    partly: Callable[[str], bool] = lambda _: False,
) -> list[Choice[str]]:
    """The labels of a project; `on` says which are there already, `partly` which only some issues have."""
    return [
        Choice(
            label.name,
            Content.assemble(
                (f"•{shown(label.name)}", colours.label(label.colour)),
                (f"  {shown(label.description)}" if label.description else "", "dim"),
            ),
            label.name,
            on(label.name),
            partly=partly(label.name),
        )
        for label in found
    ]


def sprints(found: Sequence[Sprint], current: set[int | None]) -> list[Choice[tuple[Sprint | None]]]:
    """The sprints that can be planned into, and none; each in a tuple of its own."""
    return [
        *(
            Choice[tuple[Sprint | None]](
                (sprint,),
                Content.assemble(
                    shown(sprint.name), ("  active" if sprint.state is SprintState.ACTIVE else "", "$success")
                ),
                f"{sprint.name} {sprint.state.value}",
                current == {sprint.id},
            )
            for sprint in found
        ),
        Choice[tuple[Sprint | None]](
            (None,), Content.styled("no sprint", "dim"), "no sprint backlog", current == {None}
        ),
    ]


def estimate(text: str) -> Decimal | None:
    """Points that somebody typed; None for nothing. Raises `Invalid`."""
    if not text.strip():
        return None
    try:
        points = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        points = Decimal("NaN")
    if not points.is_finite():
        raise Invalid(f"{shown(text.strip())!r} is no number.", field="estimate", hint="Such as 3 or 0.5.")
    if not 0 <= points <= 1000 or points != round(points, 1):
        raise Invalid("Points are from 0 to 1,000, with one decimal at most.", field="estimate")
    return points
