"""`rhythm config`: every setting, its value, and where it came from."""

from __future__ import annotations

import click

from rhythm_domain.config import Setting, config_file
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.table import Column

_COLUMNS: list[Column[Setting]] = [
    Column("setting", lambda setting: setting.name, "bold"),
    Column("value", lambda setting: setting.shown, shrink=1),
    Column("from", lambda setting: setting.source, "dim", shrink=1),
    Column("what it is", lambda setting: setting.help, "dim", shrink=1),
]


@click.command(cls=Verb, examples=["rhythm config", "RHYTHM_COLOR=never rhythm config --json"])
@pass_context
def config(context: Context) -> None:
    """Every setting, its value, and where it came from.

    Defaults < config.toml < RHYTHM_* variables < flags. Passwords and tokens are masked.
    """
    settings = context.settings.every
    if context.out.as_json:
        items = [
            {"name": one.name, "value": one.shown, "source": one.source, "help": one.help} for one in settings
        ]
        context.out.document({"file": str(config_file()), "items": items, "next": None})
        return
    context.out.rows(_COLUMNS, settings)
    context.out.note(f"Settings are kept in {config_file()}")
