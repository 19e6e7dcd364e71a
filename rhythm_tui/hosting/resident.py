"""The resident process: everything is imported once, and each session is a fork of it on its own terminal.

A session's shim connects to the unix socket and hands over its three descriptors. It is told the process of
the session, and holds the line for as long as its terminal is there; at the end it is told the exit code.

    shim      session KEY LOOKS [COMMAND], descriptors 0 1 2; LOOKS are NAME=VALUE, PERSON among them
              -> begun, a descriptor of the process; code words at the end | code words
    control   status -> JSON
              end-session PID WORDS -> done | none
              stop -> done

The fields of a question are parted by two NULs, those of an answer by one. Only processes of the resident's
own account and of root are answered. It holds no connection to the database, and has no threads.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time
from typing import Any

from rhythm_tui.hosting.limits import Limits
from rhythm_tui.hosting.loop import Loop
from rhythm_tui.hosting.spare import Spare
from rhythm_tui.hosting.worker import Serve, become_session, fork

log = logging.getLogger("rhythm.host")

AWAY = 8
"""The exit code of who is refused: `Exit.UNAVAILABLE`."""

_MOST = 150_000
"""Bytes of a question. Linux passes no longer command in the environment."""

_SHY = 5.0
"""Seconds for a question to come."""

_AGAIN = 1.0
"""Seconds until somebody is let in again, when that could not be done."""

_TOLD = 200
"""Characters that are told of a command."""

FULL = "Rhythm is full: {} sessions are open, as many as may be. Try again later."
FULL_FOR_PERSON = "You have {} sessions open, as many as one may have. Close one of them."
NO_ROOM = "The machine has no room for another session. Try again later."
STOPPING = "Rhythm's host stops. Try again in a moment."
IDLE = "Nothing was typed for so long that your session was closed. Connect again."
ABSOLUTE = "Your session was as long as one may be. Connect again."
STOPPED = "Rhythm's host stopped, and your session with it. What was saved is saved: connect again later."
CRASHED = "Your session ended unexpectedly ({}). What was saved is saved: connect again."


@dataclass(slots=True)
class Guest:
    """One session, from the fork to the end of its process, whose number is its own."""

    key: int
    person: str
    """Whose the key is, by the forced command's word; any key of theirs counts for them."""
    pid: int
    process: int
    """A descriptor of the process: it can be read once it has ended."""
    line: socket.socket | None
    """To the shim; None once the terminal is gone."""
    command: str | None
    terminal: str
    """The path of the terminal; empty if there is none."""
    began: float = field(default_factory=time)
    since: float = field(default_factory=monotonic)
    words: str = ""
    """Why it is ended, if it does not end by itself."""
    ending: bool = False

    @property
    def idle(self) -> float:
        """Seconds since something was typed; a command has none."""
        try:
            return time() - max(self.began, Path(self.terminal).stat().st_atime) if self.terminal else 0.0
        except OSError:
            return 0.0


