"""The file of what was measured: samples of all parts, joined over any number of runs of this program, and a summary that
the drawing of the bottlenecks reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .figures import Sample, Table, is_full

# The part of a sample's name on the command line; uploads and sockets are measured on one stage.
MADE_BY = {"uploads": "apis", "sockets": "apis"}
DIGITS = 4


@dataclass
class Measured:
    """All samples, how long each part took, and on what it was measured."""

    facts: list[str] = field(default_factory=list)
    took_secs: dict[str, float] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    # By part: what a reader has to know of this measurement.
    notes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Measured:
        """From the file, where there is one."""
        if not path.exists():
            return cls()
        found = json.loads(path.read_text())
        return cls(found["facts"], found["took_secs"], found["samples"], found["notes"])

    def forget(self, part: str, waits_ms: Iterable[int]) -> None:
        """Removes what was measured of a part with these models, because it is measured anew."""
        waits = set(waits_ms)
        self.samples = [s for s in self.samples if made_by(s) != part or s.get("wait_ms", next(iter(waits))) not in waits]
        if not any(made_by(s) == part for s in self.samples):
            self.took_secs.pop(part, None)
            self.notes.pop(part, None)

    def add(self, part: str, samples: Iterable[Sample], secs: float) -> None:
        """Another round of a part."""
        self.samples += [{key: short(value) for key, value in sample.items()} for sample in samples]
        self.took_secs[part] = round(self.took_secs.get(part, 0) + secs, 1)

    def write(self, path: Path) -> None:
        """Into the file, one sample a line."""
        lines = ",\n    ".join(json.dumps(sample) for sample in self.samples)
        head = {"facts": self.facts, "notes": self.notes, "took_secs": self.took_secs, "summary": summary(Table(self.samples))}
        rest = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
        path.write_text(f'{rest},\n  "samples": [\n    {lines}\n  ]\n}}\n')


def made_by(sample: Sample) -> str:
    """The part that made a sample."""
    return MADE_BY.get(str(sample["part"]), str(sample["part"]))


def short(value: float | str) -> float | str:
    """A figure with the digits that count."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def summary(table: Table) -> Mapping[str, float]:
    """What the drawing needs: what each part can do. A role's limit is one full core, taken from its processor time for a
    job in the busiest cell; PostgreSQL and workers may have more cores, Redis computes on one."""
    found: dict[str, float] = {}
    full = [s for s in table.of(part="workers") if is_full([float(s["busy"])])] or table.of(part="workers")
    if full:
        best = max(full, key=lambda sample: float(sample["jobs_per_sec"]))
        cell = {key: best[key] for key in ("part", "wait_ms", "workers", "jobs")}
        found["jobs_per_sec"] = table.spread("jobs_per_sec", **cell).middle
        for role in ("postgres", "redis", "worker"):
            found[f"{role}_jobs_per_core_sec"] = 1e3 / table.spread(f"{role}_cpu_ms", **cell).middle
    if table.of(part="uploads", apis=1):
        found["uploads_per_sec"] = table.spread("planned_per_sec", part="uploads", apis=1).middle
    counts = table.settings("sockets", part="sockets", apis=1)
    if counts:
        found["sockets"] = counts[-1]
        found["deliveries_per_sec"] = table.spread("deliveries_per_sec", part="sockets", apis=1, sockets=counts[-1]).middle
    return {key: short(value) for key, value in found.items()}
