"""Writes the notes of generators into untouched files, so that it can be counted how many are found. Prompts, seeds and names are drawn at random
from a given seed; the places and the structure are those that the card of `file-origin` names with its sources."""

import gzip
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
from make import MARKS, SOURCE, declared, exif, png_text, watermark_module, xmp
from PIL import Image

WORDS = "red fox snow city at night portrait of an old man oil painting harbour fog 35mm film cat robot garden, extremely détaillé – 猫".split()
LONGEST_PX = 768


class Draw:
    """What differs from file to file."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = self.random.randrange(2**32)
        self.steps = self.random.randrange(1, 150)
        self.sampler = self.random.choice(["Euler a", "DPM++ 2M Karras", "k_euler", "ddim", "UniPC"])
        self.prompt = " ".join(self.random.choices(WORDS, k=self.random.randrange(1, 60)))
        digits = f"{self.random.getrandbits(128):032x}"
        self.uuid = "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])

    def webui(self) -> str:
        return f"{self.prompt}\nNegative prompt: {self.prompt[::-1]}\nSteps: {self.steps}, Sampler: {self.sampler}, CFG scale: 7, Seed: {self.seed}, Size: 512x768"

    def graph(self) -> str:
        number = str(self.random.randrange(1, 900))
        sampler = {"class_type": self.random.choice(["KSampler", "KSamplerAdvanced"]), "inputs": {"seed": self.seed, "steps": self.steps}}
        return json.dumps({number: sampler, "1000": {"class_type": "SaveImage", "inputs": {"images": [number, 0]}}})

    def workflow(self) -> str:
        return json.dumps({"last_node_id": 9, "nodes": [{"id": 3, "type": "KSampler"}, {"id": 4, "type": "Note"}], "links": [], "version": 0.4})

    def novelai(self) -> dict[str, str]:
        comment = {"prompt": self.prompt, "steps": self.steps, "sampler": self.sampler, "seed": self.seed}
        return {"Software": "NovelAI", "Source": "NovelAI Diffusion V4", "Comment": json.dumps(comment)}


def _draw_things(draw: Draw) -> bytes:
    comment = json.dumps({"sampler": draw.sampler, "seed": draw.seed, "c": draw.prompt}).replace("&", "&amp;").replace("<", "&lt;")
    said = f'<exif:UserComment xmlns:exif="http://ns.adobe.com/exif/1.0/">{comment}</exif:UserComment>'
    return xmp('<xmp:CreatorTool xmlns:xmp="http://ns.adobe.com/xap/1.0/">Draw Things</xmp:CreatorTool>', said).encode()


def _label(draw: Draw) -> bytes:
    label = json.dumps({"Label": "1", "ContentProducer": "test", "ProduceID": draw.uuid}).replace('"', "&quot;")
    return xmp(f"<TC260:AIGC>{label}</TC260:AIGC>").encode()


def _suno(draw: Draw) -> str:
    return f"made with suno; created=2025-10-08T16:20:02.314Z; id={draw.uuid}"


# By rule: the form of the file, and how it is saved.
PICTURES: list[tuple[str, str, Callable[[Draw], dict]]] = [
    ("sd-webui-parameters", "png", lambda d: {"pnginfo": png_text(parameters=d.webui())}),
    ("sd-webui-parameters", "jpg", lambda d: {"exif": exif(comment=d.webui())}),
    ("sd-webui-parameters", "webp", lambda d: {"exif": exif(comment=d.webui())}),
    ("comfyui-prompt", "png", lambda d: {"pnginfo": png_text(prompt=d.graph(), workflow=d.workflow())}),
    ("comfyui-prompt", "webp", lambda d: {"exif": exif(model="prompt:" + d.graph())}),
    ("comfyui-workflow", "png", lambda d: {"pnginfo": png_text(workflow=d.workflow())}),
    ("invokeai-metadata", "png", lambda d: {"pnginfo": png_text(invokeai_metadata=json.dumps({"app_version": "4.2.0", "generation_mode": "txt2img", "positive_prompt": d.prompt}))}),
    ("novelai-comment", "png", lambda d: {"pnginfo": png_text(**d.novelai())}),
    ("fooocus-parameters", "png", lambda d: {"pnginfo": png_text(parameters=json.dumps({"prompt": d.prompt, "version": "Fooocus v2.5.0", "seed": str(d.seed)}))}),
    ("swarmui-parameters", "png", lambda d: {"pnginfo": png_text(parameters=json.dumps({"sui_image_params": {"prompt": d.prompt, "seed": d.seed}}))}),
    ("easy-diffusion", "png", lambda d: {"pnginfo": png_text(prompt=d.prompt, use_stable_diffusion_model="sd-v1-5", num_inference_steps=str(d.steps))}),
    ("draw-things", "jpg", lambda d: {"xmp": _draw_things(d)}),
    ("midjourney-description", "png", lambda d: {"pnginfo": png_text(Description=f"{d.prompt} --v 6.1 Job ID: {d.uuid}")}),
    ("flux-exif", "jpg", lambda d: {"exif": exif(software="AI generated;txt2img;flux", make="Black Forest Labs", model=d.random.choice(["flux-dev", "flux-schnell"]))}),
    ("digital-source-type", "jpg", lambda d: {"xmp": xmp(declared(d.random.choice(["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "algorithmicMedia"]))).encode()}),
    ("google-ai-credit", "jpg", lambda d: {"xmp": xmp(f"<photoshop:Credit>{d.random.choice(['Made', 'Edited'])} with Google AI</photoshop:Credit>").encode()}),
    ("tc260-aigc", "webp", lambda d: {"xmp": _label(d)}),
]


def small(path: Path) -> Image.Image:
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    return picture


def written(pictures: list[Path], each: int, to: Path) -> Iterator[tuple[str, Path]]:
    """The rule that has to find it, and the file. Every rule has other pictures."""
    for place, (rule, form, how) in enumerate(PICTURES):
        for number in range(each):
            draw = Draw(place * 10_000 + number)
            path = to / f"{rule}-{form}-{number}.{form}"
            small(pictures[(place * each + number) % len(pictures)]).save(path, **how(draw))
            yield f"{rule} ({form.upper()})", path
    for number in range(each):
        path = to / f"novelai-hidden-{number}.png"
        hidden(small(pictures[number % len(pictures)]), Draw(number)).save(path)
        yield "novelai-comment (transparency)", path


def hidden(picture: Image.Image, draw: Draw) -> Image.Image:
    packed = gzip.compress(json.dumps(draw.novelai()).encode(), mtime=0)
    bits = numpy.unpackbits(numpy.frombuffer(b"stealth_pngcomp" + (len(packed) * 8).to_bytes(4, "big") + packed, numpy.uint8))
    opacity = numpy.full(picture.width * picture.height, 254, numpy.uint8)
    opacity[: len(bits)] |= bits
    return Image.fromarray(numpy.dstack([numpy.array(picture), opacity.reshape(picture.width, picture.height).T]), "RGBA")


def sung(sounds: list[Path], each: int, to: Path) -> Iterator[tuple[str, Path]]:
    for form, key, options in (("mp3", "comment", ["-b:a", "64k", "-id3v2_version", "3"]), ("ogg", "description", ["-c:a", "libvorbis"]), ("wav", "comment", [])):
        for number in range(each):
            path = to / f"suno-{number}.{form}"
            plain = ["-t", "3", "-map", "0:a", "-fflags", "+bitexact", "-map_metadata", "-1"]
            note = ["-metadata", f"{key}={_suno(Draw(number))}"]
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(sounds[number % len(sounds)]), *plain, *options, *note, str(path)], check=True)
            yield f"suno-comment ({form.upper()})", path


def marked(pictures: list[Path], each: int, to: Path) -> Iterator[tuple[str, Path]]:
    """The open watermark, by the package that writes it, as it is and after two changes."""
    embed = watermark_module()
    for name, bits in MARKS.items():
        for number in range(each):
            bgr = numpy.array(small(pictures[number % len(pictures)]))[:, :, ::-1]
            marked = Image.fromarray(embed(bits, wmLen=len(bits), scales=[0, 36, 0]).encode(bgr.copy())[:, :, ::-1])
            half = marked.resize((marked.width // 2, marked.height // 2))
            for form, saved, how in (("PNG", marked, {}), ("JPEG 95", marked, {"quality": 95, "subsampling": 0}), ("JPEG 80", marked, {"quality": 80}), ("half as large", half, {})):
                path = to / f"mark-{name}-{form.replace(' ', '-')}-{number}.{'jpg' if 'JPEG' in form else 'png'}"
                saved.save(path, **how)
                yield f"dwt-dct-watermark, {name} ({form})", path


__all__ = ["SOURCE", "marked", "small", "sung", "written"]
