"""Whether a terminal at the end of a line is still there.

Pure. sshd asks a client of which it hears nothing only while nothing is written to it: others' changes, drawn
every few seconds, keep the session of a machine that sleeps or is gone alive. So what is written is now and
then followed by a question that every terminal answers: where is the cursor (DSR 6, ECMA-48)?
"""

from __future__ import annotations

from enum import Enum

ASK = "\x1b[6n"

SILENCE = 8.0
"""Seconds of which nothing was heard, while something was written, until it is asked."""

PATIENCE = 20.0
"""Seconds for the answer; a line over the air may be away for some."""


class Finding(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    ASK = "ask"
    GONE = "gone"


class Pulse:
    """One terminal. One that never answered is never taken for gone: it may not know the question."""

    def __init__(self, now: float) -> None:
        self._heard = now - SILENCE  # The first question is asked at once: it shows whether this one answers.
        self._asked: float | None = None
        self._wrote = self._answers = False

    def wrote(self) -> None:
        """Something was written to it."""
        self._wrote = True

    def heard(self, now: float, *, answer: bool = False) -> None:
        """Something came from it."""
        self._heard, self._asked, self._wrote = now, None, False
        self._answers = self._answers or answer

    def look(self, now: float) -> Finding:
        """What is to be done now."""
        if self._asked is None:
            if self._wrote and now - self._heard >= SILENCE:
                self._asked = now
                return Finding.ASK
        elif now - self._asked >= PATIENCE:
            if self._answers:
                return Finding.GONE
            self._heard, self._asked, self._wrote = now, None, False
        return Finding.NOTHING
