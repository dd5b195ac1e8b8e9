"""Training on pairs, for the trials: every copy beside its own original, through the same channel."""

import numpy as np
import torch
from torch.nn import functional

from common import rng_for
from net import Body
from train import BATCH, SEED, groups, vary

RANKED = 0.5  # weight of "the copy scores above its original"


def matched(rows, leave_out=()):
    """Places of (copy, original) windows of the same view, by family of the copy."""
    own = {(row["id"], row["view"]): i for i, row in enumerate(rows) if row["label"] == "human"}
    found = {}
    for i, row in enumerate(rows):
        if row["family"].startswith("copy-") and row["split"] == "train" and row["view"] != "test" and row["family"] not in leave_out:
            found.setdefault(row["family"], []).append((i, own[row["original"], row["view"]]))
    return [np.array(v) for _, v in sorted(found.items())]


def draw(couples, sides, rng):
    """Half a batch of pairs, half of engines and other humans; every family as likely as any other."""
    quarter = BATCH // 4
    chosen = np.array([rng.choice(family) for family in (couples[rng.integers(len(couples))] for _ in range(quarter))])
    rest = [rng.choice(side[rng.integers(len(side))]) for side in sides for _ in range(quarter)]
    return np.concatenate([chosen[:, 0], chosen[:, 1], rest]), np.repeat([1.0, 0.0, 0.0, 1.0], quarter).astype(np.float32)


def fit(rows, pictures, steps, leave_out=(), seed=SEED):
    """As train.fit; both members of a pair are varied alike, and a ranking term is added."""
    torch.manual_seed(seed)
    rng, couples, body, quarter = rng_for("pairs", seed, *leave_out), matched(rows, leave_out), Body(), BATCH // 4
    copies = {row["family"] for row in rows if row["family"].startswith("copy-")}
    sides = groups(rows, {*leave_out, *copies})
    optimiser = torch.optim.AdamW(body.parameters(), lr=1e-3, weight_decay=2e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.15)
    body.train()
    for _ in range(steps):
        chosen, labels = draw(couples, sides, rng)
        levels, alike = pictures[chosen].astype(np.float32), rng.integers(2 ** 32)
        for part in (slice(0, quarter), slice(quarter, 2 * quarter)):
            levels[part] = vary(levels[part], np.random.default_rng(alike))
        levels[2 * quarter:] = vary(levels[2 * quarter:], rng)
        logits = body(torch.from_numpy(levels[:, None]))[:, 0]
        loss = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(labels * 0.94 + 0.03))
        loss = loss + RANKED * functional.softplus(logits[quarter: 2 * quarter] - logits[:quarter]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return body.eval()


def direction(rows, values, leave_out=(), penalty=0.1):
    """Logistic regression without intercept on copy minus original; every vocoder counts the same."""
    couples = matched(rows, leave_out)
    mean, spread = values.mean(0), values.std(0) + 1e-6
    scaled = (values - mean) / spread
    x = torch.from_numpy(np.concatenate([scaled[c[:, 0]] - scaled[c[:, 1]] for c in couples]))
    w = torch.from_numpy(np.concatenate([np.full(len(c), 1 / len(couples) / len(c), np.float32) for c in couples]))
    weight = torch.zeros(x.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weight], max_iter=100, line_search_fn="strong_wolfe")

    def step():
        optimiser.zero_grad()
        loss = (w * functional.softplus(-(x @ weight))).sum() + penalty * (weight ** 2).sum()
        loss.backward()
        return loss

    optimiser.step(step)
    return lambda found: ((found - mean) / spread) @ weight.detach().numpy()
