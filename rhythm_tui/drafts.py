"""Texts that were begun and are not saved yet: kept while one types, found again after a crash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rhythm_tui.clock import now
from rhythm_tui.notebook import Notebook


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was begun from a `version` of what is saved; `base` is what stood there then."""

    text: str
    at: datetime
    version: int | None = None
    base: str = ""


class Kept:
    """One text's place in the notebook of drafts."""

    def __init__(self, drafts: Notebook, name: str) -> None:
        self._drafts, self._name = drafts, name

    def find(self) -> Draft | None:
        """What was kept, if it can be read."""
        found = self._drafts.get(self._name)
        try:
            return Draft(
                str(found["text"]),
                datetime.fromisoformat(found["at"]),
                None if found.get("version") is None else int(found["version"]),
                str(found.get("base", "")),
            )
        except (TypeError, KeyError, ValueError):
            return None

    def keep(self, text: str, version: int | None = None, base: str = "") -> None:
        """Keeps a text as it is now."""
        at = now().isoformat()
        self._drafts.keep(self._name, {"text": text, "at": at, "version": version, "base": base})

    def drop(self) -> None:
        """Forgets it: it was saved, or it is not wanted any more."""
        self._drafts.drop(self._name)
