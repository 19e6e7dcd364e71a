"""The bottom line: the keys that help most where one is, and for a while what has just happened."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.keys import key_to_character
from textual.timer import Timer
from textual.widget import Widget

from rhythm_domain.text import shown
from rhythm_tui.commanding import Offer, offers
from rhythm_tui.commands import Command, readable


class KeyBar(Widget):
    """Keys of the commands that can be given now; those that may not be used are faint."""

    def __init__(self, keys: dict[str, tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self._said: tuple[str, str, bool] | None = None
        self._timer: Timer | None = None
        self._lent = ""
        self._keys = keys or {}

    def say(self, text: str, hint: str = "", *, warning: bool = False, brief: bool = False) -> None:
        """Shows a line for some seconds in place of the keys; longer if there is something to do and it is
        not `brief`.
        """
        self._said = (text, hint, warning)
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(9 if (warning or hint) and not brief else 5, self.clear)
        self.refresh()

    def lend(self, words: str) -> None:
        """Shows the keys of something without a place for them, instead of these; with "" these again."""
        if words != self._lent:
            self._lent = words
            self.clear()

    def clear(self) -> None:
        """Shows the keys again."""
        self._said = None
        self.refresh()

    @property
    def said(self) -> str:
        """What it says at the moment, for who looks at it from outside."""
        return "" if self._said is None else " ".join(part for part in self._said[:2] if part)

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._look_again, init=False)

    def _look_again(self) -> None:
        self.refresh()

    def key_of(self, command: Command) -> str:
        """The first key of a command that works now, as the person has it: who types writes letters."""
        focused = self.screen.focused
        for key in self._keys.get(command.id, command.keys):
            first = key.split(" ")[0]
            if focused is None or not focused.check_consume_key(first, key_to_character(first)):
                return readable(key)
        return ""

    def render(self) -> Content:
        if self._said is not None:
            text, hint, warning = self._said
            sign = "!" if warning else "✓"
            return Content.assemble(
                (f" {sign} ", "bold $warning" if warning else "bold $success"),
                (shown(text), "$foreground"),
                (f"  {shown(hint)}" if hint else "", "$foreground 60%"),
            )
        if self._lent:
            return Content.styled(f" {self._lent}", "$foreground")
        here = [
            offer
            for offer in offers(self.screen.focused or self.screen)
            if offer.command.shown and self.key_of(offer.command)
        ]
        here.sort(key=lambda offer: offer.command.id == "help")  # The others stay in their order.
        room = self.size.width - 1
        seen: list[Offer] = []
        for offer in sorted(here, key=_claim):
            cells = self._piece(offer)[1]
            if cells <= room:
                seen.append(offer)
                room -= cells
        pieces = [piece for offer in here if offer in seen for piece in self._piece(offer)[0]]
        return Content.assemble((" ", ""), *pieces)

    def _piece(self, offer: Offer) -> tuple[list[tuple[str, str]], int]:
        key, label = self.key_of(offer.command), offer.node.label_of(offer.command)
        allowed = offer.why_not is None
        return (
            [
                (key, "bold $footer-key-foreground" if allowed else "$foreground 30%"),
                (f" {label}   ", "$foreground 65%" if allowed else "$foreground 30%"),
            ],
            cell_len(key) + cell_len(label) + 4,
        )


def _claim(offer: Offer) -> int:
    """Which keys are shown where there is no room for all: what always helps, then what one may use."""
    return 0 if offer.command.id in ("help", "issue.create") else 1 if offer.why_not is None else 2
