"""What happened lately in a project, or in all of a person's: by day, one step in a line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.content import Content

from rhythm_domain.live import Change
from rhythm_domain.models import Page
from rhythm_domain.models.history import Event
from rhythm_domain.text import shown
from rhythm_tui.desk import Desk
from rhythm_tui.holding.siblings import Few
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.blocks import Block, heading
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.happenings import Happening, told
from rhythm_tui.looks.markdown import wrapped
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted, day_said, relative_time
from rhythm_tui.messages import OpenIssue
from rhythm_tui.screens.picker import Choice, Picker
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.document import Document

PAGE = 100
"""Events that are read at once."""

MOST = 500
"""Events that are read again at once; beyond them one scrolls on."""

_INDENT = 2
LEAST = 20
"""Cells beside the key in which it is said who did what; with fewer it stands below."""

_KEY = 11


class ActivityScreen(WorkScreen):
    """The activity of the project that the desk shows, or of all."""

    VIEW: ClassVar[str] = "activity"
    CSS_PATH = "activity.tcss"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._events: list[Event] = []
        self._next: str | None = None
        self._told: dict[int, Happening] = {}

    def body(self) -> ComposeResult:
        yield Document(id="activity")

    @property
    def page(self) -> Document:
        """The lines."""
        return self.query_one("#activity", Document)

    def on_mount(self) -> None:
        self.page.focus()
        self.set_interval(60, self._draw)

    # Reading ---------------------------------------------------------------------------------------------

    async def _read(self, cursor: str | None, limit: int) -> Page[Event]:
        history, key = self.desk.session.history, self.desk.key
        if key is None:
            return await history.of_all(cursor=cursor, limit=limit)
        return await history.of_project(key, cursor=cursor, limit=limit)

    async def load(self) -> None:
        before = self._events[0].project_key if self._events and self.desk.key else None
        page = await self._read(None, max(PAGE, min(len(self._events), MOST)))
        self._events, self._next = list(page.items), page.next
        self._draw(top=before is not None and before != self.desk.key)

    @on(Document.EndSeen)
    def _more(self) -> None:
        if self._next is not None:
            self.read(self._extend(), "more")

    async def _extend(self) -> None:
        at = self._next
        page = await self._read(at, PAGE)
        if at is not None and at == self._next:  # Else another project is shown by now.
            self._events += page.items
            self._next = page.next
            self._draw()

    async def changes(self, changes: list[Change]) -> None:
        """Draws what is new on top; it glows, unless it was done here."""
        before = {event.seq for event in self._events}
        await self.load()
        ours = {change.operation for change in changes if self.desk.edits.ours(change.operation)}
        fresh = [each for each in self._told.values() if each.seq not in before]
        operations = {event.seq: event.operation for event in self._events}
        lit = [("happening", each.seq) for each in fresh if operations.get(each.seq) not in ours]
        self.page.glow.light(lit, "")

    # Drawing ---------------------------------------------------------------------------------------------

    def _draw(self, *, top: bool = False) -> None:
        if not self.query(Document):  # It was left while it was read.
            return
        happenings = told(self._events)
        self._told = {each.seq: each for each in happenings}
        zone, now, many = self.desk.zone, self.desk.now(), self.desk.key is None
        today = now.date()

        def when(each: Happening) -> str:
            at = each.at.astimezone(zone)
            return relative_time(each.at, now) if at.date() == today else f"{at:%H:%M}"

        def layout(width: int, colours: Colours) -> list[Block]:
            if not happenings:
                words = "Nothing happened here yet."
                return [Block("empty", [Text(), show.line([Piece(words, "muted")], colours)])]
            blocks: list[Block] = []
            for day, group in groupby(happenings, lambda each: each.at.astimezone(zone).date()):
                these = list(group)
                days = (today - day).days
                name = {0: "Today", 1: "Yesterday"}.get(days, f"{day:%A}, {day_said(day, today)}")
                lines = heading(name, counted(len(these), "change"), width, colours)
                blocks.append(Block(("day", str(day)), lines if blocks else lines[1:]))
                blocks += [
                    Block(("happening", each.seq), _lines(each, when(each), width, colours, many), stop=True)
                    for each in these
                ]
            return blocks

        self.page.show(layout, top=top)

    @on(Document.Opened)
    async def _opened(self, event: Document.Opened) -> None:
        match event.id:
            case ("happening", int(seq)) if seq in self._told:
                keys = self._told[seq].issues
                if len(keys) == 1:
                    self.post_message(OpenIssue(keys[0]))
                elif keys:
                    self.read(self._choose(keys), "choose")
                else:
                    self.say("That is about no issue")

    async def _choose(self, keys: Sequence[str]) -> None:
        choices = [Choice(key, Content(key), key) for key in keys]
        if (key := await self.app.push_screen_wait(Picker(counted(len(keys), "issue"), choices))) is not None:
            self.post_message(OpenIssue(key, Few(keys, key)))


def _lines(each: Happening, when: str, width: int, colours: Colours, many: bool) -> list[Text]:
    """When, which issue, who and what; what is longer than the line goes on below."""
    muted = colours.style("muted")
    place = each.project or "" if many else ""
    which = each.issues[0] if len(each.issues) == 1 else place
    before = Text(f"{when:>10}  ", muted).append(f"{which:<{_KEY}} ", muted)
    what = show.line([show.person(each.actor, colours)._replace(bold=True)], colours)
    what.append(f" {shown(each.text)}", colours.style("muted" if each.undone else "foreground"))
    if each.undone:
        what.append("  undone", muted)
    room = width - before.cell_len
    if room < LEAST:
        return [
            before,
            *(Text("    ").append_text(line) for line in wrapped(what, max(LEAST, width - 4))[:4]),
        ]
    first, *rest = wrapped(what, room)
    lines = [before.append_text(first)]
    indent = " " * (lines[0].cell_len - first.cell_len)
    return lines + [Text(indent).append_text(line) for line in rest[:3]]
