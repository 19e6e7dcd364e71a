"""Views of issues that are searched while one types: what the search line shows, completes and asks for."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from rhythm_domain.errors import RhythmError
from rhythm_domain.query import Query, QueryError, parse
from rhythm_tui.commanding import handles
from rhythm_tui.desk import Desk
from rhythm_tui.screens.triage import TriageScreen
from rhythm_tui.widgets.search_bar import Completion, SearchBar

OFFERED = 8
"""Completions that are shown at once."""


class SearchScreen(TriageScreen):
    """A view with a search line. A subclass reads in `search` what `asked` asks for, and shows it."""

    PLACEHOLDER: ClassVar[str] = "search: words, status:todo, assignee:@me, label:ui …"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.query_text = ""
        """What was typed."""
        self.asked = Query()
        """What it means; that of the last text which is a query."""
        self._wrong = ""

    async def search(self, *, keep: bool = False) -> None:
        """Reads what is asked for. With `keep` the cursor stays on its issue, if it is there."""

    def forget_marks(self) -> None:
        """Something else is asked for: what was marked is not what is meant any more."""

    def leave_search(self) -> None:
        """The person is done typing: the focus goes where the issues are."""

    def search_bar(self) -> SearchBar:
        """The search line, for the view's body."""
        return SearchBar(placeholder=self.PLACEHOLDER)

    def say_chips(self) -> None:
        """Shows in pieces what is asked for."""
        pieces = [str(each) for each in (*self.asked.terms, *self.asked.conditions)]
        self.query_one(SearchBar).say(pieces, wrong=self._wrong)

    def seek(self, text: str) -> None:
        """Searches for a text as if somebody had typed it."""
        self.query_one(SearchBar).set_text(text)
        self.search_for(text)

    def search_for(self, text: str) -> None:
        """Searches for another text; the answer to the last one is what is shown.

        What can't be read yet, such as a qualifier without its value, is left out until it can.
        """
        try:
            asked = parse(text)
        except QueryError as error:
            self._wrong = error.message
            self.say_chips()
            try:
                asked = parse(text[: text.rfind(" ", 0, error.start) + 1])
            except QueryError:
                return
            if asked == self.asked:
                return
        else:
            self._wrong = ""
        self.query_text, self.asked = text, asked
        self.forget_marks()
        self.read(self.search(), "search")

    @on(SearchBar.Changed)
    def _typed(self, event: SearchBar.Changed) -> None:
        self.search_for(event.text)

    @on(SearchBar.CompletionWanted)
    def _complete(self, event: SearchBar.CompletionWanted) -> None:
        self.run_worker(self._suggest(event.text, event.cursor), group="suggest", exclusive=True)

    async def _suggest(self, text: str, cursor: int) -> None:
        word = text[:cursor].rsplit(" ", 1)[-1]
        if not word:
            self.query_one(SearchBar).offer(())
            return
        try:
            found = await self.desk.session.search.suggest(text, cursor, project=self.desk.key)
        except RhythmError:
            return  # The search itself says what is wrong.
        self.query_one(SearchBar).offer(
            [
                Completion(each.label, each.description, each.replacement, each.start, each.end)
                for each in found[:OFFERED]
            ]
        )

    @on(SearchBar.Left)
    def _left(self) -> None:
        self.leave_search()

    @handles("search")
    def edit_search(self) -> None:
        self.query_one(SearchBar).edit()

    @handles("back")
    def back(self) -> None:
        """Takes the search away, then goes back."""
        if self.query_text:
            self.seek("")
        else:
            super().back()
