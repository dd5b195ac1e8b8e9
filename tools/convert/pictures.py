"""How pictures come to a net: what the publisher does, in the words of a manifest, and for what those cannot say, in the graph."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from pathlib import Path

from .net import Net
from .readers import read_json
from .refused import Refused

FILTERS = {1: "lanczos", 2: "bilinear", 3: "bicubic"}
# Mean and standard deviation by the names of --numbers.
NUMBERS = {
    "plain": ([0.0] * 3, [1.0] * 3),
    "half": ([0.5] * 3, [0.5] * 3),
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
}
MAX_SIDE = 2048


@dataclass
class Picture:
    """The section `picture` of a manifest, the side that the net looks at, and the limits that follow."""

    section: dict
    side: int
    limits: list[str] = field(default_factory=list)

    @property
    def shape(self) -> list:
        """Of the graph's input."""
        return ["n", 3, self.section["size"][1], self.section["size"][0]]

    def entrance(self, net: Net) -> str:
        """The input, cut to what the net looks at. A manifest can fit a picture into a size, and not into a larger one to cut the middle out of
        that; so the larger one is fed, and the graph cuts."""
        x = "image"
        for axis, fed in ((2, self.section["size"][1]), (3, self.section["size"][0])):
            if fed != self.side:
                start = (fed - self.side) // 2
                x = net.cut(x, axis, start, start + self.side)
        return x

    def words(self, options: Namespace) -> list[str]:
        """For the card."""
        what = _around(options) if options.faces else "The whole picture"
        if self.section["resize"] == "crop":
            how, cut = f"not resized, its middle of {self.side} pixels cut out (black around a smaller one)", ""
            return [f"{what}; {how}; {self._colours()}"]
        whole = self.section["resize"] == "stretch"
        how = f"{'both sides' if whole else 'the shorter side'} to {self.section['size'][0]} pixels ({self.section['filter']})"
        cut = "" if whole and self.section["size"][0] == self.side else f", the middle {self.side} pixels kept"
        return [f"{what}; {how}{cut}; {self._colours()}"]

    def _colours(self) -> str:
        return f"RGB times {self.section['scale']:.6g}, mean {self.section['mean']}, standard deviation {self.section['std']}."


def arguments(sub: ArgumentParser, *, faces: bool) -> None:
    sub.add_argument("--preprocessor", type=Path, help="the publisher's preprocessor_config.json, where it is not beside the weights")
    sub.add_argument("--numbers", choices=sorted(NUMBERS), help="how colours are scaled: 0 to 1 (plain), -1 to 1 (half), or less the mean of ImageNet or of CLIP")
    sub.add_argument("--resize", type=int, help="the shorter side, or with --stretch both, to which the publisher resizes before the middle is cut out")
    sub.add_argument("--stretch", action="store_true", help="the publisher changes the proportions and cuts nothing off")
    sub.add_argument("--no-resize", action="store_true", help="the publisher cuts the middle out of the picture as it is")
    sub.add_argument("--filter", choices=sorted(FILTERS.values()), help="by which the publisher resizes")
    sub.add_argument("--approximate", action="store_true", help="accept a way of feeding that differs from the publisher's, and say so on the card")
    sub.add_argument("--faces", action="store_true", default=faces, help="judge faces and not whole pictures")
    sub.add_argument("--crop", type=float, default=1.3, help="side of the square around a face, in units of the longer side of its box")
    cut = sub.add_mutually_exclusive_group()
    cut.add_argument("--box", action="store_true", help="the publisher cuts the box of a face out, --crop times as wide and high, and stretches it")
    cut.add_argument("--align", action="store_true", help="the publisher turns faces upright by eyes, nose and mouth and cuts --crop times the square of ArcFace out")


def _around(options: Namespace) -> str:
    if options.align:
        return f"The face turned upright by five points, {options.crop:g} times the square of ArcFace's template"
    if options.box:
        return f"The box of a face, {options.crop:g} times as wide and high"
    return f"Square of {options.crop:g} times the longer side of the face box"


