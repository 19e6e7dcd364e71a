"""`rhythm completion`: the script that teaches a shell to complete Rhythm's commands."""

from __future__ import annotations

import click

from rhythm_tui.cli.command import Verb


@click.command(
    cls=Verb,
    examples=[
        'eval "$(rhythm completion bash)"     # in ~/.bashrc',
        "rhythm completion fish > ~/.config/fish/completions/rhythm.fish",
    ],
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script that completes commands and options in your shell."""
    from click.shell_completion import get_completion_class

    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101 - the choice is click's own
    click.echo(complete(ctx.find_root().command, {}, "rhythm", "_RHYTHM_COMPLETE").source())
