"""What somebody else changed stays lit, with their name, until a person has had the time to see it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from textual.widget import Widget

SECONDS = 2.0
"""How long a change stays lit once it is drawn."""

Id = TypeVar("Id", bound=Hashable)


class Glow(Generic[Id]):
    """Who changed what just now; `redraw` is asked to draw what is lit, and again what is dark.

    The time runs from when the widget was drawn, not from when it was told: on a busy machine a change
    would be dark before anybody saw it.
    """

    def __init__(self, widget: Widget, redraw: Callable[[frozenset[Id]], object]) -> None:
        self._widget, self._redraw = widget, redraw
        self._lit: dict[Id, tuple[str, object]] = {}

    def who(self, id: Id) -> str | None:
        """Who changed it just now; None if it is dark."""
        return self._lit[id][0] if id in self._lit else None

    def light(self, ids: Iterable[Id], who: str) -> None:
        """Lights these up with a name."""
        lit, this = frozenset(ids), object()
        if lit:
            self._lit |= dict.fromkeys(lit, (who, this))
            self._redraw(lit)
            self._widget.call_after_refresh(
                lambda: self._widget.set_timer(SECONDS, lambda: self._fade(lit, this))
            )

    def _fade(self, ids: frozenset[Id], this: object) -> None:
        """Darkens what was not lit again meanwhile."""
        dark = frozenset(id for id in ids if id in self._lit and self._lit[id][1] is this)
        for id in dark:
            del self._lit[id]
        self._redraw(dark)
