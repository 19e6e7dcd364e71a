"""Accounts as the doors see them that open for somebody who is not signed in yet.

These functions take the connection of a gate; a signed-in person's are in `users`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from rhythm_domain import queries
from rhythm_domain.connection import Connection
from rhythm_domain.database import Row, fetch
from rhythm_domain.models import User
from rhythm_domain.models.access import SshKey
from rhythm_domain.operations import new_operation
from rhythm_domain.ssh_keys import PublicKey
from rhythm_domain.transaction import Tx

_Q = queries.load("accounts")


def user(row: Row) -> User:
    """The account of a row with (at least) its columns."""
    return User(**{name: row[name] for name in User.names})


async def _first(connection: Connection, query: str, **params: object) -> Row:
    """The row of a query that always has one."""
    return (await fetch(connection, _Q[query], params))[0]


async def _one(connection: Connection, query: str, **params: object) -> Row | None:
    rows = await fetch(connection, _Q[query], params)
    return rows[0] if rows else None


async def local(connection: Connection, name: str) -> tuple[User, int | None] | None:
    """An account by name with the id of its local session, if there is one."""
    row = await _one(connection, "account_with_local_session", name=name)
    return (user(row), row["session_id"]) if row else None


async def of_token(connection: Connection, hashed: bytes) -> tuple[User, int] | None:
    """The account and the session id of a token that is still good."""
    row = await _one(connection, "account_of_token", hash=hashed)
    return (user(row), row["session_id"]) if row else None


async def of_join_code(connection: Connection, hashed: bytes) -> User | None:
    """The account that a join code opens, if it still does."""
    row = await _one(connection, "account_of_join_code", hash=hashed)
    return user(row) if row else None


async def password(connection: Connection, name: str) -> tuple[User, str | None] | None:
    """An account that may sign in, with the hash of its password, if it has one."""
    row = await _one(connection, "password_of_account", name=name)
    return (user(row), row["password_hash"]) if row else None


async def rehash(connection: Connection, user_id: int, hashed: str, fresh: str) -> bool:
    """Replaces the hash of a password by another of the same password; whether it was still the hash."""
    return await _one(connection, "rehash", user=user_id, hash=hashed, fresh=fresh) is not None


async def open_local_session(connection: Connection, user_id: int) -> int:
    """Opens the one local session of a person; its id."""
    return int((await _first(connection, "open_local_session", user=user_id))["id"])


async def open_session(
    connection: Connection,
    user_id: int,
    *,
    password_hash: str,
    token: bytes,
    source: str,
    idle: timedelta,
    absolute: timedelta,
) -> int | None:
    """Opens a session; None if the password or the account changed meanwhile."""
    row = await _one(
        connection,
        "open_session",
        user=user_id,
        hash=password_hash,
        token=token,
        source=source,
        idle=idle,
        absolute=absolute,
    )
    return int(row["id"]) if row else None


async def use_join_code(connection: Connection, hashed: bytes) -> int | None:
    """Takes a join code; the id of whom it opens the account, None if it is no longer good."""
    row = await _one(connection, "use_join_code", hash=hashed)
    return int(row["user_id"]) if row else None


async def claim(connection: Connection, user_id: int, password_hash: str) -> User | None:
    """Gives an account to the person who chose this password; None if it is not active any more."""
    row = await _one(connection, "claim_account", user=user_id, hash=password_hash)
    return user(row) if row else None


async def end_sessions(connection: Connection, user_id: int) -> None:
    """Ends all sessions and access tokens of a person."""
    await _one(connection, "end_sessions_and_tokens", user=user_id)


async def take_over(connection: Connection, name: str, display_name: str | None, *, claimed: bool) -> User:
    """Writes the account of an administrator, whoever has that name already."""
    user = await create(connection, name, display_name, admin=True, claimed=claimed, over="any")
    if user is None:
        raise LookupError(name)
    return user


async def create(
    connection: Connection,
    name: str,
    display_name: str | None,
    *,
    admin: bool = False,
    claimed: bool = False,
    password_hash: str | None = None,
    over: Literal["imported", "unclaimed", "any"],
) -> User | None:
    """Writes an account, or takes over an existing one that is as `over` says; None if it is not.

    Without a display name it is called by its name, or keeps the one that it has. Once it is claimed, no join
    code opens it that was given out before.
    """
    row = await _one(
        connection,
        "create_account",
        name=name,
        display_name=display_name,
        admin=admin,
        claimed=claimed,
        password_hash=password_hash,
        over=over,
    )
    if row and claimed:
        await withdraw_join_code(connection, row["id"])
    return user(row) if row else None


async def save_join_code(
    connection: Connection, user_id: int, hashed: bytes, lifetime: timedelta, *, by: int
) -> None:
    """Writes the join code of a person; an earlier one is void."""
    await _one(connection, "save_join_code", user=user_id, hash=hashed, lifetime=lifetime, by=by)


async def withdraw_join_code(connection: Connection, user_id: int) -> None:
    """Makes a person's join code void."""
    await _one(connection, "withdraw_join_code", user=user_id)


