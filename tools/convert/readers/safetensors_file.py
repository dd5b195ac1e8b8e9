"""Reads safetensors: a length of 8 bytes, a JSON table of contents, and the numbers themselves."""

import json
from pathlib import Path

import numpy as np

from ..refused import Refused
from .numbers import bfloat16_to_float32, count

MAX_HEADER_BYTES = 100_000_000
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?",
}


def read(path: Path) -> dict[str, np.ndarray]:
    """Tensors by name. They stay in the file until they are used."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(MAX_HEADER_BYTES, size - 8):
            raise Refused(f"{path} is no safetensors file: its table of contents does not fit into it")
        header = _header(path, file.read(length))
    numbers = np.memmap(path, np.uint8, "r", offset=8 + length) if size > 8 + length else np.zeros(0, np.uint8)
    return {name: _tensor(path, name, entry, numbers) for name, entry in header.items()}


def _header(path: Path, text: bytes) -> dict:
    def once(pairs: list) -> dict:
        table = dict(pairs)
        if len(table) != len(pairs):
            raise Refused(f"{path} names something twice")
        return table

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Refused(f"the table of contents of {path} is no JSON: {error}") from error
    if not isinstance(header, dict):
        raise Refused(f"the table of contents of {path} is no JSON object")
    header.pop("__metadata__", None)
    spans = sorted(_span(path, name, entry) for name, entry in header.items())
    if any(first[1] > second[0] for first, second in zip(spans, spans[1:])):
        raise Refused(f"tensors of {path} overlap")
    return header


def _span(path: Path, name: str, entry: object) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(type(at) is int for at in offsets) and 0 <= offsets[0] <= offsets[1]):
        raise Refused(f"{path} says nothing usable about the place of {name!r}")
    return offsets[0], offsets[1]


def _tensor(path: Path, name: str, entry: dict, numbers: np.ndarray) -> np.ndarray:
    kind, shape = entry.get("dtype"), entry.get("shape")
    if kind not in TYPES:
        raise Refused(f"{name!r} in {path} holds {kind!r}, which is not read")
    start, end = _span(path, name, entry)
    if end > numbers.size or count(shape, f"{name!r} in {path}") * np.dtype(TYPES[kind]).itemsize != end - start:
        raise Refused(f"{name!r} in {path} has the shape {shape}, which its {end - start} bytes do not fill, or lies beyond the end")
    values = numbers[start:end].view(TYPES[kind]).reshape(shape)
    return bfloat16_to_float32(values) if kind == "BF16" else values
