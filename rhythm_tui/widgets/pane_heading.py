"""The lines over a pane of the planner: what it is, how far it is, and whether it fits the team's velocity.

The lines are made by pure functions; the widget only knows how wide it is and whether its pane has the focus.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from rhythm_domain.models import Sprint, SprintState
from rhythm_domain.text import shown, truncated
from rhythm_tui.holding.planning import Capacity, Load, days_said, span_said
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted
from rhythm_tui.widgets.theming import colours_of

Line = Sequence[Piece]

STATES = {
    SprintState.PLANNED: Piece("○ planned", "muted"),
    SprintState.ACTIVE: Piece("◐ active", "warning"),
    SprintState.FINISHED: Piece("● finished", "success"),
}

BAR = 24
"""The most cells of a bar: what is longer says no more."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What is marked in a pane: how many issues, of how many points."""

    issues: int = 0
    points: Decimal = Decimal(0)


Draw = Callable[[int, bool], Sequence[Line]]
"""The lines of a heading in so many cells, and whether its pane has the focus."""


class PaneHeading(Widget):
    """As many lines as it has been given height."""

    lit: reactive[bool] = reactive(False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw: Draw = lambda _width, _lit: ()

    def show(self, draw: Draw) -> None:
        """Shows other lines."""
        self._draw = draw
        self.refresh()

    def render(self) -> Content:
        colours = colours_of(self)
        # It ends where the columns of the table below do, before the scrollbar.
        lines = self._draw(self.size.width - 3, self.lit)[: self.size.height]
        return Content("\n").join(
            Content.assemble(" ", show.content(line, colours)) if line else Content(" ") for line in lines
        )


def backlog_lines(
    total: str, marked: Marked, last: Sequence[Sprint], velocity: Capacity, width: int, *, lit: bool
) -> list[Line]:
    """The heading of the backlog: how much there is, and what the last sprints got done."""
    name = [Piece("Backlog", "primary" if lit else "foreground", bold=True)]
    lines = [_ends(name, _marked(marked) or [Piece(total, "muted")], width)]
    lines.append([Piece(truncated("Open issues in no sprint", width), "muted")])
    if velocity.velocity is not None:
        got = [sprint.done_points if velocity.unit == "points" else sprint.done_count for sprint in last]
        each = ", ".join(_number(Decimal(one)) for one in reversed(got))
        behind = f"  {each} in the last {counted(len(got), 'sprint') if len(got) > 1 else 'sprint'}"
        told = f"Velocity {_number(velocity.velocity)} {velocity.unit}"
        lines.append(
            [Piece(told, "foreground"), Piece(truncated(behind, max(0, width - len(told))), "muted")]
        )
    else:
        lines.append([Piece(truncated("No sprint is finished yet: no velocity", width), "faint")])
    return lines


def no_sprint_lines(finished: int, width: int, *, lit: bool) -> list[Line]:
    """The heading where no sprint is shown."""
    what = "[ shows those that are finished" if finished else "A sprint is a goal, a first day and a last one"
    return [
        [Piece("No sprint", "primary" if lit else "foreground", bold=True)],
        [Piece(truncated(what, width), "muted")],
    ]


def sprint_lines(
    sprint: Sprint,
    load: Load,
    against: Capacity,
    marked: Marked,
    place: tuple[int, int],
    today: date,
    width: int,
    *,
    lit: bool,
) -> list[Line]:
    """The heading of a sprint. `place` is which of how many sprints it is."""
    at, of = place
    name = shown(sprint.name)
    state = STATES[sprint.state]
    span, said = span_said(sprint.starts_on, sprint.ends_on, today), days_said(sprint, today)
    short = said if sprint.state is SprintState.ACTIVE else span
    times = ["  ".join(part for part in (span, said) if part), short or span or said]
    right = [Piece(f"‹ {at}/{of} ›", "faint")] if of > 1 else []
    room = width - sum(cell_len(piece.text) for piece in (*right, state)) - 3
    left = [
        Piece(truncated(name, max(6, room)), "primary" if lit else "foreground", bold=True),
        Piece("  "),
        state,
    ]
    left_over = room - cell_len(left[0].text) - 2
    fits = next((each for each in times if cell_len(each) <= left_over), "")
    left.append(Piece(f"  {fits}" if fits else "", "muted"))
    goal = " ".join(shown(sprint.goal).split()) or "No goal"
    goal_line = [Piece(truncated(goal, width), "muted" if sprint.goal else "faint")]
    return [_ends(left, right, width), goal_line, _load_line(sprint, load, against, marked, width)]


def _load_line(sprint: Sprint, load: Load, against: Capacity, marked: Marked, width: int) -> Line:
    if sprint.state is SprintState.FINISHED:
        issues = f"{load.done} of {counted(load.issues, 'issue')} done"
        told = f"{_number(load.done_points)} points, {issues}" if load.points else issues
        return _ends([Piece(truncated(told, width), "muted")], _marked(marked), width)
    done = f"{load.done:,}/{load.issues:,} done" if load.done else counted(load.issues, "issue")
    words = capacity_words(against)
    right = _marked(marked) or [Piece(done if load.issues else "", "muted")]
    used = sum(cell_len(piece.text) for piece in (*words, *right)) + 4
    if width - used < 0:
        right, used = [], sum(cell_len(piece.text) for piece in words) + 2
    bar = capacity_bar(against, min(BAR, width - used)) if width - used >= 8 else []
    return _ends([*bar, *([Piece("  ")] if bar else []), *words], right, width)


def capacity_bar(capacity: Capacity, width: int) -> list[Piece]:
    """Done, planned and what is more than the velocity as a line; a mark stands where the velocity is."""
    whole = max(capacity.planned, capacity.velocity or Decimal(0))
    if not whole:
        return [Piece("─" * width, "rule")]

    def cells(amount: Decimal) -> int:
        return int((amount / whole * width).to_integral_value())

    done, planned = cells(capacity.done), cells(capacity.planned)
    mark = None if capacity.velocity is None else min(width - 1, cells(capacity.velocity))
    within = planned if capacity.velocity is None else min(planned, cells(capacity.velocity))
    looks = [
        Piece("━", "success")
        if at < done
        else Piece("━", "primary")
        if at < within
        else Piece("╍", "warning")
        if at < planned
        else Piece("─", "rule")
        for at in range(width)
    ]
    if mark is not None:
        looks[mark] = Piece("┃", "foreground")
    return _joined(looks)


def capacity_words(capacity: Capacity) -> list[Piece]:
    """The same in words: "34 points  20 over the velocity of 14"."""
    unit = capacity.unit if capacity.planned != 1 else capacity.unit.removesuffix("s")
    told = [Piece(f"{_number(capacity.planned)} {unit}", "foreground")]
    if capacity.velocity is None or not capacity.planned:
        return told
    velocity = _number(capacity.velocity)
    if capacity.over > 0:
        return [*told, Piece(f"  ! {_number(capacity.over)} over {velocity}", "warning", bold=True)]
    if capacity.over < 0:
        return [*told, Piece(f"  {_number(-capacity.over)} free of {velocity}", "muted")]
    return [*told, Piece(f"  just the {velocity}", "success")]


def _marked(marked: Marked) -> list[Piece]:
    if not marked.issues:
        return []
    points = f", {_number(marked.points)} points" if marked.points else ""
    return [Piece(f"✓ {marked.issues:,} marked{points}", "accent", bold=True)]


def _ends(left: Line, right: Line, width: int) -> Line:
    """Pieces at both ends of a line; the right ones give way."""
    cells = [sum(cell_len(piece.text) for piece in pieces) for pieces in (left, right)]
    space = width - sum(cells)
    return [*left, Piece(" " * space), *right] if right and space > 0 else list(left)


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbours that look the same as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1][1:] == piece[1:]:
            joined[-1] = piece._replace(text=joined[-1].text + piece.text)
        else:
            joined.append(piece)
    return joined


def _number(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"