async def key(connection: Connection, fingerprint: str) -> SshKey | None:
    """The key of a fingerprint, if it opens somebody's account."""
    row = await _one(connection, "key_of_fingerprint", fingerprint=fingerprint)
    return SshKey(**row) if row else None


async def add_key(connection: Connection, user_id: int, name: str, key: PublicKey) -> SshKey:
    """Writes a person's key."""
    row = await _first(
        connection,
        "add_key",
        user=user_id,
        name=name,
        kind=key.kind,
        fingerprint=key.fingerprint,
        public_key=key.line,
    )
    return SshKey(**row)


async def claim_by_key(connection: Connection, key_id: int) -> User | None:
    """Gives an account to the person who signed with its key; None if it was somebody's before."""
    row = await _one(connection, "claim_by_key", key=key_id)
    return user(row) if row else None


async def of_key(connection: Connection, key_id: int) -> User | None:
    """The account that a key opens, which keeps it until the end; noted as its last use."""
    await _one(connection, "use_key", key=key_id)
    row = await _one(connection, "account_of_key", key=key_id)
    return user(row) if row else None


async def key_sessions(connection: Connection, user_id: int) -> tuple[int, int]:
    """How many sessions of keys are open: the person's, and all; those that died are forgotten."""
    await _one(connection, "forget_dead_key_sessions", user=user_id)
    row = await _first(connection, "key_sessions", user=user_id)
    return row["own"], row["all"]


async def open_key_session(
    connection: Connection, user_id: int, key_id: int, *, source: str, idle: timedelta, absolute: timedelta
) -> int:
    """Opens a session of a key; its id."""
    row = await _first(
        connection, "open_key_session", user=user_id, key=key_id, source=source, idle=idle, absolute=absolute
    )
    return int(row["id"])


async def end_key_session(connection: Connection, session_id: int) -> None:
    """Ends a session of a key, of which nothing stays."""
    await _one(connection, "end_key_session", session=session_id)


async def hold_administration(connection: Connection) -> None:
    """Waits for whoever else changes who is an administrator."""
    await _one(connection, "hold_administration")


async def administered(connection: Connection) -> bool:
    """Whether an active administrator has claimed their account."""
    return bool((await _first(connection, "administered"))["administered"])


async def attempts(connection: Connection, name: str, source: str) -> Row:
    """What is known of failed attempts on a name; no other attempt on it is looked at until this commits."""
    await _one(connection, "hold_attempts", name=name)
    return await _first(connection, "attempts", name=name, source=source)


async def count_attempt(connection: Connection, name: str, source: str) -> None:
    """Counts a failed attempt."""
    await _one(connection, "count_attempt", name=name, source=source)


async def forget_attempts(connection: Connection, name: str, source: str) -> None:
    """Forgets the failed attempts on a name from a source."""
    await _one(connection, "forget_attempts", name=name, source=source)


async def record(connection: Connection, actor: User, kind: str, gate: str, **after: object) -> None:
    """Adds a row of history about the person who came in by a gate."""
    tx = Tx(connection, actor, 0, new_operation(), write=True, permission=str(gate))
    tx.record(kind, after={"id": actor.id, **after})
    await tx.flush()
