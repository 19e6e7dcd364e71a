"""What the host of a shared instance asks and says, by the role of the day's work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import Forbidden, Invalid
from rhythm_domain.migrate import grant
from rhythm_domain.models.drafts import IssueDraft
from rhythm_domain.session import Tracker
from tests.conftest import Postgres
from tests.instances import Team


@pytest.fixture
async def tracker(team: Team, conninfo: str, postgres: Postgres) -> AsyncIterator[Tracker]:
    """The instance as the host has it: with no more rights than the day's work needs."""
    database = str(psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"])
    role = f"host_of_{database}"
    with postgres.admin() as admin:
        admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
    grant(conninfo, role)
    db = Database(psycopg.conninfo.make_conninfo(conninfo, user=role))
    yield Tracker(db)
    await db.close()
    with postgres.admin(database) as admin:
        admin.execute(f'DROP OWNED BY "{role}"'.encode())
        admin.execute(f'DROP ROLE "{role}"'.encode())


async def test_a_read_only_instance_refuses_all_writes_until_it_is_none_any_more(
    team: Team, tracker: Tracker
) -> None:
    await team.member.issues.create("CORE", IssueDraft(title="x"))
    await tracker.hosting.set_read_only(True)
    for who in (team.member, team.owner, team.admin):
        with pytest.raises(Forbidden, match="read-only at the moment"):
            await who.issues.create("CORE", IssueDraft(title="y"))
    assert (await team.viewer.issues.show("CORE-1")).title == "x"
    await tracker.hosting.set_read_only(False)
    await team.member.issues.create("CORE", IssueDraft(title="y"))


async def test_keys_are_told_by_whose_they_are(team: Team, tracker: Tracker) -> None:
    key = team.instance.value(
        "INSERT INTO ssh_keys (user_id, name, kind, fingerprint, public_key)"
        " VALUES (%s, 'laptop', 'ssh-ed25519', 'SHA256:x', 'ssh-ed25519 AAAA') RETURNING id",
        team.member.user.id,
    )
    assert await tracker.hosting.people([key, 999_999]) == {key: ("mia", "laptop")}


@pytest.mark.parametrize("words", ["", "  ", "x" * 501, "two\nlines", "\x1b[31mred"])
async def test_an_announcement_is_a_line(tracker: Tracker, words: str) -> None:
    with pytest.raises(Invalid):
        await tracker.hosting.announce(words)
