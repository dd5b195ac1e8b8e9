"""The same encoder on squares cut out at full resolution, where shrinking has not wiped out what a generator left.

    python crops.py FOLDER ENCODER.onnx

Writes FOLDER/crops.npz: of each still picture of stills.py the mean embedding of its four corner squares of 224 pixels.
A picture whose short side is smaller is enlarged to it, as the present way does.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from embed import mean
from PIL import Image
from probe import SIDE_PX, Encoder
from stills import stills


def main(folder: Path, encoder: Path) -> None:
    net, vectors, names = Encoder(encoder), [], []
    for row, picture in stills(folder):
        vectors.append(mean(net, corners(picture)))
        names.append(row)
    np.savez(folder / "crops.npz", vectors=np.array(vectors), rows=np.array(names))


def corners(picture: Image.Image) -> Iterator[Image.Image]:
    scale = max(1.0, SIDE_PX / min(picture.size))
    picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.BICUBIC)
    for left in (0, picture.width - SIDE_PX):
        for top in (0, picture.height - SIDE_PX):
            yield picture.crop((left, top, left + SIDE_PX, top + SIDE_PX))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: crops.py FOLDER ENCODER.onnx")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
