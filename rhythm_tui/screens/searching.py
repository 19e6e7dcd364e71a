"""Views of issues that are searched while one types: what the search line shows, completes and asks for."""

from __future__ import annotations

import re
from typing import ClassVar

from textual import on
from textual.content import Content
from textual.timer import Timer

from rhythm_domain.errors import RhythmError
from rhythm_domain.query import DAYS, HELP, Field, Query, QueryError, parse
from rhythm_domain.text import shown, truncated
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.screens.picker import Choice, MultiPicker
from rhythm_tui.screens.triage import TriageScreen
from rhythm_tui.widgets.search_bar import Completion, SearchBar

COMPARED = DAYS | {Field.ESTIMATE}
"""Of these one value is asked for: `due:<7d`."""

NAMED = {Field.ASSIGNEE, Field.REPORTER, Field.LABEL, Field.SPRINT, Field.PARENT, Field.PROJECT}
"""Their values are names of somebody or something."""

OFFERED = 8
"""Completions that are shown at once."""

PAUSE = 0.9
"""Seconds without a key after which a last word that can't be read is wrong: before it is being typed."""


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
        self._unfinished: Timer | None = None
        """Runs while what is wrong may be a word that is being typed: until it ends, nothing is said."""
        self.doubt = ""
        """What is asked for and is not there at all, in words; looked up once nobody types any more."""
        self._sought: object = None
        """The search whose issues are not there yet."""
        self._stays = False
        """Whether the cursor is to stay on its issue in what is searched for next."""

    async def search(self, *, keep: bool = False) -> None:
        """Reads what is asked for. With `keep` the cursor stays on its issue, if it is there: also where
        something else was asked for before.
        """

    def forget_marks(self) -> None:
        """Something else is asked for: what was marked is not what is meant any more."""

    def leave_search(self) -> None:
        """The person is done typing: the focus goes where the issues are."""

    def search_bar(self) -> SearchBar:
        """The search line, for the view's body."""
        bar = SearchBar(placeholder=self.PLACEHOLDER)
        bar.before = lambda: self.desk.searches.latest
        return bar

    def say_chips(self) -> None:
        """Shows in pieces what is asked for."""
        pieces = [str(each) for each in (*self.asked.terms, *self.asked.conditions)]
        wrong = "" if self._unfinished is not None else self._wrong
        self.query_one(SearchBar).say(pieces, wrong=wrong, doubt=self.doubt_beside)

    def seek(self, text: str) -> None:
        """Searches for a text as if somebody had typed it."""
        self.query_one(SearchBar).set_text(text)
        self.search_for(text)
        self._hold_until_found()
        self.look_up()

    def _hold_until_found(self) -> None:
        """Keys that come from now on are meant for what is searched for."""
        if self._sought is not None and self.keys is not None:
            self.keys.begun(self, to_its_end=True)

    def on_unmount(self) -> None:
        self.found()

    def reload(self) -> None:
        super().reload()
        self.look_up()

    def look_up(self) -> None:
        """Says which names in the search are nobody's, and which were perhaps meant."""
        if any(condition.field in NAMED for condition in self.asked.conditions):
            self.read(self._look_up(self.asked, self.desk.key), "doubt")

    async def _look_up(self, asked: Query, key: str | None) -> None:
        found = await self.desk.session.search.unknown(asked, project=key)
        if (asked, key) == (self.asked, self.desk.key):
            self.doubt = " ".join(found)
            self.say_chips()
            self.doubted()

    @property
    def doubt_beside(self) -> str:
        """What of `doubt` stands in the search line: none of it where the list says it."""
        return self.doubt

    def doubted(self) -> None:
        """It is known by now whether the names in the search are somebody's: see `doubt`."""

    def search_for(self, text: str) -> None:
        """Searches for another text; the answer to the last one is what is shown.

        What can't be read yet, such as a qualifier without its value, is left out until it can.
        """
        self.query_text = text
        self._take_text(begun=self.query_one(SearchBar).typing)

    def _finish_word(self) -> None:
        """The last word is typed to its end, or the person has paused: it means what it says."""
        if self._unfinished is not None:
            self._take_text(begun=False)

    def _take_text(self, *, begun: bool) -> None:
        """Searches for what the text says; its last word may be only `begun`."""
        text = self.query_text
        if self._unfinished is not None:
            self._unfinished.stop()
            self._unfinished = None
        try:
            asked = parse(text)
        except QueryError as error:
            self._wrong = error.message
            self.forget_marks()
            if begun and error.end >= len(text):
                self._unfinished = self.set_timer(PAUSE, self._finish_word)
            self.say_chips()
            try:
                asked = parse(text[: text.rfind(" ", 0, error.start) + 1])
            except QueryError:
                return
            # Where only the end of a qualifier is gone, what it said stays until the word is typed.
            if asked == self.asked or (self._unfinished is not None and asked.terms == self.asked.terms):
                return
        else:
            self._wrong = ""
        self._search(asked)

    def _search(self, asked: Query) -> None:
        if asked != self.asked:
            self.doubt = ""
        self.asked = asked
        self.forget_marks()
        self._sought = sought = object()
        self.read(self._seek(sought, stay=self._stays), "search")

    async def _seek(self, sought: object, *, stay: bool) -> None:
        try:
            await self.search(keep=stay)
        finally:
            self.found(sought)

    def found(self, sought: object = None) -> None:
        """What is searched for is shown: keys that wait for it go on."""
        if self._sought is not None and sought in (None, self._sought):
            self._sought = None
            if self.keys is not None:
                self.keys.settled(self)

    @on(SearchBar.Changed)
    def _typed(self, event: SearchBar.Changed) -> None:
        self.search_for(event.text)

    @on(SearchBar.Begun)
    def remember(self) -> None:
        """Keeps what is searched for, to be brought back."""
        if not self._wrong:
            self.desk.searches.add(self.query_text)

    @on(SearchBar.CompletionWanted)
    def _complete(self, event: SearchBar.CompletionWanted) -> None:
        self.read(self._suggest(event.text, event.cursor), "suggest")

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

    def why_not(self, command: Command) -> str | None:
        if command.id == "mark.all" and self._wrong:
            return "the search is not right yet"
        return super().why_not(command)

    @on(SearchBar.Left)
    def _left(self, event: SearchBar.Left) -> None:
        self._finish_word()
        if self._wrong and not event.given_up:
            self.say("The search is not right yet", "esc leaves it so", warning=True)
            return
        self.remember()
        self._hold_until_found()
        self.leave_search()
        self.look_up()

    @on(SearchBar.HelpWanted)
    def _explain(self) -> None:
        from rhythm_tui.screens.help import help_of

        self.app.push_screen(help_of(self, "Search"))

    @handles("search")
    def edit_search(self) -> None:
        self.query_one(SearchBar).edit()

    @handles("filter")
    async def build_filter(self) -> None:
        """Asks what to filter by, then for values; what was filtered by it before is replaced."""
        fields = [field for field in Field if field is not Field.PARENT]
        field = await self.pick("Filter by", [_qualifier(field, self.asked) for field in fields])
        if field is None:
            return
        begun = f"{field.value}:"
        search = self.desk.session.search
        found = await search.suggest(begun, len(begun), project=self.desk.key, limit=1000)
        had = {str(value) for each in self.asked.conditions if each.field is field for value in each.values}
        choices = [
            Choice(
                each.replacement.strip(),
                Content.assemble(shown(each.label), (f"  {shown(each.description)}", "dim")),
                f"{each.label} {each.description}",
                each.label in had,
            )
            for each in found
        ]
        if field in COMPARED:
            one = await self.pick(begun, choices)
            values = None if one is None else [one]
        else:
            toggled = await self.app.push_screen_wait(MultiPicker(begun, choices, eager=True))
            taken = None if toggled is None else {**{each.value: each.chosen for each in choices}, **toggled}
            values = None if taken is None else [value for value, is_taken in taken.items() if is_taken]
        if values is not None:
            rest = str(self.asked.without(field))
            self.seek(" ".join(part for part in (rest, begun + ",".join(values) if values else "") if part))

    def took_away(self) -> bool:
        if not self.query_text:
            return super().took_away()
        self.remember()
        self._stays = True
        self.seek("")
        self._stays = False
        self.say("", f"{self.desk.commands['search'].key} ↑ brings the search back", brief=True)
        return True


def _qualifier(field: Field, asked: Query) -> Choice[Field]:
    """A qualifier to filter by, with what it is for, and whether it is filtered by already."""
    help = next((meaning for part, meaning in HELP if part == f"{field.value}:"), "")
    words = truncated(re.split("[:;]", help)[0].replace("`", ""), 40)
    here = any(each.field is field for each in asked.conditions)
    return Choice(
        field, Content.assemble(f"{field.value:<10}", (words, "dim")), f"{field.value} {words}", here
    )
