"""Progress of long work: a bar on a terminal, one line at the end anywhere else; always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rhythm_domain.text import shown


@contextmanager
def progress(total: int | None, label: str, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Yields a function to be told how many more are done. `total` is None if nobody knows it."""
    done = 0
    if quiet or not sys.stderr.isatty():

        def count(more: int) -> None:
            nonlocal done
            done += more

        yield count
        if not quiet:
            sys.stderr.write(f"{shown(label)}: {done:,}\n")
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(shown(label), total=total)
        yield lambda more: bar.advance(task, more)


@contextmanager
def watched(*, quiet: bool = False) -> Iterator[Callable[[str, int, int | None], None]]:
    """Yields a function to be told how far long work is: what is being done, how much of it, and of how much
    (None if nobody knows). A bar with a percentage on a terminal; nothing anywhere else.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda doing, done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(show_speed=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda doing, done, total: bar.update(
            task, description=shown(doing), completed=done, total=total
        )
