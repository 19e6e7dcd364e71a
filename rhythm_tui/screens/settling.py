"""Texts of a form that somebody else changed meanwhile: of each it is asked what is to be saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rhythm_domain.errors import Conflict, Invalid
from rhythm_tui.holding.merging import merged_line
from rhythm_tui.screens.conflict import ConflictDialog, Settled
from rhythm_tui.screens.dialog import Instead
from rhythm_tui.screens.work import WorkScreen


@dataclass
class Ground:
    """What texts were begun from: what stood in each field, and of which version it was."""

    version: int
    texts: dict[str, str]

    @property
    def kept(self) -> dict[str, str]:
        """The same for a form to keep with its draft."""
        return {"version": str(self.version)} | {f"{name} was": text for name, text in self.texts.items()}

    def as_kept(self, values: Mapping[str, str]) -> Ground:
        """The same as a form has kept it."""
        texts = {name: values.get(f"{name} was", text) for name, text in self.texts.items()}
        return Ground(int(values.get("version", self.version)), texts)


async def settle(screen: WorkScreen, ground: Ground, mine: dict[str, Any], now: Ground, by: str) -> None:
    """Has the person decide of each text that both changed; what is left in `mine` may be saved over `now`,
    which is the ground then. `by` is who changed them; empty if nobody knows.

    Raises `Instead` with both texts put together to go on from, `Invalid` where they just go on writing.
    """
    for field, theirs in now.texts.items():
        was = ground.texts[field]
        if field not in mine or theirs in (was, mine[field]):
            continue
        conflict = Conflict(
            f"{by or 'Somebody else'} changed it meanwhile.",
            by=by,
            field=field,
            current=theirs,
            mine=mine[field],
            version=now.version,
        )
        choice = await screen.app.push_screen_wait(ConflictDialog(conflict))
        if choice is None:
            raise Invalid(conflict.message, field=field, hint="")
        ground.texts[field] = theirs
        if choice is Settled.MERGE:
            both, fits = merged_line(was, theirs, mine[field], between="\n")
            words = "Both changes are in it." if fits else "Yours, then theirs: make one of them."
            raise Instead(both.replace("\n", " ") if field == "name" else both, words, field=field)
        if choice is Settled.THEIRS:
            del mine[field]
    ground.version = now.version
