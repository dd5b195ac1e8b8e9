"""SyncNet (Chung and Zisserman 2016), the second version that joonson/syncnet_python publishes: one vector of five frames of a face, one of the sound meanwhile."""

from argparse import ArgumentParser, Namespace

import numpy as np

from ..built import RATE_HZ, Built
from ..net import Net
from ..tensors import Tensors

TITLE = "Whether the voice belongs to the mouth (SyncNet)"
EPS = 1e-5
FRAMES, SIDE, WIDTH, INNER = 5, 224, 1024, 512
# Twenty windows of 25 ms, 10 ms apart, of 13 cepstra each.
STEPS, CEPSTRA, WINDOW, HOP = 20, 13, 400, 160
BANDS, FFT, EMPHASIS, LIFTER = 26, 512, 0.97, 22
# 0.2 s are twenty steps; the last window reaches 240 samples beyond them. As the project centres sound on the frames, there are as many before, the last of which
# pre-emphasis looks at.
BEYOND = WINDOW - HOP
SAMPLES = STEPS * HOP + 2 * BEYOND
# The authors feed whole numbers of 16 bits.
FULL_SCALE = 32_768
# By layer: channels in and out, kernel, stride, padding, and kernel, stride and padding of a pool behind it. The numbers of the names count all layers.
VOICE = (
    (0, 1, 64, (3, 3), 1, 1, None), (4, 64, 192, (3, 3), 1, 1, ((3, 3), (1, 2), 0)), (8, 192, 384, (3, 3), 1, 1, None), (11, 384, 256, (3, 3), 1, 1, None),
    (14, 256, 256, (3, 3), 1, 1, ((3, 3), (2, 2), 0)), (18, 256, 512, (5, 4), 1, 0, None),
)
FACE = (
    (0, 3, 96, (7, 7), 2, 0, ((3, 3), (2, 2), 0)), (4, 96, 256, (5, 5), 2, 1, ((3, 3), (2, 2), 1)), (8, 256, 256, (3, 3), 1, 1, None), (11, 256, 256, (3, 3), 1, 1, None),
    (14, 256, 256, (3, 3), 1, 1, ((3, 3), (2, 2), 0)), (18, 256, 512, (6, 6), 1, 0, None),
)


def arguments(_: ArgumentParser) -> None:
    """Nothing of its own."""


def build(values: dict[str, np.ndarray], options: Namespace) -> Built:
    tensors = Tensors(values, str(options.weights)).unwrapped("netcnnlip.0.weight")
    net = Net(options.name, half=options.half)
    voice = _tower(net, cepstra(net, "voice"), tensors, "aud", VOICE)
    # All five frames are seen by the first layer at once, so they are channels of a flat picture.
    faces = net.reshape("faces", 0, 3 * FRAMES, SIDE, SIDE)
    face = _tower(net, faces, tensors, "lip", FACE)
    tensors.ignore(r".*\.num_batches_tracked")
    tensors.finish()
    return Built(
        net, ("voice", ["m", SAMPLES]), ("voice_embedding", voice, ["m", WIDTH]), "audio-visual", ["video"], "lip-sync",
        {
            "tensor": {"input": "voice", "layout": "wave", "output": "voice_embedding", "index": 0, "activation": "none", "positive": "synthetic"},
            "lip_sync": {"frames": 200, "min_side_px": 64, "compare": "embeddings", "side_px": SIDE, "samples": SAMPLES},
            "video": {"spread": 0, "min_spread": 0, "windows": 2},
        },
        fed=[
            f"Five frames of a face at 25 frames a second, each a square of 1.4 times the longer side of its box, lower by a fifth of that side, at {SIDE} pixels; "
            f"and 0.2 s of sound at {RATE_HZ / 1000:g} kHz, of which the graph takes {CEPSTRA} cepstra every 10 ms. Distances of both vectors are averaged over time at offsets of "
            "up to 0.6 s; the median less the smallest is the confidence."
        ],
        limits=[
            "A narrator, a translation or a speaker outside the picture is a foreign voice as well; poor editing and recordings of a screen shift sound.",
            "Its authors smooth the box of the face over 13 frames and find it with another net.",
            "Runs only where it is named.",
        ],
        max_batch=4,
        beside=(("faces", ["n", 3, FRAMES, SIDE, SIDE]), ("face_embedding", face, ["n", WIDTH])),
    )


