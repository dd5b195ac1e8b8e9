"""Perth (Resemble AI 2025): reads the inaudible watermark that Chatterbox, an open voice generator, leaves in what it says. The spectrum is computed inside the graph."""

from argparse import ArgumentParser, Namespace

import numpy as np

from ..built import RATE_HZ, Built
from ..net import Net
from ..refused import Refused
from ..tensors import Tensors

TITLE = "Watermark of a voice generator (Perth)"
# The publisher's spectrum is of 2048 samples, 320 apart, at 32 kHz; half of each at 16 kHz gives the same bands at the same moments.
FRAME, STEP, BANDS = RATE_HZ * 2048 // 32_000, RATE_HZ * 320 // 32_000, 128
HIDDEN, WIDTHS = 256, (1, 7, 7, 7, 7, 7, 1)
# A frame of half as many samples sums up to half as much.
GAIN = 2.0
# The publisher's scale: decibels from the smallest magnitude to this much above 0, as 0 to 1.
SMALLEST, HEADROOM_DB = 1e-9, 15.0
# Frames with less than this share of the fullest frame's sum are not listened to: those of digital silence.
QUIET = 0.05
# Rounding leaves a little of nothing; a sum below this is nothing.
NOTHING = 1.0
LEAK = 0.01
# The publisher hears the sound at three speeds, each with a branch of its own.
SPEEDS = {"slow": 1.25, "normal": 1.0, "fast": 0.75}


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--samples", type=int, default=3 * RATE_HZ, help="length of a window at 16 kHz")
    parser.add_argument("--branches", nargs="+", choices=SPEEDS, default=list(SPEEDS), help="which of the publisher's three branches are kept")
    parser.add_argument("--bytes", action="store_true", help="store large weights in 8 bits with a scale for each filter: a quarter of the size")


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights)).unwrapped("decoder.normal_layers.0.conv.weight")
    if options.samples < FRAME + 2 * STEP:
        raise Refused(f"--samples must be at least {FRAME + 2 * STEP}")
    frames = (options.samples - FRAME) // STEP + 1
    net = Net(options.name, half=options.half)
    spectrum = _spectrum(net)
    mask = _loud(net, spectrum)
    heard = [_branch(net, tensors, name, spectrum, mask, frames, options.bytes) for name in SPEEDS if name in options.branches]
    # The encoder, which writes marks, and fixed windows of the publisher's own spectrum are of no use here; nor are branches that were not asked for.
    tensors.ignore(r"encoder\..*", r"ap\..*", *(rf"decoder\.{name}_layers\..*" for name in SPEEDS if name not in options.branches))
    tensors.finish()
    return Built(
        net, ("wave", ["n", options.samples]), ("mark", _combined(net, heard), ["n", 1]), "audio-windows", ["audio", "video"], "voice-mark",
        {
            "tensor": {"input": "wave", "layout": "wave", "output": "mark", "index": 0, "activation": "none", "positive": "synthetic"},
            "sound": {"samples": options.samples, "hop": options.samples, "pad": "zero", "min_ms": 1000},
        },
        fed=[f"Windows of {options.samples / RATE_HZ:.3g} s of speech at 16 kHz, one behind the other, at their own level; shorter sound is filled up with silence, which is not listened to."],
        limits=["A window's ends are not mirrored, and which frames are silent is told from the bands up to 2 kHz, where its publisher takes all."],
    )


def frame_filters() -> np.ndarray:
    """Cosines, then sines, of each band under a Hann window; fixed, so no file of weights holds them. [2 * bands, 1, frame]"""
    angles = 2 * np.pi * (np.arange(BANDS)[:, None] * np.arange(FRAME) % FRAME) / FRAME
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    return np.concatenate([np.cos(angles) * window, np.sin(angles) * window])[:, None]


def _spectrum(net: Net) -> str:
    """Decibels, as 0 to 1; [n, bands, frames]"""
    x = net.conv(net.op("Unsqueeze", "wave", net.integers(1)), GAIN * frame_filters(), stride=STEP)
    x = net.op("Mul", x, x)
    power = net.add(net.cut(x, 1, 0, BANDS), net.cut(x, 1, BANDS, 2 * BANDS))
    natural = net.op("Log", net.op("Max", power, net.number(SMALLEST**2)))
    lowest_db = 20 * np.log10(SMALLEST)
    scale = 1 / (HEADROOM_DB - lowest_db)
    return net.add(net.op("Mul", natural, net.number(10 / np.log(10) * scale)), net.number(-lowest_db * scale))


def _loud(net: Net, spectrum: str) -> str:
    """1 for frames that are listened to, 0 for the others; [n, 1, frames]"""
    sums = net.op("ReduceSum", spectrum, net.integers(1), keepdims=1)
    least = net.op("Mul", net.op("ReduceMax", sums, axes=[2], keepdims=1), net.number(QUIET))
    return net.as_numbers(net.op("Greater", sums, net.op("Max", least, net.number(NOTHING))))


def _branch(net: Net, tensors: Tensors, name: str, spectrum: str, mask: str, frames: int, in_bytes: bool) -> str:
    """The means of attention and mark over the loud frames; [n, 2]"""
    x, speed = spectrum, SPEEDS[name]
    if speed != 1:
        x, mask = _stretched(net, x, mask, frames, int(frames * speed))
    sides = (BANDS, *[HIDDEN] * (len(WIDTHS) - 1), 2)
    for at, (given, out, width) in enumerate(zip(sides, sides[1:], WIDTHS)):
        layer = f"decoder.{name}_layers.{at}.conv"
        weight, bias = tensors.take(f"{layer}.weight", out, given, width), tensors.take(f"{layer}.bias", out)
        x = net.conv(x, weight, bias, pads=width // 2, in_bytes=in_bytes)
        if out == HIDDEN:
            x = net.op("LeakyRelu", x, alpha=LEAK)
    total = net.op("ReduceSum", net.op("Mul", x, mask), net.integers(2), keepdims=0)
    # Where all is silent nothing is listened to, and the mean is 0 instead of no number.
    count = net.op("Max", net.op("ReduceSum", mask, net.integers(2), keepdims=0), net.number(1.0))
    return net.op("Div", total, count)


def _stretched(net: Net, x: str, mask: str, frames: int, wanted: int) -> tuple[str, str]:
    """The spectrum by straight lines from first to last frame, the mask by the frame before."""
    places = np.linspace(0, frames - 1, wanted)
    before = np.minimum(places.astype(np.int64), frames - 2)
    share = net.number(places - before)
    left, right = (net.op("Gather", x, net.integers(*map(int, at)), axis=2) for at in (before, before + 1))
    x = net.add(left, net.op("Mul", net.op("Sub", right, left), share))
    return x, net.op("Gather", mask, net.integers(*(at * frames // wanted for at in range(wanted))), axis=2)


def _combined(net: Net, heard: list[str]) -> str:
    """Marks, weighed by the attention of their branches; [n, 1]"""
    if len(heard) == 1:
        return net.cut(heard[0], 1, 1, 2)
    attention, marks = (net.op("Concat", *(net.cut(one, 1, at, at + 1) for one in heard), axis=1) for at in (0, 1))
    return net.op("ReduceSum", net.op("Mul", net.op("Softmax", attention, axis=1), marks), net.integers(1), keepdims=1)
