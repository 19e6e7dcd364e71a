"""What a session has around it: its three streams, its terminal's looks, nothing else of where it runs."""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import resource
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

PATH = "/usr/bin:/bin"

LOOKS = ("TERM", "COLORTERM", "LANG")
"""What the client may say: how its terminal looks."""

_LOOK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")

_LIMITS = {
    resource.RLIMIT_CORE: 0,  # What people read and write is in no file.
    resource.RLIMIT_FSIZE: 1 << 29,  # An import on its way.
    resource.RLIMIT_AS: 1 << 30,
}
"""Bytes that a session takes at most."""


_PR_SET_DUMPABLE = 4

_LIBC = ctypes.CDLL(None)


def settle(terminal: Mapping[str, str]) -> None:
    """Makes this process a person's session, whatever it was before: a fork of a resident process, or a
    program that sshd began.

    Of the environment nothing stays. What the client says of its terminal is taken if it can be such a name.
    """
    os.environ.clear()
    os.environ.update({"PATH": PATH, "HOME": _home()})
    for name in LOOKS:
        if _LOOK.fullmatch(terminal.get(name, "")):
            os.environ[name] = terminal[name]
    hide()
    os.chdir("/")
    os.umask(0o077)
    for what, most in _LIMITS.items():
        _, allowed = resource.getrlimit(what)
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(what, (least, least))
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # As Python does: a reader that is gone is an error.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _shut_terminal()
    _take_streams()


def hide() -> None:
    """All sessions are of one account: from now on none looks into this one's memory."""
    _LIBC.prctl(_PR_SET_DUMPABLE, 0)


def source(connection: str) -> str:
    """The address that a line comes from, of sshd's own SSH_CONNECTION."""
    return connection.split(" ", 1)[0]


def at_terminal() -> bool:
    """Whether both ends of the session are a terminal."""
    return os.isatty(0) and os.isatty(1)


def _home() -> str:
    """The account's own folder, by the system's word: libpq looks there for certificates."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return "/"


def _shut_terminal() -> None:
    """Nobody else on the machine writes to the person's terminal. sshd lets the group tty: write(1)."""
    with suppress(OSError):
        if os.isatty(0):
            os.fchmod(0, 0o600)


def _take_streams() -> None:
    """Has Python's streams anew: those that there are may be another process's, in another encoding."""
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        if not Path(f"/proc/self/fd/{descriptor}").exists():
            os.open(os.devnull, mode)  # The lowest number that is free: this one.
    live = os.isatty(1)
    streams = (
        open(0, encoding="utf-8", errors="surrogateescape", closefd=False),  # noqa: SIM115 - for good
        open(1, "w", 1 if live else -1, "utf-8", "backslashreplace", closefd=False),  # noqa: SIM115
        open(2, "w", 1, "utf-8", "backslashreplace", closefd=False),  # noqa: SIM115
    )
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
