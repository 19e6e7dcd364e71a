"""Writes that are safe to send again: each run has an operation id, and `--operation` gives one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import click

from rhythm_tui.cli.context import Context

F = TypeVar("F", bound=Callable[..., Any])


def _keep(ctx: click.Context, _: click.Parameter, value: UUID | None) -> None:
    if value is not None:
        ctx.ensure_object(Context).operation = value


operation_option = click.option(
    "--operation",
    type=click.UUID,
    expose_value=False,
    callback=_keep,
    metavar="UUID",
    help="An id for this change: sent twice with the same one, it happens once.",
)
"""Adds --operation; the command passes `context.operation` on."""
