"""More of the same encoder than its 512 numbers: tokens of several layers, and single frames of clips.

    python layers.py FOLDER ENCODER.onnx

Writes FOLDER/layers.npz with the embedding and the pooled tokens of the still pictures of stills.py, and FOLDER/frames.npz with
the embedding of each frame of its clips, where it has any. Asking the graph for more outputs does not change the embedding by a bit.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from embed import FRAMES
from probe import Encoder, session
from stills import clips, stills

LAYERS = tuple(f"/vision_model/encoder/layers.{number}/Add_1_output_0" for number in (2, 5, 8))
LAST = "onnx::Gather_1524"


class WideEncoder(Encoder):
    """Answers as Encoder does, and keeps what else the encoder said of each picture since `take` was last called."""

    def __init__(self, weights: Path):
        model = onnx.load(weights)
        model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in LAYERS)
        self._session = session(model.SerializeToString())
        self._kept = []

    def embed_tensor(self, values: np.ndarray) -> np.ndarray:
        embedding, *tokens = self._session.run(["image_embeds", *LAYERS, LAST], {"pixel_values": values})
        unit = embedding[0] / max(float(np.linalg.norm(embedding[0])), 1e-12)
        self._kept.append((unit, np.stack([pooled(layer[0]) for layer in tokens])))
        return unit

    def take(self) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings (pictures x 512) and pooled tokens (pictures x layers x poolings x 768)."""
        units, tokens = zip(*self._kept)
        self._kept = []
        return np.array(units), np.array(tokens)


def main(folder: Path, encoder: Path) -> None:
    net = WideEncoder(encoder)
    write_layers(folder, net)
    write_frames(folder, net)


def write_layers(folder: Path, net: WideEncoder) -> None:
    vectors, tokens, names = [], [], []
    for row, picture in stills(folder):
        vectors.append(net.embed(picture))
        tokens.append(net.take()[1][0])
        names.append(row)
    np.savez(folder / "layers.npz", vectors=np.array(vectors), layers=np.array(tokens), rows=np.array(names))


def write_frames(folder: Path, net: WideEncoder) -> None:
    frames, names = [], []
    for path, truth, source, variant, pictures in clips(folder):
        for picture in pictures:
            net.embed(picture)
        units = net.take()[0]
        # A short animation may give fewer frames than were asked for.
        frames.append(np.pad(units, ((0, FRAMES - len(units)), (0, 0)), "edge"))
        names.append([path, truth, source, variant])
    if not frames:
        return
    np.savez(folder / "frames.npz", vectors=np.mean(frames, axis=1), frames=np.array(frames), rows=np.array(names))


def pooled(tokens: np.ndarray) -> np.ndarray:
    """The class token; mean, largest and spread of the 196 patch tokens."""
    patches = tokens[1:]
    return np.stack([tokens[0], patches.mean(axis=0), patches.max(axis=0), patches.std(axis=0)])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: layers.py FOLDER ENCODER.onnx")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
