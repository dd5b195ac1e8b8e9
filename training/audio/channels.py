"""Step 4: both classes through the same channels, then cut to windows: the views training and tests use.

Order for each utterance: the kind of codec the human packages were stored in (for
synthetic speech only, human speech went through it already), then one distribution
channel for either class, then filter, room, noise and level.
"""

import csv
import subprocess
import sys

import numpy as np
import torch
from scipy.signal import fftconvolve, firwin2

from common import DATA, RATE, read_store, rng_for, set_level
from net import WINDOW, Front

# name: ffmpeg options of the encoder, container, ffmpeg input options to read it back
CODECS = {
    "g722": (["-ar", "16000", "-c:a", "g722"], "g722", ["-f", "g722"]),
    "vorbis-low": (["-ar", "22050", "-c:a", "libvorbis", "-q:a", "0"], "ogg", []),
    "vorbis": (["-ar", "22050", "-c:a", "libvorbis", "-q:a", "3"], "ogg", []),
    "mp3-32": (["-ar", "22050", "-c:a", "libmp3lame", "-b:a", "32k"], "mp3", []),
    "mp3-64": (["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "64k"], "mp3", []),
    "aac-48": (["-ar", "32000", "-c:a", "aac", "-b:a", "48k"], "adts", []),
    "opus-16": (["-c:a", "libopus", "-b:a", "16k", "-application", "voip"], "ogg", []),
    "opus-32": (["-c:a", "libopus", "-b:a", "32k"], "ogg", []),
    "gsm": (["-ar", "8000", "-c:a", "libgsm"], "gsm", ["-f", "gsm"]),
    "alaw-8k": (["-ar", "8000", "-c:a", "pcm_alaw"], "wav", []),
}
SOURCE_CODECS = {"asterisk-core-sounds": ["g722"], "tuxpaint-stamps-default": ["vorbis", "vorbis-low"],
                 "fillets-ng-data-cs": ["vorbis", "vorbis-low"], "fillets-ng-data-nl": ["vorbis", "vorbis-low"],
                 "asterisk-prompt-it-menardi": ["alaw-8k"], "asterisk-prompt-fr-armelle": ["gsm"], "asterisk-prompt-es-co": ["gsm"]}
ENGINE_SOURCES = ["g722"] * 4 + ["vorbis"] * 3 + ["vorbis-low"] * 2 + ["gsm", "alaw-8k"] + ["none"] * 2
GAP = int(0.25 * RATE)
VIEWS = {"humans": 5, "volunteers": 0, "copies": 2, "engines": 3}  # training views of each utterance; everything has one test view besides


def through(codec, waves):
    """Many waves through one codec at once, joined with gaps (an encoder's start is dear)."""
    if codec == "none" or not waves:
        return waves
    encoder, container, reader = CODECS[codec]
    gap = np.zeros(GAP, np.float32)
    joined = np.concatenate([part for wave in waves for part in (wave, gap)])
    pcm = (np.clip(joined, -1, 1) * 32767).astype("<i2").tobytes()
    quiet = ["ffmpeg", "-v", "error", "-threads", "1"]
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1"]
    coded = subprocess.run([*quiet, *raw, "-i", "-", *encoder, "-f", container, "-"], input=pcm, stdout=subprocess.PIPE, check=True).stdout
    back = subprocess.run([*quiet, *reader, "-i", "-", *raw, "-"], input=coded, stdout=subprocess.PIPE, check=True).stdout
    sound = np.frombuffer(back, "<i2").astype(np.float32) / 32768
    sound = np.pad(sound, (0, max(0, len(joined) - len(sound)) + RATE))
    out, start = [], delay(joined, sound)
    for wave in waves:
        out.append(sound[start: start + len(wave)])
        start += len(wave) + GAP
    return out


def delay(before, after, most=4000):
    """Samples by which a codec set the sound back, from the first 20 seconds."""
    n = min(len(before), len(after), 20 * RATE)
    match = np.fft.irfft(np.fft.rfft(after[:n], 2 * n) * np.conj(np.fft.rfft(before[:n], 2 * n)))
    return int(np.argmax(np.abs(match[:most])))


def grouped(waves, codecs):
    """Each wave through its own codec; the codec's process is shared."""
    out = [None] * len(waves)
    for codec in sorted(set(codecs)):
        where = [i for i, c in enumerate(codecs) if c == codec]
        for start in range(0, len(where), 400):
            part = where[start: start + 400]
            for i, wave in zip(part, through(codec, [waves[i] for i in part])):
                out[i] = wave
    return out


def disturb(wave, rng):
    """Filter, room, noise, clipping: one random draw, the same for both classes."""
    if rng.random() < 0.35:  # band limit and tilt
        top = rng.uniform(3000, 7300)
        gain = [1, 10 ** (rng.uniform(-8, 8) / 20), 0, 0]
        wave = fftconvolve(wave, firwin2(129, [0, top / 8000, top / 8000 * 1.08, 1], gain), "same")
    if rng.random() < 0.2:  # a small room
        length = int(rng.uniform(0.05, 0.25) * RATE)
        tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / length)
        tail *= rng.uniform(0.1, 0.5) / np.sqrt((tail ** 2).sum())
        tail[0] += 1.0
        wave = fftconvolve(wave, tail)[: len(wave)]
    if rng.random() < 0.85:  # noise: from white to brown, 12 to 55 dB below the speech
        spectrum = np.fft.rfft(rng.standard_normal(len(wave)))
        spectrum /= np.maximum(1, np.arange(len(spectrum))) ** rng.uniform(0, 0.9)
        noise = np.fft.irfft(spectrum, len(wave))
        noise *= np.sqrt((wave ** 2).mean()) / noise.std() * 10 ** (-rng.uniform(12, 55) / 20)
        wave = wave + noise
    if rng.random() < 0.05:
        wave = np.clip(wave, -0.25, 0.25)
    return wave.astype(np.float32)


def windows(wave, rng=None, size=WINDOW):
    """One random window (training), or all of them side by side, the last one flush with the end."""
    if len(wave) < size:
        wave = np.tile(wave, -(-size // max(1, len(wave))))[:size]
    if rng is not None:
        start = rng.integers(len(wave) - size + 1)
        return [wave[start: start + size]]
    starts = list(range(0, len(wave) - WINDOW + 1, WINDOW))
    if starts[-1] + WINDOW < len(wave) - RATE // 2:
        starts.append(len(wave) - WINDOW)
    return [wave[s: s + WINDOW] for s in starts]


def from_source(rows, waves):
    """Synthetic speech through the codecs the human packages are stored in; humans as they are."""
    codecs = []
    for row in rows:
        kinds = ["none"] if row["label"] == "human" else SOURCE_CODECS.get(row["source"], ENGINE_SOURCES)
        codecs.append(str(rng_for("source", row["id"]).choice(kinds)))
    return grouped(waves, codecs)


def prepare(rows, waves, view):
    """The waves of one view, every channel applied; training views are cut to little over a window first."""
    if view != "test":
        waves = [windows(w, rng_for("window", row["id"], view), WINDOW + 3200)[0] for row, w in zip(rows, waves)]
    channels = []
    for row in rows:
        rng = rng_for("channel", row["id"], view)
        channels.append("none" if rng.random() < 0.3 else str(rng.choice(list(CODECS))))
    out = []
    for row, wave in zip(rows, grouped(waves, channels)):
        rng = rng_for("disturb", row["id"], view)
        keep = view == "test" and rng.random() < 0.5  # half of the tests stay as they came
        out.append(set_level(wave if keep else disturb(wave, rng)))
    return out, channels


def add_windows(front, part, view, waves, found):
    """Cuts one part's view to windows; appends their features, level statistics and index rows."""
    waves, channels = prepare(part, waves, view)
    batch = []
    for row, wave, channel in zip(part, waves, channels):
        for window in windows(wave, None if view == "test" else rng_for("cut", row["id"], view)):
            batch.append(window)
            found["index"].append({k: row[k] for k in ("id", "label", "family", "engine", "voice", "split")} | {"channel": channel, "view": view})
    with torch.no_grad():
        for i in range(0, len(batch), 32):
            wave = torch.from_numpy(np.stack(batch[i: i + 32]))
            levels = front.levels(wave)
            found["stats"].append(torch.cat([levels.mean(2), levels.std(2)], 1).numpy())
            found["features"].append(front(wave)[:, 0].numpy().astype(np.float16))


def main():
    """Views of the stores named on the command line (all, when none is)."""
    torch.set_num_threads(1)
    front = Front()
    for store in sys.argv[1:] or VIEWS:
        rows, wave_of = read_store(store)
        found = {"features": [], "stats": [], "index": []}
        for start in range(0, len(rows), 600):
            part = rows[start: start + 600]
            waves = from_source(part, [wave_of(row) for row in part])
            add_windows(front, part, "test", waves, found)
            inside = [i for i, row in enumerate(part) if row["split"] == "train"]
            for view in range(VIEWS[store]):
                add_windows(front, [part[i] for i in inside], view, [waves[i] for i in inside], found)
            print(store, start + len(part), "of", len(rows), flush=True)
        np.save(DATA / f"views-{store}.npy", np.concatenate(found["features"]))
        np.save(DATA / f"stats-{store}.npy", np.concatenate(found["stats"]))
        with open(DATA / f"views-{store}.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, found["index"][0].keys())
            writer.writeheader()
            writer.writerows(found["index"])


if __name__ == "__main__":
    main()
