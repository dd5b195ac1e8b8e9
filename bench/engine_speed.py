"""Question (i): is our engine as fast as Python onnxruntime, with the same model, threads and size of input?"""

from __future__ import annotations

import json
import statistics
import sys

import measure
import packages
from settings import Settings

RUNS_PER_ROUND = 10


def section(settings: Settings) -> str:
    rows = [
        row(settings, name, threads)
        for name in packages.installed()
        for threads in sorted({1, settings.threads})
    ]
    return "\n".join([HEAD, *rows])


def row(settings: Settings, name: str, threads: int) -> str:
    """Each round is one process per side with runs after a warm-up; a round counts with its median."""
    common = [name, "--threads", str(threads), "--runs", str(RUNS_PER_ROUND)]
    sides = {
        "ours": lambda: median_ms([settings.program, "models", "bench", *common, "--json"]),
        "python": lambda: median_ms([sys.executable, "bench/reference_model.py", *common]),
    }
    medians = measure.interleave(sides, settings.rounds)
    ratio = measure.paired_ratio(medians["python"], medians["ours"])
    ours, python = (statistics.median(medians[side]) for side in ("ours", "python"))
    return f"| {name} | {threads} | {ours:.1f} | {python:.1f} | {ratio:.2f} |"


def median_ms(command: list[str]) -> float:
    """The median run of one process."""
    return statistics.median(json.loads(measure.run(command).output)["runs_ms"])


HEAD = f"""## One model, one item

`drishtiksha models bench` against Python onnxruntime; spinning is off on both sides; {RUNS_PER_ROUND} runs a round after a warm-up.

| model | threads | ours, ms | Python, ms | ratio |
|---|---|---|---|---|"""
