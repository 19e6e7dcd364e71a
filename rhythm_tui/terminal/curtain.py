"""Holds back what is drawn while a view comes, until it is whole.

Textual does so for 50 ms whenever a view is gone to, whether it is ready before or not. Here the view says
when; one that takes longer is drawn as far as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.timer import Timer

DRAWN = 0.02
"""Seconds after which what was behind it is drawn."""


class Curtain:
    """Of one app. Closed again while it is closed, it stays so for the new time."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._timer: Timer | None = None
        self._after: list[Callable[[], None]] = []

    @property
    def closed(self) -> bool:
        """Whether something is held back."""
        return self._timer is not None

    def close(self, seconds: float) -> None:
        """Nothing is drawn until it is opened, for so many seconds at most."""
        if self._timer is None:
            self._app._begin_batch()
        else:
            self._timer.stop()
        self._timer = self._app.set_timer(seconds, self.open, name="curtain")

    def open(self) -> None:
        """What is there is drawn."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._app._end_batch()
        after, self._after = self._after, []
        for call in after:
            self._app.set_timer(DRAWN, call)

    def after(self, call: Callable[[], None]) -> None:
        """Calls once what is behind it was drawn: what one need not see at once does not delay that."""
        self._after.append(call)
        if not self.closed:
            self.open()
