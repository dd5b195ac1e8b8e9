"""Question (i): is our engine as fast as Python onnxruntime, with the same model, threads and size of input?"""

from __future__ import annotations

import json
import os
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
    ours = [settings.program, "models", "bench", *common, "--json"]
    sides = {
        "ours": lambda: median_ms(ours, "ort"),
        "python": lambda: median_ms([sys.executable, "bench/reference_model.py", *common]),
    }
    if runs_built_in(name, ours):
        sides["built in"] = lambda: median_ms(ours, "rten")
    rounds = measure.interleave(sides, settings.rounds)
    medians = {side: statistics.median(values) for side, values in rounds.items()}
    built_in = f"{medians['built in']:.1f}" if "built in" in medians else "does not run"
    ratio = measure.paired_ratio(rounds["python"], rounds["ours"])
    return f"| {name} | {threads} | {medians['ours']:.1f} | {medians['python']:.1f} | {ratio:.2f} | {built_in} |"


def runs_built_in(name: str, command: list[str]) -> bool:
    """False where the package forbids the built-in engine, or that engine lacks one of its operators."""
    if "rten" not in packages.installed()[name].engines:
        return False
    try:
        median_ms(command, "rten")
    except measure.RunFailed as failure:
        print(f"{name} on the built-in engine: {failure}", file=sys.stderr)
        return False
    return True


def median_ms(command: list[str], engine: str | None = None) -> float:
    """The median run of one process, on that engine of ours."""
    env = os.environ | ({"DRISHTIKSHA_ENGINE": engine} if engine else {})
    answer = json.loads(measure.run(command, env=env).output)
    if engine and not answer["engine"].startswith(engine):
        raise measure.RunFailed(f"{' '.join(command)} ran on {answer['engine']}, not on {engine}")
    return statistics.median(answer["times_ms"])


HEAD = f"""## One model, one item

`drishtiksha models bench` against Python onnxruntime; spinning is off on both sides; {RUNS_PER_ROUND} runs a round after a warm-up.

The last column is our built-in engine (`rten`), for models that run on it.

| model | threads | ours, ms | Python, ms | ratio | built in, ms |
|---|---|---|---|---|---|"""
