"""People: the directory, one's own account, and what administrators do with the accounts of others."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from rhythm_domain import credentials, passwords, text
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound
from rhythm_domain.models import NAME_LENGTH, PersonRef, User
from rhythm_domain.models.access import AccessToken, SignIn, SignInKind
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.refusals import Retry
from rhythm_domain.repository import accounts, users
from rhythm_domain.services import throttle
from rhythm_domain.services.accounts import display_name_of
from rhythm_domain.services.administration import Administration, require_person
from rhythm_domain.services.keys import Keys
from rhythm_domain.transaction import repeatable

LONGEST_TOKEN_DAYS = 366

_token_name_of = text.one_line("token's name", NAME_LENGTH)


class People(Administration, Keys):
    """What a signed-in person does: with their own account here, with those of others in `Administration`."""

    async def me(self) -> User:
        """The account that is signed in, as it is now."""
        async with self._guard.person() as tx:
            return tx.user

    async def directory(self, prefix: str = "") -> tuple[PersonRef, ...]:
        """Active people by name, all or those of whom the name or a word of the full name begins so."""
        prefix = prefix.strip().removeprefix("@").lower().replace("\0", "")
        async with self._guard.person() as tx:
            return await users.directory(tx, prefix)

    @repeatable
    async def set_display_name(self, display_name: str, *, operation: UUID | None = None) -> User:
        """Changes one's full name: one line of 1 to 100 characters."""
        display_name = display_name_of(display_name)
        async with self._guard.person(write="user.edit", operation=operation) as tx:
            if tx.done:
                return tx.user
            if tx.user.display_name == display_name:
                tx.unchanged()
                return tx.user
            tx.record(
                "user.edited",
                before={"id": tx.user.id, "display_name": tx.user.display_name},
                after={"id": tx.user.id, "display_name": display_name},
            )
            return await users.edit(tx, tx.user.id, display_name=display_name)

    @repeatable
    async def set_time_zone(self, time_zone: str, *, operation: UUID | None = None) -> User:
        """Changes the time zone in which one's days are counted: a name such as `Europe/Berlin`."""
        time_zone = _zone(time_zone)
        async with self._guard.person(write="user.edit", operation=operation) as tx:
            if tx.done:
                return tx.user
            if tx.user.time_zone == time_zone:
                tx.unchanged()
                return tx.user
            tx.record(
                "user.edited",
                before={"id": tx.user.id, "time_zone": tx.user.time_zone},
                after={"id": tx.user.id, "time_zone": time_zone},
            )
            return await users.edit(tx, tx.user.id, time_zone=time_zone)

    @repeatable
    async def change_password(self, old: str, new: str, *, operation: UUID | None = None) -> None:
        """Changes one's password and ends all other sessions at once; access tokens are revoked by name.
        A join code that is still out opens nothing any more.

        `old` does not matter to who has no password yet. Raises `Invalid` if it is wrong or the new one is
        refused, `SignInFailed` after too many wrong ones, `Forbidden` for an access token.
        """
        async with self._guard.person(write="user.change_password", operation=operation) as tx:
            if tx.done:
                return
            await require_person(tx)
            passwords.check(new, name=tx.user.name)
            hashed = await users.password_hash(tx, tx.user.id)
            attempts = f"change of {tx.user.name}"
            if hashed is not None:
                await throttle.attempt(tx.connection, attempts, "")
            tx.unchanged()
        if hashed is not None and not await passwords.verify(old, hashed):
            raise Invalid("The present password is not that one.", field="old", hint="Type it again.")
        fresh = await passwords.hash(new)
        async with self._guard.person(write="user.change_password", operation=operation) as tx:
            if tx.done:
                return
            if not await users.change_password(tx, tx.user.id, hashed, fresh):
                raise Retry("the password was changed meanwhile")
            await accounts.forget_attempts(tx.connection, attempts, "")
            await accounts.withdraw_join_code(tx.connection, tx.user.id)
            await users.end_sessions(tx, tx.user.id, users.SIGN_INS, keep=tx.session_id)
            tx.record("user.password_changed", after={"id": tx.user.id})

    # Sessions -------------------------------------------------------------------------------------------

    async def sessions(self) -> tuple[SignIn, ...]:
        """What one is signed in by, the last used first; access tokens apart."""
        async with self._guard.person() as tx:
            return await users.sessions(tx, tx.user.id)

    @repeatable
    async def end_sessions(self, *, keep_current: bool = True, operation: UUID | None = None) -> int:
        """Signs oneself out everywhere (else); how many sessions ended."""
        async with self._guard.person(write="user.end_sessions", operation=operation) as tx:
            if tx.done:
                return int(tx.done.after[0]["ended"])
            keep = tx.session_id if keep_current else None
            ended = await users.end_sessions(tx, tx.user.id, users.SIGN_INS, keep=keep)
            tx.record("user.sessions_ended", after={"id": tx.user.id, "ended": ended})
            return ended

    @repeatable
    async def sign_out(self, *, operation: UUID | None = None) -> None:
        """Ends this session. Raises `Forbidden` for an access token and on an embedded instance."""
        async with self._guard.person(write="user.sign_out", operation=operation) as tx:
            kind = await users.session_kind(tx)
            if kind is SignInKind.TOKEN:
                raise Forbidden(
                    "An access token is revoked, not signed out.", hint="Run `rhythm token revoke NAME`."
                )
            if kind is SignInKind.LOCAL:
                raise Forbidden(
                    "This instance is your own: there is nothing to sign out of.",
                    hint="Signing out is for instances at a database URL.",
                )
            await users.end_this_session(tx)
            tx.record("user.signed_out", after={"id": tx.user.id})

    # Access tokens --------------------------------------------------------------------------------------

    @repeatable
    async def create_token(
        self, name: str, days: int = 90, *, read_only: bool = False, operation: UUID | None = None
    ) -> tuple[AccessToken, str]:
        """A named token for scripts that ends after some days (1 to 366), and its text, shown this once.

        It may do what the person may, or only read; never make tokens, keys or passwords. Done again, the
        text is another, and the one of the lost answer is void. Raises `AlreadyExists` if one of that name
        is in use.
        """
        name = _token_name_of(name)
        if not 1 <= days <= LONGEST_TOKEN_DAYS:
            raise Invalid(
                f"A token lasts 1 to {LONGEST_TOKEN_DAYS} days.",
                field="days",
                hint="Choose a number of days.",
            )
        token, hashed = credentials.new_token(credentials.ACCESS_PREFIX)
        async with self._guard.person(write="user.create_token", operation=operation) as tx:
            await require_person(tx)
            if tx.done:
                token_id = int(tx.done.after[0]["token"])
                await users.renew_token(tx, token_id, hashed)
            else:
                if await users.token_in_use(tx, name):
                    raise AlreadyExists(
                        f"You have a token named {text.shown(name)}.",
                        field="name",
                        hint="Choose another name, or revoke that one: `rhythm token revoke NAME`.",
                    )
                await users.revoke_token(tx, name)
                token_id = await users.add_token(
                    tx, name, hashed, read_only=read_only, lifetime=timedelta(days=days)
                )
                tx.record(
                    "user.token_created",
                    after={"id": tx.user.id, "token": token_id, "name": name, "read_only": read_only},
                )
            made = next(one for one in await users.tokens(tx) if one.id == token_id)
            return made, token

    async def tokens(self) -> tuple[AccessToken, ...]:
        """One's access tokens, the newest first; those that ended too."""
        async with self._guard.person() as tx:
            return await users.tokens(tx)

    @repeatable
    async def revoke_token(self, name: str, *, operation: UUID | None = None) -> None:
        """Ends an access token of one's own at once; a token may revoke itself. Raises `NotFound`."""
        async with self._guard.person(write="user.revoke_token", operation=operation) as tx:
            if tx.done:
                return
            if not await users.revoke_token(tx, name.strip()):
                raise NotFound(
                    f"You have no token named {text.shown(name)} that could be revoked.",
                    hint="`rhythm token list` shows the names.",
                )
            tx.record("user.token_revoked", before={"id": tx.user.id, "name": name.strip()})


def _zone(name: str) -> str:
    """The name of a time zone. Raises `Invalid` with the nearest names."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    name = name.strip()
    try:
        if len(name) <= 64:
            return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise Invalid(
        f"{text.shown(name)!r} is no time zone.",
        field="time_zone",
        hint=did_you_mean(name, available_timezones(), "It looks like Europe/Berlin, or UTC."),
    )
