"""`rhythm NOUN VERB`: every command's place, and what happens around a run: errors, Ctrl-C, broken pipes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import click

from rhythm_tui.cli.command import Entry, LazyRoot
from rhythm_tui.cli.context import Context
from rhythm_tui.cli.errors import Exit, report
from rhythm_tui.cli.opening import Opening, at_terminal, lenient

_WORK, _PEOPLE, _INSTANCE = "Work", "People", "This instance"

ENTRIES = {
    "issue": Entry("issue", "create, list, edit, move, assign, comment on issues", _WORK),
    "open": Entry("open", "the app at an issue: `rhythm CORE-12`", _WORK, "open_issue"),
    "board": Entry("board", "the columns of a project, with counts and first cards", _WORK, "board"),
    "backlog": Entry("board", "open issues in no sprint, in order", _WORK, "backlog"),
    "sprint": Entry("sprint", "plan, start, finish and report sprints", _WORK),
    "project": Entry("project", "create, list, edit and archive projects", _WORK),
    "label": Entry("label", "labels of a project", _WORK),
    "view": Entry("view", "saved searches", _WORK),
    "undo": Entry("undo", "take back your latest change in a project", _WORK, "undo"),
    "redo": Entry("undo", "do again what you took back", _WORK, "redo"),
    "import": Entry("exchange", "from GitHub, Linear, Jira or Rhythm", _WORK, "import_issues"),
    "export": Entry("exchange", "to CSV or JSON", _WORK, "export"),
    "login": Entry("sign_in", "sign in and stay signed in", _PEOPLE, "login"),
    "join": Entry("sign_in", "take the account that you were given a code for", _PEOPLE, "join"),
    "logout": Entry("sign_in", "sign out", _PEOPLE, "logout"),
    "whoami": Entry("sign_in", "who you are here", _PEOPLE, "whoami"),
    "member": Entry("member", "who is in a project, in which role", _PEOPLE),
    "user": Entry("user", "accounts", _PEOPLE),
    "token": Entry("token", "access tokens for scripts", _PEOPLE),
    "ssh-key": Entry("ssh_key", "keys to sign in with over SSH", _PEOPLE),
    "doctor": Entry("doctor", "is everything well?", _INSTANCE, "doctor"),
    "config": Entry("config", "every setting, its value, where it came from", _INSTANCE, "config"),
    "db": Entry("db", "set up, back up, restore, look into the database", _INSTANCE),
    "demo": Entry("demo", "try Rhythm on a workspace that is full of life", _INSTANCE, "demo"),
    "host": Entry("host", "share this instance with a team over SSH", _INSTANCE),
    "completion": Entry("completion", "completion for your shell", _INSTANCE, "completion"),
}

EXAMPLES = (
    'rhythm project create CORE "The core"',
    'rhythm issue create CORE "Sign-in fails on Safari" --priority high',
    'rhythm issue list "project:CORE is:open assignee:@me safari"',
    "rhythm issue move CORE-1 CORE-2 done",
    "rhythm issue list --json is:open | jq '.items[].key'",
)


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"rhythm {version('rhythm-tui')}")
        ctx.exit()


version_option = click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Say it."
)


@click.command(
    cls=LazyRoot,
    entries=ENTRIES,
    examples=EXAMPLES,
    options_metavar="[OPTIONS]",
    subcommand_metavar="[COMMAND] [ARGS]...",
    invoke_without_command=True,
)
@click.option("--database-url", metavar="URL", help="The team's database (without a password).")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), help="When to use colours.")
@click.option("--demo", is_flag=True, help="Work on the instance of `rhythm demo`.")
@version_option
@click.pass_context
def root(ctx: click.Context, /, **flags: Any) -> Opening | None:
    """An issue tracker in the terminal, over PostgreSQL.

    Without a command and at a terminal, `rhythm` opens the app. With nothing configured it keeps its own
    database; set RHYTHM_DATABASE_URL to work with a team.
    """
    ctx.obj = Context(flags)
    if ctx.invoked_subcommand is not None:
        return None
    if at_terminal():
        return Opening(flags)
    click.echo(ctx.get_help())
    return None


def run(
    args: Sequence[str],
    *,
    open_app: Callable[[Opening], int] | None = None,
    command: click.Command = root,
    instance: Context | None = None,
) -> int:
    """Runs one command; the exit code (see `errors.Exit`). `open_app` is for those that want the app.

    A shared instance has a `command` of its own, that runs on the `instance` given.
    """
    lenient()
    try:
        outcome = command.main(list(args), prog_name="rhythm", standalone_mode=False, obj=instance)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as ended:
        # Without its standalone mode click ends the process for two reasons: a shell's words are completed,
        # or who read us has seen enough. Of that Python would complain again when it flushes at the end.
        if isinstance(ended, SystemExit) and "_RHYTHM_COMPLETE" in os.environ:
            return ended.code if isinstance(ended.code, int) else Exit.DONE
        _let_go_of_output()
        return Exit.BROKEN_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where it can be said
        if isinstance(error, KeyboardInterrupt):
            _let_go_of_output()
        return report(error, as_json="--json" in args)
    if isinstance(outcome, Opening) and open_app is not None:
        try:
            return open_app(outcome)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place where it can be said
            return report(error, as_json=False)
    return outcome if isinstance(outcome, int) else Exit.DONE


def _let_go_of_output() -> None:
    """What was not written yet goes nowhere: Python would wait for a reader of it when it ends."""
    with suppress(OSError):  # Somebody may have put a stream without a file in its place.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
