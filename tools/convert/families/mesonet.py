"""MesoNet: Meso4 and MesoInception4 (Afchar et al. 2018), from the HDF5 files that Keras wrote."""

import re
from argparse import ArgumentParser, Namespace

import numpy as np

from ..built import Built
from ..net import Net
from ..pictures import NUMBERS, Picture
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Face forgery (MesoNet)"
SIDE, EPS, SLOPE = 256, 1e-3, 0.1
# Filters of the four branches of the two inception layers.
INCEPTIONS = ((1, 4, 4, 2), (2, 4, 4, 2))


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--crop", type=float, default=1.3, help="side of the square around a face, in units of the longer side of its box")
    parser.set_defaults(faces=True)


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    layers = _Layers(tensors)
    net = Net(options.name, half=options.half)
    x = net.op("Transpose", "image", perm=[0, 3, 1, 2])
    if layers.left("conv2d") == 4:
        x = _meso4(net, x, layers)
    elif layers.left("conv2d") == 16:
        x = _inception4(net, x, layers)
    else:
        raise Refused(f"{tensors.what} has {layers.left('conv2d')} convolutions; Meso4 has 4 and MesoInception4 has 16")
    # The first layer of numbers reads the picture row by row with its channels last, as Keras lays it out.
    flat = net.reshape(net.op("Transpose", x, perm=[0, 2, 3, 1]), 0, 1024)
    weight, bias = layers.dense(1024, 16)
    x = net.op("LeakyRelu", net.linear(flat, weight, bias), alpha=SLOPE)
    weight, bias = layers.dense(16, 1)
    answer = net.op("Sigmoid", net.linear(x, weight, bias))
    tensors.finish()
    mean, std = NUMBERS["plain"]
    section = {"size": [SIDE, SIDE], "resize": "stretch", "filter": "bilinear", "colour": "rgb", "scale": 1 / 255, "mean": mean, "std": std}
    tensor = {"input": "image", "layout": "nhwc", "output": "p_real", "activation": "logit", "positive": "real"}
    return Built(
        net, ("image", ["n", SIDE, SIDE, 3]), ("p_real", answer, ["n", 1]), "face-classifier", ["image", "video"], "face-forgery",
        {"tensor": tensor, "picture": section, "face": {"crop": options.crop, "min_side_px": 64}}, fed=Picture(section, SIDE).words(options),
    )


class _Layers:
    """The layers in the order in which the net was written: Keras numbers those of one kind from the first on."""

    def __init__(self, tensors: Tensors):
        self._tensors = tensors
        self._waiting: dict[str, list[str]] = {}
        names = sorted({name.rsplit("/", 1)[0] for name in tensors.names()}, key=lambda name: (re.sub(r"\d+$", "", name), _number(name)))
        for name in names:
            self._waiting.setdefault(re.sub(r"_\d+$", "", name), []).append(name)

    def left(self, kind: str) -> int:
        return len(self._waiting.get(kind, []))

    def _next(self, kind: str) -> str:
        if not self.left(kind):
            raise Refused(f"{self._tensors.what} has too few layers {kind}")
        return self._waiting[kind].pop(0)

    def conv(self, given: int, out: int, kernel: int) -> tuple[np.ndarray, np.ndarray]:
        name = self._next("conv2d")
        filters = self._tensors.take(f"{name}/kernel", kernel, kernel, given, out)
        return filters.transpose(3, 2, 0, 1), self._tensors.take(f"{name}/bias", out)

    def norm(self, width: int) -> tuple[np.ndarray, ...]:
        name = self._next("batch_normalization")
        return tuple(self._tensors.take(f"{name}/{word}", width) for word in ("gamma", "beta", "moving_mean", "moving_variance"))

    def dense(self, given: int, out: int) -> tuple[np.ndarray, np.ndarray]:
        name = self._next("dense")
        return self._tensors.take(f"{name}/kernel", given, out).T, self._tensors.take(f"{name}/bias", out)


def _number(name: str) -> int:
    return int(match[0]) if (match := re.search(r"\d+$", name)) else 0


def _meso4(net: Net, x: str, layers: _Layers) -> str:
    for given, out, kernel, pool in ((3, 8, 3, 2), (8, 8, 5, 2), (8, 16, 5, 2), (16, 16, 5, 4)):
        x = _step(net, x, layers, given, out, kernel, pool)
    return x


def _inception4(net: Net, x: str, layers: _Layers) -> str:
    given = 3
    for branches in INCEPTIONS:
        x = _inception(net, x, layers, given, branches)
        given = sum(branches)
        x = _pooled(net, net.batch_norm(x, layers.norm(given), EPS), 2)
    for before, pool in ((given, 2), (16, 4)):
        x = _step(net, x, layers, before, 16, 5, pool)
    return x


def _inception(net: Net, x: str, layers: _Layers, given: int, branches: tuple[int, ...]) -> str:
    """Four looks at each place, the later ones from wider apart."""
    results = []
    for at, out in enumerate(branches):
        look = net.op("Relu", net.conv(x, *layers.conv(given, out, 1)))
        if at:
            look = net.op("Relu", net.conv(look, *layers.conv(out, out, 3), pads=at, dilation=at))
        results.append(look)
    return net.op("Concat", *results, axis=1)


def _step(net: Net, x: str, layers: _Layers, given: int, out: int, kernel: int, pool: int) -> str:
    x = net.op("Relu", net.conv(x, *layers.conv(given, out, kernel), pads=kernel // 2))
    return _pooled(net, net.batch_norm(x, layers.norm(out), EPS), pool)


def _pooled(net: Net, x: str, by: int) -> str:
    return net.max_pool(x, (by, by), (by, by), (0, 0, 0, 0))
