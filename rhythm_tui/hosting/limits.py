"""How many sessions there may be, and for how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sessions at once; seconds for the rest. 0 is no limit."""

    sessions: int = 250
    sessions_per_person: int = 25
    idle: float = 8 * 3600
    """Nothing typed at the terminal. Linux notes that to eight seconds."""
    absolute: float = 7 * 24 * 3600
    grace: float = 3
    """From being asked to end until being ended."""
    notice: float = 5
    """From saying that the host stops until sessions are asked to end."""
