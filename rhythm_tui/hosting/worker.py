"""A freshly forked process leaves the resident process behind, and takes a person's line."""

from __future__ import annotations

import ctypes
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

Serve = Callable[[int, str | None, Mapping[str, str]], int]
"""Runs one session on descriptors 0, 1 and 2 for a key's id, a command or None, and what is known of the
line; returns its exit code (see `session.serve`).
"""

MOST = 200_000
"""Bytes of what a spare session is told: a command is shorter."""

_PR_SET_PDEATHSIG = 1

_HEARD = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""What the resident process hears in its loop, by a pipe that a fork of it has too."""

_libc = ctypes.CDLL(None, use_errno=True)


def fork() -> int:
    """As `os.fork`. What is sent to the new process waits until it has left: it would be the resident
    process that heard it, and a Ctrl-C of one would stop the host.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid != 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
    return pid


def become_session(
    serve: Serve,
    key: int,
    command: str | None,
    terminal: Mapping[str, str],
    descriptors: Sequence[int],
    resident: int,
) -> NoReturn:
    """Runs the session in this process, and ends it with the session's exit code.

    Nothing that the resident process registered runs at the end; its log does not come to the terminal.
    """

    def run() -> int:
        _take(descriptors)
        leave(resident, signal.SIGHUP)
        _be_expendable()
        return _served(serve, key, command, terminal)

    _end_with(run)


def become_spare(serve: Serve, warm: Callable[[], object], line: socket.socket, resident: int) -> NoReturn:
    """The same for somebody who has not come yet: says on the line that it is warm, and hears there whom to
    serve, on which descriptors. See `spare`.
    """

    def run() -> int:
        leave(resident, signal.SIGHUP, line.fileno())
        _be_expendable()
        warm()
        line.send(b"!")
        told, descriptors, _, _ = socket.recv_fds(line, MOST, 3, socket.MSG_CMSG_CLOEXEC)
        line.close()
        if not told:
            return 0
        key, command, terminal = json.loads(told)
        _take(descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        return _served(serve, key, command, terminal)

    _end_with(run)


def _take(descriptors: Sequence[int]) -> None:
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)


def _be_expendable() -> None:
    """Rather a session than the resident process, should there be too little memory."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("300", "ascii")


def _served(serve: Serve, key: int, command: str | None, terminal: Mapping[str, str]) -> int:
    for handler in logging.root.handlers[:]:
        logging.root.removeHandler(handler)
    code = serve(key, command, terminal)
    with suppress(OSError):
        sys.stdout.flush()
    return code


def _end_with(run: Callable[[], int]) -> NoReturn:
    """Ends the process with the exit code that comes of it."""
    code = 1
    try:
        code = run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the last place; a picture of it is nobody's business
        with suppress(OSError):
            os.write(2, f"rhythm: Something unexpected went wrong ({type(error).__name__}).\n".encode())
    finally:
        os._exit(code & 0xFF)


def leave(resident: int, with_it: signal.Signals, *kept: int) -> None:
    """A `fork` becomes a process of its own, in a session of its own, which ends with the resident process by
    a signal. Of its descriptors it keeps the first three and `kept`.
    """
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
    _libc.prctl(_PR_SET_PDEATHSIG, with_it)
    if os.getppid() != resident:
        os._exit(1)  # It died before its death could be told of.
    low = 3
    for descriptor in sorted(kept):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    gc.enable()
