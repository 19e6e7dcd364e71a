"""Screens that are laid out to the end.

Textual lays a screen out at a moment of its own: a timer that every message to the screen winds up. Whoever
lays it out from outside, as the screen above it does when the window has changed, stops that timer, even when
more is due; and what comes while the app gathers changes in a batch is put off, but nobody winds the timer up
when the batch ends. A dialog would then lie over a view that is half laid out, until the next key.
"""

from __future__ import annotations

from typing import Any, TypeVar

from textual.events import Event, Mount, Resize, ScreenResume, ScreenSuspend
from textual.geometry import Size
from textual.screen import Screen

T = TypeVar("T")


_OF_WIDGETS = (Mount, Resize, ScreenResume)
"""Events for which a screen looks at its widgets."""


class LaidOut(Screen[T]):
    """A screen that goes on with its layout, whoever has laid it out in between.

    One that is left hears of nothing that is about its widgets: it may not have had them yet. One that comes
    has been styled as its widgets came; Textual would do it again, twice.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._was_away = False

    async def on_event(self, event: Event) -> None:
        if isinstance(event, ScreenSuspend):
            self._was_away = True
        elif isinstance(event, ScreenResume):
            event.refresh_styles = event.refresh_styles and self._was_away
            self._was_away = False
        leaves = self._closing or self._pruning
        if not (leaves and isinstance(event, _OF_WIDGETS)):
            await super().on_event(event)

    def _screen_resized(self, size: Size) -> None:
        if self.app._batch_count and size == self._size:
            self._layout_required = True  # Once it is to be seen: nothing says that it is another size.
        else:
            super()._screen_resized(size)
        self.check_idle()

    def _refresh_layout(self, size: Size | None = None, scroll: bool = False) -> None:
        """Lays out, and draws; all of it at once where all is to be drawn: Textual would do so once more."""
        if self._repaint_required and self.is_current and not self.app._batch_count:
            self._repaint_required = False
            self._dirty_widgets.add(self)
        super()._refresh_layout(size, scroll)

    def _compositor_refresh(self) -> None:
        """Draws what has changed; all of it later while nothing is to be seen: Textual would draw it now, and
        nobody would ever see it.
        """
        if self.app._batch_count:
            self._repaint_required = True
        else:
            super()._compositor_refresh()
