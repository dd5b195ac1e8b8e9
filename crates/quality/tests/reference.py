"""Writes down what scikit-learn says of the cases in `reference.rs`; its own EER, on the curve of scikit-learn.
Run: python3 reference.py (made with scikit-learn 1.9.1).
"""

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss, roc_auc_score, roc_curve


def cases(n, steps):
    """The same numbers as in the test: a linear congruential generator, in `steps` steps so that there are ties."""
    state, scores, labels = 12345, [], []
    for i in range(n):
        state = (state * 1103515245 + 12345) % 2**31
        noise = (state >> 8) % steps / steps
        label = 1 if i % 5 < 2 else 0
        scores.append(min(0.98, 0.01 + 0.7 * noise + 0.25 * label))
        labels.append(label)
    return np.array(labels), np.array(scores)


for n, steps in [(200, 100000), (200, 12)]:
    y, p = cases(n, steps)
    fpr, tpr, _ = roc_curve(y, p, drop_intermediate=False)
    cross = next(i for i in range(1, len(fpr)) if fpr[i] >= 1 - tpr[i])
    a, b = fpr[cross - 1] - (1 - tpr[cross - 1]), fpr[cross] - (1 - tpr[cross])
    eer = fpr[cross - 1] + (fpr[cross] - fpr[cross - 1]) * -a / (b - a)
    weights = np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum())
    row = {
        "auc": roc_auc_score(y, p),
        "eer": eer,
        "recall_at_1": tpr[fpr <= 0.01].max(),
        "recall_at_5": tpr[fpr <= 0.05].max(),
        "balanced_accuracy": balanced_accuracy_score(y, p >= 0.5),
        "brier": brier_score_loss(y, p),
        "cllr": log_loss(y, p, sample_weight=weights) / np.log(2),
    }
    if steps > n:
        true, said = calibration_curve(y, p, n_bins=10, strategy="quantile")
        row["ece"] = float(np.mean(np.abs(true - said)))
    print(n, steps, {name: float(value) for name, value in row.items()})
