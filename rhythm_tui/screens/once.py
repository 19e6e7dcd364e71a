"""A secret that is shown this once."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.text import shown
from rhythm_tui.screens.dialog import Dialog


class Once(Dialog[bool]):
    """Only enter and escape close it, so that no stray key takes the secret away."""

    BINDINGS = [("y", "copy", ""), ("enter", "close", "")]  # noqa: RUF012 - Textual's own form

    def __init__(self, title: str, secret: str, words: str) -> None:
        super().__init__(title, "y copy · enter done")
        self._secret, self._words = secret, words

    def body(self) -> ComposeResult:
        yield Static(Content(shown(self._words)), classes="words")
        yield Static(Content.styled(self._secret, "bold $success"), id="secret")
        yield Static(id="copied")

    def action_copy(self) -> None:
        """Hands it to the terminal's clipboard."""
        self.app.copy_to_clipboard(self._secret)
        said = "Copied, if your terminal lets programs copy."
        self.query_one("#copied", Static).update(Content.styled(said, "$muted"))

    def action_close(self) -> None:
        self.dismiss(True)
