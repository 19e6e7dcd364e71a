"""The velocity of the last sprints: what each committed to beside what it got done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich.cells import cell_len

from rhythm_domain.models.reports import SprintOutcome
from rhythm_domain.text import shown, truncated
from rhythm_tui.holding.planning import mean
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.widgets.canvas import Canvas, Line, Looks, Scale, clipped, framed, number, scale

SLOT = 24
"""The most cells that a sprint takes: what is wider says no more."""

LEAST = 7
"""The fewest: two bars and a number over each."""

LAST = 3
"""Sprints whose mean is the velocity."""

COMMITTED, DONE = ("primary soft", "▒"), ("success soft", "█")
"""The colour of a bar, and what it is made of where there are no colours."""


def in_points(outcomes: Sequence[SprintOutcome]) -> bool:
    """Whether anybody estimates: else issues are counted."""
    return any(one.committed_points or one.sprint.done_points for one in outcomes)


def lines(
    outcomes: Sequence[SprintOutcome], width: int, height: int, *, points: bool, plain: bool = False
) -> list[Line]:
    """The chart of some sprints, from the earliest on; as many of the latest as there is room for. `plain`:
    without colours.
    """
    rows = height - 3
    if rows < 3 or width < 24 or not outcomes:
        return []
    bars = [_bars(one, points) for one in outcomes]
    usable = rows - 1  # The uppermost row is for the numbers over the highest bar.
    scaled = scale(max(max(pair) for pair in bars), usable)
    at = {row + 1: tick for row, tick in scaled.ticks.items() if tick}
    margin = cell_len(number(max(at.values()))) + 2
    plot = width - margin
    fit = max(1, plot // LEAST)
    kept, bars = list(outcomes[-fit:]), bars[-fit:]
    slot = min(SLOT, plot // len(kept))
    canvas = Canvas(plot, rows + 1)
    canvas.ground()
    for row in at:
        canvas.rule(row)
    for place, (committed, done) in enumerate(bars):
        thick = max(2, min(8, (slot - 3) // 2 - slot // 10))
        left = place * slot + max(0, (slot - 2 * thick - 1) // 2)
        _bar(canvas, left, thick, committed, scaled, COMMITTED, plain)
        _bar(canvas, left + thick + 1, thick, done, scaled, DONE, plain)
    chart: list[Line] = [_legend([done for _, done in bars], width, points, plain)]
    chart += framed(canvas, at, margin)
    names = _named([shown(one.sprint.name) for one in kept], slot - 1)
    under = "".join(_centred(name, slot) for name in names)
    chart.append([Piece(" " * margin + under, "muted")])
    return [clipped(line, width) for line in chart]


def _bars(one: SprintOutcome, points: bool) -> tuple[Decimal, Decimal]:
    if points:
        return one.committed_points, one.sprint.done_points
    return Decimal(one.committed_issues), Decimal(one.sprint.done_count)


def _bar(
    canvas: Canvas, x: int, thick: int, amount: Decimal, scaled: Scale, look: tuple[str, str], plain: bool
) -> None:
    """A bar with its number over it."""
    colour, texture = look
    edge = scaled.eighths(amount)
    looks = Looks([colour], texture if plain else "")
    canvas.bar(x, thick, [edge], looks)
    said = Piece(number(amount), colour.removesuffix(" soft"), bold=True)
    canvas.put(x + (thick - cell_len(said.text)) // 2, canvas.above(edge, looks), said)


def _legend(done: Sequence[Decimal], width: int, points: bool, plain: bool) -> Line:
    last = done[-LAST:]
    unit = "points" if points else "issues"
    said = [Piece(f"Velocity {number(mean(last))} {unit}", "foreground", bold=True)]
    behind = f"  the mean of the last {len(last)}" if len(last) > 1 else "  the only sprint that is finished"
    key = [Piece(f"{COMMITTED[1] if plain else '█'} ", COMMITTED[0]), Piece("committed  ", "primary")]
    key += [Piece(f"{DONE[1]} ", DONE[0]), Piece("done", "success")]
    space = width - cell_len(said[0].text) - sum(cell_len(piece.text) for piece in key)
    if space < 2:
        return said
    if space >= cell_len(behind) + 2:
        said.append(Piece(behind, "muted"))
        space -= cell_len(behind)
    return [*said, Piece(" " * space), *key]


def _named(names: Sequence[str], width: int) -> list[str]:
    """Names in at most so many cells each: where one has no room, without the words that all begin with."""
    if any(cell_len(name) > width for name in names):
        words = [name.split(" ") for name in names]
        alike = (len(set(each)) == 1 for each in zip(*words, strict=False))
        begin = next((at for at, same in enumerate(alike) if not same), 0)
        names = [" ".join(each[begin:]) for each in words]
    return [truncated(name, width) for name in names]


def _centred(text: str, width: int) -> str:
    space = width - cell_len(text)
    return " " * (space // 2) + text + " " * (space - space // 2)
