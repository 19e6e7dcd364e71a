"""The doors for somebody who is not signed in yet: signing in, joining, setting up.

Every one of them checks that the program and the database's schema fit together. Where a secret is wrong,
the answer is the same in text and in time whatever the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from rhythm_domain import credentials, passwords, ssh_keys, text
from rhythm_domain.connection import Connection
from rhythm_domain.database import Database
from rhythm_domain.errors import AlreadyExists, Busy, Invalid, NotSignedIn, SignInFailed
from rhythm_domain.gate import Gate, gate
from rhythm_domain.models import NAME_LENGTH, User
from rhythm_domain.models.access import SshKey
from rhythm_domain.refusals import Retry
from rhythm_domain.repository import accounts
from rhythm_domain.services import throttle
from rhythm_domain.transaction import repeatable

if TYPE_CHECKING:
    from rhythm_domain.session import Session

IDLE_LIMIT = timedelta(days=14)
"""A session that nobody uses for so long ends."""

ABSOLUTE_LIMIT = timedelta(days=90)
"""A session ends after so long however much it is used."""

KEY_SILENCE = timedelta(hours=1)
"""A session of a key that is not heard of for so long is dead: while one is open, it asks for changes."""

JOIN_CODE_LIFETIME = timedelta(days=7)

SOURCE_LENGTH = 200

_key_name_of = text.one_line("key's name", NAME_LENGTH)
display_name_of = text.one_line("display name", NAME_LENGTH)


class Limits(NamedTuple):
    """How many sessions of keys may be open at once, of one person and of all, and for how long each."""

    of_person: int = 20
    of_all: int = 300
    longest: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session, and the token that resumes it: shown this once, stored only as a hash."""

    session: Session
    token: str = field(repr=False)


