"""Compares heads on the frozen embeddings, fits one, and prints the calibration of the package.

    python calibrate.py FOLDER PUBLISHED_HEAD.json OUT_HEAD.json [OUTSIDE]

FOLDER and OUTSIDE hold embeddings.npz as embed.py writes it. Nothing is fitted on OUTSIDE.

The head is a logistic regression. Every quality and every threshold comes from scores out of fold: a fold leaves out
whole packages of photographs and whole families of generators, so that neither the look of a package nor that of a
generator is known to the head that judges it. Each file weighs the same however many variants it has.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from probe import Head
from sklearn.linear_model import LogisticRegression

FOLDS = 8
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)
STILLS = ("as-found", "jpeg", "preview")
CLIPS = ("clip", "pan")
# Strict, because few of the real media fitted are portraits or films, which score higher than other real pictures.
# Of clips none may be called fake: nearly all of them are stand-ins.
FALSE_POSITIVE_RATES = {"image": 0.003, "video": 0.0}
MISS_RATE = 0.01
# One name for the nets of one maker; what fits none stands for itself.
FAMILIES = (
    "flux|bfl", "qwen|wan|fun_c", "seedream|seedance|bytedance", "kling", "ltx", "hunyuan|tencent|hy_image", "hidream|sd3|sdxl|stab|default",
    "z_image", "krea", "recraft", "ideogram", "gemini|nano_banana|veo|google", "gpt|dall_e|openai", "grok", "luma", "runway", "pixverse",
    "vidu", "minimax|hailuo|fasth3|happyhorse", "moss", "mage_flow", "lens", "anima|newbie|netayume", "heygen|pruna", "kandinsky",
)  # fmt: skip


def main(folder: Path, published: Path, out: Path, outside: Path | None) -> None:
    data = Data(folder)
    print(f"{data.count('photograph', STILLS)} photographs, {data.count('generated', STILLS)} generated stills, "
          f"{data.count('generated', CLIPS)} generated clips, {data.count('photograph', ('clip',))} real clips, {len(set(data.groups))} groups")  # fmt: skip
    old = Head(published).score(data.vectors)
    report("published head", data, old)
    folds = {strength: data.out_of_fold(strength) for strength in STRENGTHS}
    best = max(STRENGTHS, key=lambda s: area(data, folds[s], STILLS) + area(data, folds[s], CLIPS))
    for strength in STRENGTHS:
        print(f"strength {strength}: stills {area(data, folds[strength], STILLS):.3f}, clips {area(data, folds[strength], CLIPS):.3f}")
    report(f"own head, strength {best}, out of fold", data, folds[best])
    weights, bias = fit(data.vectors, data.generated, data.weights(), best)
    out.write_text(json.dumps({"weights": [float(f"{w:.6g}") for w in weights], "bias": float(f"{bias:.6g}")}) + "\n")
    points = {kind: calibration(kind, data, folds[best], kept) for kind, kept in (("image", STILLS), ("video", CLIPS))}
    if outside is not None:
        doubles(data, Data(outside))
        check("published", Data(outside), Head(published), None)
        check("own", Data(outside), Head(out), points)


class Data:
    def __init__(self, folder: Path, file: str = "embeddings.npz"):
        stored = np.load(folder / file)
        self.vectors = stored["vectors"]
        self.paths, truth, self.sources, self.variants = stored["rows"].T
        self.generated = truth == "generated"
        self.groups = np.array([family(p) if g else s for p, s, g in zip(self.paths, self.sources, self.generated)])

    def kept(self, variants: tuple[str, ...], truth: bool | None = None) -> np.ndarray:
        mask = np.isin(self.variants, variants)
        return mask if truth is None else mask & (self.generated == truth)

    def count(self, truth: str, variants: tuple[str, ...]) -> int:
        return len(set(self.paths[self.kept(variants, truth == "generated")]))

    def weights(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Each file the same among these rows, both truths the same in all."""
        _, place, times = np.unique(self.paths[rows], return_inverse=True, return_counts=True)
        weights, generated = 1.0 / times[place], self.generated[rows]
        for truth in (True, False):
            weights[generated == truth] /= weights[generated == truth].sum()
        return weights * len(times)

    def folds(self) -> dict[str, int]:
        """The fold that leaves out each group."""
        names = sorted(set(self.groups), key=lambda name: (-np.sum(self.groups == name), name))
        return {name: place % FOLDS for place, name in enumerate(names)}

    def placed(self, folds: dict[str, int]) -> np.ndarray:
        """The fold of each row."""
        return np.array([folds[group] for group in self.groups])

    def out_of_fold(self, strength: float) -> np.ndarray:
        fold = self.placed(self.folds())
        scores, weights = np.zeros(len(self.vectors)), self.weights()
        for number in range(FOLDS):
            left_out = fold == number
            w, b = fit(self.vectors[~left_out], self.generated[~left_out], weights[~left_out], strength)
            scores[left_out] = self.vectors[left_out] @ w + b
        return scores


def family(path: str) -> str:
    name = path.rsplit("__", 1)[-1]
    found = next((names for names in FAMILIES if re.search(names, name, re.IGNORECASE)), None)
    return f"made by {found or name}"


