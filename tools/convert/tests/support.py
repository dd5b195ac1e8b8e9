"""Makes nets with random weights and converts them, for tests."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

import numpy as np
import onnxruntime

from .. import __main__ as command


CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = Path(os.environ.get("DRISHTIKSHA", CHECKOUT / "target/debug/drishtiksha"))
if not PROGRAM.is_file():
    print(f"{PROGRAM} is not built, so nobody asks the program whether it takes the packages", file=sys.stderr)


class ConverterTest(unittest.TestCase):
    """A folder of its own for each test. The program has to take every package that is made, with both of its engines."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="convert-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def convert(self, family: str, weights: Path, *more: str, name: str = "converted") -> Path:
        words = [family, str(weights), "--out", str(self.folder / "packages"), "--name", name, "--licence", "MIT", "--origin", "a test", *more]
        package = command.convert(command.parser().parse_args(words))
        if PROGRAM.is_file():
            for engine in ("ort", "rten"):
                self.taken(package, engine)
        return package

    def taken(self, package: Path, engine: str) -> None:
        """By `models verify`."""
        settings = os.environ | {"DRISHTIKSHA_MODELS": str(package.parents[1]), "DRISHTIKSHA_ENGINE": engine}
        done = subprocess.run(
            [PROGRAM, "models", "verify", package.parent.name], env=settings, cwd=CHECKOUT, capture_output=True, text=True, check=False,
        )
        self.assertEqual(done.returncode, 0, f"{engine}: {done.stdout}{done.stderr}")
        self.assertIn("passed", done.stdout + done.stderr)

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
