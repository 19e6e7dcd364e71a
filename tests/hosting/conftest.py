"""A host: a database with people in it, its settings, and a real sshd before it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rhythm_domain.models import Status
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.session import Session
from rhythm_tui.hosting import keys
from rhythm_tui.hosting.install import sshd_settings
from rhythm_tui.hosting.settings import load
from tests.conftest import Postgres
from tests.databases import Databases
from tests.hosting.sshd import SSHD, Client, Key, Sshd, look_up, me, sessions_of
from tests.instances import Team
from tests.servers import reachable_folder


@dataclass
class Host:
    """A shared instance, to come in to."""

    team: Team
    folder: Path
    file: Path
    sshd: Sshd

    def sessions(self) -> set[int]:
        """The processes of this host's sessions."""
        return sessions_of(self.file)

    async def issue(self, title: str) -> None:
        """An issue of CORE, by its owner."""
        await self.team.owner.issues.create("CORE", IssueDraft(title=title, status=Status.TODO))

    def client(self, *keys: Key) -> Client:
        """Somebody with these keys."""
        return Client(self.sshd, keys)

    async def person(self, session: Session, name: str = "laptop") -> Client:
        """Somebody who comes in by a key of their own."""
        return self.client(await self.key(session, name))

    async def key(self, session: Session, name: str = "laptop", *, secret: str = "") -> Key:
        """A new key of somebody's, known to the instance."""
        key = Key.made(self.folder, f"{session.user.name}-{name}", secret=secret)
        added = await session.people.add_ssh_key(name, key.public)
        with self.known.open("a") as known:
            known.write(f"{keys.line(added, load(self.file))}\n")
        return key

    @property
    def known(self) -> Path:
        """A file of all keys, for an sshd that asks nobody else."""
        return self.folder / "known"


@pytest.fixture
def conninfo(postgres: Postgres, databases: Databases) -> Iterator[str]:
    """A database that nobody had before: a session of another host that is ending could still ask for it."""
    name = databases.copy()
    yield postgres.conninfo(name)
    databases.drop(name)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the host's."""
    made = reachable_folder()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def asks(folder: Path) -> str:
    """What sshd runs to ask whose a key is."""
    return look_up(folder / "host.toml")


@pytest.fixture
def host(team: Team, conninfo: str, folder: Path, asks: str) -> Iterator[Host]:
    """The team's instance, shared."""
    if SSHD is None:
        pytest.skip("there is no sshd here: install openssh-server")
    file = folder / "host.toml"
    nowhere = json.dumps(str(folder / "run"))  # No resident process of this machine has a part in it.
    file.write_text(f'name = "Our Rhythm"\ndatabase_url = {json.dumps(conninfo)}\nrun_dir = {nowhere}\n')
    file.chmod(0o600)
    sshd = Sshd(folder, sshd_settings(asks, me()))
    sshd.start()
    yield Host(team, folder, file, sshd)
    sshd.stop()
