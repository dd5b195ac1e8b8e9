"""The trials of other detectors: each leaves a kind of speech out, is tested on it, and is set beside the present net.

`python trials.py left-out [WAY...]` fits and scores; `python trials.py outside FOLDER [WAY...]` runs the full fits on published
clips (FOLDER/real/SET, FOLDER/ai/SET, as outside.py), once and last; `python trials.py table` prints both with intervals.
Nothing is chosen by what comes out: penalty, steps and layers were set beforehand. Ways whose features are missing are passed over.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

import baseline
import features
import frozen
import metrics
import pairs
import train
from card import PACKAGE
from channels import windows
from common import DATA, decode, set_level, trim
from loeo import RATE, STEPS, held_out_human
from net import Body

NEW = ["copy-codec2", "copy-hifigan"]  # vocoders that only the wider training has
PLAIN = ["copy-world", "copy-griffin-lim", "copy-lpc"]
# Left out of training, and what is tested; Piper is in no training at all.
TESTS = {
    "neural TTS (Kokoro, hibari)": (["kokoro"], ["kokoro"]),
    "neural TTS (Piper)": ([], ["piper"]),
    "neural vocoder (FARGAN)": (["copy-fargan"], ["copy-fargan"]),
    "neural vocoder (HiFi-GAN)": (["copy-hifigan"], ["copy-hifigan"]),
    "signal-processing vocoders (WORLD, Griffin-Lim, LPC, codec2)": ([*PLAIN, "copy-codec2"], [*PLAIN, "copy-codec2"]),
}
NETS = [name for name in frozen.NETS if (DATA / f"trial-{name}.npy").exists()]
KEPT = ["windows", "picture", "stats", *NETS]
LEFT_OUT, OUTSIDE = DATA / "trials.json", DATA / "trials-outside.json"
PENALTY = 0.1  # of the frozen networks' heads: they have many more inputs than the control
PRESENT, SHIPPED = "present net, short training", "shipped weights"


def shipped(rows, held, leave_out):
    """The package as it is; it knows Kokoro, FARGAN and the plain vocoders, so it is not tested on those."""
    run = frozen.session(str(PACKAGE / "weights.onnx")).run
    return lambda held, chosen: frozen.embed(lambda wave: torch.from_numpy(run(["logit"], {"wave": wave.numpy()})[0]), held["windows"][chosen])[:, 0]


def trained(name, leave_out, fit):
    """A Body fitted once and kept: the full fit serves the outside check too."""
    path, body = DATA / f"trial-{'-'.join([name, *leave_out])}.pt", Body()
    if not path.exists():
        torch.save(fit().state_dict(), path)
    body.load_state_dict(torch.load(path))
    body.eval()
    return lambda held, chosen: logits(body, held["picture"][chosen])


def net(rows, held, leave_out):
    """The present net in the short training of loeo.py, on the sources it has."""
    return trained("net", leave_out, lambda: train.fit(rows, held["picture"], STEPS, [*leave_out, *NEW], verbose=False))


def wide(rows, held, leave_out):
    """The same with the further copies."""
    return trained("wide", leave_out, lambda: train.fit(rows, held["picture"], STEPS, leave_out, verbose=False))


def paired(rows, held, leave_out):
    """The same with further copies, and each copy beside its original in the batch."""
    return trained("paired", leave_out, lambda: pairs.fit(rows, held["picture"], STEPS, leave_out))


def head(*names, penalty=PENALTY, without=()):
    """A logistic regression on the statistics or the frozen networks named."""
    def fit(rows, held, leave_out):
        model = baseline.fit(rows, np.concatenate([held[n] for n in names], 1), [*leave_out, *without], penalty)
        return lambda held, chosen: model(np.concatenate([held[n][chosen] for n in names], 1))
    return fit


def pair_head(*names):
    """A direction that separates copies from their own originals, fitted on differences alone."""
    def fit(rows, held, leave_out):
        direction = pairs.direction(rows, np.concatenate([held[n] for n in names], 1), leave_out)
        return lambda held, chosen: direction(np.concatenate([held[n][chosen] for n in names], 1))
    return fit


WAYS = {
    PRESENT: net,
    SHIPPED: shipped,
    "control, no network": head("stats", penalty=3e-3, without=NEW),
    "control, further copies": head("stats", penalty=3e-3),
    "net, further copies": wide,
    "net, further copies, pairs": paired,
    **{name: head(name) for name in NETS},
    "all frozen": head(*NETS),
    "whisper, differences of pairs": pair_head("whisper"),
    "all frozen, differences of pairs": pair_head(*NETS),
}


def logits(body, pictures):
    with torch.no_grad():
        parts = [body(torch.from_numpy(pictures[s: s + 64].astype(np.float32)[:, None]))[:, 0].numpy() for s in range(0, len(pictures), 64)]
    return np.concatenate(parts)


def difference(measure, first, second, human_voices, made_voices, rounds=400):
    """measure(first) - measure(second) with its interval; each is (human scores, synthetic scores) of the same utterances."""
    rng, draws = np.random.default_rng(1), []
    places = [np.arange(len(part)) for part in first]
    for _ in range(rounds):
        h, m = metrics.resampled(places[0], human_voices, rng), metrics.resampled(places[1], made_voices, rng)
        draws.append(measure(first[0][h], first[1][m]) - measure(second[0][h], second[1][m]))
    return [float(v) for v in (measure(*first) - measure(*second), *np.percentile(draws, [2.5, 97.5]))]


def store(path, way, test, human, made):
    """Keeps the scores of one way on one test: (index rows, scores) of each side."""
    out = json.loads(path.read_text()) if path.exists() else {}
    keep = lambda rows, scores: {"id": [row["id"] for row in rows], "original": [row.get("original", row["id"]) for row in rows],
                                 "voice": [row["voice"] for row in rows], "score": [float(v) for v in scores]}
    out.setdefault(way, {})[test] = {"human": keep(*human), "made": keep(*made)}
    path.write_text(json.dumps(out))
    print(way, "|", test, f"n {len(made[1])}, AUC {metrics.auc(human[1], made[1]):.3f}", flush=True)


def load():
    return features.load_index(), {name: features.load(name) for name in KEPT}


def left_out(ways):
    rows, held = load()
    humans = [i for i, row in enumerate(rows) if row["view"] == "test" and held_out_human(row)]
    for way in ways:
        fitted = {}
        for test, (families, wanted) in TESTS.items():
            # The present net has none of the new copies, so leaving them out is its full training.
            key = tuple(f for f in families if way not in (PRESENT, SHIPPED, "control, no network") or f not in NEW)
            made = [i for i, row in enumerate(rows) if row["view"] == "test" and row["family"] in wanted]
            if not made or way == SHIPPED and key:
                continue
            if key not in fitted:
                fitted[key] = WAYS[way](rows, held, list(key))
            store(LEFT_OUT, way, test, *(train.by_utterance(rows, part, fitted[key](held, part)) for part in (humans, made)))


def clips(folder):
    """Held features of published clips, an index row for each window, and the sets' names."""
    rows, sound = [], []
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        kind, name = path.relative_to(folder).parts[:2]
        for window in windows(set_level(trim(decode(path)))):
            rows.append({"id": str(path), "label": "human" if kind == "real" else "synthetic", "set": name, "voice": str(path)})
            sound.append((window * 32_767).astype(np.int16))
    sound = np.stack(sound)
    held = {"windows": sound} | dict(zip(("picture", "stats"), features.present(sound)))
    return rows, held | {name: frozen.embed(frozen.NETS[name](), sound) for name in NETS}


