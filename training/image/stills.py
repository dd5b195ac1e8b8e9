"""The pictures of a folder in every shape that the trials compare, one by one.

To the stills of embed.py (`as-found`, `jpeg`, `preview`) come two shapes of the photographs on which nothing is fitted:
`preview-jpeg`, the preview saved once more as JPEG 85, which is what the `jpeg` of a generated picture has gone through;
`preview-other`, a preview made another way (448 pixels, bilinear, WebP 90). A detector that knows the previews of photographs
by their scaling or their codec, and not the generated pictures by what generators do, gives itself away on these.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from embed import VIDEO_ENDINGS, animation_frames, pan_frames, recoded, rows, shrunk, variants, video_frames
from PIL import Image, ImageOps

EACH = 3  # Every third photograph gives other previews and a pan.


def stills(folder: Path) -> Iterator[tuple[list[str], Image.Image]]:
    """(path, truth, source, variant) and the picture: upright, RGB. Of a folder from outside only `jpeg`, where all are alike in shape."""
    photographs = 0
    for path, truth, source in rows(folder):
        if is_clip(folder / path):
            continue
        fitted = truth == "photograph" and is_fitted(folder)
        # The last variant of a photograph is a film made of it.
        for variant, picture in islice(variants(Shown(), folder / path, truth), 3 if fitted else 2):
            if is_fitted(folder) or variant == "jpeg":
                yield [path, truth, source, variant], picture
        photographs += fitted
        if fitted and photographs % EACH == 0:
            for variant, picture in other_previews(upright(folder / path)):
                yield [path, truth, source, variant], picture.convert("RGB")


def other_previews(picture: Image.Image) -> Iterator[tuple[str, Image.Image]]:
    preview = recoded(ImageOps.fit(picture, (400, 400)), "WEBP", quality=75).convert("RGB")
    yield "preview-jpeg", recoded(shrunk(preview, 512), "JPEG", quality=85)
    yield "preview-other", recoded(ImageOps.fit(picture, (448, 448), Image.Resampling.BILINEAR), "WEBP", quality=90)


def clips(folder: Path) -> Iterator[tuple[str, str, str, str, Iterator[Image.Image]]]:
    """Path, truth, source, `clip` or `pan`, frames. A folder from outside has films of its own and gives no pans."""
    photographs = 0
    for path, truth, source in rows(folder):
        if (folder / path).suffix in VIDEO_ENDINGS:
            yield path, truth, source, "clip", video_frames(folder / path)
        elif is_clip(folder / path):
            with Image.open(folder / path) as film:
                yield path, truth, source, "clip", animation_frames(film, film.n_frames)
        elif truth == "photograph":
            photographs += 1
            if photographs % EACH == 0 and is_fitted(folder):
                yield path, truth, source, "pan", pan_frames(upright(folder / path))


def is_fitted(folder: Path) -> bool:
    return (folder / "pictures.csv").exists()


def upright(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def is_clip(path: Path) -> bool:
    if path.suffix in VIDEO_ENDINGS:
        return True
    with Image.open(path) as picture:
        return getattr(picture, "n_frames", 1) > 1


class Shown:
    """Stands where embed.py expects the encoder, and hands the picture back."""

    def embed(self, picture: Image.Image) -> Image.Image:
        return ImageOps.exif_transpose(picture).convert("RGB")
