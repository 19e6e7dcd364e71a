"""What a screen reads in the background: in each group one thing at a time, and only the latest counts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any

from textual.screen import Screen
from textual.worker import Worker, WorkType

from rhythm_tui.report import reported

Work = Coroutine[Any, Any, None]


@dataclass(slots=True)
class _Group:
    """What is read in place of each other. Who holds `turn` may have a query at the server."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    latest: tuple[Worker[None], Work] | None = None


class Readings:
    """The readings of one screen, which end with it."""

    def __init__(self, screen: Screen[Any]) -> None:
        self._screen = screen
        self._groups: dict[str, _Group] = {}
        self._ended = False

    def read(self, work: Work, group: str) -> None:
        """Reads something in place of what was read before in this group; errors are reported.

        What was read before is cancelled once and its end waited for: the server drops its query. To cancel
        it again meanwhile would cost the connection, and not to wait would have as many queries at the server
        as letters were typed.
        """
        if self._ended:
            work.close()
            return
        here = self._groups.setdefault(group, _Group())
        before = here.latest
        in_turn: WorkType[None] = partial(self._in_turn, here.turn, work)
        here.latest = self._screen.run_worker(in_turn, group=group), work
        if before is not None:
            worker, earlier = before
            worker.cancel()
            _drop(earlier)

    def end(self) -> None:
        """Ends all that is being read, and reads nothing more. The app waits for it when it ends itself."""
        self._ended = True
        for group in self._groups.values():
            if group.latest is not None:
                worker, work = group.latest
                worker.cancel()
                _drop(work)

    async def _in_turn(self, turn: asyncio.Lock, work: Work) -> None:
        async with turn:
            await reported(self._screen, work)


def _drop(work: Work) -> None:
    """Lets go of a reading that may not have begun: Python would complain that it never will."""
    if getcoroutinestate(work) == CORO_CREATED:
        work.close()
