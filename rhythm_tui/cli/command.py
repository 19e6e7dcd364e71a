"""The click classes of Rhythm's commands: loaded on demand, taught by examples, forgiving of typing errors.

A noun is a module of `commands` with a `group`; its verbs are coroutines or plain functions:

    group = Noun("label", help="Labels of a project.")

    @group.verb("list", examples=["rhythm label list CORE --json"])
    @click.argument("key")
    @pass_context
    async def list_labels(context: Context, key: str) -> None:
        \"\"\"The labels of a project, with how many issues have each.\"\"\"
"""

from __future__ import annotations

import gc
import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click

from rhythm_domain.nearest import did_you_mean
from rhythm_tui.cli.context import Context

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

ELSEWHERE = {
    "add": "create",
    "close": "move",
    "ls": "list",
    "new": "create",
    "reopen": "move",
    "view": "show",
}
"""What commands are called in other programs, and here."""


class Verb(click.Command):
    """One thing to do. Runs coroutines, shows examples, takes --json."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        kwargs["context_settings"] = SETTINGS | kwargs.get("context_settings", {})
        super().__init__(*args, **kwargs)
        self.examples = examples
        self.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_choose_json,
                help="Print one JSON document.",
            )
        )

    def invoke(self, ctx: click.Context) -> Any:
        if not gc.isenabled():  # All is read that it takes, and stays.
            gc.freeze()
            gc.enable()
        outcome = super().invoke(ctx)
        if inspect.iscoroutine(outcome):
            import asyncio

            return asyncio.run(outcome)
        return outcome

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, self.examples)


def _choose_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Context).json = True


def write_examples(formatter: click.HelpFormatter, examples: Sequence[str]) -> None:
    """The last section of a help page."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':{formatter.current_indent}}{example}\n")


class Noun(click.Group):
    """What verbs are about. `verb` declares one; a wrong name is answered with the nearest."""

    command_class = Verb

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["context_settings"] = SETTINGS | kwargs.get("context_settings", {})
        super().__init__(*args, **kwargs)

    def verb(
        self, name: str, *, examples: Sequence[str] = (), **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Declares a verb; its docstring is its help."""
        return self.command(name, examples=examples, **kwargs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            known, other = self.list_commands(ctx), ELSEWHERE.get(name)
            near = f"Did you mean {other}?" if other in known else did_you_mean(name, known, "")
            ctx.fail(f"{ctx.command_path} has no command {name!r}. {near}".rstrip())
        return super().resolve_command(ctx, args)


class Entry(NamedTuple):
    """A command that is not loaded yet: its module (and attribute), its help in a few words, its section."""

    module: str
    help: str
    section: str
    attribute: str = "group"


class LazyRoot(Noun):
    """`rhythm` itself: loads the module of the one command that runs, and none to show its help."""

    def __init__(
        self, *args: Any, entries: Mapping[str, Entry], examples: Sequence[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.entries)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An issue's key stands for `open` and the key."""
        if "open" in self.entries and args[0] not in self.entries:
            from rhythm_domain.query.tree import KEY

            if KEY.fullmatch(args[0]):
                args = ["open", *args]
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"rhythm_tui.cli.commands.{entry.module}")
        command = getattr(module, entry.attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - for mypy
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(formatter, self.examples)
        width = max(map(len, self.entries))
        sections = dict.fromkeys(entry.section for entry in self.entries.values())
        for section in sections:
            rows = [
                (f"{name:{width}}", entry.help)
                for name, entry in self.entries.items()
                if entry.section == section
            ]
            with formatter.section(section):
                formatter.write_dl(rows)


pass_context = click.make_pass_decorator(Context)