class Resident:
    """Begins sessions, watches over them, ends them. `serve` runs one in its own process; with `warm`, which
    warms one up, one more waits for the next to come.
    """

    def __init__(
        self,
        listener: socket.socket,
        serve: Serve,
        limits: Limits,
        loop: Loop | None = None,
        warm: Callable[[], object] | None = None,
    ) -> None:
        self.loop = loop or Loop()
        self._spare = Spare(self.loop, serve, warm) if warm is not None else None
        self.guests: dict[int, Guest] = {}
        self._listener: socket.socket | None = listener
        self._serve = serve
        self._limits = limits
        self._refusals: deque[dict[str, Any]] = deque(maxlen=50)
        self._drained: Callable[[], object] | None = None
        self.closing = False
        """Whether new sessions are refused: it is about to stop."""
        self.on_stop: Callable[[], object] = lambda: None
        """What is done when it is asked to stop."""
        listener.setblocking(False)
        self._let_in()
        self._look_after()

    # Questions -------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        if self._listener is None:
            return
        try:
            line, _ = self._listener.accept()
        except BlockingIOError:
            return  # The next process took it.
        except OSError as error:  # Too many descriptors: asking again at once would help nobody.
            log.error("nobody can be let in: %s", error.strerror)
            self.loop.forget(self._listener.fileno())
            self.loop.after(_AGAIN, self._let_in)
            return
        line.setblocking(False)
        if _peer(line) not in (0, os.geteuid()):
            line.close()
            return
        self.loop.watch(line.fileno(), lambda: self._ask(line))
        self.loop.after(_SHY, lambda: self._give_up(line))

    def _let_in(self) -> None:
        if self._listener is not None:
            self.loop.watch(self._listener.fileno(), self._accept)

    def _give_up(self, line: socket.socket) -> None:
        if line.fileno() >= 0 and not any(guest.line is line for guest in self.guests.values()):
            self._close(line)

    def _ask(self, line: socket.socket) -> None:
        descriptors: list[int] = []
        try:
            question, descriptors, _, _ = socket.recv_fds(line, _MOST, 3, socket.MSG_CMSG_CLOEXEC)
            match question.split(b"\0\0"):
                case [b"session", key, looks, *command] if len(descriptors) == 3:
                    self._session(line, int(key), looks, command, descriptors)
                case [b"status"]:
                    self._answer(line, json.dumps(self.status()))
                case [b"end-session", pid, words]:
                    guest = self.guests.get(int(pid))
                    if guest is not None:
                        self.end(guest, words.decode())
                    self._answer(line, "done" if guest is not None else "none")
                case [b"stop"]:
                    self._answer(line, "done")
                    self.on_stop()
                case _:
                    self._close(line)
        except ValueError:
            self._close(line)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _answer(self, line: socket.socket, words: str) -> None:
        line.setblocking(True)
        line.settimeout(1)
        with suppress(OSError):  # Whoever asked may not wait for it.
            line.send(words.encode())
        self._close(line)

    def _close(self, line: socket.socket) -> None:
        self.loop.forget(line.fileno())
        line.close()

    # The life of a session -------------------------------------------------------------------------------

    def _session(
        self,
        line: socket.socket,
        key: int,
        looks: bytes,
        command: Sequence[bytes],
        descriptors: Sequence[int],
    ) -> None:
        asked = os.fsdecode(command[0]) if command else None
        terminal = dict(each.split("=", 1) for each in os.fsdecode(looks).split("\0"))
        person = terminal.pop("PERSON", "") or f"of key {key}"
        terminal = {name: value for name, value in terminal.items() if value}
        if reason := self._why_not(person):
            self._refuse(line, key, reason)
            return
        at = _terminal(descriptors[0])
        check_alone()
        begun = self._spare.give(key, asked, terminal, descriptors) if self._spare is not None else None
        resident, pid = os.getpid(), -1
        try:
            if begun is None:
                pid = fork()
                if pid == 0:
                    become_session(self._serve, key, asked, terminal, descriptors, resident)
                begun = pid, os.pidfd_open(pid)
        except OSError as error:
            log.error("a session can't be begun: %s", error.strerror)
            if pid > 0:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            self._refuse(line, key, NO_ROOM)
            return
        pid, process = begun
        guest = Guest(key, person, pid, process, line, asked, at)
        self.guests[guest.pid] = guest
        self.loop.forget(line.fileno())
        self.loop.watch(line.fileno(), lambda: self._cut(guest))
        self.loop.watch(process, lambda: self._ended(guest))
        try:
            socket.send_fds(line, [b"begun"], [process])
        except OSError:
            self._cut(guest)

    def _refuse(self, line: socket.socket, key: int, reason: str) -> None:
        self._refusals.append({"at": time(), "key": key, "reason": reason})
        log.warning("refused a session of key %d: %s", key, reason)
        self._answer(line, f"{AWAY}\0{reason}")

    def _why_not(self, person: str) -> str:
        limits = self._limits
        if self.closing:
            return STOPPING
        if limits.sessions and len(self.guests) >= limits.sessions:
            return FULL.format(limits.sessions)
        own = sum(guest.person == person for guest in self.guests.values())
        if limits.sessions_per_person and own >= limits.sessions_per_person:
            return FULL_FOR_PERSON.format(limits.sessions_per_person)
        return ""

    def _cut(self, guest: Guest) -> None:
        """The shim said something, which it never does, or is gone."""
        self._let_go(guest)
        self.end(guest, "")

    def _let_go(self, guest: Guest) -> None:
        if guest.line is not None:
            self._close(guest.line)
            guest.line = None

    def end(self, guest: Guest, words: str) -> None:
        """Asks a session to end, and ends it if it has not within the grace. `words` tell the person why."""
        if guest.ending:
            return
        guest.ending, guest.words = True, words
        signal.pidfd_send_signal(guest.process, signal.SIGHUP)
        self.loop.after(self._limits.grace, lambda: self._insist(guest))

    def _insist(self, guest: Guest) -> None:
        if guest.pid in self.guests:
            log.warning("session %d of key %d did not end when it was asked to", guest.pid, guest.key)
            signal.pidfd_send_signal(guest.process, signal.SIGKILL)

    def _ended(self, guest: Guest) -> None:
        _, status = os.waitpid(guest.pid, 0)
        self.loop.forget(guest.process)
        os.close(guest.process)
        del self.guests[guest.pid]
        code = os.waitstatus_to_exitcode(status)
        words = guest.words
        if code < 0:
            name = signal.Signals(-code).name
            words = words or CRASHED.format(name)
            log.warning("session %d of key %d ended by %s", guest.pid, guest.key, name)
        if guest.line is not None:
            line = guest.line
            try:
                line.send(f"{128 - code if code < 0 else code}\0{words}".encode())
            except OSError:
                log.info("nobody heard that session %d ended", guest.pid)
            self._let_go(guest)
        self._see_if_drained()

    # Limits ----------------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Ends sessions that are over a limit, now and again and again."""
        limits = self._limits
        for guest in list(self.guests.values()):
            if limits.absolute and monotonic() - guest.since > limits.absolute:
                self.end(guest, ABSOLUTE)
            elif limits.idle and guest.idle > limits.idle:
                self.end(guest, IDLE)
        often = min(each for each in (limits.idle, limits.absolute, 240) if each)
        self.loop.after(often / 8, self._look_after)

    # The end ---------------------------------------------------------------------------------------------

    def drain(self, done: Callable[[], object], listener: socket.socket | None = None) -> None:
        """Begins no more sessions; `done` is called once the last one has ended. The socket stays open for
        the process that comes next, if it has it too; at `listener` this one can be asked from now on.
        """
        self._drained = done
        if self._spare is not None:
            self._spare.end()
        if self._listener is not None:
            self.loop.forget(self._listener.fileno())
            self._listener.close()
        self._listener = listener
        if listener is not None:
            listener.setblocking(False)
            self._let_in()
        self._see_if_drained()

    def stop(self, done: Callable[[], object]) -> None:
        """The same, and asks all sessions to end."""
        self.drain(done)
        for guest in list(self.guests.values()):
            self.end(guest, STOPPED)

    def _see_if_drained(self) -> None:
        if self._drained is not None and not self.guests:
            self._drained()

    def status(self) -> dict[str, Any]:
        """The sessions and the last refusals, as `rhythm host status` shows them."""
        return {
            "pid": os.getpid(),
            "most": self._limits.sessions,
            "closing": self.closing or self._drained is not None,
            "spare": self._spare is not None and self._spare.ready,
            "sessions": [
                {
                    "key": guest.key,
                    "pid": guest.pid,
                    "began": guest.began,
                    "idle": round(guest.idle),
                    "command": guest.command and guest.command[:_TOLD],
                    "terminal": guest.terminal,
                }
                for guest in self.guests.values()
            ],
            "refusals": list(self._refusals),
        }


def check_alone() -> None:
    """Raises `RuntimeError` if this process has a second thread: a fork would lose it with all it holds."""
    if len(list(Path("/proc/self/task").iterdir())) != 1:
        raise RuntimeError("the host process has threads, and must not")


def _terminal(descriptor: int) -> str:
    """The path of a terminal; empty for what is none."""
    try:
        return os.ttyname(descriptor)
    except OSError:
        return ""


def _peer(line: socket.socket) -> int:
    """The user that is at the other end."""
    credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, user, _ = struct.unpack("3i", credentials)
    return int(user)
