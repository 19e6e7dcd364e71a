"""Texts that were begun and are not saved: they outlive a failed save, a crash and a dropped line.

A file a person and instance in the state folder, readable by its owner alone, replaced whole at every change.
"""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any


class Drafts:
    """Drafts by name, such as `comment CORE-12`. Without a folder they end with the app."""

    def __init__(self, folder: Path | None, instance: str = "", person: str = "") -> None:
        name = sha256(f"{instance}\n{person}".encode()).hexdigest()[:16]
        self._file = folder / f"drafts-{name}.json" if folder else None
        self._texts: dict[str, Any] = self._read()

    def get(self, name: str) -> Any:
        """What was begun under a name; None if nothing was."""
        return self._texts.get(name)

    def keep(self, name: str, draft: Any) -> None:
        """Keeps a draft: any value of JSON. An empty one is forgotten."""
        if not draft:
            self.drop(name)
        elif self._texts.get(name) != draft:
            self._texts[name] = draft
            self._write()

    def drop(self, name: str) -> None:
        """Forgets a draft: it was saved, or is not wanted any more."""
        if self._texts.pop(name, None) is not None:
            self._write()

    def names(self) -> tuple[str, ...]:
        """What was begun, the latest last."""
        return tuple(self._texts)

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
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            new = self._file.with_suffix(f".{os.getpid()}.new")
            new.touch(mode=0o600)
            new.write_text(json.dumps(self._texts), encoding="utf-8")
            new.replace(self._file)
        except OSError:
            # A full disk must not take the text away that is on the screen.
            self._file = None
