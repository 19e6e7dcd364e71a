"""What a person searched for lately: it can be brought back, also in another view and after a restart."""

from __future__ import annotations

from collections.abc import Sequence

from rhythm_tui.notebook import Notebook

MOST = 30
"""Searches that are kept."""


class Searches:
    """Texts of searches, the latest first; each once."""

    def __init__(self, memory: Notebook) -> None:
        self._memory = memory
        kept = memory.get("searches")
        self._known = [text for text in kept if isinstance(text, str)] if isinstance(kept, list) else []

    @property
    def latest(self) -> Sequence[str]:
        """The texts, the latest first."""
        return self._known

    def add(self, text: str) -> None:
        """Keeps a text, as the latest."""
        text = text.strip()
        if text and self._known[:1] != [text]:
            self._known = [text, *(each for each in self._known if each != text)][:MOST]
            self._memory.keep("searches", self._known)
