"""A freshly forked process becomes a session: its terminal and environment, nothing of the resident."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

Serve = Callable[[int, str | None, dict[str, str]], int]
"""Runs one session on descriptors 0, 1 and 2 for a key's id, a command or None, and what is known of the
terminal; returns its exit code.
"""

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4

_libc = ctypes.CDLL(None, use_errno=True)


def become(
    serve: Serve, key: int, command: str | None, terminal: Mapping[str, str], descriptors: Sequence[int]
) -> NoReturn:
    """Runs the session in this process, and ends it with the session's exit code.

    Nothing that the resident process registered runs at the end; its log does not come to the terminal.
    """
    code = 1
    try:
        _leave_resident(os.getppid())
        _take(descriptors)
        _only_know(terminal)
        gc.enable()
        code = serve(key, command, dict(terminal))
        with suppress(OSError):
            sys.stdout.flush()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException as error:  # noqa: BLE001 - the last place; a picture of it is nobody's business
        with suppress(OSError):
            os.write(2, f"rhythm: Something unexpected went wrong ({type(error).__name__}).\n".encode())
    finally:
        os._exit(code & 0xFF)


def _leave_resident(resident: int) -> None:
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # As Python does: a reader that is gone is an error.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)
    if os.getppid() != resident:
        os._exit(1)  # It died before it could be asked for its death.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # What people read and write is in no file.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("300", "ascii")
    for handler in logging.root.handlers[:]:
        logging.root.removeHandler(handler)


def _take(descriptors: Sequence[int]) -> None:
    """Makes the person's descriptors 0, 1 and 2, closes all others, and has Python's streams anew."""
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    live = os.isatty(1)
    streams = (
        open(0, encoding="utf-8", closefd=False),  # noqa: SIM115 - for as long as the process lives
        open(1, "w", 1 if live else -1, "utf-8", closefd=False),  # noqa: SIM115
        open(2, "w", 1, "utf-8", errors="backslashreplace", closefd=False),  # noqa: SIM115
    )
    for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _only_know(terminal: Mapping[str, str]) -> None:
    """The environment: where things are, and how the terminal looks; nothing of the resident process."""
    kept = {name: os.environ[name] for name in ("HOME", "LOGNAME", "PATH", "USER") if name in os.environ}
    os.environ.clear()
    os.environ.update(kept)
    os.environ.update(terminal)
