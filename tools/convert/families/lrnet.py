"""LRNet (Sun et al. 2021): a recurrent net on 68 landmarks of consecutive frames, positions (`g1`) or differences (`g2`)."""

from argparse import ArgumentParser, Namespace

import numpy as np

from ..built import Built
from ..net import Net
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Face forgery (LRNet)"
POINTS, UNITS, HIDDEN, FRAMES = 68, 32, 64, 60


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--step", choices=["points", "differences"], required=True, help="what the net reads: positions (g1) or differences (g2)")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    cells = [name.removesuffix("weight_ih_l0") for name in tensors.names() if name.endswith("weight_ih_l0")]
    if len(cells) != 1:
        raise Refused(f"{tensors.what} is no LRNet: it lacks one weight_ih_l0")
    cell = cells[0]
    net = Net(options.name, half=options.half)
    last = _recurrent(net, tensors, cell)
    dense = sorted({name.split(".net.")[0] for name in tensors.names() if ".net.0." in name})
    if len(dense) != 1:
        raise Refused(f"{tensors.what} is no LRNet: it lacks one block of two layers")
    x = last
    for at in (0, 3):
        weight = tensors.take(f"{dense[0]}.net.{at}.weight", HIDDEN, HIDDEN)
        x = net.linear(x, weight, tensors.take(f"{dense[0]}.net.{at}.bias", HIDDEN))
        x = net.op("Relu", x) if at == 0 else net.add(x, last)
    logits = net.linear(x, tensors.take("dense.3.weight", 2, HIDDEN), tensors.take("dense.3.bias", 2))
    answer = net.op("Softmax", logits, axis=1)
    tensors.finish()
    rows = FRAMES if options.step == "points" else FRAMES - 1
    sections = {
        "tensor": {"input": "landmarks", "layout": "landmarks", "output": "prob", "index": 1, "activation": "logit", "positive": "synthetic"},
        "face": {"crop": 1.0, "min_side_px": 64},
        "sequence": {"frames": FRAMES, "step": options.step, "points": POINTS},
        "video": {"spread": 0, "min_spread": 0, "windows": 4},
    }
    return Built(
        net, ("landmarks", ["n", rows, 2 * POINTS]), ("prob", answer, ["n", 2]), "frame-sequence", ["video"], "face-forgery", sections,
        fed=[f"68 landmarks of {FRAMES} consecutive frames from the middle of each frame's points, in units of 0.6 mean extents of the run; {options.step}."],
        limits=["Its authors track and smooth the landmarks first; here they come straight from another landmark net."],
    )


def _recurrent(net: Net, tensors: Tensors, cell: str) -> str:
    """Reads forward and back from a trained start; [n, 64], the last state of each direction."""
    parts: dict[str, list] = {"ih": [], "hh": [], "b": []}
    for direction in ("", "_reverse"):
        parts["ih"].append(_onnx_gates(tensors.take(f"{cell}weight_ih_l0{direction}", 3 * UNITS, 2 * POINTS)))
        parts["hh"].append(_onnx_gates(tensors.take(f"{cell}weight_hh_l0{direction}", 3 * UNITS, UNITS)))
        biases = [_onnx_gates(tensors.take(f"{cell}bias_{of}_l0{direction}", 3 * UNITS)) for of in ("ih", "hh")]
        parts["b"].append(np.concatenate(biases))
    frames = net.op("Transpose", "landmarks", perm=[1, 0, 2])
    weights = [net.weight(np.stack(parts[part])) for part in ("ih", "hh", "b")]
    start = net.weight(tensors.take("hidden_state", 2, 1, UNITS))
    rows = net.op("Slice", net.op("Shape", "landmarks"), net.integers(0), net.integers(1), net.integers(0))
    shape = net.op("Concat", net.integers(2), rows, net.integers(UNITS), axis=0)
    states = net.op(
        "GRU", frames, *weights, "", net.op("Expand", start, shape), outputs=2, hidden_size=UNITS, direction="bidirectional", linear_before_reset=1,
    )
    # The second result: the state at each direction's own end.
    ends = net.op("Transpose", f"{states}_1", perm=[1, 0, 2])
    return net.reshape(ends, 0, HIDDEN)


def _onnx_gates(values: np.ndarray) -> np.ndarray:
    """PyTorch keeps reset, update, new; ONNX wants update, reset, new."""
    reset, update, new = np.split(values, 3)
    return np.concatenate([update, reset, new])
