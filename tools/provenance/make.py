#!/usr/bin/env python3
"""Makes testdata/provenance: files with traces of generators, with Content Credentials in every state, and with the open watermark.

The pictures are parts of public-domain photographs of this repository; nothing in them was made by AI. Only what the files *say* is made up,
so that tests have something to find. The signing keys of the test authority are made anew each time and thrown away.

    python3 -m venv .venv && .venv/bin/pip install pillow numpy opencv-python-headless PyWavelets && \\
        .venv/bin/pip install --no-deps invisible-watermark
    .venv/bin/python tools/provenance/make.py

Needs ffmpeg, openssl, and `cargo build --workspace --bin drishtiksha --example sign` before. `--check` makes nothing: it reads the watermarked pictures with the package itself.
"""

import gzip
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "testdata/provenance"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"

WEBUI = (
    "a red fox in the snow\nNegative prompt: blurry\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1234, Size: 256x256, Model hash: 0123abcd, Model: test, Version: v1.9.4"
)
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 1234, "steps": 20}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
}
WORKFLOW = {"last_node_id": 9, "nodes": [{"id": 3, "type": "KSampler"}], "links": [], "version": 0.4}
MARKS = {
    "stable-diffusion": list(numpy.unpackbits(numpy.frombuffer(b"StableDiffusionV1", numpy.uint8))),
    "sdxl": [int(bit) for bit in f"{0xB3EC907BB19E:048b}"],
    "flux": [int(bit) for bit in f"{0x2AFE879CF52E:048b}"],
}


