"""Converted nets against the conversions of the real weights that tests of this project use (AASIST, AASIST-L, MesoNet, LRNet).

Those are ONNX files, so their numbers are put back into the publishers' layouts first: state dictionaries, and HDF5 as Keras writes it. They lie in
`../shared/weights` beside the checkout, or where DRISHTIKSHA_TEST_WEIGHTS says.
"""

import os
import re
import unittest
from pathlib import Path

import h5py
import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from .references import TOLERANCE
from .support import CHECKOUT, ConverterTest, answer

WEIGHTS = Path(os.environ.get("DRISHTIKSHA_TEST_WEIGHTS", CHECKOUT / "../shared/weights"))
GOLDEN = CHECKOUT / "testdata/golden"
NORM_EPS = 1e-5


class RealWeightsTest(ConverterTest):
    def real(self, name: str) -> Path:
        path = WEIGHTS / name
        if not path.is_file():
            self.skipTest(f"{path} is not there")
        return path

    def compare(self, package: Path, real: Path, rows: np.ndarray) -> None:
        session = onnxruntime.InferenceSession(str(real), providers=["CPUExecutionProvider"])
        expected = session.run(None, {session.get_inputs()[0].name: rows.astype(np.float32)})[0]
        found = answer(package, rows)
        difference = float(np.abs(found - expected).max())
        print(f"{real.name}: {len(rows)} inputs, largest difference {difference:.1e}")
        np.testing.assert_allclose(found, expected, atol=TOLERANCE, rtol=TOLERANCE)

    def test_aasist(self) -> None:
        real_wave = np.fromfile(GOLDEN / "wave.f32", "<f4")
        noise = np.random.default_rng(0).normal(0, 0.05, (2, 64_600))
        for name in ("aasist", "aasist_l"):
            with self.subTest(name):
                real = self.real(f"{name}.onnx")
                torch.save({key: torch.from_numpy(value.copy()) for key, value in aasist(real).items()}, self.folder / f"{name}.pth")
                package = self.convert("aasist", self.folder / f"{name}.pth", name=name.replace("_", "-"))
                self.compare(package, real, np.concatenate([real_wave[None], noise]))

    def test_mesonet(self) -> None:
        face = np.fromfile(GOLDEN / "face-256.f32", "<f4").reshape(1, 256, 256, 3)
        noise = np.random.default_rng(0).uniform(0, 1, (2, 256, 256, 3))
        for name in ("meso4_df", "meso4_f2f", "mesoinception_df", "mesoinception_f2f"):
            with self.subTest(name):
                real = self.real(f"{name}.onnx")
                keras(real, self.folder / f"{name}.h5")
                package = self.convert("mesonet", self.folder / f"{name}.h5", name=name.replace("_", "-"))
                self.compare(package, real, np.concatenate([face, noise]))

    def test_lrnet(self) -> None:
        for name, step, golden, rows in (("lrnet_g1", "points", "landmarks", 60), ("lrnet_g2", "differences", "landmark-steps", 59)):
            with self.subTest(name):
                real = self.real(f"{name}.onnx")
                torch.save({key: torch.from_numpy(value.copy()) for key, value in lrnet(real).items()}, self.folder / f"{name}.pth")
                package = self.convert("lrnet", self.folder / f"{name}.pth", "--step", step, name=name.replace("_", "-"))
                sway = np.random.default_rng(0).normal(0, 0.5, (2, rows, 136))
                self.compare(package, real, np.concatenate([np.fromfile(GOLDEN / f"{golden}.f32", "<f4").reshape(1, rows, 136), sway]))


def numbers(path: Path) -> tuple[onnx.GraphProto, dict[str, np.ndarray]]:
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    # Equal numbers were stored once, under one of their names.
    values |= {node.output[0]: values[node.input[0]] for node in graph.node if node.op_type == "Identity" and node.input[0] in values}
    return graph, values


