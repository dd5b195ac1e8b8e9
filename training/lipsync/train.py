"""Fits the net of the package `lip-sync`: how far the lips are open, heard from the sound alone.

`python train.py SPEECH OUT` reads what speak.py wrote, prints how well it does on a voice that it has not heard, fits on all
voices and writes `weights.onnx` and `golden.json` with its input. One thread, a few minutes.
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPRegressor

from phones import OPENNESS

RATE = 16000
WINDOW, HOP = 320, 160  # 20 ms, 10 ms
BANDS, LOW_HZ, HIGH_HZ = 20, 100, 7000
MIDDLE_HZ = (300, 3000)
FLOOR = 3e-3  # of the mean: what is 25 dB below it is silence
STEP, SIDE = 3, 4  # the net hears every third frame, 4 to each side: 120 ms back and ahead
HIDDEN = 32
SMOOTH = 4  # frames: lips do not jump
TINY = 1e-12


def bank():
    """Triangles of equal width on the mel scale, [BANDS, WINDOW // 2 + 1], and which lie in the middle."""
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    back = lambda m: 700 * (10 ** (m / 2595) - 1)
    edges = back(np.linspace(mel(LOW_HZ), mel(HIGH_HZ), BANDS + 2))
    hz = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rows = [np.minimum((hz - a) / (b - a), (c - hz) / (c - b)) for a, b, c in zip(edges, edges[1:], edges[2:])]
    middle = (edges[1:-1] > MIDDLE_HZ[0]) & (edges[1:-1] < MIDDLE_HZ[1])
    return np.clip(np.stack(rows), 0, None), middle


BANK, MIDDLE = bank()
TAPER = np.hanning(WINDOW)


def bands(sound):
    """Levels of the bands over time, as the graph computes them: [frames, BANDS]."""
    count = (len(sound) - WINDOW) // HOP + 1
    frames = np.stack([sound[i * HOP : i * HOP + WINDOW] for i in range(count)]) * TAPER
    power = np.abs(np.fft.rfft(frames)) ** 2 @ BANK.T
    loud = power.mean(1)
    mean = loud.mean()
    levels = np.log(power + FLOOR * mean + TINY)
    weight = loud / (loud + mean + TINY)
    middle = (levels * weight[:, None]).sum(0) / weight.sum()
    spread = np.sqrt((((levels - middle) ** 2).mean(1) * weight).sum() / weight.sum())
    return (levels - middle) / (spread + 1e-3)


def context(levels):
    reach = STEP * SIDE
    padded = np.pad(levels, ((reach, reach), (0, 0)))
    shifts = range(0, 2 * reach + 1, STEP)
    return np.concatenate([padded[s : s + len(levels)] for s in shifts], 1).astype(np.float32)


def smooth(values):
    reach = 4 * SMOOTH
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTH) ** 2)
    return np.convolve(np.pad(values, reach, "edge"), bell / bell.sum(), "valid")


def openness(phones, frames):
    """Frame `i` is centred at 10 i + 10 ms."""
    target, start = np.zeros(frames + 2), 0.0
    for phone in phones.split():
        name, end = phone.split(":")
        first, last = (max(0, round(secs * 100) - 1) for secs in (start, float(end)))
        target[first:last] = OPENNESS[name]
        start = float(end)
    return smooth(target)[:frames]


