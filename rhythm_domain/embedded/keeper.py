"""The keeper: a tiny process that stops the embedded server once nobody uses it any more.

The file is run by its path, without site-packages, and imports nothing but a few modules of the standard
library: it starts in some 20 ms and stays small. It has two verbs, both of which leave their starter behind:

    keeper.py launch UID GID COMMAND ARGUMENT...       become that command (the server)
    keeper.py keep UID GID SOCKET GRACE CLAIMS LOCK    stop the server when it is idle

Started by root, they give up root for UID and GID. CLAIMS and LOCK are inherited file descriptors.

Every process that uses the server holds a shared lock on the file of claims, which the kernel releases
however the process ends. The keeper asks for the exclusive lock. It gets it only when there is no claim, and
holds it while it stops the server: who comes in that moment waits for the lock, then starts the server anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import socket
import sys
import time

STOP_TIMEOUT = 20.0
"""Seconds that an orderly shutdown (with its checkpoint) may take before a hasty one is asked for."""


def postmaster(path: str) -> int | None:
    """Return the process id of the server that listens on the unix socket `path`, or None.

    The kernel answers, so that a process id left over in a file can't mislead. 0 means that a server is
    there which accepts no connection at all: it is frozen.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:
            return 0
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        credentials = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder)


def ready(path: str, data: str) -> bool:
    """Say whether the server of the data folder `data` accepts connections on the socket `path`.

    It keeps its state in the last line of its pid file. A file left over does not deceive: a server that
    listens has written its own before.
    """
    if postmaster(path) is None:
        return False
    try:
        with open(f"{data}/postmaster.pid", "rb") as file:  # noqa: PTH123 - pathlib is large.
            return file.read().rstrip().endswith(b"\nready")
    except FileNotFoundError:
        return False


def shut_down(pid: int, timeout: float = STOP_TIMEOUT) -> bool:
    """Stop the server `pid`: open transactions are rolled back. Returns whether it has ended.

    First PostgreSQL's fast shutdown (SIGINT); after `timeout` seconds its immediate one (SIGQUIT), after
    which the next start replays the log. Nothing that was committed is lost either way.
    """
    if pid == 0:
        return False
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        for number in (signal.SIGINT, signal.SIGQUIT):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
            if select.select([process], [], [], timeout)[0]:
                return True
    finally:
        os.close(process)
    return False


def keep(claims: int, path: str, grace: float) -> None:
    """Wait until `claims` has been free for `grace` seconds, then stop the server that listens on `path`.

    A claim marks the time of its coming by writing to the file, so that one which came and went during the
    wait is noticed. Returns holding the exclusive lock.
    """
    while True:
        try:
            fcntl.flock(claims, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(claims, fcntl.LOCK_EX)  # Sleeps in the kernel until the last claim is gone ...
            os.pwrite(claims, b"\n", 0)  # ... which is now.
        idle = time.time() - os.fstat(claims).st_mtime
        server = postmaster(path)
        if server is None:
            return
        if idle >= grace:
            shut_down(server)
            return
        fcntl.flock(claims, fcntl.LOCK_UN)
        time.sleep(min(grace, grace - idle))  # The clock may have been set back: never longer than grace.


def detach(uid: int, gid: int) -> None:
    """Continue as an orphan, as the given user. (Whoever starts us gives us a session of our own.)"""
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)


def main(verb: str, uid: str, gid: str, *arguments: str) -> None:
    detach(int(uid), int(gid))
    if verb == "launch":
        os.execv(arguments[0], arguments)  # noqa: S606 - the server's own program, no shell.
    path, grace, claims, lock = arguments
    keep(int(claims), path, float(grace))
    # The lock that says "there is a keeper" goes first: who comes next must not take this one for alive.
    os.close(int(lock))
    os.close(int(claims))


if __name__ == "__main__":
    main(*sys.argv[1:])
