"""Step 8: the trained net as one ONNX file of plain operators (opset 17, fp32), checked against torch."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from common import DATA, HERE
from net import BINS, FLOOR, HOP, SCALE, WINDOW, Body, Front

# Written out because rten asks for every attribute of a one-dimensional convolution.
PLAIN = {"strides": [1], "pads": [0, 0], "dilations": [1], "group": 1}
OUT = HERE.parents[1] / "models/synthetic-speech-small/1.0.0/weights.onnx"


class Graph:
    """Collects nodes and weights."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, value):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind, inputs, output, **options):
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **options))
        return output


def spectrum(g, front):
    """wave -> log band levels, each band's mean removed."""
    axes = g.weight("channel_axis", np.array([1], np.int64))
    x = g.add("Unsqueeze", ["wave", axes], "wave_channel")
    kernel = front.kernel.numpy()
    powers = []
    for name, rows in [("real", kernel[:BINS]), ("imaginary", kernel[BINS:])]:
        part = g.add("Conv", [x, g.weight(f"dft_{name}", rows)], name, **PLAIN | {"strides": [HOP]})
        powers.append(g.add("Mul", [part, part], f"{name}_squared"))
    power = g.add("Add", powers, "power")
    # A convolution of width 1 with the floor as bias: rten 0.27 refuses a product followed by a one-element sum.
    floor = np.full(len(front.bands), FLOOR, np.float32)
    levels = g.add("Conv", [power, g.weight("bands", front.bands.numpy()[:, :, None]), g.weight("floor", floor)], "band_power", **PLAIN)
    levels = g.add("Log", [levels], "levels")
    mean = g.add("ReduceMean", [levels], "band_mean", axes=[2], keepdims=1)
    centred = g.add("Sub", [levels, mean], "centred")
    scaled = g.add("Mul", [centred, g.weight("scale", np.float32([SCALE]))], "scaled")
    return g.add("Unsqueeze", [scaled, "channel_axis"], "picture")


def folded(block):
    """Convolution weights with the batch normalisation that follows folded in."""
    conv, norm = block[0], block[1]
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return (conv.weight * gain[:, None, None, None]).detach().numpy(), (norm.bias - norm.running_mean * gain).detach().numpy(), conv


def build(body, front):
    """The whole graph."""
    g = Graph()
    x = spectrum(g, front)
    for i, block in enumerate(body.blocks):
        weight, bias, conv = folded(block)
        pad = conv.padding[0]
        x = g.add("Conv", [x, g.weight(f"conv{i}_w", weight), g.weight(f"conv{i}_b", bias)], f"conv{i}",
                  strides=list(conv.stride), pads=[pad] * 4, dilations=[1, 1], group=1)
        x = g.add("Relu", [x], f"relu{i}")
    mean = g.add("ReduceMean", [x], "time_mean", axes=[3], keepdims=0)
    most = g.add("ReduceMax", [x], "time_max", axes=[3], keepdims=0)
    x = g.add("Concat", [mean, most], "pooled", axis=1)
    x = g.add("Flatten", [x], "flat", axis=1)
    for name, layer in [("hidden", body.hidden), ("logit", body.logit)]:
        x = g.add("MatMul", [x, g.weight(f"{name}_w", layer.weight.detach().numpy().T)], f"{name}_product")
        x = g.add("Add", [x, g.weight(f"{name}_b", layer.bias.detach().numpy())], "logit" if name == "logit" else "hidden_sum")
        if name == "hidden":
            x = g.add("Relu", [x], "hidden")
    wave = helper.make_tensor_value_info("wave", TensorProto.FLOAT, ["n", WINDOW])
    logit = helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["n", 1])
    graph = helper.make_graph(g.nodes, "synthetic-speech-small", [wave], [logit], g.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="training/audio")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def check(path, body, front):
    """ONNX equals torch, and a batch equals its single windows."""
    wave = (np.random.default_rng(3).standard_normal((5, WINDOW)) * 0.05).astype(np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    run = lambda x: onnxruntime.InferenceSession(str(path), options).run(["logit"], {"wave": x})[0]
    with torch.no_grad():
        expected = body(front(torch.from_numpy(wave))).numpy()
    together, alone = run(wave), np.concatenate([run(w[None]) for w in wave])
    assert np.abs(together - expected).max() < 1e-3, np.abs(together - expected).max()
    assert np.abs(together - alone).max() < 1e-4, np.abs(together - alone).max()
    print("largest difference: torch", np.abs(together - expected).max(), "batch against single", np.abs(together - alone).max())


def main():
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else OUT
    body, front = Body(), Front()
    body.load_state_dict(torch.load(DATA / "body.pt"))
    body.eval()
    out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(build(body, front), str(out))
    check(out, body, front)
    data = out.read_bytes()
    print(f"{out.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
