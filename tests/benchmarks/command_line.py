"""Commands from the start of their process to its end, beside the imports that no command can do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

from tests.benchmarks.instance import Bench
from tests.benchmarks.measure import Bound, Sample, Series

CALLS = 10

_FLOOR = [sys.executable, "-c", "import psycopg, psycopg_pool, pydantic"]


def series(bench: Bench) -> list[Series]:
    """The floor first; the bound of the others is twice its median."""
    floor = Series("import psycopg, psycopg_pool, pydantic")
    data = {"RHYTHM_DATA_DIR": str(bench.data_dir)}
    rhythm = [sys.executable, "-m", "rhythm_tui"]
    listed, board = Series("rhythm issue list"), Series("rhythm board")
    for _ in range(CALLS):
        _run(floor, _FLOOR, {})
        _run(listed, [*rhythm, "issue", "list", "--project", bench.large, "is:open"], data)
        _run(board, [*rhythm, "board", bench.large], data)
    listed.bound = board.bound = Bound(p50=2 * floor.percentile(0.5))
    return [floor, listed, board]


def _run(into: Series, command: list[str], variables: dict[str, str]) -> None:
    import os

    start = perf_counter()
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, **variables}, cwd=Path.cwd(), check=False
    )
    into.samples.append(Sample((perf_counter() - start) * 1000, " ".join(command[1:])))
    if done.returncode:
        into.failed.append(done.stderr.decode())