def read(path):
    with wave.open(str(path)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
        rate = file.getframerate()
    if rate == RATE:
        return sound
    return np.interp(np.arange(len(sound) * RATE // rate) * rate / RATE, np.arange(len(sound)), sound)


def examples(folder):
    """Each clip once, with noise of 36 to 90 dB below full and, every other time, a tilted spectrum."""
    rng = np.random.default_rng(0)
    rows, targets, voices = [], [], []
    for path in sorted(folder.glob("*.wav")):
        voice, phones = path.with_suffix(".txt").read_text().split("\n")[:2]
        sound = read(path)
        sound = 0.05 * sound / (np.sqrt((sound**2).mean()) + 1e-9)
        sound = sound + rng.standard_normal(len(sound)) * 10 ** -rng.uniform(1.8, 4.5)
        if rng.random() < 0.5:
            sound = np.append(sound[0], sound[1:] - rng.uniform(-0.5, 0.7) * sound[:-1])
        levels = bands(sound)
        rows.append(context(levels))
        targets.append(openness(phones, len(levels)))
        voices += [voice] * len(levels)
    return np.concatenate(rows), np.concatenate(targets), np.array(voices)


def fit(rows, targets):
    net = MLPRegressor(hidden_layer_sizes=(HIDDEN,), alpha=1e-3, max_iter=15, batch_size=512, random_state=0)
    return net.fit(rows, targets)


def graph(net):
    """wave [1, samples] to curves [1, 2, frames]: loudness in the middle (log), and openness."""
    weights, nodes = [], []

    def value(name, array):
        weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def number(name, x):
        return value(name, np.array([x], np.float32))

    top = int(np.ceil(HIGH_HZ * WINDOW / RATE)) + 1
    angle = 2 * np.pi * np.outer(np.arange(top), np.arange(WINDOW)) / WINDOW
    waves = np.concatenate([np.cos(angle), np.sin(angle)]) * TAPER
    mix = np.concatenate([BANK[:, :top]] * 2, 1)
    node("Unsqueeze", ["wave", value("one", np.array([1], np.int64))], "sound")
    node("Conv", ["sound", value("waves", waves[:, None].astype(np.float32))], "parts", strides=[HOP], kernel_shape=[WINDOW])
    node("Mul", ["parts", "parts"], "squares")
    node("Conv", ["squares", value("mix", mix[:, :, None].astype(np.float32))], "power", kernel_shape=[1])
    tiny, floor = number("tiny", TINY), number("floor", FLOOR)
    axis1, axis2 = value("axis1", np.array([1], np.int64)), value("axis2", np.array([2], np.int64))
    # Means and sums over fixed axes, as attributes, because that form is known to every engine.
    node("ReduceMean", ["power"], "loud", axes=[1], keepdims=1)
    node("ReduceMean", ["loud"], "mean", axes=[2], keepdims=1)

    def log_above(what, mean, output):
        node("Mul", [mean, floor], f"{output}_f")
        node("Add", [f"{output}_f", tiny], f"{output}_t")
        node("Add", [what, f"{output}_t"], f"{output}_s")
        return node("Log", [f"{output}_s"], output)

    log_above("power", "mean", "levels")
    node("Add", ["mean", tiny], "mean_t")
    node("Add", ["loud", "mean_t"], "both")
    node("Div", ["loud", "both"], "weight")
    node("ReduceMean", ["weight"], "weights", axes=[2], keepdims=1)
    node("Mul", ["levels", "weight"], "weighed")
    node("ReduceMean", ["weighed"], "weighed_m", axes=[2], keepdims=1)
    node("Div", ["weighed_m", "weights"], "middle")
    node("Sub", ["levels", "middle"], "off")
    node("Mul", ["off", "off"], "off2")
    node("ReduceMean", ["off2"], "off2_m", axes=[1], keepdims=1)
    node("Mul", ["off2_m", "weight"], "off2_w")
    node("ReduceMean", ["off2_w"], "off2_s", axes=[2], keepdims=1)
    node("Div", ["off2_s", "weights"], "variance")
    node("Sqrt", ["variance"], "deviation")
    node("Add", ["deviation", number("little", 1e-3)], "spread")
    node("Div", ["off", "spread"], "normal")
    reach = STEP * SIDE
    first = net.coefs_[0].reshape(2 * SIDE + 1, BANDS, HIDDEN).transpose(2, 1, 0)
    second = net.coefs_[1].T[:, :, None]
    node(
        "Conv",
        ["normal", value("w1", first.astype(np.float32)), value("b1", net.intercepts_[0].astype(np.float32))],
        "hidden", kernel_shape=[2 * SIDE + 1], dilations=[STEP], pads=[reach, reach],
    )
    node("Relu", ["hidden"], "active")
    node(
        "Conv",
        ["active", value("w2", second.astype(np.float32)), value("b2", net.intercepts_[1].astype(np.float32))],
        "open", kernel_shape=[1],
    )
    share = (MIDDLE / MIDDLE.sum())[None, :, None].astype(np.float32)
    node("Conv", ["power", value("share", share)], "centre", kernel_shape=[1])
    node("ReduceMean", ["centre"], "centre_m", axes=[2], keepdims=1)
    log_above("centre", "centre_m", "loudness")
    node("Concat", ["loudness", "open"], "curves", axis=1)
    used = {name for n in nodes for name in n.input}
    model = helper.make_model(
        helper.make_graph(
            nodes, "lip-sync",
            [helper.make_tensor_value_info("wave", TensorProto.FLOAT, [1, "samples"])],
            [helper.make_tensor_value_info("curves", TensorProto.FLOAT, [1, 2, "frames"])],
            [w for w in weights if w.name in used],
        ),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    return model


def main():
    speech, out = Path(sys.argv[1]), Path(sys.argv[2])
    rows, targets, voices = examples(speech)
    print(f"{len(rows)} frames of {len(set(voices))} voices")
    for left_out in sorted(set(voices)):
        known = voices != left_out
        said = fit(rows[known], targets[known]).predict(rows[~known])
        loud = rows[~known][:, SIDE * BANDS : (SIDE + 1) * BANDS].mean(1)
        r = [np.corrcoef(x, targets[~known])[0, 1] for x in (said, loud)]
        print(f"without {left_out}: correlation {r[0]:.2f}, of the loudness alone {r[1]:.2f}")
    net = fit(rows, targets)
    model = graph(net)
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(model, out / "weights.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    sound = read(Path(__file__).resolve().parents[2] / "testdata/speech-human.wav")[8000:24000].astype(np.float32)
    curves = session.run(None, {"wave": sound[None]})[0]
    expected = net.predict(context(bands(sound.astype(float))))
    print(f"graph against sklearn: largest difference {np.abs(curves[0, 1] - expected).max():.5f}")
    (out / "lip-sync-wave.f32").write_bytes(sound.astype("<f4").tobytes())
    case = {
        "input": "testdata/golden/lip-sync-wave.f32",
        "shape": [1, len(sound)],
        "output": [round(float(v), 5) for v in curves.ravel()],
        "tolerance": 0.01,
        "note": "onnxruntime in Python, training/lipsync/train.py; a second of testdata/speech-human.wav from 0.5 s",
    }
    (out / "golden.json").write_text(json.dumps({"cases": [case]}) + "\n")


if __name__ == "__main__":
    main()
