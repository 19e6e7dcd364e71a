"""The doors for somebody who is not signed in yet: signing in, joining, setting up, tokens, throttling."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from argon2 import PasswordHasher

from rhythm_domain import passwords
from rhythm_domain.database import Database
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotSignedIn, SchemaMismatch, SignInFailed
from rhythm_domain.migrate import grant
from rhythm_domain.services.accounts import Accounts, SignedIn
from rhythm_domain.session import Tracker
from tests.conftest import Postgres
from tests.instances import Instance

GOOD = "correct horse battery staple"
WRONG = "wrong horse battery staple"


pytestmark = pytest.mark.usefixtures("cheap_hashes")


@pytest.fixture
async def accounts(db: Database) -> Accounts:
    return Tracker(db).accounts


@pytest.fixture
async def ada(accounts: Accounts) -> SignedIn:
    """The instance's first administrator."""
    return await accounts.first_administrator("ada", "Ada Lovelace", GOOD)


async def invited(ada: SignedIn, name: str) -> str:
    return (await ada.session.people.add(name))[1]


def age(instance: Instance, seconds: int) -> None:
    """Makes every failed attempt older."""
    instance.sql.execute(
        "UPDATE sign_in_failures SET last_at = last_at - make_interval(secs => %s)", (seconds,)
    )


# Setting up ---------------------------------------------------------------------------------------------


async def test_the_first_administrator_sets_the_instance_up(accounts: Accounts, instance: Instance) -> None:
    """Then it needs no more setting up, and the history knows."""
    assert await accounts.needs_setup()
    signed_in = await accounts.first_administrator(" @Ada ", "Ada Lovelace", GOOD)
    assert not await accounts.needs_setup()
    user = signed_in.session.user
    assert (user.name, user.display_name, user.admin, user.claimed) == ("ada", "Ada Lovelace", True, True)
    event = instance.sql.execute("SELECT * FROM events").fetchone()
    assert event
    assert (event["kind"], event["permission"], event["actor_id"]) == (
        "user.added",
        "set up the instance",
        user.id,
    )
    with pytest.raises(Forbidden, match="administrator already"):
        await accounts.first_administrator("bob", "", GOOD)


async def test_of_two_first_administrators_one_wins(accounts: Accounts, instance: Instance) -> None:
    """However close they come."""
    results = await asyncio.gather(
        *(accounts.first_administrator(name, "", GOOD) for name in ("ada", "bob", "cy")),
        return_exceptions=True,
    )
    assert sum(isinstance(one, SignedIn) for one in results) == 1
    assert sum(isinstance(one, Forbidden) for one in results) == 2
    assert instance.value("SELECT count(*) FROM users") == 1


async def test_the_first_administrator_takes_nobodys_account(accounts: Accounts, instance: Instance) -> None:
    """A claimed name is another's; an imported author's name is free."""
    instance.person("max")
    instance.sql.execute("INSERT INTO users (name, display_name, active) VALUES ('ida', 'Ida', false)")
    with pytest.raises(AlreadyExists):
        await accounts.first_administrator("max", "", GOOD)
    signed_in = await accounts.first_administrator("ida", "", GOOD)
    assert signed_in.session.user.display_name == "Ida"


@pytest.mark.parametrize(("name", "password"), [("a b", GOOD), ("ada", "short"), ("ada", "password1")])
async def test_bad_names_and_passwords_set_nothing_up(accounts: Accounts, name: str, password: str) -> None:
    with pytest.raises(Invalid):
        await accounts.first_administrator(name, "", password)
    assert await accounts.needs_setup()


async def test_who_owns_the_tables_can_make_an_administrator(accounts: Accounts, ada: SignedIn) -> None:
    """Also of somebody who is there already: the way back when nobody can sign in any more."""
    code = await accounts.add_administrator_as_owner("bob", "Bob")
    bob = await accounts.join(code, GOOD)
    assert bob.session.user.admin
    await bob.session.people.deactivate("ada")
    back = await accounts.join(await accounts.add_administrator_as_owner("ada"), WRONG)
    assert back.session.user.admin
    assert back.session.user.display_name == "Ada Lovelace"


