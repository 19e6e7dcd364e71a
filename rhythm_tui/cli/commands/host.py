"""`rhythm host`: the shared instance over SSH, for its administrator."""

from __future__ import annotations

from pathlib import Path

import click

from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.hosting import settings

group = Noun("host", help="The shared instance over SSH: set it up, look after it.")

config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    default=settings.FILE,
    show_default=True,
    help="The settings of the host.",
)


@group.verb("keys", examples=["rhythm host keys SHA256:... ssh-ed25519 AAAA..."])
@config_option
@click.argument("fingerprint")
@click.argument("kind", metavar="TYPE")
@click.argument("body", metavar="KEY")
@pass_context
async def keys(_: Context, file: Path, fingerprint: str, kind: str, body: str) -> None:
    """What sshd asks (AuthorizedKeysCommand): the line of a key that opens an account, or nothing."""
    from rhythm_tui.hosting import keys

    found = await keys.look_up(settings.load(file), fingerprint, kind, body)
    if found is not None:
        click.echo(found)
