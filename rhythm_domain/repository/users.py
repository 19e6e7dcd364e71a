"""People, their sessions, tokens and keys, for somebody who is signed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rhythm_domain import queries
from rhythm_domain.database import Row
from rhythm_domain.errors import NotFound
from rhythm_domain.models import PersonRef, User
from rhythm_domain.models.access import AccessToken, SignIn, SignInKind, SshKey
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.repository.accounts import user
from rhythm_domain.ssh_keys import PublicKey
from rhythm_domain.text import shown
from rhythm_domain.transaction import Tx

_Q = queries.load("users")

SIGN_INS = (SignInKind.PASSWORD, SignInKind.KEY)
"""What a person can sign out of."""

ALL_BUT_LOCAL = (*SIGN_INS, SignInKind.TOKEN)


async def _first(tx: Tx, query: str, **params: object) -> Row:
    """The row of a query that always has one."""
    return (await tx.fetch(_Q[query], **params))[0]


async def directory(tx: Tx, prefix: str) -> tuple[PersonRef, ...]:
    """Active people of whom the name, or a word of the full name, begins with `prefix` (in small letters).
    They are the last that is read.
    """
    return tuple(PersonRef(**row) for row in await tx.last(_Q["directory"], prefix=prefix))


async def by_name(tx: Tx, name: str) -> User | None:
    """An account by its exact name."""
    row = await tx.one(_Q["user_by_name"], name=name)
    return user(row) if row else None


async def named(tx: Tx, name: str) -> User:
    """An account as people name it: `ada`, `@Ada`. Raises `NotFound` with the nearest names."""
    name = name.strip().removeprefix("@").lower()
    found = await by_name(tx, name) if "\0" not in name else None
    if found is None:
        names = [row["name"] for row in await tx.fetch(_Q["names_of_users"], admin=tx.user.admin)]
        hint = did_you_mean(name, names, "`rhythm user list` has all names.")
        raise NotFound(f"There is nobody called {shown(name)}.", hint=hint)
    return found


async def page(tx: Tx, *, after: str, active: bool | None, limit: int) -> list[User]:
    """Accounts by name behind `after`; only the active or inactive ones, or both."""
    return [user(row) for row in await tx.fetch(_Q["users"], after=after, active=active, limit=limit)]


async def edit(
    tx: Tx, user_id: int, *, display_name: str | None = None, time_zone: str | None = None
) -> User:
    """Writes what is given."""
    return user(await _first(tx, "edit_user", user=user_id, display_name=display_name, time_zone=time_zone))


async def set_state(tx: Tx, user_id: int, *, active: bool, admin: bool) -> User:
    """Writes whether a person is active, and an administrator."""
    return user(await _first(tx, "set_user_state", user=user_id, active=active, admin=admin))


# Passwords ----------------------------------------------------------------------------------------------


async def password_hash(tx: Tx, user_id: int) -> str | None:
    """The hash of a person's password, if they have one."""
    row = await tx.one(_Q["password_hash"], user=user_id)
    return row["password_hash"] if row else None


async def change_password(tx: Tx, user_id: int, hashed: str | None, fresh: str) -> bool:
    """Writes a new hash in the place of a known one; whether that was still there."""
    return await tx.execute(_Q["change_password"], user=user_id, hash=hashed, fresh=fresh) == 1


async def set_password(tx: Tx, user_id: int, fresh: str) -> User:
    """Writes a new hash, whatever was there: the account counts as claimed."""
    return user(await _first(tx, "set_password", user=user_id, fresh=fresh))


# Sessions and tokens ------------------------------------------------------------------------------------


async def session_kind(tx: Tx) -> SignInKind:
    """What the person of this transaction is signed in by."""
    return SignInKind((await _first(tx, "session_kind", session=tx.session_id))["kind"])