async def test_the_days_role_of_the_database_can_not_make_an_administrator(
    ada: SignedIn, conninfo: str, postgres: Postgres
) -> None:
    """It does not own the tables; but people sign in with it."""
    database = str(psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"])
    role = f"client_of_{database}"
    with postgres.admin() as admin:
        admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
    grant(conninfo, role)
    client = Database(psycopg.conninfo.make_conninfo(conninfo, user=role))
    try:
        accounts = Tracker(client).accounts
        with pytest.raises(Forbidden, match="owner URL"):
            await accounts.add_administrator_as_owner("eve")
        assert (await accounts.sign_in("ada", GOOD)).session.user.name == "ada"
    finally:
        await client.close()
        with postgres.admin(database) as admin:
            admin.execute(f'DROP OWNED BY "{role}"'.encode())
            admin.execute(f'DROP ROLE "{role}"'.encode())


# The embedded instance ----------------------------------------------------------------------------------


async def test_the_owner_of_an_embedded_instance_is_its_administrator(
    accounts: Accounts, instance: Instance
) -> None:
    """One account and one session, however often and however many at once."""
    sessions = await asyncio.gather(*(accounts.local("root", "System\x1b Owner") for _ in range(4)))
    again = await accounts.local("root")
    assert {session.id for session in sessions} == {again.id}
    assert again.user.admin
    assert again.user.display_name == "System\ufffd Owner"
    assert (await again.people.me()) == again.user
    assert instance.value("SELECT count(*) FROM sessions") == 1


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("Ada.L", "ada.l"),
        ("Jörg Müller", "jorg-muller"),
        ("x", "owner"),
        ("李", "owner"),
        ("DOMAIN\\bo", "domain-bo"),
    ],
)
async def test_any_name_of_the_system_gives_an_account(accounts: Accounts, system: str, name: str) -> None:
    assert (await accounts.local(system)).user.name == name


async def test_the_owner_of_a_restored_instance_is_made_its_administrator(
    accounts: Accounts, instance: Instance
) -> None:
    """Whatever the account of that name was before."""
    instance.person("ada", active=False)
    session = await accounts.local("ada")
    assert (session.user.admin, session.user.active) == (True, True)


# Signing in ---------------------------------------------------------------------------------------------


