"""A new issue in full: its title, its fields, and what it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from rhythm_domain.days import parse_day
from rhythm_domain.errors import Invalid, RhythmError
from rhythm_domain.models import Issue, IssueRow, IssueType, Priority, Project, Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.policy import Permission
from rhythm_domain.text import shown, truncated
from rhythm_tui.background import job
from rhythm_tui.clock import now
from rhythm_tui.commanding import handles
from rhythm_tui.desk import Desk
from rhythm_tui.drafts import of_issue, of_sub_issue
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import day_said
from rhythm_tui.screens import choices
from rhythm_tui.screens.editor import Editor
from rhythm_tui.screens.issue_picker import IssuePicker
from rhythm_tui.screens.labelling import NO_LABELS, offered_new
from rhythm_tui.screens.picker import Choice, MultiPicker, Picker
from rhythm_tui.screens.prompt import Prompt
from rhythm_tui.widgets.field_grid import FieldGrid
from rhythm_tui.widgets.line_field import LineField
from rhythm_tui.widgets.theming import colours_of

LABELS = {
    "type": "Type", "priority": "Priority", "status": "Status",
    "assignee": "Assignee", "sprint": "Sprint", "parent": "Parent",
    "labels": "Labels", "estimate": "Estimate", "due": "Due",
}  # fmt: skip

TITLE = 66
"""Cells of what stands in the frame of the form."""

_FIELDS = {"label": "labels", "issue": "parent"}
"""Names that the domain has for fields, where they are others."""


class Compose(Editor[Issue]):
    """A form for an issue of a project, or of a `parent` in it. `fields` are what it has because of where it
    is made.
    """

    def __init__(
        self, desk: Desk, project: Project, fields: Mapping[str, Any], parent: IssueRow | None = None
    ) -> None:
        self._draft = of_sub_issue(parent.id) if parent else of_issue(project.id)
        title = f"New sub-issue of {parent.key} · {parent.title}" if parent else f"New issue in {project.key}"
        super().__init__(
            desk,
            truncated(shown(title), TITLE),
            self._create,
            draft=self._draft,
            placeholder="What it is about, in Markdown",
            verb="create",
            project=project.key,
        )
        self._of = project
        given = {**fields, "parent": parent.key} if parent else fields
        self._first = IssueDraft(title="-", **given).model_dump(mode="json", exclude={"title"})
        self._values: dict[str, Any] = dict(self._first)
        self._draft_title = ""
        self._new: set[str] = set()
        """Labels that the project has only once the issue is created."""
        self._done = False

    def body(self) -> ComposeResult:
        yield LineField(placeholder="Its title", id="title", select_on_focus=False, compact=True)
        yield FieldGrid(LABELS)
        yield from super().body()

    @property
    def _title_input(self) -> Input:
        return self.query_one("#title", Input)

    @property
    def _grid(self) -> FieldGrid:
        return self.query_one(FieldGrid)

    # Moving about ----------------------------------------------------------------------------------------

    def focus_next(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._entered(super().focus_next(selector), last=False)

    def focus_previous(self, selector: str | type[Widget] = "*") -> Widget | None:
        return self._entered(super().focus_previous(selector), last=True)

    def _entered(self, widget: Widget | None, *, last: bool) -> Widget | None:
        if widget is self._grid:
            self._grid.enter(last=last)
        return widget

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The keys of what has the focus stand at the foot."""
        leave = "esc leave, the draft is kept"
        save = f"{self._keys.get('form.save')} create"
        if event.widget is self._grid:
            self.say_foot(f"enter change · tab next · {save} · {leave}")
        elif event.widget is self._title_input:
            self.say_foot(f"tab its fields · {save} · {leave}")
        else:
            self.say_foot(self._foot_of_text)

    # The draft -------------------------------------------------------------------------------------------

    def begin(self) -> None:
        self._title_input.focus()
        kept = self._desk.drafts.get(self._draft)
        if isinstance(kept, dict) and isinstance(kept.get("fields"), dict):
            self._values |= {name: value for name, value in kept["fields"].items() if name in self._values}
            self._new = {str(name) for name in kept.get("new_labels", ())}
            self._draft_title = self._title_input.value = str(kept.get("title", ""))
            self.area.put(str(self._values["description"]))
            self.note_draft(datetime.fromisoformat(kept["at"]))
        for name in LABELS:
            self._show(name)

    def keep(self) -> None:
        self._values["description"] = self.area.text
        title = self._draft_title
        # What the place gives is not of the draft: elsewhere it gives something else.
        chosen = {name: value for name, value in self._values.items() if value != self._first[name]}
        if self._done or not (title.strip() or chosen):
            self._desk.drafts.drop(self._draft)
            return
        kept = {"title": title, "fields": chosen, "at": now().isoformat()}
        if new := sorted(self._new.intersection(self._values["labels"])):
            kept["new_labels"] = new
        before = self._desk.drafts.get(self._draft) or {}
        if {**kept, "at": before.get("at")} != before:
            self._desk.drafts.keep(self._draft, kept)

    @on(Input.Changed, "#title")
    def _title_typed(self, event: Input.Changed) -> None:
        self._draft_title = event.value
        self.query_one(".wrong").remove_class("said")
        self._title_input.remove_class("wrong-here")
        self.keep_soon()

    @on(Input.Submitted, "#title")
    def _title_done(self) -> None:
        self.focus_next()

    @handles("form.discard")
    def discard(self) -> None:
        self._title_input.value = ""
        self._values = dict(self._first)
        for name in LABELS:
            self._show(name)
        super().discard()

    # The fields ------------------------------------------------------------------------------------------

    def _show(self, name: str) -> None:
        value = self._values[name]
        colours = colours_of(self)
        none = Content.styled("nobody" if name == "assignee" else "none", "$faint")
        match name:
            case "type":
                look = _signed(signs.TYPE[IssueType(value)].mark, value, colours.type(IssueType(value)))
            case "priority":
                mark = signs.PRIORITY[Priority(value)].mark
                look = _signed(mark, value, colours.priority(Priority(value)))
            case "status":
                mark = signs.STATUS[Status(value)].mark
                look = _signed(mark, signs.words(value), colours.status(Status(value)))
            case "labels":
                words = " ".join(f"•{shown(label)}" for label in value)
                look = Content.styled(words, "$foreground") if value else none
            case "due" if value is not None:
                look = Content.styled(day_said(date.fromisoformat(value), self._desk.today()), "$foreground")
            case _:
                look = Content.styled(shown(str(value)), "$foreground") if value is not None else none
        self._grid.show(name, look)

    def _set(self, name: str, value: Any) -> None:
        self._values[name] = value
        self._grid.mark("")
        self.query_one(".wrong").remove_class("said")
        self._show(name)
        self.keep_soon()

    @on(FieldGrid.Opened)
    def _opened(self, event: FieldGrid.Opened) -> None:
        self.run_worker(job(self._ask, event.name), group="field", exclusive=True, exit_on_error=True)

    async def _ask(self, name: str) -> None:
        try:
            await self._ask_for(name)
        except RhythmError as error:
            self.say_wrong(error)

    async def _ask_for(self, name: str) -> None:
        value, key, session = self._values[name], self._of.key, self._desk.session
        colours = colours_of(self)
        ask = self.app.push_screen_wait
        match name:
            case "type":
                if (
                    kind := await ask(Picker("Type", choices.types(colours, {IssueType(value)})))
                ) is not None:
                    self._set(name, kind.value)
            case "priority":
                degrees = choices.priorities(colours, {Priority(value)})
                if (priority := await ask(Picker("Priority", degrees))) is not None:
                    self._set(name, priority.value)
            case "status":
                stages = choices.statuses(colours, {Status(value)})
                if (status := await ask(Picker("Status", stages))) is not None:
                    self._set(name, status.value)
            case "assignee":
                members = await session.members.list(key)
                people = choices.people(members, session.user.name, colours, {value})
                if (who := await ask(Picker("Assignee", people))) is not None:
                    self._set(name, who or None)
            case "sprint":
                sprints = await session.sprints.list(key, finished=False)
                current: set[int | None] = {each.id for each in sprints if each.name == value} or {None}
                if (chosen := await ask(Picker("Sprint", choices.sprints(sprints, current)))) is not None:
                    self._set(name, chosen[0].name if chosen[0] else None)
            case "labels":
                await self._ask_labels(value)
            case "parent":
                picked = await ask(IssuePicker(self._desk, "Parent", key, none="no parent", chosen={value}))
                if picked is not None:
                    self._set(name, picked[0].key if picked[0] else None)
            case "estimate":
                await ask(Prompt("Estimate", self._estimated, value=value or "", words="Points, or nothing."))
            case _:
                words = "A day such as 2026-05-01, tomorrow, friday, 7d, 2w. Empty for none."
                await ask(Prompt("Due", self._due, value=value or "", words=words))

    async def _ask_labels(self, before: Sequence[str]) -> None:
        key, colours = self._of.key, colours_of(self)
        found = await self._desk.session.labels.list(key)
        why_not = self._desk.why_not(Permission.LABEL_MANAGE, key) or ""
        if not found and why_not:
            raise Invalid("This project has no labels yet.", hint=f"And {why_not}.")
        known = {label.name for label in found}
        made_later = [name for name in before if name in self._new - known]
        offered = [
            Choice(name, Content.assemble(f"•{shown(name)}", ("  new", "dim")), name, True)
            for name in made_later
        ]
        picker = MultiPicker(
            "Labels",
            [*choices.labels(found, colours, before.__contains__), *offered],
            words="" if found else NO_LABELS,
            new=offered_new([*known, *made_later], why_not, "made with the issue"),
        )
        toggled = await self.app.push_screen_wait(picker) or {}
        self._new = (self._new | toggled.keys()) - known
        kept = [label for label in before if toggled.get(label, True)]
        added = [label for label, taken in toggled.items() if taken and label not in kept]
        if toggled:
            self._set("labels", [*kept, *added])

    async def _estimated(self, text: str) -> bool:
        points = choices.estimate(text)
        self._set("estimate", None if points is None else f"{points.normalize():f}")
        return True

    async def _due(self, text: str) -> bool:
        day = parse_day(text).resolve(self._desk.today())[1] if text.strip() else None
        self._set("due", day.isoformat() if day else None)
        return True

    # Creating --------------------------------------------------------------------------------------------

    async def _create(self, text: str, _version: int | None) -> Issue:
        values = {**self._values, "description": text}
        draft = IssueDraft.model_validate({"title": self._title_input.value, **values})
        issues, key = self._desk.session.issues, self._of.key
        new = self._new.intersection(draft.labels)
        return await self._desk.edits.run(
            lambda operation: issues.create(key, draft, new_labels=new, operation=operation),
        )

    def saved(self, text: str, answer: Issue) -> None:
        self._done = True
        self.keep()
        self.dismiss(answer)

    def say_wrong(self, error: RhythmError) -> None:
        super().say_wrong(error)
        field = getattr(error, "field", "")
        if field == "title":
            self._title_input.add_class("wrong-here")
            self._title_input.focus()
        elif self._grid.mark(_FIELDS.get(field, field)):
            self._grid.focus()
        elif field == "description":
            self.area.focus()


def _signed(mark: str, words: str, colour: str) -> Content:
    return Content.assemble((f"{mark} ", colour), (words, "$foreground"))
