"""Question (iii): do more models on one file cost their inference only, and not another decode?"""

from __future__ import annotations

import statistics

import clips
import measure
import packages
import program
from settings import Settings

MOST = 4
# Models that can share: they look at the same frames or at the sound. (Those that follow landmarks want runs of
# consecutive frames, which are other frames.) They come first where their weights are there.
PREFERRED = ["clip-probe", "synthetic-speech-small", "mesonet-df", "mesonet-f2f"]


def section(settings: Settings) -> str:
    clip = str(clips.clip(60))
    there = [name for name, package in packages.installed().items() if "video" in package.manifest["kinds"]]
    models = sorted(there, key=lambda name: (PREFERRED + there).index(name))[:MOST]
    sides = {f"first {k}": lambda k=k: program.analyze(settings.program, clip, models[:k]) for k in range(1, len(models) + 1)}
    sides |= {name: lambda name=name: program.analyze(settings.program, clip, [name]) for name in models[1:]}
    runs = measure.interleave(sides, settings.rounds)
    wall = {name: statistics.median(run.wall_secs for run in side) for name, side in runs.items()}
    wall[models[0]] = wall["first 1"]
    rows = []
    for k, name in enumerate(models, start=1):
        added = wall[f"first {k}"] - wall.get(f"first {k - 1}", 0)
        peak_mib = statistics.median(run.peak_bytes for run in runs[f"first {k}"]) / 2**20
        processes = round(statistics.median(run.processes for run in runs[f"first {k}"]))
        cells = [str(k), f"+ {name}", f"{wall[f'first {k}']:.2f}", f"{added:.2f}", f"{wall[name]:.2f}"]
        rows.append(f"| {' | '.join(cells)} | {processes} | {peak_mib:.0f} |")
    return "\n".join([HEAD, *rows])


HEAD = """## Several models on one video

The clip of 1 min. *Added* is what the model adds to those above it; *alone* is the same model in a run of its own, with its own decode.
*Processes* counts the program and all its children, such as ffmpeg: a second decode would show there.

| models | | all, s | added, s | alone, s | processes | memory, MiB |
|---|---|---|---|---|---|---|"""
