"""Test videos, made by ffmpeg from the bundled portrait and kept in DRISHTIKSHA_HOME/bench.

1080p H.264 with x264's own settings and AAC sound. One minute is encoded: the portrait moves slowly under
grain that changes from frame to frame, which is what a camera gives a codec to do. The long clip repeats it.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = {"10 s": 10, "1 min": 60, "10 min": 600}


def clip(seconds: int) -> Path:
    """The clip of that length, made when it is not there."""
    sound = ["-stream_loop", "-1", "-i", ROOT / "testdata/speech-human.wav"]
    repeat = ["-stream_loop", str(max(seconds // 60, 1) - 1), "-i", picture()]
    streams = ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "aac"]
    return make(f"portrait-1080p-{seconds}s.mp4", [*repeat, *sound, *streams, "-t", str(seconds)])


def picture() -> Path:
    """The minute that is encoded, without sound."""
    still = ["-loop", "1", "-framerate", "25", "-i", ROOT / "testdata/astronaut.png"]
    move = "scale=2200:2200,crop=1920:1080:140+100*sin(t):200+100*cos(t),noise=alls=6:allf=t,format=yuv420p"
    return make("portrait-1080p.mp4", [*still, "-vf", move, "-t", "60", "-c:v", "libx264"])


def make(name: str, arguments: list) -> Path:
    """Runs ffmpeg for a file that is not there yet; an interrupted run leaves none."""
    target = Path(os.environ["DRISHTIKSHA_HOME"]) / "bench" / name
    if not target.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(".part.mp4")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments, unfinished], check=True)
        unfinished.rename(target)
    return target
