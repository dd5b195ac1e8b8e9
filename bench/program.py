"""How the measurements call the program, and what they read in its answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

import measure

# No sign found, signs found, cannot tell: all are answers.
ANSWERS = (0, 1, 3)


def analyze(program: str, path: str, models: Sequence[str]) -> measure.Run:
    """One file through these models, in a process of its own."""
    return measure.run([program, "analyze", "--json", "--models", ",".join(models), "--", path], answers=ANSWERS)


def times_ms(run: measure.Run) -> list[int]:
    """When the frames that the first model judged are shown."""
    return [frame["time_ms"] for frame in result(run)["frame_predictions"]]


def score(run: measure.Run) -> float:
    """The raw score of the first model."""
    return result(run)["score"]


def result(run: measure.Run) -> dict:
    """The first model's result."""
    return json.loads(run.output)["analyses"][0]
