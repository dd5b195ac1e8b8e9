"""Runs the encoder over a labelled folder and writes FOLDER/embeddings.npz: one vector of length 512 for each variant.

    python embed.py FOLDER ENCODER.onnx

FOLDER holds pictures.csv as fetch.py writes it, or manifest.csv (path, label, kind, source, generator) for a check
from outside. Vectors are the unit embeddings; of a clip their mean over the frames, so that a linear head on the
mean gives the mean of the frames' scores.

Variants of a still picture: `as-found`; `jpeg` (short side at most 512, JPEG 85, what a messenger leaves);
`preview` (middle square of 400 pixels as WebP 75: the shape that the generated pictures of the collection have).
Clips: `clip`, 8 frames spread evenly. As few real clips can be had, every photograph also gives a `pan`: 8 steps of a
slow zoom, 350 pixels square, WebP 75 a frame.
"""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from probe import Encoder

FRAMES = 8
VIDEO_ENDINGS = {".mp4", ".avi"}


def main(folder: Path, encoder: Path) -> None:
    net = Encoder(encoder)
    vectors, names = [], []
    for path, truth, source in rows(folder):
        for variant, vector in variants(net, folder / path, truth):
            vectors.append(vector)
            names.append([path, truth, source, variant])
    np.savez_compressed(folder / "embeddings.npz", vectors=np.array(vectors, np.float32), rows=np.array(names))


def rows(folder: Path):
    chosen = folder / "pictures.csv"
    if chosen.exists():
        with chosen.open() as table:
            yield from ((row["path"], row["truth"], row["package"]) for row in csv.DictReader(table))
        return
    with (folder / "manifest.csv").open() as table:
        for row in csv.DictReader(table):
            if row["kind"] in ("image", "video"):
                yield row["path"], "generated" if row["label"] == "1" else "photograph", row["source"]


def variants(net: Encoder, path: Path, truth: str):
    if path.suffix in VIDEO_ENDINGS:
        yield "clip", mean(net, video_frames(path))
        return
    with Image.open(path) as picture:
        count = getattr(picture, "n_frames", 1)
        if count > 1:
            yield "clip", mean(net, animation_frames(picture, count))
            return
        yield "as-found", net.embed(picture)
        upright = ImageOps.exif_transpose(picture).convert("RGB")
    yield "jpeg", net.embed(recoded(shrunk(upright, 512), "JPEG", quality=85))
    if truth == "photograph":
        yield "preview", net.embed(recoded(ImageOps.fit(upright, (400, 400)), "WEBP", quality=75))
        yield "pan", mean(net, pan_frames(upright))


def mean(net: Encoder, frames) -> np.ndarray:
    return np.mean([net.embed(frame) for frame in frames], axis=0)


def shrunk(picture: Image.Image, short_px: int) -> Image.Image:
    scale = short_px / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize([round(side * scale) for side in picture.size], Image.Resampling.LANCZOS)


def recoded(picture: Image.Image, form: str, **options) -> Image.Image:
    packed = io.BytesIO()
    picture.save(packed, form, **options)
    return Image.open(packed)


def pan_frames(picture: Image.Image):
    picture = shrunk(picture, 600)
    for step in range(FRAMES):
        keep = 0.96 - 0.015 * step
        width, height = (round(side * keep) for side in picture.size)
        left, top = (picture.width - width) // 2 + step, (picture.height - height) // 2
        part = picture.crop((left, top, left + width, top + height))
        yield recoded(ImageOps.fit(part, (350, 350)), "WEBP", quality=75)


def animation_frames(picture: Image.Image, count: int):
    for step in range(FRAMES):
        picture.seek((2 * step + 1) * count // (2 * FRAMES))
        yield picture.convert("RGB")


def video_frames(path: Path):
    ask = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(path)]
    duration_secs = float(subprocess.run(ask, check=True, capture_output=True, text=True).stdout)
    for step in range(FRAMES):
        at_secs = (step + 0.5) * duration_secs / FRAMES
        cut = ["ffmpeg", "-v", "error", "-ss", f"{at_secs:.3f}", "-i", str(path), "-frames:v", "1", "-f", "image2pipe"]
        packed = subprocess.run([*cut, "-c:v", "png", "-"], check=True, capture_output=True).stdout
        if packed:
            yield Image.open(io.BytesIO(packed))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: embed.py FOLDER ENCODER.onnx")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
