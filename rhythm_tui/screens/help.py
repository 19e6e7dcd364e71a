"""Help on three pages: the keys of what has the focus, the search language, the signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.screen import Screen

from rhythm_tui.commanding import Offer, handles, offers
from rhythm_tui.commands import COMMANDS, Command, Where, readable
from rhythm_tui.looks.blocks import Block, Layout, heading
from rhythm_tui.looks.colours import Colours
from rhythm_tui.looks.guide import all_signs, explained, page, search_language
from rhythm_tui.looks.markdown import wrapped
from rhythm_tui.looks.presentation import Piece, line
from rhythm_tui.looks.wording import REMOVE_DEMO
from rhythm_tui.screens.dialog import Dialog
from rhythm_tui.widgets.document import Document
from rhythm_tui.widgets.view_tabs import ViewTabs

PAGES = ("Keys", "Search", "Signs")


class Help(Dialog[None]):
    """All commands that can be given here, with their keys; what may not be done says why. `here` is what a
    dialog says of its own, `demo` the folder of the demo, if that is where one is.
    """

    BINDINGS = [("q", "close", "")]  # noqa: RUF012 - Textual's own form

    def __init__(
        self,
        offers: Sequence[Offer],
        commands: Mapping[str, Command],
        *,
        at: str = "Keys",
        here: Sequence[tuple[str, str]] = (),
        demo: str = "",
    ) -> None:
        super().__init__("Help", "tab next page · esc close")
        self._offers = [offer for offer in offers if commands[offer.command.id].keys]
        self._commands = commands
        self._at, self._of_dialog, self._demo = at, here, demo

    def body(self) -> ComposeResult:
        yield ViewTabs()
        yield Document()

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Document))  # At once: the next key is for it.
        self._turn_to(self._at)

    def _turn_to(self, name: str) -> None:
        self._at = name
        self.query_one(ViewTabs).show(PAGES, PAGES.index(name))
        layouts: dict[str, Layout] = {"Keys": self._keys, "Search": search_language, "Signs": all_signs}
        self.query_one(Document).show(layouts[name], top=True)

    @handles("pane.next")
    def next_page(self) -> None:
        self._turn_to(PAGES[(PAGES.index(self._at) + 1) % len(PAGES)])

    @handles("list.right")
    def to_the_right(self) -> None:
        self._turn_to(PAGES[min(PAGES.index(self._at) + 1, len(PAGES) - 1)])

    @handles("list.left")
    def to_the_left(self) -> None:
        self._turn_to(PAGES[max(PAGES.index(self._at) - 1, 0)])

    @on(ViewTabs.Chosen)
    def _chosen(self, event: ViewTabs.Chosen) -> None:
        self._turn_to(PAGES[event.at])

    def _keys(self, width: int, colours: Colours) -> Sequence[Block]:
        lines: list[Text] = []
        if self._demo:
            lines += heading("The demo", "", width, colours)
            key = self._commands["demo"].key
            words = f"You are in it: nobody here exists. {key} goes to your own work, and back. What you do "
            words += f"stays in {self._demo}. To remove it: {REMOVE_DEMO}"
            lines += wrapped(Text(words, colours.style("foreground")), width)
        said = self._of_dialog
        if said:
            lines += heading("Here", "", width, colours)
            lines += [each for key, words in said for each in explained(key, Text(words), width, colours)]
        known = {key for key, _ in said}
        order = list(self._commands).index
        for where in reversed(Where):  # What works everywhere comes last: it is known soonest.
            here = sorted(
                (
                    offer
                    for offer in self._offers
                    if offer.command.where is where and self._commands[offer.command.id].key not in known
                ),
                key=lambda offer: order(offer.command.id),
            )
            if here:
                lines += heading(where.value, "", width, colours)
                lines += [each for offer in here for each in self._line(offer, width, colours)]
        return page(lines[1:])

    def _line(self, offer: Offer, width: int, colours: Colours) -> list[Text]:
        keys = ", ".join(readable(key) for key in self._commands[offer.command.id].keys)
        refused = offer.why_not is not None
        pieces = [Piece(offer.command.help, "muted" if refused else "foreground")]
        if offer.why_not is not None:
            pieces.append(Piece(f"  {offer.why_not}", "warning"))
        return explained(keys, line(pieces, colours), width, colours, faint=refused)

    @handles("help")
    def explain(self) -> None:
        """The key that opened it closes it."""
        self.dismiss(None)

    def label_of(self, command: Command) -> str:
        return "close" if command.id == "help" else super().label_of(command)

    def action_close(self) -> None:
        self.dismiss(None)


def help_of(screen: Screen[Any], at: str = "Keys") -> Help:
    """The help of what has the focus on a screen."""
    commands = getattr(screen.app, "commands", COMMANDS)
    here = screen.explained_here if isinstance(screen, Dialog) else ()
    demo = getattr(getattr(screen.app, "desk", None), "demo", "")
    return Help(list(offers(screen.focused or screen)), commands, at=at, here=here, demo=demo)
