"""What was measured, as a table for people and as JSON for a later run to compare itself with."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Series, worst

_FIGURES = ("p50", "p95", "p99", "worst")


def header() -> str:
    """The heads of the columns."""
    return f"{'milliseconds':34}{'n':>6}" + "".join(f"{name:>9}" for name in _FIGURES) + f"{'× floor':>9}"


def line(series: Series, floor: float, before: dict[str, Any]) -> str:
    """A series: its figures (with ! where above their bounds), its p50 as a multiple of the floor, and how
    its p95 was in the run that it is compared with.
    """
    figures = series.figures
    cells = "".join(f"{figures[name]:>8.2f}{'!' if name in series.beyond else ' '}" for name in _FIGURES)
    then = before.get(series.name, {}).get("p95")
    compared = f"  p95 was {then:.2f}" if then else ""
    failed = f"  {len(series.failed)} FAILED" if series.failed else ""
    return f"{series.name:34}{len(series.samples):>6}{cells}{figures['p50'] / floor:>8.1f} {compared}{failed}"


def tail(measured: Sequence[Series]) -> Iterable[str]:
    """The ten slowest calls."""
    yield ""
    yield "The ten slowest:"
    for name, sample in worst(measured, 10):
        yield f"{sample.ms:>9.1f}  {name}: {sample.what}"


def read(path: Path | None) -> dict[str, Any]:
    """The figures of an earlier run, by series."""
    if path is None or not path.exists():
        return {}
    return dict(json.loads(path.read_text())["series"])


def write(path: Path, measured: Iterable[Series], issues: int) -> None:
    """Keeps the figures, and the machine that they are of."""
    series = {
        one.name: {**one.figures, "n": len(one.samples), "beyond": one.beyond, "failed": len(one.failed)}
        for one in measured
    }
    machine = {
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "system": platform.system(),
    }
    path.write_text(json.dumps({"issues": issues, "machine": machine, "series": series}, indent=2) + "\n")
