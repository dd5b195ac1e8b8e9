"""Question (ii): how fast and how big is a whole video through one model, against Python?"""

from __future__ import annotations

import json
import statistics
import sys

import clips
import measure
import program
from settings import Settings

MODEL = "clip-probe"
# The longest clip takes minutes per round on the Python side.
ROUNDS = {"10 s": 5, "1 min": 5, "10 min": 3}
SEEK_FROM_SECS = 600


def section(settings: Settings) -> str:
    return "\n".join([HEAD, *(row(settings, length, seconds) for length, seconds in clips.SECONDS.items()), "", AFTER])


def row(settings: Settings, length: str, seconds: int) -> str:
    """The Python side judges the very frames that ours has judged."""
    clip = str(clips.clip(seconds))
    first = program.analyze(settings.program, clip, [MODEL])
    times_ms = program.times_ms(first)

    def python(reader: str) -> measure.Run:
        arguments = [MODEL, clip, "--threads", str(settings.threads), "--reader", reader, "--times-ms", json.dumps(times_ms)]
        return measure.run([sys.executable, "bench/reference_video.py", *arguments])

    sides = {
        "ours": lambda: program.analyze(settings.program, clip, [MODEL]),
        "loop": lambda: python("loop"),
    }
    # In a short clip nearly every jump decodes what the one before it has decoded; nobody would seek there.
    if seconds >= SEEK_FROM_SECS:
        sides["seek"] = lambda: python("seek")
    runs = measure.interleave(sides, min(settings.rounds, ROUNDS[length]))
    walls = {name: [run.wall_secs for run in side] for name, side in runs.items()}
    median = {name: f"{statistics.median(wall):.1f} s, {peak_mib(runs[name]):.0f} MiB" for name, wall in walls.items()}
    ratio = {name: f"{measure.paired_ratio(wall, walls['ours']):.1f}" for name, wall in walls.items()}
    cells = [length, str(len(times_ms)), median["ours"], median["loop"], median.get("seek", "not run")]
    cells += [ratio["loop"], ratio.get("seek", "not run"), f"{peak_mib(runs['ours']) / peak_mib(runs['loop']):.2f}"]
    cells += [f"{program.score(first):.2f}, {json.loads(runs['loop'][0].output)['score']:.2f}"]
    return f"| {' | '.join(cells)} |"


def peak_mib(runs: list[measure.Run]) -> float:
    """Median over the rounds of the highest memory."""
    return statistics.median(run.peak_bytes for run in runs) / 2**20


HEAD = f"""## A whole video

1080p H.264 with sound, made by ffmpeg, through `{MODEL}`; wall time from start to end of the process, start-up and loading of the model
included. *Loop* is a Python script that reads every frame with OpenCV and keeps the wanted ones; *seek* jumps to each of them.
Both judge the very frames that ours has judged, with the same preprocessing, engine and number of threads.

| length | frames | ours | Python, loop | Python, seek | ratio to loop | ratio to seek | memory, ours to loop | score, ours and Python |
|---|---|---|---|---|---|---|---|---|"""

AFTER = """The scores differ a little because the decoders convert colours with different arithmetic, and because the weights of this model are
8-bit numbers that are scaled anew in every layer, which amplifies small differences."""
