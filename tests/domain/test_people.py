"""Accounts of people who are signed in: the directory, their own, and what administrators do with others'."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from rhythm_domain.database import Database
from rhythm_domain.errors import (
    AlreadyExists,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    RhythmError,
    SignInFailed,
)
from rhythm_domain.models import Role, User
from rhythm_domain.models.access import SignInKind
from rhythm_domain.services.accounts import Accounts
from rhythm_domain.session import Session, Tracker
from tests.instances import Instance, Team

GOOD = "correct horse battery staple"
BETTER = "better horse battery staple"


pytestmark = pytest.mark.usefixtures("cheap_hashes")


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


def events(instance: Instance) -> list[str]:
    return [row["kind"] for row in instance.sql.execute("SELECT kind FROM events ORDER BY seq")]


def key(fill: int = 0) -> str:
    fields = (b"ssh-ed25519", bytes([fill]) * 32)
    blob = b"".join(len(field).to_bytes(4) + field for field in fields)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


# The directory and one's own account --------------------------------------------------------------------


async def test_anybody_sees_the_directory_of_active_people(
    ada: Session, bob: Session, instance: Instance
) -> None:
    """By the beginning of a name or of a word of the full name."""
    instance.person("gone", active=False)
    instance.sql.execute("UPDATE users SET display_name = 'Ada King Lovelace' WHERE name = 'ada'")
    assert [one.name for one in await bob.people.directory()] == ["ada", "bob"]
    for prefix in ("a", "@Ad", "lovel", "king love", " KING"):
        assert [one.name for one in await bob.people.directory(prefix)] == ["ada"]
    for prefix in ("da", "gone", "%", "a_", "a\0b"):
        assert await bob.people.directory(prefix) == ()


async def test_people_change_their_own_name_and_time_zone(bob: Session, instance: Instance) -> None:
    """Recorded with what was before; the same again is no change."""
    assert (await bob.people.set_display_name("  Bob Müller ")).display_name == "Bob Müller"
    assert (await bob.people.set_time_zone("Europe/Berlin")).time_zone == "Europe/Berlin"
    await bob.people.set_display_name("Bob Müller")
    await bob.people.set_time_zone("Europe/Berlin")
    assert events(instance) == ["user.edited"] * 2
    assert instance.value("SELECT before FROM events LIMIT 1") == {"id": bob.user.id, "display_name": "Bob"}
    me = await bob.people.me()
    assert (me.display_name, me.time_zone) == ("Bob Müller", "Europe/Berlin")


@pytest.mark.parametrize("zone", ["Berlin", "europe berlin", "/etc/passwd", "../UTC", "", "x" * 100, "a\0b"])
async def test_what_is_no_time_zone_is_refused(bob: Session, zone: str) -> None:
    with pytest.raises(Invalid) as refused:
        await bob.people.set_time_zone(zone)
    assert refused.value.field == "time_zone"
    assert "Europe/Berlin" in refused.value.hint or "berlin" not in zone.lower()


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[0m", "x" * 101])
async def test_what_is_no_full_name_is_refused(bob: Session, name: str) -> None:
    with pytest.raises(Invalid, match="display name"):
        await bob.people.set_display_name(name)


# Passwords ----------------------------------------------------------------------------------------------


async def joined(accounts: Accounts, ada: Session, name: str = "cy") -> tuple[Session, str]:
    """Somebody who joined with the password GOOD, and their session's token."""
    signed_in = await accounts.join((await ada.people.add(name))[1], GOOD)
    return signed_in.session, signed_in.token


async def test_changing_the_password_ends_the_other_sessions(
    accounts: Accounts, ada: Session, instance: Instance
) -> None:
    """At once; this one and the access tokens stay. Sent again, it happened already."""
    cy, _ = await joined(accounts, ada)
    other = await accounts.sign_in("cy", GOOD)
    _, token = await cy.people.create_token("ci")
    operation = uuid4()
    for _ in range(2):
        await cy.people.change_password(GOOD, BETTER, operation=operation)
    with pytest.raises(NotSignedIn):
        await other.session.people.me()
    await cy.people.me()
    await accounts.resume(token)
    await accounts.sign_in("cy", BETTER)
    with pytest.raises(SignInFailed):
        await accounts.sign_in("cy", GOOD)
    assert events(instance).count("user.password_changed") == 1


