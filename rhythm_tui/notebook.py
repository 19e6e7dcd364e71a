"""A small file of things to remember: texts that were begun and are not saved, where one was, how it looked.

A file a person and instance in the state folder, readable by its owner alone, replaced whole at every change:
what is in it outlives a failed save, a crash and a dropped line.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from rhythm_domain.folders import make_private
from rhythm_tui.files import whole


class Notebook:
    """Values of JSON by name, such as `comment CORE-12`. Without a folder they end with the app."""

    def __init__(self, folder: Path | None, kind: str, *whose: str) -> None:
        name = sha256("\n".join(whose).encode()).hexdigest()[:16]
        self._file = folder / f"{kind}-{name}.json" if folder else None
        self._known: dict[str, Any] = self._read()

    def get(self, name: str) -> Any:
        """What is kept under a name; None if nothing is."""
        return self._known.get(name)

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value; an empty one is forgotten."""
        if not value:
            self.drop(name)
        elif self._known.get(name) != value:
            self._known[name] = value
            self._write()

    def drop(self, name: str) -> None:
        """Forgets a value: a draft was saved, or is not wanted any more."""
        if self._known.pop(name, None) is not None:
            self._write()

    def names(self) -> tuple[str, ...]:
        """The names, the latest last."""
        return tuple(self._known)

    def _read(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self) -> None:
        if self._file is None:
            return
        try:
            make_private(self._file.parent)
            with whole(self._file) as stream:
                stream.write(json.dumps(self._known).encode())
        except OSError:
            # A full disk must not take the text away that is on the screen.
            self._file = None
