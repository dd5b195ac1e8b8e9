"""Reads checkpoints as PyTorch saves them: the zip form and the older one. The pickle in them goes through `pickle_subset`."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..refused import Refused
from .numbers import bfloat16_to_float32, count
from .pickle_subset import MAX_STEPS, STORAGES, Storage, TensorPlace, load

MAX_PICKLE_BYTES = 200_000_000
MAX_DEPTH = 64
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


def read(path: Path) -> dict[str, np.ndarray]:
    """Tensors by name; names inside dictionaries are joined by points. Plain numbers and words beside them are passed over."""
    if zipfile.is_zipfile(path):
        try:
            tree, storages = _read_zip(path)
        except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
            raise Refused(f"cannot read {path} as a zip file: {error}") from error
    else:
        tree, storages = _read_legacy(path)
    tensors = _flatten(tree, storages, str(path))
    if not tensors:
        raise Refused(f"{path} holds no tensors")
    return tensors


def _read_zip(path: Path) -> tuple[object, dict[str, np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        members = {}
        for member in archive.infolist():
            # Stored as they are: what is packed may unpack to anything.
            if member.compress_type != zipfile.ZIP_STORED or member.file_size > path.stat().st_size:
                raise Refused(f"{member.filename!r} in {path} is packed, which files of weights are not")
            if member.filename in members:
                raise Refused(f"{path} holds {member.filename!r} twice")
            members[member.filename] = member
        roots = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(roots) != 1 or members[roots[0] + "data.pkl"].file_size > MAX_PICKLE_BYTES:
            raise Refused(f"{path} is no checkpoint: it lacks one data.pkl")
        root = roots[0]
        order = archive.read(members[root + "byteorder"]).strip() if root + "byteorder" in members else b"little"
        if order != b"little":
            raise Refused(f"{path} was saved on a machine of another byte order")
        tree, _ = load(archive.read(members[root + "data.pkl"]), str(path))
        storages = {}
        for key, storage in _storages(tree, str(path)).items():
            member = members.get(f"{root}data/{key}")
            if member is None or member.file_size != storage.count * _width(storage):
                raise Refused(f"{path} lacks the numbers {key!r}, or holds another count of them than it says")
            storages[key] = np.frombuffer(archive.read(member), STORAGES[storage.kind])
    return tree, storages


def _read_legacy(path: Path) -> tuple[object, dict[str, np.ndarray]]:
    stream, what = path.read_bytes(), str(path)
    at, heads = 0, []
    for _ in range(3):
        value, at = load(stream, what, at)
        heads.append(value)
    if heads[:2] != [LEGACY_MAGIC, LEGACY_PROTOCOL] or not isinstance(heads[2], dict) or heads[2].get("little_endian") is not True:
        raise Refused(f"{path} is no checkpoint of a form that is read")
    tree, at = load(stream, what, at)
    keys, at = load(stream, what, at)
    wanted = _storages(tree, what)
    if not isinstance(keys, list) or len(keys) != len(wanted) or set(map(str, keys)) != set(wanted):
        raise Refused(f"{path} names other numbers than it holds")
    storages = {}
    for key in keys:
        storage = wanted[key]
        length = storage.count * _width(storage)
        if int.from_bytes(stream[at : at + 8], "little") != storage.count or at + 8 + length > len(stream):
            raise Refused(f"{path} ends in the middle, or holds another count of numbers than it says")
        storages[key] = np.frombuffer(stream, STORAGES[storage.kind], storage.count, at + 8)
        at += 8 + length
    return tree, storages


def _width(storage: Storage) -> int:
    return np.dtype(STORAGES[storage.kind]).itemsize


def _storages(tree: object, what: str) -> dict[str, Storage]:
    found: dict[str, Storage] = {}
    for _, place in _tensors(tree, what):
        if found.setdefault(place.storage.key, place.storage) != place.storage:
            raise Refused(f"{what} says two things of the numbers {place.storage.key!r}")
    return found


def _tensors(tree: object, what: str) -> Iterator[tuple[tuple, TensorPlace]]:
    """Every tensor below a value, with its names from the outside in."""
    waiting, visits = [((), tree)], 0
    while waiting:
        names, value = waiting.pop()
        visits += 1
        # Lists that hold each other many times over would be walked for ever.
        if visits > MAX_STEPS or len(names) > MAX_DEPTH:
            raise Refused(f"{what} is nested too deeply")
        if isinstance(value, TensorPlace):
            yield names, value
        elif isinstance(value, (dict, list, tuple)):
            items = list(value.items() if isinstance(value, dict) else enumerate(value))
            waiting.extend(((*names, str(key)), item) for key, item in reversed(items))


def _flatten(tree: object, storages: dict, what: str) -> dict[str, np.ndarray]:
    into: dict[str, np.ndarray] = {}
    for path, place in _tensors(tree, what):
        name = ".".join(path) or "tensor"
        if name in into:
            raise Refused(f"{what} holds {name!r} twice")
        into[name] = _values(place, storages[place.storage.key], f"{name!r} in {what}")
    return into


def _values(place: TensorPlace, storage: np.ndarray, what: str) -> np.ndarray:
    total = count(place.size, what)
    count(place.stride, f"the steps of {what}")
    last = place.offset + sum((side - 1) * step for side, step in zip(place.size, place.stride)) if total else 0
    # A window never shows more values than there are: that refuses a huge tensor made of one number.
    if len(place.size) != len(place.stride) or place.offset < 0 or total > storage.size or (total and last >= storage.size):
        raise Refused(f"{what} reaches beyond its numbers")
    strides = [step * storage.itemsize for step in place.stride]
    view = np.lib.stride_tricks.as_strided(storage[place.offset :], place.size, strides, writeable=False) if total else np.zeros(place.size, storage.dtype)
    return bfloat16_to_float32(view) if place.storage.kind == "BFloat16Storage" else view
