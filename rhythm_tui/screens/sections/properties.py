"""Things of which there is one: each a line with a name and a value, changed by enter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import NamedTuple

from textual.content import Content

from rhythm_domain.text import shown
from rhythm_tui.looks.columns import View
from rhythm_tui.looks.presentation import Piece
from rhythm_tui.screens.sections.section import NOTHING_HERE, Section
from rhythm_tui.widgets.listing import Field


class Property(NamedTuple):
    """A line: what it is, what it is now, what to know about it, why it can't be changed, and how it is."""

    name: str
    value: str
    words: str
    why_not: str | None
    change: Callable[[], Awaitable[None]]
    danger: bool = False


def _name(item: Property, _: View) -> list[Piece]:
    return [Piece(item.name, "error" if item.danger else "foreground", bold=not item.danger)]


class Properties(Section[Property]):
    """A section of such lines."""

    cannot = {  # noqa: RUF012 - a constant
        "add": "there is nothing to add here: enter changes what is under the cursor",
        "remove": "there is nothing to remove here: enter changes what is under the cursor",
    }
    fields: Sequence[Field[Property]] = (
        Field("SETTING", 20, _name),
        Field("", None, lambda item, _: [Piece(shown(item.value), "muted")], least=10),
    )

    def identity(self, item: Property) -> Hashable:
        return item.name

    def sought(self, item: Property) -> str:
        return item.name

    def about(self, item: Property) -> Content:
        return Content(item.words)

    def why_not(self, action: str, item: Property | None) -> str | None:
        if action in self.cannot:
            return self.cannot[action]
        return NOTHING_HERE if item is None else item.why_not

    async def edit(self, item: Property) -> None:
        await item.change()