def picture_of(options: Namespace, side: int, *, numbers: str | None, stretch: bool, filter: str) -> Picture:
    """By what the options say, else by the publisher's preprocessor_config.json, else as usual in the family."""
    path = options.preprocessor or (options.weights if options.weights.is_dir() else options.weights.parent) / "preprocessor_config.json"
    mean, std = NUMBERS.get(options.numbers or numbers or "", (None, None))
    section = {
        "size": [side, side], "resize": "stretch" if options.stretch or (stretch and not options.resize) else "short-side-crop",
        "filter": options.filter or filter, "colour": "rgb", "scale": 1 / 255, "mean": mean, "std": std,
    }
    picture = Picture(section, side)
    if path.is_file():
        _as_published(picture, read_json(path), options)
    elif options.preprocessor:
        raise Refused(f"{path} is not there")
    if options.resize:
        section["size"] = [options.resize] * 2
    if section["mean"] is None:
        raise Refused("how the publisher scales colours has to be said: with --numbers, or by the preprocessor_config.json beside the weights")
    if not all(spread > 0 for spread in (*section["std"], section["scale"])):
        raise Refused("a standard deviation or the factor of the colours is not above 0")
    if not side <= section["size"][0] <= MAX_SIDE:
        raise Refused(f"pictures are resized to {section['size'][0]} pixels, and the net looks at {side}")
    if options.no_resize:
        section.update(size=[side, side], resize="crop")
    if options.align and (not options.faces or section["resize"] == "crop"):
        raise Refused("--align sets faces to one size: it goes with --faces, and not with pictures that are not resized")
    return picture


def _as_published(picture: Picture, published: dict, options: Namespace) -> None:
    section = picture.section
    if published.get("do_resize", True):
        if published.get("resample", 2) not in FILTERS:
            raise Refused("preprocessor_config.json asks for a filter that pipelines of this project do not have")
        section["filter"] = options.filter or FILTERS[published.get("resample", 2)]
        _size(picture, published, options)
    else:
        if published.get("do_center_crop", False) and _sides(published, "crop_size", 0) == {"height": picture.side, "width": picture.side}:
            picture.section["resize"] = "crop"
        else:
            _approximately(picture, options, "does not resize", f"resized to {picture.side} pixels")
    if published.get("do_normalize", True) and not options.numbers:
        section["mean"] = _three(published.get("image_mean", section["mean"]))
        section["std"] = _three(published.get("image_std", section["std"]))
    elif not options.numbers:
        section["mean"], section["std"] = NUMBERS["plain"]
    section["scale"] = _number(published.get("rescale_factor", 1 / 255)) if published.get("do_rescale", True) else 1.0


def _size(picture: Picture, published: dict, options: Namespace) -> None:
    """Sizes come as a number, as height and width, or as the shorter side."""
    size, cut = _sides(published, "size", picture.side), _sides(published, "crop_size", picture.side).get("height")
    short = size.get("shortest_edge")
    wanted = (short, short) if short else (size.get("width"), size.get("height"))
    if not all(type(length) is int for length in wanted):
        raise Refused(f"preprocessor_config.json asks for the size {size}, which is not read")
    picture.section["resize"] = "short-side-crop" if short else "stretch"
    cuts = bool(published.get("do_center_crop", False)) and cut == picture.side
    if all(length == picture.side for length in wanted) or (cuts and min(wanted) >= picture.side):
        picture.section["size"] = list(wanted)
    else:
        _approximately(picture, options, f"resizes to {size}", f"resized to {picture.side} pixels")


def _sides(published: dict, key: str, default: int) -> dict:
    size = published.get(key, default)
    if type(size) is int:
        return {"height": size, "width": size}
    if not isinstance(size, dict):
        raise Refused(f"preprocessor_config.json says {size!r} of {key}, which is not read")
    return size


def _three(values: object) -> list[float]:
    if not isinstance(values, list) or len(values) != 3:
        raise Refused("preprocessor_config.json lacks mean and standard deviation by colour")
    return [_number(value) for value in values]


def _number(value: object) -> float:
    if type(value) not in (int, float):
        raise Refused(f"preprocessor_config.json says {value!r} where a number belongs")
    return float(value)


def _approximately(picture: Picture, options: Namespace, theirs: str, ours: str) -> None:
    if not options.approximate:
        raise Refused(f"the publisher {theirs}, and no manifest can say that; with --approximate pictures are {ours}, and the card says so")
    picture.limits.append(f"Fed otherwise than its publisher does, who {theirs}; here pictures are {ours}.")
