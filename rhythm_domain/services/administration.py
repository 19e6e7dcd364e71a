"""What administrators of an instance do with accounts."""

from __future__ import annotations

from uuid import UUID

from rhythm_domain import credentials, passwords, text
from rhythm_domain.cursors import checked_limit, pack, row_id, unpack
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid
from rhythm_domain.guard import Guard
from rhythm_domain.models import Page, Role, User
from rhythm_domain.models.access import SignIn, SignInKind
from rhythm_domain.repository import accounts, users
from rhythm_domain.services.accounts import JOIN_CODE_LIFETIME, display_name_of
from rhythm_domain.transaction import Tx, repeatable


async def require_person(tx: Tx) -> None:
    """Raises `Forbidden` for an access token: whoever finds one must not make more ways in of it."""
    if await users.session_kind(tx) is SignInKind.TOKEN:
        raise Forbidden(
            "An access token may not do that: it takes a person who signed in.",
            hint="Run `rhythm login NAME`, without RHYTHM_TOKEN.",
        )


class Administration:
    """Accounts of others. Raises `Forbidden` for who is no administrator; only `show` oneself is free."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(
        self, *, active: bool | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page[User]:
        """Accounts by name: the active ones, the inactive ones, or all."""
        after = unpack(cursor, str, row_id)[0] if cursor else ""
        limit = checked_limit(limit)
        async with self._guard.person(admin=True) as tx:
            found = await users.page(tx, after=after, active=active, limit=limit + 1)
        shown = tuple(found[:limit])
        more = len(found) > limit
        return Page(items=shown, next=pack(shown[-1].name, shown[-1].id) if more else None)

    async def show(self, name: str) -> User:
        """An account; anybody may see their own. Raises `NotFound`."""
        async with self._guard.person() as tx:
            found = await users.named(tx, name)
            if found.id != tx.user.id and not tx.user.admin:
                raise Forbidden(
                    "Only administrators may see the accounts of others.", hint="Ask one of them."
                )
            return found

    @repeatable
    async def add(
        self, name: str, display_name: str = "", *, admin: bool = False, operation: UUID | None = None
    ) -> tuple[User, str]:
        """A new account, and the code with which its person joins within seven days.

        An author whom an import brought becomes that person, with all that is theirs. Done again, it gives
        another code, and the one of the lost answer is void. Raises `AlreadyExists`, `Invalid`, and
        `Forbidden` for an access token: the account would outlive it.
        """
        name = text.check_name(name)
        full_name = display_name_of(display_name) if display_name else None
        async with self._guard.person(write="user.add", operation=operation, admin=True) as tx:
            await require_person(tx)
            tx.answers(name=name, admin=admin)
            if tx.done:
                user = await users.by_name(tx, name)
            else:
                user = await accounts.create(tx.connection, name, full_name, admin=admin, over="imported")
            if user is None or user.claimed:
                raise _taken(await users.named(tx, name))
            if not tx.done:
                tx.record("user.added", after={"id": user.id, "name": name, "admin": admin})
            return user, await _join_code(tx, user)

    @repeatable
    async def new_join_code(self, name: str, *, operation: UUID | None = None) -> str:
        """Another join code for somebody who has not joined yet, or who forgot their password.

        It is good for seven days and makes earlier ones void; a password that there is works until the code
        is used. Raises `Invalid` for a deactivated person.
        """
        async with self._guard.person(write="user.invite", operation=operation, admin=True) as tx:
            await require_person(tx)
            user = await users.named(tx, name)
            tx.answers(id=user.id)
            if not user.active:
                raise _inactive(user)
            if not tx.done:
                tx.record("user.invited", after={"id": user.id})
            return await _join_code(tx, user)

    @repeatable
    async def deactivate(self, name: str, *, operation: UUID | None = None) -> User:
        """Ends an account: its sessions, tokens and keys open nothing from now on; its work stays.

        Of projects that would have no active owner the acting administrator becomes the owner, or another
        one if it is their own account. Raises `Invalid` for the last active administrator.
        """
        async with self._guard.person(write="user.deactivate", operation=operation, admin=True) as tx:
            await accounts.hold_administration(tx.connection)
            user = await users.named(tx, name)
            if tx.done:
                return user
            if not user.active:
                tx.unchanged()
                return user
            heir = await users.heir(tx, user.id)
            if heir is None:
                raise _last_administrator(user)
            after = await users.set_state(tx, user.id, active=False, admin=False)
            await users.end_sessions(tx, user.id, tuple(SignInKind))
            await accounts.withdraw_join_code(tx.connection, user.id)
            tx.record(
                "user.deactivated",
                before={"id": user.id, "active": True, "admin": user.admin},
                after={"id": user.id, "active": False, "admin": False},
            )
            for project, role in await users.inherit(tx, user.id, heir):
                tx.record(
                    "member.changed" if role else "member.added",
                    project=project,
                    before={"user_id": heir, "role": role},
                    after={"user_id": heir, "role": Role.OWNER.value},
                )
            return after

    @repeatable
    async def reactivate(self, name: str, *, operation: UUID | None = None) -> User:
        """Opens an account again, not as an administrator: its password and keys work, its tokens don't."""
        async with self._guard.person(write="user.reactivate", operation=operation, admin=True) as tx:
            user = await users.named(tx, name)
            if tx.done:
                return user
            if user.active:
                tx.unchanged()
                return user
            tx.record(
                "user.reactivated",
                before={"id": user.id, "active": False},
                after={"id": user.id, "active": True},
            )
            return await users.set_state(tx, user.id, active=True, admin=False)

    @repeatable
    async def set_admin(self, name: str, admin: bool, *, operation: UUID | None = None) -> User:
        """Makes somebody an administrator of the instance, or no longer one.

        Raises `Invalid` for the last active administrator and for a deactivated person.
        """
        async with self._guard.person(write="user.set_admin", operation=operation, admin=True) as tx:
            await require_person(tx)
            await accounts.hold_administration(tx.connection)
            user = await users.named(tx, name)
            if tx.done:
                return user
            if user.admin == admin:
                tx.unchanged()
                return user
            if not user.active:
                raise _inactive(user)
            if not admin and await users.heir(tx, user.id) is None:
                raise _last_administrator(user)
            tx.record(
                "user.edited",
                before={"id": user.id, "admin": user.admin},
                after={"id": user.id, "admin": admin},
            )
            return await users.set_state(tx, user.id, active=True, admin=admin)

    @repeatable
    async def set_password(self, name: str, password: str, *, operation: UUID | None = None) -> User:
        """Gives somebody a password; all who were signed in to the account, or had a token of it, are out.

        Raises `Invalid` for a password that is refused and for a deactivated person. `new_join_code` lets
        them choose their own.
        """
        passwords.check(password, name=name.strip().removeprefix("@"))
        fresh = await passwords.hash(password)
        async with self._guard.person(write="user.set_password", operation=operation, admin=True) as tx:
            await require_person(tx)
            user = await users.named(tx, name)
            if tx.done:
                return user
            if not user.active:
                raise _inactive(user)
            after = await users.set_password(tx, user.id, fresh)
            await accounts.withdraw_join_code(tx.connection, user.id)
            await users.end_sessions(tx, user.id, users.ALL_BUT_LOCAL, keep=tx.session_id)
            tx.record("user.password_set", after={"id": user.id})
            return after

    async def sessions_of(self, name: str) -> tuple[SignIn, ...]:
        """What somebody is signed in by, the last used first; access tokens apart."""
        async with self._guard.person(admin=True) as tx:
            return await users.sessions(tx, (await users.named(tx, name)).id)

    @repeatable
    async def end_sessions_of(self, name: str, *, operation: UUID | None = None) -> int:
        """Signs somebody out everywhere and revokes their access tokens; how many of both there were."""
        async with self._guard.person(write="user.end_sessions", operation=operation, admin=True) as tx:
            user = await users.named(tx, name)
            if tx.done:
                return int(tx.done.after[0]["ended"])
            ended = await users.end_sessions(tx, user.id, users.ALL_BUT_LOCAL)
            tx.record("user.sessions_ended", after={"id": user.id, "ended": ended})
            return ended


async def _join_code(tx: Tx, user: User) -> str:
    code, hashed = credentials.new_join_code()
    await accounts.save_join_code(tx.connection, user.id, hashed, JOIN_CODE_LIFETIME, by=tx.user.id)
    return code


def _taken(user: User) -> AlreadyExists:
    hint = "Choose another name."
    if not user.active:
        hint = f"They were deactivated: `rhythm user reactivate {user.name}`."
    elif not user.claimed:
        hint = f"They have not joined yet: `rhythm user invite {user.name}` gives them a new code."
    return AlreadyExists("There is already a person of that name.", field="name", hint=hint)


def _inactive(user: User) -> Invalid:
    return Invalid(
        f"{user.name} is deactivated.",
        field="name",
        hint=f"First `rhythm user reactivate {user.name}`."
        if user.claimed
        else f"First `rhythm user add {user.name}`.",
    )


def _last_administrator(user: User) -> Invalid:
    return Invalid(
        f"{user.name} is the last active administrator.",
        field="name",
        hint="Make somebody else an administrator first: `rhythm user set-admin NAME`.",
    )
