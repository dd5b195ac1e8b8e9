"""EfficientNet B0 to B7 (Tan and Le 2019) in the layouts of efficientnet-pytorch and of torchvision, with a classifier of any number of classes."""

import math
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass

import numpy as np

from .. import pictures
from ..built import Built, fake_class, judging
from ..net import Net
from ..pictures import picture_of
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Face forgery (EfficientNet)"
# Width, depth and side of the picture.
VARIANTS = {
    "b0": (1.0, 1.0, 224), "b1": (1.0, 1.1, 240), "b2": (1.1, 1.2, 260), "b3": (1.2, 1.4, 300), "b4": (1.4, 1.8, 380), "b5": (1.6, 2.2, 456),
    "b6": (1.8, 2.6, 528), "b7": (2.0, 3.1, 600),
}
# Repeats, kernel, stride, expansion and channels of the seven stages of B0 (table 1 of the paper).
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))
STEM, LAST = 32, 1280


@dataclass(frozen=True)
class Part:
    """A convolution and its batch norm, by their names; the bias of a convolution has the same name."""

    conv: str
    norm: str


@dataclass(frozen=True)
class Style:
    """In what the layouts differ besides names: where pictures are padded and the smallest variance. DeepfakeBench puts a first convolution of its own
    in, which is not padded at all."""

    same: bool
    bare_stem: bool
    eps: float


def arguments(parser: ArgumentParser) -> None:
    pictures.arguments(parser, faces=True)
    parser.add_argument("--variant", choices=sorted(VARIANTS), default="b4")
    parser.add_argument("--side", type=int, help="side of the picture, where it is not the one of the variant")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights))
    torchvision = any(name.endswith("features.0.0.weight") for name in values)
    # A classifier of this name is DeepfakeBench's.
    bare_stem = any("last_layer." in name for name in values)
    tensors, head = _torchvision_names(tensors) if torchvision else _lukemelas_names(tensors)
    width, depth, side = VARIANTS[options.variant]
    # Where the padding is not alike on all sides it is that of the variant's own side, whatever is fed.
    native, side = side, options.side or side
    if not 32 <= side <= 1024:
        raise Refused(f"a side of {side} pixels cannot be: 32 to 1024")
    # Torchvision pads alike on all sides and keeps PyTorch's smallest variance in the small variants.
    style = Style(not torchvision, bare_stem, 1e-5 if torchvision and options.variant < "b5" else 1e-3)
    net = Net(options.name, half=options.half)
    builder = _Builder(net, tensors, style, native)
    picture = picture_of(options, side, numbers=None, stretch=True, filter="bilinear")
    x = builder.trunk(picture.entrance(net), width, depth)
    pooled = net.reshape(net.op("GlobalAveragePool", x), 0, builder.channels)
    classes = tensors.shape(f"{head}.weight")[0]
    logits = net.linear(pooled, tensors.take(f"{head}.weight", classes, builder.channels), tensors.take(f"{head}.bias", classes))
    # Counters of training, and a layer that DeepfakeBench keeps for other nets on the same trunk.
    tensors.ignore(r".*\.num_batches_tracked", r"(.*\.)?adjust_channel\..*")
    tensors.finish()
    built = judging(options, net, logits, classes, fake_class(options, {}, classes), picture)
    built.max_batch = 4
    return built


def _lukemelas_names(tensors: Tensors) -> tuple[Tensors, str]:
    """The names of this file are those of efficientnet-pytorch, without the underscores in front. A classifier of another name
    beside the trunk (`last_layer`, as in DeepfakeBench) is found as well."""
    inner = [name for name in tensors.names() if name.endswith("_conv_stem.weight")]
    if len(inner) != 1:
        raise Refused(f"{tensors.what} is no EfficientNet in a layout that is read: it lacks _conv_stem.weight or features.0.0.weight")
    prefix = inner[0].removesuffix("_conv_stem.weight")
    rules = [(r"^" + prefix.replace(".", r"\."), ""), (r"^(?:.*\.)?last_layer\.", "_fc."), (r"(^|\.)_", r"\1")]
    return tensors.renamed(rules), "fc"