def outside(folder, ways):
    """The full fits, nothing left out, inside each set of published clips; every clip stands for a voice."""
    (rows, held), (clip_rows, clip_held) = load(), clips(folder)
    for way in ways:
        model = WAYS[way](rows, held, [])
        found, scores = train.by_utterance(clip_rows, list(range(len(clip_rows))), model(clip_held, np.arange(len(clip_rows))))
        for name in sorted({row["set"] for row in found}):
            side = lambda label: [i for i, row in enumerate(found) if row["set"] == name and row["label"] == label]
            store(OUTSIDE, way, name, *(([found[i] for i in part], scores[part]) for part in (side("human"), side("synthetic"))))


def table(path, base):
    """A Markdown table: AUC (interval), [interval of the difference to `base`], share found at 5 % false alarms."""
    results = json.loads(path.read_text())
    tests = list(dict.fromkeys(test for cells in results.values() for test in cells))
    print("| way | " + " | ".join(tests) + " |\n|" + "---|" * (len(tests) + 1))
    for way, cells in results.items():
        line = []
        for test in tests:
            if test not in cells:
                line.append("-")
                continue
            sides = [cells[test][side] for side in ("human", "made")]
            scores, voices = ([np.array(side[key]) for side in sides] for key in ("score", "voice"))
            text = "{:.2f} ({:.2f}-{:.2f})".format(*metrics.interval(metrics.auc, scores[0], voices[0], scores[1], voices[1]))
            if way != base and test in results.get(base, {}):
                other = [np.array(results[base][test][side]["score"]) for side in ("human", "made")]
                text += " [{1:+.2f} to {2:+.2f}]".format(*difference(metrics.auc, scores, other, *voices))
            text += " {:.0%}".format(metrics.hits_at(*scores, RATE))
            own = dict(zip(sides[0]["original"], sides[0]["score"]))
            won = [score > own[name] for name, score in zip(sides[1]["original"], sides[1]["score"]) if name in own]
            line.append(text + (f" pairs {sum(won)}/{len(won)}" if won else "") + f" n {len(scores[1])}")
        print(f"| {way} | " + " | ".join(line) + " |")


def main():
    torch.set_num_threads(1)
    what, *rest = sys.argv[1:] or ["left-out"]
    if what == "left-out":
        left_out(rest or list(WAYS))
    elif what == "outside":
        outside(rest[0], rest[1:] or list(WAYS))
    else:
        table(LEFT_OUT, PRESENT)
        table(OUTSIDE, SHIPPED)


if __name__ == "__main__":
    main()
