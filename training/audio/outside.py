"""The outside check: the finished package on published clips that nothing here was trained on.

`python outside.py FOLDER` expects FOLDER/real/SET/* and FOLDER/ai/SET/*; each set's synthetic
clips are compared with that set's own human clips, because recordings of another
source differ by their channel alone. Report what it prints; never tune on it.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
import onnxruntime

import metrics
from card import PACKAGE
from channels import windows
from common import decode, set_level, trim


def main():
    folder = Path(sys.argv[1])
    package = tomllib.loads((PACKAGE / "model.toml").read_text())
    calibration = package["calibration"]["audio"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    net = onnxruntime.InferenceSession(str(PACKAGE / "weights.onnx"), options)

    def scores(kind, name):
        files = sorted(p for p in (folder / kind / name).rglob("*") if p.is_file())
        cut = lambda p: np.stack(windows(set_level(trim(decode(p)))))
        return np.array([net.run(["logit"], {"wave": cut(p)})[0].mean() for p in files])

    print("| set | n human / synthetic | AUC inside the set | humans called FAKE / below the lower mark | synthetic called FAKE / below the lower mark |\n|---|---|---|---|---|")
    for name in sorted(p.name for p in (folder / "ai").iterdir()):
        human, made = scores("real", name), scores("ai", name)
        shares = []
        for part in (human, made):
            p = 1 / (1 + np.exp(-(calibration["slope"] * part + calibration["intercept"])))
            shares.append(f"{(p >= calibration['fake_at']).mean():.0%} / {(p < calibration['real_below']).mean():.0%}")
        value, low, high = metrics.interval(metrics.auc, human, np.arange(len(human)), made, np.arange(len(made)))
        print(f"| {name} | {len(human)} / {len(made)} | {value:.2f} ({low:.2f}-{high:.2f}) | {shares[0]} | {shares[1]} |")


if __name__ == "__main__":
    main()
