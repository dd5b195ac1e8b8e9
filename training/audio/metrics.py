"""AUC, EER, hit rate at a false-alarm rate, and intervals by resampling whole voices."""

import sys
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from intervals import wilson  # noqa: E402, F401: one interval for all who use these measures


def auc(human, synthetic):
    """Chance that a synthetic utterance scores above a human one."""
    n, m = len(human), len(synthetic)
    return (rankdata(np.concatenate([human, synthetic]))[n:].sum() - m * (m + 1) / 2) / (n * m)


def eer(human, synthetic):
    """Rate at which false alarms and misses are equal."""
    cuts = np.sort(np.concatenate([human, synthetic]))
    alarms = 1 - np.searchsorted(np.sort(human), cuts, "left") / len(human)
    misses = np.searchsorted(np.sort(synthetic), cuts, "left") / len(synthetic)
    at = np.argmin(np.abs(alarms - misses))
    return (alarms[at] + misses[at]) / 2


def cut_at(human, rate):
    """Lowest score that at most `rate` of the human utterances reach."""
    ordered = np.sort(human)[::-1]
    allowed = int(np.floor(rate * len(ordered)))
    return np.nextafter(ordered[allowed], np.inf)


def hits_at(human, synthetic, rate):
    """Share of synthetic utterances found when `rate` of the humans raise an alarm."""
    return float((synthetic >= cut_at(human, rate)).mean())


def resampled(values, voices, rng):
    """Voices drawn with replacement, then utterances within each."""
    names = np.unique(voices)
    parts = []
    for name in rng.choice(names, len(names)):
        own = values[voices == name]
        parts.append(rng.choice(own, len(own)))
    return np.concatenate(parts)


def interval(measure, human, human_voices, synthetic, synthetic_voices, rounds=400):
    """Value and its 95 % bootstrap interval."""
    rng = np.random.default_rng(1)
    draws = [measure(resampled(human, human_voices, rng), resampled(synthetic, synthetic_voices, rng)) for _ in range(rounds)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(measure(human, synthetic)), float(low), float(high)
