"""Writes that are safe to send again: each run has an operation id, and `--operation` gives one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid5

import click

from rhythm_domain.errors import Unavailable
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


@contextmanager
def parts(context: Context) -> Iterator[Callable[[str], UUID]]:
    """Ids for the several writes of one run, each made of its name and the run's own id.

    An error whose outcome nobody knows names the run's, with which all of it can be sent again.
    """
    try:
        yield lambda name: uuid5(context.operation, name)
    except Unavailable as error:
        if error.operation is not None:
            error.operation = context.operation
        raise
