"""The app's terminal: whether it will do, its title, and that it is left as it was whatever ends the app."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable

from rhythm_domain.errors import Invalid

ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""What asks the app to end. Textual alone would leave the terminal raw, with the mouse on."""

_TITLE = "\x1b[22;2t\x1b]2;{}\x1b\\"
"""Keeps the title that stands there, then sets another."""

_TITLE_BACK = "\x1b[23;2t"


def check() -> None:
    """Raises `Invalid` where the app can't be shown."""
    if os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        raise Invalid(
            f"The app can't be shown on this terminal (TERM is {os.environ.get('TERM') or 'not set'}).",
            field="TERM",
            hint="The command line works anywhere: `rhythm --help` shows how.",
        )


def end_on_signals(end: Callable[[int], None]) -> None:
    """Has `end` called with the exit code that a signal stands for (128 and its number)."""
    loop = asyncio.get_running_loop()
    for number in ENDS:
        loop.add_signal_handler(number, end, 128 + number)


def entitle(write: Callable[[str], None], title: str) -> None:
    """Sets the terminal's title."""
    write(_TITLE.format(title))


def restore_title() -> None:
    """Puts the title back that stood there before."""
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        sys.__stderr__.write(_TITLE_BACK)
        sys.__stderr__.flush()
