"""A small list to choose from by typing: statuses, people, labels, sprints, projects ..."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from rhythm_domain.text import findable, shown_lines
from rhythm_tui.commanding import handles
from rhythm_tui.screens.dialog import Dialog
from rhythm_tui.widgets.line_field import LineField

V = TypeVar("V")
R = TypeVar("R")


@dataclass(frozen=True)  # With slots `Choice[int](...)` would raise: it leaves a mark in what it makes.
class Choice(Generic[V]):
    """Something to choose: how it looks, and the words by which it is found."""

    value: V
    label: Content
    words: str
    chosen: bool = False
    why_not: str = ""
    """Why it can't be chosen, where that is so."""
    partly: bool = False
    """Whether it is chosen for some of the things that are asked about, and not for the others."""


def filtered(choices: Sequence[Choice[V]], typed: str) -> list[Choice[V]]:
    """The choices that have all typed words, those that begin with them first."""
    words = findable(typed).split()
    if not words:
        return list(choices)
    found: list[tuple[int, int, Choice[V]]] = []
    for at, choice in enumerate(choices):
        text = findable(choice.words)
        if all(word in text for word in words):
            begins = text.startswith(words[0])
            starts_word = any(part.startswith(words[0]) for part in text.split())
            found.append((0 if begins else 1 if starts_word else 2, at, choice))
    return [choice for _, _, choice in sorted(found, key=lambda each: each[:2])]


class FilterField(LineField):
    """Where one types to filter; without blanks where space is a key of the dialog."""

    blanks = True

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return (self.blanks or key != "space") and super().check_consume_key(key, character)


class Filtered(Dialog[R], Generic[V, R]):
    """Choices that typing narrows down; what is done with one is the subclass's to say.

    Letters filter, also j and k: keys with ctrl go down and up as well as the arrows do.
    """

    def __init__(self, title: str, choices: Iterable[Choice[V]], foot: str, words: str = "") -> None:
        super().__init__(title, f"↓↑ move · {foot}")
        self._words = words
        self._choices = list(choices)
        self._found: list[Choice[V]] = []

    def body(self) -> ComposeResult:
        if self._words:
            yield Static(Content(shown_lines(self._words)), classes="words")
        yield FilterField(placeholder="Type to filter", compact=True)
        yield OptionList(compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._show("")

    def _show(self, typed: str, *, at: int | None = None) -> None:
        self._found = [*filtered(self._choices, typed), *self.beside(typed)]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(self._look(choice)) for choice in self._found])
        if not self._found:
            options.add_option(Option(Content("Nothing like that.").stylize("dim"), disabled=True))
            return
        chosen = next((at for at, choice in enumerate(self._found) if choice.chosen), 0)
        options.highlighted = at if at is not None else 0 if typed else chosen

    def beside(self, typed: str) -> Sequence[Choice[V]]:
        """What can be chosen beside the choices because of what is typed."""
        return ()

    def _look(self, choice: Choice[V]) -> Content:
        return Content.assemble(choice.label, ("  ✓" if choice.chosen else "", "$success"))

    @property
    def _highlighted(self) -> Choice[V] | None:
        at = self.query_one(OptionList).highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.choose()

    @on(OptionList.OptionSelected)
    def _pressed(self) -> None:
        self.press()

    def press(self) -> None:
        """Does what a click is for: it is on what the cursor is on then."""
        self.choose()

    def choose(self) -> None:
        """Is done with what the cursor is on."""
        raise NotImplementedError

    @handles("choice.next")
    def go_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()

    @handles("choice.previous")
    def go_up(self) -> None:
        self.query_one(OptionList).action_cursor_up()

    def on_key(self, event: events.Key) -> None:
        options = self.query_one(OptionList)
        match event.key:
            case "down":
                self.go_down()
            case "up":
                self.go_up()
            case "pagedown":
                options.action_page_down()  # type: ignore[no-untyped-call]
            case "pageup":
                options.action_page_up()  # type: ignore[no-untyped-call]
            case _:
                return
        event.stop()
        event.prevent_default()


