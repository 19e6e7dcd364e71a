"""The command palette: every command that can be given where the focus is; those that may not be say why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from textwrap import wrap

from rich.cells import cell_len
from textual import on
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.widgets import Input
from textual.worker import WorkerError

from rhythm_tui.commanding import Commanding, Offer, offers
from rhythm_tui.commands import COMMANDS, Command, readable

KEYS = 7
"""Cells for the keys, which stand before what they do."""

WHY = 58
"""Characters of a line that says why a command may not be used; it stands below what that would do."""


class CommandProvider(Provider):
    """The commands of the screen below the palette."""

    def _offers(self) -> Iterator[Offer]:
        for offer in offers(self.focused or self.screen):
            if not offer.command.id.startswith("list.") and offer.command.id != "palette":
                yield offer

    async def discover(self) -> Hits:
        for offer in self._offers():
            words = offer.command.help
            yield DiscoveryHit(self._look(offer), partial(_give, offer), text=words)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for offer in self._offers():
            words = offer.command.help
            score = max(matcher.match(words), matcher.match(offer.command.label))
            if score > 0:
                yield Hit(score, self._look(offer), partial(_give, offer), text=words)

    def _look(self, offer: Offer) -> Content:
        commands: Mapping[str, Command] = getattr(self.app, "commands", COMMANDS)
        keys = [readable(key) for key in commands[offer.command.id].keys[:2]]
        beside = " · ".join(keys) if cell_len(" · ".join(keys)) <= KEYS else keys[0]
        words = offer.command.help.removesuffix(".")
        allowed = offer.why_not is None
        return Content.assemble(
            (beside.rjust(KEYS), "bold $footer-key-foreground" if allowed else "$faint"),
            (f"  {words}", "$foreground" if allowed else "$faint"),
            *((f"\n{' ' * (KEYS + 2)}{line}", "$muted") for line in wrap(offer.why_not or "", WHY)),
        )


class Palette(CommandPalette, Commanding):
    """Where one types for a command."""

    def __init__(self) -> None:
        super().__init__(providers=[CommandProvider], placeholder="What do you want to do?")

    @on(Input.Submitted)
    async def _find_first(self) -> None:
        """Enter is for what is found of all that was typed, not for what had been found of less."""
        for worker in list(self.workers):
            if worker.group == self._GATHER_COMMANDS_GROUP:
                with suppress(WorkerError):  # It is cancelled where more was typed.
                    await worker.wait()

    def foot(self) -> str:
        return "enter do it · ↓↑ choose · esc cancel"


def _give(offer: Offer) -> None:
    offer.node.action_command(offer.command.id)
