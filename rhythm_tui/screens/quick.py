"""A new issue in one line. What its words set is said below it before enter makes it so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Input, Static

from rhythm_domain.errors import RhythmError
from rhythm_domain.models import Issue, Project
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.text import shown, truncated
from rhythm_tui.background import job
from rhythm_tui.desk import Desk
from rhythm_tui.holding import shorthand
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import day_said, points
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets.theming import colours_of

AT_ITS_END = "at its end p1 @me #label due:friday 3pt set fields"

TITLE = 10
"""Cells of the title, at least, beside what is set."""

WORD = 40
"""Characters of a word that is not understood."""

SETS = 120
"""Cells of what was set, in the bottom line."""


class QuickIssue(Prompt[tuple[Issue, str]]):
    """A line for an issue of a project. `fields` are what it has because of where it is made. Dismissed with
    the issue and what is to be said of it: who is quicker than the names were read learns then what was set.
    """

    def __init__(self, desk: Desk, project: Project, fields: Mapping[str, Any]) -> None:
        super().__init__(
            f"New issue in {project.key}",
            self._create,
            placeholder="Its title",
            foot="enter create · esc cancel",
        )
        self._desk, self._key, self._fields = desk, project.key, fields
        self._known: shorthand.Known | None = None
        self._learning = asyncio.Lock()

    @property
    def explained_here(self) -> Sequence[tuple[str, str]]:
        """Its keys, and what words at the end of the line set."""
        return (*super().explained_here, *shorthand.GRAMMAR)

    def body(self) -> ComposeResult:
        yield from super().body()
        yield Static(id="sets")

    def on_mount(self) -> None:
        self._say_what_is_set()

    async def _learn_early(self) -> None:
        try:
            await self._learn()
        except RhythmError:
            return  # Asked for again once it matters; it says why not then.
        self._say_what_is_set()

    async def _learn(self) -> shorthand.Known:
        """The names that can be meant, read once."""
        async with self._learning:
            if self._known is None:
                session = self._desk.session
                members = await session.members.list(self._key)
                people = [member.user for member in members if member.active]
                labels = await session.labels.list(self._key)
                today = self._desk.today()
                self._known = shorthand.Known.of(people, session.user.ref, labels, today)
            return self._known

    @on(Input.Changed)
    def _say_what_is_set(self) -> None:
        text = self.query_one(Input).value
        if self._known is None and shorthand.is_meant(text):
            self.run_worker(job(self._learn_early), group="names", exclusive=True)
        line = shorthand.read(text, self._known) if self._known else shorthand.Line(text)
        colours = colours_of(self)
        parts: list[Content] = []
        if line.priority:
            mark = signs.PRIORITY[line.priority].mark
            parts.append(Content.assemble((f"{mark} ", colours.priority(line.priority)), line.priority.value))
        if line.type:
            parts.append(
                Content.assemble((f"{signs.TYPE[line.type].mark} ", colours.type(line.type)), line.type.value)
            )
        if line.assignee:
            parts.append(Content.styled(shown(line.assignee.display_name), colours.person(line.assignee)))
        parts += [
            Content.styled(f"{signs.LABEL}{shown(label.name)}", colours.label(label.colour))
            for label in line.labels
        ]
        parts += [Content(words) for words in _dues(line, self._desk.today())]
        said = []
        if parts:
            sets = Content("  ").join(parts)
            room = self.query_one("#sets").content_size.width - sets.cell_length - len("“”  ")
            title = truncated(shown(line.title), max(TITLE, room))
            said.append(Content.assemble((f"“{title}”", "$foreground"), "  ", sets))
        if line.unknown and self._known:
            why = shorthand.wrong(truncated(line.unknown, WORD), self._known)
            all_is = "All up to it is the title." if parts else "All of it is the title."
            said.append(Content.styled(f"{shown(why)} {all_is}", "$warning"))
        self.query_one("#sets", Static).update(
            Content("\n").join(said or [Content.styled(AT_ITS_END, "$muted")])
        )

    async def _create(self, text: str) -> tuple[Issue, str]:
        fields, sets = dict(self._fields), ""
        if shorthand.is_meant(text):
            line = shorthand.read(text, await self._learn())
            text = line.title
            labels = (*fields.get("labels", ()), *(label.name for label in line.labels))
            sets = ", ".join(_words(line, self._desk.today()))
            fields |= {**line.fields, "labels": tuple(dict.fromkeys(labels))}
        draft, create = IssueDraft(title=text, **fields), self._desk.session.issues.create
        issue = await self._desk.edits.run(lambda operation: create(self._key, draft, operation=operation))
        return issue, f"{issue.key} created{': ' if sets else ''}{truncated(sets, SETS)}"


def _words(line: shorthand.Line, today: date) -> list[str]:
    """What a line sets, in words, in the order in which it is shown below it."""
    named = [each.value for each in (line.priority, line.type) if each]
    who = [shown(line.assignee.display_name)] if line.assignee else []
    labels = (f"{signs.LABEL}{shown(label.name)}" for label in line.labels)
    return [*named, *who, *labels, *_dues(line, today)]


def _dues(line: shorthand.Line, today: date) -> list[str]:
    due = [f"due {day_said(line.due, today)}"] if line.due else []
    return due + ([points(line.estimate)] if line.estimate is not None else [])
