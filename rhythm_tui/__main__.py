"""`rhythm`: the command line; the app where a command wants it, or when a person calls it at a terminal."""

from __future__ import annotations

import gc
import os
import signal
import sys
from types import FrameType

from rhythm_tui.cli.opening import Opening, at_terminal, lenient
from rhythm_tui.terminal.environment import shut


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _open_app(opening: Opening) -> int:
    shut(os.environ)
    gc.disable()
    from rhythm_tui.instance import Instance
    from rhythm_tui.start import run

    return run(Instance(opening.flags), start=opening.start, issue=opening.issue)


def _called(args: list[str]) -> int:
    """Does what was asked for; the exit code. Who wants the app alone does not wait for the command line."""
    if args or not at_terminal():
        from rhythm_tui.cli.main import run

        return run(args, open_app=_open_app)
    lenient()
    try:
        return _open_app(Opening())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where it can be said
        from rhythm_tui.cli.errors import report

        return report(error, as_json=False)


def main() -> None:
    """Ends the process with the exit code of what was asked for."""
    gc.disable()  # Nothing that the start makes is garbage: to look for it costs a tenth of it.
    # asyncio would replace Python's own handler with one that waits for the next await: a person who is being
    # asked for something could not leave.
    signal.signal(signal.SIGINT, _interrupt)
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"  # There are none: pydantic would look at all packages.
    code = _called(sys.argv[1:])
    gc.freeze()  # Python would look for it at the end once more.
    sys.exit(code)


if __name__ == "__main__":
    main()
