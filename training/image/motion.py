"""How the embeddings of a clip's frames move, and whether that tells generated clips from real ones.

After Interno et al. 2025 (ReStraV): generated films are said to move along other curves in the space of an image encoder than
real ones do. The frames are the eight of embed.py, spread over the whole clip, so that steps are long; of neighbouring frames
nothing is known here.
"""

from pathlib import Path

import numpy as np
from calibrate import STRENGTHS, Data, auc, interval
from heads import best, learn, linear, scaled

FILMS = ("clip", "pan")


def compare_films(folder: Path, folds: dict[str, int], outside: Path | None) -> None:
    data, others = Data(folder, "frames.npz"), None if outside is None else Data(outside, "frames.npz")
    parts = parts_of(data, folder)
    real, fold = data.kept(("clip",), False), data.placed(folds)
    print(f"{sum(data.generated)} generated clips, {sum(real)} real clips, {sum(data.kept(('pan',)))} pans")
    for name, part in parts.items():
        fit = linear if name.startswith("m1") else scaled
        scores, strength = best(data, part, fold, fit, STRENGTHS, FILMS)
        low, high = interval(data, scores, FILMS)
        made = scores[data.generated]
        print(f"{name}: AUC {auc(made, scores[~data.generated]):.3f} ({low:.2f} to {high:.2f}), against real clips alone "
              f"{auc(made, scores[real]):.3f}, real clips above pans {auc(scores[real], scores[data.kept(('pan',))]):.2f}")  # fmt: skip
        if others is not None:
            found = learn(data, part, fold, fit, strength, data.kept(FILMS))(parts_of(others, outside)[name])
            draw = np.random.default_rng(1)
            pools = found[others.generated], found[~others.generated]
            drawn = np.quantile([auc(*(draw.choice(pool, len(pool)) for pool in pools)) for _ in range(400)], (0.025, 0.975))
            print(f"    outside {len(pools[0])} against {len(pools[1])}: AUC {auc(*pools):.3f} ({drawn[0]:.2f} to {drawn[1]:.2f})", flush=True)


def parts_of(data: Data, folder: Path) -> dict[str, np.ndarray]:
    moves = np.array([motion(frames) for frames in np.load(folder / "frames.npz")["frames"]])
    return {
        "m1 mean embedding of the frames": data.vectors,
        "m2 motion": moves,
        # The 14 numbers of motion as strong as the 512 of the mean.
        "m3 both": np.hstack([data.vectors, np.repeat(moves, data.vectors.shape[1] // moves.shape[1], axis=1)]),
    }


def motion(frames: np.ndarray) -> np.ndarray:
    """Of unit embeddings in order of time: lengths of steps, angles between them, distance to the straight line, spread."""
    steps = np.diff(frames, axis=0)
    lengths = np.linalg.norm(steps, axis=1) + 1e-6
    turns = np.arccos(np.clip(np.sum(steps[:-1] * steps[1:], axis=1) / (lengths[:-1] * lengths[1:]), -1, 1))
    chord = frames[-1] - frames[0]
    chord_length = np.linalg.norm(chord) + 1e-6
    from_start = frames[1:-1] - frames[0]
    off_line = np.linalg.norm(from_start - np.outer(from_start @ chord, chord) / chord_length**2, axis=1)
    variance = frames.var(axis=0).sum()
    return np.array([
        *np.log([lengths.mean(), lengths.max(), lengths.min(), chord_length, lengths.sum() / chord_length, variance + 1e-6]),
        lengths.std() / lengths.mean(), turns.mean(), turns.max(), turns.min(), turns.std(), off_line.mean(), off_line.max(), off_line.mean() / chord_length,
    ])  # fmt: skip
