"""An issue at a glance, beside the table: its fields and its text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Markdown, Static

from rhythm_domain.models import Issue
from rhythm_domain.text import shown, shown_lines
from rhythm_tui import presentation as show
from rhythm_tui.colours import Colours
from rhythm_tui.presentation import Piece
from rhythm_tui.wording import points, relative_time


class Preview(VerticalScroll, can_focus=False):
    """A pane for one issue."""

    def compose(self) -> ComposeResult:
        yield Static(id="preview-head")
        yield Markdown(id="preview-body", open_links=False)

    def show(self, issue: Issue | None, colours: Colours) -> None:
        """Shows an issue; None shows nothing."""
        head, body = self.query_one("#preview-head", Static), self.query_one("#preview-body", Markdown)
        if issue is None:
            head.update("")
            body.update("")
            return
        lines = [show.content(line, colours) for line in head_lines(issue, colours)]
        head.update(Content("\n").join(lines))
        body.update(shown_lines(issue.description) or "*No description.*")
        self.scroll_home(animate=False)


def head_lines(issue: Issue, colours: Colours) -> list[Sequence[Piece]]:
    """Key, title and fields, a line each."""
    fields: list[Sequence[Piece]] = [
        [Piece(issue.key, "muted"), Piece("  "), show.kind(issue, colours, worded=True)],
        [Piece(shown(issue.title), bold=True)],
        [
            show.status(issue, colours),
            Piece("   "),
            show.priority(issue, colours, worded=True),
            Piece(f"   {points(issue.estimate)}", "muted"),
        ],
        [
            show.person(issue.assignee, colours) if issue.assignee else Piece("nobody", "faint"),
            Piece(f"   updated {relative_time(issue.updated_at)}", "muted"),
        ],
    ]
    if issue.labels:
        fields.append(show.labels(issue.labels, colours))
    if issue.sprint:
        fields.append([Piece(f"in {shown(issue.sprint)}", "muted")])
    if issue.comment_count:
        fields.append([Piece(f"{issue.comment_count} comments", "muted")])
    return fields
