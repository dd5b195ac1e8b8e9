"""Xception (Chollet 2017) with the names of pretrainedmodels, as DeepfakeBench saves it."""

from argparse import ArgumentParser, Namespace

import numpy as np

from .. import pictures
from ..built import Built, fake_class, judging
from ..net import Net
from ..pictures import picture_of
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Face forgery (Xception)"
EPS = 1e-5
# Channels in and out, repeats, stride, whether it begins with an activation, whether it grows at once (figure 5 of the paper).
BLOCKS = [(64, 128, 2, 2, False, True), (128, 256, 2, 2, True, True), (256, 728, 2, 2, True, True), *[(728, 728, 3, 1, True, True)] * 8, (728, 1024, 2, 2, True, False)]


def arguments(parser: ArgumentParser) -> None:
    pictures.arguments(parser, faces=True)
    parser.add_argument("--side", type=int, default=256, help="side of the picture (DeepfakeBench: 256; its paper: 299)")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    if not 71 <= options.side <= 1024:
        raise Refused(f"a side of {options.side} pixels cannot be: 71 to 1024")
    tensors = Tensors(values, str(options.weights)).unwrapped("block1.rep.0.conv1.weight")
    # The number comes from a dropout that some put before the classifier.
    tensors = tensors.renamed([(r"^(?:last_linear|fc)\.(?:1\.)?(weight|bias)$", r"fc.\1")])
    net = Net(options.name, half=options.half)
    picture = picture_of(options, options.side, numbers="half", stretch=True, filter="bilinear")
    x = _plain(net, picture.entrance(net), tensors, "conv1", "bn1", 3, 32, stride=2)
    x = _plain(net, x, tensors, "conv2", "bn2", 32, 64, stride=1)
    for at, settings in enumerate(BLOCKS):
        x = _block(net, x, tensors, f"block{at + 1}", *settings)
    for at, (given, out) in ((3, (1024, 1536)), (4, (1536, 2048))):
        x = net.op("Relu", _norm(net, _separable(net, x, tensors, f"conv{at}", given, out), tensors, f"bn{at}", out))
    pooled = net.reshape(net.op("GlobalAveragePool", x), 0, 2048)
    classes = tensors.shape("fc.weight")[0]
    logits = net.linear(pooled, tensors.take("fc.weight", classes, 2048), tensors.take("fc.bias", classes))
    # Counters of training, and a layer that DeepfakeBench keeps for other nets on the same trunk.
    tensors.ignore(r".*\.num_batches_tracked", r"adjust_channel\..*")
    tensors.finish()
    built = judging(options, net, logits, classes, fake_class(options, {}, classes), picture)
    built.max_batch = 4
    return built


def _plain(net: Net, x: str, tensors: Tensors, conv: str, norm: str, given: int, out: int, *, stride: int) -> str:
    x = net.conv(x, tensors.take(f"{conv}.weight", out, given, 3, 3), stride=stride)
    return net.op("Relu", _norm(net, x, tensors, norm, out))


def _norm(net: Net, x: str, tensors: Tensors, name: str, width: int) -> str:
    parts = tuple(tensors.take(f"{name}.{word}", width) for word in ("weight", "bias", "running_mean", "running_var"))
    return net.batch_norm(x, parts, EPS)


def _separable(net: Net, x: str, tensors: Tensors, name: str, given: int, out: int) -> str:
    """Each channel alone, then all channels at each place."""
    x = net.conv(x, tensors.take(f"{name}.conv1.weight", given, 1, 3, 3), pads=1, groups=given)
    return net.conv(x, tensors.take(f"{name}.pointwise.weight", out, given, 1, 1))


def _block(net: Net, x: str, tensors: Tensors, name: str, given: int, out: int, repeats: int, stride: int, active: bool, grow: bool) -> str:
    came_in, at = x, 0
    for repeat in range(repeats):
        # The last block grows in its last step, the others in their first.
        before = out if grow and repeat else given
        after = out if grow or repeat == repeats - 1 else given
        if active or repeat:
            x, at = net.op("Relu", x), at + 1
        x = _separable(net, x, tensors, f"{name}.rep.{at}", before, after)
        x = _norm(net, x, tensors, f"{name}.rep.{at + 1}", after)
        at += 2
    if stride != 1:
        x = net.max_pool(x, (3, 3), (stride, stride), (1, 1, 1, 1))
    if given != out or stride != 1:
        came_in = net.conv(came_in, tensors.take(f"{name}.skip.weight", out, given, 1, 1), stride=stride)
        came_in = _norm(net, came_in, tensors, f"{name}.skipbn", out)
    return net.add(x, came_in)
