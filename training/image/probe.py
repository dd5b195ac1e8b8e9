"""The image probe exactly as its publisher runs it: decoding, cropping, the network and a linear head.

This is the reference for the Rust pipeline. Nothing here decides anything.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

SIDE_PX = 224
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32).reshape(3, 1, 1)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32).reshape(3, 1, 1)


def session(model: str | bytes, threads: int = 1) -> onnxruntime.InferenceSession:
    """Without the entry, processors that lack VNNI let 8-bit sums overflow, and the embedding is another one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.x64quantprecision", "1")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class Encoder:
    def __init__(self, weights: Path, threads: int = 1):
        self._session = session(str(weights), threads)

    def embed(self, picture: Image.Image) -> np.ndarray:
        """512 numbers of length 1. One picture a run: a batch would change the answer, see the card."""
        return self.embed_tensor(tensor(picture))

    def embed_tensor(self, values: np.ndarray) -> np.ndarray:
        embedding = self._session.run(["image_embeds"], {"pixel_values": values})[0][0]
        return embedding / max(float(np.linalg.norm(embedding)), 1e-12)


class Head:
    def __init__(self, path: Path):
        stored = json.loads(path.read_text())
        self._weights = np.array(stored["weights"], np.float32)
        self._bias = float(stored["bias"])

    def score(self, embeddings: np.ndarray) -> np.ndarray:
        """Raw scores; higher means more like what generators make."""
        return embeddings @ self._weights + self._bias


def tensor(picture: Image.Image) -> np.ndarray:
    """Short side to 224 by Pillow's bicubic filter (sizes rounded half to even), middle square, CLIP's mean and spread."""
    picture = ImageOps.exif_transpose(picture)
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    width, height = picture.size
    scale = SIDE_PX / min(width, height)
    width, height = round(width * scale), round(height * scale)
    picture = picture.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - SIDE_PX) // 2, (height - SIDE_PX) // 2
    square = picture.crop((left, top, left + SIDE_PX, top + SIDE_PX))
    values = np.asarray(square, np.float32).transpose(2, 0, 1) / np.float32(255.0)
    return ((values - MEAN) / STD)[None].astype(np.float32)


def golden(encoder: Path, head: Path, checkout: Path) -> dict:
    """The answers that the package must give on the pictures of testdata.

    Rounding inside the encoder scatters the score at the slightest change of the input, so the answer is the mean over
    16 inputs with a noise of a thousandth, and the tolerance is wide.
    """
    net, judge, draw = Encoder(encoder), Head(head), np.random.default_rng(0)
    cases = []
    for name in ("testdata/astronaut.png", "testdata/samples/rocket.jpg", "testdata/samples/coffee.webp"):
        with Image.open(checkout / name) as picture:
            values = tensor(picture)
        noisy = [values + draw.normal(0, 1e-3, values.shape).astype(np.float32) for _ in range(16)]
        score = float(np.mean([judge.score(net.embed_tensor(one)) for one in noisy]))
        note = f"Python onnxruntime {onnxruntime.__version__}, the publisher's preprocessing in Pillow, mean over 16 noisy inputs"
        cases.append({"input": name, "score": float(f"{score:.4f}"), "tolerance": 0.6, "note": note})
    return {"cases": cases}


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: probe.py ENCODER.onnx HEAD.json CHECKOUT  (prints golden.json)")
    print(json.dumps(golden(*map(Path, sys.argv[1:])), indent=2))
