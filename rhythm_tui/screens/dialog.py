"""What all dialogs have in common: a box over the screen, left with escape. No key gets past it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.screen import ModalScreen

from rhythm_domain.text import shown
from rhythm_tui.commanding import Commanding, handles
from rhythm_tui.terminal.key_order import KeyOrder
from rhythm_tui.terminal.laid_out import LaidOut

T = TypeVar("T")

SAVING = "It is being saved …"
"""Why one can't leave now."""


class Instead(Exception):  # noqa: N818 - nothing went wrong
    """Raised where what was typed is taken: another text is to stand there, to go on from, and why."""

    def __init__(self, text: str, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.text, self.words, self.field = text, words, field


class Dialog(ModalScreen[T | None], LaidOut[T | None], Commanding):
    """A box with a title and, at its foot, what its keys do. Dismissed with None when it is cancelled."""

    def __init__(self, title: str, foot: str = "") -> None:
        super().__init__()
        self._title, self._foot = shown(title), foot
        self._busy = False
        """Whether what was typed is on its way: until one knows its end it can't be left."""

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Text(self._title)
            box.border_subtitle = Text(self._foot)
            yield from self.body()

    @property
    def box_foot(self) -> str:
        """What stands at the foot of its box: what its keys do."""
        return self._foot

    @property
    def explained_here(self) -> Sequence[tuple[str, str]]:
        """What help says of this dialog alone, as a key and its words: what stands at the foot of its box."""
        parts = self._foot.split(" · ") if self._foot else []
        return [(key, words) for key, _, words in (part.partition(" ") for part in parts)]

    def say_foot(self, words: str) -> None:
        """Has other keys at the foot of its box: those of what has the focus now."""
        self._foot = words
        self.query_one("#box").border_subtitle = Text(words)

    def foot(self) -> str:
        """Nothing in the bottom line: what its keys do stands at the foot of its box."""
        return ""

    @handles("help")
    def explain(self) -> None:
        from rhythm_tui.screens.help import help_of

        self.app.push_screen(help_of(self))

    @property
    def keys(self) -> KeyOrder | None:
        """What waits for this dialog before it hands on the next key."""
        return getattr(self.app, "keys", None)

    def on_screen_resume(self) -> None:
        if self.keys is not None:
            self.call_after_refresh(self.keys.asked, self)

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        if self.keys is not None:
            self.keys.answered(self)
        return super().dismiss(result)

    def body(self) -> ComposeResult:
        """What stands in the box."""
        yield from ()

    @handles("form.cancel")
    def cancel(self) -> None:
        """Leaves it. What is being saved would be saved all the same, and stay as a draft that is not."""
        if self._busy:
            self.say_busy()
        else:
            self.dismiss(None)

    def say_busy(self) -> None:
        """Says that what was typed is on its way."""
