"""Weights from files, by the file's own form. Reads numbers and names only; nothing in a file is ever run."""

import json
from pathlib import Path

import numpy as np

from ..refused import Refused
from . import checkpoint, keras_h5, safetensors_file

# As the hubs name them, best first: a form that holds nothing but numbers before one that could hold more.
KNOWN_NAMES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")


def read(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a file, or of a folder as a hub lays it out."""
    if path.is_dir():
        path = next((path / name for name in KNOWN_NAMES if (path / name).is_file()), path)
    if not path.is_file():
        raise Refused(f"{path} is neither a file of weights nor a folder with one of {', '.join(KNOWN_NAMES)}")
    if path.name.endswith(".index.json"):
        return _read_shards(path)
    with open(path, "rb") as file:
        start = file.read(8)
    if start == b"\x89HDF\r\n\x1a\n":
        return keras_h5.read(path)
    if path.suffix == ".safetensors":
        return safetensors_file.read(path)
    return checkpoint.read(path)


def read_json(path: Path) -> dict:
    """A JSON object from a file."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refused(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise Refused(f"{path} holds no JSON object")
    return value


def _read_shards(index: Path) -> dict[str, np.ndarray]:
    names = read_json(index).get("weight_map")
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise Refused(f"{index} lacks a weight_map")
    tensors: dict[str, np.ndarray] = {}
    for name in sorted(set(names.values())):
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise Refused(f"{index} names {name!r}, which is no safetensors file beside it")
        tensors.update(safetensors_file.read(index.parent / name))
    missing = sorted(set(names) - set(tensors))
    if missing:
        raise Refused(f"the files named in {index} lack {', '.join(missing[:5])}")
    return tensors
