"""A line to type. It is handed over while the box is open: if that fails, the box says why and stays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Region
from textual.suggester import Suggester
from textual.widgets import Input, Static

from rhythm_domain.errors import NotSignedIn, RhythmError
from rhythm_domain.text import shown, shown_lines
from rhythm_tui.background import job
from rhythm_tui.commanding import handles
from rhythm_tui.report import report
from rhythm_tui.screens.dialog import SAVING, Dialog, Instead
from rhythm_tui.widgets.line_field import LineField

T = TypeVar("T")

Accept = Callable[[str], Awaitable[T]]
"""Takes what was typed; its answer is what the dialog is dismissed with."""


class Prompt(Dialog[T], Generic[T]):
    """One line. `words` explain what is wanted; over `region` it lies exactly there, without a box. One that
    `reads` saves nothing: it can be left at any time.
    """

    def __init__(
        self,
        title: str,
        accept: Accept[T],
        *,
        value: str = "",
        words: str = "",
        placeholder: str = "",
        foot: str = "enter save · esc cancel",
        region: Region | None = None,
        suggester: Suggester | None = None,
        secret: bool = False,
        reads: bool = False,
    ) -> None:
        super().__init__(title, foot)
        self._accept = accept
        self._value, self._words, self._placeholder = value, words, placeholder
        self._region = region
        self._suggester, self._secret, self._reads = suggester, secret, reads

    def body(self) -> ComposeResult:
        if self._words:
            yield Static(Content(shown_lines(self._words)), classes="words")
        yield LineField(
            self._value,
            placeholder=self._placeholder,
            suggester=self._suggester,
            password=self._secret,
            select_on_focus=False,
            compact=True,
        )
        yield Static(classes="wrong")

    def on_mount(self) -> None:
        if self._region is not None:
            self.add_class("in-place")
            box = self.query_one("#box")
            box.styles.width = self._region.width
            box.styles.offset = self._region.offset

    def foot(self) -> str:
        """Without a box its keys stand in the bottom line of the view that it lies on."""
        return super().foot() if self._region is None else self._foot

    def on_screen_resume(self) -> None:
        """Back from a question that came up while it was saving: no key may come before that has ended."""
        if self._busy and self.keys is not None:
            self.keys.begun(self, to_its_end=True)

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one(".wrong").remove_class("said")

    @on(Input.Submitted)
    @handles("form.save")
    def save(self) -> None:
        if not self._busy:
            self._busy = True
            if self.keys is not None:
                self.keys.begun(self, to_its_end=True)
            self.run_worker(job(self._hand_over, self.query_one(Input).value), exclusive=True)

    async def _hand_over(self, value: str) -> None:
        try:
            answer = await self._accept(value)
        except NotSignedIn as error:
            self._typed()
            report(self, error)
        except RhythmError as error:
            if self.query(".wrong"):  # Else the person left meanwhile.
                self._say_wrong(shown(error.message), shown(error.hint))
        except Instead as other:
            field = self.query_one(Input)
            with field.prevent(Input.Changed):
                field.value = other.text
            field.cursor_position = len(other.text)
            self._say_wrong(shown(other.words))
        else:
            self.dismiss(answer)
        finally:
            self._busy = False
            if self.keys is not None:
                self.keys.settled(self)

    def say_busy(self) -> None:
        if self._reads:
            self.dismiss(None)
        else:
            self._say_wrong(SAVING)

    def _say_wrong(self, *words: str) -> None:
        wrong = self.query_one(".wrong", Static)
        wrong.update(Content(" ".join(part for part in words if part)))
        wrong.add_class("said")
