"""What a command answers that wants the app opened: the command line itself knows nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple


class Opening(NamedTuple):
    """With which flags to open the app, and at which view and issue; None for where the person left."""

    flags: Mapping[str, Any] = {}
    start: str | None = None
    issue: str | None = None


def at_terminal() -> bool:
    """Whether somebody sits before a terminal that the app can be opened on."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def lenient() -> None:
    """Has what is printed spell out a character that the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