async def sessions(tx: Tx, user_id: int) -> tuple[SignIn, ...]:
    """What a person is signed in by, the last used first; access tokens apart."""
    found = await tx.fetch(_Q["sessions_of"], user=user_id, session=tx.session_id)
    return tuple(SignIn(**row | {"kind": SignInKind(row["kind"])}) for row in found)


async def end_sessions(tx: Tx, user_id: int, kinds: Sequence[SignInKind], *, keep: int | None = None) -> int:
    """Ends a person's sessions of some kinds, but perhaps one; how many."""
    return await tx.execute(_Q["end_sessions"], user=user_id, kinds=[kind.value for kind in kinds], keep=keep)


async def end_this_session(tx: Tx) -> None:
    """Ends the session of this transaction."""
    await tx.execute(_Q["end_session"], session=tx.session_id)


async def add_token(tx: Tx, name: str, hashed: bytes, *, read_only: bool, lifetime: timedelta) -> int:
    """Writes an access token of the person; its id."""
    row = await _first(
        tx, "add_token", user=tx.user.id, name=name, hash=hashed, read_only=read_only, lifetime=lifetime
    )
    return int(row["id"])


async def renew_token(tx: Tx, token_id: int, hashed: bytes) -> None:
    """Gives an access token that was not revoked another secret."""
    await tx.execute(_Q["renew_token"], user=tx.user.id, token=token_id, hash=hashed)


async def tokens(tx: Tx) -> tuple[AccessToken, ...]:
    """The person's access tokens, the newest first."""
    return tuple(AccessToken(**row) for row in await tx.fetch(_Q["tokens_of"], user=tx.user.id))


async def token_in_use(tx: Tx, name: str) -> bool:
    """Whether the person has an access token of a name that is still good."""
    return await tx.one(_Q["token_in_use"], user=tx.user.id, name=name) is not None


async def revoke_token(tx: Tx, name: str) -> bool:
    """Ends the person's access token of a name; whether there was one."""
    return await tx.execute(_Q["revoke_token"], user=tx.user.id, name=name) > 0


# SSH keys -----------------------------------------------------------------------------------------------


async def ssh_keys(tx: Tx, user_id: int) -> tuple[SshKey, ...]:
    """A person's keys, by name."""
    return tuple(SshKey(**row) for row in await tx.fetch(_Q["ssh_keys_of"], user=user_id))


async def hold_ssh_keys(tx: Tx, user_id: int) -> None:
    """Has whoever else adds a key of this person wait until this commits."""
    await tx.execute(_Q["hold_ssh_keys"], user=user_id)


async def add_ssh_key(tx: Tx, user_id: int, name: str, key: PublicKey) -> SshKey:
    """Writes a key."""
    row = await _first(
        tx,
        "add_ssh_key",
        user=user_id,
        name=name,
        kind=key.kind,
        fingerprint=key.fingerprint,
        public_key=key.line,
    )
    return SshKey(**row)


async def remove_ssh_key(tx: Tx, key: SshKey) -> None:
    """Removes a key and ends the sessions that it opened."""
    await tx.execute(_Q["hold_ssh_key"], key=key.id)
    await tx.execute(_Q["end_sessions_of_key"], key=key.id)
    await tx.execute(_Q["remove_ssh_key"], key=key.id, user=key.user_id)


# Deactivation -------------------------------------------------------------------------------------------


async def heir(tx: Tx, user_id: int) -> int | None:
    """The administrator who answers for what a person leaves: who acts, else another; None: there is none."""
    row = await tx.one(_Q["heir"], user=user_id, actor=tx.user.id)
    return int(row["id"]) if row else None


async def inherit(tx: Tx, user_id: int, heir_id: int) -> list[tuple[int, str | None]]:
    """Makes the heir owner where an inactive person leaves none: (project id, the heir's role before)."""
    held = await tx.fetch(_Q["hold_owned_projects"], user=user_id)
    found = await tx.fetch(_Q["inherit"], projects=[row["id"] for row in held], heir=heir_id)
    return [(row["project_id"], row["before"]) for row in found]
