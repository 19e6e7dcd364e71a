"""The trash of a project: what was deleted, to be taken back or removed for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult

from rhythm_domain.errors import NotFound
from rhythm_domain.live import Change
from rhythm_domain.models import IssueRow
from rhythm_domain.text import shown, truncated
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.blocks import Block, heading
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.screens.confirm import Confirm
from rhythm_tui.screens.work import WorkScreen
from rhythm_tui.widgets.document import Document

PAGE = 100
"""Issues that are read at once."""


class TrashScreen(WorkScreen):
    """Deleted issues of a project, the last deleted first."""

    VIEW: ClassVar[str] = "issues"
    CSS_PATH = "activity.tcss"

    def __init__(self, desk: Desk, key: str) -> None:
        super().__init__(desk)
        self._key = key
        self._rows: list[IssueRow] = []
        self._next: str | None = None

    def body(self) -> ComposeResult:
        yield Document(id="trash", opens="take back")

    @property
    def page(self) -> Document:
        """The lines."""
        return self.query_one("#trash", Document)

    def on_mount(self) -> None:
        self.page.focus()

    def why_not(self, command: Command) -> str | None:
        return "this is the trash" if command.id == "trash" else super().why_not(command)

    async def load(self) -> None:
        trash = self.desk.session.issues.trash
        page = await trash(self._key, limit=max(PAGE, min(len(self._rows), 500)))
        self._rows, self._next = list(page.items), page.next
        self._draw()

    @on(Document.EndSeen)
    def _more(self) -> None:
        if self._next is not None:
            self.read(self._extend(self._next), "more")

    async def _extend(self, cursor: str) -> None:
        page = await self.desk.session.issues.trash(self._key, cursor=cursor, limit=PAGE)
        if cursor == self._next:
            self._rows += page.items
            self._next = page.next
            self._draw()

    async def changes(self, changes: list[Change]) -> None:
        kinds = frozenset().union(*(change.kinds for change in changes))
        if kinds & {"issue.deleted", "issue.restored", "issue.purged", "issue.changed"}:
            await self.load()

    def _draw(self) -> None:
        if not self.query(Document):  # It was left while it was read.
            return
        rows, key, now = tuple(self._rows), self._key, self.desk.now()

        def layout(width: int, colours: Colours) -> list[Block]:
            words = "enter takes one back" if rows else "nothing was deleted"
            return [
                Block("head", heading(f"Trash of {key}", words, width, colours)[1:]),
                *(Block(("issue", row.id), [_line(row, now, width, colours)], stop=True) for row in rows),
            ]

        self.page.show(layout)
        if self.page.cursor is None and rows:
            self.page.go_to(("issue", rows[0].id))

    @property
    def row(self) -> IssueRow | None:
        """The issue under the cursor."""
        match self.page.cursor:
            case ("issue", int(id)):
                return next((row for row in self._rows if row.id == id), None)
        return None

    @on(Document.Opened)
    def _opened(self) -> None:
        self.action_command("trash.restore")

    @handles("trash.restore")
    async def restore(self) -> None:
        if (row := self.row) is None:
            raise NotFound("There is nothing to take back.", hint="")
        issues = self.desk.session.issues
        await self.desk.edits.run(
            lambda operation: issues.restore([row.id], operation=operation), issues=[row.id]
        )
        self._gone(row)
        self.say(f"{row.key} is back: {shown(row.title)}", "u in the list takes that back")

    @handles("trash.purge")
    async def purge(self) -> None:
        if (row := self.row) is None:
            raise NotFound("There is nothing to remove.", hint="")
        words = (
            f"{row.key}, {truncated(shown(row.title), 60)}: its text, its comments and its history go, and"
            " nothing brings them back. Only that it was there stays in the history."
        )
        if await self.app.push_screen_wait(Confirm("Remove for ever", words, yes="remove")):
            issues = self.desk.session.issues
            await self.desk.edits.run(
                lambda operation: issues.purge([row.id], operation=operation), issues=[row.id]
            )
            self._gone(row)
            self.say(f"{row.key} is removed for ever")

    def _gone(self, row: IssueRow) -> None:
        """Takes a line away; the cursor goes to the one that takes its place."""
        at = next((at for at, each in enumerate(self._rows) if each.id == row.id), 0)
        self._rows = [each for each in self._rows if each.id != row.id]
        self._draw()
        if self._rows:
            self.page.go_to(("issue", self._rows[min(at, len(self._rows) - 1)].id))

    def leave(self) -> None:
        self.back()

    @handles("back")
    def back(self) -> None:
        self.app.pop_screen()


def _line(row: IssueRow, now: datetime, width: int, colours: Colours) -> Text:
    deleted = f"deleted {relative_time(row.deleted_at, now)}"
    pieces: Sequence[Piece] = [show.kind(row, colours), Piece(f" {row.key:<{10}}  ", "muted")]
    line = show.line(pieces, colours)
    room = max(1, width - line.cell_len - len(deleted) - 2)
    line.append(show.fitted(shown(row.title), room), colours.style("foreground"))
    return line.append(f"  {deleted}", colours.style("muted"))
