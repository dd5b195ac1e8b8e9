"""What a family hands over: a graph, and what a manifest has to say of it."""

import re
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

from .net import Net
from .readers import read_json
from .refused import Refused
from .tensors import Tensors

# Words that publishers use for "made or altered"; the whole label has to be one of them, in any spelling of case and hyphens.
FAKE_WORDS = {"fake", "deepfake", "ai", "artificial", "aigenerated", "generated", "synthetic", "spoof", "manipulated", "altered", "aiimage", "aivoice"}
RATE_HZ = 16_000


@dataclass
class Built:
    """A net with its one input and its one output, and the sections of its manifest."""

    net: Net
    input: tuple[str, list]
    output: tuple[str, str, list]
    pipeline: str
    kinds: list[str]
    finds: str
    sections: dict[str, dict]
    fed: list[str]
    limits: list[str] = field(default_factory=list)
    max_batch: int = 8


def config_of(options: Namespace, what: str) -> dict:
    """The publisher's config.json: named, or beside the weights."""
    path = options.config or _beside(options.weights, "config.json")
    if not path.is_file():
        raise Refused(f"{what} needs the publisher's config.json: put it beside the weights or name it with --config")
    return read_json(path)


def _beside(weights: Path, name: str) -> Path:
    return (weights if weights.is_dir() else weights.parent) / name


def whole(config: dict, key: str, default: int) -> int:
    """A whole number of a configuration; publishers leave out what is as usual."""
    value = config.get(key, default)
    if type(value) is not int or value < 1:
        raise Refused(f"{key} in config.json is {value!r}, which is no number above 0")
    return value


def fake_class(options: Namespace, config: dict, classes: int) -> int:
    """The column that says "made or altered"."""
    given = options.fake
    labels = {int(at): str(label) for at, label in (config.get("id2label") or {}).items() if str(at).isdecimal()}
    shown = ", ".join(f"{at} = {label}" for at, label in sorted(labels.items())) or "none are named"
    if classes == 1:
        return 0
    if given is None:
        said = [at for at, label in labels.items() if re.sub(r"[^a-z]", "", label.lower()) in FAKE_WORDS]
    elif given.isdecimal():
        said = [int(given)]
    else:
        said = [at for at, label in labels.items() if label == given]
    if len(said) != 1 or not 0 <= said[0] < classes:
        raise Refused(f"which of the {classes} classes means made or altered has to be said with --fake LABEL or --fake NUMBER; the labels are: {shown}")
    return said[0]


def picture_of(options: Namespace, side: int, mean: list[float], std: list[float], *, resize: str, filter: str) -> tuple[dict, list[str]]:
    """The section `picture`, by the publisher's preprocessor_config.json where there is one, and the limits that follow."""
    path = options.preprocessor or _beside(options.weights, "preprocessor_config.json")
    section = {"size": [side, side], "resize": resize, "filter": filter, "colour": "rgb", "scale": 1 / 255, "mean": mean, "std": std}
    if not path.is_file():
        if options.preprocessor:
            raise Refused(f"{path} is not there")
        return section, []
    return _published_picture(options, read_json(path), section, side)


def _published_picture(options: Namespace, published: dict, section: dict, side: int) -> tuple[dict, list[str]]:
    filters = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
    if published.get("do_resize", True):
        if published.get("resample", 2) not in filters:
            raise Refused("preprocessor_config.json asks for a filter that pipelines of this project do not have")
        section["filter"] = filters[published.get("resample", 2)]
    if published.get("do_normalize", True):
        section["mean"] = [float(v) for v in published.get("image_mean", section["mean"])]
        section["std"] = [float(v) for v in published.get("image_std", section["std"])]
    else:
        section["mean"], section["std"] = [0.0] * 3, [1.0] * 3
    section["scale"] = float(published.get("rescale_factor", 1 / 255)) if published.get("do_rescale", True) else 1.0
    size = published.get("size", side)
    size = {"height": size, "width": size} if type(size) is int else dict(size)
    crops = published.get("do_center_crop", False)
    short = size.get("shortest_edge")
    section["resize"] = "short-side-crop" if short else "stretch"
    limits = []
    fits = short == side if short else (size.get("height"), size.get("width")) == (side, side)
    if not fits:
        if not (crops and options.approximate):
            raise Refused(
                f"the publisher resizes to {size} and the net looks at {side} pixels; a manifest cannot say that. --approximate resizes to {side} and says so on the card"
            )
        limits.append(f"Fed otherwise than its publisher does: pictures are resized to {side} pixels at once, and not to {size} and then cut.")
        section["resize"] = "short-side-crop"
    return section, limits


def pictures(options: Namespace, picture: dict) -> dict:
    """Pipeline, kinds and sections of a net that looks at pictures or, with --faces, at faces."""
    tensor = {"input": "image", "layout": "nchw", "output": "score", "activation": "none", "positive": "synthetic"}
    sections = {"tensor": tensor, "picture": picture}
    if options.faces:
        sections["face"] = {"crop": options.crop, "min_side_px": 64}
    return {
        "pipeline": "face-classifier" if options.faces else "image-classifier",
        "kinds": ["image", "video"],
        "finds": "face-forgery" if options.faces else "ai-picture",
        "sections": sections,
    }


def picture_words(options: Namespace, picture: dict) -> list[str]:
    """How pictures are fed, for the card."""
    what = f"Square of {options.crop:g} times the longer side of the face box" if options.faces else "The whole picture"
    how = "the shorter side to" if picture["resize"] == "short-side-crop" else "both sides to"
    cut = ", the middle square kept" if picture["resize"] == "short-side-crop" else ""
    numbers = f"mean {picture['mean']}, standard deviation {picture['std']}"
    return [f"{what}; {how} {picture['size'][0]} pixels ({picture['filter']}){cut}; RGB times {picture['scale']:.6g}, {numbers}."]


def head(net: Net, x: str, tensors: Tensors, name: str, width: int) -> tuple[str, int]:
    """A linear classifier and how many classes it has."""
    classes = tensors.shape(f"{name}.weight")[0]
    bias = tensors.take(f"{name}.bias", classes) if f"{name}.bias" in tensors else None
    return net.linear(x, tensors.take(f"{name}.weight", classes, width), bias), classes
