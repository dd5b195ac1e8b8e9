"""Step 7: score to probability, and the two thresholds, from speakers and engines never trained on.

The thresholds are then tried on voices that neither training nor calibration knows.
"""

import json

import numpy as np
import torch

import metrics
import train
from common import DATA
from loeo import held_out_human
from net import Body

ALARM_RATE = 0.01
MISS_RATE = 0.05


def balanced(groups):
    """Weights under which every group of a class counts the same; each class sums to one half."""
    names, where = np.unique(groups, return_inverse=True)
    counts = np.bincount(where)
    return 0.5 / len(names) / counts[where]


def platt(scores, labels, weights):
    """Slope and intercept of p = sigmoid(slope * score + intercept), by Newton's method."""
    theta, x = np.array([1.0, 0.0]), np.stack([scores, np.ones_like(scores)], 1)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        gradient = x.T @ (weights * (p - labels)) + 1e-4 * theta
        curvature = (x * (weights * p * (1 - p))[:, None]).T @ x + 1e-4 * np.eye(2)
        theta = theta - np.linalg.solve(curvature, gradient)
    return float(theta[0]), float(theta[1])


def further(body, rows, features, fake_at, real_below):
    """The finished thresholds on the volunteers' letters and words, which nothing was set on."""
    found, scores = train.score(body, rows, features, lambda r: r["split"] == "extra")
    voices = np.array([r["voice"] for r in found])
    alarms = int((scores >= fake_at).sum())
    worst = max(sorted(set(voices)), key=lambda v: (scores[voices == v] >= fake_at).mean())
    return {"n": len(scores), "voices": len(set(voices)), "alarms": alarms, "interval": metrics.wilson(alarms, len(scores)), "worst": worst,
            "worst_alarms": int((scores[voices == worst] >= fake_at).sum()), "worst_n": int((voices == worst).sum()),
            "no_sign": float((scores < real_below).mean())}


def main():
    rows, features = train.load()
    body = Body()
    body.load_state_dict(torch.load(DATA / "body.pt"))
    body.eval()
    human_rows, human = train.score(body, rows, features, held_out_human)
    made_rows, made = train.score(body, rows, features, lambda r: r["label"] == "synthetic" and r["split"] == "heldout")
    weights = np.concatenate([balanced([r["voice"] for r in human_rows]), balanced([r["engine"] for r in made_rows])])
    slope, intercept = platt(np.concatenate([human, made]), np.repeat([0.0, 1.0], [len(human), len(made)]), weights)
    probability = lambda s: 1 / (1 + np.exp(-(slope * np.asarray(s) + intercept)))
    fake_at = metrics.cut_at(human, ALARM_RATE)
    real_below = min(np.quantile(made, MISS_RATE, method="lower"), fake_at)
    result = {"slope": slope, "intercept": intercept, "fake_at": float(probability(fake_at)), "real_below": float(probability(real_below)),
              "n_real": len(human), "n_synthetic": len(made), "false_positive_rate": float((human >= fake_at).mean()),
              "miss_rate": float((made < real_below).mean()), "human_below": float((human < real_below).mean()), "found": float((made >= fake_at).mean())}
    result["speakers"] = {}
    for voice in sorted({r["voice"] for r in human_rows}):
        own = human[[r["voice"] == voice for r in human_rows]]
        alarms = int((own >= fake_at).sum())
        result["speakers"][voice] = {"n": len(own), "alarms": alarms, "interval": metrics.wilson(alarms, len(own)),
                                     "no_sign": float((own < real_below).mean()), "median_p": float(probability(np.median(own)))}
    result["engines"] = {}
    for engine in sorted({r["engine"] for r in made_rows}):
        own = made[[r["engine"] == engine for r in made_rows]]
        result["engines"][engine] = {"n": len(own), "found": float((own >= fake_at).mean()), "missed": float((own < real_below).mean()),
                                     "median_p": float(probability(np.median(own)))}
    result["further"] = further(body, rows, features, fake_at, real_below)
    (DATA / "calibration.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
