"""A picture of the app: what stands in every cell of the screen, and how it looks there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, groupby
from string import ascii_letters, digits
from typing import Any

from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.app import App

from tests.tui.drawing import drawn

SIXTEEN = (
    "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "grey", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white",
)  # fmt: skip
"""The colours of a terminal that has no more."""

_ATTRIBUTES = ("bold", "dim", "italic", "underline", "strike", "reverse")
_SEEN_ON_BLANKS = {"underline", "strike", "reverse"}
"""A blank has nothing else to show but its ground: it takes the look of the text before it."""
_LETTERS = "·" + ascii_letters + digits


@dataclass(frozen=True)
class Look:
    """How a text looks: colours as `#rrggbb`, as one of `SIXTEEN`, or empty for the terminal's own."""

    ink: str = ""
    ground: str = ""
    attributes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.ink or "default", "on", self.ground or "default", *self.attributes))


@dataclass(frozen=True)
class Picture:
    """A screen, line by line, as runs of text with one look."""

    lines: tuple[tuple[tuple[str, Look], ...], ...]

    @property
    def text(self) -> str:
        """What stands there, without its looks."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.lines)

    def described(self) -> str:
        """The picture to be read and compared: what stands there, a letter for each character that says how
        it looks, and what the letters mean. The look of most of the screen is a dot."""
        looks = self._letters()
        shapes = ["".join(looks[look] * len(text) for text, look in line) for line in self.lines]
        legend = [f"{letter}  {look}" for look, letter in looks.items()]
        parts = (self.text.split("\n"), [shape.rstrip("·") for shape in shapes], legend)
        return "\n----\n".join("\n".join(part) for part in parts) + "\n"

    @property
    def area(self) -> dict[Look, int]:
        """How many characters have a look, in the order in which looks appear."""
        area: dict[Look, int] = {}
        for line in self.lines:
            for text, look in line:
                area[look] = area.get(look, 0) + len(text)
        return area

    def _letters(self) -> dict[Look, str]:
        area = self.area
        most = max(area, key=lambda look: area[look])
        return dict(zip([most, *(look for look in area if look != most)], _names(), strict=False))


def _names() -> Iterator[str]:
    yield from _LETTERS
    yield from (chr(0x100 + n) for n in count())


def taken(app: App[Any], *, sixteen: bool = False) -> Picture:
    """A picture of what is on the screen now; with `sixteen` as a terminal of 16 colours shows it."""
    return Picture(
        tuple(_line([s for strip in row for s in strip], sixteen=sixteen) for row in drawn(app).strips)
    )


def _line(segments: list[Segment], *, sixteen: bool) -> tuple[tuple[str, Look], ...]:
    seen: list[tuple[str, Look]] = []
    for segment in segments:
        look = _look(segment.style or Style.null(), sixteen=sixteen)
        if not segment.text.strip(" ") and not _SEEN_ON_BLANKS.intersection(look.attributes):
            before = seen[-1][1] if seen else Look(ground=look.ground)
            look = before if before.ground == look.ground else Look(ground=look.ground)
        if segment.text:
            seen.append((segment.text, look))
    runs = groupby(seen, key=lambda one: one[1])
    return tuple(("".join(text for text, _ in run), look) for look, run in runs)


def _look(style: Style, *, sixteen: bool) -> Look:
    return Look(
        _colour(style.color, sixteen=sixteen),
        _colour(style.bgcolor, sixteen=sixteen),
        tuple(name for name in _ATTRIBUTES if getattr(style, name)),
    )


def _colour(colour: Color | None, *, sixteen: bool) -> str:
    if colour is None or colour.is_default:
        return ""
    if sixteen:
        colour = colour.downgrade(ColorSystem.STANDARD)
    if colour.triplet is not None:
        return colour.triplet.hex
    assert colour.number is not None
    return SIXTEEN[colour.number]
