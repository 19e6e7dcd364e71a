"""A resident process whose sessions do what a test asks for.

    python -m tests.hosting.stand_in SOCKET [LIMITS [spare]]

Its first line on stdout says that it is ready. SIGTERM stops it. With `spare` one session more waits for who
comes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

from rhythm_tui.hosting.limits import Limits
from rhythm_tui.hosting.resident import Resident
from rhythm_tui.hosting.surroundings import settle

PR_GET_DUMPABLE = 3


def serve(key: int, command: str | None, terminal: Mapping[str, str]) -> int:
    """A session: its command is what goes wrong."""
    settle(terminal)
    verb, _, rest = (command or "app").partition(" ")
    match verb:
        case "app":
            return app(key, terminal)
        case "exit":
            print("said", flush=True)
            return int(rest)
        case "raise":
            raise KeyError(rest)
        case "abort":
            os.abort()
        case "hog":
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            print("hogging", flush=True)
            while True:
                pass
        case "environment":
            print(json.dumps(dict(os.environ)))
        case "secrecy":
            print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE))
        case "descriptors":
            print(" ".join(sorted(each.name for each in Path("/proc/self/fd").iterdir() if each.exists())))
        case "copy":
            for line in sys.stdin:
                print(line.upper(), end="", flush=True)
        case "flood":
            while True:
                print("x" * 1000)
        case "wait":
            print("waiting", flush=True)
            time.sleep(600)
    return 0


def app(key: int, terminal: Mapping[str, str]) -> int:
    """Shows its size, again whenever it changes; `q` leaves, a hangup ends it with a word."""

    def show(*_: object) -> None:
        size = os.get_terminal_size(1)
        os.write(1, f"[key {key} on {terminal.get('TERM')} {size.columns}x{size.lines}]".encode())

    def leave(*_: object) -> None:
        os.write(1, b"[hung up]")
        os._exit(129)

    signal.signal(signal.SIGWINCH, show)
    signal.signal(signal.SIGHUP, leave)
    mode = termios.tcgetattr(0)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(0, termios.TCSANOW, mode)
    show()
    while (typed := os.read(0, 1)) not in (b"q", b""):
        os.write(1, b"<" + typed + b">")
    return 0


def main(path: str, limits: str = "{}", spare: str = "") -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(path)
    listener.listen(256)
    warm = (lambda: None) if spare else None
    resident = Resident(listener, serve, Limits(**json.loads(limits)), warm=warm)

    def done() -> None:
        resident.loop.stopped = True

    resident.loop.on_signal(signal.SIGTERM, lambda: resident.stop(done))
    resident.loop.on_signal(signal.SIGHUP, lambda: resident.drain(done))
    print("ready", flush=True)
    resident.loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