def _torchvision_names(tensors: Tensors) -> tuple[Tensors, str]:
    renamed = tensors.unwrapped("features.0.0.weight")
    rules = [(r"^features\.0\.0\.", "conv_stem."), (r"^features\.0\.1\.", "bn0."), (r"^features\.8\.0\.", "conv_head."), (r"^features\.8\.1\.", "bn1.")]
    at = 0
    for stage in range(1, 8):
        for block in range(renamed.count(rf"features\.{stage}\.(\d+)\.")):
            old, new = rf"^features\.{stage}\.{block}\.block\.", f"blocks.{at}."
            names = ["expand_conv", "bn0", "depthwise_conv", "bn1", "se_reduce", "se_expand", "project_conv", "bn2"]
            # Without an expansion the first two are absent and the rest moves up.
            first = 0 if f"features.{stage}.{block}.block.3.0.weight" in renamed else 1
            expand, depthwise, squeeze, project = (step - first for step in range(4))
            if not first:
                rules += [(old + rf"{expand}\.0\.", new + names[0] + "."), (old + rf"{expand}\.1\.", new + names[1] + ".")]
            rules += [
                (old + rf"{depthwise}\.0\.", new + names[2] + "."), (old + rf"{depthwise}\.1\.", new + names[3] + "."),
                (old + rf"{squeeze}\.fc1\.", new + names[4] + "."), (old + rf"{squeeze}\.fc2\.", new + names[5] + "."),
                (old + rf"{project}\.0\.", new + names[6] + "."), (old + rf"{project}\.1\.", new + names[7] + "."),
            ]
            at += 1
    return renamed.renamed([*rules, (r"^classifier\.1\.", "fc.")]), "fc"


class _Builder:
    """Walks through the stages and remembers how large the picture and how many the channels are."""

    def __init__(self, net: Net, tensors: Tensors, style: Style, side: int):
        self.net, self.tensors, self.style = net, tensors, style
        self.side, self.channels = side, 3

    def trunk(self, x: str, width: float, depth: float) -> str:
        stem, last = rounded(STEM, width), rounded(LAST, width)
        x = self.activated(self.convolution(x, Part("conv_stem", "bn0"), stem, kernel=3, stride=2))
        at = 0
        for repeats, kernel, stride, expansion, channels in STAGES:
            for repeat in range(math.ceil(depth * repeats)):
                x = self.block(x, f"blocks.{at}", kernel, stride if repeat == 0 else 1, expansion, rounded(channels, width))
                at += 1
        return self.activated(self.convolution(x, Part("conv_head", "bn1"), last, kernel=1))

    def block(self, x: str, name: str, kernel: int, stride: int, expansion: int, out: int) -> str:
        """Widen, look at each channel alone, weigh the channels by each other, narrow; added to what came in where sizes agree."""
        given, came_in = self.channels, x
        wide = given * expansion
        if expansion != 1:
            x = self.activated(self.convolution(x, Part(f"{name}.expand_conv", f"{name}.bn0"), wide, kernel=1))
        x = self.activated(self.convolution(x, Part(f"{name}.depthwise_conv", f"{name}.bn1"), wide, kernel=kernel, stride=stride, groups=wide))
        x = self.weighed(x, name, max(1, given // 4))
        x = self.convolution(x, Part(f"{name}.project_conv", f"{name}.bn2"), out, kernel=1)
        return self.net.add(x, came_in) if stride == 1 and given == out else x

    def convolution(self, x: str, part: Part, out: int, *, kernel: int, stride: int = 1, groups: int = 1) -> str:
        weight = self.tensors.take(f"{part.conv}.weight", out, self.channels // groups, kernel, kernel)
        # The new side is the old one over the stride, rounded up, in both styles.
        after = -(-self.side // stride)
        missing = max(0, (after - 1) * stride + kernel - self.side)
        begin = missing // 2 if self.style.same else (kernel - 1) // 2
        end = missing - begin if self.style.same else (kernel - 1) // 2
        if self.style.bare_stem and part.conv == "conv_stem":
            begin = end = 0
        x = self.net.conv(x, weight, stride=stride, pads=(begin, begin, end, end), groups=groups)
        self.channels, self.side = out, after
        parts = tuple(self.tensors.take(f"{part.norm}.{word}", out) for word in ("weight", "bias", "running_mean", "running_var"))
        return self.net.batch_norm(x, parts, self.style.eps)

    def weighed(self, x: str, name: str, few: int) -> str:
        many = self.channels
        reduce = [self.tensors.take(f"{name}.se_reduce.{word}", *shape) for word, shape in (("weight", (few, many, 1, 1)), ("bias", (few,)))]
        expand = [self.tensors.take(f"{name}.se_expand.{word}", *shape) for word, shape in (("weight", (many, few, 1, 1)), ("bias", (many,)))]
        inner = self.activated(self.net.conv(self.net.op("GlobalAveragePool", x), *reduce))
        return self.net.op("Mul", x, self.net.op("Sigmoid", self.net.conv(inner, *expand)))

    def activated(self, x: str) -> str:
        return self.net.activation(x, "silu")


def rounded(channels: int, width: float) -> int:
    """To the next multiple of 8, never down by more than a tenth."""
    wanted = channels * width
    near = max(8, int(wanted + 4) // 8 * 8)
    return near + 8 if near < 0.9 * wanted else near
