"""`rhythm ssh-key`: the keys with which a person signs in to a shared instance over SSH."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rhythm_domain.errors import Invalid
from rhythm_domain.models.access import SshKey
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.piped import LINE, piped
from rhythm_tui.cli.table import Column
from rhythm_tui.cli.values import FileName

group = Noun("ssh-key", help="Keys to sign in with over SSH, on a shared instance.")

_COLUMNS: list[Column[SshKey]] = [
    Column("name", lambda key: key.name, "bold", shrink=1),
    Column("kind", lambda key: key.kind),
    Column("fingerprint", lambda key: key.fingerprint, "dim"),
    Column("last used", lambda key: key.last_used_at or "never", "dim"),
]

_user = click.option("--user", metavar="NAME", help="Of somebody else; for administrators.")


@group.verb("list", examples=["rhythm ssh-key list"])
@_user
@pass_context
async def list_keys(context: Context, user: str | None) -> None:
    """Your keys."""
    async with context.session() as session:
        keys = await session.people.ssh_keys(user)
    context.out.table(_COLUMNS, keys, empty="No key. Add one: rhythm ssh-key add ~/.ssh/id_ed25519.pub")


@group.verb(
    "add",
    examples=[
        "rhythm ssh-key add ~/.ssh/id_ed25519.pub",
        "ssh-add -L | head -1 | rhythm ssh-key add - --name laptop",
        "echo NAME | ssh-keygen -Y sign -n rhythm -f ~/.ssh/KEY | ssh HOST ssh-key add - --name desk",
    ],
)
@click.argument("file", type=FileName())
@click.option("--name", default="", help="Its name; otherwise the key's comment.")
@_user
@operation_option
@pass_context
async def add(context: Context, file: str, name: str, user: str | None) -> None:
    """Add the public key in FILE (- for stdin).

    Over SSH a key of your own comes as your name, signed by it: that shows that you have it.
    """
    async with context.session() as session:
        line = line_of(file)
        key = await session.people.add_ssh_key(name, line, user, operation=context.operation)
    context.out.done(f"Added the key {key.name} ({key.fingerprint}).", key)


def line_of(file: str) -> str:
    """The public key in a file; of stdin for `-`. Raises `Invalid`."""
    try:
        found = piped(sys.stdin, LINE, "key") if file == "-" else Path(file).read_text(encoding="utf-8")
        return found.strip()
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} can't be read.", field="file", hint="Name a .pub file.") from error


@group.verb("remove", examples=["rhythm ssh-key remove laptop"])
@click.argument("name")
@_user
@operation_option
@pass_context
async def remove(context: Context, name: str, user: str | None) -> None:
    """Remove a key, by its name or its fingerprint; whoever is signed in by it is out."""
    async with context.session() as session:
        await session.people.remove_ssh_key(name, user, operation=context.operation)
    context.out.done(f"Removed the key {name}.")
