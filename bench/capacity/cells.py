"""One setting in the tables of the document, and how its figures are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.figures import Spread, number

from .figures import Table, efficiency, is_full


class Cell:
    """All rounds of one setting."""

    def __init__(self, table: Table, **setting: object) -> None:
        self.table = table
        self.setting = setting

    def each(self, *names: str) -> Iterator[Cell]:
        """The settings within this one that differ in these names, rising, the first name slowest."""
        first, *others = names
        for value in self.table.settings(first, **self.setting):
            inner = Cell(self.table, **self.setting, **{first: value})
            yield from inner.each(*others) if others else [inner]

    def __getitem__(self, name: str) -> float:
        """What was set, or the same in every round."""
        return self.middle(name)

    def spread(self, key: str) -> Spread:
        """A figure over the rounds."""
        return self.table.spread(key, **self.setting)

    def middle(self, key: str) -> float:
        """Its median."""
        return self.spread(key).middle

    def has(self, key: str) -> bool:
        """Whether it was measured."""
        return bool(self.table.values(key, **self.setting))

    def number(self, key: str) -> str:
        """Its median, written."""
        return number(self.middle(key))

    def ms(self, key: str) -> str:
        """p50, p95 and p99, medians of the rounds."""
        return " / ".join(self.number(f"{key}_p{share}_ms") for share in (50, 95, 99))

    @property
    def is_full(self) -> bool:
        """Whether the machine had nothing left."""
        return is_full(self.table.values("busy", **self.setting))

    def busy(self) -> str:
        """The share of the machine that was busy; bold where it was full."""
        share = percent(self.middle("busy"))
        return f"**{share}**" if self.is_full else share

    def efficiency(self, name: str) -> Spread | None:
        """The rate against one of what `name` counts, all else being equal; none for one, and where that was not measured in
        the same rounds."""
        count = self[name]
        one = self.table.values("jobs_per_sec", **{**self.setting, name: 1})
        many = self.table.values("jobs_per_sec", **self.setting)
        return efficiency(one, many, int(count)) if count > 1 and len(one) == len(many) > 0 else None


def rows(head: str, lines: Sequence[Sequence[str]]) -> str:
    """A table; the head is one line with bars."""
    names = [name.strip() for name in head.split("|")]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [names, ["---"] * len(names), *lines])


def percent(share: float) -> str:
    """A share in words."""
    return f"{share * 100:.0f} %"


def written(spread: Spread | None) -> str:
    """A figure, or nothing."""
    return "" if spread is None else str(spread)
