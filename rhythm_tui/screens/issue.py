"""An issue's page: its text and fields, what belongs to it, what was said about it and what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Region

from rhythm_domain.errors import NotFound
from rhythm_domain.live import Change
from rhythm_domain.models import Comment, Issue, IssueLink, IssueRow, LinkKind
from rhythm_domain.models.history import Event
from rhythm_domain.text import safe_url, shown
from rhythm_tui.commanding import handles
from rhythm_tui.commands import Command
from rhythm_tui.desk import Desk
from rhythm_tui.drafts import of_body, of_comment, of_sub_issue
from rhythm_tui.holding.siblings import Few, Siblings, Step
from rhythm_tui.looks import signs
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.happenings import told
from rhythm_tui.looks.issue_page import Page, changed_fields
from rhythm_tui.looks.markdown import MOST_MENTIONED, links, mentions, names_people
from rhythm_tui.looks.wording import drafts_said
from rhythm_tui.messages import OpenIssue
from rhythm_tui.screens.picker import Choice
from rhythm_tui.screens.triage import TriageScreen
from rhythm_tui.screens.writing import edit_comment, write_comment
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.issue_head import IssueHead

COMMENTS = 50
"""Comments that are read at once."""

EVENTS = 100
"""Changes of the history that are read at once."""

WIDE = 104
"""Cells of the screen from which on the fields have a column of their own."""


class IssueScreen(TriageScreen):
    """One issue. `siblings` is the list that it was opened from."""

    VIEW: ClassVar[str] = "issues"
    CSS_PATH = "issue.tcss"

    def __init__(self, desk: Desk, key: str, siblings: Siblings | None = None) -> None:
        super().__init__(desk)
        self.key = key
        self.issue: Issue | None = None
        self.gone = ""
        """Why there is nothing to be done with it any more."""
        self._siblings = siblings or Few()
        self._above: IssueLink | None = None
        self._comments: list[Comment] = []
        self._next_comments: str | None = None
        self._events: list[Event] = []
        self._next_events: str | None = None
        self._history = bool(desk.memory.get("history"))
        self._unfolded: frozenset[int] = frozenset()
        self._mentioned: Mapping[str, IssueRow] = {}
        """The issues that the texts mention by their keys, as far as the person may see them."""
        self._people: frozenset[str] = frozenset()
        """The names, with an @, of those whom the texts can mention."""

    def body(self) -> ComposeResult:
        yield IssueHead()
        with Horizontal(id="panes"):
            yield Document(id="page")
            side = Document(id="side")
            side.can_focus = False
            yield side

    @property
    def page(self) -> Document:
        """The text, and all that one can stop at."""
        return self.query_one("#page", Document)

    def on_mount(self) -> None:
        self.page.focus()

    def on_resize(self) -> None:
        self.query_one("#side").display = self.size.width >= WIDE
        self._draw()

    # Reading ---------------------------------------------------------------------------------------------

    async def load(self) -> None:
        await self._read(self.key)

    async def _read(self, key: str, *, top: bool = False) -> None:
        """Reads an issue and shows it; as much of its comments and its history as was shown before."""
        session = self.desk.session
        try:
            issue = await session.issues.show(key)
            parent = await self._read_parent(issue)
            other = self.issue is None or issue.id != self.issue.id
            comments, more = await self._read_comments(issue, 0 if other else len(self._comments))
            events, older = await self._read_events(issue, 0 if other else len(self._events))
        except NotFound as error:
            if self.gone:  # One deleted it here, and knows.
                return
            self._say_gone(f"{shown(error.message)} It was deleted, or you may not see it any more.")
            return
        if other:
            self._unfolded = frozenset()
        self.key, self.issue, self.gone = issue.key, issue, ""
        self._above = parent
        self._comments, self._next_comments = comments, more
        self._events, self._next_events = events, older
        if issue.deleted_at is not None:
            self._say_gone("It is in the trash.")
        self._draw(top=top or other)
        self.read(self._look_up(), "mentioned")

    @property
    def _texts(self) -> list[str]:
        return [self.issue.description if self.issue else "", *(each.body for each in self._comments)]

    async def _look_up(self) -> None:
        """Finds out which of the issues and people that are mentioned there are, and draws them so."""
        issue, texts = self.issue, self._texts
        keys = dict.fromkeys(key for text in texts for key in mentions(text))
        keys.pop(self.key, None)
        found = await self.desk.session.search.mentioned(list(keys)[:MOST_MENTIONED]) if keys else {}
        people = frozenset[str]()
        if issue is not None and any(map(names_people, texts)):
            with suppress(NotFound):  # One has just left the project.
                members = await self.desk.session.members.list(issue.project_key)
                people = frozenset(f"@{member.user.name}" for member in members)
        if issue is self.issue and (found, people) != (self._mentioned, self._people):
            self._mentioned, self._people = found, people
            self._draw()

    async def _read_parent(self, issue: Issue) -> IssueLink | None:
        if issue.parent_key is None:
            return None
        try:
            (row,) = await self.desk.session.issues.rows([issue.parent_key])
        except NotFound:  # It is in the trash.
            return None
        return IssueLink(kind=LinkKind.BLOCKED_BY, key=row.key, title=row.title, status=row.status)

    async def _read_comments(self, issue: Issue, count: int) -> tuple[list[Comment], str | None]:
        """The first comments, at least as many as `count`, and where they go on."""
        page = await self.desk.session.comments.list(issue.id, limit=COMMENTS)
        comments = list(page.items)
        while page.next is not None and len(comments) < count:
            page = await self.desk.session.comments.list(issue.id, cursor=page.next, limit=COMMENTS)
            comments += page.items
        return comments, page.next

    async def _read_events(self, issue: Issue, count: int) -> tuple[list[Event], str | None]:
        if not self._history:
            return [], None
        page = await self.desk.session.history.of_issue(issue.id, limit=max(EVENTS, min(count, 500)))
        return list(page.items), page.next

    @on(Document.EndSeen, "#page")
    def _more(self) -> None:
        if self._next_comments is not None:
            self.read(self._more_comments(), "more")
        elif self._next_events is not None:
            self.read(self._more_events(), "more")

    async def _more_comments(self, *, all_of_them: bool = False) -> None:
        issue = self.issue
        while issue is not None and self._next_comments is not None:
            page = await self.desk.session.comments.list(issue.id, cursor=self._next_comments, limit=COMMENTS)
            if issue is not self.issue:
                return
            known = {comment.id for comment in self._comments}
            self._comments += [comment for comment in page.items if comment.id not in known]
            self._next_comments = page.next
            if not all_of_them:
                break
        self._draw()
        self.read(self._look_up(), "mentioned")

    async def _more_events(self) -> None:
        issue = self.issue
        if issue is None or self._next_events is None:
            return
        page = await self.desk.session.history.of_issue(issue.id, cursor=self._next_events, limit=EVENTS)
        if issue is self.issue:
            self._events += page.items
            self._next_events = page.next
            self._draw()

    def _say_gone(self, reason: str) -> None:
        self.gone = reason
        self._draw()

    # Drawing ---------------------------------------------------------------------------------------------

    def _draw(self, *, top: bool = False) -> None:
        if not self.query(IssueHead):  # The page was left while it was read.
            return
        head = self.query_one(IssueHead)
        issue = self._shown
        head.say(
            issue,
            place=self._siblings.place,
            unsaved=issue is not None and self.desk.edits.unsaved(issue.id),
            draft="" if issue is None else self._draft_said(issue),
            gone=self.gone,
        )
        if issue is None:
            return
        wide = self.query_one("#side").display
        page = Page(
            issue,
            now=self.desk.now(),
            parent=self._above,
            comments=tuple(self._comments),
            more_comments=self._next_comments is not None,
            unfolded=self._unfolded,
            history=told(self._events) if self._history else None,
            narrow=not wide,
            mentioned=self._people.union(self._mentioned),
            drafted=frozenset(c.id for c in self._comments if of_comment(issue.id, c.id) in self.waiting),
        )
        if page.heavy and top:
            self.page.show(page.beginning.blocks, top=True)
        self.page.show(page.blocks, heavy=page.heavy, top=top and not page.heavy)
        if wide:
            self.query_one("#side", Document).show(page.fields)

    def look_for_drafts(self) -> None:
        before = self.waiting
        super().look_for_drafts()
        if self.waiting != before:
            self._draw()

    def _draft_said(self, issue: Issue) -> str:
        """Which drafts of it wait, and the keys that go on with them."""
        drafts = {
            "issue.body": ("the description", of_body(issue.id)),
            "issue.comment": ("a comment", of_comment(issue.id)),
            "issue.sub_issue": ("a sub-issue", of_sub_issue(issue.id)),
        }
        here = ((id, of) for id, (of, name) in drafts.items() if name in self.waiting)
        return drafts_said([(of, self.desk.commands[id].key) for id, of in here])

    @property
    def _shown(self) -> Issue | None:
        """The issue with the changes that are on their way."""
        if self.issue is None:
            return None
        drawn = self.desk.edits.shown(self.issue)
        return drawn if isinstance(drawn, Issue) else self.issue

    def targets(self) -> list[IssueRow]:
        return [self._shown] if self._shown else []

    def replaced(self, rows: Sequence[IssueRow]) -> None:
        for row in rows:
            if self.issue is not None and row.id == self.issue.id:
                fields = {name: getattr(row, name) for name in IssueRow.names}
                self.issue = self.issue.replace(**fields)
        self._draw()

    def linked(self, rows: Sequence[IssueRow]) -> None:
        self.reload()

    def done_with(self, issues: Sequence[int]) -> None:
        self._say_gone("It is in the trash. u takes it back.")

    def drawn(self, issues: frozenset[int]) -> None:
        if self.issue is not None and self.issue.id in issues:
            self._draw()

    def title_region(self) -> Region | None:
        return self.query_one(IssueHead).title_region

    async def changes(self, changes: list[Change]) -> None:
        """Reads again what others changed; what is new glows with their name."""
        before = self.issue
        if before is None:
            return
        here = [change for change in changes if before.id in change.issue_ids]
        beside = bool(before.links or before.children or before.parent_key)
        if not here and not (beside and any(change.project_id == before.project_id for change in changes)):
            return
        known = {comment.id: comment.version for comment in self._comments}
        await self._read(before.key)
        after = self.issue
        others = [change for change in here if not self.desk.edits.ours(change.operation)]
        if after is None or after.id != before.id or not others or not self.query(IssueHead):
            return
        who = ", ".join(dict.fromkeys(shown(change.actor.display_name) for change in others))
        fields = changed_fields(before, after)
        said = [
            ("comment", comment.id)
            for comment in self._comments
            if known.get(comment.id) != comment.version and comment.author.id != self.desk.session.user.id
        ]
        lit: list[Hashable] = ["body"] if "body" in fields else []
        self.page.glow.light([*lit, *said, *(["condensed"] if fields - {"body", "title"} else [])], who)
        self.query_one("#side", Document).glow.light([("field", name) for name in fields], who)
        if "title" in fields:
            self.query_one(IssueHead).glow.light(["title"], who)

    # What is under the cursor ----------------------------------------------------------------------------

    @property
    def comment(self) -> Comment | None:
        """The comment under the cursor."""
        match self.page.cursor:
            case ("comment", int(id)):
                return next((comment for comment in self._comments if comment.id == id), None)
        return None

    def why_not(self, command: Command) -> str | None:
        if command.id.startswith("comment.") and command.permission is not None:
            if self.issue is None or self.comment is None:
                return "put the cursor on a comment first: j and k go to them"
            mine = self.comment.author.id == self.desk.session.user.id
            return self.desk.why_not(command.permission, self.issue.project_key, author=mine)
        if command.id in ("issue.next", "issue.previous"):
            step: Step = 1 if command.id == "issue.next" else -1
            return None if self._siblings.more(step) else "the list ends here"
        return super().why_not(command)

    @on(Document.Opened, "#page")
    def _opened(self, event: Document.Opened) -> None:
        match event.id:
            case ("child" | "parent", str(key)):
                self.post_message(OpenIssue(key))
            case ("link", str(words)):
                self.post_message(OpenIssue(words.rpartition(" ")[2]))
            case ("comment", int(id)):
                self._unfolded ^= {id}
                self._draw()

    @handles("issue.links")
    async def choose_link(self) -> None:
        if self.issue is None:
            return
        source = self.issue.source_url or ""
        found = {source: None} if safe_url(source) else {}
        for text in self._texts:
            found |= dict.fromkeys(await asyncio.to_thread(links, text))
        offered = [_mention(key, row, self.colours) for key, row in self._mentioned.items()]
        offered += [Choice(each, Content(shown(each)), each) for each in found]
        if not offered:
            raise NotFound("There is no link in it.", hint="")
        chosen = await self.pick("Links", offered)
        if chosen is not None and chosen in self._mentioned:
            self._open_mentioned(chosen)
        elif chosen is not None:
            self.visit(chosen)

    @on(Document.KeyPressed)
    def _key_pressed(self, event: Document.KeyPressed) -> None:
        self._open_mentioned(event.key)

    def _open_mentioned(self, key: str) -> None:
        if row := self._mentioned.get(key):
            self.post_message(OpenIssue(row.key))

    # Commands --------------------------------------------------------------------------------------------

    async def _turn(self, step: Step) -> None:
        key = await self._siblings.go(step)
        if key is not None:
            # What is shown stays until the other is there: nothing flickers.
            await self._read(key, top=True)

    @handles("issue.next")
    async def next_issue(self) -> None:
        await self._turn(1)

    @handles("issue.previous")
    async def previous_issue(self) -> None:
        await self._turn(-1)

    @handles("issue.history")
    async def turn_history(self) -> None:
        self._history = not self._history
        self.desk.memory.keep("history", self._history)
        if self.issue is not None:
            self._events, self._next_events = await self._read_events(self.issue, 0)
            self._draw()
            if self._history:
                self.page.show_from("history")

    @handles("issue.comment")
    async def write_comment(self) -> None:
        if self.issue is None:
            return
        written = await write_comment(self, self.issue)
        if written is not None:
            await self._read(self.key)
            await self._more_comments(all_of_them=True)
            self.page.go_to(("comment", written.id))

    @handles("comment.edit")
    async def edit_comment(self) -> None:
        if self.issue is not None and (comment := self.comment) is not None:
            await edit_comment(self, self.issue, comment)
            await self._read(self.key)

    @handles("comment.delete")
    async def delete_comment(self) -> None:
        issue, comment = self.issue, self.comment
        if issue is None or comment is None:
            return
        comments = self.desk.session.comments
        await self.desk.edits.run(
            lambda operation: comments.delete(issue.id, comment.id, operation=operation), issues=[issue.id]
        )
        self.say("The comment is deleted", "u takes it back")
        await self._read(self.key)

    @handles("pane.next")
    def next_pane(self) -> None:
        self.page.next_part()

    def leave(self) -> None:
        self.back()

    @handles("back")
    def back(self) -> None:
        """Goes back to where one was; the cursor there follows to this issue."""
        below = self.app.screen_stack[-2] if len(self.app.screen_stack) > 1 else None
        self.app.pop_screen()
        if isinstance(below, TriageScreen) and self.issue is not None:
            below.follow(self.issue)


def _mention(key: str, row: IssueRow, colours: Colours) -> Choice[str]:
    """An issue that a text mentions, to be chosen."""
    mark = (f"{signs.STATUS[row.status].mark} ", colours.status(row.status))
    return Choice(key, Content.assemble(mark, (f"{key}  ", "dim"), shown(row.title)), f"{key} {row.title}")
