"""Step 5: training. `python train.py` fits the net that ships; `fit` also serves the left-out runs."""

import csv
import time

import numpy as np
import torch

from common import DATA, rng_for
from net import Body

BATCH = 32
STEPS = 5000
SEED = 7
STORES = ["humans", "volunteers", "copies", "engines"]


def load():
    """Index rows of all windows and their features, in the same order."""
    rows = []
    for store in STORES:
        with open(DATA / f"views-{store}.csv", newline="") as file:
            rows += list(csv.DictReader(file))
    return rows, np.concatenate([np.load(DATA / f"views-{store}.npy") for store in STORES])


def groups(rows, leave_out=()):
    """Training windows by class and group: humans by speaker, synthetic speech by family."""
    human, synthetic = {}, {}
    for number, row in enumerate(rows):
        if row["split"] != "train" or row["view"] == "test" or row["family"] in leave_out:
            continue
        side, key = (human, row["voice"]) if row["label"] == "human" else (synthetic, row["family"])
        side.setdefault(key, []).append(number)
    return [np.array(v) for _, v in sorted(human.items())], [np.array(v) for _, v in sorted(synthetic.items())]


def draw(sides, rng):
    """Half a batch of humans, half of synthetic speech, each group as likely as any other."""
    chosen = [rng.choice(side[rng.integers(len(side))]) for side in sides for _ in range(BATCH // 2)]
    return np.array(chosen), np.repeat([0.0, 1.0], BATCH // 2).astype(np.float32)


def vary(levels, rng):
    """Cheap variations of the features: time roll, blanked bands, another slope of the fine structure."""
    for i in range(len(levels)):
        levels[i] = np.roll(levels[i], rng.integers(levels.shape[2]), axis=1)
        if rng.random() < 0.5:
            width = rng.integers(2, 14)
            start = rng.integers(0, levels.shape[1] - width)
            levels[i, start: start + width] = 0
        if rng.random() < 0.4:
            levels[i, int(rng.integers(36, levels.shape[1])):] = 0  # a lower band limit
        levels[i] *= rng.uniform(0.85, 1.15)
    return levels


def fit(rows, features, steps, leave_out=(), seed=SEED, verbose=True):
    """Trains a Body on every training window except those of the families left out."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng, sides, body = rng_for("train", seed, *leave_out), groups(rows, leave_out), Body()
    optimiser = torch.optim.AdamW(body.parameters(), lr=1e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.15)
    started, running = time.process_time(), 0.7
    body.train()
    for step in range(steps):
        chosen, labels = draw(sides, rng)
        levels = vary(features[chosen].astype(np.float32), rng)
        logits = body(torch.from_numpy(levels[:, None]))[:, 0]
        targets = torch.from_numpy(labels * 0.94 + 0.03)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        running = 0.98 * running + 0.02 * loss.item()
        if verbose and (step + 1) % 100 == 0:
            print(f"step {step + 1}: loss {running:.3f}, {time.process_time() - started:.0f} s CPU", flush=True)
    return body.eval()


def score(body, rows, features, wanted):
    """Mean window logit of each utterance's test view: rows (one per utterance) and scores."""
    torch.set_num_threads(1)
    chosen = [i for i, row in enumerate(rows) if row["view"] == "test" and wanted(row)]
    logits = []
    with torch.no_grad():
        for start in range(0, len(chosen), 64):
            levels = features[chosen[start: start + 64]].astype(np.float32)
            logits.append(body(torch.from_numpy(levels[:, None]))[:, 0].numpy())
    return by_utterance(rows, chosen, np.concatenate(logits))


def by_utterance(rows, chosen, values):
    """Means over the windows of each utterance."""
    sums, first = {}, {}
    for i, value in zip(chosen, values):
        first.setdefault(rows[i]["id"], rows[i])
        sums.setdefault(rows[i]["id"], []).append(float(value))
    return list(first.values()), np.array([np.mean(sums[key]) for key in first])


def main():
    rows, features = load()
    body = fit(rows, features, STEPS)
    torch.save(body.state_dict(), DATA / "body.pt")


if __name__ == "__main__":
    main()
