"""Signing in by a key that sshd saw signed, and what the app keeps for those who do."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import Busy, Forbidden, Invalid, NotSignedIn
from rhythm_domain.models.access import SignInKind, SshKey
from rhythm_domain.services import keys, notes
from rhythm_domain.services.accounts import Accounts, Limits
from rhythm_domain.session import Session, Tracker
from tests.domain.test_people import events, key
from tests.instances import Instance


@pytest.fixture
def accounts(db: Database) -> Accounts:
    return Tracker(db).accounts


@pytest.fixture
def ada(instance: Instance) -> Session:
    """An administrator."""
    return instance.person("ada", admin=True)


@pytest.fixture
def bob(instance: Instance) -> Session:
    """Somebody else."""
    return instance.person("bob")


@pytest.fixture
async def laptop(bob: Session) -> SshKey:
    """A key of bob's."""
    return await bob.people.add_ssh_key("laptop", key())


# Keys ---------------------------------------------------------------------------------------------------


async def test_a_key_opens_the_account_of_its_person(
    accounts: Accounts, laptop: SshKey, bob: Session
) -> None:
    """The session says by what and from where; the key when it was last used."""
    session = await accounts.by_key(laptop.id, source="192.0.2.7")
    assert (await session.people.me()).name == "bob"
    (own,) = [one for one in await session.people.sessions() if one.current]
    assert (own.kind, own.source) == (SignInKind.KEY, "192.0.2.7")
    assert own.expires_at is not None
    (used,) = await bob.people.ssh_keys()
    assert laptop.last_used_at is None
    assert used.last_used_at is not None


async def test_asking_for_a_key_is_no_sign_in(
    accounts: Accounts, laptop: SshKey, bob: Session, instance: Instance
) -> None:
    """It is asked for every key that is offered, before anything is signed."""
    assert await accounts.key(laptop.fingerprint) == laptop
    assert await accounts.key(laptop.fingerprint.lower()) is None
    assert await accounts.key("") is None
    assert await bob.people.ssh_keys() == (laptop,)
    assert instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0


async def test_what_is_closed_leaves_nothing(
    accounts: Accounts, laptop: SshKey, bob: Session, instance: Instance
) -> None:
    session = await accounts.by_key(laptop.id)
    await accounts.end(session)
    await accounts.end(bob)  # Not a session of a key: it stays.
    with pytest.raises(NotSignedIn):
        await session.people.me()
    assert (await bob.people.me()).name == "bob"
    assert instance.value("SELECT count(*) FROM sessions WHERE kind = 'key'") == 0


async def test_a_removed_key_ends_what_it_opened_and_opens_nothing(
    accounts: Accounts, laptop: SshKey, bob: Session
) -> None:
    other = await bob.people.add_ssh_key("desk", key(1))
    ended, stays = await accounts.by_key(laptop.id), await accounts.by_key(other.id)
    await bob.people.remove_ssh_key("laptop")
    assert await accounts.key(laptop.fingerprint) is None
    with pytest.raises(NotSignedIn, match="opens nothing any more"):
        await accounts.by_key(laptop.id)
    with pytest.raises(NotSignedIn):
        await ended.people.me()
    assert (await stays.people.me()).name == "bob"


