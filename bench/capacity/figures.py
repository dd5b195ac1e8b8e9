"""The arithmetic on what was measured: rates, efficiency, and whether the machine was full. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.figures import Spread, percentile

# From this share of all cores on, a rate is the machine's and says nothing of the program.
FULL = 0.85
ENOUGH = 0.9

Sample = Mapping[str, float | str]


@dataclass(frozen=True)
class Span:
    """One job from its start to its end, in seconds on the clock of the day; `accepted` is when its file was."""

    accepted: float
    start: float
    end: float

    @property
    def secs(self) -> float:
        """How long it ran."""
        return self.end - self.start

    def last(self, secs: float) -> Span:
        """Its end: that of a job which stood in line at first, and then was worked on for so long."""
        return replace(self, start=max(self.start, self.end - secs))


def rate(spans: Iterable[Span], begin: float, end: float) -> float:
    """Jobs per second within a window. A job counts with the share of its time that lies inside, so that a window which
    cuts jobs off rounds nothing: one job after the other without a pause is exactly one per its duration."""
    done = 0.0
    for span in spans:
        inside = min(span.end, end) - max(span.start, begin)
        if inside > 0 and span.secs > 0:
            done += inside / span.secs
    return done / (end - begin)


def percentiles_ms(secs: Sequence[float], name: str) -> dict[str, float]:
    """`NAME_p50_ms`, `NAME_p95_ms` and `NAME_p99_ms`; nothing where nothing was measured."""
    return {f"{name}_p{share}_ms": percentile(secs, share / 100) * 1e3 for share in (50, 95, 99)} if secs else {}


def efficiency(one: Sequence[float], many: Sequence[float], times: int) -> Spread:
    """Throughput of `times` as many, as a share of `times` the throughput of one; round by round."""
    return Spread.of([m / (times * o) for o, m in zip(one, many, strict=True)])


def is_full(busy: Sequence[float]) -> bool:
    """Whether the machine had nothing left, by the median of its busy shares."""
    return Spread.of(busy).middle >= FULL


class Table:
    """Samples of all rounds, found by what was set."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.samples = list(samples)

    def of(self, **wanted: object) -> list[Sample]:
        """The samples in which all this was set, in the order of their rounds."""
        return [sample for sample in self.samples if all(sample.get(key) == value for key, value in wanted.items())]

    def values(self, key: str, **wanted: object) -> list[float]:
        """One figure of each."""
        return [float(sample[key]) for sample in self.of(**wanted) if key in sample]

    def spread(self, key: str, **wanted: object) -> Spread:
        """One figure over the rounds."""
        return Spread.of(self.values(key, **wanted))

    def settings(self, key: str, **wanted: object) -> list[float]:
        """What `key` was set to, each once, rising."""
        return sorted({float(sample[key]) for sample in self.of(**wanted) if key in sample})
