"""Writes a model package: graph, manifest, card, and a golden input with its answer, which is also the first proof that the graph runs."""

import hashlib
import json
import math
import re
import shutil
import tempfile
from argparse import Namespace
from pathlib import Path

import numpy as np
import onnxruntime

from .built import Built
from .refused import Refused

GOLDEN_INPUT = "golden-input.f32"
# Of the answer's own size, at least of 1: what two engines on two processors may differ by.
TOLERANCE, HALF_TOLERANCE = 1e-3, 1e-2
SEED = 1


def write(built: Built, options: Namespace, source: str) -> Path:
    """A package under `options.out`, whole or not at all. `source` says what the weights were, in words for the card."""
    folder = options.out / options.name / options.version
    if folder.exists():
        raise Refused(f"{folder} is there already; remove it, or give another --version")
    options.out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".convert-", dir=options.out))
    try:
        _write_files(built, options, source, work)
        folder.parent.mkdir(exist_ok=True)
        work.chmod(0o755)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return folder


def _write_files(built: Built, options: Namespace, source: str, work: Path) -> None:
    weights = work / "weights.onnx"
    outputs = [output for _, output in built.pairs]
    built.net.save(
        weights, dict(given for given, _ in built.pairs), {name: result for name, result, _ in outputs}, {name: shape for name, _, shape in outputs},
    )
    sample = example(built)
    sample.tofile(work / GOLDEN_INPUT)
    values = run(weights, built, sample).reshape(-1)
    largest = max(1.0, float(np.abs(values).max()))
    case = {
        "input": GOLDEN_INPUT,
        "shape": list(sample.shape),
        "output": [float(f"{value:.7g}") for value in values],
        "tolerance": largest * (HALF_TOLERANCE if options.half else TOLERANCE),
        "note": f"Python onnxruntime {onnxruntime.__version__}, at the conversion",
    }
    (work / "golden.json").write_text(json.dumps({"cases": [case]}, indent=2) + "\n")
    (work / "model.toml").write_text(manifest(built, options, weights))
    (work / "card.md").write_text(card(built, options, source))


def example(built: Built) -> np.ndarray:
    """A seeded input of one row; what may vary in length is taken from the manifest. Two inputs are one behind the other."""
    random = np.random.default_rng(SEED)
    parts = [_example(built, *given, random) for given, _ in built.pairs]
    return parts[0] if len(parts) == 1 else np.concatenate([part.reshape(1, -1) for part in parts], axis=1)


def _example(built: Built, name: str, shape: list, random: np.random.Generator) -> np.ndarray:
    lengths = [1 if side in ("n", "m") else built.sections["sound"]["samples"] if side == "samples" else side for side in shape]
    if name == "faces":
        return random.uniform(0, 255, lengths).astype("<f4")
    # Sound stays within -1 and 1 and at the level of speech; pictures and landmarks spread as they do once they are scaled.
    values = random.normal(0, 0.1 if built.sections["tensor"]["layout"] == "wave" else 0.5, lengths)
    if built.sections["tensor"]["layout"] == "nhwc":
        values = random.uniform(0, 1, lengths)
    return np.clip(values, -1, 1).astype("<f4")


def run(weights: Path, built: Built, rows: np.ndarray) -> np.ndarray:
    """The answer of ONNX Runtime to rows as `example` makes them."""
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads, settings.log_severity_level = 1, 3
    try:
        session = onnxruntime.InferenceSession(str(weights), settings, providers=["CPUExecutionProvider"])
        answers = session.run([output[0] for _, output in built.pairs], _inputs(built, rows))
    except Exception as error:  # the library's errors have no common kind
        raise Refused(f"ONNX Runtime refuses the graph: {error}") from error
    for values, (_, (_, _, shape)) in zip(answers, built.pairs):
        wanted = tuple(len(rows) if side in ("n", "m") else side for side in shape)
        if values.shape != wanted or not np.isfinite(values).all():
            raise Refused(f"the net answers with the shape {values.shape} or with numbers that are none; {wanted} was expected")
    return answers[0] if len(answers) == 1 else np.concatenate(answers, axis=1)


def _inputs(built: Built, rows: np.ndarray) -> dict[str, np.ndarray]:
    if not built.beside:
        return {built.input[0]: rows}
    name, (_, *sides) = built.beside[0]
    first, second = np.split(rows, [math.prod(sides)], axis=1)
    return {name: first.reshape(-1, *sides), built.input[0]: second}


def manifest(built: Built, options: Namespace, weights: Path) -> str:
    with open(weights, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    top = {
        "name": options.name,
        "version": options.version,
        "title": options.title,
        "pipeline": built.pipeline,
        "kinds": built.kinds,
        "family": options.finds or built.finds,
        "weight": "unrated",
        "licence": options.licence,
        "origin": options.origin,
        "quality": "Not measured here. `drishtiksha eval` on files of your own tells how often it is wrong on them.",
        "limits": [*built.limits, "Unrated: nothing it says decides a verdict."],
    }
    sections = {
        "weights": {"file": weights.name, "sha256": digest, "bytes": weights.stat().st_size},
        "runtime": {"engines": ["ort", "rten"], "max_batch": built.max_batch},
        **built.sections,
    }
    lines = [f"{key} = {_toml(value)}" for key, value in top.items()]
    for name, section in sections.items():
        lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str):
        # JSON's escapes are TOML's for what may stand in one line.
        return json.dumps(re.sub(r"[\x00-\x1f\x7f]", " ", value), ensure_ascii=False)
    if isinstance(value, float):
        return repr(float(value))
    return str(value).lower()


def _score(built: Built) -> str:
    if built.beside:
        return "The score tells how far mouth and voice are from going together; its scale is a convention."
    if built.sections["tensor"]["positive"] == "real":
        return f"The score is `{built.output[0]}`, turned round: a high value speaks for real."
    return f"The score is `{built.output[0]}`, " + ("log-odds of made or altered." if built.output[0] == "score" else "of which the second column is altered.")


def card(built: Built, options: Namespace, source: str) -> str:
    stored = " Stored in 16 bits." if options.half else ""
    parts = [
        f"# {options.title}",
        "Made by the converter of this project from published weights. **Unrated: nothing it says decides a verdict.**",
        f"**Origin.** {options.origin}. {source} {built.net.values:,} numbers.{stored} **Licence:** {options.licence}.",
        f"**How it is fed.** {' '.join(built.fed)}",
        _score(built),
        "**Measured.** Nothing yet. `drishtiksha eval` measures it on your files; what its authors report holds for theirs.",
        "**Blind spots.** " + " ".join([*built.limits, "Everything that its training data lacked, which nobody has looked into here."]),
    ]
    return "\n\n".join(parts) + "\n"
