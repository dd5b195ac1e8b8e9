"""The face detectors and the landmark net of this project, run from Python as the Rust helpers run them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

YUNET_STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class Face:
    """In pixels of the picture; `points` are YuNet's five (right eye, left eye, nose, mouth corners) or empty."""

    left: float
    top: float
    width: float
    height: float
    sureness: float
    points: tuple[tuple[float, float], ...] = ()

    def overlap(self, other: "Face") -> float:
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        both = max(0.0, across) * max(0.0, down)
        either = self.width * self.height + other.width * other.height - both
        return both / either if either > 0 else 0.0


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Tiny:
    def __init__(self, weights: Path, side_px: int = 640, min_score: float = 0.6, max_overlap: float = 0.4):
        self._net, self._side_px = session(weights), side_px
        self._min_score, self._max_overlap = min_score, max_overlap

    def find(self, picture: Image.Image) -> list[Face]:
        small, back = _scaled(picture, self._side_px)
        square = np.zeros((self._side_px, self._side_px, 3), np.float32)
        square[: small.height, : small.width] = np.asarray(small)
        boxes, scores = self._net.run(["boxes", "scores"], {"image": square.transpose(2, 0, 1)[None]})
        faces = []
        for index in np.flatnonzero(scores[0] >= self._min_score):
            left, top, right, bottom = (float(v) * self._side_px for v in boxes[0, index])
            faces.append(_face(left, top, right - left, bottom - top, float(scores[0, index]), (), back))
        return _best(faces, self._max_overlap)


class Yunet:
    def __init__(self, weights: Path, side_px: int = 640, min_score: float = 0.7, max_overlap: float = 0.3):
        self._net, self._side_px = session(weights), side_px
        self._min_score, self._max_overlap = min_score, max_overlap

    def find(self, picture: Image.Image) -> list[Face]:
        small, back = _scaled(picture, self._side_px)
        width, height = (-(-side // 32) * 32 for side in small.size)
        padded = np.zeros((height, width, 3), np.float32)
        padded[: small.height, : small.width] = np.asarray(small)[:, :, ::-1]
        names = [output.name for output in self._net.get_outputs()]
        maps = dict(zip(names, self._net.run(names, {"input": padded.transpose(2, 0, 1)[None]})))
        faces = []
        for stride in YUNET_STRIDES:
            faces += self._at(maps, stride, width // stride, back)
        return _best(faces, self._max_overlap)

    def _at(self, maps: dict, stride: int, columns: int, back: tuple[float, float]) -> list[Face]:
        score = np.sqrt(np.clip(maps[f"cls_{stride}"][0, :, 0], 0, 1) * np.clip(maps[f"obj_{stride}"][0, :, 0], 0, 1))
        faces = []
        for index in np.flatnonzero(score >= self._min_score):
            row, column = divmod(int(index), columns)
            box, points = maps[f"bbox_{stride}"][0, index], maps[f"kps_{stride}"][0, index].reshape(5, 2)
            width, height = float(np.exp(box[2])) * stride, float(np.exp(box[3])) * stride
            left, top = (column + float(box[0])) * stride - width / 2, (row + float(box[1])) * stride - height / 2
            places = tuple((float(x + column) * stride, float(y + row) * stride) for x, y in points)
            faces.append(_face(left, top, width, height, float(score[index]), places, back))
        return faces


class Landmarks:
    def __init__(self, weights: Path):
        self._net = session(weights)

    def find(self, picture: Image.Image, face: Face, scale: float = 1.0) -> np.ndarray:
        """68 points, [68, 2], in pixels of the picture, from the square of `scale` times the longer side of the box."""
        side = max(1, round(max(face.width, face.height) * scale))
        left = round(face.left + face.width / 2 - side / 2)
        top = round(face.top + face.height / 2 - side / 2)
        crop = picture.crop((left, top, left + side, top + side)).resize((112, 112), Image.Resampling.BILINEAR)
        points = self._net.run(["points"], {"face": np.asarray(crop, np.float32).transpose(2, 0, 1)[None]})[0]
        return points.reshape(68, 2) * side + np.array([left, top])


def _scaled(picture: Image.Image, side_px: int) -> tuple[Image.Image, tuple[float, float]]:
    scale = side_px / max(picture.size)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR), (picture.width / width, picture.height / height)


def _face(left, top, width, height, sureness, points, back) -> Face:
    across, down = back
    places = tuple((x * across, y * down) for x, y in points)
    return Face(left * across, top * down, width * across, height * down, sureness, places)


def _best(faces: list[Face], max_overlap: float) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: -f.sureness):
        if all(face.overlap(other) <= max_overlap for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda f: -f.width * f.height)
