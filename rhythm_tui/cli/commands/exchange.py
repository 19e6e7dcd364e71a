"""`rhythm import` and `rhythm export`: from other trackers, and out again."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from rhythm_domain.errors import Invalid, NotFound
from rhythm_domain.formats.github import COMMAND
from rhythm_domain.text import shown_lines
from rhythm_tui.cli.command import Verb, pass_context
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.errors import Exit
from rhythm_tui.cli.operation import operation_option
from rhythm_tui.cli.progress import progress
from rhythm_tui.cli.values import InputFile, OutputFile
from rhythm_tui.files import whole
from rhythm_tui.looks.wording import counted

if TYPE_CHECKING:
    from rhythm_domain.models.exchange import ImportReport
    from rhythm_tui.cli.output import Output

FORMATS = ["github", "linear", "jira", "rhythm"]

NAMED = 10
"""Names of one kind that an import says; with --json it says them all."""


@click.command(
    cls=Verb,
    examples=[
        *COMMAND.replace(",createdAt", ",\\\n  createdAt").split("\n"),
        "rhythm import github issues.json --project CORE --dry-run",
        "rhythm import github issues.json --project CORE",
        "rhythm import jira export.csv --project CORE --json | jq .problems",
        "rhythm export CORE --format json | rhythm import rhythm - --project COPY",
    ],
)
@click.argument("format", type=click.Choice(FORMATS))
@click.argument("file", type=InputFile())
@click.option("--project", "key", metavar="KEY", required=True, help="The project that the issues go into.")
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@operation_option
@pass_context
async def import_issues(context: Context, format: str, file: BinaryIO, key: str, dry_run: bool) -> int:
    """Import issues from GitHub, Linear, Jira or another Rhythm.

    FILE is what the tracker exports (`-` is stdin): JSON from GitHub's `gh`, CSV from Linear and Jira, CSV
    or JSON from `rhythm export`. An empty project keeps the issues' numbers.

    Importing again doubles nothing: issues are found by their source. What changed there is written, what
    did not stays as your team left it.

    People are found by their user names; others get an account that an administrator can give to them. Who
    is assigned an issue becomes a member. An import can't be undone.

    Exit code 0 if every row was read, 7 if some could not be: they are named, and the rest is in.
    """
    async with context.session() as session:
        try:
            await session.exchange.require_import(key, operation=context.operation)
            with _seekable(file) as stream, _bar("Issues looked at", context) as tell:
                report = await session.exchange.import_file(
                    key, format, stream, dry_run=dry_run, progress=tell, operation=context.operation
                )
        except NotFound as error:
            hint = f'Create it: `rhythm project create {key.upper()} "NAME"`.'
            raise NotFound(error.message, hint=hint) from error
        except OSError as error:
            raise Invalid(
                f"{file.name} can't be read to its end: {error.strerror}.",
                field="file",
                hint="Check it, and the space for temporary files; what was imported is in, and "
                "importing again goes on.",
            ) from error
    if context.out.as_json:
        context.out.document(report)
    else:
        _say(context.out, report, key.upper())
    return Exit.INVALID if report.problems else Exit.DONE


def _say(out: Output, report: ImportReport, key: str) -> None:
    """What happened in a line, then what came with it, then everything that is not as it was."""
    would = "Nothing is written; this would happen: " if report.dry_run else ""
    out.done(
        f"{would}{counted(report.created, 'issue')} new, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged in {key}; {counted(report.comments, 'comment')} written"
    )
    for label, names in (
        ("New accounts, for an administrator to give to their people", report.people),
        ("Taken for people who are here", report.matched),
        ("New members", report.members),
        ("New labels", report.labels),
        ("New sprints", report.sprints),
    ):
        if names:
            more = f" and {len(names) - NAMED:,} more (--json names them all)" if len(names) > NAMED else ""
            out.note(f"{label}: {', '.join(names[:NAMED])}{more}")
    for note in report.notes:
        out.note(f"{note.source}: {note.note}")
    for problem in report.problems:
        out.note(f"line {problem.line}: {problem.source}: {problem.reason}")
    if report.problems:
        out.note(f"{counted(len(report.problems), 'row')} could not be read; the rest is fine.")


@click.command(
    cls=Verb,
    examples=[
        "rhythm export CORE --format csv --output core.csv",
        'rhythm export CORE --format json "is:open label:bug" > bugs.json',
    ],
)
@click.argument("key")
@click.argument("query", default="")
@click.option("--format", type=click.Choice(["csv", "json"]), required=True, help="CSV or JSON.")
@click.option("--output", type=OutputFile(), help="A file instead of stdout.")
@pass_context
async def export(context: Context, key: str, query: str, format: str, output: Path | None) -> None:
    """Export the issues of a project, or those that QUERY finds, but not the trash.

    With comments, labels, links, sprints, people and times: `rhythm import rhythm` makes the same issues of
    it in another project. A file appears only once it is whole, for you alone.
    """
    async with context.session() as session:
        if output is None:
            with _stdout() as stream:
                await session.exchange.export(key, stream, format=format, query=query)
            return
        try:
            with whole(output) as stream, _bar("Issues written", context) as tell:
                written = await session.exchange.export(
                    key, stream, format=format, query=query, progress=lambda done: tell(done, None)
                )
        except OSError as error:
            raise Invalid(f"{output} can't be written: {error.strerror}.", field="output") from error
    context.out.done(
        f"Wrote {counted(written, 'issue')} to {output}", {"issues": written, "file": str(output)}
    )


class _OnScreen(io.RawIOBase):
    """Stdout at a terminal: text is shown there, as everywhere, so that it can do nothing but be read."""

    def __init__(self) -> None:
        self._left = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        whole, newline, self._left = (self._left + bytes(data)).rpartition(b"\n")
        self._show(whole + newline)
        return len(data)

    def end(self) -> None:
        """Shows a last line that has no end."""
        self._show(self._left)
        self._left = b""

    def _show(self, text: bytes) -> None:
        sys.stdout.write(shown_lines(text.decode("utf-8", "replace")))


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    """Where an export goes: as it is into a pipe, as it can be read to a terminal."""
    if not sys.stdout.isatty():
        yield sys.stdout.buffer
        return
    screen = _OnScreen()
    yield cast("BinaryIO", screen)
    screen.end()


@contextmanager
def _seekable(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or what a pipe held; readers go back in it."""
    if file.seekable():
        yield file
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        yield copy


@contextmanager
def _bar(label: str, context: Context) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar that is told (done, total); it appears with the first word."""
    with ExitStack() as stack:
        advance: Callable[[int], None] | None = None
        seen = 0

        def tell(done: int, total: int | None) -> None:
            nonlocal advance, seen
            if advance is None:
                advance = stack.enter_context(progress(total, label, quiet=context.json))
            advance(done - seen)
            seen = done

        yield tell
