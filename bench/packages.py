"""Model packages as the Python side needs them: the weights, the input's name and shape, the preprocessing."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Package:
    """One installed version of a model package."""

    folder: Path
    manifest: dict
    weights: Path

    @property
    def name(self) -> str:
        return self.manifest["name"]

    @property
    def input_name(self) -> str:
        return self.manifest["tensor"]["input"]

    @property
    def engines(self) -> list[str]:
        return self.manifest.get("runtime", {}).get("engines", ["ort", "rten"])

    def input_shape(self) -> list[int]:
        """The input for one item."""
        if "picture" in self.manifest:
            width, height = self.manifest["picture"]["size"]
            return [1, 3, height, width] if self.manifest["tensor"]["layout"] == "nchw" else [1, height, width, 3]
        if "sound" in self.manifest:
            return [1, self.manifest["sound"]["samples"]]
        sequence = self.manifest["sequence"]
        rows = sequence["frames"] - (1 if sequence["step"] == "differences" else 0)
        return [1, rows, 2 * sequence["points"]]


def weights_store() -> Path:
    """The folder of fetched weights; a file's name is its SHA-256."""
    return Path(os.environ["DRISHTIKSHA_HOME"]) / "weights"


def installed() -> dict[str, Package]:
    """Every detector whose weights are on this machine, by name."""
    found = {}
    for path in sorted((ROOT / "models").glob("*/*/model.toml")):
        manifest = tomllib.loads(path.read_text())
        beside = path.parent / manifest["weights"]["file"]
        fetched = weights_store() / manifest["weights"]["sha256"]
        weights = beside if beside.is_file() else fetched
        if manifest["kinds"] and weights.is_file():
            found[manifest["name"]] = Package(path.parent, manifest, weights)
    return found
