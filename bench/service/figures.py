"""The arithmetic on what was measured, and how it is written. Measures nothing itself."""

from __future__ import annotations

import math
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
