"""Reads the weight files that TensorFlow.js models ship: a JSON manifest beside one or more binary shards.

Only the storage format is known here (float32, or uint8 with a scale and a minimum); what the
tensors mean is the business of the converter that asks for them.
"""

import json
from pathlib import Path

import numpy as np


def read(manifest: Path) -> dict[str, np.ndarray]:
    """Returns every tensor of the manifest as float32, in the layout TensorFlow uses."""
    tensors: dict[str, np.ndarray] = {}
    for group in json.loads(manifest.read_text()):
        raw = b"".join((manifest.parent / path).read_bytes() for path in group["paths"])
        offset_bytes = 0
        for entry in group["weights"]:
            values, used_bytes = _tensor(entry, raw, offset_bytes)
            tensors[entry["name"]] = values
            offset_bytes += used_bytes
        if offset_bytes != len(raw):
            raise ValueError(f"{manifest}: shards hold {len(raw)} bytes, the manifest names {offset_bytes}")
    return tensors


def _tensor(entry: dict, raw: bytes, offset_bytes: int) -> tuple[np.ndarray, int]:
    count = int(np.prod(entry["shape"]))
    packing = entry.get("quantization")
    if packing is None:
        if entry["dtype"] != "float32":
            raise ValueError(f"{entry['name']}: dtype {entry['dtype']} is not read here")
        values = np.frombuffer(raw, "<f4", count, offset_bytes).astype(np.float32)
        used_bytes = count * 4
    else:
        if packing["dtype"] != "uint8":
            raise ValueError(f"{entry['name']}: packing {packing['dtype']} is not read here")
        stored = np.frombuffer(raw, np.uint8, count, offset_bytes)
        values = (stored * np.float32(packing["scale"]) + np.float32(packing["min"])).astype(np.float32)
        used_bytes = count
    return values.reshape(entry["shape"]), used_bytes
