"""The bottom line: the keys that help most where one is, and for a while what has just happened, in as many
lines as that takes.

What lies over the view has the keys then, not the view: its own are said, see `Commanding.foot`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.css.scalar import Scalar
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from rhythm_domain.text import shown
from rhythm_tui.commanding import Commanding, Offer, offers
from rhythm_tui.commands import Command, readable
from rhythm_tui.looks.wording import wrapped

_KEY, _LABEL, _FAINT = "bold $footer-key-foreground", "$muted", "$faint"

SECONDS, SECONDS_TO_ACT = 5.0, 9.0
"""How long a line stays; the longer one if there is something to do."""

MOST = 4
"""Lines for what has happened: they take the room of what is above."""

INDENT = 3
"""Cells before what has happened, for its sign."""


class KeyBar(Widget):
    """Keys of the commands that can be given now; those that may not be used are faint."""

    def __init__(self, keys: dict[str, tuple[str, ...]] | None = None) -> None:
        super().__init__()
        self._said: tuple[str, str, bool] | None = None
        self._said_at = 0
        self._timer: Timer | None = None
        self._keys = keys or {}

    def say(self, text: str, hint: str = "", *, warning: bool = False, brief: bool = False) -> None:
        """Shows a line for some seconds in place of the keys; longer if there is something to do and it is
        not `brief`.
        """
        self._said = (text, hint, warning)
        self._said_at = self._keys_given
        if self._timer is not None:
            self._timer.stop()
        seconds = SECONDS_TO_ACT if (warning or hint) and not brief else SECONDS
        self._timer = self.set_timer(seconds, self.clear)
        self._make_room()

    def clear(self) -> None:
        """Shows the keys again."""
        self._said = None
        self._make_room()

    def on_resize(self) -> None:
        self._make_room()

    def _make_room(self) -> None:
        """Is as high as what it shows, and draws that."""
        lines = 1 if self._said is None else max(1, len(self._said_lines()))
        if self.styles.height != Scalar.from_number(lines):
            self.styles.height = lines
        self.refresh()

    @property
    def said(self) -> str:
        """What it says at the moment, for who looks at it from outside."""
        return "" if self._said is None else " ".join(part for part in self._said[:2] if part)

    @property
    def warns(self) -> bool:
        """Whether it says what went wrong with the key before this one."""
        return self._said is not None and self._said[2] and self._keys_given <= self._said_at + 1

    @property
    def _keys_given(self) -> int:
        """How many keys the app has got so far."""
        return getattr(getattr(self.app, "keys", None), "given", 0)

    def on_mount(self) -> None:
        self.watch(self.screen, "focused", self._look_again, init=False)
        self.app.screen_change_signal.subscribe(self, self._covered_or_not)

    def _look_again(self) -> None:
        self.refresh()

    def _covered_or_not(self, screen: Screen[object]) -> None:
        """What was said names keys of the view: they are dead below something else."""
        if screen.is_modal:
            self.clear()
        self.refresh()

    @property
    def _here(self) -> DOMNode:
        """What has the focus, in the view or in what lies over it."""
        return self.app.screen.focused or self.app.screen

    def key_of(self, command: Command) -> str:
        """The first key of a command that works now, as the person has it: who types writes letters."""
        focused = self.app.screen.focused
        for key in self._keys.get(command.id, command.keys):
            first = key.split(" ")[0]
            if focused is None or not focused.check_consume_key(first, key_to_character(first)):
                return readable(key)
        return ""

    def render(self) -> Content:
        if self._said is not None:
            return Content("\n").join(self._said_lines())
        here = [offer for offer in offers(self._here) if offer.command.shown and self.key_of(offer.command)]
        foot = _foot(self._here)
        if foot is not None:
            here = [offer for offer in here if offer.command.id == "help"]
            return Content.assemble((" ", ""), *_keyed(foot), *self._pieces(here))
        here.sort(key=lambda offer: offer.command.id == "help")  # The others stay in their order.
        room = self.size.width - 1
        seen: list[Offer] = []
        for offer in sorted(here, key=_claim):
            cells = self._piece(offer)[1]
            if cells <= room:
                seen.append(offer)
                room -= cells
        return Content.assemble((" ", ""), *self._pieces([offer for offer in here if offer in seen]))

    def _said_lines(self) -> list[Content]:
        """What has happened, and behind it or below what to do."""
        if self._said is None:
            return []
        text, hint, warning = shown(self._said[0]), shown(self._said[1]), self._said[2]
        room = max(1, self.size.width - INDENT)
        lines = [Content.styled(line, "$foreground") for line in _broken(text, room)]
        below = [Content.styled(line, "$muted") for line in _broken(hint, room)]
        if lines and len(below) == 1 and lines[-1].cell_length + 2 + below[0].cell_length <= room:
            lines[-1] = Content.assemble(lines[-1], ("  ", "$muted"), below.pop())
        sign = (" ! ", "bold $warning") if warning else (" ✓ ", "bold $success")
        most = max(1, min(MOST, self.screen.size.height // 4))
        return [
            Content.assemble(sign if text and not number else " " * INDENT, line)
            for number, line in enumerate([*lines, *below][:most])
        ]

    def _pieces(self, offers: Sequence[Offer]) -> list[tuple[str, str]]:
        return [piece for offer in offers for piece in self._piece(offer)[0]]

    def _piece(self, offer: Offer) -> tuple[list[tuple[str, str]], int]:
        key, label = self.key_of(offer.command), offer.node.label_of(offer.command)
        allowed = offer.why_not is None
        return (
            [
                (key, _KEY if allowed else _FAINT),
                (f" {label}   ", _LABEL if allowed else _FAINT),
            ],
            cell_len(key) + cell_len(label) + 4,
        )


def _broken(text: str, width: int) -> Iterator[str]:
    """A text in lines of a width."""
    while text:
        line, text = wrapped(text, width)
        yield line


def _foot(here: DOMNode) -> str | None:
    """What the nearest thing around the focus says its keys are."""
    said = (node.foot() for node in here.ancestors_with_self if isinstance(node, Commanding))
    return next((words for words in said if words is not None), None)


def _keyed(foot: str) -> list[tuple[str, str]]:
    """ "enter save · esc cancel" as the keys of commands are shown."""
    pieces: list[tuple[str, str]] = []
    for part in foot.split(" · ") if foot else ():
        key, _, label = part.partition(" ")
        pieces += [(key, _KEY), (f" {label}   ", _LABEL)]
    return pieces


def _claim(offer: Offer) -> int:
    """Which keys are shown where there is no room for all: what always helps, then what one may use."""
    return 0 if offer.command.id in ("help", "issue.create") else 1 if offer.why_not is None else 2
