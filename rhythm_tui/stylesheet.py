"""The styles of all widgets, parsed once."""

from __future__ import annotations

from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet

SOURCES = 1024
"""Stylesheets whose rules are kept. The app has about a hundred."""


class KeptStylesheet(Stylesheet):
    """A stylesheet that knows what it has parsed.

    Textual reads all of it anew for each view that is opened and at each return to one, 20 ms a time, in case
    the theme has changed; and it keeps the rules of 64 sources, fewer than there are. Here only a change of
    the theme's variables has anything parsed again.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(SOURCES)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Says the theme's variables."""
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        """Reads all sources; those that are known cost nothing."""
        self.parse()
