"""The control: mean and spread of the log band levels, logistic regression, no network.

Where the net is no better than this, it has learnt loudness per band, that is the
recording channel, and not how the speech was made.
"""

import numpy as np
import torch

from common import DATA
from train import STORES, by_utterance, groups


def fit(rows, stats, leave_out=(), penalty=3e-3):
    """Weights over standardised statistics; every group of a class counts the same."""
    chosen, labels, weights = [], [], []
    for label, side in enumerate(groups(rows, leave_out)):
        for members in side:
            chosen.append(members)
            labels.append(np.full(len(members), label, np.float32))
            weights.append(np.full(len(members), 1 / len(side) / len(members), np.float32))
    x, y, w = stats[np.concatenate(chosen)], torch.from_numpy(np.concatenate(labels)), torch.from_numpy(np.concatenate(weights))
    mean, spread = x.mean(0), x.std(0) + 1e-6
    x = torch.from_numpy((x - mean) / spread)
    weight, bias = torch.zeros(x.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def step():
        optimiser.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight + bias, y, w, reduction="sum") / 2 + penalty * (weight ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(step)
    return lambda values: ((values - mean) / spread) @ weight.detach().numpy() + bias.item()


def score(model, rows, stats, wanted):
    """Mean over the windows of each utterance's test view, as train.score."""
    chosen = [i for i, row in enumerate(rows) if row["view"] == "test" and wanted(row)]
    return by_utterance(rows, chosen, model(stats[chosen]))


def load():
    return np.concatenate([np.load(DATA / f"stats-{store}.npy") for store in STORES])
