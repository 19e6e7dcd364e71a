"""A view of a list that is held whole: what one types over it leaves the lines that have it."""

from __future__ import annotations

from typing import Any

from textual import on

from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.listing import Listing
from rhythm_tui.widgets.search_bar import SearchBar


class NarrowingScreen(WorkScreen):
    """Has a `SearchBar` over a `Listing`."""

    @property
    def listing(self) -> Listing[Any]:
        """The list."""
        return self.query_one(Listing)

    def narrowed(self) -> None:
        """There are fewer lines, or more, and the cursor may be on another one."""

    def find(self) -> None:
        """Goes into the search line."""
        self.query_one(SearchBar).edit()

    @on(SearchBar.Changed)
    def _typed(self, event: SearchBar.Changed) -> None:
        self._narrow(event.text)

    @on(SearchBar.Left)
    def _left(self) -> None:
        self.listing.focus()

    def took_away(self) -> bool:
        if not self.listing.typed:
            return super().took_away()
        self.query_one(SearchBar).set_text("")
        self._narrow("")
        return True

    def _narrow(self, text: str) -> None:
        self.query_one(SearchBar).say(text.split())
        self.listing.narrow(text)
        self.narrowed()
