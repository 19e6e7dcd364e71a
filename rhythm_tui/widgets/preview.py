"""An issue at a glance, beside the table: its fields and its text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar

from rich.text import Text

from rhythm_domain.models import Issue
from rhythm_domain.text import shown
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks.blocks import Block
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.markdown import ink, laid_out, wrapped
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import counted, points, relative_time
from rhythm_tui.widgets.document import Document

HEAVY = 8000
"""Characters of a description from which on it is laid out beside the loop."""


class Preview(Document, can_focus=False):
    """A pane for one issue."""

    GUTTER: ClassVar[int] = 1

    def __init__(self, now: Callable[[], datetime]) -> None:
        """`now` says what time it is where the person is."""
        super().__init__()
        self._now = now
        self._issue: int | None = None

    def show_issue(self, issue: Issue | None) -> None:
        """Shows an issue, another one from its beginning; None shows nothing."""
        other, self._issue = issue is None or issue.id != self._issue, issue.id if issue else None
        if issue is None:
            self.show(lambda _width, _colours: ())
            return

        def layout(width: int, colours: Colours) -> list[Block]:
            return _page(issue, issue.description, self._now(), width, colours)

        heavy = len(issue.description) > HEAVY
        if heavy and other:
            beginning = issue.description[: HEAVY // 4]
            self.show(lambda width, colours: _page(issue, beginning, self._now(), width, colours), top=True)
        self.show(layout, heavy=heavy, top=other and not heavy)


def _page(issue: Issue, text: str, now: datetime, width: int, colours: Colours) -> list[Block]:
    head = [
        line for each in head_lines(issue, now, colours) for line in wrapped(show.line(each, colours), width)
    ]
    body = laid_out(text, width, ink(colours)) or [show.line([Piece("No description.", "faint")], colours)]
    return [Block("head", [*head, Text()]), Block("body", body)]


def head_lines(issue: Issue, now: datetime, colours: Colours) -> list[Sequence[Piece]]:
    """Key, title and fields, a line each."""
    due = [Piece("   due ", "muted"), show.due(issue, now.date())] if issue.due else []
    fields: list[Sequence[Piece]] = [
        [Piece(issue.key, "muted"), Piece("  "), show.kind(issue, colours, worded=True)],
        [Piece(shown(issue.title), bold=True)],
        [
            show.status(issue, colours),
            Piece("   "),
            show.priority(issue, colours, worded=True),
            Piece(f"   {points(issue.estimate)}" if issue.estimate is not None else "", "muted"),
            *due,
        ],
        [
            show.person(issue.assignee, colours) if issue.assignee else Piece("nobody", "faint"),
            Piece(f"   updated {relative_time(issue.updated_at, now)}", "muted"),
        ],
    ]
    if issue.labels:
        fields.append(show.labels(issue.labels, colours))
    if issue.sprint:
        fields.append([Piece(f"in {shown(issue.sprint)}", "muted")])
    if issue.comment_count:
        fields.append([Piece(counted(issue.comment_count, "comment"), "muted")])
    return fields
