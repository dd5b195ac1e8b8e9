"""The blocks that ViT, DeiT, SigLIP, CLIP and wav2vec 2.0 share (Vaswani et al. 2017; Dosovitskiy et al. 2021)."""

from dataclasses import dataclass

import numpy as np

from .net import Net
from .refused import Refused
from .tensors import Tensors


@dataclass(frozen=True)
class Layer:
    """Where the parts of one block are, as names without `.weight` and `.bias`."""

    norm1: str
    query: str
    key: str
    value: str
    out: str
    norm2: str
    up: str
    down: str


@dataclass(frozen=True)
class Shape:
    """What all blocks of one net have in common."""

    width: int
    heads: int
    inner: int
    activation: str
    eps: float

    def check(self) -> None:
        if self.heads < 1 or self.width % self.heads:
            raise Refused(f"{self.width} channels cannot be shared by {self.heads} heads")


def norm(net: Net, x: str, tensors: Tensors, name: str, width: int, eps: float) -> str:
    return net.layer_norm(x, tensors.take(f"{name}.weight", width), tensors.take(f"{name}.bias", width), eps)


def linear(net: Net, x: str, tensors: Tensors, name: str, width: int, out: int) -> str:
    """A projection with its bias; one without is a projection all the same."""
    bias = tensors.take(f"{name}.bias", out) if f"{name}.bias" in tensors else None
    return net.linear(x, tensors.take(f"{name}.weight", out, width), bias)


def attention(net: Net, x: str, tensors: Tensors, layer: Layer, shape: Shape) -> str:
    """Every place looks at every other; [n, places, width]."""
    size = shape.width // shape.heads

    def split(name: str, order: list[int]) -> str:
        part = net.reshape(linear(net, x, tensors, name, shape.width, shape.width), 0, -1, shape.heads, size)
        return net.op("Transpose", part, perm=order)

    query, key, value = split(layer.query, [0, 2, 1, 3]), split(layer.key, [0, 2, 3, 1]), split(layer.value, [0, 2, 1, 3])
    scores = net.op("MatMul", net.op("Mul", query, net.number(size**-0.5)), key)
    seen = net.op("MatMul", net.op("Softmax", scores, axis=-1), value)
    joined = net.reshape(net.op("Transpose", seen, perm=[0, 2, 1, 3]), 0, -1, shape.width)
    return linear(net, joined, tensors, layer.out, shape.width, shape.width)


def feed_forward(net: Net, x: str, tensors: Tensors, layer: Layer, shape: Shape) -> str:
    up = net.activation(linear(net, x, tensors, layer.up, shape.width, shape.inner), shape.activation)
    return linear(net, up, tensors, layer.down, shape.inner, shape.width)


def block(net: Net, x: str, tensors: Tensors, layer: Layer, shape: Shape, *, norm_first: bool) -> str:
    """One block; what is added to passes by the norms (`norm_first`) or goes through them."""
    if norm_first:
        x = net.add(x, attention(net, norm(net, x, tensors, layer.norm1, shape.width, shape.eps), tensors, layer, shape))
        return net.add(x, feed_forward(net, norm(net, x, tensors, layer.norm2, shape.width, shape.eps), tensors, layer, shape))
    x = norm(net, net.add(x, attention(net, x, tensors, layer, shape)), tensors, layer.norm1, shape.width, shape.eps)
    return norm(net, net.add(x, feed_forward(net, x, tensors, layer, shape)), tensors, layer.norm2, shape.width, shape.eps)


def patches(net: Net, x: str, weight: np.ndarray, bias: np.ndarray | None) -> str:
    """A picture as a row of squares: [n, 3, h, w] to [n, places, width]."""
    width, _, side, _ = weight.shape
    map_ = net.conv(x, weight, bias, stride=side)
    return net.op("Transpose", net.reshape(map_, 0, width, -1), perm=[0, 2, 1])


def prepend(net: Net, x: str, token: np.ndarray, width: int) -> str:
    """Puts a learnt place before the others, once per row of the batch."""
    rows = net.op("Slice", net.op("Shape", x), net.integers(0), net.integers(1), net.integers(0))
    shape = net.op("Concat", rows, net.integers(token.size // width), net.integers(width), axis=0)
    return net.op("Concat", net.op("Expand", net.weight(token.reshape(1, -1, width)), shape), x, axis=1)
