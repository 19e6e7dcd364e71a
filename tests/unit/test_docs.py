"""The README is true: its tables are made from the code, its commands are those that run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from rhythm_domain import config
from rhythm_domain.formats.github import COMMAND
from rhythm_domain.models import Role
from rhythm_domain.policy import RULES
from rhythm_domain.query import HELP
from rhythm_tui.cli.errors import Exit
from rhythm_tui.cli.main import root
from rhythm_tui.commands import COMMANDS, Where, readable

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def roles() -> str:
    lines = ["| may | " + " | ".join(Role) + " |", "|---|" + "---|" * len(Role)]
    for permission, rule in RULES.items():
        cells = []
        for role in Role:
            if rule.role is not None and role.rank >= rule.role.rank:
                cells.append("yes")
            else:
                cells.append("own" if rule.author and role.rank >= rule.author.rank else "")
        lines.append(f"| {rule.words} (`{permission}`) | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def search() -> str:
    rows = (f"| `{part}` | {meaning.replace('|', chr(92) + '|')} |" for part, meaning in HELP)
    return "\n".join(("| | |", "|---|---|", *rows))


def settings() -> str:
    rows = (
        f"| `{one.name}` | `RHYTHM_{one.name.upper()}` | {one.help.rstrip('.')} |"
        for one in config.load({}, environ={}, file=ROOT / "no such file").every
    )
    return "\n".join(("| setting | variable | |", "|---|---|---|", *rows))


def exits() -> str:
    rows = (f"| {code.value} | {code.name.lower().replace('_', ' ')} |" for code in Exit)
    return "\n".join(("| code | |", "|---|---|", *rows))


def keys() -> str:
    lines = ["| keys | | command |", "|---|---|---|"]
    for where in Where:
        lines.append(f"| **{where.value}** | | |")
        for command in COMMANDS.values():
            if command.where is where:
                pressed = " ".join(f"`{readable(key)}`" for key in command.keys).replace("|", "\\|")
                lines.append(f"| {pressed} | {command.help} | `{command.id}` |")
    return "\n".join(lines)


TABLES = {"roles": roles, "search": search, "settings": settings, "exits": exits, "keys": keys}


def written(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- /{name} -->", README, re.DOTALL)
    assert found, f"the README has no table {name}"
    return found[1]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_says_what_the_code_does(name: str) -> None:
    """`python -m tests.unit.test_docs` writes them anew."""
    assert written(name) == TABLES[name]()


def test_ci_runs_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"^python3 -m venv .*pytest$", README, re.MULTILINE)
    assert len(commands) == 1
    assert commands[0] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_file_of_github_is_made_as_an_error_says() -> None:
    assert COMMAND in README.splitlines()


def test_every_command_in_the_readme_exists() -> None:
    """With its verb, its options and no word too many; lines to be typed are complete, too."""
    lines = re.findall(r"^rhythm (.+)$", README, re.MULTILINE)
    quoted = re.findall(r"`rhythm ([a-z][^`]*)`", README)
    assert lines
    assert quoted
    for line in lines:
        _parsed(shlex.split(line, comments=True), complete=True)
    for line in quoted:
        _parsed(shlex.split(line), complete=False)


@pytest.mark.parametrize(
    "wrong", ["user add ada --name Ada", "project list CORE", "sprint begin", "db restore"]
)
def test_a_command_that_does_not_exist_would_be_found(wrong: str) -> None:
    with pytest.raises((click.UsageError, AssertionError)):
        _parsed(wrong.split(), complete=True)


def _parsed(words: list[str], *, complete: bool) -> None:
    """Parses a command as it would be run, without opening its files."""
    command: click.Command = root
    context = click.Context(root, info_name="rhythm")
    while isinstance(command, click.Group) and words:
        _, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, context, info_name=found.name)
    given, rest, _ = command.make_parser(context).parse_args(list(words))
    assert not rest, f"{context.command_path} takes no {rest}"
    needed = [one.name for one in command.get_params(context) if one.required]
    missing = [name for name in needed if not isinstance(given.get(str(name)), str | tuple | list)]
    assert not (complete and missing), f"{context.command_path} needs {missing}"


def test_every_dependency_is_explained() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = set(re.findall(r'^  "([a-z0-9-]+)(?:\[\w+\])?>=', project, re.MULTILINE))
    wanted |= set(re.findall(r'"(mypy|ruff)>=', project))
    table = README[README.index("Why each dependency") :]
    assert {name for name in wanted if name not in table} == set()


def write() -> None:
    text = README
    for name, make in TABLES.items():
        text = text.replace(
            f"<!-- {name} -->\n{written(name)}{'' if not written(name) else chr(10)}<!-- /{name} -->",
            f"<!-- {name} -->\n{make()}\n<!-- /{name} -->",
        )
    (ROOT / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
