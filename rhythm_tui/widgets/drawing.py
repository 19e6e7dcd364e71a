"""A chart on the screen: whoever owns it says how it is drawn in so many cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widget import Widget

from rhythm_tui.looks import presentation as show
from rhythm_tui.widgets.canvas import Line
from rhythm_tui.widgets.theming import colours_of

Draw = Callable[[int, int], Sequence[Line]]
"""The lines of a chart in a width and a height."""


class Drawing(Widget):
    """Draws lines of pieces, anew for each size and theme."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._draw: Draw = lambda _width, _height: ()

    def show(self, draw: Draw) -> None:
        """Draws something else from now on."""
        self._draw = draw
        self.refresh()

    def render(self) -> Content:
        colours = colours_of(self)
        width, height = self.content_size
        lines = self._draw(width, height)[:height]
        return Content("\n").join(show.content(line, colours) if line else Content(" ") for line in lines)
