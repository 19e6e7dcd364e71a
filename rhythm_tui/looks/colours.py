"""A theme's colours for statuses, priorities, types, labels and people; pure.

Colour is never the only signal: every one of them has a sign or a word too (`signs.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from rich.style import Style
from textual.color import Color

from rhythm_domain.models import COLOURS, IssueType, PersonRef, Priority, Status

_ON_DARK = dict(
    zip(
        COLOURS,
        (
            "#f7768e", "#ff9e64", "#e0c068", "#b8d068", "#7ec98f", "#5ec4b0",
            "#6cc7e8", "#7aa2f7", "#a78bfa", "#e08ad0", "#c49a78", "#8b95ab",
        ),
        strict=True,
    )
)  # fmt: skip
_ON_LIGHT = dict(
    zip(
        COLOURS,
        (
            "#c2304a", "#a84d06", "#806200", "#57730b", "#22783a", "#0f766e",
            "#0a6f96", "#2e5bc7", "#6d3fc0", "#a8328f", "#7d5433", "#5b6579",
        ),
        strict=True,
    )
)  # fmt: skip
_ON_SIXTEEN = dict(
    zip(
        COLOURS,
        (
            "#ff5555", "#aa5500", "#ffff55", "#55ff55", "#00aa00", "#00aaaa",
            "#55ffff", "#5555ff", "#ff55ff", "#ff55ff", "#aa5500", "#aaaaaa",
        ),
        strict=True,
    )
)  # fmt: skip
"""Just those that a terminal of sixteen colours has: what is between them would turn grey there."""

_STATUS = {
    Status.BACKLOG: "muted",
    Status.TODO: "foreground",
    Status.IN_PROGRESS: "warning",
    Status.IN_REVIEW: "accent",
    Status.DONE: "success",
    Status.CANCELLED: "muted",
}
_PRIORITY = {
    Priority.URGENT: "error",
    Priority.HIGH: "warning",
    Priority.MEDIUM: "primary",
    Priority.LOW: "muted",
    Priority.NONE: "faint",
}
_TYPE = {
    IssueType.BUG: "error",
    IssueType.FEATURE: "success",
    IssueType.TASK: "primary",
    IssueType.CHORE: "muted",
    IssueType.EPIC: "secondary",
}

LEGIBLE, HINTED = 4.5, 3.0
"""Contrast that text has to its ground at least, and that the faintest of it has: those of WCAG 2.2 for text
(1.4.3) and for signs (1.4.11)."""

_CURSOR = ("block-cursor-background", "block-cursor-blurred-background")

_STRONG = (*_CURSOR, "glow")
"""Grounds on which not every colour of the theme is legible as it is."""

_LINES = ("rule", "border", "background")
"""What is drawn in these is no text."""

_PEOPLE = [name for name in COLOURS if name not in ("brown", "grey")]
_APART = 3
"""Colours from one person's to the next one's: it reaches all ten of them."""


@dataclass(frozen=True)
class Colours:
    """Colours as `#rrggbb`, by what they are for. `variables` are those of the theme."""

    variables: Mapping[str, str]
    dark: bool

    def of(self, name: str) -> str:
        """A colour of the theme; `muted` is its text, less strong, for what is secondary, and `faint` is for
        hints that one need not read. Some colours have a calmer kin for large areas, such as `success soft`.
        """
        return self._known[name]

    @cached_property
    def _known(self) -> dict[str, str]:
        ground, text = (Color.parse(self.variables[name]) for name in ("background", "foreground"))
        names = ("foreground", "background", "surface", "panel", "primary", "secondary", "accent", "warning",
                 "error", "success", "border")  # fmt: skip
        known = {name: self._parsed(name) for name in names} | self._cursor(ground, text)
        known |= {"rule": ground.blend(text, 0.16), "glow": ground.blend(known["warning"], 0.2)}
        soft = ("success", "accent", "warning", "primary")  # For large areas.
        known |= {f"{name} soft": ground.blend(known[name], 0.62) for name in soft}
        hexes = {name: _hex(ground, colour) for name, colour in known.items()}
        quiet = tuple(hexes[name] for name in ("background", "surface", "panel"))
        for name, share, grounds, least in (
            ("muted", 0.6, (*quiet, hexes["block-cursor-background"]), LEGIBLE),
            ("faint", 0.36, quiet, HINTED),
        ):
            hexes[name] = legible(ground.blend(text, share).hex6, hexes["foreground"], grounds, least)
        return hexes

    def _parsed(self, name: str) -> Color:
        return Color.parse(self.variables.get(name) or "#808080")

    def _cursor(self, ground: Color, text: Color) -> dict[str, Color]:
        """The line of the cursor. Themes of Textual's own give it their strongest colour, on which signs and
        matches would vanish: there it is a shade of that."""
        cursor = self._parsed("block-cursor-background")
        if cursor.rgb != self._parsed("primary").rgb:
            return {name: self._parsed(name) for name in (*_CURSOR, "block-cursor-foreground")}
        shades = {
            name: ground.blend(cursor, share) for name, share in zip(_CURSOR, (0.28, 0.14), strict=True)
        }
        return {**shades, "block-cursor-foreground": text}

    def status(self, status: Status) -> str:
        return self.of(_STATUS[status])

    def priority(self, priority: Priority) -> str:
        return self.of(_PRIORITY[priority])

    def type(self, type_: IssueType) -> str:
        return self.of(_TYPE[type_])

    def label(self, name: str) -> str:
        """A label's colour by its name in the palette."""
        if "sixteen" in self.variables:
            return _ON_SIXTEEN.get(name, _ON_SIXTEEN["grey"])
        palette = _ON_DARK if self.dark else _ON_LIGHT
        return palette.get(name, palette["grey"])

    def person(self, person: PersonRef) -> str:
        """A person's own colour, the same in every project, on every screen and every day. Those who came one
        after the other, as small teams do, have different ones, far from each other.
        """
        return self.label(_PEOPLE[person.id * _APART % len(_PEOPLE)])

    def style(
        self, foreground: str, background: str | None = None, *, bold: bool = False, strike: bool = False
    ) -> Style:
        """A Rich style of named colours of the theme, or of `#rrggbb`."""
        key = (foreground, background, bold, strike)
        if key not in self._styles:
            self._styles[key] = Style(
                color=self.ink(foreground, background),
                bgcolor=self._resolved(background) if background else None,
                bold=bold or None,
                strike=strike or None,
            )
        return self._styles[key]

    @cached_property
    def _styles(self) -> dict[tuple[str, str | None, bool, bool], Style]:
        return {}

    def ink(self, name: str, ground: str | None) -> str:
        """A colour as text has it on a ground: where the cursor is and where something glows, so much nearer
        to the text's own that it stays legible.
        """
        colour = self._resolved(name)
        if ground not in _STRONG or name in _LINES:
            return colour
        if "sixteen" in self.variables:  # There are no shades between, and who knows what they look like?
            return self.of("foreground")
        least = HINTED if name == "faint" else LEGIBLE
        return legible(colour, self.of("block-cursor-foreground"), (self.of(ground),), least)

    def _resolved(self, name: str) -> str:
        return name if name.startswith("#") else self.of(name)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21: WCAG 2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=1024)
def _luminance(colour: str) -> float:
    parts = (part / 255 for part in Color.parse(colour).rgb)
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return sum(part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@lru_cache(maxsize=1024)
def legible(colour: str, text: str, grounds: tuple[str, ...], least: float) -> str:
    """A colour with so much of the text's in it that it has a contrast to each of some grounds."""
    given, whole = Color.parse(colour), Color.parse(text)
    shades = (given.blend(whole, step / 50).hex6 for step in range(51))
    enough = (shade for shade in shades if all(contrast(shade, ground) >= least for ground in grounds))
    return next(enough, whole.hex6)


def _hex(ground: Color, colour: Color) -> str:
    """A colour as it looks on the ground, without transparency."""
    return ground.blend(colour.with_alpha(1.0), colour.a).hex6
