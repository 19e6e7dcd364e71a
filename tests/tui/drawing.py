"""Nobody watches the app of a test all the time: it is drawn when the test looks, not at each change. Textual
draws for nobody, too, and that takes longer than all else that a key does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any
from unittest.mock import patch
from weakref import WeakKeyDictionary

from textual import screen
from textual._compositor import Compositor, LayoutUpdate
from textual._context import visible_screen_stack
from textual.app import App

WATCHED = False
"""Whether apps draw at each change, as for a person: what is drawn in between is tried, too."""

FRESH = 0.3
"""Seconds after which a screen is looked at again, though nothing said that it has changed."""

PERIOD = 0.001
"""Seconds until a screen that has changed is laid out: every key waits for that, and here no eye does."""

_seen: WeakKeyDictionary[Compositor, tuple[float, str]] = WeakKeyDictionary()
"""When screens that have not changed since were looked at, and what stood there."""


@contextmanager
def unwatched() -> Iterator[None]:
    """While it lasts, apps that run without a terminal draw nothing by themselves."""
    if WATCHED:
        yield
        return
    with patch.object(Compositor, "render_update", _changed), patch.object(screen, "UPDATE_PERIOD", PERIOD):
        yield


def _changed(compositor: Compositor, **_options: object) -> None:
    """Instead of drawing."""
    compositor._dirty_regions.clear()
    _seen.pop(compositor, None)


def text(app: App[Any]) -> str:
    """What stands on the screen now, line by line."""
    compositor = app.screen._compositor
    looked, seen = _seen.get(compositor, (0.0, ""))
    if WATCHED or monotonic() - looked > FRESH:
        visible_screen_stack.set(app._background_screens)
        with patch.object(app, "_filters", []):  # They change colours.
            seen = "\n".join(strip.text.rstrip() for strip in compositor.render_strips())
        _seen[compositor] = monotonic(), seen
    return seen


def drawn(app: App[Any]) -> LayoutUpdate:
    """The screen as it is now, with its looks."""
    visible_screen_stack.set(app._background_screens)
    return app.screen._compositor.render_full_update()
