"""Measures the speech finder: human clips of a labelled folder, and sounds that are no speech, made here.

    python check_speech_finder.py FOLDER SILERO.onnx

FOLDER holds manifest.csv (path, label, kind). The made sounds are a minute each at three levels.
"""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
from golden import framed, session

RATE_HZ = 16_000
SECS = 60


def main(folder: Path, weights: Path) -> None:
    vad = session(weights)
    with (folder / "manifest.csv").open() as rows:
        human = [row["path"] for row in csv.DictReader(rows) if row["kind"] == "audio" and row["label"] == "0"]
    shares = np.array([voiced(vad, decoded(folder / path)) for path in human])
    print(f"human clips: {len(shares)}, voiced share median {np.median(shares):.2f}, least {shares.min():.2f}")
    for name, sound in noises().items():
        print(f"{name}: voiced " + ", ".join(f"{voiced(vad, sound * level):.3f} at RMS {level}" for level in (0.003, 0.03, 0.2)))


def noises() -> dict[str, np.ndarray]:
    """Each with an RMS of 1."""
    draw = np.random.default_rng(7)
    time_secs = np.arange(SECS * RATE_HZ) / RATE_HZ
    white = draw.standard_normal(len(time_secs))
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), len(white))
    hum = sum(np.sin(2 * np.pi * 50 * n * time_secs) / n for n in (1, 2, 3, 5))
    notes = 220 * 2 ** (draw.integers(0, 13, SECS * 4) / 12)
    pitch = np.repeat(notes, RATE_HZ // 4)
    tune = np.sin(2 * np.pi * np.cumsum(pitch) / RATE_HZ) * np.tile(np.linspace(1, 0.1, RATE_HZ // 4), SECS * 4)
    sounds = {"white noise": white, "pink noise": pink, "mains hum": hum, "plucked tune": tune}
    return {name: (sound / np.sqrt(np.mean(sound**2))).astype(np.float32) for name, sound in sounds.items()}


def voiced(vad, samples: np.ndarray) -> float:
    memory = np.zeros((1, 1, 128), np.float32)
    said = vad.run(["speech_probs"], {"input": framed(np.clip(samples, -1, 1)), "h": memory, "c": memory})[0]
    return float((said >= 0.5).mean())


def decoded(path: Path) -> np.ndarray:
    ask = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(ask, check=True, capture_output=True).stdout, "<f4")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: check_speech_finder.py FOLDER SILERO.onnx")
    main(Path(sys.argv[1]), Path(sys.argv[2]))
