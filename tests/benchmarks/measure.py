"""Times of many calls, as percentiles beside their bounds and beside the floors of the same run."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from rhythm_domain.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Sample:
    """How long one call took, in milliseconds, and what it was."""

    ms: float
    what: str


@dataclass(frozen=True, slots=True)
class Bound:
    """What the percentiles of a series must not be above, in milliseconds; None where there is no bound."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    worst: float | None = None

    def times(self, factor: float) -> Bound:
        """The same, so much wider."""
        return Bound(
            *(value and value * factor for value in (self.p50, self.p95, self.p99, self.worst)),
        )


@dataclass(slots=True)
class Series:
    """The calls of one kind, in the order of time."""

    name: str
    bound: Bound = field(default_factory=Bound)
    samples: list[Sample] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The milliseconds that this share of the calls did not need more than."""
        times = sorted(sample.ms for sample in self.samples)
        return times[min(int(len(times) * share), len(times) - 1)]

    @property
    def figures(self) -> dict[str, float]:
        """p50, p95, p99 and worst."""
        return {
            "p50": self.percentile(0.5),
            "p95": self.percentile(0.95),
            "p99": self.percentile(0.99),
            "worst": self.percentile(1),
        }

    @property
    def beyond(self) -> list[str]:
        """The figures that are above their bounds."""
        return [
            name
            for name, value in self.figures.items()
            if (most := getattr(self.bound, name)) is not None and value > most
        ]

    async def time(self, what: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Makes a call and adds how long it took, also if the database gave up; what the call returned."""
        start = perf_counter()
        result = None
        try:
            result = await call()
        except Unavailable:
            self.failed.append(what)
        self.samples.append(Sample((perf_counter() - start) * 1000, what))
        return result


def worst(all_of: Iterable[Series], count: int) -> Sequence[tuple[str, Sample]]:
    """The slowest calls of all series, each with its series' name."""
    calls = [(series.name, sample) for series in all_of for sample in series.samples]
    return sorted(calls, key=lambda call: -call[1].ms)[:count]


def settle() -> None:
    """Leaves what earlier sections made out of the collector's way."""
    gc.collect()
    gc.freeze()
