"""`python -m convert FAMILY WEIGHTS --out FOLDER …`: from published weights to a model package."""

import hashlib
import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from . import package
from .families import FAMILIES
from .readers import read
from .refused import Refused

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
VERSION = re.compile(r"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}")
# What training keeps beside the net in the same file.
BESIDE = re.compile(r"(?:optimizer|optim|scheduler|lr_scheduler|scaler|ema)(?:_state_dict|_state)?\..*")


def parser() -> ArgumentParser:
    top = ArgumentParser(prog="convert", description="Turns published weights into a model package, without running anybody's code.")
    families = top.add_subparsers(dest="family", required=True)
    for name, family in FAMILIES.items():
        sub = families.add_parser(name, help=(family.__doc__ or "").split("\n")[0])
        _common(sub, family.TITLE)
        family.arguments(sub)
    return top


def _common(sub: ArgumentParser, title: str) -> None:
    sub.add_argument("weights", type=Path, help="a file (safetensors, a checkpoint of PyTorch, HDF5 of Keras) or a folder as a hub lays it out")
    sub.add_argument("--out", type=Path, required=True, help="a folder of model packages; name it in DRISHTIKSHA_MODELS")
    sub.add_argument("--name", required=True, help="name of the package: lower-case letters, digits and hyphens")
    sub.add_argument("--version", default="1.0.0")
    sub.add_argument("--title", default=title)
    sub.add_argument("--licence", required=True, help="licence of the weights, as their publisher states it")
    sub.add_argument("--origin", required=True, help="where the weights come from, with their revision")
    sub.add_argument("--config", type=Path, help="the publisher's config.json, where it is not beside the weights")
    sub.add_argument("--fake", help="label or number of the class that means made or altered, where the labels leave it open")
    sub.add_argument("--finds", help="what it looks for, as the verdict groups models: ai-picture, face-forgery, synthetic-speech")
    sub.add_argument("--half", action="store_true", help="store large weights in 16 bits")


def convert(options: Namespace) -> Path:
    """The folder of the new package."""
    if not NAME.fullmatch(options.name) or not 2 <= len(options.name) <= 64:
        raise Refused(f"{options.name!r} is no name of a package: lower-case letters, digits and single hyphens, a letter first")
    if not VERSION.fullmatch(options.version):
        raise Refused(f"{options.version!r} is no version: three numbers, such as 1.0.0")
    if options.finds and not NAME.fullmatch(options.finds):
        raise Refused(f"{options.finds!r} is no name of what a model finds")
    if not 0.5 <= getattr(options, "crop", 1.0) <= 4:
        raise Refused("--crop must be 0.5 to 4")
    values = {name: value for name, value in read(options.weights).items() if not BESIDE.fullmatch(name)}
    built = FAMILIES[options.family].build(values, options)
    return package.write(built, options, _source(options.weights))


def _source(path: Path) -> str:
    files = sorted(path.glob("*.safetensors")) or sorted(path.glob("*.bin")) if path.is_dir() else [path]
    parts = []
    for file in files:
        with open(file, "rb") as opened:
            parts.append(f"`{file.name}` ({file.stat().st_size:,} bytes, SHA-256 `{hashlib.file_digest(opened, 'sha256').hexdigest()}`)")
    return "Converted from " + ", ".join(parts) + "."


def main() -> int:
    options = parser().parse_args()
    try:
        folder = convert(options)
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    print(f"{folder}\nhint: DRISHTIKSHA_MODELS={options.out} drishtiksha models verify {options.name} --base {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
