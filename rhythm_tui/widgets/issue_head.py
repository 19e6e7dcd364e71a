"""The head of an issue's page: which one it is, where in its list, and its title."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Offset, Region
from textual.widget import Widget

from rhythm_domain.models import Issue
from rhythm_domain.text import shown, truncated
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks import signs
from rhythm_tui.looks.markdown import wrapped
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.widgets.glow import Glow
from rhythm_tui.widgets.theming import colours_of

MOST = 4
"""Lines that a title takes at most."""


class IssueHead(Widget):
    """A line of what it is, and its title in as many lines as it needs."""

    def __init__(self) -> None:
        super().__init__()
        self._issue: Issue | None = None
        self._place = self._gone = self._draft = ""
        self.glow = Glow[str](self, lambda _: self.refresh())
        self._unsaved = False

    def say(self, issue: Issue | None, *, place: str, unsaved: bool, gone: str, draft: str = "") -> None:
        """Shows an issue; `place` is where it is in its list, `gone` why it is none any more, `draft` what of
        it was begun.
        """
        self._issue, self._place, self._gone, self._unsaved = issue, place, gone, unsaved
        self._draft = draft
        self.refresh(layout=True)

    @property
    def title_region(self) -> Region:
        """Where the title stands on the screen; room for a line of the screen's width."""
        area = self.content_region
        return Region.from_offset(area.offset + Offset(-1, 1), (area.width + 1, 1))

    def render(self) -> Text:
        colours = colours_of(self)
        width = max(8, self.content_region.width)
        issue = self._issue
        who = self.glow.who("title")
        if issue is None:
            return show.line([Piece(self._gone, "warning")], colours)
        left = [
            show.kind(issue, colours, worded=True),
            Piece(f"  {issue.key}", "muted", bold=True),
            Piece("  … saving" if self._unsaved else "", "muted"),
            Piece(f"  {signs.BLOCKED} blocked" if issue.blocked and not issue.status.closed else "", "error"),
            Piece(f"  {signs.CHANGED} {who}" if who else "", "warning", bold=True),
        ]
        first = show.line(left, colours)
        if self._place:
            first.append(" " * max(1, width - first.cell_len - len(self._place)))
            first.append(self._place, colours.style("faint"))
        lines = wrapped(Text(shown(issue.title), colours.style("foreground", bold=True)), width)
        if len(lines) > MOST:
            lines = lines[:MOST]
            lines[-1].truncate(width - 1)
            lines[-1].append("…")
        if self._gone:
            lines.append(show.line([Piece(f"! {self._gone}", "warning", bold=True)], colours))
        if self._draft:
            signed = [
                Piece(f"{signs.UNSAVED} ", "warning"),
                Piece(truncated(self._draft, width - 2), "muted"),
            ]
            lines.append(show.line(signed, colours))
        for line in lines:
            first.append("\n").append_text(line)
        return first
