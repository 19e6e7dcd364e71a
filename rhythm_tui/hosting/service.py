"""`rhythm host serve`: the resident process and its hub, from start to stop, and over to the next version.

SIGTERM stops it: people are told, then their sessions end. SIGHUP begins a new process of the program as it
is installed now; once that one is ready, new sessions are its own, and this one ends with its last, or when
the one that serves then is stopped. Under systemd it says READY, STOPPING and which process is the main one
(sd_notify(3)).
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

from rhythm_domain.errors import Busy, Invalid, RhythmError
from rhythm_tui.hosting import settings
from rhythm_tui.hosting.control import ask, tell
from rhythm_tui.hosting.hub_process import HubProcess
from rhythm_tui.hosting.limits import Limits
from rhythm_tui.hosting.loop import Loop
from rhythm_tui.hosting.merging import let_merge
from rhythm_tui.hosting.resident import Resident, check_alone
from rhythm_tui.hosting.session import serve
from rhythm_tui.hosting.settings import Host
from rhythm_tui.hosting.warmth import warm_again, warm_up

BACKLOG = 512

log = logging.getLogger("rhythm.host")


def run(file: Path, *, listener: int | None = None, ready: int | None = None) -> int:
    """Serves until it is stopped; the exit code. `listener` and `ready` are of the process before this one:
    its socket, and a pipe to say that it can go.

    Raises `Busy` if another process serves here already, `Invalid` for what is wrong in the settings.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("rhythm").setLevel(logging.INFO)
    host = settings.load(file)
    if listener is None:
        _only_one(host)
    else:
        _be_nobodys_child()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.umask(0o077)
    warm_up()
    if host.merge_memory:
        let_merge()
    check_alone()
    taken = _bound(host.socket) if listener is None else socket.socket(fileno=listener)
    Service(host, taken, ready).run()
    return 0


class Service:
    """One resident process."""

    def __init__(self, host: Host, listener: socket.socket, ready: int | None) -> None:
        self._host, self._listener = host, listener
        self._limits = limits(host)
        self.loop = Loop()
        begin = partial(serve, host=lambda: host, counted=True)
        self.resident = Resident(listener, begin, self._limits, self.loop, warm_again)
        self.hub = HubProcess(self.loop, _bound(host.hub), host)
        self._handing_over = False
        self._waits_for: set[int] = set()
        """Earlier processes that are not gone yet, as descriptors."""
        self.resident.on_stop = self._give_way
        self.loop.on_signal(signal.SIGTERM, self.stop)
        self.loop.on_signal(signal.SIGINT, self.stop)
        self.loop.on_signal(signal.SIGHUP, self.upgrade)
        _notify(f"MAINPID={os.getpid()}\nREADY=1")
        if ready is not None:
            os.write(ready, str(os.getpid()).encode())
            os.close(ready)
        log.info("serving %s at %s", host.name, host.socket)

    def run(self) -> None:
        """Until it was stopped, or its last session has ended."""
        self.loop.run()
        self.hub.end()
        self._host.earlier(os.getpid()).unlink(missing_ok=True)

    def _done(self) -> None:
        self.loop.stopped = not (self.resident.guests or self._waits_for)

    def stop(self) -> None:
        """Tells people, then ends their sessions and those of earlier processes. Asked twice, at once."""
        if not self.resident.closing:
            _notify("STOPPING=1")
        for path in self._host.residents[1:]:
            self._stop_earlier(path)
        if not self.resident.closing and (self.resident.guests or self._waits_for):
            words = f"Rhythm stops in {self._limits.notice:g} seconds. Come back in a while."
            tell(self._host.hub, "say", words)
        self._give_way()

    def _give_way(self) -> None:
        """Ends its sessions, when people have had the time to read why. Asked twice, at once."""
        if self.resident.closing or not self.resident.guests:
            self.resident.stop(self._done)
        else:
            self.loop.after(self._limits.notice, lambda: self.resident.stop(self._done))
        self.resident.closing = True

    def _stop_earlier(self, path: Path) -> None:
        """Has an earlier process stop, and waits for its end: whoever began this one ends what is left."""
        pid = int(path.stem.rpartition("-")[2])
        if not tell(path, "stop"):
            return
        with suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            self._waits_for.add(process)
            self.loop.watch(process, lambda: self._gone(process))

    def _gone(self, process: int) -> None:
        self.loop.forget(process)
        os.close(process)
        self._waits_for.discard(process)
        if self.resident.closing:
            self._done()

    def upgrade(self) -> None:
        """Begins the program as it is installed now, and hands over to it once it is ready."""
        if self._handing_over or self.resident.closing:
            return
        heard, said = os.pipe()
        given = (self._listener.fileno(), said)
        try:
            process = subprocess.Popen(  # noqa: S603 - the program itself
                [
                    *(sys.executable, "-I", "-m", "rhythm_tui", "host", "serve", "--config", self._host.file),
                    *("--listener", str(given[0]), "--ready", str(given[1])),
                    *(["--as-root"] if os.geteuid() == 0 else []),
                ],
                pass_fds=given,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            log.error("the next process can't be started: %s", error.strerror)
            os.close(heard)
            return
        finally:
            os.close(said)
        self._handing_over = True
        self.loop.watch(heard, lambda: self._hand_over(heard, process))

    def _hand_over(self, heard: int, process: subprocess.Popen[bytes]) -> None:
        self.loop.forget(heard)
        pid = os.read(heard, 20).decode()
        os.close(heard)
        process.wait()  # What was begun has only begun the one that serves, see `_be_nobodys_child`.
        if pid:
            left = len(self.resident.guests)
            log.info("process %s serves from now on; sessions left here: %d", pid, left)
            self.loop.on_signal(signal.SIGTERM, self._give_way)
            self.loop.on_signal(signal.SIGINT, self._give_way)
            self.resident.drain(self._done, _bound(self._host.earlier(os.getpid())))
        else:
            log.error("the next process failed; this one goes on")
            self._handing_over = False


def limits(host: Host) -> Limits:
    """The limits of the settings."""
    given = host.limits
    return Limits(
        sessions=given.sessions,
        sessions_per_person=given.sessions_per_person,
        idle=given.idle.total_seconds(),
        absolute=given.longest.total_seconds(),
    )


def _only_one(host: Host) -> None:
    try:
        ask(host.socket, "status")
    except RhythmError:
        return
    raise Busy(
        "A host process serves here already.",
        hint="`systemctl reload rhythm` has a new one take its place; `rhythm host status` shows it.",
    )


def _be_nobodys_child() -> None:
    """Goes on as a process whose parent has ended. The system's first process adopts it: where that is
    systemd, it then sees what becomes of it. A main process that is another's child it would not wait for
    when it stops the service, but kill at once with all sessions.
    """
    if os.fork() > 0:
        os._exit(0)


def _bound(path: Path) -> socket.socket:
    """A listening socket in the place of the one that is there, which goes on for who has it.

    Raises `Invalid` if anybody else could put another one there.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    found = path.parent.stat()
    if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
        raise Invalid(
            f"Others than its owner could change {path.parent}.",
            field="run_dir",
            hint="Whoever puts a socket of their own there is handed people's terminals.",
        )
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    made.bind(str(new))
    new.chmod(0o600)
    made.listen(BACKLOG)
    new.rename(path)
    return made


def _notify(state: str) -> None:
    """Tells systemd, if it wants to know."""
    if place := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.connect(f"\0{place[1:]}" if place.startswith("@") else place)
            line.send(state.encode())
