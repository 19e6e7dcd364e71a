"""Questions to the resident process of the shared instance."""

from __future__ import annotations

import socket

from rhythm_domain.errors import Unavailable

_PATIENCE = 5.0
_MOST = 1_000_000


def ask(path: str, *words: str) -> str:
    """The answer to a question (see `resident`). Raises `Unavailable` if the resident process is away."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(path)
            line.send("\0\0".join(words).encode())
            return line.recv(_MOST).decode()
        except OSError as error:
            raise Unavailable(
                "Rhythm's host process does not answer.",
                hint="Is it running? See `systemctl status rhythm`. Only root and its own account may ask.",
            ) from error
