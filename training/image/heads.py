"""The heads that the trials compare, and how their scores out of fold are got.

A head learns from features, truths, weights and folds of the rows that it may see, and gives the judge of others.
"""

from collections.abc import Callable

import calibrate
import numpy as np
import patchnet
from calibrate import FOLDS, Data, area
from sklearn.preprocessing import StandardScaler

NET_STEPS = 250

Judge = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float], Judge]


def best(data: Data, values: np.ndarray, fold: np.ndarray, fit: Fit, strengths: tuple[float, ...], learnt: tuple[str, ...]) -> tuple[np.ndarray, float]:
    """Scores out of fold of the strength whose area is largest on the variants learnt from, and that strength."""
    tried = {strength: out_of_fold(data, values, fold, fit, strength, learnt) for strength in strengths}
    strength = max(strengths, key=lambda s: area(data, tried[s], learnt))
    return tried[strength], strength


def out_of_fold(data: Data, values: np.ndarray, fold: np.ndarray, fit: Fit, strength: float, learnt: tuple[str, ...]) -> np.ndarray:
    scores = np.zeros(len(values))
    for number in range(FOLDS):
        rows, judged = data.kept(learnt) & (fold != number), fold == number
        if judged.any():
            scores[judged] = learn(data, values, fold, fit, strength, rows)(values[judged])
    return scores


def learn(data: Data, values: np.ndarray, fold: np.ndarray, fit: Fit, strength: float, rows: np.ndarray) -> Judge:
    return fit(values[rows], data.generated[rows], data.weights(rows), fold[rows], strength)


def linear(values, generated, weights, fold, strength) -> Judge:
    weight, bias = calibrate.fit(values, generated, weights, strength)
    return lambda others: others @ weight + bias


def scaled(values, generated, weights, fold, strength) -> Judge:
    """Every feature to a spread of one, then the whole to a length of about one, as unit embeddings have."""
    scaler, width = StandardScaler().fit(values, sample_weight=weights), np.sqrt(values.shape[1])
    head = linear(scaler.transform(values) / width, generated, weights, fold, strength)
    return lambda others: head(scaler.transform(others) / width)


def net(values, generated, weights, fold, strength) -> Judge:
    return patchnet.fit(values, generated, weights, NET_STEPS)


def fused(widths: list[int]) -> Fit:
    """The first part as (a), the others scaled; their scores are weighed by a head fitted on scores out of inner folds."""
    ends = np.cumsum(widths)[:-1]
    heads = (linear, *(scaled for _ in ends))

    def fit(values, generated, weights, fold, strength) -> Judge:
        def scores(learn, judge) -> np.ndarray:
            pairs = zip(heads, np.split(values[learn], ends, axis=1), np.split(judge, ends, axis=1))
            return np.stack([head(part, generated[learn], weights[learn], None, strength)(others) for head, part, others in pairs], axis=1)

        inner = np.zeros((len(values), len(widths)))
        for number in set(fold):
            inner[fold == number] = scores(fold != number, values[fold == number])
        top = scaled(inner, generated, weights, None, 10.0)
        return lambda others: top(scores(np.full(len(values), True), others))

    return fit
