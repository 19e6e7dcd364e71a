"""The keys of what has the focus, in groups; what may not be done says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rhythm_tui.commanding import Offer, handles
from rhythm_tui.commands import Command, Where, readable
from rhythm_tui.screens.dialog import Dialog


class Help(Dialog[None]):
    """All commands that can be given here, with their keys."""

    BINDINGS = [("q", "close", ""), ("question_mark", "close", "")]  # noqa: RUF012 - Textual's own form

    def __init__(self, offers: Sequence[Offer], commands: Mapping[str, Command]) -> None:
        super().__init__("Keys", "esc close · : finds any command")
        self._offers = [offer for offer in offers if commands[offer.command.id].keys]
        self._commands = commands

    def body(self) -> ComposeResult:
        with VerticalScroll(id="keys"):
            yield Static(Content("\n").join(self._lines()))

    def _lines(self) -> list[Content]:
        lines: list[Content] = []
        order = list(self._commands).index
        for where in reversed(Where):  # What works everywhere comes last: it is known soonest.
            here = sorted(
                (offer for offer in self._offers if offer.command.where is where),
                key=lambda offer: order(offer.command.id),
            )
            if here:
                lines += [Content(""), Content.styled(where.value, "bold $primary")]
                lines += [self._line(offer) for offer in here]
        return lines[1:]

    def _line(self, offer: Offer) -> Content:
        keys = ", ".join(readable(key) for key in self._commands[offer.command.id].keys)
        allowed = offer.why_not is None
        return Content.assemble(
            (f"  {keys:<14}", "bold $footer-key-foreground" if allowed else "$foreground 35%"),
            (offer.command.help, "$foreground" if allowed else "$foreground 45%"),
            (f"  {offer.why_not}" if not allowed else "", "$warning 80%"),
        )

    @handles("form.cancel")
    def cancel(self) -> None:
        self.dismiss(None)

    def action_close(self) -> None:
        self.dismiss(None)
