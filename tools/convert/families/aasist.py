"""AASIST and AASIST-L (Jung et al. 2022): graph attention over the places and the moments of a spectrum that is learnt from raw sound."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass

import numpy as np

from ..built import RATE_HZ, Built
from ..net import Net
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Synthetic speech (AASIST)"
SAMPLES, BANDS, TAPS = 64_600, 70, 129
# Bands and moments that six steps of pooling by three leave of the above.
PLACES, MOMENTS = 23, 29
EPS = 1e-5
# By the width of the last filters: shares of the graph's nodes that are kept, by frequency, by time, and in the joint graphs.
KEPT = {64: (0.5, 0.7, 0.5), 24: (0.4, 0.5, 0.7)}
# How much the attention is flattened.
ALONE, JOINT = 2.0, 100.0


@dataclass(frozen=True)
class Joint:
    """The nodes of both graphs and the one node that speaks for all."""

    time: str
    frequency: str
    master: str


def arguments(_: ArgumentParser) -> None:
    """Nothing of its own."""


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights)).unwrapped("GAT_layer_S.att_weight")
    width = tensors.shape("pos_S")[-1]
    if width not in KEPT:
        raise Refused(f"{tensors.what} has graphs of {width} numbers a node; AASIST has 64 and AASIST-L 24")
    net = Net(options.name, half=options.half)
    graphs = _Graphs(net, tensors, width)
    x = _filtered(net, tensors)
    given = 1
    for at, out in enumerate((32, 32, width, width, width, width)):
        x = _residual(net, x, tensors, f"encoder.{at}.0", given, out)
        given = out
    size = net.op("Abs", x)
    by_place = net.op("Transpose", net.op("ReduceMax", size, axes=[3], keepdims=0), perm=[0, 2, 1])
    by_moment = net.op("Transpose", net.op("ReduceMax", size, axes=[2], keepdims=0), perm=[0, 2, 1])
    answer = graphs.answer(net.add(by_place, net.weight(tensors.take("pos_S", 1, PLACES, width))), by_moment)
    # A norm before the first convolution of each step but the first is trained along, and its result is not used; counters are none of the net.
    tensors.ignore(r"encoder\.[1-5]\.0\.bn1\..*", r".*\.num_batches_tracked")
    tensors.finish()
    return Built(
        net, ("wave", ["n", SAMPLES]), ("logits", answer, ["n", 2]), "audio-windows", ["audio", "video"], "synthetic-speech",
        {
            "tensor": {"input": "wave", "layout": "wave", "output": "logits", "index": 1, "activation": "none", "positive": "real"},
            "sound": {"samples": SAMPLES, "hop": SAMPLES // 2, "pad": "tile", "level_rms": 0.01, "min_ms": 1000},
        },
        fed=[
            f"Windows of {SAMPLES / RATE_HZ:.3g} s of speech at 16 kHz, half overlapping, each set to a level of 0.01 (RMS of its speech); shorter sound is repeated."
        ],
        limits=["Has no scaling of its own: the level alone turns its answer, so every window is set to one level."],
        max_batch=1,
    )


def band_filters() -> np.ndarray:
    """Band passes, evenly spaced in mel from 0 to half the rate, with a Hamming window; fixed, so no file of weights holds them. [70, 1, 129]"""
    top = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 1) / 2595) - 1)
    time = np.arange(TAPS) - TAPS // 2
    low_passes = [2 * edge / RATE_HZ * np.sinc(2 * edge * time / RATE_HZ) for edge in edges]
    filters = [np.hamming(TAPS) * (high - low) for low, high in zip(low_passes, low_passes[1:])]
    return np.array(filters, np.float32)[:, None]


def _filtered(net: Net, tensors: Tensors) -> str:
    x = net.conv(net.op("Unsqueeze", "wave", net.integers(1)), band_filters())
    x = net.op("Abs", net.op("Unsqueeze", x, net.integers(1)))
    x = net.max_pool(x, (3, 3), (3, 3), (0, 0, 0, 0))
    return net.activation(net.batch_norm(x, _norm_parts(tensors, "first_bn", 1), EPS), "selu")


def _norm_parts(tensors: Tensors, name: str, width: int) -> tuple[np.ndarray, ...]:
    return tuple(tensors.take(f"{name}.{word}", width) for word in ("weight", "bias", "running_mean", "running_var"))


def _residual(net: Net, x: str, tensors: Tensors, name: str, given: int, out: int) -> str:
    came_in = x
    if given != out:
        filters = tensors.take(f"{name}.conv_downsample.weight", out, given, 1, 3)
        came_in = net.conv(x, filters, tensors.take(f"{name}.conv_downsample.bias", out), pads=(0, 1, 0, 1))
    x = net.conv(x, tensors.take(f"{name}.conv1.weight", out, given, 2, 3), tensors.take(f"{name}.conv1.bias", out), pads=1)
    x = net.activation(net.batch_norm(x, _norm_parts(tensors, f"{name}.bn2", out), EPS), "selu")
    x = net.conv(x, tensors.take(f"{name}.conv2.weight", out, out, 2, 3), tensors.take(f"{name}.conv2.bias", out), pads=(0, 1, 0, 1))
    return net.max_pool(net.add(x, came_in), (1, 3), (1, 3), (0, 0, 0, 0))


class _Graphs:
    """The attention over nodes: one graph by frequency, one by time, then both together, twice."""

    def __init__(self, net: Net, tensors: Tensors, width: int):
        self.net, self.tensors, self.width = net, tensors, width
        self.joint = tensors.shape("HtrgGAT_layer_ST11.att_weight11")[0]

    def answer(self, frequency: str, time: str) -> str:
        net, (places, moments, share) = self.net, KEPT[self.width]
        frequency, places = self.pool(self.attend(frequency, "GAT_layer_S"), "pool_S", PLACES, places, self.width)
        time, moments = self.pool(self.attend(time, "GAT_layer_T"), "pool_T", MOMENTS, moments, self.width)
        ways = [self.way(Joint(time, frequency, ""), (moments, places), share, number) for number in (1, 2)]
        best = [net.op("Max", getattr(ways[0], part), getattr(ways[1], part)) for part in ("time", "frequency", "master")]
        parts = []
        for nodes in best[:2]:
            parts.append(net.op("ReduceMax", net.op("Abs", nodes), axes=[1], keepdims=0))
            parts.append(net.op("ReduceMean", nodes, axes=[1], keepdims=0))
        joined = net.op("Concat", *parts, net.op("Squeeze", best[2], net.integers(1)), axis=1)
        return net.linear(joined, self.tensors.take("out_layer.weight", 2, 5 * self.joint), self.tensors.take("out_layer.bias", 2))

    def way(self, nodes: Joint, counts: tuple[int, int], share: float, number: int) -> Joint:
        """Both graphs look at each other, are thinned out, look again, and what they see is added."""
        master = self.net.weight(self.tensors.take(f"master{number}", 1, 1, self.width))
        seen = self.look(Joint(nodes.time, nodes.frequency, master), counts, f"HtrgGAT_layer_ST{number}1", self.width)
        frequency, places = self.pool(seen.frequency, f"pool_hS{number}", counts[1], share, self.joint)
        time, moments = self.pool(seen.time, f"pool_hT{number}", counts[0], share, self.joint)
        thinned = Joint(time, frequency, seen.master)
        more = self.look(thinned, (moments, places), f"HtrgGAT_layer_ST{number}2", self.joint)
        return Joint(*(self.net.add(getattr(thinned, part), getattr(more, part)) for part in ("time", "frequency", "master")))

    def attend(self, x: str, name: str) -> str:
        out = self.width
        scores = self.pairs(x, f"{name}.att_proj", self.width, out)
        scores = self.net.op("MatMul", scores, self.net.weight(self.tensors.take(f"{name}.att_weight", out, 1)))
        shares = self.shares(self.net.op("Squeeze", scores, self.net.integers(3)), ALONE, axis=2)
        return self.settled(x, shares, name, self.width, out)

    def look(self, nodes: Joint, counts: tuple[int, int], name: str, width: int) -> Joint:
        net, out = self.net, self.joint
        time = self.project(nodes.time, f"{name}.proj_type1", width, width)
        x = net.op("Concat", time, self.project(nodes.frequency, f"{name}.proj_type2", width, width), axis=1)
        pairs = self.pairs(x, f"{name}.att_proj", width, out)
        weighed = net.op("Mul", pairs, net.weight(self.pair_weights(counts, name, out)))
        shares = self.shares(net.op("ReduceSum", weighed, net.integers(3), keepdims=0), JOINT, axis=2)
        master = self.speak(x, nodes.master, name, width, out)
        x = self.settled(x, shares, name, width, out)
        total = sum(counts)
        return Joint(net.cut(x, 1, 0, counts[0]), net.cut(x, 1, counts[0], total), master)

    def pair_weights(self, counts: tuple[int, int], name: str, out: int) -> np.ndarray:
        """One vector for two moments, one for two places, one for one of each; [nodes, nodes, out]."""
        of = {kind: self.tensors.take(f"{name}.att_weight{kind}", out, 1)[:, 0] for kind in ("11", "12", "22")}
        total, first = sum(counts), counts[0]
        weights = np.broadcast_to(of["12"], (total, total, out)).copy()
        weights[:first, :first], weights[first:, first:] = of["11"], of["22"]
        return weights

    def speak(self, x: str, master: str, name: str, width: int, out: int) -> str:
        net = self.net
        scores = net.op("Tanh", self.project(net.op("Mul", x, master), f"{name}.att_projM", width, out))
        scores = net.op("MatMul", scores, net.weight(self.tensors.take(f"{name}.att_weightM", out, 1)))
        shares = net.op("Transpose", self.shares(scores, JOINT, axis=1), perm=[0, 2, 1])
        seen = self.project(net.op("MatMul", shares, x), f"{name}.proj_with_attM", width, out)
        return net.add(seen, self.project(master, f"{name}.proj_without_attM", width, out))

    def pairs(self, x: str, name: str, width: int, out: int) -> str:
        """Every two nodes multiplied and projected; [n, nodes, nodes, out]."""
        both = self.net.op("Mul", self.net.op("Unsqueeze", x, self.net.integers(2)), self.net.op("Unsqueeze", x, self.net.integers(1)))
        return self.net.op("Tanh", self.project(both, name, width, out))

    def shares(self, scores: str, flatness: float, *, axis: int) -> str:
        return self.net.op("Softmax", self.net.op("Div", scores, self.net.number(flatness)), axis=axis)

    def settled(self, x: str, shares: str, name: str, width: int, out: int) -> str:
        seen = self.project(self.net.op("MatMul", shares, x), f"{name}.proj_with_att", width, out)
        x = self.net.add(seen, self.project(x, f"{name}.proj_without_att", width, out))
        scale, shift, mean, variance = (part.astype(np.float64) for part in _norm_parts(self.tensors, f"{name}.bn", out))
        factor = scale / np.sqrt(variance + EPS)
        x = self.net.add(self.net.op("Mul", x, self.net.weight(factor)), self.net.weight(shift - mean * factor))
        return self.net.activation(x, "selu")

    def project(self, x: str, name: str, width: int, out: int) -> str:
        return self.net.linear(x, self.tensors.take(f"{name}.weight", out, width), self.tensors.take(f"{name}.bias", out))

    def pool(self, x: str, name: str, count: int, share: float, width: int) -> tuple[str, int]:
        """Keeps the nodes that score best, in the order of their scores."""
        net, kept = self.net, max(int(count * share), 1)
        scores = net.op("Sigmoid", self.project(x, f"{name}.proj", width, 1))
        best = net.op("TopK", scores, net.integers(kept), outputs=2, axis=1, largest=1, sorted=1)
        rows = net.op("Shape", best)
        shape = net.op("Concat", net.op("Slice", rows, net.integers(0), net.integers(2), net.integers(0)), net.integers(width), axis=0)
        places = net.op("Expand", f"{best}_1", shape)
        return net.op("GatherElements", net.op("Mul", x, scores), places, axis=1), kept
