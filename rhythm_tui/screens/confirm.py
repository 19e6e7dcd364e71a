"""A question that undo cannot answer: it says what will happen, and on what key."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from rhythm_domain.errors import Irreversible
from rhythm_domain.models import SavedView
from rhythm_domain.text import shown_lines
from rhythm_tui.commanding import handles
from rhythm_tui.screens.dialog import Dialog


class Confirm(Dialog[bool]):
    """Dismissed with True when it is confirmed: by enter, or by `y`."""

    BINDINGS = [("enter", "yes", ""), ("y", "yes", ""), ("n", "no", "")]  # noqa: RUF012 - Textual's own form

    def __init__(self, title: str, words: str, *, yes: str) -> None:
        super().__init__(title, f"enter {yes} · esc cancel")
        self._words = words

    def body(self) -> ComposeResult:
        yield Static(Content(shown_lines(self._words)), classes="words")

    def action_yes(self) -> None:
        self.dismiss(True)

    def action_no(self) -> None:
        self.dismiss(False)

    @handles("form.cancel")
    def cancel(self) -> None:
        self.dismiss(False)


def past(error: Irreversible) -> Confirm:
    """Whether to take back what was done before a change that can't be taken back."""
    words = (
        f"{error.message} {error.instead}\n\nBefore it you {error.before}. That can be taken back instead."
    )
    return Confirm("This one stays", words, yes="take back what was before")


def long_ago(did: str, key: str, when: str) -> Confirm:
    """Whether to take back what was done long before the app was opened."""
    return Confirm("Some time ago", f"Your latest change in {key} was {when}: you {did}.", yes="take it back")


def past_aside(did: str, key: str) -> Confirm:
    """The same for something of the person's own, which is in no project's history."""
    words = f"You {did}. That is yours alone: undo does not know it.\n\n"
    words += f"What you changed before it in {key} can be taken back instead."
    return Confirm("This one stays", words, yes="take back what was before")


def forget_view(view: SavedView) -> Confirm:
    """Whether to delete a view that only its owner sees: no history holds it, so no undo brings it back."""
    words = f"{view.name} ({view.query}) is gone for good then: undo knows of the team's views alone."
    return Confirm("Delete a view", words, yes="delete it")


def over(view: SavedView) -> Confirm:
    """Whether a view of the person's own is to search for something else."""
    words = f"{view.name} searches for {view.query or 'all issues'} now. Is it to search for this instead?"
    return Confirm("A view of this name is there", words, yes="replace it")
