"""`rhythm db`: the database as a whole. Most of it needs its URL, and no sign-in."""

from __future__ import annotations

from operator import itemgetter
from pathlib import Path
from shlex import quote

import click

from rhythm_domain.errors import AlreadyExists, Invalid
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.progress import progress, watched
from rhythm_tui.cli.table import Column
from rhythm_tui.looks.wording import counted

group = Noun("db", help="Set up, back up, restore and look into the database.")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"


@group.verb("status", examples=["rhythm db status --json"])
@pass_context
def status(context: Context) -> None:
    """The schema's version, and how the server of your own is, if it is that."""
    from rhythm_domain import migrate

    about: dict[str, object] = {"instance": context.instance_name, "program_schema": migrate.program_schema()}
    if not context.settings.database_url:
        server = context.embedded.status()
        about |= {
            "running": server.running,
            "postgresql": server.version,
            "data": str(server.data),
            "size": server.size,
            "log": str(server.log),
        }
    if context.settings.database_url or about["running"]:
        state = migrate.inspect(context.conninfo())
        about |= {
            "schema": state.version,
            "oldest_program": state.oldest_program,
            "migrations": [{"version": version, "name": name} for version, name in state.applied],
        }
    words = {
        "instance": context.instance_name,
        "server": "" if "running" not in about else "running" if about["running"] else "stopped",
        "PostgreSQL": str(about.get("postgresql") or ""),
        "data": str(about.get("data", "")),
        "size": _size(server.size) if not context.settings.database_url else "",
        "log": str(about.get("log", "")),
        "schema": str(about.get("schema", "")),
        "program's": str(migrate.program_schema()),
    }
    context.out.details(about, list(words.items()))


@group.verb(
    "migrate",
    examples=[
        "rhythm db migrate",
        "RHYTHM_OWNER_URL=postgresql://owner@host/rhythm rhythm db migrate --grant team",
    ],
)
@click.option("--grant", metavar="ROLE", help="Then give ROLE what the day's work needs, and no more.")
@pass_context
def migrate(context: Context, grant: str | None) -> None:
    """Bring the schema up to what this program needs; on an empty database, set it up.

    Uses RHYTHM_OWNER_URL if it is set: a team's members should not own the tables.
    """
    from rhythm_domain import migrate as migrations

    conninfo = context.owner_conninfo()
    applied: list[str] = []

    def say(step: migrations.Migration) -> None:
        applied.append(step.name)
        context.out.note(f"Applied {step.version:04} {step.name}")

    state = migrations.migrate(conninfo, applied=say)
    if grant:
        migrations.grant(conninfo, grant)
        context.out.note(f"Granted {grant} the day's work.")
    context.out.done(
        f"The schema is version {state.version}." if applied else f"Nothing to do: version {state.version}.",
        {"schema": state.version, "applied": applied},
    )


@group.verb("backup", examples=["rhythm db backup rhythm-$(date +%F).dump"])
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Replace FILE.")
@pass_context
async def backup(context: Context, file: Path, force: bool) -> None:
    """Write the whole database to FILE, in pg_dump's custom format; only you may read it."""
    from rhythm_domain.maintenance.backup import backup

    with watched(quiet=context.out.as_json) as watch:
        made = await backup(context.owner_conninfo(), file, force=force, watch=watch)
    context.out.done(
        f"Wrote {made.file} ({_size(made.size)}): all of {context.owned_name}.",
        {
            "file": str(made.file),
            "size": made.size,
            "instance": context.owned_name,
            "postgresql": made.server,
        },
    )


