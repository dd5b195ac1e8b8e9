"""The arithmetic on what was measured, and how it is written. Measures nothing itself."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Spread:
    """The median of some rounds with the lowest and the highest of them."""

    middle: float
    lowest: float
    highest: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    def __str__(self) -> str:
        if self.rounds == 1 or self.lowest == self.highest:
            return number(self.middle)
        return f"{number(self.middle)} ({number(self.lowest)} to {number(self.highest)})"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (above 0, at most 1) of all do not exceed: always one that was measured."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def advantage(ours: Sequence[float], theirs: Sequence[float], more_is_better: bool) -> Spread:
    """How many times better ours is, round by round: 2 is twice the rate, or half the cost."""
    pairs = list(zip(ours, theirs, strict=True))
    return Spread.of([o / t if more_is_better else t / o for o, t in pairs])


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


@dataclass(frozen=True)
class Histogram:
    """A histogram of Prometheus: how many values lie at or below each bound; the last bound is infinite."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def total(self) -> float:
        """How many values there are."""
        return self.counts[-1] if self.counts else 0.0

    def bound_of(self, share: float) -> float:
        """The lowest bound below which at least `share` of the values lie; the true percentile is not above it."""
        needed = share * self.total
        for bound, count in zip(self.bounds, self.counts, strict=True):
            if count >= needed:
                return bound
        return math.inf

    def since(self, before: Histogram) -> Histogram:
        """What was added since an earlier look at the same histogram."""
        if not before.bounds:
            return self
        return Histogram(self.bounds, tuple(a - b for a, b in zip(self.counts, before.counts, strict=True)))


SAMPLE = re.compile(r'^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def histogram(text: str, name: str, **labels: str) -> Histogram:
    """One histogram out of a page of metrics, summed over all labels that are not given; empty when it is not there."""
    found: dict[float, float] = {}
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample is None or sample["name"] != f"{name}_bucket":
            continue
        has = dict(LABEL.findall(sample["labels"] or ""))
        if all(has.get(key) == value for key, value in labels.items()):
            bound = float(has["le"].replace("+Inf", "inf"))
            found[bound] = found.get(bound, 0.0) + float(sample["value"])
    bounds = tuple(sorted(found))
    return Histogram(bounds, tuple(found[bound] for bound in bounds))


def gauge(text: str, name: str, **labels: str) -> float:
    """The sum of a counter or gauge over all labels that are not given."""
    total = 0.0
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample and sample["name"] == name:
            has = dict(LABEL.findall(sample["labels"] or ""))
            if all(has.get(key) == value for key, value in labels.items()):
                total += float(sample["value"])
    return total
