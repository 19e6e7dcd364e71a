"""A PostgreSQL of one test's own, to be killed, frozen and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import sleep

from rhythm_domain.embedded.server import EmbeddedServer
from rhythm_domain.migrate import migrate

SHARED_FOLDER = "TESTS_OF_RHYTHM_FOLDER"
"""The variable by which the workers of a run know the folder of its server."""


def reachable_folder(parent: str | None = None) -> Path:
    """Return a new folder that the server's account can reach, for when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="rhythm tests ", dir=parent))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    return folder


def debian_programs() -> Path | None:
    version = os.environ.get("RHYTHM_TEST_POSTGRES")
    return Path(f"/usr/lib/postgresql/{version}/bin") if version else None


@cache
def _made() -> Path:
    """A server's folder with the whole schema, to be copied: that costs a tenth of making one."""
    home = reachable_folder(os.environ.get(SHARED_FOLDER)) / "postgres"
    server = EmbeddedServer(home, fsync=False, grace=0.1, bindir=debian_programs())
    migrate(server.start())
    server.release()
    server.stop()
    return home


class Server:
    """A PostgreSQL of one test's own, to be mistreated."""

    def __init__(self, home: Path) -> None:
        subprocess.run(["cp", "-a", _made(), home], check=True)
        self.embedded = EmbeddedServer(home, fsync=False, grace=60, bindir=debian_programs())
        self.conninfo = self.embedded.start()
        self._frozen: list[int] = []

    @property
    def pids(self) -> list[int]:
        """The postmaster and all its children."""
        postmaster = self.embedded.status().pid
        assert postmaster
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]

    def freeze(self) -> None:
        """The postmaster first, so that its children become no more; one may end meanwhile."""
        self._frozen = self.pids[:1]
        os.kill(self._frozen[0], signal.SIGSTOP)
        self._frozen = self.pids
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for pid in reversed(self._frozen):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def kill(self) -> None:
        """As a crash: the postmaster first, so that it restarts nobody. Returns when all are gone."""
        pids = self.pids
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(alive(pid) for pid in pids):
            sleep(0.01)


def alive(pid: int) -> bool:
    """Whether a process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
