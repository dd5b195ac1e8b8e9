"""How long is it from the start of the program to the verdict on one picture, with the weights on the disk?"""

from __future__ import annotations

import statistics

import program
from settings import Settings

PICTURE = "testdata/astronaut.png"
MODEL = "clip-probe"
RUNS = 10


def section(settings: Settings) -> str:
    runs = [program.analyze(settings.program, PICTURE, [MODEL]) for _ in range(RUNS)]
    walls = sorted(run.wall_secs for run in runs)
    peak_mib = statistics.median(run.peak_bytes for run in runs) / 2**20
    return (
        f"## Start to first result\n\n`{PICTURE}` through `{MODEL}`, the program's start and the loading of the model included, files in the "
        f"system's cache: median {statistics.median(walls):.2f} s of {RUNS} runs ({walls[0]:.2f} to {walls[-1]:.2f} s), "
        f"{peak_mib:.0f} MiB."
    )
