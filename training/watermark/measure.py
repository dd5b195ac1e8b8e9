"""How often the watermark is found, and how often where there is none: `python measure.py STEP NET FIGURES`, steps `untouched`, `joined`, `music`, `theirs`, `marked`, `odd`, `media`, `report`.

NET is `weights.onnx` of the package, FIGURES a folder for what is found. Recordings are those of ../audio, unpacked by its `fetch.sh`. Every window of a file
is judged, speech or not, and a file's score is the mean, as in the program.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

import changes
from changes import HEARD_HZ, MADE_HZ

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "audio"))
import humans
import speak
import texts
from common import rng_for
from report import JUDGED_SECS, read, show

WINDOW = 48_000
# Files of each voice, and clips of each voice that are marked.
UNTOUCHED, MARKED = {"humans": 160, "volunteers": 30}, 1
MARKED_SECS = (JUDGED_SECS, 9.0)
VOICES = [("espeak-ng", voice, language) for voice, language in speak.ESPEAK[::3]] + [("flite", voice, "en") for voice, _ in speak.FLITE]
JOINED, WITH_MUSIC = 150, 8
THEIRS = 150
SPOKEN = {"untouched": 15, "marked": 2}


class Net:
    def __init__(self, path):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads, settings.log_severity_level = 1, 3
        self.session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])

    def windows(self, wave):
        """The answers for the windows of a sound at 16 kHz; a rest of less than half a window is left out."""
        scores = []
        for start in range(0, len(wave), WINDOW):
            cut = wave[start : start + WINDOW]
            if scores and len(cut) * 2 < WINDOW:
                break
            cut = np.pad(cut, (0, WINDOW - len(cut))).astype(np.float32)
            scores.append(float(self.session.run(None, {"wave": cut[None]})[0][0, 0]))
        return scores


class Book:
    """One line of JSON for each thing that was judged."""

    def __init__(self, folder, step):
        self.file = open(folder / f"{step}.jsonl", "w")

    def note(self, scores, wave, **what):
        row = {**what, "secs": round(len(wave) / HEARD_HZ, 2), "score": round(float(np.mean(scores)), 4), "highest": round(max(scores), 4)}
        print(json.dumps(row), file=self.file, flush=True)


def recordings():
    """(voice, files, how ffmpeg reads them, how many)"""
    for store, sources in (("humans", humans.humans), ("volunteers", humans.volunteers)):
        for voice, language, _, files, options in sources():
            chosen = rng_for("watermark", voice, language).permutation(len(files))
            yield f"{voice} {language}", [files[at] for at in chosen], options, UNTOUCHED[store]


def pieces(most):
    """(voice, how many, sound): recordings of one voice, one behind the other, to as much speech as the program asks for."""
    for voice, files, options, _ in recordings():
        kept, parts = 0, []
        for _, wave in changes.recordings(files, HEARD_HZ, options):
            parts.append(wave)
            if sum(map(len, parts)) >= JUDGED_SECS * HEARD_HZ:
                yield voice, len(parts), np.concatenate(parts)
                kept, parts = kept + 1, []
            if kept == most:
                break


def joined(net, book):
    for voice, count, sound in pieces(JOINED):
        book.note(net.windows(sound), sound, kind="human", voice=voice, file=f"{count} joined")


def music(net, book):
    """Unmarked people with struck notes under their voice."""
    for number, (voice, _, sound) in enumerate(pieces(WITH_MUSIC)):
        tune = changes.tune(len(sound), rng_for("music", number), HEARD_HZ)
        for db in (15, 10, 0):
            mixed = changes.under(sound, tune, db)
            book.note(net.windows(mixed), mixed, kind=f"music {db} dB below", voice=voice, file=str(number))


def spoken(engine, voice, language, count):
    """Sentences of an engine at 24 kHz."""
    rng = rng_for("watermark", voice)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wav"
        for text in texts.sentences(language, count, f"watermark {voice}"):
            command = ["espeak-ng", "-v", voice, "-w", path, text] if engine == "espeak-ng" else ["flite", "-voice", voice, "-t", text, "-o", path]
            subprocess.run([*map(str, command)], check=True)
            yield changes.decode(path, MADE_HZ)[: int(MARKED_SECS[1] * MADE_HZ)]


def untouched(net, book):
    for voice, files, options, most in recordings():
        kept = 0
        for path, wave in changes.recordings(files, HEARD_HZ, options):
            if len(wave) >= HEARD_HZ:
                book.note(net.windows(wave), wave, kind="human", voice=voice, file=path.name)
                kept += 1
            if kept == most:
                break
        print(voice, kept, flush=True)
    for engine, voice, language in VOICES:
        for number, wave in enumerate(spoken(engine, voice, language, SPOKEN["untouched"])):
            wave = changes.plain(wave)
            book.note(net.windows(wave), wave, kind=engine, voice=voice, file=str(number))


def clips():
    """(kind, voice, sound at 24 kHz) of what is marked."""
    low, high = (int(secs * MADE_HZ) for secs in MARKED_SECS)
    for voice, files, options, _ in recordings():
        found = 0
        for _, wave in changes.recordings(files, MADE_HZ, options):
            if low <= len(wave) <= high:
                yield "human", voice, wave
                found += 1
            if found == MARKED:
                break
    for engine, voice, language in VOICES:
        for wave in spoken(engine, voice, language, SPOKEN["marked"]):
            if len(wave) >= low:
                yield engine, voice, wave


def marked(net, book):
    import publisher
    watermarker = publisher.load()
    for number, (kind, voice, wave) in enumerate(clips()):
        wave = np.clip(publisher.mark(watermarker, wave, MADE_HZ), -1, 1)
        for name, change in changes.of(rng_for("change", number)).items():
            heard = change(wave)
            # Theirs is slow.
            told = {"publisher": round(publisher.decode(watermarker, heard, HEARD_HZ), 4)} if number % 3 == 0 else {}
            book.note(net.windows(heard), heard, kind=kind, voice=voice, number=number, change=name, **told)
        print(kind, voice, flush=True)


def odd(net, book):
    """Sound that is no speech, and real recordings that are none: the animals and things of tuxpaint's stamps."""
    count, rng = 6 * HEARD_HZ, rng_for("odd")
    time = np.arange(count) / HEARD_HZ
    sounds = {"silence": np.zeros(count), "faint noise": 1e-4 * rng.standard_normal(count), "noise": 0.1 * rng.standard_normal(count)}
    sounds |= {f"tone of {hz} Hz": 0.5 * np.sin(2 * np.pi * hz * time) for hz in (50, 100, 220, 440, 1000, 3000)}
    sounds |= {"square wave": 0.5 * np.sign(np.sin(2 * np.pi * 150 * time)), "sweep": 0.5 * np.sin(2 * np.pi * (50 + 300 * time) * time)}
    sounds |= {"clicks": (np.arange(count) % 4000 == 0) * 0.9, "one click": (np.arange(count) == 30_000) * 0.9, "constant": np.full(count, 0.5)}
    sounds |= {f"tune {at}": 0.2 * changes.tune(count, rng, HEARD_HZ) for at in range(20)}
    for name, wave in sounds.items():
        book.note(net.windows(wave), wave, kind="made", file=name)
    for path in sorted(path for path in humans.STAMPS.rglob("*.ogg") if "_desc" not in path.name):
        wave = changes.decode(path, HEARD_HZ)
        book.note(net.windows(wave), wave, kind="stamps", file=path.name)
    for voice, files, options, _ in recordings():
        for _, wave in changes.recordings(files[:10], MADE_HZ, options):
            if len(wave) < 1.5 * MADE_HZ:
                continue
            made = {"clipped": np.clip(wave * 20, -1, 1), "a fifth of a second, repeated": np.tile(wave[MADE_HZ : MADE_HZ * 6 // 5], 15), "backwards": wave[::-1].copy()}
            for name, sound in made.items():
                heard = changes.plain(sound)
                book.note(net.windows(heard), heard, kind="spoilt", voice=voice, file=name)
            heard = changes.of(rng_for("odd", voice))["telephone, 8 kHz A-law"](wave)
            book.note(net.windows(heard), heard, kind="spoilt", voice=voice, file="telephone")


def theirs(figures, book):
    """The publisher's own decoder on the untouched files that reach highest here."""
    import publisher
    watermarker = publisher.load()
    highest = {(row["voice"], row["file"]): row for row in sorted(read(figures, "untouched"), key=lambda row: -row["score"])[:THEIRS] if row["kind"] == "human"}
    for voice, files, options, _ in recordings():
        for path, wave in changes.recordings([path for path in files if (voice, path.name) in highest], HEARD_HZ, options):
            answer = publisher.decode(watermarker, wave, HEARD_HZ)
            book.note([highest[voice, path.name]["score"]], wave, kind="human", voice=voice, file=path.name, publisher=round(answer, 4))


def media(net, book, folder):
    """Labelled sounds; no setting was chosen on them."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        wave = changes.decode(path, HEARD_HZ)
        book.note(net.windows(wave), wave, kind=path.relative_to(folder).parts[0], file=path.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=["untouched", "joined", "music", "theirs", "marked", "odd", "media", "report"])
    parser.add_argument("net", type=Path)
    parser.add_argument("figures", type=Path)
    parser.add_argument("--media", type=Path, help="a folder with `real` and `ai`")
    args = parser.parse_args()
    args.figures.mkdir(parents=True, exist_ok=True)
    if args.step == "report":
        return show(args.figures)
    net, book = Net(args.net), Book(args.figures, args.step)
    steps = {"untouched": untouched, "joined": joined, "music": music, "marked": marked, "odd": odd}
    steps |= {"theirs": lambda _, book: theirs(args.figures, book), "media": lambda net, book: media(net, book, args.media)}
    steps[args.step](net, book)


if __name__ == "__main__":
    main()
