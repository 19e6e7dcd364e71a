"""What Textual keeps of widgets that are gone."""

from __future__ import annotations

import gc
import weakref

from textual._styles_cache import StylesCache
from textual.color import Color

from rhythm_tui.terminal.shared_colours import share_colours


def test_what_was_drawn_goes_with_its_widget() -> None:
    share_colours()
    drawn, other = StylesCache(), StylesCache()
    colours = drawn.get_inner_outer(Color(1, 2, 3), Color(4, 5, 6))
    assert other.get_inner_outer(Color(1, 2, 3), Color(4, 5, 6)) == colours
    assert other.get_inner_outer(Color(1, 2, 3), Color(7, 8, 9)) != colours
    gone = weakref.ref(drawn)
    del drawn
    gc.collect()
    assert gone() is None
