"""An issue as a page: its fields, its text, what belongs to it, comments and history, as blocks; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from rich.style import Style
from rich.text import Text

from rhythm_domain.models import Comment, Issue, IssueLink, LinkKind, Status
from rhythm_domain.text import safe_url, shown, truncated
from rhythm_tui.looks import presentation as show
from rhythm_tui.looks import signs
from rhythm_tui.looks.blocks import Block, heading
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.happenings import Happening
from rhythm_tui.looks.markdown import LINK, ink, laid_out, wrapped
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.looks.wording import points, relative_time

LONG = 4000
"""Characters of a comment that are shown until it is unfolded."""

_LABEL = 12
"""Cells of a field's name beside the text."""

_LINKED = {LinkKind.BLOCKS: "blocks", LinkKind.BLOCKED_BY: "blocked by"}


@dataclass(frozen=True)
class Page:
    """All that an issue's page shows. `now` is in the person's zone. `history` is None while it is hidden;
    `mentioned` are the keys of issues in its texts that can be opened, and people's names with an @;
    `drafted` are the comments of which another wording was begun.
    """

    issue: Issue
    now: datetime
    parent: IssueLink | None = None
    comments: Sequence[Comment] = ()
    more_comments: bool = False
    unfolded: frozenset[int] = field(default_factory=frozenset)
    history: Sequence[Happening] | None = None
    narrow: bool = False
    mentioned: frozenset[str] = frozenset()
    drafted: frozenset[int] = frozenset()

    @property
    def today(self) -> date:
        """The day that it is for the person."""
        return self.now.date()

    @property
    def heavy(self) -> bool:
        """Whether laying it out takes long."""
        return len(self.issue.description) + sum(min(len(c.body), LONG) for c in self.comments) > 12_000

    @property
    def beginning(self) -> Page:
        """What is seen first of a page that is heavy, quickly laid out."""
        text = self.issue.description[:3000]
        return replace(self, issue=self.issue.replace(description=text), comments=())

    def blocks(self, width: int, colours: Colours) -> Sequence[Block]:
        """The page in a width."""
        return [
            *(_condensed(self, width, colours) if self.narrow else ()),
            *_body(self, width, colours),
            *_children(self, width, colours),
            *_links(self, width, colours),
            *_comments(self, width, colours),
            *_history(self, width, colours),
        ]

    def fields(self, width: int, colours: Colours) -> Sequence[Block]:
        """The fields, one below the other."""
        blocks: list[Block] = []
        for name, pieces in _fields(self, colours):
            if not name:
                blocks.append(Block(("gap", len(blocks)), [Text()]))
                continue
            text = show.line(pieces, colours)
            if name == "source" and safe_url(self.issue.source_url or ""):
                text.stylize(Style.from_meta({LINK: self.issue.source_url}))
            lines = wrapped(text, max(8, width - _LABEL))
            first = show.line([Piece(f"{name:<{_LABEL}}", "muted")], colours).append_text(lines[0])
            rest = [Text(" " * _LABEL).append_text(line) for line in lines[1:]]
            blocks.append(Block(("field", name), [first, *rest]))
        return blocks


def changed_fields(before: Issue, after: Issue) -> set[str]:
    """The names of the fields, as the page has them, that differ; `title` and `body` too."""
    names = {"description": "body", "parent_key": "parent"}
    attributes = ("title", "description", "status", "priority", "type", "assignee", "sprint", "estimate",
                  "due", "labels", "parent_key", "links", "children")  # fmt: skip
    return {names.get(each, each) for each in attributes if getattr(before, each) != getattr(after, each)}


# Fields -------------------------------------------------------------------------------------------------


def _fields(page: Page, colours: Colours) -> Iterator[tuple[str, list[Piece]]]:
    """Name and value of every field; a name that is empty is a gap."""
    issue = page.issue
    none = Piece("none", "faint")

    def when(at: datetime | None) -> list[Piece]:
        return [Piece(relative_time(at, page.now), "muted")]

    yield "status", [show.status(issue, colours)]
    yield "priority", [show.priority(issue, colours, worded=True)]
    yield "type", [show.kind(issue, colours, worded=True)]
    yield (
        "assignee",
        [show.person(issue.assignee, colours) if issue.assignee else Piece("nobody", "faint")],
    )
    yield "", []
    yield "sprint", [Piece(shown(issue.sprint)) if issue.sprint else none]
    yield "estimate", [Piece(points(issue.estimate)) if issue.estimate is not None else none]
    yield "due", [show.due(issue, page.today) if issue.due else none]
    yield "labels", show.labels(issue.labels, colours) or [none]
    if issue.parent_key:
        yield "parent", [Piece(issue.parent_key)]
    for kind, name in _LINKED.items():
        if keys := [link.key for link in issue.links if link.kind is kind]:
            waits = kind is LinkKind.BLOCKED_BY and issue.blocked
            yield name, [Piece(" ".join(keys), "error" if waits else "foreground")]
    yield "", []
    yield "reporter", [show.person(issue.reporter, colours)]
    yield "created", when(issue.created_at)
    yield "updated", when(issue.updated_at)
    if issue.closed_at:
        yield "closed", when(issue.closed_at)
    if issue.source_url:
        yield "source", [Piece(shown(issue.source_url), "accent")]