async def test_nobody_has_any_number_of_keys(bob: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even by adding them at the same time."""
    monkeypatch.setattr(keys, "MOST", 3)
    adding = (bob.people.add_ssh_key(f"k{n}", key(n)) for n in range(6))
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert sum(isinstance(each, Invalid) for each in outcomes) == 3
    (first, *_, last) = await bob.people.ssh_keys()
    await bob.people.remove_ssh_key(first.name)
    added = await bob.people.add_ssh_key("another", key(6))
    with pytest.raises(Invalid, match="as many as one may have"):
        await bob.people.add_ssh_key("one more", key(7))
    found = await bob.people.ssh_keys()
    assert len(found) == 3
    assert {added, last} <= set(found)


async def test_who_is_deactivated_is_out_at_once_with_all_keys(
    accounts: Accounts, laptop: SshKey, ada: Session, bob: Session
) -> None:
    """Their sessions are over and their keys open nothing; reactivated, the keys do again."""
    session = await accounts.by_key(laptop.id)
    await ada.people.deactivate("bob")
    assert await accounts.key(laptop.fingerprint) is None
    for refused in (session.people.me(), accounts.by_key(laptop.id)):
        with pytest.raises(NotSignedIn):
            await refused
    await ada.people.reactivate("bob")
    with pytest.raises(NotSignedIn):
        await session.people.me()
    assert await accounts.key(laptop.fingerprint) is not None
    assert (await (await accounts.by_key(laptop.id)).people.me()).name == "bob"


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("how", ["key", "account"])
async def test_no_session_outlives_its_key_or_account_by_a_race(
    accounts: Accounts, laptop: SshKey, ada: Session, how: str, turn: int
) -> None:
    """Whoever signs in while the key is removed, or the account deactivated, is out or never in."""
    closing: Awaitable[object] = (
        ada.people.remove_ssh_key("laptop", "bob") if how == "key" else ada.people.deactivate("bob")
    )
    opening = accounts.by_key(laptop.id)
    opened, closed = await asyncio.gather(opening, closing, return_exceptions=True)
    assert not isinstance(closed, BaseException)
    if isinstance(opened, Session):
        with pytest.raises(NotSignedIn):
            await opened.people.me()
    else:
        assert isinstance(opened, NotSignedIn)


async def test_who_comes_by_key_for_the_first_time_takes_the_account(
    accounts: Accounts, ada: Session, instance: Instance
) -> None:
    """An administrator gave it with the key: no code and no password are needed."""
    await ada.people.add("cy")
    added = await ada.people.add_ssh_key("laptop", key(), "cy")
    for _ in range(2):
        session = await accounts.by_key(added.id)
        assert (await session.people.me()).claimed
    assert events(instance).count("user.joined") == 1


async def test_as_many_may_be_open_as_the_limits_say(
    accounts: Accounts, laptop: SshKey, ada: Session, instance: Instance
) -> None:
    other = await ada.people.add_ssh_key("desk", key(1))
    limits = Limits(of_person=2, of_all=3)
    first, _ = [await accounts.by_key(laptop.id, limits=limits) for _ in range(2)]
    with pytest.raises(Busy, match="You have 2 sessions open"):
        await accounts.by_key(laptop.id, limits=limits)
    await accounts.by_key(other.id, limits=limits)
    with pytest.raises(Busy, match="All 3 places"):
        await accounts.by_key(other.id, limits=limits)
    await accounts.end(first)
    await accounts.by_key(other.id, limits=limits)
    # Those whose processes died are soon counted no more, and are not kept for ever.
    instance.sql.execute("UPDATE sessions SET last_seen_at = now() - interval '11 minutes'")
    await accounts.by_key(laptop.id, limits=limits)
    instance.sql.execute("UPDATE sessions SET last_seen_at = now() - interval '2 hours' WHERE kind = 'key'")
    await accounts.by_key(laptop.id, limits=limits)
    assert instance.value("SELECT count(*) FROM sessions WHERE user_id = %s", laptop.user_id) == 2


async def test_a_session_of_a_key_ends_after_the_longest_time(accounts: Accounts, laptop: SshKey) -> None:
    session = await accounts.by_key(laptop.id, limits=Limits(longest=timedelta(seconds=0)))
    with pytest.raises(NotSignedIn):
        await session.people.me()


# Notes --------------------------------------------------------------------------------------------------


async def test_notes_are_kept_by_kind_and_name_for_their_person_alone(ada: Session, bob: Session) -> None:
    await bob.notes.keep("drafts", "comment CORE-1", '"so far"')
    await bob.notes.keep("drafts", "new CORE", '"a title"')
    await bob.notes.keep("app", "view", '"board"')
    await bob.notes.keep("drafts", "comment CORE-1", '"further"')
    assert list((await bob.notes.read("drafts")).items()) == [
        ("new CORE", '"a title"'),
        ("comment CORE-1", '"further"'),
    ]
    await bob.notes.keep("drafts", "new CORE", None)
    await bob.notes.keep("drafts", "new CORE", None)
    assert await bob.notes.read("drafts") == {"comment CORE-1": '"further"'}
    assert await bob.notes.read("app") == {"view": '"board"'}
    assert await ada.notes.read("drafts") == {}


async def test_nobody_fills_the_database_with_notes(
    bob: Session, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room for so many, and each may be so long; one that is there can always be written anew."""
    monkeypatch.setattr(notes, "MOST", 2)
    for name in ("a", "b"):
        await bob.notes.keep("drafts", name, "1")
    with pytest.raises(Invalid, match="no more are kept"):
        await bob.notes.keep("app", "c", "1")
    await bob.notes.keep("drafts", "b", "2")
    with pytest.raises(Invalid, match="bytes"):
        await bob.notes.keep("drafts", "b", "€" * (notes.LONGEST // 3 + 1))
    monkeypatch.setattr(notes, "ROOM", notes.LONGEST)
    await bob.notes.keep("drafts", "b", "€" * (notes.LONGEST // 3))
    with pytest.raises(Invalid, match="no more are kept"):
        await bob.notes.keep("drafts", "a", "longer")
    await bob.notes.keep("drafts", "b", "short")
    await bob.notes.keep("drafts", "a", "longer")
    assert events(instance) == []


async def test_notes_wait_while_the_instance_is_read_only(bob: Session, instance: Instance) -> None:
    instance.sql.execute("UPDATE instance SET read_only = true")
    with pytest.raises(Forbidden):
        await bob.notes.keep("drafts", "a", "1")


# Proofs -------------------------------------------------------------------------------------------------

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")


def signed(folder: Path, said: str, namespace: str = "rhythm") -> tuple[str, str]:
    """A new key's public half, and something that was signed by it."""
    file = folder / f"key-{said}-{namespace}"
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "desk", "-f", str(file)]
    subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(file)]
    done = subprocess.run(sign, input=f"{said}\n", capture_output=True, text=True, check=True)
    return Path(f"{file}.pub").read_text(), done.stdout


@needs_ssh_keygen
async def test_who_came_by_a_key_shows_that_another_is_theirs(
    accounts: Accounts, laptop: SshKey, ada: Session, tmp_path: Path
) -> None:
    """A public key is no secret: with somebody else's nobody may stand in their way."""
    bob = await accounts.by_key(laptop.id)
    public, proof = signed(tmp_path, "bob")
    with pytest.raises(Invalid, match="Show that this key is yours") as refused:
        await bob.people.add_ssh_key("desk", public)
    assert "echo bob | ssh-keygen -Y sign -n rhythm" in refused.value.hint
    for said, namespace in (("ada", "rhythm"), ("bob", "file")):
        with pytest.raises(Invalid, match="not one of your name"):
            await bob.people.add_ssh_key("desk", signed(tmp_path, said, namespace)[1])
    for damaged in (proof[:-90], proof.replace("\n", "\n#", 2), proof.splitlines()[0], f"{proof}\n{proof}"):
        with pytest.raises(Invalid, match=r"damaged|not one of your name"):
            await bob.people.add_ssh_key("desk", damaged)
    added = await bob.people.add_ssh_key("desk", proof)
    assert public.startswith(f"{added.kind} ")
    assert (await accounts.by_key(added.id)).user.name == "bob"
    # Administrators answer for others, as they do for accounts.
    await ada.people.add_ssh_key("work", key(5), "bob")
