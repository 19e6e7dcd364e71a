"""Screens that are laid out to the end.

Textual lays a screen out at a moment of its own: a timer that every message to the screen winds up. Whoever
lays it out from outside, as the screen above it does when the window has changed, stops that timer, even when
more is due; and what comes while the app gathers changes in a batch is put off, but nobody winds the timer up
when the batch ends. A dialog would then lie over a view that is half laid out, until the next key.
"""

from __future__ import annotations

from typing import TypeVar

from textual.events import Event, Mount, Resize, ScreenResume
from textual.geometry import Size
from textual.screen import Screen

T = TypeVar("T")


_OF_WIDGETS = (Mount, Resize, ScreenResume)
"""Events for which a screen looks at its widgets."""


class LaidOut(Screen[T]):
    """A screen that goes on with its layout, whoever has laid it out in between.

    One that is left hears of nothing that is about its widgets: it may not have had them yet.
    """

    async def on_event(self, event: Event) -> None:
        leaves = self._closing or self._pruning
        if not (leaves and isinstance(event, _OF_WIDGETS)):
            await super().on_event(event)

    def _screen_resized(self, size: Size) -> None:
        super()._screen_resized(size)
        self.check_idle()
