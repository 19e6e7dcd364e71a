"""`rhythm sprint`: plan, start, finish and report sprints."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import click

from rhythm_domain.models import Sprint, SprintState
from rhythm_domain.models.drafts import SprintEdit
from rhythm_domain.models.reports import SprintIssue, SprintReport
from rhythm_tui.cli.command import Noun, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.issue_view import keys
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.output import Output, plain
from rhythm_tui.cli.prompts import confirm, yes_option
from rhythm_tui.cli.table import Cell, Column
from rhythm_tui.cli.values import day, nothing_or
from rhythm_tui.looks import signs
from rhythm_tui.looks.wording import counted, day_said, points

group = Noun("sprint", help="Plan, start, finish and report sprints.")

_STYLES = {SprintState.ACTIVE: "green", SprintState.PLANNED: "", SprintState.FINISHED: "dim"}

_COLUMNS: list[Column[Sprint]] = [
    Column("sprint", lambda sprint: sprint.name, "bold", shrink=1),
    Column("state", lambda sprint: sprint.state, lambda sprint: _STYLES[sprint.state]),
    Column("from", lambda sprint: sprint.starts_on, "dim"),
    Column("until", lambda sprint: sprint.ends_on, "dim"),
    Column("done", lambda sprint: f"{sprint.done_count} of {sprint.issue_count}", align="right"),
    Column(
        "points", lambda sprint: f"{_number(sprint.done_points)} of {_number(sprint.points)}", align="right"
    ),
    Column("goal", lambda sprint: sprint.goal, shrink=1),
]

_key = click.argument("key")
_name = click.argument("name", metavar="SPRINT")


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


@group.verb("list", examples=["rhythm sprint list CORE", "rhythm sprint list CORE --open --json"])
@_key
@click.option("--open", "only_open", is_flag=True, help="Without those that are finished.")
@pass_context
async def list_sprints(context: Context, key: str, only_open: bool) -> None:
    """The sprints of a project: the active one, those planned, those finished."""
    async with context.session() as session:
        sprints = await session.sprints.list(key, finished=not only_open)
    context.out.table(_COLUMNS, sprints, empty="No sprint yet. Plan one: rhythm sprint create KEY NAME")


@group.verb("show", examples=["rhythm sprint show CORE current"])
@_key
@_name
@pass_context
async def show(context: Context, key: str, name: str) -> None:
    """One sprint, by name or `current`."""
    async with context.session() as session:
        sprint = await session.sprints.show(key, name)
    context.out.details(sprint, _facts(sprint), body=sprint.goal)


def _facts(sprint: Sprint) -> list[tuple[str, Cell]]:
    return [
        ("Sprint", f"{sprint.name} ({sprint.project_key})"),
        ("State", sprint.state),
        ("From", sprint.starts_on),
        ("Until", sprint.ends_on),
        ("Issues", f"{sprint.done_count} of {sprint.issue_count} done"),
        ("Points", f"{_number(sprint.done_points)} of {_number(sprint.points)} done"),
    ]


@group.verb(
    "create",
    examples=['rhythm sprint create CORE "Sprint 12" --goal "Sign-in on Safari" --start next-week --end 21d'],
)
@_key
@click.argument("name")
@click.option("--goal", default="", help="What it is for.")
@click.option("--start", metavar="DAY", help="Its first day.")
@click.option("--end", metavar="DAY", help="Its last day.")
@operation_option
@pass_context
async def create(
    context: Context, key: str, name: str, goal: str, start: str | None, end: str | None
) -> None:
    """Plan a sprint."""
    async with context.session() as session:
        first, last = day(start, session.user), day(end, session.user)
        sprint = await session.sprints.create(key, name, goal, first, last, operation=context.operation)
    context.out.done(
        f"Planned {sprint.name}. Put issues into it: rhythm sprint add {sprint.project_key} ...", sprint
    )


@group.verb("edit", examples=['rhythm sprint edit CORE "Sprint 12" --end 2026-12-18'])
@_key
@_name
@click.option("--name", "new_name", help="Another name.")
@click.option("--goal", help="Another goal.")
@click.option("--start", metavar="DAY", help="Its first day, or none.")
@click.option("--end", metavar="DAY", help="Its last day, or none.")
@click.option("--base-version", type=int, help="The version that your goal was edited from.")
@operation_option
@pass_context
async def edit(
    context: Context,
    key: str,
    name: str,
    new_name: str | None,
    goal: str | None,
    start: str | None,
    end: str | None,
    base_version: int | None,
) -> None:
    """Change a sprint's name, goal or days."""
    async with context.session() as session:
        fields: dict[str, object] = {}
        if new_name is not None:
            fields["name"] = new_name
        if goal is not None:
            fields["goal"] = goal
        if start is not None:
            fields["starts_on"] = day(start, session.user)
        if end is not None:
            fields["ends_on"] = day(end, session.user)
        change = SprintEdit.model_validate({"base_version": base_version, **fields})
        sprint = await session.sprints.edit(key, name, change, operation=context.operation)
    context.out.done(f"Changed {sprint.name}.", sprint)


