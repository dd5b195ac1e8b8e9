"""Compares other detectors of AI-made pictures and clips with the linear head that the package clip-probe has.

    python trials.py FOLDER [OUTSIDE]

FOLDER and OUTSIDE hold what embed.py, layers.py, residuals.py and, for the last two ways, crops.py write. Nothing is fitted or chosen on OUTSIDE.

All candidates learn from the same rows (stills as found, as JPEG and as preview) and are judged out of the folds of calibrate.py.
Each takes that strength of five at which its own out-of-fold AUC is best, which flatters all alike. Intervals are for 95 %, by
drawing whole packages and makers; a difference is taken within each draw.
"""

import sys
from pathlib import Path

import numpy as np
from calibrate import STILLS, STRENGTHS, Data, area, auc, redrawn
from heads import Fit, best, fused, learn, linear, net, scaled
from motion import compare_films

# The generated pictures' own variant that has gone through most nearly the same as that of the photographs.
PARTNER = {"as-found": "as-found", "jpeg": "jpeg", "preview": "as-found", "preview-jpeg": "jpeg", "preview-other": "as-found"}
ALARM_RATE = 0.01


def main(folder: Path, outside: Path | None) -> None:
    data = Data(folder, "residuals.npz")
    folds = Data(folder).folds()
    fold = data.placed(folds)
    features, others, others_features = load(folder, data), None, {}
    if outside is not None:
        others = Data(outside, "residuals.npz")
        others_features = load(outside, others)
    present = None
    for name, (parts, fit, strengths) in candidates(features).items():
        values = stacked(features, parts)
        scores, strength = best(data, values, fold, fit, strengths, STILLS)
        foreign = None if others is None else learn(data, values, fold, fit, strength, data.kept(STILLS))(stacked(others_features, parts))
        present = present or (scores, foreign)
        report(f"{name}, strength {strength:g}", data, scores, present[0])
        if others is not None:
            check(others, foreign, present[1], threshold(scores[data.kept(STILLS, False)]))
    if (folder / "frames.npz").exists():
        compare_films(folder, folds, outside if outside is not None and (outside / "frames.npz").exists() else None)


def load(folder: Path, data: Data) -> dict[str, np.ndarray]:
    """Everything known of the rows of `data`, by name. Without layers.npz only what needs no encoder is compared."""
    pixels = np.load(folder / "residuals.npz")
    found = {"residual": pixels["vectors"], "spectrum": pixels["spectrum"], "squares": pixels["squares"]}
    if not (folder / "layers.npz").exists():
        return found
    layers = same_rows(folder, "layers.npz", pixels)
    found["embedding"] = layers["vectors"]
    if (folder / "crops.npz").exists():
        found["crops"] = same_rows(folder, "crops.npz", pixels)["vectors"]
    for place, layer in enumerate(("layer 3", "layer 6", "layer 9", "layer 12")):
        found[f"{layer} class"] = layers["layers"][:, place, 0]
        found[f"{layer} patches"] = layers["layers"][:, place, 1:].reshape(len(data.paths), -1)
    return found


def same_rows(folder: Path, name: str, pixels: np.lib.npyio.NpzFile) -> np.lib.npyio.NpzFile:
    found = np.load(folder / name)
    if not np.array_equal(pixels["rows"], found["rows"]):
        raise SystemExit(f"{folder}: {name} and residuals.npz hold other rows")
    return found


def candidates(features: dict[str, np.ndarray]) -> dict[str, tuple[tuple[str, ...], Fit, tuple[float, ...]]]:
    """Features, head and strengths to try, by name; the first is what the others are compared with."""
    without_encoder = {
        "c  residual, linear": (("residual",), scaled, STRENGTHS),
        "d  spectrum, linear": (("spectrum",), scaled, STRENGTHS),
        "e  small net on residual patches": (("squares",), net, (1.0,)),
    }
    if "embedding" not in features:
        return without_encoder
    fusion = ("embedding", "residual", "spectrum")
    with_crops = {
        "g  squares at full resolution, linear": (("crops",), linear, STRENGTHS),
        "h  a and g side by side": (("embedding", "crops"), linear, STRENGTHS),
    }
    classes, patches = (tuple(name for name in features if name.endswith(end)) for end in ("class", "patches"))
    return {
        "a  embedding, linear": (("embedding",), linear, STRENGTHS),
        "b1 class tokens of layers 3, 6, 9, 12": (classes, scaled, STRENGTHS),
        "b2 patch tokens of layers 3, 6": (patches[:2], scaled, STRENGTHS),
        "b3 patch tokens of layers 9, 12": (patches[2:], scaled, STRENGTHS),
        "f  a, c and d stacked": (fusion, fused([features[part].shape[1] for part in fusion]), (10.0, 100.0)),
        **without_encoder,
        **(with_crops if "crops" in features else {}),
    }


