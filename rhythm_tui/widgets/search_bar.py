"""The search line: what is filtered for as chips, and while one types a field with completion; the total.

The widget knows nothing of the search language: whoever owns it says what the chips are and what completes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rhythm_domain.text import shown
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.commands import Command
from rhythm_tui.widgets.key_bar import KeyBar
from rhythm_tui.widgets.line_field import LineField

TYPING = "enter go to what is found"
AGAIN = "↑ searched before"
COMPLETING = "tab complete · ↓↑ choose · enter go to what is found · esc close"
CHOOSING = "enter take it · ↓↑ choose · esc close"


class Completion(NamedTuple):
    """A way to go on typing: `replacement` takes the place of the characters from `start` to `end`."""

    label: str
    description: str
    replacement: str
    start: int
    end: int


class SearchField(LineField):
    """The field. Up, down and tab are for the completion, as long as there is one."""

    @dataclass(eq=False, repr=False)
    class Steered(Message):
        """A key that the field itself has no use for."""

        key: str

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down", "tab", "escape", "enter"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Steered(event.key))
            return
        await super()._on_key(event)


class SearchBar(Widget, Commanding):
    """One line; the completion hangs below it."""

    text: reactive[str] = reactive("", init=False)
    total: reactive[str] = reactive("", init=False)

    @dataclass(eq=False, repr=False)
    class Changed(Message):
        """Another text stands there."""

        text: str

    @dataclass(eq=False, repr=False)
    class CompletionWanted(Message):
        """The person is typing here."""

        text: str
        cursor: int

    @dataclass(eq=False, repr=False)
    class Begun(Message):
        """The person goes into it: what stood there may be gone soon."""

    @dataclass(eq=False, repr=False)
    class HelpWanted(Message):
        """The person asks what can be typed here."""

    @dataclass(eq=False, repr=False)
    class Left(Message):
        """The person is done typing, or has given it up with escape."""

        given_up: bool

    def __init__(self, *, placeholder: str) -> None:
        super().__init__()
        self.placeholder = placeholder
        """What stands there while nothing is searched for."""
        self._completions: list[Completion] = []
        self.before: Callable[[], Sequence[str]] = tuple
        """What stood there before, the latest first."""
        self._turned: list[str] = []
        """What was typed, and behind it what the keys bring back in its place."""
        self._turn = 0
        self._chips: Sequence[str] = ()
        self._wrong = self._doubt = ""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Static(" / ", id="slash")
            field = SearchField(placeholder=self.placeholder, select_on_focus=False, compact=True)
            field.display = False
            yield field
            yield Static(id="chips")
            yield Static(id="total")
        options = OptionList(id="completion", compact=True)
        options.can_focus = options.display = False
        yield options

    @property
    def _field(self) -> SearchField:
        return self.query_one(SearchField)

    @property
    def typing(self) -> bool:
        """Whether the person is typing in it."""
        return self.screen.focused is self._field

    def edit(self) -> None:
        """Lets the person type."""
        self.post_message(self.Begun())
        self._turned = []
        self._field.display = True
        self.query_one("#chips").display = False
        if ":" in self._field.value.rsplit(" ", 1)[-1]:  # It is whole: what is typed is another word.
            self.set_text(f"{self._field.value} ")
        self.screen.set_focus(self._field)
        self._field.cursor_position = len(self._field.value)
        self._say_keys()

    def foot(self) -> str:
        """What the keys do while one types."""
        if not self._completions:
            return f"{TYPING} · {AGAIN}" if self.before() else TYPING
        return COMPLETING if self.query_one("#completion", OptionList).highlighted is None else CHOOSING

    def _say_keys(self, *, anew: bool = True) -> None:
        """Shows them in the bottom line, in place of what was said before; of a warning only if `anew`."""
        for bar in self.screen.query(KeyBar):
            if anew or not bar.warns:
                bar.clear()

    @handles("help")
    def explain(self) -> None:
        self.post_message(self.HelpWanted())

    def label_of(self, command: Command) -> str:
        return "what can be typed" if command.id == "help" else super().label_of(command)

    def set_text(self, text: str) -> None:
        """Puts another text there; nobody is told."""
        self._field.value = text
        self.set_reactive(SearchBar.text, text)
        self._look()

    def say(self, chips: Sequence[str], *, wrong: str = "", doubt: str = "") -> None:
        """What is filtered for, in pieces, and what of it is perhaps not meant; or why it can't be read."""
        self._chips, self._wrong, self._doubt = chips, wrong, doubt
        self._look()

    def offer(self, completions: Sequence[Completion]) -> None:
        """Shows how one could go on."""
        before, self._completions = self._completions, list(completions) if self.typing else []
        if not before and not self._completions:
            return
        if self.typing:
            self._say_keys(anew=False)
        options = self.query_one("#completion", OptionList)
        options.display = bool(self._completions)
        self._look()
        options.clear_options()
        for each in self._completions:
            options.add_option(
                Option(
                    Content.assemble(
                        (shown(each.label), "bold $foreground"),
                        (f"  {shown(each.description)}" if each.description else "", "$muted"),
                    )
                )
            )

    def watch_total(self) -> None:
        """What is wrong goes before the total, whichever comes later."""
        said = Content.styled(self.total, "$muted")
        if self._said_wrong and self.typing:
            said = Content.styled(shown(self._wrong), "$error")
        self._put("#total", said)

    @property
    def _said_wrong(self) -> str:
        """Why the text can't be read; not while there is a way to go on with it."""
        return "" if self._completions else self._wrong

    def on_mount(self) -> None:
        self._look()

    def on_click(self) -> None:
        self.edit()

    def _look(self) -> None:
        self._put("#slash", Content.styled(" / ", "bold $error" if self._said_wrong else "bold $primary"))
        self.watch_total()
        if self.typing:
            return  # The field stands where the chips do.
        parts: list[tuple[str, str]] = []
        for chip in self._chips:
            parts += [(f" {shown(chip)} ", "$foreground on $panel"), (" ", "")]
        if self._doubt:
            parts.append((f" {shown(self._doubt)}", "$warning"))
        if self._wrong:
            parts = [(shown(self._field.value), "$error"), (f"  {shown(self._wrong)}", "$muted")]
        self._put("#chips", Content.assemble(*(parts or [(self.placeholder, "$faint")])))

    def _put(self, where: str, content: Content) -> None:
        """Shows something there. All is laid out anew only for what has another width."""
        there = self.query_one(where, Static)
        before = there.content
        if not isinstance(before, Content):
            there.update(content)
        elif not before.is_same(content):
            there.update(content, layout=before.cell_length != content.cell_length)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.text:
            self.set_reactive(SearchBar.text, event.value)
            self.post_message(self.Changed(event.value))
        if self._turned and event.value != self._turned[self._turn]:
            self._turned = []
        if self.typing and not self._turned:
            self.post_message(self.CompletionWanted(event.value, self._field.cursor_position))

    @on(SearchField.Steered)
    def _steered(self, event: SearchField.Steered) -> None:
        event.stop()
        options = self.query_one("#completion", OptionList)
        match event.key:
            case "down" if self._completions:
                options.action_cursor_down()
                self._say_keys()
            case "up" if self._completions:
                options.action_cursor_up()
                self._say_keys()
            case "tab" if self._completions:
                self._complete(self._completions[options.highlighted or 0])
            case "enter" if self._completions and options.highlighted is not None:
                self._complete(self._completions[options.highlighted])
            case "escape" if self._completions:
                self.offer(())
            case "up" if self.before():
                self._bring_back(1)
            case "down" if self._turned and self._turn:
                self._bring_back(-1)
            case _:
                self.offer(())
                self.post_message(self.Left(given_up=event.key == "escape"))

    def _bring_back(self, step: int) -> None:
        """Puts there what stood there before, or what came after that."""
        if not self._turned:
            typed = self._field.value
            self._turned, self._turn = [typed, *(each for each in self.before() if each != typed.strip())], 0
        self._turn = min(self._turn + step, len(self._turned) - 1)
        self._field.value = self._turned[self._turn]
        self._field.cursor_position = len(self._field.value)

    @on(OptionList.OptionSelected)
    def _pressed(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._complete(self._completions[event.option_index])

    def _complete(self, completion: Completion) -> None:
        text = self._field.value
        self._field.value = text[: completion.start] + completion.replacement + text[completion.end :]
        self._field.cursor_position = completion.start + len(completion.replacement)
        self.offer(())

    def on_descendant_blur(self) -> None:
        self.offer(())
        self._say_keys()
        self._field.display = False
        self.query_one("#chips").display = True
        self._look()