class Accounts:
    """How a person becomes a `Session`."""

    def __init__(self, db: Database, make: Callable[[User, int], Session]) -> None:
        self._db = db
        self._make = make

    @repeatable
    async def local(self, name: str, display_name: str = "") -> Session:
        """The owner of an embedded instance, by the name that the operating system has for them.

        They are its administrator without a password; the account and its one local session are made on
        first use.
        """
        name = _local_name(name)
        async with gate(self._db, Gate.LOCAL) as connection:
            found = await accounts.local(connection, name)
            user, session = found or (None, None)
            if user is None or not (user.admin and user.active and user.claimed):
                full_name = text.repaired(display_name, limit=NAME_LENGTH, lines=False)[0] or None
                user = await accounts.take_over(connection, name, full_name, claimed=True)
                await accounts.record(connection, user, "user.added", Gate.LOCAL, name=name, admin=True)
            if session is None:
                session = await accounts.open_local_session(connection, user.id)
        return self._make(user, session)

    @repeatable
    async def resume(self, token: str) -> Session:
        """The session of a session token or an access token. Raises `NotSignedIn` if it is no longer good."""
        hashed = credentials.token_hash(token)
        async with gate(self._db, Gate.SIGN_IN) as connection:
            found = await accounts.of_token(connection, hashed) if hashed else None
        if found is None:
            raise NotSignedIn("Your sign-in has ended, or the token is not valid.")
        return self._make(*found)

    @repeatable
    async def sign_in(self, name: str, password: str, *, source: str = "") -> SignedIn:
        """Signs in by name and password; `source` says from where (`ada@laptop`).

        Raises `SignInFailed` when there is no such person, they are deactivated or never joined, the password
        is wrong, or too many attempts failed before: see `throttle`.
        """
        source = _source(source)
        name = _name_or_nobody(name)
        async with gate(self._db, Gate.SIGN_IN) as connection:
            await throttle.attempt(connection, name, source)
            found = await accounts.password(connection, name)
        user, hashed = found or (None, None)
        if not await passwords.verify(password, hashed) or user is None or hashed is None:
            raise SignInFailed
        fresh = await passwords.hash(password) if passwords.outdated(hashed) else None
        async with gate(self._db, Gate.SIGN_IN) as connection:
            # Before the session, which shares the account's row: two that share it could not both write it.
            if fresh and await accounts.rehash(connection, user.id, hashed, fresh):
                hashed = fresh
            signed_in = await self._open(connection, user, hashed, source)
            await accounts.forget_attempts(connection, name, source)
            await accounts.record(connection, user, "user.signed_in", Gate.SIGN_IN, source=source)
        return signed_in

    @repeatable
    async def join(self, code: str, password: str, *, source: str = "") -> SignedIn:
        """Uses a join code: the account becomes the person's own, with the password that they chose.

        An account that was theirs already gets the new password, and all who were signed in to it are not
        any more. Raises `SignInFailed` for a code that is wrong, used or expired, `Invalid` for a password
        that is refused; the code stays good then.
        """
        source = _source(source)
        hashed = credentials.code_hash(code)
        # A code is good for a single account out of 2^100: guessing is slowed per source only, so that
        # nobody can slow down the others' joining.
        attempts = f"join from {source}"
        async with gate(self._db, Gate.JOIN) as connection:
            await throttle.attempt(connection, attempts, source)
            user = await accounts.of_join_code(connection, hashed) if hashed else None
            if user:
                await accounts.forget_attempts(connection, attempts, source)
        if user is None or hashed is None:
            raise _bad_code()
        passwords.check(password, name=user.name)
        password_hash = await passwords.hash(password)
        async with gate(self._db, Gate.JOIN) as connection:
            user_id = await accounts.use_join_code(connection, hashed)
            user = await accounts.claim(connection, user_id, password_hash) if user_id else None
            if user is None:
                raise _bad_code()
            await accounts.end_sessions(connection, user.id)
            signed_in = await self._open(connection, user, password_hash, source)
            await accounts.record(connection, user, "user.joined", Gate.JOIN, source=source)
        return signed_in

    @repeatable
    async def key(self, fingerprint: str) -> SshKey | None:
        """The key of a fingerprint (`SHA256:...`), if it opens the account of somebody active.

        It is asked for every key that is offered, before anything is signed: it says nothing but that the
        key may try.
        """
        async with gate(self._db, Gate.SIGN_IN) as connection:
            return await accounts.key(connection, fingerprint)

    @repeatable
    async def by_key(self, key_id: int, *, source: str = "", limits: Limits | None = None) -> Session:
        """A session of the person whose key it is, for who proved to sshd to hold the key.

        It ends with the key, with the account, after `limits.longest`, and by `end`. Who comes for the first
        time takes the account so. Raises `NotSignedIn` if the key opens nothing any more, `Busy` if as many
        sessions are open as may be.
        """
        limits = limits or Limits()
        async with gate(self._db, Gate.KEY) as connection:
            claimed = await accounts.claim_by_key(connection, key_id)
            user = await accounts.of_key(connection, key_id)
            if user is None:
                raise NotSignedIn(
                    "This key opens nothing any more: it was removed, or the account is deactivated.",
                    hint="Ask an administrator.",
                )
            own, all_ = await accounts.key_sessions(connection, user.id)
            if own >= limits.of_person:
                raise Busy(f"You have {own} sessions open, the most that one may have.", hint="Close one.")
            if all_ >= limits.of_all:
                raise Busy(f"All {all_} places of this instance are taken.", hint="Try again later.")
            session = await accounts.open_key_session(
                connection,
                user.id,
                key_id,
                source=_source(source),
                idle=KEY_SILENCE,
                absolute=limits.longest,
            )
            if claimed is not None:
                await accounts.record(connection, user, "user.joined", Gate.KEY, source=_source(source))
        return self._make(user, session)

    @repeatable
    async def end(self, session: Session) -> None:
        """Ends a session of a key: its line is closed."""
        async with gate(self._db, Gate.KEY) as connection:
            await accounts.end_key_session(connection, session.id)

    @repeatable
    async def needs_setup(self) -> bool:
        """Whether nobody can administer this instance yet."""
        async with gate(self._db, Gate.SIGN_IN) as connection:
            return not await accounts.administered(connection)

    @repeatable
    async def first_administrator(
        self, name: str, display_name: str, password: str, *, source: str = ""
    ) -> SignedIn:
        """Sets up an instance that has no administrator: the first one is who comes first.

        Raises `Forbidden` if there is one already, `AlreadyExists` if the name is another's.
        """
        name = text.check_name(name)
        full_name = display_name_of(display_name) if display_name else None
        passwords.check(password, name=name)
        password_hash = await passwords.hash(password)
        async with gate(self._db, Gate.FIRST_ADMINISTRATOR) as connection:
            await accounts.hold_administration(connection)
            if await accounts.administered(connection):
                raise Retry("somebody else came first, as the gate will say")
            user = await accounts.create(
                connection,
                name,
                full_name,
                admin=True,
                claimed=True,
                password_hash=password_hash,
                over="unclaimed",
            )
            if user is None:
                raise AlreadyExists("There is already a person of that name.", field="name")
            signed_in = await self._open(connection, user, password_hash, _source(source))
            await accounts.record(
                connection, user, "user.added", Gate.FIRST_ADMINISTRATOR, name=name, admin=True
            )
        return signed_in

    @repeatable
    async def add_administrator_as_owner(self, name: str, display_name: str = "") -> str:
        """A join code for a new administrator, for who holds the database's owner URL.

        Somebody of that name who is there already becomes an active administrator; their code sets a new
        password. That is the way back into an instance whose administrators are all locked out.
        Raises `Forbidden` if the database role does not own the tables.
        """
        name = text.check_name(name)
        full_name = display_name_of(display_name) if display_name else None
        code, hashed = credentials.new_join_code()
        async with gate(self._db, Gate.OWNER) as connection:
            await accounts.hold_administration(connection)
            user = await accounts.take_over(connection, name, full_name, claimed=False)
            await accounts.save_join_code(connection, user.id, hashed, JOIN_CODE_LIFETIME, by=user.id)
            await accounts.record(connection, user, "user.added", Gate.OWNER, name=name, admin=True)
        return code

    @repeatable
    async def add_administrator_with_key(self, name: str, line: str, display_name: str = "") -> SshKey:
        """A new administrator, who comes in by a public key, for who holds the database's owner URL.

        Somebody of that name who is there already becomes one too. Raises `Forbidden` if the database role
        does not own the tables, `Invalid` for what is no key, `AlreadyExists` if it is another's.
        """
        name = text.check_name(name)
        key = ssh_keys.parse(line)
        full_name = display_name_of(display_name) if display_name else None
        async with gate(self._db, Gate.OWNER) as connection:
            await accounts.hold_administration(connection)
            user = await accounts.take_over(connection, name, full_name, claimed=False)
            there = await accounts.key(connection, key.fingerprint)
            if there is not None and there.user_id == user.id:
                return there
            added = await accounts.add_key(connection, user.id, _key_name_of(key.comment or key.kind), key)
            await accounts.record(connection, user, "user.added", Gate.OWNER, name=name, admin=True)
        return added

    async def _open(self, connection: Connection, user: User, password_hash: str, source: str) -> SignedIn:
        token, hashed = credentials.new_token(credentials.SESSION_PREFIX)
        session = await accounts.open_session(
            connection,
            user.id,
            password_hash=password_hash,
            token=hashed,
            source=source,
            idle=IDLE_LIMIT,
            absolute=ABSOLUTE_LIMIT,
        )
        if session is None:
            raise Retry("the password or the account changed meanwhile")
        return SignedIn(self._make(user, session), token)


def _bad_code() -> SignInFailed:
    return SignInFailed(
        "This join code is not valid: it is mistyped, was used, or has expired.",
        hint="Check it; an administrator can give you a new one.",
    )


def _source(source: str) -> str:
    return text.repaired(source, limit=SOURCE_LENGTH, lines=False)[0]


def _name_or_nobody(name: str) -> str:
    """A name to sign in with; the empty one, which nobody has, for what can't be a name."""
    try:
        return text.check_name(name)
    except Invalid:
        return ""


def _local_name(name: str) -> str:
    """The account's name for an operating system's, which may have any characters."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", text.folded(name)).strip("._-")[:40]
    return plain if len(plain) > 1 else "owner"
