"""`rhythm label`: the labels of a project."""

from __future__ import annotations

import click

from rhythm_domain.models import COLOURS, Label
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.cli.table import Column

group = Noun("label", help="Labels of a project.")

_COLUMNS: list[Column[Label]] = [
    Column("label", lambda label: label.name, "bold", shrink=1),
    Column("colour", lambda label: label.colour, "dim"),
    Column("issues", lambda label: str(label.issue_count), align="right"),
    Column("description", lambda label: label.description, shrink=1),
]

_colour = click.option("--colour", "--color", type=click.Choice(COLOURS), help="Its colour.")


@group.verb("list", examples=["rhythm label list CORE --json"])
@click.argument("key")
@pass_context
async def list_labels(context: Context, key: str) -> None:
    """The labels of a project, with how many issues have each."""
    async with context.session() as session:
        labels = await session.labels.list(key)
    context.out.table(_COLUMNS, labels, empty="No label yet. Make one: rhythm label create KEY NAME")


@group.verb("create", examples=["rhythm label create CORE security --colour red"])
@click.argument("key")
@click.argument("name")
@_colour
@click.option("--description", default="", help="What it is for.")
@operation_option
@pass_context
async def create(context: Context, key: str, name: str, colour: str | None, description: str) -> None:
    """Make a label."""
    async with context.session() as session:
        label = await session.labels.create(
            key, name, colour=colour or "", description=description, operation=context.operation
        )
    context.out.done(f"Made the label {label.name} ({label.colour}).", label)


@group.verb("edit", examples=["rhythm label edit CORE security --name vulnerability"])
@click.argument("key")
@click.argument("label")
@click.option("--name", help="Another name.")
@_colour
@click.option("--description", help="Another description.")
@operation_option
@pass_context
async def edit(
    context: Context, key: str, label: str, name: str | None, colour: str | None, description: str | None
) -> None:
    """Change a label; its issues keep it."""
    if name is None and colour is None and description is None:
        raise click.UsageError("Nothing to change: give --name, --colour or --description.")
    async with context.session() as session:
        edited = await session.labels.edit(
            key, label, new_name=name, colour=colour, description=description, operation=context.operation
        )
    context.out.done(f"Changed the label {edited.name}.", edited)


@group.verb("delete", examples=["rhythm label delete CORE wontfix --yes"])
@click.argument("key")
@click.argument("label")
@yes_option
@operation_option
@pass_context
async def delete(context: Context, key: str, label: str, yes: bool) -> None:
    """Delete a label, and take it off its issues."""
    async with context.session() as session:
        confirm(f"Delete the label {label}, and take it off its issues?", yes=yes)
        await session.labels.delete(key, label, operation=context.operation)
    context.out.done(f"Deleted the label {label}.")
