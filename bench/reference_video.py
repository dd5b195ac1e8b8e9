"""A whole video through one picture model, the straightforward way: OpenCV reads, Pillow resizes, onnxruntime judges.

The rival of `drishtiksha analyze`: the same frames, the same preprocessing, the same model and threads.
Prints JSON with the mean score and the times of the frames that were judged.

--reader loop   reads every frame and keeps the wanted ones: what most published scripts do
--reader seek   jumps to every wanted frame: what a careful script does
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image

import packages
from reference_model import open_session

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR, "lanczos": Image.Resampling.LANCZOS}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("video")
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--reader", choices=["loop", "seek"], default="loop")
    arguments.add_argument("--times-ms", required=True, help="JSON list of the frames to judge")
    options = arguments.parse_args()

    package = packages.installed()[options.model]
    session = open_session(package, options.threads)
    head = read_head(package)
    wanted_ms = json.loads(options.times_ms)
    reader = read_loop if options.reader == "loop" else read_seek
    scores, times_ms = [], []
    for time_ms, frame in reader(options.video, wanted_ms):
        value = preprocess(frame, package.manifest["picture"], package.manifest["tensor"]["layout"])
        [output] = session.run([package.manifest["tensor"]["output"]], {package.input_name: value})
        scores.append(score(output[0], head, package.manifest["tensor"].get("index", 0)))
        times_ms.append(round(time_ms))
    print(json.dumps({"score": float(np.mean(scores)), "times_ms": times_ms}))


def read_loop(path: str, wanted_ms: list[int]) -> Iterator[tuple[float, np.ndarray]]:
    """Every frame in order; the first one at or after each wanted time is kept."""
    video = cv2.VideoCapture(path)
    half_frame_ms = 500 / video.get(cv2.CAP_PROP_FPS)
    wanted = list(wanted_ms)
    while wanted:
        there, frame = video.read()
        if not there:
            return
        # A time stamp is rounded to milliseconds, so half a frame early is the frame itself.
        time_ms = video.get(cv2.CAP_PROP_POS_MSEC)
        if time_ms >= wanted[0] - half_frame_ms:
            wanted.pop(0)
            yield time_ms, frame


def read_seek(path: str, wanted_ms: list[int]) -> Iterator[tuple[float, np.ndarray]]:
    """Only the wanted frames, each by a jump to its time."""
    video = cv2.VideoCapture(path)
    for time_ms in wanted_ms:
        video.set(cv2.CAP_PROP_POS_MSEC, time_ms)
        there, frame = video.read()
        if there:
            yield video.get(cv2.CAP_PROP_POS_MSEC), frame


def preprocess(frame: np.ndarray, rule: dict, layout: str) -> np.ndarray:
    """What the package's manifest says, with Pillow and numpy."""
    picture = Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    width, height = rule["size"]
    if rule["resize"] == "short-side-crop":
        factor = max(width / picture.width, height / picture.height)
        inner = (round(picture.width * factor), round(picture.height * factor))
        picture = picture.resize(inner, FILTERS[rule["filter"]])
        left, top = (inner[0] - width) // 2, (inner[1] - height) // 2
        picture = picture.crop((left, top, left + width, top + height))
    else:
        picture = picture.resize((width, height), FILTERS[rule["filter"]])
    value = np.asarray(picture, np.float32)
    if rule["colour"] == "bgr":
        value = value[:, :, ::-1]
    value = (value * np.float32(rule["scale"]) - np.float32(rule["mean"])) / np.float32(rule["std"])
    return np.ascontiguousarray(value.transpose(2, 0, 1) if layout == "nchw" else value)[None]


def read_head(package: packages.Package) -> dict | None:
    """The linear head of a package that has one."""
    if "head" not in package.manifest:
        return None
    head = json.loads((package.folder / package.manifest["head"]["file"]).read_text())
    return head | {"normalise": package.manifest["head"]["normalise"]}


def score(output: np.ndarray, head: dict | None, index: int) -> float:
    """The raw score of one frame, before any activation."""
    if head is None:
        return float(output[index])
    if head["normalise"]:
        output = output / np.linalg.norm(output)
    return float(np.dot(output, head["weights"]) + head["bias"])


if __name__ == "__main__":
    main()