def cepstra(net: Net, voice: str) -> str:
    """[m, samples] to [m, 1, 13, 20] as python_speech_features has them: pre-emphasis, windows and spectrum are one convolution, the two sums over it two more."""
    x = net.cut(voice, 1, BEYOND - 1, SAMPLES)
    x = net.conv(net.op("Unsqueeze", x, net.integers(1)), _spectrum()[:, None], stride=HOP)
    power = net.conv(net.op("Mul", x, x), _bands()[:, :, None])
    logs = net.op("Log", net.op("Max", power, net.number(np.finfo(float).eps)))
    return net.op("Unsqueeze", net.conv(logs, _cosines()[:, :, None]), net.integers(1))


def _spectrum() -> np.ndarray:
    """What each sample adds to the real and imaginary part of each frequency, pre-emphasis included; [514, 401]"""
    waves = np.exp(-2j * np.pi * np.outer(np.arange(FFT // 2 + 1), np.arange(WINDOW)) / FFT)
    after, before = np.pad(waves, ((0, 0), (1, 0))), np.pad(waves, ((0, 0), (0, 1)))
    filters = FULL_SCALE * (after - EMPHASIS * before)
    return np.concatenate([filters.real, filters.imag])


def _bands() -> np.ndarray:
    """Triangles that are evenly spaced in mel, with whole frequencies as corners, and behind them the energy; [27, 514]"""
    top = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    corners = np.floor((FFT + 1) * 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1) / RATE_HZ)
    frequencies = np.arange(FFT // 2 + 1)
    rows = []
    for left, middle, right in zip(corners, corners[1:], corners[2:]):
        rising, falling = (frequencies - left) / (middle - left), (right - frequencies) / (right - middle)
        rows.append(np.where(frequencies < middle, rising, falling).clip(0))
    rows.append(np.ones(len(frequencies)))
    return np.tile(np.array(rows) / FFT, 2)


def _cosines() -> np.ndarray:
    """The logarithm of the energy, and twelve lifted cosines over those of the bands; [13, 27]"""
    at = np.arange(1, CEPSTRA)[:, None]
    cosines = np.sqrt(2 / BANDS) * np.cos(np.pi * at * (np.arange(BANDS) + 0.5) / BANDS)
    lifted = (1 + LIFTER / 2 * np.sin(np.pi * at / LIFTER)) * cosines
    energy = np.eye(BANDS + 1)[-1:]
    return np.concatenate([energy, np.pad(lifted, ((0, 0), (0, 1)))])


def _tower(net: Net, x: str, tensors: Tensors, word: str, layers: tuple) -> str:
    for at, given, out, kernel, stride, pads, pool in layers:
        x = net.conv(x, _filters(tensors, f"netcnn{word}.{at}", out, given, kernel), tensors.take(f"netcnn{word}.{at}.bias", out), stride=stride, pads=pads)
        parts = tuple(tensors.take(f"netcnn{word}.{at + 1}.{part}", out) for part in ("weight", "bias", "running_mean", "running_var"))
        x = net.op("Relu", net.batch_norm(x, parts, EPS))
        if pool:
            x = net.max_pool(x, pool[0], pool[1], (pool[2],) * 4)
    x = net.reshape(x, 0, INNER)
    names = [f"netfc{word}.{at}" for at in (0, 1, 3)]
    x = net.linear(x, tensors.take(f"{names[0]}.weight", INNER, INNER), tensors.take(f"{names[0]}.bias", INNER))
    scale, shift, mean, variance = (tensors.take(f"{names[1]}.{part}", INNER) for part in ("weight", "bias", "running_mean", "running_var"))
    factor = scale / np.sqrt(variance + EPS)
    x = net.op("Relu", net.add(net.op("Mul", x, net.weight(factor)), net.weight(shift - mean * factor)))
    return net.linear(x, tensors.take(f"{names[2]}.weight", WIDTH, INNER), tensors.take(f"{names[2]}.bias", WIDTH))


def _filters(tensors: Tensors, name: str, out: int, given: int, kernel: tuple[int, int]) -> np.ndarray:
    """As two dimensions need them. The first layer of the face looks at all five frames, blue first; here red is."""
    if name == "netcnnlip.0":
        weight = tensors.take(f"{name}.weight", out, given, FRAMES, *kernel)
        return weight[:, ::-1].reshape(out, given * FRAMES, *kernel)
    deep = (1,) if "lip" in name else ()
    return tensors.take(f"{name}.weight", out, given, *deep, *kernel).reshape(out, given, *kernel)
