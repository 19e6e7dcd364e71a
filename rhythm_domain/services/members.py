"""Members: who is in a project and as what, and that a project always keeps an active owner."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from uuid import UUID

from rhythm_domain.errors import AlreadyExists, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import Member, Role
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.policy import Permission, to_change_member
from rhythm_domain.repository import members, users
from rhythm_domain.text import check_name
from rhythm_domain.transaction import Tx, repeatable


class Members:
    """What a person does with the members of a project.

    People are named by their user names. Whatever changes members enters by the least permission, to change
    oneself, and asks for the one that the other's role needs once their row is held.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def list(self, key: str, *, former: bool = False) -> tuple[Member, ...]:
        """The members of a project, owners first; with `former` those who left too, behind the others."""
        async with self._guard.project(Permission.PROJECT_READ, key) as tx:
            return await members.of_project(tx, former=former)

    @repeatable
    async def add(self, key: str, user: str, role: Role, *, operation: UUID | None = None) -> Member:
        """Makes a person a member, or takes a former member back.

        Raises `NotFound` with the nearest names, `Invalid` for a deactivated account, `AlreadyExists` for a
        member. An account that an import brought can be added before its person has claimed it.
        """
        needed = to_change_member(None, role)
        async with self._guard.project(needed, key, operation=operation, alone=True) as tx:
            name = check_name(user)
            if not tx.done:
                account = await users.named(tx, name)
                if account.claimed and not account.active:
                    raise Invalid(
                        f"The account of {name} is deactivated.",
                        field="user",
                        hint="An administrator can reactivate it: `rhythm user reactivate NAME`.",
                    )
                if held := await members.held(tx, name):
                    raise AlreadyExists(
                        f"{name} is in {tx.key} already, as {held[1]}.",
                        field="user",
                        hint=f"To change the role: `rhythm member set-role {tx.key} {name} {role}`.",
                    )
                await members.put(tx, account.id, role)
                _record(tx, "member.added", account.id, None, role)
            return await members.one(tx, name)

    @repeatable
    async def set_role(self, key: str, user: str, role: Role, *, operation: UUID | None = None) -> Member:
        """Gives a member another role. Everybody may lower their own, but the last active owner may not.

        Raises `Forbidden` with the reason, `NotFound` with the nearest names, `Invalid` for the last owner.
        """
        async with self._change(key, operation) as tx:
            name = check_name(user)
            if not tx.done:
                member, now = await _admitted(tx, name, role)
                if now is role:
                    tx.unchanged()
                else:
                    await _keep_an_owner(tx, name, member, now)
                    await members.put(tx, member, role)
                    _record(tx, "member.changed", member, now, role)
            return await members.one(tx, name)

    async def remove(self, key: str, user: str, *, operation: UUID | None = None) -> None:
        """Ends a membership: the person's open issues in the project are nobody's, closed ones stay theirs.

        Everybody may remove themselves. Raises as `set_role`.
        """
        await self._end(key, check_name(user), operation)

    async def leave(self, key: str, *, operation: UUID | None = None) -> None:
        """Ends one's own membership. Raises `Invalid` for the last active owner."""
        await self._end(key, None, operation)

    @repeatable
    async def transfer(self, key: str, user: str, *, operation: UUID | None = None) -> Member:
        """Hands a project over: a member becomes its owner, and one who was is a maintainer from then on."""
        async with self._guard.project(Permission.OWNER_MANAGE, key, operation=operation, alone=True) as tx:
            name = check_name(user)
            if not tx.done:
                if name == tx.user.name:
                    raise Invalid("You can't hand a project over to yourself.", field="user")
                member, now = await _admitted(tx, name, Role.OWNER)
                if now is not Role.OWNER:
                    await members.put(tx, member, Role.OWNER)
                    _record(tx, "member.changed", member, now, Role.OWNER)
                if tx.place and tx.place.role is Role.OWNER:
                    await _keep_an_owner(tx, tx.user.name, tx.user.id, Role.OWNER)
                    await members.put(tx, tx.user.id, Role.MAINTAINER)
                    _record(tx, "member.changed", tx.user.id, Role.OWNER, Role.MAINTAINER)
                elif now is Role.OWNER:
                    tx.unchanged()
            return await members.one(tx, name)

    def _change(self, key: str, operation: UUID | None) -> AbstractAsyncContextManager[Tx]:
        return self._guard.project(Permission.MEMBER_LEAVE, key, operation=operation, alone=True)

    @repeatable
    async def _end(self, key: str, user: str | None, operation: UUID | None) -> None:
        try:
            async with self._change(key, operation) as tx:
                if not tx.done:
                    name = user or tx.user.name
                    member, now = await _admitted(tx, name, None)
                    await _keep_an_owner(tx, name, member, now)
                    # The issues come first in the history: taken back in reverse, they find a member again.
                    for issue in await members.unassign_all(tx, member):
                        tx.record(
                            "issue.changed",
                            issue=issue,
                            before={"assignee_id": member},
                            after={"assignee_id": None},
                        )
                    await members.end(tx, member)
                    own = member == tx.user.id
                    _record(tx, "member.left" if own else "member.removed", member, now, None)
        except NotFound:
            if not await self._guard.happened(operation):
                raise


async def _admitted(tx: Tx, name: str, to: Role | None) -> tuple[int, Role]:
    """The user id and the role of a member, held, whom this person may give the role `to` (None: remove)."""
    own = name == tx.user.name
    if not own:
        tx.admit(Permission.MEMBER_MANAGE)
    found = await members.held(tx, name)
    if found is None:
        names = [member.user.name for member in await members.of_project(tx, former=False)]
        near = did_you_mean(name, names, f"`rhythm member list {tx.key}` shows who is.")
        raise NotFound(f"{name} is no member of {tx.key}.", hint=near)
    now = found[1]
    if not own or (to is not None and to.rank > now.rank):
        tx.admit(to_change_member(now, to))
    return found


async def _keep_an_owner(tx: Tx, name: str, member: int, now: Role) -> None:
    """Raises `Invalid` if the project would be without an active owner. The guard let us in alone."""
    if now is Role.OWNER and not await members.has_owner_besides(tx, member):
        who = "You are" if name == tx.user.name else f"{name} is"
        raise Invalid(
            f"{who} the last active owner of {tx.key}.",
            field="role",
            hint=f"Make somebody else an owner first: `rhythm member set-role {tx.key} NAME owner`.",
        )


def _record(tx: Tx, kind: str, member: int, now: Role | None, to: Role | None) -> None:
    """History of a membership; no role is no membership."""
    tx.record(kind, before={"user_id": member, "role": now}, after={"user_id": member, "role": to})
