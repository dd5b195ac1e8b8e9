"""Reads the weights of a Keras net from HDF5, layer by layer. Uses h5py, a library that only reads numbers here."""

import re
from pathlib import Path

import numpy as np

from ..refused import Refused


def read(path: Path) -> dict[str, np.ndarray]:
    """Tensors by `layer/kind`, such as `conv2d_1/kernel`. Layers inside layers keep the last two words of their path."""
    try:
        import h5py
    except ImportError as error:
        raise Refused(f"{path} is HDF5, and h5py is not installed (requirements.txt)") from error
    tensors: dict[str, np.ndarray] = {}

    def keep(name: str, item: object) -> None:
        if not isinstance(item, h5py.Dataset) or name.startswith("optimizer_weights"):
            return
        if item.external or item.is_virtual or item.dtype.kind != "f":
            raise Refused(f"{name!r} in {path} is not a plain table of numbers")
        # Tables may be packed and mostly absent, so their size says nothing of what they cost to read; no published net packs them.
        if item.chunks or item.nbytes > path.stat().st_size:
            raise Refused(f"{name!r} in {path} is packed, or larger than its file")
        words = re.sub(r":\d+$", "", name).split("/")
        key = "/".join(words[-2:])
        if key in tensors:
            raise Refused(f"{path} holds {key!r} twice")
        tensors[key] = item[()]

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except (OSError, RuntimeError, ValueError) as error:
        raise Refused(f"cannot read {path} as HDF5: {error}") from error
    return tensors