async def test_the_old_password_is_needed_and_can_not_be_guessed(
    accounts: Accounts, ada: Session, instance: Instance
) -> None:
    """Who finds an open terminal has five attempts, then waits; they don't keep the owner from signing in."""
    cy, _ = await joined(accounts, ada)
    for _ in range(5):
        with pytest.raises(Invalid) as refused:
            await cy.people.change_password("wrong", BETTER)
        assert refused.value.field == "old"
    with pytest.raises(SignInFailed, match="Too many"):
        await cy.people.change_password(GOOD, BETTER)
    await accounts.sign_in("cy", GOOD)
    instance.sql.execute("UPDATE sign_in_failures SET last_at = last_at - interval '1 minute'")
    await cy.people.change_password(GOOD, BETTER)


async def test_a_new_password_is_checked(accounts: Accounts, ada: Session) -> None:
    cy, _ = await joined(accounts, ada)
    for new in ("short", "password1", "x" * 1025):
        with pytest.raises(Invalid) as refused:
            await cy.people.change_password(GOOD, new)
        assert refused.value.field == "password"


async def test_of_two_changes_of_a_password_one_wins(accounts: Accounts, ada: Session) -> None:
    """The other is told that its old password is not the one."""
    cy, _ = await joined(accounts, ada)
    results = await asyncio.gather(
        *(cy.people.change_password(GOOD, new) for new in (BETTER, BETTER + "r")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Invalid", "NoneType"]


async def test_an_administrator_sets_a_password_and_everybody_is_out(
    accounts: Accounts, ada: Session, instance: Instance
) -> None:
    """Sessions and tokens end; a join code is void."""
    cy, _ = await joined(accounts, ada)
    _, token = await cy.people.create_token("ci")
    code = await ada.people.new_join_code("cy")
    assert (await ada.people.set_password("cy", BETTER)).name == "cy"
    with pytest.raises(NotSignedIn):
        await cy.people.me()
    with pytest.raises(NotSignedIn):
        await accounts.resume(token)
    with pytest.raises(SignInFailed):
        await accounts.join(code, BETTER)
    await accounts.sign_in("cy", BETTER)
    with pytest.raises(Invalid, match="too short"):
        await ada.people.set_password("cy", "short")


async def test_no_secret_is_in_the_history(accounts: Accounts, ada: Session, instance: Instance) -> None:
    """Neither passwords, hashes, tokens nor codes."""
    cy, session_token = await joined(accounts, ada)
    _, token = await cy.people.create_token("ci")
    await cy.people.change_password(GOOD, BETTER)
    code = await ada.people.new_join_code("cy")
    await ada.people.set_password("cy", GOOD)
    history = instance.value("SELECT string_agg(before::text || after::text, ' ') FROM events")
    for secret in (GOOD, BETTER, token, session_token, code, "argon2"):
        assert secret not in history


# Sessions -----------------------------------------------------------------------------------------------


async def test_people_see_and_end_their_sessions(accounts: Accounts, ada: Session) -> None:
    """The present one is marked, and kept unless that is asked for too."""
    cy, _ = await joined(accounts, ada)
    for source in ("cy@desk", "cy@phone"):
        await accounts.sign_in("cy", GOOD, source=source)
    await cy.people.create_token("ci")
    shown = await cy.people.sessions()
    assert sorted(one.source for one in shown) == ["", "cy@desk", "cy@phone"]
    assert [one.id for one in shown if one.current] == [cy.id]
    assert all(one.kind is SignInKind.PASSWORD and one.expires_at for one in shown)
    operation = uuid4()
    assert await cy.people.end_sessions(operation=operation) == 2
    assert await cy.people.end_sessions(operation=operation) == 2
    assert [one.id for one in await cy.people.sessions()] == [cy.id]
    assert await cy.people.end_sessions(keep_current=False) == 1
    with pytest.raises(NotSignedIn):
        await cy.people.sessions()


async def test_signing_out_ends_the_session(accounts: Accounts, ada: Session) -> None:
    """The token opens nothing any more."""
    cy, token = await joined(accounts, ada)
    await cy.people.sign_out()
    with pytest.raises(NotSignedIn):
        await cy.people.me()
    with pytest.raises(NotSignedIn):
        await accounts.resume(token)


async def test_there_is_nothing_to_sign_out_of_on_an_instance_of_ones_own(accounts: Accounts) -> None:
    owner = await accounts.local("root")
    with pytest.raises(Forbidden, match="your own"):
        await owner.people.sign_out()


async def test_administrators_see_and_end_the_sessions_of_others(
    accounts: Accounts, ada: Session, bob: Session
) -> None:
    """Their access tokens too."""
    cy, _ = await joined(accounts, ada)
    _, token = await cy.people.create_token("ci")
    assert [one.id for one in await ada.people.sessions_of("@Cy")] == [cy.id]
    assert await ada.people.end_sessions_of("cy") == 2
    assert await ada.people.sessions_of("cy") == ()
    with pytest.raises(NotSignedIn):
        await accounts.resume(token)
    await bob.people.me()


# Access tokens ------------------------------------------------------------------------------------------


async def test_a_token_acts_for_its_person_until_it_is_revoked(
    accounts: Accounts, bob: Session, instance: Instance
) -> None:
    """It has a name and an end, and knows when it was used."""
    made, token = await bob.people.create_token("ci", 30)
    assert token.startswith("rha_")
    assert made.expires_at
    assert (made.expires_at - made.created_at).days == 30
    assert (made.last_used_at, made.revoked_at, made.read_only) == (None, None, False)
    script = await accounts.resume(token)
    await script.people.set_display_name("Bob by script")
    [used] = await bob.people.tokens()
    assert used.last_used_at
    assert used.last_used_at > used.created_at
    await bob.people.revoke_token("ci")
    with pytest.raises(NotSignedIn):
        await script.people.me()
    [revoked] = await bob.people.tokens()
    assert revoked.revoked_at
    with pytest.raises(NotFound, match="no token named ci"):
        await bob.people.revoke_token("ci")
    assert events(instance) == ["user.token_created", "user.edited", "user.token_revoked"]


async def test_a_token_ends_on_its_day_and_frees_its_name(
    accounts: Accounts, bob: Session, instance: Instance
) -> None:
    _, token = await bob.people.create_token("ci", 1)
    with pytest.raises(AlreadyExists):
        await bob.people.create_token("ci")
    instance.sql.execute("UPDATE sessions SET expires_at = now() - interval '1 second' WHERE kind = 'token'")
    with pytest.raises(NotSignedIn):
        await accounts.resume(token)
    await bob.people.create_token("ci")
    assert len(await bob.people.tokens()) == 2


async def test_a_read_only_token_reads(accounts: Accounts, bob: Session) -> None:
    _, token = await bob.people.create_token("ci", read_only=True)
    script = await accounts.resume(token)
    await script.people.me()
    with pytest.raises(Forbidden, match="only read"):
        await script.people.set_display_name("Bob")


async def test_a_token_that_was_made_twice_is_made_once(accounts: Accounts, bob: Session) -> None:
    """The answer that came last is the one that is good."""
    operation = uuid4()
    first, lost = await bob.people.create_token("ci", operation=operation)
    second, token = await bob.people.create_token("ci", operation=operation)
    assert first.id == second.id
    await accounts.resume(token)
    with pytest.raises(NotSignedIn):
        await accounts.resume(lost)
    await bob.people.revoke_token("ci")
    _, late = await bob.people.create_token("ci", operation=operation)
    with pytest.raises(NotSignedIn):
        await accounts.resume(late)


@pytest.mark.parametrize("days", [0, -1, 367, 10**9])
async def test_a_token_lasts_at_most_a_year(bob: Session, days: int) -> None:
    with pytest.raises(Invalid, match="1 to 366 days"):
        await bob.people.create_token("ci", days)


MAKES_A_WAY_IN: list[Callable[[Session], Awaitable[object]]] = [
    lambda script: script.people.create_token("more"),
    lambda script: script.people.change_password("", GOOD),
    lambda script: script.people.add_ssh_key("laptop", key()),
    lambda script: script.people.set_password("bob", GOOD),
    lambda script: script.people.new_join_code("bob"),
    lambda script: script.people.set_admin("bob", True),
    lambda script: script.people.add("eve"),
    lambda script: script.people.add("eve", admin=True),
    lambda script: script.people.sign_out(),
]


@pytest.mark.parametrize("act", MAKES_A_WAY_IN)
async def test_who_finds_a_token_can_not_make_more_ways_in(
    accounts: Accounts, ada: Session, bob: Session, act: Callable[[Session], Awaitable[object]]
) -> None:
    """Not even with an administrator's: what it makes would outlive it."""
    _, token = await ada.people.create_token("ci")
    script = await accounts.resume(token)
    with pytest.raises(Forbidden, match="access token"):
        await act(script)


# Administration -----------------------------------------------------------------------------------------

ADMINISTRATION: list[Callable[[Session], Awaitable[object]]] = [
    lambda bob: bob.people.list(),
    lambda bob: bob.people.show("ada"),
    lambda bob: bob.people.add("cy"),
    lambda bob: bob.people.new_join_code("ada"),
    lambda bob: bob.people.deactivate("ada"),
    lambda bob: bob.people.reactivate("ada"),
    lambda bob: bob.people.set_admin("bob", True),
    lambda bob: bob.people.set_password("ada", GOOD),
    lambda bob: bob.people.sessions_of("ada"),
    lambda bob: bob.people.end_sessions_of("ada"),
    lambda bob: bob.people.ssh_keys("ada"),
    lambda bob: bob.people.add_ssh_key("laptop", key(), "ada"),
    lambda bob: bob.people.remove_ssh_key("laptop", "ada"),
]


@pytest.mark.parametrize("act", ADMINISTRATION)
async def test_only_administrators_manage_the_accounts_of_others(
    ada: Session, bob: Session, instance: Instance, act: Callable[[Session], Awaitable[object]]
) -> None:
    """Others are refused, and nothing changes."""
    before = instance.sql.execute("SELECT * FROM users ORDER BY id").fetchall()
    with pytest.raises(Forbidden, match="administrators"):
        await act(bob)
    assert instance.sql.execute("SELECT * FROM users ORDER BY id").fetchall() == before
    assert (await bob.people.show("bob")).name == "bob"


async def test_accounts_are_listed_in_pages(ada: Session, bob: Session, instance: Instance) -> None:
    """By name; the inactive ones on their own."""
    instance.person("gone", active=False)
    page = await ada.people.list(limit=2)
    assert [one.name for one in page.items] == ["ada", "bob"]
    rest = await ada.people.list(limit=2, cursor=page.next)
    assert ([one.name for one in rest.items], rest.next) == (["gone"], None)
    assert [one.name for one in (await ada.people.list(active=False)).items] == ["gone"]
    assert [one.name for one in (await ada.people.list(active=True)).items] == ["ada", "bob"]


async def test_nobody_of_that_name_is_answered_with_the_nearest(ada: Session, bob: Session) -> None:
    with pytest.raises(NotFound, match="nobody called bobb") as missing:
        await ada.people.show("@Bobb")
    assert missing.value.hint == "Did you mean bob?"


async def test_a_name_is_added_once(ada: Session, bob: Session, instance: Instance) -> None:
    """Taken names and what can't be one are refused; sent again it gives a code that works."""
    with pytest.raises(AlreadyExists):
        await ada.people.add("bob")
    with pytest.raises(Invalid):
        await ada.people.add("not a name")
    await ada.people.add("dan")
    with pytest.raises(AlreadyExists) as taken:
        await ada.people.add("dan")
    assert "rhythm user invite dan" in taken.value.hint
    operation = uuid4()
    user, lost = await ada.people.add("cy", "Cy", operation=operation)
    again, code = await ada.people.add("cy", "Cy", operation=operation)
    assert again == user
    assert (user.display_name, user.active, user.claimed, user.admin) == ("Cy", True, False, False)
    accounts = Tracker(instance.db).accounts
    with pytest.raises(SignInFailed):
        await accounts.join(lost, GOOD)
    await accounts.join(code, GOOD)
    with pytest.raises(AlreadyExists):
        await ada.people.add("cy")
    assert events(instance) == ["user.added", "user.added", "user.joined"]


async def test_an_imported_author_becomes_a_person(ada: Session, instance: Instance) -> None:
    """The same account, so that all that was theirs is theirs; the full name stays if none is given."""
    author = instance.value(
        "INSERT INTO users (name, display_name, active) VALUES ('ida', 'Ida Rhodes', false) RETURNING id"
    )
    user, code = await ada.people.add("ida")
    assert (user.id, user.display_name, user.active) == (author, "Ida Rhodes", True)
    assert (await Tracker(instance.db).accounts.join(code, GOOD)).session.user.id == author


async def test_who_left_is_reactivated_not_added_again(ada: Session, instance: Instance) -> None:
    instance.person("gone", active=False)
    with pytest.raises(AlreadyExists) as taken:
        await ada.people.add("gone")
    assert "rhythm user reactivate gone" in taken.value.hint
    for refused in (ada.people.new_join_code("gone"), ada.people.set_password("gone", GOOD)):
        with pytest.raises(Invalid, match="deactivated") as error:
            await refused
        assert "rhythm user reactivate gone" in error.value.hint
    assert (await ada.people.reactivate("gone")).active
    assert (await ada.people.reactivate("gone")).active
    assert events(instance) == ["user.reactivated"]


async def test_deactivation_ends_everything_at_once(
    accounts: Accounts, ada: Session, instance: Instance
) -> None:
    """Sessions, tokens, the join code, administration; after reactivation the password works again."""
    cy, token = await joined(accounts, ada)
    await ada.people.set_admin("cy", True)
    _, access = await cy.people.create_token("ci")
    code = await ada.people.new_join_code("cy")
    operation = uuid4()
    for _ in range(2):
        gone = await ada.people.deactivate("cy", operation=operation)
        assert (gone.active, gone.admin) == (False, False)
    await ada.people.deactivate("cy")
    assert events(instance).count("user.deactivated") == 1
    assert instance.value("SELECT before FROM events WHERE kind = 'user.deactivated'")["admin"] is True
    refused: list[Awaitable[object]] = [
        cy.people.me(),
        accounts.resume(token),
        accounts.resume(access),
        accounts.sign_in("cy", GOOD),
        accounts.join(code, BETTER),
    ]
    for one in refused:
        with pytest.raises((NotSignedIn, SignInFailed)):
            await one
    assert not (await ada.people.reactivate("cy")).admin
    await accounts.sign_in("cy", GOOD)
    with pytest.raises(NotSignedIn):
        await accounts.resume(access)


async def test_deactivating_an_owner_leaves_no_project_without_one(team: Team, instance: Instance) -> None:
    """The acting administrator becomes owner where none is left, recorded in each project."""
    shared = instance.project("SHARED", owner=team.owner)
    instance.join(shared, team.maintainer, Role.OWNER)
    viewed = instance.project("VIEWED", owner=team.owner, viewer=team.admin)
    left = instance.project("LEFT", owner=team.owner, viewer=team.admin)
    instance.sql.execute(
        "UPDATE project_members SET ended_at = now() WHERE role = 'viewer' AND project_id = %s", (left,)
    )
    await team.admin.people.deactivate("olga")
    owners = instance.sql.execute(
        "SELECT p.key, u.name FROM project_members m JOIN projects p ON p.id = m.project_id"
        " JOIN users u ON u.id = m.user_id"
        " WHERE m.role = 'owner' AND m.ended_at IS NULL AND u.active ORDER BY p.key"
    ).fetchall()
    assert {row["key"]: row["name"] for row in owners} == {
        "CORE": "ada", "LEFT": "ada", "SHARED": "max", "VIEWED": "ada",
    }  # fmt: skip
    recorded = instance.sql.execute(
        "SELECT project_id, kind, before ->> 'role' AS before, after ->> 'role' AS after"
        " FROM events WHERE project_id IS NOT NULL ORDER BY seq"
    ).fetchall()
    assert [tuple(row.values()) for row in recorded] == [
        (team.project_id, "member.added", None, "owner"),
        (viewed, "member.changed", "viewer", "owner"),
        (left, "member.added", None, "owner"),
    ]


async def test_an_owner_can_be_deactivated_while_the_other_one_leaves(team: Team, instance: Instance) -> None:
    """Whoever is first, the project has an active owner afterwards."""
    instance.join(team.project_id, team.outsider, Role.OWNER)
    results = await asyncio.gather(
        team.admin.people.deactivate("olga"),
        team.outsider.members.remove("CORE", "otto"),
        return_exceptions=True,
    )
    assert isinstance(results[0], User)
    assert instance.value(
        "SELECT count(*) FROM project_members m JOIN users u ON u.id = m.user_id"
        " WHERE m.role = 'owner' AND m.ended_at IS NULL AND u.active AND m.project_id = %s",
        team.project_id,
    )


async def test_an_administrator_who_leaves_hands_over_to_another(team: Team, instance: Instance) -> None:
    """Of the projects that they own alone."""
    instance.project("HERS", owner=team.admin)
    second = instance.person("bea", admin=True)
    await team.admin.people.deactivate("ada")
    assert (
        instance.value(
            "SELECT m.user_id FROM project_members m JOIN projects p ON p.id = m.project_id"
            " WHERE p.key = 'HERS' AND m.user_id <> %s",
            team.admin.user.id,
        )
        == second.user.id
    )


async def test_the_last_administrator_stays_one(ada: Session, instance: Instance) -> None:
    """One who is deactivated or has not joined yet does not count."""
    instance.person("gone", active=False)
    await ada.people.add("new", admin=True)
    for refused in (ada.people.deactivate("ada"), ada.people.set_admin("ada", False)):
        with pytest.raises(Invalid, match="ada is the last active administrator") as error:
            await refused
        assert "set-admin" in error.value.hint
    assert instance.value("SELECT admin AND active FROM users WHERE name = 'ada'")


@pytest.mark.parametrize("each_other", [True, False])
async def test_administrators_who_demote_at_once_leave_one(
    ada: Session, instance: Instance, each_other: bool
) -> None:
    """Each other or themselves: one of them loses."""
    bea = instance.person("bea", admin=True)
    first, second = ("bea", "ada") if each_other else ("ada", "bea")
    results = await asyncio.gather(
        ada.people.set_admin(first, False), bea.people.set_admin(second, False), return_exceptions=True
    )
    assert sum(isinstance(one, User) for one in results) == 1
    assert sum(isinstance(one, (Invalid, Forbidden)) for one in results) == 1
    assert instance.value("SELECT count(*) FROM users WHERE admin") == 1


async def test_an_administrator_makes_another(ada: Session, bob: Session, instance: Instance) -> None:
    """It works at once in sessions that are open; the same again changes nothing."""
    assert (await ada.people.set_admin("bob", True)).admin
    await ada.people.set_admin("bob", True)
    assert [one.name for one in (await bob.people.list()).items] == ["ada", "bob"]
    instance.person("gone", active=False)
    with pytest.raises(Invalid, match="deactivated"):
        await ada.people.set_admin("gone", True)
    assert events(instance) == ["user.edited"]


# SSH keys -----------------------------------------------------------------------------------------------


async def test_people_add_and_remove_their_keys(bob: Session, instance: Instance) -> None:
    """A key is named by its comment if by nothing else, and removed by name or fingerprint."""
    operation = uuid4()
    added = await bob.people.add_ssh_key("", f"{key()} bob@laptop", operation=operation)
    assert await bob.people.add_ssh_key("", f"{key()} bob@laptop", operation=operation) == added
    assert (added.name, added.kind, added.public_key) == ("bob@laptop", "ssh-ed25519", key())
    other = await bob.people.add_ssh_key("desk", key(1))
    assert await bob.people.ssh_keys() == (added, other)
    with pytest.raises(AlreadyExists, match="named desk"):
        await bob.people.add_ssh_key("desk", key(2))
    await bob.people.remove_ssh_key("desk")
    await bob.people.remove_ssh_key(added.fingerprint)
    assert await bob.people.ssh_keys() == ()
    with pytest.raises(NotFound, match="bob has no key named desk"):
        await bob.people.remove_ssh_key("desk")
    assert events(instance) == ["user.key_added"] * 2 + ["user.key_removed"] * 2


async def test_a_key_belongs_to_one_person(ada: Session, bob: Session) -> None:
    """It says who signs in."""
    await bob.people.add_ssh_key("laptop", key())
    with pytest.raises(AlreadyExists, match="registered already"):
        await ada.people.add_ssh_key("laptop", key())


async def test_administrators_manage_the_keys_of_others(
    ada: Session, bob: Session, instance: Instance
) -> None:
    """Removing a key ends the sessions that it opened."""
    added = await ada.people.add_ssh_key("laptop", key(), "@Bob")
    instance.sql.execute(
        "UPDATE sessions SET kind = 'key', token_hash = NULL, ssh_key_id = %s WHERE id = %s",
        (added.id, bob.id),
    )
    assert [one.name for one in await bob.people.ssh_keys()] == ["laptop"]
    await ada.people.remove_ssh_key("laptop", "bob")
    with pytest.raises(NotSignedIn):
        await bob.people.ssh_keys()
    with pytest.raises(RhythmError, match="nobody"):
        await ada.people.ssh_keys("nobody-of-that-name")