def watermark_module():
    """The module of the package that reads and writes the mark; the package itself would import a framework for nets."""
    spec = importlib.util.find_spec("imwatermark")
    path = Path(spec.submodule_search_locations[0]) / "maxDct.py"
    module_spec = importlib.util.spec_from_file_location("max_dct", path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    return module.EmbedMaxDct


def xmp(*properties: str) -> str:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
        f'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/">{"".join(properties)}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    )


def declared(term: str) -> str:
    return f"<Iptc4xmpExt:DigitalSourceType>{SOURCE}{term}</Iptc4xmpExt:DigitalSourceType>"


def exif(**tags: str) -> Image.Exif:
    numbers = {"make": 0x010F, "model": 0x0110, "software": 0x0131, "comment": 0x9286}
    made = Image.Exif()
    for name, text in tags.items():
        if name == "comment":
            made.get_ifd(0x8769)[numbers[name]] = b"UNICODE\0" + text.encode("utf-16-be")
        else:
            made[numbers[name]] = text
    return made


def png_text(**texts: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return info


def traces(picture: Image.Image) -> None:
    small = picture.resize((64, 64))
    save = lambda name, **how: small.save(OUT / name, **how)
    save("webui.png", pnginfo=png_text(parameters=WEBUI))
    packed = PngImagePlugin.PngInfo()
    packed.add_text("parameters", WEBUI, zip=True)
    save("webui-packed.png", pnginfo=packed)
    save("webui.jpg", exif=exif(comment=WEBUI), quality=80)
    save("webui.webp", exif=exif(comment=WEBUI), quality=80)
    save("comfyui.png", pnginfo=png_text(prompt=json.dumps(GRAPH), workflow=json.dumps(WORKFLOW)))
    save("comfyui.webp", exif=exif(model="prompt:" + json.dumps(GRAPH), make="workflow:" + json.dumps(WORKFLOW)), quality=80)
    save("invokeai.png", pnginfo=png_text(invokeai_metadata=json.dumps({"app_version": "4.2.0", "generation_mode": "txt2img", "positive_prompt": "a fox"})))
    novel = json.dumps({"prompt": "a fox", "steps": 28, "sampler": "k_euler", "seed": 1})
    save("novelai.png", pnginfo=png_text(Software="NovelAI", Source="NovelAI Diffusion", Comment=novel))
    fooocus = json.dumps({"prompt": "a fox", "version": "Fooocus v2.5.0", "seed": "1"})
    save("fooocus.png", pnginfo=png_text(parameters=fooocus, fooocus_scheme="fooocus"))
    save("midjourney.png", pnginfo=png_text(Description="a red fox --v 6.0 Job ID: 0b5eb0d0-7f4f-4a2f-9a0a-7d4f0b8f7e11", Author="someone"))
    save("flux.jpg", exif=exif(software="AI generated;txt2img;flux", make="Black Forest Labs", model="flux-dev"), quality=80)
    save("source-type.jpg", xmp=xmp(declared("trainedAlgorithmicMedia")).encode(), quality=80)
    save("google-credit.jpg", xmp=xmp("<photoshop:Credit>Made with Google AI</photoshop:Credit>").encode(), quality=80)
    label = json.dumps({"Label": "1", "ContentProducer": "test", "ProduceID": "1"}).replace('"', "&quot;")
    save("aigc.webp", xmp=xmp(f"<TC260:AIGC>{label}</TC260:AIGC>").encode(), quality=80)
    # What only looks alike.
    save("caption.jpg", exif=exif(comment="In the style of Midjourney, made with Stable Diffusion, or so the caption says"), quality=80)
    save("edited.jpg", exif=exif(software="Adobe Photoshop 25.0 (Windows)"), quality=80)
    save("resized.png", pnginfo=png_text(prompt=json.dumps({"1": {"class_type": "LoadImage", "inputs": {}}, "2": {"class_type": "SaveImage", "inputs": {}}})))
    save("enhanced.jpg", xmp=xmp(declared("algorithmicallyEnhanced")).encode(), quality=80)
    save("silent.png")


def hidden(picture: Image.Image) -> None:
    """Settings in the lowest bit of the opacity, column by column: the form that NovelAI publishes with novelai-image-metadata."""
    settings = {"Software": "NovelAI", "Source": "NovelAI Diffusion V4", "Comment": json.dumps({"prompt": "a fox", "steps": 28, "sampler": "k_euler", "seed": 1})}
    packed = gzip.compress(json.dumps(settings).encode(), mtime=0)
    message = b"stealth_pngcomp" + (len(packed) * 8).to_bytes(4, "big") + packed
    bits = numpy.unpackbits(numpy.frombuffer(message, numpy.uint8))
    opacity = numpy.full(64 * 64, 254, numpy.uint8)
    opacity[: len(bits)] |= bits
    whole = numpy.dstack([numpy.array(picture.resize((64, 64))), opacity.reshape(64, 64).T])
    Image.fromarray(whole, "RGBA").save(OUT / "novelai-stealth.png", optimize=True)


def sounds_and_films() -> None:
    run = lambda *args: subprocess.run(["ffmpeg", "-v", "error", "-y", *args], check=True)
    still = ["-loop", "1", "-t", "1", "-r", "8", "-i", str(OUT / "silent.png")]
    comment = json.dumps({"prompt": json.dumps(GRAPH), "workflow": WORKFLOW})
    plain = ["-fflags", "+bitexact", "-map_metadata", "-1"]
    run(*still, *plain, "-c:v", "mpeg4", "-metadata", f"comment={comment}", str(OUT / "comfyui.mp4"))
    run(*still, *plain, "-c:v", "mpeg4", "-movflags", "use_metadata_tags", "-metadata", f"prompt={json.dumps(GRAPH)}", str(OUT / "comfyui-keys.mp4"))
    run(*still, *plain, "-c:v", "libvpx", "-b:v", "60k", "-metadata", f"prompt={json.dumps(GRAPH)}", str(OUT / "comfyui.webm"))
    voice = ["-t", "2", "-i", str(ROOT / "testdata/samples/machine-voice.wav")]
    suno = "made with suno; created=2025-10-08T16:20:02.314Z; id=116d34f4-b3d5-48b8-9334-011b1dd1df00"
    run(*voice, *plain, "-b:a", "32k", "-id3v2_version", "3", "-metadata", f"comment={suno}", str(OUT / "suno.mp3"))
    run(*voice, *plain, "-c:a", "libvorbis", "-q:a", "0", "-metadata", f"description={suno}", str(OUT / "suno.ogg"))
    run(*voice, *plain, "-ar", "8000", "-metadata", f"comment={suno}", str(OUT / "suno.wav"))


def watermarks(picture: Image.Image) -> None:
    embed = watermark_module()
    bgr = numpy.array(picture)[:, :, ::-1]
    for name, bits in MARKS.items():
        marked = embed(bits, wmLen=len(bits), scales=[0, 36, 0]).encode(bgr.copy())
        Image.fromarray(marked[:, :, ::-1]).save(OUT / f"watermark-{name}.png", optimize=True)
    Image.fromarray(marked[:, :, ::-1]).save(OUT / "watermark-flux.jpg", quality=95, subsampling=0)
    check()


def check() -> None:
    embed = watermark_module()
    for path in sorted(OUT.glob("watermark-*")):
        bits = MARKS[path.stem.removeprefix("watermark-")]
        bgr = numpy.array(Image.open(path).convert("RGB"))[:, :, ::-1]
        read = embed(wmLen=len(bits), scales=[0, 36, 0]).decode(bgr)
        agree = int((numpy.array(bits) == read).sum())
        print(f"{path.name}: the package reads {agree} of {len(bits)} bits")


class Authority:
    """A root and one certificate for signing, as the profile of C2PA wants them; valid for 30 years."""

    def __init__(self, folder: Path, name: str) -> None:
        self.root, self.chain, self.key = (folder / f"{name}-{part}.pem" for part in ("root", "chain", "key"))
        run = lambda *args: subprocess.run(["openssl", *args], check=True, capture_output=True)
        root_key, leaf, request, extensions = (folder / f"{name}-{part}" for part in ("root.key", "leaf.pem", "leaf.csr", "ext"))
        curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        run("genpkey", *curve, "-out", str(root_key))
        run("genpkey", *curve, "-out", str(self.key))
        run("req", "-x509", "-new", "-key", str(root_key), "-days", "10950", "-subj", f"/O=Drishtiksha test files/CN={name} root",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", str(self.root))
        run("req", "-new", "-key", str(self.key), "-subj", f"/O=Drishtiksha test files/CN={name}", "-out", str(request))
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        run("x509", "-req", "-in", str(request), "-CA", str(self.root), "-CAkey", str(root_key), "-CAcreateserial",
            "-days", "10949", "-extfile", str(extensions), "-out", str(leaf))
        self.chain.write_text(leaf.read_text() + self.root.read_text())

    def sign(self, mime: str, source: Path, name: str, actions: list, *parts: str) -> Path:
        manifest = {
            "claim_generator_info": [{"name": "Drishtiksha test files", "version": "1"}],
            "title": name,
            "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
        }
        to = OUT / name
        call = [str(ROOT / "target/debug/examples/sign")]
        subprocess.run([*call, str(self.chain), str(self.key), mime, str(source), str(to), json.dumps(manifest), *parts], check=True, cwd=ROOT)
        return to


def created(term: str) -> dict:
    return {"action": "c2pa.created", "digitalSourceType": SOURCE + term, "softwareAgent": {"name": "test program"}}


def credentials(picture: Image.Image, folder: Path) -> None:
    trusted, unknown = Authority(folder, "camera maker"), Authority(folder, "somebody")
    (OUT / "authority.pem").write_text(trusted.root.read_text())
    plain = folder / "plain.jpg"
    picture.resize((128, 128)).save(plain, quality=80)
    jpeg = "image/jpeg"
    camera = trusted.sign(jpeg, plain, "credentials-camera.jpg", [created("digitalCapture")])
    unknown.sign(jpeg, plain, "credentials-unknown-signer.jpg", [created("digitalCapture")])
    generated = unknown.sign(jpeg, plain, "credentials-generated.jpg", [created("trainedAlgorithmicMedia")])
    trusted.sign(jpeg, plain, "credentials-generated-trusted.jpg", [created("trainedAlgorithmicMedia")])
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["xmp:iid:part-0"]}}
    placed = {"action": "c2pa.placed", "parameters": {"ingredientIds": ["xmp:iid:part-0"]}}
    edited = {"action": "c2pa.edited", "digitalSourceType": SOURCE + "compositeWithTrainedAlgorithmicMedia"}
    cropped = {"action": "c2pa.cropped"}
    trusted.sign(jpeg, plain, "credentials-edited-with-ai.jpg", [opened, edited], f"parentOf={camera}")
    trusted.sign(jpeg, plain, "credentials-cropped.jpg", [opened, cropped], f"parentOf={camera}")
    trusted.sign(jpeg, plain, "credentials-with-ai-part.jpg", [created("digitalCreation"), placed], f"componentOf={generated}")
    tampered = bytearray(camera.read_bytes())
    tampered[-200] ^= 0x10
    (OUT / "credentials-tampered.jpg").write_bytes(tampered)
    # The credentials of one picture in front of the scan of another.
    foreign = folder / "foreign.jpg"
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((128, 128)).save(foreign, quality=80)
    taken = camera.read_bytes()
    (OUT / "credentials-moved.jpg").write_bytes(taken[: taken.index(b"\xff\xdb")] + foreign.read_bytes()[foreign.read_bytes().index(b"\xff\xdb") :])
    unknown.sign("image/png", OUT / "silent.png", "credentials-generated.png", [created("trainedAlgorithmicMedia")])
    silent = folder / "silent"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-t", "1", "-r", "8", "-i", str(OUT / "silent.png"), "-c:v", "mpeg4", f"{silent}.mp4"], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-t", "1", "-i", str(ROOT / "testdata/samples/machine-voice.wav"), "-ar", "8000", f"{silent}.wav"], check=True)
    unknown.sign("video/mp4", Path(f"{silent}.mp4"), "credentials-generated.mp4", [created("trainedAlgorithmicMedia")])
    unknown.sign("audio/wav", Path(f"{silent}.wav"), "credentials-generated.wav", [created("trainedAlgorithmicMedia")])


def main() -> None:
    if "--check" in sys.argv:
        check()
        return
    OUT.mkdir(parents=True, exist_ok=True)
    picture = Image.open(ROOT / "testdata/astronaut.png").convert("RGB").crop((120, 0, 376, 256))
    traces(picture)
    hidden(picture)
    sounds_and_films()
    watermarks(picture)
    with tempfile.TemporaryDirectory() as folder:
        credentials(picture, Path(folder))
    size = sum(path.stat().st_size for path in OUT.iterdir())
    print(f"{len(list(OUT.iterdir()))} files, {size} bytes, in {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
