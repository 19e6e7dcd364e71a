"""The public keys by which people sign in to a shared instance."""

from __future__ import annotations

from uuid import UUID

from rhythm_domain import ssh_keys, ssh_proof, text
from rhythm_domain.errors import AlreadyExists, Forbidden, Invalid, NotFound
from rhythm_domain.guard import Guard
from rhythm_domain.models import NAME_LENGTH, User
from rhythm_domain.models.access import SignInKind, SshKey
from rhythm_domain.repository import users
from rhythm_domain.services.administration import require_person
from rhythm_domain.ssh_keys import PublicKey
from rhythm_domain.transaction import Tx, repeatable

MOST = 20
"""Keys of one person. Sessions are counted by key before anybody signed in: with any number of keys one
person could take all places of a shared instance."""

_name_of = text.one_line("key's name", NAME_LENGTH)


class Keys:
    """SSH keys. `person` is whose: None for one's own, another's only for administrators (`Forbidden`)."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def ssh_keys(self, person: str | None = None) -> tuple[SshKey, ...]:
        """The keys of a person, by name."""
        async with self._guard.person() as tx:
            return await users.ssh_keys(tx, (await _whose(tx, person)).id)

    @repeatable
    async def add_ssh_key(
        self, name: str, line: str, person: str | None = None, *, operation: UUID | None = None
    ) -> SshKey:
        """Adds the key of a `.pub` file's line, or of a proof (`ssh_proof`), under a name; under its comment
        if the name is empty.

        Who came in by a key and is no administrator must prove that they have the other one too. Raises
        `Invalid` for what is no public key or too weak a one, for a proof that is none or is missing, and for
        one key more than a person may have; `AlreadyExists` if the name is taken or somebody has this key.
        """
        signed = ssh_proof.looks_signed(line)
        key = await self._proven(line, person) if signed else ssh_keys.parse(line)
        name = _name_of(name or key.comment or key.kind)
        async with self._guard.person(write="user.add_key", operation=operation) as tx:
            await require_person(tx)
            user = await _whose(tx, person)
            if not (signed or tx.user.admin) and await users.session_kind(tx) is SignInKind.KEY:
                raise Invalid(
                    "Show that this key is yours: anybody may have the public half.",
                    field="key",
                    hint=f"On your machine: `{ssh_proof.how(user.name)}`",
                )
            await users.hold_ssh_keys(tx, user.id)
            there = {one.name: one for one in await users.ssh_keys(tx, user.id)}
            if tx.done and name in there:
                return there[name]
            if name in there:
                raise AlreadyExists(f"There is already a key named {text.shown(name)}.", field="name")
            if tx.done:
                raise NotFound(f"The key {text.shown(name)} was removed meanwhile.", hint="Add it again.")
            if len(there) >= MOST:
                raise Invalid(
                    f"{user.name} has {len(there)} keys, as many as one may have.",
                    field="key",
                    hint="Remove one that is not used any more: `rhythm ssh-key list` shows them.",
                )
            added = await users.add_ssh_key(tx, user.id, name, key)
            tx.record("user.key_added", after={"id": user.id, "key": name, "fingerprint": key.fingerprint})
            return added

    async def _proven(self, proof: str, person: str | None) -> PublicKey:
        """The key that signed the name of the person whose it shall be."""
        async with self._guard.person() as tx:
            name = (await _whose(tx, person)).name
        return await ssh_proof.proven(proof, name)

    @repeatable
    async def remove_ssh_key(
        self, name: str, person: str | None = None, *, operation: UUID | None = None
    ) -> None:
        """Removes a key by its name or fingerprint, and ends its sessions. Raises `NotFound`."""
        async with self._guard.person(write="user.remove_key", operation=operation) as tx:
            user = await _whose(tx, person)
            if tx.done:
                return
            keys = await users.ssh_keys(tx, user.id)
            key = next((key for key in keys if name.strip() in (key.name, key.fingerprint)), None)
            if key is None:
                raise NotFound(
                    f"{user.name} has no key named {text.shown(name)}.",
                    hint="`rhythm ssh-key list` shows the names.",
                )
            await users.remove_ssh_key(tx, key)
            tx.record(
                "user.key_removed", before={"id": user.id, "key": key.name, "fingerprint": key.fingerprint}
            )


async def _whose(tx: Tx, person: str | None) -> User:
    user = await users.named(tx, person) if person else tx.user
    if user.id != tx.user.id and not tx.user.admin:
        raise Forbidden("Only administrators may see or change the keys of others.", hint="Ask one of them.")
    return user