def aasist(path: Path) -> dict[str, np.ndarray]:
    """The publisher's names; norms that were folded into a convolution are taken out of it again, by norms made up here."""
    graph, values = numbers(path)
    state = {name: value for name, value in values.items() if not name.startswith("onnx::")}
    random = np.random.default_rng(4)
    for node in graph.node:
        folded = [name for name in node.input if name.startswith("onnx::")]
        words = node.name.strip("/").split("/")
        if node.op_type == "MatMul" and folded:
            state[".".join(words[:-1]) + ".weight"] = values[folded[0]].T
        elif node.op_type == "Add" and len(words) > 1 and "proj" in words[-2]:
            (bias,) = [name for name in node.input if name in values]
            state[".".join(words[:-1]) + ".bias"] = values[bias]
        elif node.op_type == "Conv" and folded:
            out = len(values[folded[1]])
            scale, shift, mean, variance = random.uniform(0.5, 2, out), random.normal(0, 1, out), random.normal(0, 1, out), random.uniform(0.5, 2, out)
            factor = scale / np.sqrt(variance + NORM_EPS)
            block = words[2]
            state[f"{block}.conv1.weight"] = (values[folded[0]] / factor[:, None, None, None]).astype(np.float32)
            state[f"{block}.conv1.bias"] = ((values[folded[1]] - shift) / factor + mean).astype(np.float32)
            norm = {"weight": scale, "bias": shift, "running_mean": mean, "running_var": variance}
            state |= {f"{block}.bn2.{word}": part.astype(np.float32) for word, part in norm.items()}
            state[f"{block}.bn2.num_batches_tracked"] = np.array(7)
            if not block.startswith("encoder.0"):
                # Trained along by the publisher and never heard.
                state |= {f"{block}.bn1.{word}": part[:1].repeat(values[folded[0]].shape[1]).astype(np.float32) for word, part in norm.items()}
    return state


def keras(path: Path, to: Path) -> None:
    """HDF5 in the layout of `save_weights`."""
    _, values = numbers(path)
    inception = any(name.startswith("blocks.") for name in values)
    # In the order in which the net is written: of each inception layer a look, then pairs of looks.
    order = [f"blocks.{block}.{at}" for block in (0, 1) for at in (0, 1, 4, 2, 5, 3, 6)] if inception else []
    order += sorted(name.removesuffix(".weight") for name in values if re.fullmatch(r"cs\.\d\.weight", name))
    layers: dict[str, dict[str, np.ndarray]] = {}
    for at, name in enumerate(order):
        layers[f"conv2d_{at + 1}"] = {"kernel:0": values[f"{name}.weight"].transpose(2, 3, 1, 0), "bias:0": values[f"{name}.bias"]}
    words = {"gamma:0": "weight", "beta:0": "bias", "moving_mean:0": "running_mean", "moving_variance:0": "running_var"}
    for at in range(4):
        layers[f"batch_normalization_{at + 1}"] = {keras_word: values[f"bns.{at}.{word}"] for keras_word, word in words.items()}
    for at in (1, 2):
        layers[f"dense_{at}"] = {"kernel:0": values[f"f{at}.weight"].T, "bias:0": values[f"f{at}.bias"]}
    with h5py.File(to, "w") as file:
        for layer, parts in layers.items():
            for part, table in parts.items():
                file[f"{layer}/{layer}/{part}"] = table


def lrnet(path: Path) -> dict[str, np.ndarray]:
    graph, values = numbers(path)
    state = {name: value for name, value in values.items() if not name.startswith("onnx::")}
    (cell,) = [node for node in graph.node if node.op_type == "GRU"]
    inputs, states, biases = (values[name] for name in cell.input[1:4])

    def torch_gates(table: np.ndarray) -> np.ndarray:
        update, reset, new = np.split(table, 3)
        return np.concatenate([reset, update, new])

    for at, direction in enumerate(("", "_reverse")):
        state[f"gru.weight_ih_l0{direction}"], state[f"gru.weight_hh_l0{direction}"] = torch_gates(inputs[at]), torch_gates(states[at])
        for kind, table in zip(("ih", "hh"), np.split(biases[at], 2)):
            state[f"gru.bias_{kind}_l0{direction}"] = torch_gates(table)
    return state


if __name__ == "__main__":
    unittest.main()
