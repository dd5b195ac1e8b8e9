"""Makes nets with random weights and converts them, for tests."""

import json
import shutil
import tempfile
import tomllib
import unittest
from pathlib import Path

import numpy as np
import onnxruntime

from .. import __main__ as command


class ConverterTest(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="convert-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def convert(self, family: str, weights: Path, *more: str, name: str = "converted") -> Path:
        words = [family, str(weights), "--out", str(self.folder / "packages"), "--name", name, "--licence", "MIT", "--origin", "a test", *more]
        return command.convert(command.parser().parse_args(words))

    def refused(self, family: str, weights: Path, *more: str) -> str:
        """What the converter says, having written nothing."""
        with self.assertRaises(command.Refused) as caught:
            self.convert(family, weights, *more)
        packages = self.folder / "packages"
        self.assertEqual(list(packages.rglob("*")) if packages.exists() else [], [])
        return str(caught.exception)


def answer(package: Path, rows: np.ndarray) -> np.ndarray:
    """What the converted net says, through the names that its manifest gives."""
    manifest = tomllib.loads((package / "model.toml").read_text())
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(package / manifest["weights"]["file"]), settings, providers=["CPUExecutionProvider"])
    tensor = manifest["tensor"]
    return session.run([tensor["output"]], {tensor["input"]: rows.astype(np.float32)})[0]


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def write_safetensors(path: Path, tensors: dict[str, np.ndarray]) -> None:
    header, at = {}, 0
    for name, values in tensors.items():
        kind = {"float32": "F32", "float16": "F16", "int64": "I64"}[values.dtype.name]
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [at, at + values.nbytes]}
        at += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(np.ascontiguousarray(values).tobytes() for values in tensors.values()))
