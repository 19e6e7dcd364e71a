"""`rhythm`: the app when a person calls it without arguments at a terminal, else the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Ends the process with the exit code of what was asked for."""
    if sys.argv[1:] or not (sys.stdin.isatty() and sys.stdout.isatty()):
        from rhythm_tui.cli.main import run

        sys.exit(run(sys.argv[1:]))
    from rhythm_tui.cli.welcome import open_app

    sys.exit(open_app())


if __name__ == "__main__":
    main()
