"""The second stroke of a key of two: what can follow, until it does."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from rhythm_tui.commanding import Commanding, Offer
from rhythm_tui.commands import readable


class Chord(ModalScreen[Offer | None], Commanding):
    """Dismissed with the command of the next key, or with None if it leads nowhere."""

    CSS_PATH = "chord.tcss"

    def __init__(self, first: str, following: Mapping[str, Offer]) -> None:
        super().__init__()
        self._first, self._following = first, following

    def compose(self) -> ComposeResult:
        lines = [_line(key, offer) for key, offer in self._following.items()]
        box = Static(Content("\n").join(lines), id="chord")
        box.border_title = f"{readable(self._first)} …"
        yield box

    def foot(self) -> str:
        return "esc not now"

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(self._following.get(event.key))


def _line(key: str, offer: Offer) -> Content:
    faint = "$faint" if offer.why_not else ""
    return Content.assemble(
        (f" {readable(key)}  ", faint or "bold $footer-key-foreground"),
        (offer.command.label, faint or "$foreground"),
    )