def fit(vectors, generated, weights, strength) -> tuple[np.ndarray, float]:
    model = LogisticRegression(C=strength, max_iter=2000).fit(vectors, generated, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])


def area(data: Data, scores: np.ndarray, variants: tuple[str, ...]) -> float:
    return auc(scores[data.kept(variants, True)], scores[data.kept(variants, False)])


def auc(high: np.ndarray, low: np.ndarray) -> float:
    return float((high[:, None] > low[None]).mean() + 0.5 * (high[:, None] == low[None]).mean())


def report(title: str, data: Data, scores: np.ndarray) -> None:
    for kind, kept in (("stills", STILLS), ("clips", CLIPS)):
        spread = interval(data, scores, kept)
        print(f"{title}: {kind} AUC {area(data, scores, kept):.3f} ({spread[0]:.2f} to {spread[1]:.2f})")
    for variant in ("as-found", "jpeg", "preview"):
        made = scores[data.kept((variant if variant != "preview" else "as-found",), True)]
        print(f"  photographs {variant}: AUC {auc(made, scores[data.kept((variant,), False)]):.3f}")


def interval(data: Data, scores: np.ndarray, variants: tuple[str, ...]) -> np.ndarray:
    """95 %, by drawing whole groups with return: pictures of one package are not independent."""
    return np.quantile([auc(scores[high], scores[low]) for high, low in redrawn(data, variants)], (0.025, 0.975))


def redrawn(data: Data, variants: tuple[str, ...]) -> Iterator[list[np.ndarray]]:
    """Rows of generated media and of photographs, the same 400 draws whatever is compared on them."""
    draw = np.random.default_rng(1)
    pools = [np.array(sorted(set(data.groups[data.kept(variants, truth)]))) for truth in (True, False)]
    by_group = {g: np.flatnonzero(data.kept(variants) & (data.groups == g)) for pool in pools for g in pool}
    for _ in range(400):
        yield [np.concatenate([by_group[g] for g in draw.choice(pool, len(pool))]) for pool in pools]


def calibration(kind: str, data: Data, scores: np.ndarray, variants: tuple[str, ...]) -> tuple[float, float]:
    """Prints the lines for model.toml; returns the raw scores from which on it says fake, and below which no sign."""
    made, real = (data.kept(variants, truth) for truth in (True, False))
    both, weights = made | real, data.weights()
    platt = LogisticRegression(C=1e6).fit(scores[both, None], data.generated[both], sample_weight=weights[both])
    slope, intercept = float(platt.coef_[0, 0]), float(platt.intercept_[0])

    def chance(score: float) -> float:
        return float(1 / (1 + np.exp(-(slope * score + intercept))))

    high, low = np.quantile(scores[real], 1 - FALSE_POSITIVE_RATES[kind]), np.quantile(scores[made], MISS_RATE)
    print(f"[calibration.{kind}] slope {slope:.4f} intercept {intercept:.4f} fake_at {chance(high):.4f} real_below {chance(low):.4f}")
    print(f"  n_real {len(set(data.paths[real]))} n_synthetic {len(set(data.paths[made]))}; generated called fake "
          f"{np.mean(scores[made] >= high):.3f}, photographs with no sign {np.mean(scores[real] < low):.3f}")  # fmt: skip
    return float(high), float(low)


def doubles(data: Data, outside: Data) -> None:
    """Names outside files that look like one of the fitted ones: their scores prove nothing."""
    units = data.vectors / np.linalg.norm(data.vectors, axis=1, keepdims=True)
    likeness = (outside.vectors / np.linalg.norm(outside.vectors, axis=1, keepdims=True)) @ units.T
    for row in np.flatnonzero((likeness.max(axis=1) > 0.9) & np.isin(outside.variants, ("as-found", "clip"))):
        twin = data.paths[likeness[row].argmax()]
        print(f"double? {outside.paths[row]} {likeness[row].max():.2f} {twin.rsplit('__', 1)[-1]}")


def check(title: str, data: Data, head: Head, points: dict | None) -> None:
    scores = head.score(data.vectors)
    real = {v: scores[data.kept((v,), False)] for v in ("as-found", "jpeg")}
    for source in sorted(set(data.sources)):
        for variant in ("as-found", "jpeg", "clip"):
            mask = (data.sources == source) & (data.variants == variant)
            if mask.any():
                found = scores[mask]
                line = f"outside, {title} head: {source:16} {variant:8} n {mask.sum():3}"
                if data.generated[mask].all() and variant in real:
                    line += f", AUC against all photographs {auc(found, real[variant]):.3f}"
                if points is not None:
                    high, low = points["video" if variant == "clip" else "image"]
                    line += f", called fake {(found >= high).sum()}, no sign {(found < low).sum()}"
                print(line)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit("usage: calibrate.py FOLDER PUBLISHED_HEAD.json OUT_HEAD.json [OUTSIDE]")
    main(*map(Path, sys.argv[1:4]), Path(sys.argv[4]) if len(sys.argv) == 5 else None)
