"""Some fields to fill in. What was typed is handed over while the box is open: if it fails, the field that is
wrong says why, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from rhythm_domain.errors import Invalid, NotSignedIn, RhythmError
from rhythm_domain.text import shown, shown_lines
from rhythm_tui import clock
from rhythm_tui.background import job
from rhythm_tui.commanding import handles
from rhythm_tui.commands import COMMANDS
from rhythm_tui.drafts import Drafts
from rhythm_tui.looks.wording import relative_time
from rhythm_tui.report import report
from rhythm_tui.screens.dialog import SAVING, Dialog, Instead
from rhythm_tui.widgets.choice_line import ChoiceLine, Way
from rhythm_tui.widgets.line_field import LineField
from rhythm_tui.widgets.text_editor import TextEditor

T = TypeVar("T")

Values = Mapping[str, str]
"""What stands in the fields, by their names."""

Accept = Callable[[Values], Awaitable[T]]
"""Takes what was filled in; its answer is what the form is dismissed with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A field. With `ways` it is chosen, with `lines` it is a text of several, else one line.

    `follows` says what stands in it as long as the person has not typed there, from the other fields.
    What is `suggested` is nobody's text yet: it is selected where it gets the focus, and typing replaces it.
    """

    name: str
    label: str
    value: str = ""
    hint: str = ""
    lines: int = 0
    secret: bool = False
    ways: Sequence[Way] = ()
    suggester: Suggester | None = None
    follows: Callable[[Values], str] | None = None
    suggested: bool = False


class Form(Dialog[T], Generic[T]):
    """Fields one below the other. With `drafts` and `draft` what was typed outlives a crash and a cancel: it
    is restored, which is said, and can be thrown away.

    `base` is what one began from, as far as that matters when it is saved: it stands among the values, and is
    kept with the draft.
    """

    def __init__(
        self,
        title: str,
        entries: Sequence[Entry],
        accept: Accept[T],
        *,
        words: str = "",
        save: str = "save",
        drafts: Drafts | None = None,
        draft: str = "",
        base: Values | None = None,
    ) -> None:
        self._save = save
        self._leave = "esc leave, the draft is kept" if drafts and draft else "esc cancel"
        super().__init__(title, self.keys_in(entries[0], last=len(entries) == 1))
        self._entries = {entry.name: entry for entry in entries}
        self._accept, self._words = accept, words
        self._drafts, self._draft = drafts, draft
        kept = drafts.get(draft) if drafts and draft else None
        self._kept: dict[str, str] = kept if isinstance(kept, dict) else {}
        self._own: set[str] = {name for name in self._kept if name in self._entries}
        self._begun = dict(base or {})
        self._base = {name: self._kept.get(name, value) for name, value in self._begun.items()}
        self._put: dict[str, str] = {}
        """What stands in a field because of what is said below it."""

    def keys_in(self, entry: Entry, *, last: bool) -> str:
        """What the keys do in a field: in a text enter begins a new line, in the last field it saves."""
        if last:
            return f"{'^s' if entry.lines else 'enter'} {self._save} · {self._leave}"
        return f"{'tab' if entry.lines else 'enter'} next · ^s {self._save} · {self._leave}"

    @on(events.DescendantFocus)
    def _say_what_keys_do(self) -> None:
        for at, entry in enumerate(self._entries.values(), 1):
            if self.query_one(f"#field-{_id(entry.name)}").has_focus:
                self.say_foot(self.keys_in(entry, last=at == len(self._entries)))

    def body(self) -> ComposeResult:
        if self._words:
            yield Static(Content(shown_lines(self._words)), classes="words")
        for entry in self._entries.values():
            with Horizontal(classes="entry lines" if entry.lines else "entry"):
                yield Static(Content(entry.label), classes="label")
                yield self._field(entry)
            yield Static(classes="wrong", id=f"wrong-{_id(entry.name)}")
        yield Static(classes="wrong", id="wrong")
        yield Static(id="note")

    def on_mount(self) -> None:
        if self._own:
            desk = getattr(self.app, "desk", None)
            key = (desk.commands if desk else COMMANDS)["form.discard"].key
            at = self._kept.get("at")
            now = desk.now() if desk else clock.now()
            age = f", kept {relative_time(datetime.fromisoformat(at), now)}" if at else ""
            self._note(f"Draft restored{age}.  {key} throws it away")

    def _note(self, words: str) -> None:
        note = self.query_one("#note", Static)
        note.update(Content(words))
        note.set_class(bool(words), "said")

    def _field(self, entry: Entry) -> Widget:
        value = self._kept.get(entry.name, entry.value)
        if entry.ways:
            return ChoiceLine(entry.ways, value, id=f"field-{_id(entry.name)}")
        if entry.lines:
            area = TextEditor(value, id=f"field-{_id(entry.name)}", placeholder=entry.hint)
            area.tab_behavior = "focus"
            area.styles.height = entry.lines
            return area
        return LineField(
            value,
            placeholder=entry.hint,
            password=entry.secret,
            suggester=entry.suggester,
            select_on_focus=self._is_suggested(entry),
            compact=True,
            id=f"field-{_id(entry.name)}",
        )

    def _is_suggested(self, entry: Entry) -> bool:
        return (entry.suggested or entry.follows is not None) and entry.name not in self._own

    @property
    def values(self) -> dict[str, str]:
        """What stands in the fields now, and what one began from."""
        return {**self._base, **{name: self._read(name) for name in self._entries}}

    def _read(self, name: str) -> str:
        match self.query_one(f"#field-{_id(name)}"):
            case TextArea(text=text):
                return text
            case Input(value=value) | ChoiceLine(value=value):
                return value
        return ""

    @on(TextEditor.Noted)
    def _noted(self, event: TextEditor.Noted) -> None:
        self._say_wrong(Invalid(event.words, hint=""))

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceLine.Changed)
    def _changed(self, event: Input.Changed | TextArea.Changed | ChoiceLine.Changed) -> None:
        event.stop()
        at = (event.control.id or "").removeprefix("field-")
        name = next((name for name in self._entries if _id(name) == at), "")
        if self._put.get(name) != self._read(name):
            self._say_right(name)
        if event.control.has_focus:
            self._own.add(name)
            if isinstance(event.control, Input):
                event.control.select_on_focus = False
        self._follow()
        self._keep()

    def _follow(self) -> None:
        for entry in self._entries.values():
            if entry.follows and entry.name not in self._own:
                field = self.query_one(f"#field-{_id(entry.name)}", Input)
                field.value = entry.follows(self.values)
                field.cursor_position = len(field.value)

    def _keep(self) -> None:
        """Keeps what the person has typed as the draft; without any of it there is none."""
        if not (self._drafts and self._draft and self._own):
            return
        typed = {
            name: self._read(name)
            for name, entry in self._entries.items()
            if name in self._own and not entry.secret and self._read(name) != entry.value
        }
        at = clock.now().isoformat()
        self._drafts.keep(self._draft, {**self._base, **typed, "at": at} if typed else {})

    @handles("form.discard")
    def discard(self) -> None:
        """What is saved, or suggested, takes the place of what was typed."""
        if self._busy:
            return
        if self._drafts and self._draft:
            self._drafts.drop(self._draft)
        self._own.clear()
        self._base = dict(self._begun)
        for entry in self._entries.values():
            self._say_right(entry.name)
            field = self.query_one(f"#field-{_id(entry.name)}")
            with field.prevent(Input.Changed, TextArea.Changed, ChoiceLine.Changed):
                match field:
                    case TextEditor():
                        field.put(entry.value)
                    case Input():
                        field.value = entry.value
                        field.select_on_focus = self._is_suggested(entry)
                        field.action_end()
                        if field.has_focus and field.select_on_focus:
                            field.action_select_all()
                    case ChoiceLine():
                        field.value = entry.value or entry.ways[0].value
        self._follow()
        self._note("The draft is thrown away." if self._draft else "")

    def on_key(self, event: events.Key) -> None:
        """Up and down go from line to line, where a field has no use for them itself."""
        if event.key in ("up", "down") and isinstance(self.focused, Input | ChoiceLine):
            event.stop()
            event.prevent_default()
            self.focus_next() if event.key == "down" else self.focus_previous()

    @on(Input.Submitted)
    @on(ChoiceLine.Submitted)
    def _submitted(self) -> None:
        """Enter goes on to the next field; in the last one it saves."""
        if self.focused in [self.query_one(f"#field-{_id(name)}") for name in self._entries][:-1]:
            self.focus_next()
        else:
            self.save()

    @handles("form.save")
    def save(self) -> None:
        if not self._busy:
            self._busy = True
            if self.keys is not None:
                self.keys.begun(self, to_its_end=True)
            self.run_worker(job(self._hand_over), exclusive=True)

    async def _hand_over(self) -> None:
        try:
            answer = await self._accept(self.values)
        except NotSignedIn as error:
            self._say_right("")
            report(self, error)
        except RhythmError as error:
            if self.query(".wrong"):  # Else the person left meanwhile.
                self._say_wrong(error)
        except Instead as other:
            self._take(other)
        else:
            if self._drafts and self._draft:
                self._drafts.drop(self._draft)
            self.dismiss(answer)
        finally:
            self._busy = False
            if self.keys is not None:
                self.keys.settled(self)

    def _take(self, other: Instead) -> None:
        """Puts another text into a field, and says why."""
        self._put = {other.field: other.text}
        self._own.add(other.field)
        match self.query_one(f"#field-{_id(other.field)}"):
            case TextEditor() as area:
                area.put(other.text)
            case Input() as line:
                line.value = other.text
        self._say_wrong(Invalid(other.words, field=other.field, hint=""))

    def say_busy(self) -> None:
        self._say_wrong(Invalid(SAVING, hint=""))

    def on_screen_resume(self) -> None:
        """Back from a question that came up while it was saving: no key may come before that has ended."""
        if self._busy and self.keys is not None:
            self.keys.begun(self, to_its_end=True)

    def _say_wrong(self, error: RhythmError) -> None:
        name = getattr(error, "field", "")
        at = name if name in self._entries else ""
        for entry in self._entries:
            self._say_right(entry)
        wrong = self.query_one(f"#wrong-{_id(at)}" if at else "#wrong", Static)
        wrong.update(Content(" ".join(part for part in (shown(error.message), shown(error.hint)) if part)))
        wrong.add_class("said")
        if at:
            self.query_one(f"#field-{_id(at)}").focus()

    def _say_right(self, name: str) -> None:
        self.query_one("#wrong").remove_class("said")
        if name in self._entries:
            self.query_one(f"#wrong-{_id(name)}").remove_class("said")


def _id(name: str) -> str:
    """A field's name as a widget's id can have it."""
    return name.replace(" ", "-")
