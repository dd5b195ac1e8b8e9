"""Runs LRNet over the real clips of a labelled folder and prints what it says of every run of 60 frames.

    python sequences.py FOLDER TINY.onnx LANDMARKS.onnx G1.onnx G2.onnx

FOLDER holds manifest.csv (path, kind, label, source). With the landmarks of this project, without the publisher's
tracking and smoothing: the point is how far the published weights carry over.
"""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
from detectors import Landmarks, Tiny, session
from PIL import Image

RUN = 60
RUNS = 2
SIDE_PX = 512


def main(folder: Path, tiny: Path, landmarks: Path, first: Path, second: Path) -> None:
    finder, net, judges = Tiny(tiny), Landmarks(landmarks), (session(first), session(second))
    with (folder / "manifest.csv").open() as rows:
        clips = [row for row in csv.DictReader(rows) if row["kind"] == "video" and row["path"].endswith(".mp4")]
    said = []
    for row in clips:
        points = [found for frame in frames(folder / row["path"]) if (found := first_face(finder, net, frame)) is not None]
        for start in range(0, len(points) - RUN + 1, RUN):
            sequence = normalised(np.array(points[start : start + RUN])).astype(np.float32)
            steps = np.diff(sequence, axis=0)
            fake = [float(judge.run(["prob"], {"landmarks": rows[None]})[0][0, 1]) for judge, rows in zip(judges, (sequence, steps))]
            said.append(fake)
            print(f"{row['path']} label {row['label']} run {start // RUN}: g1 {fake[0]:.3f} g2 {fake[1]:.3f} mean {np.mean(fake):.3f}")
    said = np.array(said)
    print(f"{len(said)} runs: called fake by g1 {(said[:, 0] >= 0.5).sum()}, g2 {(said[:, 1] >= 0.5).sum()}, mean {(said.mean(axis=1) >= 0.5).sum()}")


def first_face(finder: Tiny, net: Landmarks, frame: Image.Image) -> np.ndarray | None:
    faces = finder.find(frame)
    return net.find(frame, faces[0]) if faces else None


def normalised(points: np.ndarray) -> np.ndarray:
    """From the middle of each frame's points, in units of 0.6 mean extents: LRNet's form since October 2022."""
    low, high = points.min(axis=1), points.max(axis=1)
    size = float((high - low).max(axis=1).mean()) * 1.2
    return ((points - ((low + high) / 2)[:, None]) / (size / 2)).reshape(len(points), 136)


def frames(path: Path):
    ask = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", str(path)]
    width, height = map(int, subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip().split(",")[:2])
    scale = min(1.0, SIDE_PX / max(width, height))
    width, height = (2 * round(side * scale / 2) for side in (width, height))
    cut = ["ffmpeg", "-v", "error", "-i", str(path), "-frames:v", str(RUN * RUNS), "-vf", f"scale={width}:{height}", "-f", "rawvideo"]
    raw = subprocess.run([*cut, "-pix_fmt", "rgb24", "-"], check=True, capture_output=True).stdout
    for frame in np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3):
        yield Image.fromarray(frame)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit("usage: sequences.py FOLDER TINY.onnx LANDMARKS.onnx G1.onnx G2.onnx")
    main(*map(Path, sys.argv[1:]))
