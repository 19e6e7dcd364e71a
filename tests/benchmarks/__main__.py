"""How fast Rhythm is on an instance of any size, beside the floors of the machine.

    python -m tests.benchmarks [--issues N] [--json FILE] [SECTION ...]

Fills an embedded server with made-up issues (once: it is kept in the user's cache folder, or in --home) and
measures, with all its files in memory, the sections: search, lists, writes, cli, app; parts, which says where
the time of a call goes; growth and cold, which keep a smaller instance of each size too; and import, which
fills one that it throws away. Each line has the percentiles of its calls in milliseconds, `!` where one is
above its bound, and the median as a multiple of `SELECT 1` in the same run.
With --programs another PostgreSQL than the embedded one is measured, with its own settings, in an instance of
its own.
With --json the figures are kept, and compared with those that the file held.

Exit code 0 if every figure is within its bound.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from tests.benchmarks import (
    app,
    command_line,
    floors,
    growing,
    importing,
    parting,
    reading,
    report,
    searching,
    writing,
)
from tests.benchmarks.instance import Bench, home, opened, warm
from tests.benchmarks.keystrokes import HELD_OUT
from tests.benchmarks.measure import Series, settle

SECTIONS = ("search", "lists", "writes", "cli", "app", "parts", "growth", "cold", "import")
ANYWHERE = ("search", "lists", "writes", "parts")
"""What can be measured on a server of another version: commands and the app start the embedded one."""


class _Counter(logging.Handler):
    """Counts what the slow-query log says."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


async def _measured(
    bench: Bench, sections: list[str], *, issues: int, seed: str, every: int
) -> AsyncIterator[Series]:
    for series in await floors.series(bench):
        yield series
    if "search" in sections:
        async for series in searching.series(bench, seed, every=every):
            yield series
    if "lists" in sections:
        async for series in reading.series(bench):
            yield series
    if "writes" in sections:
        async for series in writing.series(bench):
            yield series
    if "cli" in sections:
        for series in await asyncio.to_thread(command_line.series, bench):
            yield series
    if "app" in sections:
        for series in app.series(bench):
            yield series
    if "parts" in sections:
        async for series in parting.series(bench):
            yield series
    if "growth" in sections:
        async for series in growing.growth(bench, issues):
            yield series
    if "cold" in sections:
        async for series in growing.cold():
            yield series
    if "import" in sections:
        async for series in importing.series():
            yield series


async def _run(bench: Bench, given: argparse.Namespace) -> list[Series]:
    before = report.read(given.json)
    measured: list[Series] = []
    print(report.header())
    sections = given.sections or list(SECTIONS)
    async for series in _measured(bench, sections, issues=given.issues, seed=given.seed, every=given.every):
        measured.append(series)
        print(report.line(series, measured[0].percentile(0.5), before), flush=True)
        settle()
    for text in report.tail(measured):
        print(text)
    return measured


def main() -> int:
    """Runs it; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--issues", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="of the embedded server")
    parser.add_argument(
        "--programs", type=Path, metavar="FOLDER", help="of another PostgreSQL: search, lists, writes, parts"
    )
    parser.add_argument("--seed", default=HELD_OUT, help="which keystrokes; any word")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every n-th keystroke")
    given = parser.parse_args()
    if given.programs is not None:
        given.home = given.home or home(given.issues).with_name(f"of {given.programs.parent.name}")
        given.sections = given.sections or list(ANYWHERE)
        if set(given.sections) - set(ANYWHERE):
            parser.error(f"with other programs there are only {', '.join(ANYWHERE)}")
    if unknown := set(given.sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    # An installed program has its bytecode: let the first start of each leave it.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    slow = _Counter()
    log = logging.getLogger("rhythm.database")
    log.addHandler(slow)
    log.propagate = False
    folder = given.home or home(given.issues)
    with opened(folder, given.issues, programs=given.programs) as bench:
        if bench.filled is not None:
            print(f"Filled with {given.issues:,} issues in {bench.filled:.0f} s.")
        warm(bench.server.data)
        measured = asyncio.run(_run(bench, given))
    if given.json:
        report.write(given.json, measured, given.issues)
    print(f"\nThe slow-query log has {slow.count} lines.")
    beyond = [series.name for series in measured if series.beyond or series.failed]
    print(f"Beyond their bounds: {', '.join(beyond)}." if beyond else "Everything is within its bounds.")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())
