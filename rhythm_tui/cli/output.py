"""The one place where the command line prints: tables for people, plain columns for pipes, JSON for scripts.

Everything goes through `text.shown`: what is stored can do nothing to a terminal. On a terminal a table has
a header, colours and fits the width; in a pipe it has one line an item, tabs between columns, nothing cut,
days and times in ISO 8601.
With --json it is one document, ASCII-escaped: an item, or {"items": [...], "next": cursor}.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Protocol, TypeVar

from rhythm_domain.models import Model
from rhythm_domain.text import shown, shown_lines
from rhythm_tui import clock
from rhythm_tui.cli.table import Cell, Column, laid_out, padded
from rhythm_tui.looks.wording import day_said, relative_time

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_STYLES = {
    "bold": 1, "dim": 2, "italic": 3, "underline": 4, "strike": 9,
    "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35, "cyan": 36,
}  # fmt: skip
"""SGR parameters of ECMA-48; of colours the terminal's own eight, which look as the person likes them."""


class Pageable(Protocol[T_co]):
    """A stretch of a list, such as models.Page."""

    @property
    def items(self) -> Sequence[T_co]: ...
    @property
    def next(self) -> str | None: ...


class Output:
    """Where one run prints: results to stdout, everything else to stderr."""

    def __init__(self, *, as_json: bool = False, color: str = "auto") -> None:
        self.as_json = as_json
        self.zone: tzinfo = UTC
        """Where the person's days begin."""
        self.terminal = sys.stdout.isatty()
        self.colored = color == "always" or (
            color == "auto"
            and self.terminal
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )

    @property
    def width(self) -> int:
        """Cells of a line."""
        return shutil.get_terminal_size((100, 24)).columns

    def styled(self, text: str, style: str) -> str:
        """Text in a style such as "bold red", if colours are wanted. The text must be safe already."""
        if not style or not self.colored or not text:
            return text
        codes = ";".join(str(_STYLES[word]) for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"

    # Results --------------------------------------------------------------------------------------------

    def page(self, columns: Sequence[Column[T]], page: Pageable[T], *, empty: str) -> None:
        """A stretch of a list. What is missing is said, with the cursor to go on from."""
        self.table(columns, page.items, next=page.next, empty=empty)

    def table(
        self, columns: Sequence[Column[T]], rows: Sequence[T], *, empty: str, next: str | None = None
    ) -> None:
        """A list. `empty` is said on stderr when there is nothing."""
        if self.as_json:
            self.document({"items": rows, "next": next})
            return
        if not rows:
            self.note(empty)
            return
        self.rows(columns, rows)
        if next is not None:
            cursor = "" if self.terminal else f", or --after {next}"
            self.note(f"There is more: add --all{cursor}")

    def rows(self, columns: Sequence[Column[T]], rows: Sequence[T]) -> None:
        """The lines of a table, whatever --json says: for pages that have several."""
        cells = [[shown(self.written(column.render(row))) for column in columns] for row in rows]
        styles = [[column.style_of(row) for column in columns] for row in rows]
        if not self.terminal:
            for line in cells:
                self.line("\t".join(line))
            return
        widths = laid_out(columns, cells, self.width)
        heads = [padded(columns[i].title, width, columns[i].align) for i, width in widths]
        self.line(self.styled("  ".join(heads).rstrip(), "dim"))
        for line, looks in zip(cells, styles, strict=True):
            parts = [self.styled(padded(line[i], width, columns[i].align), looks[i]) for i, width in widths]
            self.line("  ".join(parts).rstrip())

    def now(self) -> datetime:
        """The time, in the person's zone."""
        return clock.now().astimezone(self.zone)

    def written(self, value: Cell) -> str:
        """A cell as it is printed: days and times as people say them on a terminal, in ISO 8601 in a pipe."""
        match value:
            case datetime():
                return relative_time(value, self.now()) if self.terminal else value.isoformat()
            case date():
                return day_said(value, self.now().date()) if self.terminal else value.isoformat()
        return value or ""

    def details(self, item: Any, pairs: Sequence[tuple[str, Cell]], *, body: str = "") -> None:
        """One thing: labels and values below each other, then its long text. Empty values are left out."""
        if self.as_json:
            self.document(item)
            return
        kept = [(label, shown(self.written(value))) for label, value in pairs if value]
        width = max((len(label) for label, _ in kept), default=0)
        for label, value in kept:
            self.line(
                f"{self.styled(label.ljust(width), 'dim')}  {value}" if self.terminal else f"{label}\t{value}"
            )
        if body:
            self.line("")
            self.text(body)

    def done(self, message: str, item: Any = None) -> None:
        """What a write did: a line for people, the changed thing as JSON for scripts."""
        if self.as_json:
            self.document(item if item is not None else {"done": message})
        else:
            self.line(shown(message))

    def document(self, value: Any) -> None:
        """One JSON document."""
        sys.stdout.write(json.dumps(plain(value), indent=2 if self.terminal else None) + "\n")

    # Lines ----------------------------------------------------------------------------------------------

    def line(self, safe: str) -> None:
        """One line that is safe already."""
        sys.stdout.write(f"{safe}\n")

    def heading(self, value: str) -> None:
        """A line that begins something."""
        self.line(self.styled(shown(value), "bold"))

    def text(self, value: str) -> None:
        """A text of many lines."""
        self.line(shown_lines(value).rstrip("\n"))

    def note(self, message: str) -> None:
        """A remark for a person, on stderr; scripts that read JSON are spared it."""
        if not self.as_json:
            sys.stderr.write(f"{shown(message)}\n")


def plain(value: Any) -> Any:
    """A value as JSON has it: models by their field names, with the key that people type; Decimals as
    numbers, times and days in ISO 8601.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    if isinstance(value, Model):
        names = (("key",) if isinstance(getattr(type(value), "key", None), property) else ()) + value.names
        return {name: plain(getattr(value, name)) for name in names}
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "as_integer_ratio"):
        return int(value) if value == int(value) else float(value)
    return str(value)