@group.verb("delete", examples=['rhythm sprint delete CORE "Sprint 12"'])
@_key
@_name
@yes_option
@operation_option
@pass_context
async def delete(context: Context, key: str, name: str, yes: bool) -> None:
    """Delete a planned sprint; its issues go back to the backlog."""
    async with context.session() as session:
        confirm(f"Delete the sprint {name}?", yes=yes)
        await session.sprints.delete(key, name, operation=context.operation)
    context.out.done(f"Deleted {name}.")


@group.verb("start", examples=['rhythm sprint start CORE "Sprint 12"'])
@_key
@_name
@click.option("--start", metavar="DAY", help="Its first day; today, if none was planned.")
@click.option("--end", metavar="DAY", help="Its last day; two weeks later, if none was planned.")
@operation_option
@pass_context
async def start(context: Context, key: str, name: str, start: str | None, end: str | None) -> None:
    """Start a planned sprint. One sprint of a project is active at a time."""
    async with context.session() as session:
        first, last = day(start, session.user), day(end, session.user)
        sprint = await session.sprints.start(key, name, first, last, operation=context.operation)
    context.out.done(
        f"{sprint.name} is active until {context.out.written(sprint.ends_on)},"
        f" {counted(sprint.issue_count, 'issue')}.",
        sprint,
    )


@group.verb(
    "finish",
    examples=["rhythm sprint finish CORE current", 'rhythm sprint finish CORE current --to "Sprint 13"'],
)
@_key
@_name
@click.option(
    "--to", "unfinished", metavar="SPRINT", help="Where the unfinished go; the backlog if not given."
)
@operation_option
@pass_context
async def finish(context: Context, key: str, name: str, unfinished: str | None) -> None:
    """Finish the active sprint. What is unfinished goes to the backlog, or to a planned sprint."""
    async with context.session() as session:
        report = await session.sprints.finish(key, name, nothing_or(unfinished), operation=context.operation)
    _report(context.out, report)


@group.verb("add", examples=['rhythm sprint add CORE "Sprint 12" CORE-4 CORE-7'])
@_key
@_name
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@operation_option
@pass_context
async def add(context: Context, key: str, name: str, ids: tuple[str, ...]) -> None:
    """Plan issues into a sprint."""
    async with context.session() as session:
        rows = await session.sprints.add(key, name, ids, operation=context.operation)
    context.out.done(f"Planned {keys(rows)} into {rows[0].sprint}.", {"items": rows})


@group.verb("remove", examples=["rhythm sprint remove CORE CORE-4"])
@_key
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@operation_option
@pass_context
async def remove(context: Context, key: str, ids: tuple[str, ...]) -> None:
    """Take issues out of their sprint, back to the backlog."""
    async with context.session() as session:
        rows = await session.sprints.remove(key, ids, operation=context.operation)
    context.out.done(f"{keys(rows)}: back to the backlog.", {"items": rows})


@group.verb(
    "report", examples=["rhythm sprint report CORE current", "rhythm sprint report CORE 'Sprint 11' --json"]
)
@_key
@_name
@pass_context
async def report(context: Context, key: str, name: str) -> None:
    """What was committed, added, removed, done and carried over, and the burndown."""
    async with context.session() as session:
        found = await session.sprints.report(key, name)
    _report(context.out, found)


def _report(out: Output, report: SprintReport) -> None:
    if out.as_json:
        out.document(plain(report))
        return
    out.details(report, _facts(report.sprint))
    for title, issues in (
        ("Done", report.done),
        ("Carried over", report.carried_over),
        ("Committed", report.committed),
        ("Added after the start", report.added),
        ("Removed before the end", report.removed),
    ):
        _issues(out, title, issues)
    if report.burndown:
        _burndown(out, report)


def _issues(out: Output, title: str, issues: Sequence[SprintIssue]) -> None:
    if not issues:
        return
    total = sum((issue.estimate or Decimal(0) for issue in issues), Decimal(0))
    out.line("")
    out.heading(f"{title}: {counted(len(issues), 'issue')}, {points(total)}")
    columns: list[Column[SprintIssue]] = [
        Column("key", lambda issue: issue.key, "bold"),
        Column("status", lambda issue: signs.words(issue.status)),
        Column("title", lambda issue: issue.title, shrink=1),
        Column("estimate", lambda issue: points(issue.estimate), align="right"),
    ]
    out.rows(columns, issues)


def _burndown(out: Output, report: SprintReport) -> None:
    """A bar a day of what was left, in points, or in issues where nothing is estimated."""
    pointed = any(one.remaining_points for one in report.burndown)
    left = [one.remaining_points if pointed else Decimal(one.remaining_issues) for one in report.burndown]
    ideal = [one.ideal_points if pointed else one.ideal_issues for one in report.burndown]
    most = max([*left, *ideal, Decimal(1)])
    room = max(10, min(60, out.width - 30))
    out.line("")
    out.heading(f"Burndown in {'points' if pointed else 'issues'} (│ an even pace)")
    for one, now, even in zip(report.burndown, left, ideal, strict=True):
        bar = "█" * round(now / most * room)
        mark = round(even / most * room)
        drawn = bar.ljust(max(room, mark + 1))
        drawn = drawn[:mark] + "│" + drawn[mark + 1 :]
        day = f"{one.day:%a} {day_said(one.day, one.day):>6}"
        out.line(f"{day}  {drawn.rstrip()}  {_number(now)}")
