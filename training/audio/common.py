"""Paths, sound in and out, trimming, level, and the store every step reads and writes.

A store is two files: `<name>.npy` (all sound end to end, int16, 16 kHz) and
`<name>.csv` (one row per utterance, with its place in the sound file).
"""

import csv
import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
DEB = DATA / "deb"
RATE = 16_000
VOICED_RMS = 0.05
SHARE = float(os.environ.get("SHARE", "1"))  # of each source's utterances, for trials that cannot wait for all of them
EVERY = int(os.environ.get("EVERY", "1"))  # copies are made of every n-th recording
FIELDS = ["id", "label", "family", "engine", "voice", "language", "source", "split", "offset", "samples"]


def share(count):
    """How many of `count` utterances of one voice are made; a smaller share is a part of the larger."""
    return max(1, round(count * SHARE))


def rng_for(*parts):
    """A random generator that depends on the names alone, so order of work does not matter."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "little"))


def decode(path, *input_options):
    """Any sound file as mono float32 at 16 kHz."""
    command = ["ffmpeg", "-v", "error", "-nostdin", *input_options, "-i", str(path),
               "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    raw = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, "<i2").astype(np.float32) / 32768.0


def resample(wave, rate):
    """A float wave at `rate` brought to 16 kHz."""
    from math import gcd
    from scipy.signal import resample_poly
    if rate == RATE:
        return np.asarray(wave, np.float32)
    g = gcd(rate, RATE)
    return resample_poly(wave, RATE // g, rate // g).astype(np.float32)


def frame_levels(wave, size=320):
    """RMS of each 20 ms frame."""
    n = len(wave) // size
    if n == 0:
        return np.zeros(0, np.float32)
    return np.sqrt((wave[: n * size].reshape(n, size) ** 2).mean(axis=1))


def voiced_mask(wave):
    """Frames less than 30 dB below the loud ones (95th percentile)."""
    levels = frame_levels(wave)
    if len(levels) == 0:
        return levels.astype(bool)
    return levels > max(np.percentile(levels, 95) * 10 ** (-30 / 20), 1e-4)


def trim(wave):
    """Cuts silence at both ends; an empty array when nothing is voiced."""
    where = np.flatnonzero(voiced_mask(wave))
    if len(where) == 0:
        return wave[:0]
    return wave[max(0, (where[0] - 2) * 320): (where[-1] + 3) * 320]


def set_level(wave):
    """RMS 0.05 over the voiced frames, clipped to [-1, 1]: what the pipeline feeds the net."""
    mask = voiced_mask(wave)
    if not mask.any():
        return wave
    n = len(mask)
    rms = np.sqrt((wave[: n * 320].reshape(n, 320)[mask] ** 2).mean())
    return np.clip(wave * (VOICED_RMS / max(rms, 1e-6)), -1.0, 1.0).astype(np.float32)


def pack(clips, rng, at_least=3.2, at_most=7.0):
    """Joins short clips of one voice, with short pauses, into utterances of 3.2 to 7 seconds."""
    out, parts, length = [], [], 0
    for clip in clips:
        if parts:
            pause = np.zeros(int(rng.uniform(0.05, 0.3) * RATE), np.float32)
            parts.append(pause)
            length += len(pause)
        parts.append(clip)
        length += len(clip)
        if length >= at_least * RATE:
            out.append(np.concatenate(parts)[: int(at_most * RATE)])
            parts, length = [], 0
    return out


def write_store(name, rows, waves):
    """Writes the store `name`; every wave is levelled first."""
    offset, sound = 0, []
    for row, wave in zip(rows, waves):
        pcm = (set_level(wave) * 32767).astype(np.int16)
        row.update(offset=offset, samples=len(pcm))
        offset += len(pcm)
        sound.append(pcm)
    np.save(DATA / f"{name}.npy", np.concatenate(sound))
    with open(DATA / f"{name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    print(f"{name}: {len(rows)} utterances, {offset / RATE / 60:.0f} min")


def read_store(name):
    """Rows of the store `name` and a function row -> float32 wave."""
    with open(DATA / f"{name}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    sound = np.load(DATA / f"{name}.npy", mmap_mode="r")
    for row in rows:
        row["offset"], row["samples"] = int(row["offset"]), int(row["samples"])
    return rows, lambda row: sound[row["offset"]: row["offset"] + row["samples"]].astype(np.float32) / 32767
