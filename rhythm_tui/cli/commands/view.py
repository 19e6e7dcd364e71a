"""`rhythm view`: saved searches, one's own and those published to a project's team."""

from __future__ import annotations

import click

from rhythm_domain.models import SavedView
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.table import Column

group = Noun("view", help="Saved searches.")

_COLUMNS: list[Column[SavedView]] = [
    Column("view", lambda view: view.name, "bold", shrink=1),
    Column("query", lambda view: view.query, shrink=1),
    Column("project", lambda view: view.project_key or ""),
    Column("whose", lambda view: _whose(view), "dim"),
]

_project = click.option("--project", metavar="KEY", help="The project that it belongs to.")


def _whose(view: SavedView) -> str:
    if view.owner is None:
        return "built in"
    return f"{view.owner.name}, published" if view.published else view.owner.name


@group.verb("list", examples=["rhythm view list", "rhythm view list --project CORE --json"])
@_project
@pass_context
async def list_views(context: Context, project: str | None) -> None:
    """The views that Rhythm brings, your own, and what your teams published."""
    async with context.session() as session:
        views = await session.views.list(project)
    context.out.table(_COLUMNS, views, empty="No view.")


@group.verb(
    "save",
    examples=[
        'rhythm view save "My bugs" "type:bug assignee:@me is:open"',
        'rhythm view save "To review" "status:in_review" --project CORE --publish',
    ],
)
@click.argument("name")
@click.argument("query")
@_project
@click.option("--publish", is_flag=True, help="For the whole team of --project.")
@operation_option
@pass_context
async def save(context: Context, name: str, query: str, project: str | None, publish: bool) -> None:
    """Save a search under a name; your own of that name is replaced."""
    if publish and project is None:
        raise click.UsageError("A view is published to a project: add --project KEY.")
    async with context.session() as session:
        view = await session.views.save(
            name, query, key=project, published=publish, operation=context.operation
        )
    context.out.done(f"Saved the view {view.name}: {view.query}", view)


@group.verb("rename", examples=['rhythm view rename "My bugs" "My open bugs"'])
@click.argument("name")
@click.argument("new_name", metavar="NEW-NAME")
@_project
@operation_option
@pass_context
async def rename(context: Context, name: str, new_name: str, project: str | None) -> None:
    """Give a view of your own another name."""
    async with context.session() as session:
        view = await session.views.rename(name, new_name, key=project, operation=context.operation)
    context.out.done(f"The view {name} is called {view.name} now.", view)


@group.verb("delete", examples=['rhythm view delete "My bugs"'])
@click.argument("name")
@_project
@click.option("--owner", metavar="USER", help="Of somebody else, published; for maintainers.")
@operation_option
@pass_context
async def delete(context: Context, name: str, project: str | None, owner: str | None) -> None:
    """Delete a view."""
    async with context.session() as session:
        await session.views.delete(name, key=project, owner=owner, operation=context.operation)
    context.out.done(f"Deleted the view {name}.")
