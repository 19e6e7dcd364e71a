"""Questions to the resident process of the shared instance, and to its hub."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from rhythm_domain.errors import Unavailable

_PATIENCE = 5.0
_MOST = 1_000_000


def ask(path: Path, *words: str) -> str:
    """The answer to a question (see `resident` and `hub_process`). Raises `Unavailable` if nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(str(path))
            line.send("\0\0".join(words).encode())
            answer = line.recv(_MOST).decode()
        except OSError as error:
            raise _away() from error
    if not answer:
        raise _away()
    return answer


def tell(path: Path, *words: str) -> bool:
    """The same, without waiting for the answer; whether somebody is there."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as line:
        line.settimeout(0.5)
        line.connect(str(path))
        line.send("\0\0".join(words).encode())
        return True
    return False


def _away() -> Unavailable:
    return Unavailable(
        "Rhythm's host process does not answer.",
        hint="Is it running? See `systemctl status rhythm`. Only root and its own account may ask.",
    )
