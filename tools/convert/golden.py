"""Makes the golden inputs under testdata/golden and the golden.json of the helper nets and of the published nets.

    python golden.py CHECKOUT WEIGHTS

WEIGHTS is a folder with the published nets under the names that their manifests give as `weights.source`
instructions describe (meso4_df.onnx and so on). The answers come from Python onnxruntime, independently of the Rust code:
this file repeats the rules of the pipelines in its own words, so that a slip in either shows.
"""

import json
import sys
import wave
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training" / "faces"))
from detectors import Face, Landmarks, Tiny

ENGINE = f"Python onnxruntime {onnxruntime.__version__}"
FRAME_SAMPLES = 512
CONTEXT_SAMPLES = 64


def main(checkout: Path, weights: Path) -> None:
    golden = checkout / "testdata" / "golden"
    golden.mkdir(parents=True, exist_ok=True)
    portrait = Image.open(checkout / "testdata" / "astronaut.png").convert("RGB")
    helpers(checkout, weights, golden, portrait)
    faces(checkout, weights, golden, portrait)
    voices(checkout, weights, golden)
    sequences(checkout, weights, golden, portrait)


def helpers(checkout: Path, weights: Path, golden: Path, portrait: Image.Image) -> None:
    for side in (112, 128):
        face = np.asarray(portrait.crop((160, 60, 288, 188)).resize((side, side), Image.Resampling.BILINEAR), np.float32)
        face.transpose(2, 0, 1).astype("<f4").tofile(golden / f"face-{side}.f32")
    speech = framed(sound(checkout / "testdata" / "speech-human.wav"))[8:40]
    speech.astype("<f4").tofile(golden / "speech-frames.f32")
    memory = np.zeros((1, 1, 128), np.float32)
    committed = checkout / "models"
    cases = [
        (committed / "tiny-face-detector/1.0.0", None, "boxes", "face-128.f32", [1, 3, 128, 128], "image", {}, 1e-4),
        (committed / "face-landmarks-68/1.0.0", None, "points", "face-112.f32", [1, 3, 112, 112], "face", {}, 1e-4),
        (committed / "silero-vad/6.2.3", None, "speech_probs", "speech-frames.f32", [32, 576], "input", {"h": memory, "c": memory}, 1e-3),
        (committed / "yunet/1.0.0", "yunet_n_dynamic.onnx", "cls_8", "face-128.f32", [1, 3, 128, 128], "input", {}, 1e-4),
    ]
    for package, outside, output, file, shape, name, more, tolerance in cases:
        path = package / "weights.onnx" if outside is None else weights / outside
        if not there(path):
            continue
        tensor = np.fromfile(golden / file, "<f4").reshape(shape)
        values = session(path).run([output], {name: tensor, **more})[0].reshape(-1)[:64]
        write(package, [raw_case(f"testdata/golden/{file}", shape, values, tolerance)])


def faces(checkout: Path, weights: Path, golden: Path, portrait: Image.Image) -> None:
    """A crop as `face-classifier` makes it: largest face, square of 1.3 times its longer side, 256 pixels.

    The crop itself is the golden input, as which face finder is used depends on what the user has.
    """
    crop = square(portrait, largest(checkout, portrait), 1.3).resize((256, 256), Image.Resampling.BILINEAR)
    tensor = (np.asarray(crop, np.float32) / 255)[None].astype("<f4")
    tensor.tofile(golden / "face-256.f32")
    for package, file in (("mesonet-df", "meso4_df.onnx"), ("mesonet-f2f", "meso4_f2f.onnx")):
        if not there(weights / file):
            continue
        values = session(weights / file).run(["p_real"], {"image": tensor})[0].reshape(-1)
        write(checkout / "models" / package / "1.0.0", [raw_case("testdata/golden/face-256.f32", [1, 256, 256, 3], values, 1e-4)])


def voices(checkout: Path, weights: Path, golden: Path) -> None:
    """Windows of 64,600 samples from the first voiced frame on, each set to a level of 0.01 over its voiced frames."""
    vad = session(checkout / "models/silero-vad/6.2.3/weights.onnx")
    first = None
    for package, file in (("aasist", "aasist.onnx"), ("aasist-l", "aasist_l.onnx")):
        if not there(weights / file):
            continue
        net, cases = session(weights / file), []
        for name in ("speech-human.wav", "speech-espeak.wav"):
            cuts = windows(vad, sound(checkout / "testdata" / name), length=64_600, hop=32_300, level=0.01)
            first = cuts[0] if first is None else first
            score = float(np.mean([-net.run(["logits"], {"wave": cut[None]})[0][0, 1] for cut in cuts]))
            note = f"{ENGINE}; {len(cuts)} windows"
            cases.append({"input": f"testdata/{name}", "score": rounded(score), "tolerance": 0.05, "note": note})
        first.astype("<f4").tofile(golden / "wave.f32")
        values = net.run(["logits"], {"wave": first[None]})[0].reshape(-1)
        write(checkout / "models" / package / "1.0.0", [raw_case("testdata/golden/wave.f32", [1, 64600], values, 1e-3), *cases])


