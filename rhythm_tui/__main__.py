"""`rhythm`: the app when a person calls it without arguments at a terminal, else the command line."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Ends the process with the exit code of what was asked for."""
    # asyncio would replace Python's own handler with one that waits for the next await: a person who is being
    # asked for something could not leave.
    signal.signal(signal.SIGINT, _interrupt)
    if sys.argv[1:] or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from rhythm_tui.cli.main import run

        sys.exit(run(sys.argv[1:]))
    from rhythm_tui.cli.welcome import open_app

    sys.exit(open_app())


if __name__ == "__main__":
    main()
