"""The database goes away and comes back: said at once, asked for until it is there, then read anew."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rhythm_domain.errors import NotSignedIn, RhythmError, Unavailable

PAUSE = 0.5
"""Seconds between two questions whether it is back. A frozen server takes a deadline more for each."""


class Outage:
    """One app's watch over its database."""

    def __init__(
        self,
        *,
        say: Callable[[str], None],
        ask: Callable[[], Awaitable[object]],
        revive: Callable[[], object] | None,
        back: Callable[[], None],
    ) -> None:
        """`say` shows why nothing is read, or with "" that all is well; `ask` asks the database for anything;
        `revive` starts a server of one's own again, and may block; `back` is told when it answers.
        """
        self._say, self._ask, self._revive, self._back = say, ask, revive, back
        self._going_on = False
        self._reviving: asyncio.Task[object] | None = None

    async def last(self, error: RhythmError) -> None:
        """Says that the database is away, and returns once it is back. At once if that is waited for already.

        Raises `NotSignedIn` if the session has ended meanwhile.
        """
        if self._going_on:
            return
        self._going_on = True
        try:
            self._say(error.message)
            answers = await self._answers()
            while not answers:
                await asyncio.sleep(PAUSE)
                answers = await self._answers()
        finally:
            self._going_on = False
            self._say("")
        self._back()

    async def _answers(self) -> bool:
        try:
            await self._ask()
        except NotSignedIn:
            raise
        except Unavailable:
            self._start_again()
            return False
        except RhythmError:
            pass  # It answers, if not what one would like to hear.
        return True

    def _start_again(self) -> None:
        if self._revive is not None and (self._reviving is None or self._reviving.done()):
            self._reviving = asyncio.create_task(asyncio.to_thread(self._quietly, self._revive))

    @staticmethod
    def _quietly(revive: Callable[[], object]) -> None:
        try:
            revive()
        except RhythmError:
            return  # The next question is answered in the same way, and tries again.
