"""Step 9: the package's card, manifest and golden values, written from the measured figures alone."""

import hashlib
import json
from collections import Counter

import numpy as np
import onnxruntime

from common import DATA, HERE, read_store, rng_for, set_level
from net import WINDOW
from speak import espeak
from train import STEPS, STORES

ROOT = HERE.parents[1]
PACKAGE = ROOT / "models/synthetic-speech-small/1.0.0"
GOLDEN = ROOT / "testdata/golden"
SENTENCE = "The caller's voice was made by a small machine in a quiet room."


def percent(value):
    return f"{100 * value:.0f} %" if value >= 0.095 or value == 0 else f"{100 * value:.1f} %"


def span(triple):
    return f"{triple[0]:.2f} ({triple[1]:.2f}-{triple[2]:.2f})"


def loeo_table(loeo):
    lines = ["| speech never trained on | n (voices) | AUC | EER | found at 5 % false alarms | AUC of the control |", "|---|---|---|---|---|---|"]
    for row in sorted(loeo["table"], key=lambda r: r.get("seen", False)):
        net, base = row["net"], row["control"]
        name = row["name"] if not row.get("seen") else f"*{row['name']}*"
        lines.append(f"| {name} | {net['n_synthetic']} ({net['voices']}) | {span(net['auc'])} | {span(net['eer'])} | {span(net['hits'])} | {span(base['auc'])} |")
    return "\n".join(lines)


def pair_table(loeo):
    lines = ["| vocoder | pairs | copy scores above its original |", "|---|---|---|"]
    for family, row in loeo["pairs"].items():
        low, high = row["interval"]
        lines.append(f"| {family.removeprefix('copy-')} | {row['n']} | {row['wins'] / row['n']:.2f} ({low:.2f}-{high:.2f}) |")
    return "\n".join(lines)


def speaker_table(calibration):
    lines = ["| held-out speaker | n | called FAKE (95 % interval) | below the lower mark |", "|---|---|---|---|"]
    for voice, row in calibration["speakers"].items():
        low, high = row["interval"]
        lines.append(f"| {voice} | {row['n']} | {row['alarms']} ({percent(low)} to {percent(high)}) | {percent(row['no_sign'])} |")
    return "\n".join(lines)


def further(calibration):
    """One sentence on the voices that nothing was set on."""
    row = calibration["further"]
    low, high = row["interval"]
    return (f"With these thresholds, {row['alarms']} of {row['n']} utterances ({percent(low)} to {percent(high)}) of {row['voices']} further voices are called FAKE and "
            f"{percent(row['no_sign'])} lie below the lower mark; the worst voice ({row['worst']}) has {row['worst_alarms']} of {row['worst_n']}.")


def engine_table(calibration):
    lines = ["| held-out engine | n | called FAKE | below the lower mark (missed) |", "|---|---|---|---|"]
    for engine, row in calibration["engines"].items():
        lines.append(f"| {engine} | {row['n']} | {percent(row['found'])} | {percent(row['missed'])} |")
    return "\n".join(lines)


def training_table():
    """What was trained on, counted from the stores."""
    counts = Counter()
    for store in STORES:
        for row in read_store(store)[0]:
            if row["split"] == "train":
                counts[row["engine"]] += 1
    lines = ["| source | utterances |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {n} |" for name, n in sorted(counts.items())])


def golden(weights):
    """Two raw windows, synthesised here, and what onnxruntime says of them."""
    import tempfile
    from pathlib import Path
    GOLDEN.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        speech = espeak("en-us", SENTENCE, Path(folder), rng_for("golden"))
    noise = rng_for("golden noise").standard_normal(WINDOW)
    hum = noise * np.abs(np.sin(np.arange(WINDOW) * 2 * np.pi * 3 / 16_000))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(str(weights), options)
    cases = []
    for name, wave, note in [("espeak", speech, "one espeak-ng sentence made by training/audio"), ("noise", hum, "noise swelling three times a second")]:
        path = GOLDEN / f"synthetic-speech-small-{name}.f32"
        if not path.exists():  # made once: another espeak-ng must not change the promise
            set_level(np.resize(wave, WINDOW).astype(np.float32)).astype("<f4").tofile(path)
        window = np.fromfile(path, "<f4")
        logit = float(net.run(["logit"], {"wave": window[None]})[0][0, 0])
        cases.append({"input": f"testdata/golden/{path.name}", "shape": [1, WINDOW], "output": [round(logit, 5)], "tolerance": 0.002,
                      "note": f"Python onnxruntime {onnxruntime.__version__}, fp32; {note}; CC0-1.0"})
    return {"cases": cases}


