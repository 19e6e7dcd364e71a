"""Without colours: what is faint is dim, where the cursor is all is reversed, and no colour is left."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.themes import THEMES
from rhythm_tui.terminal.colourless import Colourless


@pytest.mark.parametrize(
    "theme",
    [*THEMES, *(BUILTIN_THEMES[name] for name in ("nord", "textual-light"))],
    ids=lambda theme: theme.name,
)
def test_no_colour_is_left(theme: Theme) -> None:
    """Dark or light, also in a theme of Textual's, with the strongest colour for the cursor."""
    variables = theme.to_color_system().generate() | theme.variables
    ground, text = Color.parse(variables["background"]), Color.parse(variables["foreground"])
    colours = Colours(variables, dark=theme.dark)
    cursor, faint, muted = (
        Color.parse(colours.of(name)) for name in ("block-cursor-background", "faint", "muted")
    )

    def seen(ink: Color, on: Color = ground, *, bold: bool = False) -> Style:
        style = Style(color=ink.rich_color, bgcolor=on.rich_color, bold=bold)
        (segment,) = Colourless(variables).apply([Segment("x", style)], ground)
        assert segment.style is not None
        assert segment.style.color is segment.style.bgcolor is None
        return segment.style

    assert not seen(text).dim
    assert seen(text, bold=True).bold
    assert seen(faint).dim
    assert not seen(muted).dim
    assert seen(text, cursor).reverse
    assert not seen(text).reverse
