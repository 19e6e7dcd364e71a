"""What is asked of a person: to confirm, and for passwords. Without a terminal nothing is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from rhythm_domain.errors import Invalid
from rhythm_domain.text import shown
from rhythm_tui.cli.piped import LINE, interruptible, piped
from rhythm_tui.cli.values import FileName

F = TypeVar("F", bound=Callable[..., Any])

yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")


def confirm(question: str, *, yes: bool) -> None:
    """Goes on only if the person agrees; `yes` answers beforehand. Nothing is changed otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{shown(question)} Nobody can answer here: add --yes.")
    with interruptible():
        agreed = click.confirm(shown(question), err=True)
    if not agreed:
        raise click.Abort


class PasswordSource(NamedTuple):
    """Where a password is read from; a prompt unless one is given. Never an argument: `ps` shows those."""

    stdin: bool
    file: str | None

    @property
    def asks(self) -> bool:
        """Whether a person is asked, who can give another one."""
        return not (self.stdin or self.file)

    def read(self, *, new: bool = False, label: str = "Password") -> str:
        """The password; asked for twice if it is `new`. One line break at the end is no part of it."""
        if self.stdin and self.file:
            raise click.UsageError("Give --password-stdin or --password-file, not both.")
        if self.stdin:
            return _first_line(piped(sys.stdin, LINE, "password"), "stdin")
        if self.file:
            try:
                return _first_line(Path(self.file).read_text(encoding="utf-8"), self.file)
            except (OSError, ValueError) as error:
                raise Invalid(f"{self.file} can't be read.", field="password") from error
        if not sys.stdin.isatty():
            raise click.UsageError("A password can't be asked for here: use --password-stdin.")
        words = f"New {label.lower()}" if new else label
        with interruptible():
            password: str = click.prompt(words, hide_input=True, confirmation_prompt=new, err=True)
        return password


def _first_line(text: str, where: str) -> str:
    password = text.removesuffix("\n").removesuffix("\r")
    if not password:
        raise Invalid(f"There is no password in {where}.", field="password")
    return password


def password_options(command: F) -> F:
    """Adds --password-stdin and --password-file; the command gets `password: PasswordSource`."""
    import functools

    @functools.wraps(command)
    def wrapper(*args: Any, password_stdin: bool, password_file: str | None, **kwargs: Any) -> Any:
        return command(*args, password=PasswordSource(password_stdin, password_file), **kwargs)

    stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
    file = click.option("--password-file", type=FileName(), help="Read the password from a file.")
    return stdin(file(wrapper))  # type: ignore[return-value]
