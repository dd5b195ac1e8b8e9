"""Measures the face detectors and the landmark net by source, against YuNet as the reference.

    python measure.py FOLDER TINY.onnx YUNET.onnx LANDMARKS.onnx

FOLDER holds either pictures.csv, as ../image/fetch.py writes it (this is what the settings of the small detector
were chosen on), or manifest.csv with path, kind and source (a check from outside: nothing may be chosen on it).
Clips give 12 frames each, spread evenly. For every source and setting: faces of YuNet (score 0.7 and more) that the
small detector finds too, with an overlap of 0.4; boxes that lie on none of YuNet's, even at score 0.5; and the
distance between the 68-point net's eyes, nose and mouth corners and YuNet's five points, in parts of the eye
distance, by the size of the crop.
"""

import csv
import io
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from detectors import Face, Landmarks, Tiny, Yunet
from PIL import Image, ImageOps

FRAMES = 12
CROPS = (0.9, 1.0, 1.1, 1.2, 1.3)
SIDES_PX = (512, 640)
MIN_SCORES = (0.5, 0.6, 0.7)
REFERENCE_SCORE = 0.7
# Which of the 68 points stand where YuNet's five do: both eyes (mean of six), nose tip, mouth corners.
FIVE = (range(36, 42), range(42, 48), (30,), (48,), (54,))


def main(folder: Path, tiny: Path, yunet: Path, landmarks: Path) -> None:
    finders = {side: Tiny(tiny, side, min(MIN_SCORES)) for side in SIDES_PX}
    reference, net = Yunet(yunet, min_score=0.5), Landmarks(landmarks)
    counts: dict = defaultdict(lambda: np.zeros(4, int))
    gaps: dict = defaultdict(list)
    for source, picture in pictures(folder):
        loose = reference.find(picture)
        known = [face for face in loose if face.sureness >= REFERENCE_SCORE]
        for side, finder in finders.items():
            found = finder.find(picture)
            for score in MIN_SCORES:
                counts[source, side, score] += compared([f for f in found if f.sureness >= score], known, loose)
        for crop in CROPS:
            gaps["tiny", crop] += gap(net, picture, found, known, crop)
            gaps["yunet", crop] += gap(net, picture, known, known, crop)
    for (source, side, score), (seen, faces, hits, false) in sorted(counts.items()):
        print(f"{source:34} side {side} score {score}: {seen:4} pictures, {hits:3} of {faces:3} faces, {false:3} false boxes")
    for (kind, crop), values in sorted(gaps.items()):
        print(f"landmarks from {kind:5} box, crop {crop}: median {np.median(values):.3f}, 90 % {np.quantile(values, 0.9):.3f}, n {len(values)}")


def compared(found: list[Face], known: list[Face], loose: list[Face]) -> np.ndarray:
    """Pictures, faces of the reference, how many of them were found, boxes on nothing that the reference sees."""
    hits = sum(any(box.overlap(face) >= 0.4 for box in found) for face in known)
    false = sum(not any(box.overlap(face) >= 0.4 for face in loose) for box in found)
    return np.array([1, len(known), hits, false])


def gap(net: Landmarks, picture: Image.Image, faces: list[Face], judged: list[Face], crop: float) -> list[float]:
    distances = []
    for reference in judged[:1]:
        for face in faces:
            if face.overlap(reference) >= 0.4:
                points = net.find(picture, face, crop)
                five = np.array([points[list(group)].mean(axis=0) for group in FIVE])
                known = np.array(reference.points)
                distances.append(float(np.linalg.norm(five - known, axis=1).mean() / np.linalg.norm(known[0] - known[1])))
                break
    return distances


def pictures(folder: Path):
    """Every picture and frame with the name of its source."""
    chosen = folder / "pictures.csv"
    with (chosen if chosen.exists() else folder / "manifest.csv").open() as rows:
        for row in csv.DictReader(rows):
            path = folder / row["path"]
            source = f"{row['truth']} {row['package']}" if "truth" in row else f"{row['kind']} {row['source']}"
            if path.suffix in (".mp4", ".avi"):
                yield from ((source, frame) for frame in video_frames(path))
            elif path.suffix != ".wav":
                yield from ((source, frame) for frame in still_or_animation(path))


def still_or_animation(path: Path):
    with Image.open(path) as picture:
        count = getattr(picture, "n_frames", 1)
        if count == 1:
            yield ImageOps.exif_transpose(picture).convert("RGB")
            return
        for step in range(FRAMES):
            picture.seek((2 * step + 1) * count // (2 * FRAMES))
            yield picture.convert("RGB")


def video_frames(path: Path):
    probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    duration_secs = float(subprocess.run(probe, check=True, capture_output=True, text=True).stdout)
    for step in range(FRAMES):
        at_secs = f"{(step + 0.5) * duration_secs / FRAMES:.3f}"
        cut = ["ffmpeg", "-v", "error", "-ss", at_secs, "-i", str(path), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"]
        packed = subprocess.run(cut, check=True, capture_output=True).stdout
        if packed:
            yield Image.open(io.BytesIO(packed)).convert("RGB")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: measure.py FOLDER TINY.onnx YUNET.onnx LANDMARKS.onnx")
    main(*map(Path, sys.argv[1:]))
