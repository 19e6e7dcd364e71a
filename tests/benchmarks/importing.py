"""An import of a hundred thousand issues, and whether they slow down the others once they are deleted; in an
instance of its own that is thrown away.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, TemporaryFile
from time import perf_counter
from typing import BinaryIO

from rhythm_domain.demo import filler
from rhythm_domain.session import Session
from rhythm_domain.transaction import BULK
from tests.benchmarks.instance import opened_beside
from tests.benchmarks.measure import Bound, Sample, Series
from tests.benchmarks.samples import by_name, sampled

IMPORTED = 100_000
OTHERS = 20_000
MINUTE = 60_000.0


async def series() -> AsyncIterator[Series]:
    """The import, in milliseconds of the whole; then reads and moves before and after all that is deleted."""
    with TemporaryDirectory(prefix="rhythm-bench-") as folder:
        async with opened_beside(Path(folder) / "postgres", OTHERS) as bench, bench.session() as session:
            before = await sampled(session, bench.large, "trash empty", beside={})
            importing = Series(f"import of {IMPORTED:,}", Bound(worst=MINUTE))
            importing.samples.append(Sample(await _import(session, bench.large), "the whole"))
            yield importing
            await _delete_imported(session, bench.large)
            with bench.sql() as sql:
                sql.execute("VACUUM ANALYZE")
            after = await sampled(session, bench.large, f"trash of {IMPORTED:,}", beside=by_name(before))
        for one in (*before, *after):
            yield one
        bench.server.stop()


async def _import(session: Session, project: str) -> float:
    with TemporaryFile() as file:
        _write(file)
        file.seek(0)
        start = perf_counter()
        report = await session.exchange.import_file(project, "github", file)
        if report.created != IMPORTED:
            raise SystemExit(
                f"{report.created:,} of {IMPORTED:,} issues were imported: {report.problems[:3]}"
            )
        return (perf_counter() - start) * 1000


def _write(file: BinaryIO) -> None:
    """Issues as `gh` prints them."""
    dice = Random("imported")  # noqa: S311 - not a secret
    for number in range(1, IMPORTED + 1):
        issue = {
            "number": number,
            "title": filler._title(dice),
            "body": filler._description(dice),
            "author": {"login": f"author{number % 50}"},
            "assignees": [],
            "comments": [],
            "labels": [{"name": "imported"}],
            "milestone": None,
            "state": "CLOSED" if number % 5 else "OPEN",
            "createdAt": "2024-01-01T00:00:00Z",
            "updatedAt": "2024-02-01T00:00:00Z",
            "closedAt": "2024-02-01T00:00:00Z" if number % 5 else None,
            "url": f"https://github.com/made/up/issues/{number}",
        }
        file.write(b"," if number > 1 else b"[")
        file.write(json.dumps(issue).encode())
    file.write(b"]")


async def _delete_imported(session: Session, project: str) -> None:
    found = await session.search.ids("label:imported", project=project, limit=IMPORTED)
    for start in range(0, len(found), BULK):
        await session.issues.delete(found[start : start + BULK])