def sequences(checkout: Path, weights: Path, golden: Path, portrait: Image.Image) -> None:
    """60 frames of the portrait's points, swaying and trembling by formula: a form without meaning, good for numbers."""
    net = Landmarks(checkout / "models/face-landmarks-68/1.0.0/weights.onnx")
    points = net.find(portrait, largest(checkout, portrait))
    frames = []
    for time in range(60):
        tremble = 0.4 * np.sin(np.arange(136).reshape(68, 2) * 1.7 + time * 0.9)
        frames.append(points + tremble + np.array([3.0 * np.sin(time / 9), 2.0 * np.cos(time / 7)]))
    sequence = normalised(np.array(frames)).astype("<f4")
    steps = np.diff(sequence, axis=0).astype("<f4")
    for package, file, rows in (("lrnet-g1", "lrnet_g1.onnx", sequence), ("lrnet-g2", "lrnet_g2.onnx", steps)):
        name = "landmarks.f32" if len(rows) == 60 else "landmark-steps.f32"
        rows.tofile(golden / name)
        if not there(weights / file):
            continue
        values = session(weights / file).run(["prob"], {"landmarks": rows[None]})[0].reshape(-1)
        write(checkout / "models" / package / "1.0.0", [raw_case(f"testdata/golden/{name}", [1, len(rows), 136], values, 1e-4)])


def normalised(frames: np.ndarray) -> np.ndarray:
    """As LRNet's later training sets: from the middle of each frame's points, in units of 0.6 mean extents of the run."""
    low, high = frames.min(axis=1), frames.max(axis=1)
    size = float((high - low).max(axis=1).mean()) * 1.2
    return ((frames - ((low + high) / 2)[:, None]) / (size / 2)).reshape(len(frames), 136)


def windows(vad: onnxruntime.InferenceSession, samples: np.ndarray, *, length: int, hop: int, level: float) -> list[np.ndarray]:
    memory = np.zeros((1, 1, 128), np.float32)
    whole = len(samples) // FRAME_SAMPLES
    samples = samples[: whole * FRAME_SAMPLES]
    voiced = vad.run(["speech_probs"], {"input": framed(samples), "h": memory, "c": memory})[0].reshape(-1) >= 0.5
    cuts, at = [], 0
    while voiced[at:].any():
        at += int(np.argmax(voiced[at:]))
        left = len(samples) - at * FRAME_SAMPLES
        used = length if left >= length else (int(np.flatnonzero(voiced[at:])[-1]) + 1) * FRAME_SAMPLES
        if left >= length or not cuts or used * 2 >= length:
            cut = levelled(samples[at * FRAME_SAMPLES :][:used], voiced[at : at + -(-used // FRAME_SAMPLES)], level)
            if cut is not None:
                cuts.append(np.resize(cut, length))
        if left < length:
            break
        at += -(-hop // FRAME_SAMPLES)
    return cuts


def levelled(cut: np.ndarray, voiced: np.ndarray, level: float) -> np.ndarray | None:
    """`None` where less than 40 % of the frames are speech."""
    if voiced.mean() < 0.4:
        return None
    spoken = np.repeat(voiced, FRAME_SAMPLES)[: len(cut)]
    rms = float(np.sqrt(np.mean(cut[spoken].astype(np.float64) ** 2)))
    return np.clip(cut * np.float32(level / max(rms, 1e-6)), -1, 1).astype(np.float32)


def framed(samples: np.ndarray) -> np.ndarray:
    """Frames of 512 samples, each led by the last 64 of the one before."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    context = np.zeros((len(frames), CONTEXT_SAMPLES), np.float32)
    context[1:] = frames[:-1, -CONTEXT_SAMPLES:]
    return np.concatenate([context, frames], axis=1).astype(np.float32)


def sound(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def largest(checkout: Path, portrait: Image.Image) -> Face:
    return Tiny(checkout / "models/tiny-face-detector/1.0.0/weights.onnx").find(portrait)[0]


def square(picture: Image.Image, face: Face, scale: float) -> Image.Image:
    side = max(1, round(max(face.width, face.height) * scale))
    left, top = round(face.left + face.width / 2 - side / 2), round(face.top + face.height / 2 - side / 2)
    return picture.crop((left, top, left + side, top + side))


def there(path: Path) -> bool:
    if not path.exists():
        print(f"{path.name} is not there; its golden answers stay as they are", file=sys.stderr)
    return path.exists()


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def raw_case(name: str, shape: list[int], values: np.ndarray, tolerance: float) -> dict:
    return {"input": name, "shape": shape, "output": [rounded(v) for v in values], "tolerance": tolerance, "note": ENGINE}


def rounded(value: float) -> float:
    return float(f"{float(value):.6g}")


def write(package: Path, cases: list[dict]) -> None:
    package.mkdir(parents=True, exist_ok=True)
    (package / "golden.json").write_text(json.dumps({"cases": cases}, indent=2) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: golden.py CHECKOUT WEIGHTS")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
