"""A data folder of PostgreSQL: created whole or not at all, and brought to the major version in use.

Whatever is made is made in a folder beside its place and renamed when it is complete and on disk: an
interruption, even of the power, leaves either what was there before or what was to be.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from rhythm_domain.embedded.programs import Programs, binaries, reachable
from rhythm_domain.errors import Unavailable

# Whoever reaches the socket is let in under any name: its folder is 0700, so that is its owner, who could
# read and write the data files as well; no password would guard more. TCP is off, and would be refused.
ACCESS = ("--auth-local=trust", "--auth-host=reject")

# The database's owner is no superuser; the bootstrap role is. In single-user mode a line is a statement.
BOOTSTRAP = "CREATE ROLE rhythm LOGIN\nCREATE DATABASE rhythm OWNER rhythm\n"


class Cluster(NamedTuple):
    """The data folder of `programs.home`. Its methods are for whoever holds the lock `programs.lock`.

    `sockets` is a private folder for the sockets of an upgrade's servers, `sync` whether to wait until what
    was made is on the disk.
    """

    programs: Programs
    sockets: Path
    sync: bool

    @property
    def data(self) -> Path:
        return self.programs.home / "data"

    @property
    def _upgraded(self) -> Path:
        return self.programs.home / "data.upgraded"

    def prepare(self) -> None:
        """Create the data folder, or upgrade an older one. Raises Unavailable if that can't be done."""
        if self._upgraded.exists() and not self.data.exists():
            self._upgraded.rename(self.data)  # An upgrade was interrupted between its last two steps.
        if not self.data.exists():
            self._create().rename(self.data)
            return
        have, want = self._version(), self.programs.major()
        if have > want:
            raise Unavailable(
                f"{self.data} was made by PostgreSQL {have}, and this rhythm brings PostgreSQL {want}.",
                hint="Install the newer rhythm again that made it.",
            )
        self._forget_crash()
        if have < want:
            self._upgrade(have)

    def _create(self) -> Path:
        """Return a new data folder, complete with the role and the database `rhythm`, and on disk."""
        draft = self.programs.home / "data.new"
        _remove(draft)
        draft.mkdir(mode=0o700)
        # Never through a link: for root the folder above is another account's.
        os.chown(draft, self.programs.account.uid, self.programs.account.gid, follow_symlinks=False)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.programs.major() < 17:  # The built-in provider came with 17.
            locale = ["--locale=C.UTF-8"]
        place = f"--pgdata={draft}"
        self.programs.run(
            "initdb", place, "--encoding=UTF8", *locale, *ACCESS, "--username=postgres", "--no-sync"
        )
        options = ["-c", "fsync=off", "-c", "exit_on_error=on"]
        self.programs.run("postgres", "--single", "-D", str(draft), *options, "postgres", text=BOOTSTRAP)
        self._sync(draft)
        return draft

    def _upgrade(self, old: int) -> None:
        """Dump the data of major version `old`, restore it into a new folder, keep the old one beside it."""
        new = self.programs
        source = new._replace(bindir=reachable(binaries(old), new.account))
        _remove(self._upgraded)
        draft = self._create()
        with (
            source.serving(self.data, self.sockets, 1) as origin,
            new.serving(draft, self.sockets, 2) as target,
        ):
            # Roles that every cluster has can't be created again: those errors are of no importance.
            psql = ["psql", *target, "--no-psqlrc", "--quiet"]
            new.pipe(["pg_dumpall", *origin, "--roles-only"], [*psql, "--dbname=postgres"])
            load = [*psql, "--set=ON_ERROR_STOP=1", "--single-transaction", "--dbname=rhythm"]
            new.pipe(["pg_dump", *origin, "--dbname=rhythm"], load)
            new.run("vacuumdb", *target, "--analyze-only", "--quiet", "--dbname=rhythm")
        self._sync(draft)
        kept = self.programs.home / f"data-{old}"
        for number in range(2, 1000):
            if not kept.exists():
                break
            kept = self.programs.home / f"data-{old}.{number}"
        draft.rename(self._upgraded)
        self.data.rename(kept)
        self._upgraded.rename(self.data)

    def _sync(self, folder: Path) -> None:
        if self.sync:
            self.programs.run("initdb", "--sync-only", f"--pgdata={folder}")

    def _version(self) -> int:
        try:
            return int((self.data / "PG_VERSION").read_text())
        except (FileNotFoundError, ValueError):
            raise Unavailable(
                f"{self.data} is not a data folder of PostgreSQL.",
                hint="Move it away, or put it back as it was, then try again.",
            ) from None

    def _forget_crash(self) -> None:
        """Remove the process id of a server that is no more.

        PostgreSQL refuses to start while that id belongs to any process of the same user, as it easily does
        after a reboot. The lock tells that no server of ours is left. One that somebody started by hand would
        have this folder as its working directory, as every postmaster has.
        """
        pidfile = self.data / "postmaster.pid"
        try:
            pid = pidfile.read_text().split("\n", 1)[0]
        except FileNotFoundError:
            return
        try:
            alive = Path(f"/proc/{int(pid)}/cwd").samefile(self.data)
        except (OSError, ValueError):
            alive = False  # No such process, or another person's, or a file that was never finished.
        if alive:
            raise Unavailable(
                f"Another PostgreSQL (process {pid}) works on {self.data}.",
                hint="It was not started by rhythm: stop it, then try again.",
            )
        pidfile.unlink()


def _remove(folder: Path) -> None:
    if folder.exists():
        import shutil

        shutil.rmtree(folder)
