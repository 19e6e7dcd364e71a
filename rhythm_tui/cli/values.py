"""What people type for statuses, days, estimates and texts. Wrong ones are answered with the right ones."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from rhythm_domain.errors import Invalid
from rhythm_domain.models import User
from rhythm_domain.nearest import did_you_mean
from rhythm_domain.spellings import folded, spellings
from rhythm_tui import clock
from rhythm_tui.cli.piped import TEXT, piped

E = TypeVar("E", bound=StrEnum)

NONE = "none"
"""What people type to leave a field empty."""


class OneOf(click.ParamType[StrEnum]):
    """A value of an enum, however it is spelled: in_progress, in-progress, "In Progress", doing; p0 to p4."""

    def __init__(self, enum: type[StrEnum]) -> None:
        self.enum = enum
        self.name = re.sub(r"\B(?=[A-Z])", " ", enum.__name__).lower()

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "|".join(self.enum)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StrEnum:
        said = str(value)
        meant = spellings(self.enum).get(folded(said))
        if meant is None:
            near = did_you_mean(said, self.enum, f"It is one of {', '.join(self.enum)}.")
            self.fail(f"{value!r} is no {self.name}. {near}", param, ctx)
        return meant

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(value) for value in self.enum if value.startswith(incomplete)]


class FileName(click.ParamType[str]):
    """The name of a file. Over SSH there are none of the person's own: only `-`, which is stdin."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value != "-":
            require_files(ctx)
        return str(value)


class InputFile(click.File):
    """A file that is read, as bytes; likewise."""

    def __init__(self) -> None:
        super().__init__("rb")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value != "-":
            require_files(ctx)
        return super().convert(value, param, ctx)


class OutputFile(click.Path):
    """A file that is written. Over SSH there is none: stdout is the person's own."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        require_files(ctx)
        return super().convert(value, param, ctx)


def require_files(ctx: click.Context | None) -> None:
    """Raises `UsageError` where the files of the machine are not the person's."""
    from rhythm_tui.cli.context import Context

    context = ctx.find_object(Context) if ctx else None
    if context is not None and not context.local:
        raise click.UsageError(
            "No file can be named over SSH: yours are on your machine. `-` is stdin, and `>` writes stdout."
        )


def estimate(value: str | None) -> Decimal | None:
    """An estimate in points; None for "none". Raises `Invalid`."""
    if value is None or value == NONE:
        return None
    try:
        return Decimal(value.replace(",", "."))
    except InvalidOperation as error:
        raise Invalid(
            f"{value!r} is no number of points.", field="estimate", hint="Such as 3 or 0.5."
        ) from error


def day(value: str | None, user: User) -> date | None:
    """A day such as 2026-12-24, tomorrow or 7d, in the person's time zone; None for "none"."""
    from rhythm_domain.days import parse_day

    if value is None or value == NONE:
        return None
    return parse_day(value).resolve(today(user))[0]


def today(user: User) -> date:
    """The day that it is where the person is."""
    return clock.now().astimezone(ZoneInfo(user.time_zone)).date()


def nothing_or(value: str | None) -> str | None:
    """A name, or None for "none"."""
    return None if value == NONE else value


def long_text(
    text: str | None, file: str | None, *, editor: str | None = None, name: str = "text"
) -> str | None:
    """A long text from an option, a file (`-`: stdin) or an editor; None if none was given.

    Raises `Invalid` if the file can't be read as text, or a pipe has more than any text may.
    """
    if text is not None and file is not None:
        raise click.UsageError(f"Give the {name} once: as an option or from a file.")
    if file is not None:
        try:
            raw = piped(sys.stdin.buffer, TEXT, name) if file == "-" else Path(file).read_bytes()
            return raw.decode("utf-8-sig")
        except OSError as error:
            raise Invalid(f"{file} can't be read: {error.strerror}.", field=name) from error
        except UnicodeDecodeError as error:
            raise Invalid(f"{file} is no UTF-8 text.", field=name) from error
        except ValueError as error:
            raise Invalid(f"{file} can be no file's name.", field=name) from error
    return edited("", editor) if text is None and editor is not None else text


def edited(before: str, editor: str) -> str:
    """What a person makes of a text in their editor.

    Its file is there until the command succeeded: whatever fails, from the editor to the saving, names it.
    Raises `Invalid` if the editor fails.
    """
    handle, path = tempfile.mkstemp(suffix=".md", prefix="rhythm-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(before)
    click.get_current_context().with_resource(_kept(Path(path)))
    # The person's own editor, which may be a command with arguments.
    done = subprocess.run(["/bin/sh", "-c", f'{editor} "$1"', "sh", path], check=False)  # noqa: S603
    if done.returncode != 0:
        raise Invalid(f"The editor failed ({editor}).", field="text")
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("What the editor wrote is no UTF-8 text.", field="text") from error


@contextmanager
def _kept(file: Path) -> Iterator[None]:
    """Removes a person's text once it is not needed any more; an error notes where it still is."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"What you wrote is in {file}")
        raise
    file.unlink(missing_ok=True)