@group.verb(
    "restore", examples=["createdb again && RHYTHM_DATABASE_URL=postgresql:///again rhythm db restore FILE"]
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--trust", is_flag=True, help="Restore also what Rhythm did not make, and even as a superuser.")
@pass_context
async def restore(context: Context, file: Path, trust: bool) -> None:
    """Fill an empty database from FILE, brought up to this program's schema, and check it.

    Restore only files that you trust: the SQL in FILE runs as the database's owner. Whoever made FILE can
    put anything into the new database: accounts and rights of their own, and functions that run later, when
    people use it. It can't reach other databases or run programs, unless the owner is a superuser; that,
    and a FILE that holds more than Rhythm makes, is refused without --trust.

    Grants are not in a backup: `rhythm db migrate --grant ROLE` gives them again.

    For the server of your own: stop it (rhythm db stop), move its folder away (rhythm db status names it),
    and restore.
    """
    from rhythm_domain.maintenance.health import State, database_checks
    from rhythm_domain.maintenance.restore import restore
    from rhythm_domain.migrate import migrate

    conninfo = context.owner_conninfo()
    try:
        with watched(quiet=context.out.as_json) as watch:
            read = await restore(conninfo, file, trust=trust, watch=watch)
    except AlreadyExists as error:
        variable = "RHYTHM_OWNER_URL" if context.settings.owner_url else "RHYTHM_DATABASE_URL"
        hint = f"Restore into a new one: `createdb NAME`, and set {variable} to it."
        raise AlreadyExists(error.message, field=error.field, hint=hint) from error
    state = migrate(conninfo)
    checks = [check async for check in database_checks(conninfo)]
    bad = [check for check in checks if check.state is State.BAD]
    for check in bad:
        context.out.note(f"{check.name}: {check.message}. {check.hint}")
    context.out.done(
        f"Restored {read.file} ({_size(read.size)}), schema {state.version}; "
        + (f"{len(bad)} of {len(checks)} checks failed." if bad else f"all {len(checks)} checks are well."),
        {"file": str(read.file), "schema": state.version, "well": not bad},
    )
    context.out.note(
        "Grants are not in a backup: `rhythm db migrate --grant ROLE` lets the team's role work with it."
    )
    if bad:
        raise Invalid(
            "The restored data is not as it should be.", hint="`rhythm doctor` shows what is wrong."
        )


def _own(context: Context) -> None:
    if context.settings.database_url:
        raise Invalid(
            "A database URL is set: its server is not Rhythm's to start or stop.",
            hint="Without RHYTHM_DATABASE_URL this is about the server of your own.",
        )


@group.verb("start", examples=["rhythm db start"])
@pass_context
def start(context: Context) -> None:
    """Start the server of your own; every command does so by itself."""
    _own(context)
    conninfo = context.embedded.start()
    context.out.done(
        f"It runs, and stops a minute after its last use. psql {quote(conninfo)}", {"conninfo": conninfo}
    )


@group.verb("stop", examples=["rhythm db stop"])
@pass_context
def stop(context: Context) -> None:
    """Stop the server of your own now, whoever uses it."""
    _own(context)
    context.embedded.stop()
    context.out.done("It is stopped.")


@group.verb(
    "explain",
    examples=[
        "rhythm db explain",
        "rhythm db explain board",
        "rhythm db explain list --query 'is:open sort:due'",
        "rhythm db explain issue_by_number",
    ],
)
@click.argument("name", required=False)
@click.option("--query", metavar="QUERY", default="", help="What a list, search or board asks for.")
@pass_context
async def explain(context: Context, name: str | None, query: str) -> None:
    """How the database carries out a query: EXPLAIN (ANALYZE, BUFFERS), rolled back.

    Without NAME: what can be explained. That is what people ask for (a list, a search, a board), with all
    the queries that it takes; and each named query by itself, as the log names those that are slow.
    Arguments are taken from the database.
    """
    from rhythm_domain.maintenance.plans import explain, known

    if name is None:
        columns = [
            Column[tuple[str, str]]("Name", itemgetter(0)),
            Column[tuple[str, str]]("What it is", itemgetter(1), style="dim", shrink=1),
        ]
        if context.out.as_json:
            items = [{"name": name, "help": help} for name, help in known().items()]
            context.out.document({"items": items, "next": None})
        else:
            context.out.rows(columns, list(known().items()))
        return
    plans = await explain(context.conninfo(), name, query)
    if context.out.as_json:
        found = [
            {
                "name": plan.name,
                "query": plan.query,
                "arguments": plan.arguments,
                "ran": plan.ran,
                "plan": plan.lines,
            }
            for plan in plans
        ]
        context.out.document({"items": found, "next": None})
        return
    for number, plan in enumerate(plans, start=1):
        if len(plans) > 1:
            context.out.heading(f"{number} of {len(plans)}: {plan.name}")
        context.out.text(plan.query)
        given = ", ".join(f"{parameter} = {value}" for parameter, value in plan.arguments.items())
        note = f"With {given or 'no arguments'}" + ("" if plan.ran else "; only estimated")
        context.out.text("\n".join((f"-- {note}", *plan.lines, "")))


@group.verb("reindex", examples=["rhythm db reindex"])
@pass_context
async def reindex(context: Context) -> None:
    """Make the search index anew, and board totals that are wrong. People can work meanwhile."""
    from rhythm_domain.maintenance.reindex import issue_total, reindex

    conninfo = context.owner_conninfo()
    with progress(await issue_total(conninfo), "Issues indexed", quiet=context.out.as_json) as advance:
        total = await reindex(conninfo, advance)
    context.out.done(f"Indexed {counted(total, 'issue')}.", {"issues": total})
