"""The floors of the app: the least that Textual can do. `python -m tests.benchmarks.bare ROWS`."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Bare(App[None]):
    """A table of eight columns, and nothing else."""

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*(f"column {number}" for number in range(8)))
        for row in range(int(sys.argv[1])):
            table.add_row(*(f"row {row} cell {cell}" for cell in range(8)))


if __name__ == "__main__":
    Bare().run()
