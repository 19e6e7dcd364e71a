"""How it looks without colours, as NO_COLOR asks: bold, dim and reversed text do what they can."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from rhythm_tui.looks.colours import Colours


class Colourless(LineFilter):
    """Takes all colours away. What was faint is dim, what lay on the cursor's ground is reversed."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        """`variables` are those of the theme whose colours are taken away."""
        super().__init__()
        self.variables = variables
        self._ground = Color.parse(variables["background"])
        # Whether its ground is dark matters to labels only.
        colours = Colours(variables, dark=True)
        self._faint = self._differs(Color.parse(colours.of("faint")))
        # Lists of Textual's have the theme's own; for what we draw see `Colours`.
        cursors = (
            variables["block-cursor-background"],
            colours.of("block-cursor-background"),
        )
        self._cursors = {Color.parse(cursor).rgb for cursor in cursors}
        self._plain = lru_cache(maxsize=4096)(self._without_colour)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, None if style is None else self._plain(style), control)
            for text, style, control in segments
        ]

    def _without_colour(self, style: Style) -> Style:
        plain = style.without_color
        if style.bgcolor is not None and Color.from_rich_color(style.bgcolor).rgb in self._cursors:
            return plain + Style(reverse=True)
        if style.color is None or style.bold:
            return plain
        faint = self._differs(Color.from_rich_color(style.color)) <= self._faint
        return plain + Style(dim=True) if faint else plain

    def _differs(self, colour: Color) -> float:
        return abs(colour.brightness - self._ground.brightness)