def stacked(features: dict[str, np.ndarray], parts: tuple[str, ...]) -> np.ndarray:
    return features[parts[0]] if len(parts) == 1 else np.hstack([features[part] for part in parts])


def report(name: str, data: Data, scores: np.ndarray, present: np.ndarray) -> None:
    draws = list(redrawn(data, STILLS))
    areas = np.array([auc(scores[made], scores[real]) for made, real in draws])
    found = share_found(scores[data.kept(STILLS, True)], scores[data.kept(STILLS, False)])
    shares = [share_found(scores[made], scores[real]) for made, real in draws]
    gains = areas - [auc(present[made], present[real]) for made, real in draws]
    gain = area(data, scores, STILLS) - area(data, present, STILLS)
    print(f"{name}: AUC {area(data, scores, STILLS):.3f} {spread(areas, 2)}, found at 1 % {found:.2f} {spread(shares, 2)}, "
          f"difference to the first {gain:+.3f} {spread(gains, 3)}")  # fmt: skip
    for variant, partner in PARTNER.items():
        made, real = data.kept((partner,), True), data.kept((variant,), False)
        if not made.any() or not real.any():
            continue
        print(f"    photographs {variant:13} AUC {auc(scores[made], scores[real]):.3f}")
    for shape, other in (("preview", "as-found"), ("preview-other", "preview"), ("preview-jpeg", "preview")):
        print(f"    of the same photographs {shape} above {other}: {share_above(data, scores, shape, other):.2f}", flush=True)


def share_above(data: Data, scores: np.ndarray, shape: str, other: str) -> float:
    """A half if the detector does not see the shape; the content is the same."""
    first, second = ({data.paths[row]: scores[row] for row in np.flatnonzero(data.kept((variant,), False))} for variant in (shape, other))
    pairs = [first[path] > second[path] for path in first if path in second]
    return float(np.mean(pairs)) if pairs else float("nan")


def share_found(made: np.ndarray, real: np.ndarray) -> float:
    return float(np.mean(made > threshold(real)))


def threshold(real: np.ndarray) -> float:
    return float(np.quantile(real, 1 - ALARM_RATE))


def spread(values: list[float], digits: int) -> str:
    low, high = np.quantile(values, (0.025, 0.975))
    return f"({low:.{digits}f} to {high:.{digits}f})"


def check(data: Data, scores: np.ndarray, present: np.ndarray, passed: float) -> None:
    """Each generated source against all photographs; pictures are drawn, for there are but two sources of photographs.

    `passed` is the score that one photograph in a hundred of FOLDER passes out of fold.
    """
    real = np.flatnonzero(~data.generated)
    print(f"    outside photographs      {np.sum(scores[real] > passed)} of {len(real)} above the threshold for 1 %")
    for source in sorted(set(data.sources[data.generated])):
        made, draw = np.flatnonzero(data.generated & (data.sources == source)), np.random.default_rng(1)
        draws = [(draw.choice(made, len(made)), draw.choice(real, len(real))) for _ in range(400)]
        areas = np.array([auc(scores[m], scores[r]) for m, r in draws])
        gains = areas - [auc(present[m], present[r]) for m, r in draws]
        print(f"    outside {source:16} {np.sum(scores[made] > passed)} of {len(made)} above it, AUC {auc(scores[made], scores[real]):.3f} {spread(areas, 2)}, "
              f"difference to the first {spread(gains, 2)}", flush=True)  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: trials.py FOLDER [OUTSIDE]")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None)
