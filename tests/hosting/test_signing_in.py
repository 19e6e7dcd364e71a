"""Coming in: whose key signed says who it is, and nothing else does."""

from __future__ import annotations

import json

from tests.hosting.conftest import Host
from tests.hosting.sshd import Client, Key

DENIED = 255
"""The exit code of an ssh client that did not get in."""


def name(client: Client) -> str:
    """Who somebody is at the host."""
    done = client.run("whoami --json")
    assert done.returncode == 0, done.stderr + client.sshd.log
    said = json.loads(done.stdout)["name"]
    assert isinstance(said, str)
    return said


async def test_a_key_signs_its_person_in(host: Host) -> None:
    """Each has their own, and may have several."""
    mia, vic = await host.person(host.team.member), await host.person(host.team.viewer)
    desk = await host.person(host.team.member, "desk")
    assert [name(each) for each in (mia, vic, desk)] == ["mia", "vic", "mia"]


async def test_a_key_that_nobody_has_is_refused(host: Host) -> None:
    stranger = host.client(Key.made(host.folder, "stranger"))
    done = stranger.run("whoami")
    assert (done.returncode, done.stdout) == (DENIED, "")


async def test_it_is_whose_key_signed_not_whose_was_offered(host: Host) -> None:
    """Olga's public key is known to the client, but not her private one: it is offered, and never signs."""
    offered = await host.key(host.team.owner, secret="never given")
    signed = await host.key(host.team.viewer)
    assert host.client(offered).run("whoami").returncode == DENIED
    assert name(host.client(offered, signed)) == "vic"
    assert "Postponed publickey" in host.sshd.log or "Accepted key" in host.sshd.log
    (kept,) = await host.team.owner.people.ssh_keys()
    assert kept.last_used_at is None


async def test_no_name_no_variable_and_no_words_make_somebody_else_of_one(host: Host) -> None:
    """Whatever the client sends; here sshd is careless and lets all variables in."""
    token = (await host.team.admin.people.create_token("all"))[1]
    mia = await host.person(host.team.member)
    mia.env = {
        "RHYTHM_TOKEN": token,
        "RHYTHM_DATABASE_URL": "postgresql:///elsewhere",
        "RHYTHM_HOST": "x",
        "PGUSER": "postgres",
        "PGOPTIONS": "--search_path=pg_catalog",
        "PYTHONPATH": "/nowhere",
        "PYTHONINSPECT": "1",
        "PYTHONSTARTUP": "/nowhere/x.py",
        "TEXTUAL_DRIVER": "antigravity:This",
        "SSH_ORIGINAL_COMMAND_": "token create x",
        "HOME": str(host.folder),
        "XDG_CONFIG_HOME": "/nowhere",
        "_RHYTHM_COMPLETE": "bash_source",
    }
    mia.options = [f"-oSendEnv={each}" for each in mia.env if each != "HOME"]
    assert name(mia) == "mia"


async def test_a_removed_key_opens_nothing(host: Host) -> None:
    mia = await host.person(host.team.member)
    assert name(mia) == "mia"
    await host.team.member.people.remove_ssh_key("laptop")
    assert mia.run("whoami").returncode == DENIED


async def test_who_is_deactivated_does_not_come_in(host: Host) -> None:
    mia = await host.person(host.team.member)
    await host.team.admin.people.deactivate("mia")
    assert mia.run("whoami").returncode == DENIED


async def test_sessions_leave_nothing_behind(host: Host) -> None:
    with (await host.person(host.team.member)).kept() as mia:
        assert mia.run("issue list").returncode == 0
        assert mia.run("issue show NOPE-1").returncode == 5
    assert host.team.instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0
    assert host.team.instance.value("SELECT last_used_at IS NOT NULL FROM ssh_keys")
