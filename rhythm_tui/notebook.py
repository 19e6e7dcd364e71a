"""A small file of things to remember: texts that were begun and are not saved, where one was, how it looked.

A file a person and instance in the state folder, readable by its owner alone, replaced whole at every change:
what is in it outlives a failed save, a crash and a dropped line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from rhythm_domain.folders import make_private
from rhythm_tui.files import whole


class Notebook:
    """Values of JSON by name, such as `comment CORE-12`. Without a folder they end with the app."""

    current: ClassVar[bool] = True
    """Whether it knows what the person's other apps wrote since it was opened."""

    def __init__(self, folder: Path | None, kind: str, *whose: str) -> None:
        name = sha256("\n".join(whose).encode()).hexdigest()[:16]
        self._file = folder / f"{kind}-{name}.json" if folder else None
        self._known: dict[str, Any] = {}

    def get(self, name: str) -> Any:
        """What is kept under a name; None if nothing is."""
        self._read()
        return self._known.get(name)

    def keep(self, name: str, value: Any) -> None:
        """Keeps a value; an empty one is forgotten."""
        self._change(name, value or None)

    def drop(self, name: str) -> None:
        """Forgets a value: a draft was saved, or is not wanted any more."""
        self._change(name, None)

    def names(self) -> tuple[str, ...]:
        """The names, the latest last."""
        self._read()
        return tuple(self._known)

    async def close(self) -> None:
        """Writes what is not written yet; here it all is."""

    def _change(self, name: str, value: Any) -> None:
        """Writes one value; those that another app of the person wrote meanwhile stay."""
        with self._alone():
            self._read()
            if self._known.get(name) == value:
                return
            self._known.pop(name, None)
            if value is not None:
                self._known[name] = value
            self._write()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps the person's other apps from writing meanwhile, where that can be done."""
        with ExitStack() as stack:
            if self._file is not None:
                with suppress(OSError):
                    make_private(self._file.parent)
                    lock = os.open(self._file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
                    stack.callback(os.close, lock)
                    # One that is stopped while it writes must not stop this one.
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def _read(self) -> None:
        """Takes what stands in the file; where it can't be read, what is known stays."""
        if self._file is None:
            return
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return
        if isinstance(found, dict):
            self._known = found

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
