"""The theme, for screens and widgets that draw in its colours themselves."""

from __future__ import annotations

from textual.dom import DOMNode

from rhythm_tui.looks.colours import Colours

_shared = Colours({}, dark=True)


def colours_of(node: DOMNode) -> Colours:
    """The colours of the theme that is shown. They are worked out once, as every line asks for them."""
    global _shared
    app = node.app
    if _shared.variables is not app.theme_variables:
        _shared = Colours(app.theme_variables, app.current_theme.dark)
    return _shared


class Themed(DOMNode):
    """A screen or a widget of which something is drawn anew when another theme is shown."""

    def on_mount(self) -> None:
        # When `theme` changes its colours are not known yet.
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.draw_anew())

    def on_unmount(self) -> None:
        self.app.theme_changed_signal.unsubscribe(self)  # It would keep what has gone for ever.

    def draw_anew(self) -> None:
        """Forgets what was drawn, and draws all of it."""
        raise NotImplementedError
