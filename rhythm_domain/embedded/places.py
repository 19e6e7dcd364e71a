"""Where the embedded server lives, and as whom it runs.

For an ordinary person that is simple: a folder of theirs, and they themselves. PostgreSQL refuses to run as
root, so for root it runs as another account, which must reach the data, the socket and the programs. What it
can't reach (because it lies in root's home, say) gets a place of its own under `ROOT_HOME`. No folder that
exists already ever has its permissions changed.
"""

from __future__ import annotations

import os
import pwd
import stat
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from rhythm_domain.errors import Unavailable

ROOT_HOME = Path("/var/lib/rhythm")
ROOT_ACCOUNTS = ("postgres", "rhythm", "nobody")
"""Where Rhythm is shared over SSH, `rhythm` is the account of all its guests."""
PORT = 5432
"""No TCP port: it is part of the socket's name."""

SOCKET_LIMIT = 107
"""Bytes of a unix socket's path, from sun_path in unix(7) without its final NUL."""


class Account(NamedTuple):
    """The user and the group that the server runs as."""

    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Say whether the account may enter every folder on the way to `path`, itself included.

        What does not exist yet is no obstacle. Other rights than the classic nine bits are not looked at.
        """
        for step in (path, *path.parents):
            try:
                found = step.stat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
            if not found.st_mode >> shift & 1:
                return False
        return True


def default_home() -> Path:
    """Return the folder of the embedded server of the person who runs this process."""
    if os.geteuid() == 0:
        return ROOT_HOME / "postgres"
    from platformdirs import user_data_path

    return user_data_path("rhythm") / "postgres"


def settle(home: Path) -> tuple[Path, Account]:
    """Return where the server of `home` lives, and the account that runs it.

    For root: where data exists already, as its owner; else as the first of `ROOT_ACCOUNTS` that exists, in
    `home` if that account can reach it, and in a folder under `ROOT_HOME` named after `home` if it can't.
    """
    home = Path(os.path.abspath(home))  # noqa: PTH100 - Path.resolve() would follow symbolic links.
    if os.geteuid() != 0:
        return home, Account(os.geteuid(), os.getegid())
    elsewhere = ROOT_HOME / digest(home)
    for place in (home, elsewhere):
        if (place / "data").exists():
            found = (place / "data").stat()
            return place, Account(found.st_uid, found.st_gid)
    for name in ROOT_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        account = Account(entry.pw_uid, entry.pw_gid)
        return (home if account.reaches(home) else elsewhere), account
    raise Unavailable(
        "PostgreSQL does not run as root, and there is no other account for it.",
        hint="Run rhythm as an ordinary user, or create a system user named `rhythm`.",
    )


def make_home(home: Path, account: Account) -> None:
    """Create the folder `home`, 0700 and the account's own, unless it exists; and the way to it."""
    if home.is_dir():
        return
    for folder in reversed(home.parents):
        if not folder.is_dir():
            _make_at_once(folder, 0o755 if os.geteuid() == 0 else 0o700, os.geteuid(), os.getegid())
    _make_at_once(home, 0o700, account.uid, account.gid)


def _make_at_once(folder: Path, mode: int, uid: int, gid: int) -> None:
    """Create a folder that nobody ever sees with another owner or mode: they would settle elsewhere."""
    from tempfile import mkdtemp

    draft = Path(mkdtemp(dir=folder.parent))
    # What was opened stays what it is, whatever the owner of the parent puts in its place meanwhile.
    made = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(made, mode)
        os.fchown(made, uid, gid)
    finally:
        os.close(made)
    try:
        draft.rename(folder)
    except OSError:
        draft.rmdir()
        if not folder.is_dir():  # Else another process was faster.
            raise


def socket_folder(home: Path, account: Account) -> Path:
    """Return the folder of the server's socket: `home`/run, or a short one under /tmp.

    The short one is for a home too deep for a socket's path, and for one with a comma, which separates hosts
    in a connection string. Its name depends on nothing but user and home: all processes of a person find it,
    whatever their environment.
    """
    folder = home / "run"
    if len(os.fsencode(socket_path(folder))) <= SOCKET_LIMIT and "," not in str(folder):
        return folder
    return Path("/tmp") / f"rhythm-{account.uid}-{digest(home)}"  # noqa: S108 - see make_private()


def socket_path(folder: Path, port: int = PORT) -> Path:
    """Return where PostgreSQL puts the socket of that port in `folder`."""
    return folder / f".s.PGSQL.{port}"


def make_private(folder: Path, account: Account) -> None:
    """Create `folder`, 0700 and the account's own, or make sure that this is what it is.

    Raises Unavailable if there is something else in that place: in a folder that all may write to, somebody
    might have prepared it.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        mine = found.st_uid == account.uid or (os.geteuid() == 0 == found.st_uid)
        if not stat.S_ISDIR(found.st_mode) or not mine or found.st_mode & 0o077:
            raise Unavailable(
                f"{folder} is not a private folder of the account that runs PostgreSQL.",
                hint="Move it away; rhythm makes a new one. Nobody else may have access to it (mode 0700).",
            ) from None
        if found.st_uid == account.uid:
            return
    os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def digest(path: Path | str) -> str:
    """Return a short name that stands for a long one."""
    return sha256(os.fsencode(path)).hexdigest()[:12]