class Picker(Filtered[V, V], Generic[V]):
    """One of some choices. The cursor begins on the chosen one. `words` say what it is about; `looked_at` is
    told what the cursor is on.
    """

    def __init__(
        self,
        title: str,
        choices: Iterable[Choice[V]],
        *,
        words: str = "",
        looked_at: Callable[[V], None] | None = None,
    ) -> None:
        super().__init__(title, choices, "enter choose · esc cancel", words)
        self._looked_at = looked_at

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        choice = self._highlighted
        if self._looked_at is not None and choice is not None and self.is_current:
            self._looked_at(choice.value)

    def choose(self) -> None:
        choice = self._highlighted
        if choice is not None and not choice.why_not:
            self.dismiss(choice.value)


_MARKING, _CHOOSE, _DONE = "space mark · enter {} · esc cancel", "choose", "done"


class MultiPicker(Filtered[V, dict[V, bool]], Generic[V]):
    """Any number of some choices: space, or a click, takes one or gives it back, enter is the end.

    Who typed to find one, and took none, has enter take what the cursor is on; with `eager` also who did not
    type. The foot says what enter does.
    Dismissed with what differs from before: True for what was taken, False for what was given back. What is
    chosen `partly` stays so unless it is touched. `new` says what else can be taken because of what is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "take", priority=True, show=False)]

    def __init__(
        self,
        title: str,
        choices: Iterable[Choice[V]],
        *,
        words: str = "",
        new: Callable[[str], Choice[V] | None] = lambda _: None,
        eager: bool = False,
    ) -> None:
        super().__init__(title, choices, _MARKING.format(_DONE), words)
        self._eager = eager
        self._toggled: dict[V, bool] = {}
        self._new = new
        self._offered: Choice[V] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(FilterField).blanks = False

    def _show(self, typed: str, *, at: int | None = None) -> None:
        super()._show(typed, at=at)
        self._say_enter()

    @on(OptionList.OptionHighlighted)
    def _say_enter(self) -> None:
        self.say_foot("↓↑ move · " + _MARKING.format(_DONE if self._to_take is None else _CHOOSE))

    def beside(self, typed: str) -> Sequence[Choice[V]]:
        self._offered = self._new(typed.strip()) if typed.strip() else None
        return [self._offered] if self._offered else []

    def _look(self, choice: Choice[V]) -> Content:
        if choice is self._offered:
            return Content.assemble(("+ ", "dim" if choice.why_not else "$success"), choice.label)
        taken = self._toggled.get(choice.value, choice.chosen)
        if choice.partly and choice.value not in self._toggled:
            return Content.assemble(("◐ ", "$warning"), choice.label, ("  some", "dim"))
        sign = ("◉ ", "$success") if taken else ("○ ", "$faint")
        return Content.assemble(sign, choice.label)

    def action_take(self) -> None:
        """Takes what the cursor is on, or gives it back. In the name of something new a blank is a blank."""
        choice = self._highlighted
        if choice is not None and choice is self._offered:
            self.query_one(FilterField).insert_text_at_cursor(" ")
        elif choice is not None:
            self._take(choice)
            self._show(self.query_one(Input).value, at=self.query_one(OptionList).highlighted)

    def _take(self, choice: Choice[V]) -> None:
        before = self._toggled.pop(choice.value, None)
        if before is None:
            self._toggled[choice.value] = choice.partly or not choice.chosen
        elif before and choice.partly:
            self._toggled[choice.value] = False

    def press(self) -> None:
        self.action_take()

    @property
    def _to_take(self) -> Choice[V] | None:
        """What enter takes before it is the end: what was typed for, not what the cursor happens to be on."""
        choice = self._highlighted
        if choice is None or choice is self._offered:
            return choice
        sought = (self._eager or self.query_one(Input).value.strip()) and not self._toggled
        return choice if sought and not choice.chosen else None

    def choose(self) -> None:
        choice = self._to_take
        if choice is not None:
            if choice.why_not:
                return
            self._toggled[choice.value] = True
        self.dismiss(self._toggled)
