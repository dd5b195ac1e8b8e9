"""Step 6: tests on speech made in ways the net was never shown.

Three engines were kept out of the training of the net that ships; for every other
family a short training without it is run (same recipe, fewer steps). The humans of every test are the speakers kept out of all training.

`python loeo.py never-seen` and `python loeo.py left-out` do one half each.
"""

import json
import sys

import numpy as np
import torch

import baseline
import metrics
import train
from common import DATA
from net import Body

STEPS = 400
LEFT_OUT = {
    "formant (espeak-ng)": ["formant"],
    "diphone (flite, festival)": ["diphone"],
    "statistical (flite clustergen, festival HTS)": ["statistical"],
    "neural TTS (Kokoro, hibari)": ["kokoro"],
    "neural vocoder copies (FARGAN)": ["copy-fargan"],
    "signal-processing vocoder copies (WORLD, Griffin-Lim, LPC)": ["copy-world", "copy-griffin-lim", "copy-lpc"],
}
NEVER_SEEN = {"unit selection (festival clunits, Russian)": "festival-clunits", "SVOX Pico": "pico", "neural TTS (Piper VITS, joe)": "piper"}
RATE = 0.05


def held_out_human(row):
    return row["label"] == "human" and row["split"] == "heldout"


def compare(humans, synthetic):
    """All figures of one row of the table."""
    (human_rows, human), (rows, scores) = humans, synthetic
    voices = [np.array([r["voice"] for r in part]) for part in (human_rows, rows)]
    figures = {"n_human": len(human), "n_synthetic": len(scores), "voices": len(set(voices[1]))}
    for name, measure in [("auc", metrics.auc), ("eer", metrics.eer), ("hits", lambda h, s: metrics.hits_at(h, s, RATE))]:
        figures[name] = metrics.interval(measure, human, voices[0], scores, voices[1])
    return figures


def one(name, wanted, body, control, rows, features, stats):
    """The net and the control on one kind of speech."""
    net = compare(train.score(body, rows, features, held_out_human), train.score(body, rows, features, wanted))
    base = compare(baseline.score(control, rows, stats, held_out_human), baseline.score(control, rows, stats, wanted))
    print(f"{name}: n {net['n_synthetic']}, AUC {net['auc'][0]:.3f} ({net['auc'][1]:.2f}-{net['auc'][2]:.2f}), "
          f"EER {net['eer'][0]:.3f}, hits {net['hits'][0]:.2f}; control AUC {base['auc'][0]:.3f}", flush=True)
    return {"name": name, "net": net, "control": base}


def pairs(body, rows, features):
    """Copies of held-out speakers: how often a copy scores above its own original."""
    human_rows, human = train.score(body, rows, features, held_out_human)
    humans = {row["id"]: value for row, value in zip(human_rows, human)}
    out = {}
    for family in ["copy-world", "copy-griffin-lim", "copy-lpc", "copy-fargan"]:
        copies, scores = train.score(body, rows, features, lambda r: r["split"] == "heldout-copy" and r["family"] == family)
        wins = [s > humans[r["id"].split("/", 1)[1]] for r, s in zip(copies, scores)]
        out[family] = {"wins": int(sum(wins)), "n": len(wins), "interval": metrics.wilson(sum(wins), len(wins))}
    return out


def never_seen(rows, features, stats):
    """The net that ships: engines it never saw, vocoders it saw on speakers it did not."""
    table, body, control = [], Body(), baseline.fit(rows, stats)
    body.load_state_dict(torch.load(DATA / "body.pt"))
    body.eval()
    for name, engine in NEVER_SEEN.items():
        table.append(one(name, lambda r: r["engine"] == engine, body, control, rows, features, stats))
    for family in ["copy-world", "copy-griffin-lim", "copy-lpc", "copy-fargan"]:
        wanted = lambda r: r["split"] == "heldout-copy" and r["family"] == family
        table.append(one(f"{family}, method seen, speakers new", wanted, body, control, rows, features, stats) | {"seen": True})
    return {"table": table, "pairs": pairs(body, rows, features)}


def left_out(rows, features, stats):
    """A short training without each family in turn."""
    table = []
    for name, families in LEFT_OUT.items():
        body = train.fit(rows, features, STEPS, leave_out=families, verbose=False)
        wanted = lambda r: r["family"] in families and (r["split"] == "heldout-copy" or r["split"] == "train" and not r["family"].startswith("copy-"))
        table.append(one(name, wanted, body, baseline.fit(rows, stats, families), rows, features, stats))
    return {"table": table}


def main():
    rows, features = train.load()
    stats = baseline.load()
    for part, work in [("never-seen", never_seen), ("left-out", left_out)]:
        if part in (sys.argv[1:] or [part]):
            (DATA / f"{part}.json").write_text(json.dumps(work(rows, features, stats), indent=1))


if __name__ == "__main__":
    main()
