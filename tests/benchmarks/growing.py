"""How cost grows: the same calls on ten and on a hundred thousand issues, and on the instance that is
measured; and what they cost while nothing of the database is in memory yet.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

from tests.benchmarks.instance import Bench, home, opened_beside
from tests.benchmarks.measure import Bound, Series
from tests.benchmarks.samples import by_name, reads, sampled

SIZES = (10_000, 100_000)
COLD = 250.0
"""Milliseconds: what a person takes for at once."""


async def growth(bench: Bench, issues: int) -> AsyncIterator[Series]:
    """Each call by size; its bound is twice what it costs on the smallest, and a millisecond."""
    smallest: dict[str, Series] = {}
    for size in SIZES:
        async with opened_beside(home(size), size) as smaller, smaller.session() as session:
            found = await sampled(session, smaller.large, f"{size:,}", beside=smallest)
            smallest = smallest or by_name(found)
            for one in found:
                yield one
    async with bench.session() as session:
        for one in await sampled(session, bench.large, f"{issues:,}", beside=smallest):
            yield one


async def cold() -> AsyncIterator[Series]:
    """The first call of each kind after the server began anew, its files forgotten by the system too."""
    size = SIZES[-1]
    async with opened_beside(home(size), size) as bench:
        async with bench.session() as session:
            names = list(reads(session, bench.large))
        for name in names:
            first = Series(f"{name}, cold, {size:,}", Bound(p50=COLD))
            bench.server.stop()
            _forget(bench.server.home)
            bench.server.start()
            async with bench.session() as session:
                await session.projects.show(bench.large)  # Connects, and enters: that is no part of it.
                await first.time(name, reads(session, bench.large)[name])
            yield first


def _forget(folder: Path) -> None:
    """Has the system drop what it holds of the files below a folder."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            file = os.open(path, os.O_RDONLY)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)
