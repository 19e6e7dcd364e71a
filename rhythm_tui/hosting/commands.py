"""Rhythm's command line over SSH: of its commands those that have nothing to do with the machine."""

from __future__ import annotations

import click

from rhythm_tui.cli.command import LazyRoot
from rhythm_tui.cli.main import ENTRIES, EXAMPLES, version_option

OFFERED = (
    *("issue", "board", "backlog", "sprint", "project", "label", "view", "undo", "redo"),
    *("import", "export"),
    *("whoami", "member", "user", "token", "ssh-key"),
)
"""What the others do is the host's business, or another way to sign in."""


@click.command(
    cls=LazyRoot,
    entries={name: ENTRIES[name] for name in OFFERED},
    examples=EXAMPLES,
    subcommand_metavar="COMMAND [ARGS]...",
)
@version_option
def root() -> None:
    """An issue tracker in the terminal, shared over SSH.

    Without a command and at a terminal, the app opens. Files stay on your machine: pipe them in and out.
    """
