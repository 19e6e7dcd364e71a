"""What the resident process does all day: waits for descriptors and moments, and does one thing at a time.

It forks, so it has no threads; asyncio would leave its own behind in every session.
"""

from __future__ import annotations

import heapq
import logging
import os
import select
import signal
from collections.abc import Callable
from itertools import count
from time import monotonic

log = logging.getLogger("rhythm.host")

Do = Callable[[], object]


class Loop:
    """Descriptors and what is done once they can be read; moments and what is done then.

    What fails is logged, and the loop goes on: one guest's trouble is not the others'.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        self._watched: dict[int, Do] = {}
        self._moments: list[tuple[float, int, Do]] = []
        self._order = count()
        self._handlers: dict[int, Do] = {}
        self.stopped = False

    def watch(self, descriptor: int, do: Do) -> None:
        """Has something done whenever there is something to read, or the other end is gone."""
        self._watched[descriptor] = do
        self._poll.register(descriptor, select.POLLIN)

    def forget(self, descriptor: int) -> None:
        """The end of it; before the descriptor is closed."""
        if self._watched.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def after(self, seconds: float, do: Do) -> None:
        """Has something done once, after some seconds."""
        heapq.heappush(self._moments, (monotonic() + seconds, next(self._order), do))

    def on_signal(self, number: int, do: Do) -> None:
        """Has something done in the loop whenever a signal came."""
        if not self._handlers:
            self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
            self.watch(self._woken, self._signalled)
        self._handlers[number] = do
        signal.signal(number, lambda *_: None)

    def _signalled(self) -> None:
        for number in set(os.read(self._woken, 512)):
            if number in self._handlers:
                self._handlers[number]()

    def run(self) -> None:
        """Until `stopped` is set."""
        while not self.stopped:
            for descriptor, _ in self._poll.poll(self._patience()):
                if do := self._watched.get(descriptor):  # What came before may have forgotten it.
                    self._try(do)
            while self._moments and self._moments[0][0] <= monotonic():
                self._try(heapq.heappop(self._moments)[2])

    def _patience(self) -> float | None:
        """Milliseconds until the next moment."""
        return max(0.0, self._moments[0][0] - monotonic()) * 1000 + 1 if self._moments else None

    def _try(self, do: Do) -> None:
        try:
            do()
        except Exception:
            log.exception("something went wrong in the host process")
