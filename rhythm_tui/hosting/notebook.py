"""What the app keeps for a person, in the database: on the host they have no folder."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any, ClassVar

from rhythm_domain.errors import Invalid, NotSignedIn, RhythmError
from rhythm_domain.services.notes import Notes
from rhythm_tui.notebook import Notebook

PAUSE = 0.3
"""Seconds for which changes are gathered: a text is not written at each letter."""

AGAIN = 5.0
"""Seconds until what could not be written is tried again."""

LAST = 2.0
"""Seconds for what is left to be written when the app ends."""

log = logging.getLogger("rhythm.host")


class StoredNotebook(Notebook):
    """A notebook that was read when the person came, and is written behind their back."""

    current: ClassVar[bool] = False

    def __init__(self, notes: Notes, kind: str, known: dict[str, Any]) -> None:
        super().__init__(None, kind)
        self._notes, self._kind = notes, kind
        self._known = known
        self._unwritten: dict[str, Any] = {}
        self._writing: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def read(cls, notes: Notes, kind: str) -> StoredNotebook:
        """The person's notebook of a kind."""
        known: dict[str, Any] = {}
        for name, value in (await notes.read(kind)).items():
            with suppress(ValueError):
                known[name] = json.loads(value)
        return cls(notes, kind, known)

    def _change(self, name: str, value: Any) -> None:
        if self._known.get(name) == value:
            return
        self._known.pop(name, None)
        if value is not None:
            self._known[name] = value
        self._unwritten[name] = value
        if not self._closed and (self._writing is None or self._writing.done()):
            self._writing = asyncio.get_running_loop().create_task(self._go_on_writing())

    async def close(self) -> None:
        """Writes what is left."""
        self._closed = True
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST):
                await self._write_now()

    async def _go_on_writing(self) -> None:
        pause = PAUSE
        while self._unwritten:
            await asyncio.sleep(pause)
            pause = PAUSE if await self._write_now() else AGAIN

    async def _write_now(self) -> bool:
        """Writes what was changed, as far as that can be done now; whether it could."""
        for name in list(self._unwritten):
            value = self._unwritten[name]
            try:
                await self._notes.keep(self._kind, name, None if value is None else json.dumps(value))
            except (Invalid, NotSignedIn) as error:  # It never will; the app has it for as long as it runs.
                log.info("a note is not kept: %s", type(error).__name__)
            except RhythmError:
                return False
            if self._unwritten.get(name) == value:
                self._unwritten.pop(name, None)
        return True