async def test_signing_in_gives_a_session_and_a_token(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """The token resumes that session; only its hash is stored."""
    signed_in = await accounts.sign_in("@ADA", GOOD, source="ada@laptop")
    assert signed_in.session.id != ada.session.id
    session = await accounts.resume(f" {signed_in.token}\n")
    assert (session.id, session.user) == (signed_in.session.id, ada.session.user)
    assert signed_in.token not in repr(signed_in)
    row = instance.sql.execute("SELECT * FROM sessions WHERE id = %s", (session.id,)).fetchone()
    assert row
    assert row["source"] == "ada@laptop"
    assert row["token_hash"] != signed_in.token.encode()
    assert (await session.people.sessions())[0].source == "ada@laptop"


async def test_unknown_deactivated_and_wrong_look_the_same(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Nor does an account that nobody has joined say more; all are counted."""
    instance.person("gone", active=False)
    instance.sql.execute(
        "UPDATE users SET password_hash = %s WHERE name = 'gone'", (await passwords.hash(GOOD),)
    )
    await invited(ada, "new")
    said = set()
    for name, password in [("ada", WRONG), ("nobody", GOOD), ("gone", GOOD), ("new", GOOD), ("a b\0", GOOD)]:
        with pytest.raises(SignInFailed) as failed:
            await accounts.sign_in(name, password)
        said.add((failed.value.message, failed.value.hint))
    assert len(said) == 1
    assert instance.value("SELECT count(*) FROM sign_in_failures") == 5


async def test_nobodys_name_costs_a_comparison_too(
    accounts: Accounts, ada: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work for names that nobody has: one comparison each."""
    compared: list[str | None] = []
    verify = passwords.verify

    async def counted(password: str, hashed: str | None) -> bool:
        compared.append(hashed)
        return await verify(password, hashed)

    monkeypatch.setattr(passwords, "verify", counted)
    for name in ("ada", "nobody"):
        with pytest.raises(SignInFailed):
            await accounts.sign_in(name, WRONG)
    assert compared[0] is not None
    assert compared[1] is None


async def test_a_password_is_hashed_anew_when_the_parameters_change(
    accounts: Accounts, ada: SignedIn, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the next sign-in; it stays the same password, also for those who sign in at that moment."""
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", lambda: stronger)
    await asyncio.gather(*(accounts.sign_in("ada", GOOD) for _ in range(3)))
    assert "m=16,t=2" in instance.value("SELECT password_hash FROM users")
    await accounts.sign_in("ada", GOOD)


async def test_a_session_ends_by_idleness_and_by_age(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """14 days unused, 90 days in all, by the database's clock."""
    instance.sql.execute("UPDATE sessions SET last_seen_at = now() - interval '13 days 23 hours'")
    await accounts.resume(ada.token)
    instance.sql.execute("UPDATE sessions SET last_seen_at = now() - interval '14 days 1 minute'")
    with pytest.raises(NotSignedIn):
        await accounts.resume(ada.token)
    with pytest.raises(NotSignedIn):
        await ada.session.people.me()
    instance.sql.execute("UPDATE sessions SET last_seen_at = now()")
    await accounts.resume(ada.token)
    assert instance.value("SELECT expires_at - created_at FROM sessions").days == 90
    instance.sql.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
    with pytest.raises(NotSignedIn):
        await accounts.resume(ada.token)


@pytest.mark.parametrize("token", ["", "rhs_", "rhs_" + "A" * 43, "hello", "rhs_ü\0"])
async def test_no_other_token_resumes_anything(accounts: Accounts, ada: SignedIn, token: str) -> None:
    with pytest.raises(NotSignedIn):
        await accounts.resume(token)


# Guessing -----------------------------------------------------------------------------------------------


async def fail(accounts: Accounts, times: int, *, name: str = "ada", source: str = "") -> str:
    """Fails to sign in so often; what was said at last."""
    message = ""
    for _ in range(times):
        with pytest.raises(SignInFailed) as failed:
            await accounts.sign_in(name, WRONG, source=source)
        message = failed.value.message
    return message


async def test_after_five_failures_one_has_to_wait(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Even with the right password; waiting is enough, and a success starts afresh."""
    assert "Too many" not in await fail(accounts, 5)
    assert await fail(accounts, 3) == "Too many attempts have failed. Try again in 1 second."
    with pytest.raises(SignInFailed, match="Too many"):
        await accounts.sign_in("ada", GOOD)
    age(instance, 2)
    await accounts.sign_in("ada", GOOD)
    assert "Too many" not in await fail(accounts, 5)


async def test_the_wait_is_never_longer_than_a_quarter_of_an_hour(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Attempts that come too early don't lengthen it; after a day all is forgotten."""
    await fail(accounts, 1)
    instance.sql.execute("UPDATE sign_in_failures SET failures = 1000000")
    assert await fail(accounts, 3) == "Too many attempts have failed. Try again in 15 minutes."
    age(instance, 901)
    await accounts.sign_in("ada", GOOD)
    await fail(accounts, 1)
    instance.sql.execute("UPDATE sign_in_failures SET failures = 1000000")
    age(instance, 90_000)
    assert "Too many" not in await fail(accounts, 4)


async def test_nobodys_name_is_slowed_down_alike(accounts: Accounts, ada: SignedIn) -> None:
    """So the wait does not say who exists."""
    assert await fail(accounts, 6, name="nobody") == await fail(accounts, 6, name="ada")


async def test_another_source_is_not_locked_out(accounts: Accounts, ada: SignedIn) -> None:
    """Who guesses from one machine hinders nobody on another."""
    await fail(accounts, 8, source="eve@cafe")
    await accounts.sign_in("ada", GOOD, source="ada@laptop")


async def test_guessing_from_everywhere_is_slowed_down_but_not_for_a_known_source(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Many sources together hit a softer limit; where she signed in before, she still can."""
    await accounts.sign_in("ada", GOOD, source="ada@laptop")
    instance.sql.execute(
        "INSERT INTO sign_in_failures (name, source, failures)"
        " SELECT 'ada', 'bot' || n, 4 FROM generate_series(1, 20) n"
    )
    with pytest.raises(SignInFailed, match="30 seconds"):
        await accounts.sign_in("ada", GOOD, source="ada@train")
    await accounts.sign_in("ada", GOOD, source="ada@laptop")
    age(instance, 31)
    await accounts.sign_in("ada", GOOD, source="ada@train")


async def test_parallel_guesses_do_not_pass_uncounted(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Of twelve at once no more than five are compared."""
    results = await asyncio.gather(
        *(accounts.sign_in("ada", WRONG) for _ in range(12)), return_exceptions=True
    )
    assert all(isinstance(one, SignInFailed) for one in results)
    assert instance.value("SELECT failures FROM sign_in_failures") == 5


# Joining ------------------------------------------------------------------------------------------------


async def test_a_new_person_joins_with_their_code_once(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """They choose the password; the account is theirs from then on."""
    code = await invited(ada, "bob")
    bob = await accounts.join(code.lower().replace("-", " "), GOOD, source="bob@desk")
    assert (bob.session.user.name, bob.session.user.claimed) == ("bob", True)
    await accounts.sign_in("bob", GOOD)
    with pytest.raises(SignInFailed, match="join code"):
        await accounts.join(code, WRONG)
    assert instance.value("SELECT count(*) FROM events WHERE kind = 'user.joined'") == 1


async def test_wrong_used_and_expired_codes_look_the_same(
    accounts: Accounts, ada: SignedIn, instance: Instance
) -> None:
    """Seven days, by the database's clock; a deactivated person's code is void."""
    codes = [await invited(ada, name) for name in ("bob", "cy")]
    assert instance.value("SELECT expires_at - created_at FROM join_codes LIMIT 1").days == 7
    instance.sql.execute("UPDATE join_codes SET expires_at = now() - interval '1 second'")
    codes.append(await invited(ada, "dan"))
    await ada.session.people.deactivate("dan")
    said = set()
    for code in (*codes, "7KQ2M-9XW4C-PZ3TB-H6RVD", "hello"):
        with pytest.raises(SignInFailed) as failed:
            await accounts.join(code, GOOD)
        said.add((failed.value.message, failed.value.hint))
    assert len(said) == 1


async def test_a_refused_password_leaves_the_code_good(accounts: Accounts, ada: SignedIn) -> None:
    code = await invited(ada, "bobby.tables")
    for password in ("short", "Bobby.Tables"):
        with pytest.raises(Invalid):
            await accounts.join(code, password)
    await accounts.join(code, GOOD)


async def test_of_two_who_use_one_code_one_joins(accounts: Accounts, ada: SignedIn) -> None:
    code = await invited(ada, "bob")
    results = await asyncio.gather(
        *(accounts.join(code, password) for password in (GOOD, WRONG)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["SignInFailed", "SignedIn"]


async def test_guessing_codes_is_slowed_down(accounts: Accounts, ada: SignedIn) -> None:
    """For who guesses; the others join."""
    for _ in range(5):
        with pytest.raises(SignInFailed, match="not valid"):
            await accounts.join("7KQ2M-9XW4C-PZ3TB-H6RVD", GOOD, source="eve@cafe")
    code = await invited(ada, "bob")
    with pytest.raises(SignInFailed, match="Too many"):
        await accounts.join(code, GOOD, source="eve@cafe")
    await accounts.join(code, GOOD, source="bob@desk")


async def test_a_code_for_who_forgot_the_password_ends_what_was_open(
    accounts: Accounts, ada: SignedIn
) -> None:
    """The old password works until the code is used; then it does not, and its sessions are over."""
    bob = await accounts.join(await invited(ada, "bob"), GOOD)
    _, token = await bob.session.people.create_token("ci")
    code = await ada.session.people.new_join_code("bob")
    await accounts.sign_in("bob", GOOD)
    await accounts.join(code, WRONG)
    with pytest.raises(SignInFailed):
        await accounts.sign_in("bob", GOOD)
    for old in (bob.token, token):
        with pytest.raises(NotSignedIn):
            await accounts.resume(old)


# Schema -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("DELETE FROM schema_versions; INSERT INTO schema_versions VALUES (0, 'none', 0)", "empty"),
        ("DELETE FROM schema_versions", "empty"),
        ("INSERT INTO schema_versions VALUES (99, 'later', 99)", "too old"),
        ("DROP TABLE schema_versions", "tables"),
    ],
)
async def test_no_door_opens_to_another_schema(
    accounts: Accounts, instance: Instance, change: str, message: str
) -> None:
    """An empty, an older or a newer database is said to be one, before anything is written."""
    instance.sql.execute(change.encode())
    for door in (
        accounts.local("ada"),
        accounts.resume("rhs_" + "A" * 43),
        accounts.sign_in("ada", GOOD),
        accounts.join("7KQ2M-9XW4C-PZ3TB-H6RVD", GOOD),
        accounts.first_administrator("ada", "", GOOD),
        accounts.needs_setup(),
    ):
        with pytest.raises(SchemaMismatch, match=message):
            await door
    assert instance.value("SELECT count(*) FROM users") == 0


async def test_a_newer_schema_that_still_works_with_this_program_is_fine(
    accounts: Accounts, instance: Instance
) -> None:
    """People stay at work through an upgrade."""
    instance.sql.execute("INSERT INTO schema_versions VALUES (99, 'later', 1)")
    assert (await accounts.local("ada")).user.admin
