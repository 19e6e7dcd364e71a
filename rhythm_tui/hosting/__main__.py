"""A session in a process of its own, where no resident process answers: `python -I -m rhythm_tui.hosting`.

python -I -m rhythm_tui.hosting CONFIG KEY-ID

The forced command of a key names both. The rest is sshd's word: what is asked for, and the line it comes by.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from rhythm_tui.hosting.session import serve
from rhythm_tui.hosting.settings import load


def main() -> None:
    """Ends the process with the session's exit code."""
    _, file, key = sys.argv
    command = os.environ.get("SSH_ORIGINAL_COMMAND")
    sys.exit(serve(int(key), command, dict(os.environ), host=partial(load, Path(file))))


if __name__ == "__main__":
    main()
