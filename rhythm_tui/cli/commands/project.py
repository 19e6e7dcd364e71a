"""`rhythm project`: create, list, show, edit, archive, delete."""

from __future__ import annotations

import click

from rhythm_domain.models import OPEN, Project, Status
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.operation import operation_option, parts
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.cli.table import Column

group = Noun("project", help="Create, list, show, edit, archive and delete projects.")

COLUMNS: list[Column[Project]] = [
    Column("key", lambda project: project.key, "bold"),
    Column("name", lambda project: project.name, shrink=1),
    Column("your role", lambda project: project.role or "administrator"),
    Column("open", lambda project: f"{project.open_count:,}", align="right"),
    Column("closed", lambda project: f"{project.closed_count:,}", "dim", align="right"),
    Column("last change", lambda project: project.last_activity_at, "dim"),
    Column("state", lambda project: "archived" if project.archived else "active", "dim"),
]


def show(context: Context, project: Project) -> None:
    """Prints a project's page."""
    limits = ", ".join(f"{status} {limit}" for status, limit in project.wip_limits.items())
    context.out.details(
        project,
        [
            ("Project", f"{project.key}  {project.name}"),
            ("Your role", project.role or "administrator of this instance, no member"),
            ("Issues", f"{project.open_count:,} open, {project.closed_count:,} closed"),
            ("WIP limits", limits),
            ("Created", project.created_at),
            ("Last change", project.last_activity_at),
            ("Archived", project.archived_at),
        ],
        body=project.description,
    )


@group.verb("create", examples=['rhythm project create CORE "The core"'])
@click.argument("key")
@click.argument("name")
@click.option("--description", default="", help="What it is about; Markdown.")
@operation_option
@pass_context
async def create(context: Context, key: str, name: str, description: str) -> None:
    """Create a project; you become its owner.

    KEY begins its issues' keys: CORE-1. 2 to 10 letters and digits.
    """
    async with context.session() as session:
        project = await session.projects.create(key, name, description, operation=context.operation)
    context.out.done(f"Created the project {project.key}: {project.name}", project)


@group.verb("list", examples=["rhythm project list", "rhythm project list --archived --json"])
@click.option("--archived", is_flag=True, help="Archived ones too.")
@click.option("--everyone", is_flag=True, help="All of the instance; for administrators.")
@pass_context
async def list_projects(context: Context, archived: bool, everyone: bool) -> None:
    """Your projects, the most lively first."""
    async with context.session() as session:
        projects = await session.projects.list(archived=archived, everyone=everyone)
    context.out.table(
        COLUMNS, projects, empty='You are in no project. Create one: rhythm project create KEY "NAME"'
    )


@group.verb("show", examples=["rhythm project show CORE"])
@click.argument("key")
@pass_context
async def show_project(context: Context, key: str) -> None:
    """One project, by any key that it has or had."""
    async with context.session() as session:
        project = await session.projects.show(key)
    show(context, project)


def _limit(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> dict[Status, int | None]:
    limits: dict[Status, int | None] = {}
    for value in values:
        status, _, limit = value.partition("=")
        if status not in OPEN or not (limit.isdecimal() or limit == "none"):
            columns = ", ".join(one for one in Status if one in OPEN)
            raise click.BadParameter(f"{value!r} is not COLUMN=NUMBER or COLUMN=none; columns are {columns}.")
        limits[Status(status)] = None if limit == "none" else int(limit)
    return limits


@group.verb(
    "edit",
    examples=[
        'rhythm project edit CORE --name "Core services"',
        "rhythm project edit CORE --wip in_progress=5 --wip in_review=none",
        "rhythm project edit CORE --key PLAT    # CORE-1 still resolves",
    ],
)
@click.argument("key")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description; Markdown.")
@click.option("--key", "new_key", help="Another key; the old one still resolves.")
@click.option(
    "--wip", multiple=True, callback=_limit, metavar="COLUMN=N", help="A limit of the board; N or none."
)
@operation_option
@pass_context
async def edit(
    context: Context,
    key: str,
    name: str | None,
    description: str | None,
    new_key: str | None,
    wip: dict[Status, int | None],
) -> None:
    """Change a project's name, description, key or limits."""
    if name is None and description is None and new_key is None and not wip:
        raise click.UsageError("Nothing to change: give --name, --description, --key or --wip.")
    with parts(context) as part:
        async with context.session() as session:
            if name is not None or description is not None:
                await session.projects.edit(key, name=name, description=description, operation=part("texts"))
            for status, limit in wip.items():
                await session.projects.set_wip_limit(key, status, limit, operation=part(f"wip {status}"))
            if new_key is not None:
                await session.projects.rekey(key, new_key, operation=part("key"))
            project = await session.projects.show(new_key or key)
    context.out.done(f"Changed the project {project.key}.", project)


@group.verb("archive", examples=["rhythm project archive CORE"])
@click.argument("key")
@operation_option
@pass_context
async def archive(context: Context, key: str) -> None:
    """Lay a project to rest: it can be read, nothing in it can be changed."""
    async with context.session() as session:
        project = await session.projects.archive(key, operation=context.operation)
    context.out.done(f"Archived the project {project.key}.", project)


@group.verb("unarchive", examples=["rhythm project unarchive CORE"])
@click.argument("key")
@operation_option
@pass_context
async def unarchive(context: Context, key: str) -> None:
    """Take an archived project up again."""
    async with context.session() as session:
        project = await session.projects.unarchive(key, operation=context.operation)
    context.out.done(f"The project {project.key} is active again.", project)


@group.verb("delete", examples=["rhythm project delete CORE"])
@click.argument("key")
@yes_option
@operation_option
@pass_context
async def delete(context: Context, key: str, yes: bool) -> None:
    """Delete a project with everything in it; `rhythm project restore` brings it back."""
    async with context.session() as session:
        project = await session.projects.show(key)
        issues = project.open_count + project.closed_count
        confirm(f"Delete the project {project.key} ({project.name}) with {issues:,} issues?", yes=yes)
        await session.projects.delete(key, operation=context.operation)
    context.out.done(
        f"Deleted the project {project.key}. `rhythm project restore {project.key}` restores it."
    )


@group.verb("restore", examples=["rhythm project restore CORE"])
@click.argument("key")
@operation_option
@pass_context
async def restore(context: Context, key: str) -> None:
    """Bring a deleted project back; for its owners and administrators."""
    async with context.session() as session:
        project = await session.projects.restore(key, operation=context.operation)
    context.out.done(f"Restored the project {project.key}.", project)
