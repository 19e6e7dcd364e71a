"""A session that is begun before somebody comes: who comes then does not wait until it is warm.

A fork shares what the resident process knows until it first touches it; half of what a session does until its
first picture is to copy that. So one fork has done so before, and waits: it is given the next person's line,
and another takes its place once that one had time to begin. Where none is ready a session is forked as ever.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence

from rhythm_tui.hosting.loop import Loop
from rhythm_tui.hosting.worker import Serve, become_spare, fork

SOON = 0.5
"""Seconds after a session began until the next spare one is: the session comes first."""

AGAIN = 60.0
"""The same where the spare one ended by itself."""

log = logging.getLogger("rhythm.host")

Begun = tuple[int, int]
"""A process, and a descriptor of it."""


class Spare:
    """At most one process that waits. `warm` is what it does before."""

    def __init__(self, loop: Loop, serve: Serve, warm: Callable[[], object]) -> None:
        self._loop, self._serve, self._warm = loop, serve, warm
        self._begun: Begun | None = None
        self._line: socket.socket | None = None
        self.ready = False
        """Whether it waits for somebody."""
        self._ended = False
        loop.after(SOON, self._begin)

    def give(
        self, key: int, command: str | None, terminal: Mapping[str, str], descriptors: Sequence[int]
    ) -> Begun | None:
        """Has the process that waits serve somebody; None where none is ready."""
        if not self.ready or self._begun is None or self._line is None:
            return None
        begun, line = self._begun, self._line
        try:
            socket.send_fds(line, [json.dumps([key, command, dict(terminal)]).encode()], descriptors)
        except OSError:  # It has just ended, or the command is too long.
            return None
        self._forget()
        self._loop.after(SOON, self._begin)
        return begun

    def end(self) -> None:
        """Ends it, for good."""
        self._ended = True
        if self._begun is not None:
            pid, process = self._begun
            self._forget()
            signal.pidfd_send_signal(process, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(process)

    def _begin(self) -> None:
        if self._ended or self._begun is not None:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            resident, pid = os.getpid(), fork()
            if pid == 0:
                become_spare(self._serve, self._warm, theirs, resident)
        except OSError as error:
            log.error("no spare session can be begun: %s", error.strerror)
            ours.close()
            self._loop.after(AGAIN, self._begin)
            return
        finally:
            theirs.close()
        process = os.pidfd_open(pid)
        self._begun, self._line = (pid, process), ours
        self._loop.watch(ours.fileno(), self._heard)
        self._loop.watch(process, self._gone)

    def _heard(self) -> None:
        """It is ready; or it ends, which is told of as well."""
        if self._line is not None:
            self.ready = bool(self._line.recv(1))
            self._loop.forget(self._line.fileno())

    def _gone(self) -> None:
        if self._begun is not None:
            pid, process = self._begun
            self._forget()
            _, status = os.waitpid(pid, 0)
            os.close(process)
            log.warning("the spare session ended (%d)", os.waitstatus_to_exitcode(status))
            self._loop.after(AGAIN, self._begin)

    def _forget(self) -> None:
        """It is a spare one no more."""
        if self._begun is not None and self._line is not None:
            self._loop.forget(self._begun[1])
            self._loop.forget(self._line.fileno())
            self._line.close()
        self._begun, self._line, self.ready = None, None, False
