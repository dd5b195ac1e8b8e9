"""What a family hands over: a graph, and what a manifest has to say of it."""

import re
from argparse import Namespace
from dataclasses import dataclass, field

from .net import Net
from .pictures import Picture
from .readers import read_json
from .refused import Refused
from .tensors import Tensors

# Words that publishers use for "made or altered"; the whole label has to be one of them, in any spelling of case and hyphens.
FAKE_WORDS = {"fake", "deepfake", "ai", "artificial", "aigenerated", "generated", "synthetic", "spoof", "manipulated", "altered", "aiimage", "aivoice"}
RATE_HZ = 16_000


@dataclass
class Built:
    """A net with its input and its output, and the sections of its manifest. A net that compares two things has a second pair `beside`."""

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
    beside: tuple[tuple[str, list], tuple[str, str, list]] | None = None

    @property
    def pairs(self) -> list[tuple[tuple[str, list], tuple[str, str, list]]]:
        """All inputs with their outputs, in the order in which a golden row holds them."""
        return [*([self.beside] if self.beside else []), (self.input, self.output)]


def config_of(options: Namespace, what: str) -> dict:
    """The publisher's config.json: named, or beside the weights."""
    path = options.config or (options.weights if options.weights.is_dir() else options.weights.parent) / "config.json"
    if not path.is_file():
        raise Refused(f"{what} needs the publisher's config.json: put it beside the weights or name it with --config")
    return read_json(path)


def whole(config: dict, key: str, default: int) -> int:
    """A whole number of a configuration; publishers leave out what is as usual."""
    value = config.get(key, default)
    if type(value) is not int or value < 1:
        raise Refused(f"{key} in config.json is {value!r}, which is no number above 0")
    return value


def real(config: dict, key: str, default: float) -> float:
    """A small positive number of a configuration."""
    value = config.get(key, default)
    if type(value) not in (int, float) or not 0 < value < 1:
        raise Refused(f"{key} in config.json is {value!r}, which is no number between 0 and 1")
    return float(value)


def words_of(config: dict, key: str) -> dict:
    """An object within a configuration; absent is empty."""
    value = config.get(key) or {}
    if not isinstance(value, dict):
        raise Refused(f"{key} in config.json is no object")
    return value


def fake_class(options: Namespace, config: dict, classes: int) -> int:
    """The column that says "made or altered"."""
    given = options.fake
    labels = {int(at): str(label) for at, label in words_of(config, "id2label").items() if str(at).isdecimal()}
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


def judging(options: Namespace, net: Net, logits: str, classes: int, fake: int, picture: Picture) -> Built:
    """The log-odds of a net that looks at pictures or, with --faces, at faces."""
    tensor = {"input": "image", "layout": "nchw", "output": "score", "activation": "none", "positive": "synthetic"}
    sections = {"tensor": tensor, "picture": picture.section}
    if options.faces:
        cut = {"shape": "box"} if options.box else {"align": "five-points"} if options.align else {}
        sections["face"] = {"crop": options.crop, "min_side_px": 64, **cut}
    return Built(
        net, ("image", picture.shape), ("score", net.log_odds(logits, classes, fake), ["n", 1]),
        "face-classifier" if options.faces else "image-classifier", ["image", "video"], "face-forgery" if options.faces else "ai-picture", sections,
        fed=picture.words(options), limits=picture.limits,
    )


def head(net: Net, x: str, tensors: Tensors, name: str, width: int) -> tuple[str, int]:
    """A linear classifier and how many classes it has."""
    classes = tensors.shape(f"{name}.weight")[0]
    bias = tensors.take(f"{name}.bias", classes) if f"{name}.bias" in tensors else None
    return net.linear(x, tensors.take(f"{name}.weight", classes, width), bias), classes