def quality(loeo, calibration):
    """The one sentence shown beside a verdict."""
    rows = {row["name"]: row["net"] for row in loeo["table"]}
    neural = rows["neural TTS (Piper VITS, joe)"]
    other = rows["neural TTS (Kokoro, hibari)"]
    classic = [rows[name]["auc"][0] for name in rows if name.split(" ")[0] in ("formant", "diphone", "statistical", "unit", "SVOX")]
    return (f"On {neural['n_human']} clips of 8 speakers never trained on: AUC {min(classic):.2f}-{max(classic):.2f} for five classic engine kinds left out, "
            f"{span(neural['auc'])} for an unseen Piper voice (n {neural['n_synthetic']}), "
            f"{span(other['auc'])} for Kokoro and hibari left out (n {other['n_synthetic']}); near 0.66 on 97 published neural clips, hardly any of them found.")


LIMITS = [
    "Finds traces of older text-to-speech engines and of simple vocoders; it does not recognise modern voice cloning or good neural voices.",
    "Of 97 published clips of HiFi-GAN, VITS and similar neural voices it called 4 FAKE, and 62 scored as low as people do: so it never says REAL.",
    "A recording channel, language or studio unlike the telephone prompts and home recordings it learnt from can raise false alarms.",
    "Trained and tested on few speakers; read its figures with their intervals.",
]


def manifest(weights, loeo, calibration):
    data = weights.read_bytes()
    fit = (f"{calibration['n_real']} utterances of 8 held-out Debian speakers; {calibration['n_synthetic']} of 3 held-out engines "
           "(Piper joe, SVOX Pico, festival clunits); half through codecs and noise (make -C training/audio)")
    lines = ['name = "synthetic-speech-small"', 'version = "1.0.0"', 'title = "Legacy text-to-speech and vocoder traces"', 'pipeline = "audio-windows"',
             'kinds = ["audio", "video"]', 'family = "synthetic-speech"', 'weight = "weak"', 'licence = "Apache-2.0"',
             'origin = "training/audio of this repository"', f"quality = {json.dumps(quality(loeo, calibration))}", f"limits = {json.dumps(LIMITS, indent=4)}", "",
             "[weights]", 'file = "weights.onnx"', f'sha256 = "{hashlib.sha256(data).hexdigest()}"', f"bytes = {len(data)}", "",
             "[runtime]", 'engines = ["ort", "rten"]', "max_batch = 16", "",
             "[tensor]", 'input = "wave"', 'layout = "wave"', 'output = "logit"', "index = 0", 'activation = "none"', 'positive = "synthetic"', "",
             "[sound]", f"samples = {WINDOW}", f"hop = {WINDOW // 2}", 'pad = "tile"', "level_rms = 0.05", "min_ms = 1500", "", "[aggregate]", 'by = "mean"']
    for kind in ["audio", "video"]:
        lines += ["", f"[calibration.{kind}]"]
        lines += [f"{key} = {calibration[key]:.6g}" for key in ["slope", "intercept", "fake_at", "false_positive_rate"]]
        # Never REAL: neural voices that it does not know score as low as people.
        lines += ["real_below = 0.0", "miss_rate = 0.0"]
        lines += [f"fit_data = {json.dumps(fit)}", f"n_real = {calibration['n_real']}", f"n_synthetic = {calibration['n_synthetic']}"]
    return "\n".join(lines) + "\n"


def card(loeo, calibration):
    text = (HERE / "card.template.md").read_text()
    outside = HERE / "outside.md"
    parts = {"TRAINING": training_table(), "LOEO": loeo_table(loeo), "PAIRS": pair_table(loeo),
             "SPEAKERS": speaker_table(calibration),
             "ENGINES": engine_table(calibration), "FURTHER": further(calibration),
             "STEPS": str(STEPS), "N_REAL": str(calibration["n_real"]), "N_SYNTHETIC": str(calibration["n_synthetic"]),
             "FAKE_AT": f"{calibration['fake_at']:.3f}", "REAL_BELOW": f"{calibration['real_below']:.3f}", "FPR": percent(calibration["false_positive_rate"]),
             "MISS": percent(calibration["miss_rate"]), "FOUND": percent(calibration["found"]), "HUMAN_BELOW": percent(calibration["human_below"]),
             "SLOPE": f"{calibration['slope']:.4f}",
             "INTERCEPT": f"{'-+'[calibration['intercept'] >= 0]} {abs(calibration['intercept']):.4f}",
             "OUTSIDE": outside.read_text().strip()}
    for name, value in parts.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def main():
    loeo = json.loads((DATA / "never-seen.json").read_text())
    loeo["table"] += json.loads((DATA / "left-out.json").read_text())["table"]
    calibration = json.loads((DATA / "calibration.json").read_text())
    weights = PACKAGE / "weights.onnx"
    (PACKAGE / "model.toml").write_text(manifest(weights, loeo, calibration))
    (PACKAGE / "golden.json").write_text(json.dumps(golden(weights), indent=2) + "\n")
    (PACKAGE / "card.md").write_text(card(loeo, calibration))
    print("model.toml, golden.json and card.md written")


if __name__ == "__main__":
    main()