def _condensed(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    """The fields that are set, in as few lines as there is room for."""
    issue = page.issue
    parts: list[list[Piece]] = [
        [show.status(issue, colours)],
        [show.priority(issue, colours, worded=True)],
        [show.kind(issue, colours, worded=True)],
        [show.person(issue.assignee, colours) if issue.assignee else Piece("nobody", "faint")],
    ]
    if issue.estimate is not None:
        parts.append([Piece(points(issue.estimate))])
    if issue.due:
        parts.append([Piece("due ", "muted"), show.due(issue, page.today)])
    if issue.sprint:
        parts.append([Piece("in ", "muted"), Piece(shown(issue.sprint))])
    if issue.labels:
        parts.append(show.labels(issue.labels, colours))
    who = show.person(issue.reporter, colours)
    parts.append(
        [Piece("by ", "muted"), who, Piece(f" {relative_time(issue.created_at, page.now)}", "muted")]
    )
    lines, room = [Text()], width
    for part in parts:
        text = show.line(part, colours)
        if lines[-1] and text.cell_len + 3 > room:
            lines.append(Text())
            room = width
        if lines[-1]:
            lines[-1].append("   ")
            room -= 3
        lines[-1].append_text(text)
        room -= text.cell_len
    yield Block("condensed", [*(part for line in lines for part in wrapped(line, width)), Text()])


# The text and what belongs to it ------------------------------------------------------------------------


def _body(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    lines = laid_out(page.issue.description, min(width, 100), ink(colours), page.mentioned)
    if not lines:
        lines = [
            show.line([Piece("No description yet. ", "faint"), Piece("E writes one.", "faint")], colours)
        ]
    yield Block("body", lines)


def _children(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    children = page.issue.children
    if not children:
        return
    live = [child for child in children if child.status is not Status.CANCELLED]
    done = sum(child.status is Status.DONE for child in live)
    filled = round(10 * done / len(live)) if live else 0
    bar = "▰" * filled + "▱" * (10 - filled)
    words = f"{bar} {done} of {len(live)} done"
    yield Block("children", heading("Sub-issues", words, width, colours))
    for child in children:
        yield Block(("child", child.key), [_linked(child, "", width, colours)], stop=True)


def _links(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    issue = page.issue
    if not issue.links and page.parent is None:
        return
    yield Block("links", heading("Links", "", width, colours))
    if page.parent is not None:
        line = _linked(page.parent, "parent", width, colours)
        yield Block(("parent", page.parent.key), [line], stop=True)
    for link in issue.links:
        name = _LINKED[link.kind]
        yield Block(("link", f"{name} {link.key}"), [_linked(link, name, width, colours)], stop=True)


def _linked(link: IssueLink, name: str, width: int, colours: Colours) -> Text:
    sign = Piece(f"{signs.STATUS[link.status].mark} ", colours.status(link.status))
    before = [Piece(f"  {name:<12}", "muted")] if name else [Piece("  ")]
    key = Piece(f"{link.key}  ", "muted")
    room = max(1, width - sum(len(each.text) for each in (*before, sign, key)))
    title = Piece(truncated(shown(link.title), room), "muted" if link.status.closed else "foreground")
    return show.line([*before, sign, key, title], colours)


# Comments and history -----------------------------------------------------------------------------------


def _comments(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    count = page.issue.comment_count
    if not page.comments and not count:
        return
    yield Block("comments", heading("Comments", f"{count:,}", width, colours))
    for comment in page.comments:
        yield Block(("comment", comment.id), _comment(page, comment, width, colours), stop=True)
        yield Block(("after", comment.id), [Text()])
    if page.more_comments:
        yield Block("more", [show.line([Piece("  … more below", "muted")], colours)])


def _comment(page: Page, comment: Comment, width: int, colours: Colours) -> list[Text]:
    edited = f"  edited {relative_time(comment.edited_at, page.now)}" if comment.edited_at else ""
    head = show.line(
        [
            show.person(comment.author, colours)._replace(bold=True),
            Piece(f"  {relative_time(comment.created_at, page.now)}", "muted"),
            Piece(edited, "faint"),
            Piece(f"  {signs.UNSAVED} a draft of it waits" if comment.id in page.drafted else "", "warning"),
        ],
        colours,
    )
    body = comment.body
    folded = len(body) > LONG and comment.id not in page.unfolded
    if folded:
        body = body[:LONG].rpartition("\n")[0] or body[:LONG]
    lines = [head, *laid_out(body, min(width, 100), ink(colours), page.mentioned)]
    if folded:
        more = f"… {len(comment.body) - len(body):,} more characters. enter shows them."
        lines.append(show.line([Piece(more, "muted")], colours))
    return lines


def _history(page: Page, width: int, colours: Colours) -> Iterator[Block]:
    if page.history is None:
        return
    yield Block("history", heading("History", "", width, colours))
    for happening in page.history:
        when = relative_time(happening.at, page.now)
        style = colours.style("muted" if happening.undone else "foreground")
        text = show.line([show.person(happening.actor, colours)], colours)
        text.append(f" {shown(happening.text)}", style)
        if happening.undone:
            text.append("  undone", colours.style("muted"))
        first, *rest = wrapped(text, max(10, width - 13))
        lines = [Text(f"{when:>11}  ", colours.style("muted")).append_text(first)]
        lines += [Text(" " * 13).append_text(line) for line in rest]
        yield Block(("event", happening.seq), lines)
