"""Step 3: vocoder copies of the human recordings (copy synthesis).

The copy keeps speaker, sentence, room and channel of its original, so only what
the vocoder leaves behind tells the two apart. Copies of held-out speakers are made
for the report only; training sees copies of training speakers alone.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pyworld
from scipy.signal import lfilter

from common import DATA, EVERY, RATE, read_store, rng_for, set_level, write_store
from mel import triangles

MEL_FFT, MEL_HOP, MEL_BANDS = 1024, 256, 80


def world(wave, rng):
    """WORLD: pitch, spectral envelope and aperiodicity, resynthesised; half of them with the pitch shifted."""
    x = wave.astype(np.float64)
    pitch, times = pyworld.dio(x, RATE)
    pitch = pyworld.stonemask(x, pitch, times, RATE)
    envelope = pyworld.cheaptrick(x, pitch, times, RATE)
    noise = pyworld.d4c(x, pitch, times, RATE)
    if rng.random() < 0.5:
        pitch = pitch * 2 ** rng.uniform(-0.3, 0.3)
    return pyworld.synthesize(pitch, envelope, noise, RATE)


def mel_matrix():
    mel = lambda hz: 2595 * np.log10(1 + hz / 700)
    edges = 700 * (10 ** (np.linspace(mel(20), mel(RATE / 2), MEL_BANDS + 2) / 2595) - 1)
    return triangles(edges, MEL_FFT, RATE)


MEL = mel_matrix()
MEL_BACK = np.linalg.pinv(MEL)


def frames(x, size, hop):
    x = np.pad(x, (size // 2, size))
    n = 1 + (len(x) - size) // hop
    return np.lib.stride_tricks.as_strided(x, (n, size), (x.strides[0] * hop, x.strides[0]))


def overlap_add(spectra, size, hop, length):
    window = np.hanning(size)
    out = np.zeros(len(spectra) * hop + size)
    norm = np.zeros_like(out)
    for i, part in enumerate(np.fft.irfft(spectra, size)):
        out[i * hop: i * hop + size] += part * window
        norm[i * hop: i * hop + size] += window ** 2
    return (out / np.maximum(norm, 1e-3))[size // 2: size // 2 + length]


def griffin_lim(wave, rng):
    """Magnitudes taken through 80 mel bands and back; the phase found by 12 to 40 rounds of Griffin-Lim."""
    window = np.hanning(MEL_FFT)
    size = np.abs(np.fft.rfft(frames(wave.astype(np.float64), MEL_FFT, MEL_HOP) * window))
    size = np.maximum(1e-6, (size @ MEL.T) @ MEL_BACK.T)
    phase = np.exp(2j * np.pi * rng.random(size.shape))
    for _ in range(rng.integers(12, 41)):
        x = overlap_add(size * phase, MEL_FFT, MEL_HOP, len(wave))
        spectra = np.fft.rfft(frames(x, MEL_FFT, MEL_HOP)[: len(size)] * window)
        phase = spectra / np.maximum(1e-9, np.abs(spectra))
    return overlap_add(size * phase, MEL_FFT, MEL_HOP, len(wave))


def linear_prediction(wave, rng):
    """An LPC vocoder: pulses or noise through an all-pole filter of order 18, 10 ms frames."""
    hop, size, order = 160, 400, 18
    x = wave.astype(np.float64)
    pitch, times = pyworld.dio(x, RATE, frame_period=10.0)
    parts = frames(x, size, hop) * np.hanning(size)
    out, state, next_pulse = np.zeros(len(x)), np.zeros(order), 0.0
    for i in range(len(x) // hop):
        auto = np.fft.irfft(np.abs(np.fft.rfft(parts[i], 1024)) ** 2)[: order + 1]
        auto[0] = auto[0] * 1.0001 + 1e-9
        coefficients, error = levinson(auto)
        voiced = i < len(pitch) and pitch[i] > 0
        source = np.zeros(hop) if voiced else rng.standard_normal(hop)
        if voiced:
            period = RATE / pitch[i]
            while next_pulse < hop:
                source[int(next_pulse)] = np.sqrt(period)
                next_pulse += period
            source += 0.05 * rng.standard_normal(hop)
        next_pulse = max(0.0, next_pulse - hop)
        gain = np.sqrt(max(error, 0) / (np.hanning(size) ** 2).sum())
        out[i * hop: (i + 1) * hop], state = lfilter([gain], coefficients, source, zi=state)
    return out


def levinson(auto):
    """Levinson-Durbin: prediction filter and the energy it leaves."""
    a, error = np.array([1.0]), auto[0]
    for k in range(1, len(auto)):
        reflect = -(a @ auto[k: 0: -1][: len(a)]) / error
        a = np.append(a, 0.0)
        a = a + reflect * a[::-1]
        error *= 1 - reflect ** 2
    return a, error


def fargan(wave, rng, folder):
    """FARGAN, the neural vocoder inside libopus. Two thirds are copied from features that were
    disturbed the way a text-to-speech front end disturbs them: smoothed in time, pitch moved."""
    pcm, features, out = (str(folder / n) for n in ("a.pcm", "a.f32", "b.pcm"))
    (wave * 32767).astype("<i2").tofile(pcm)
    tool = str(DATA / "fargan")
    subprocess.run([tool, "-features", pcm, features], check=True)
    f = np.fromfile(features, "<f4").reshape(-1, 20)
    kind = rng.integers(3)
    if kind >= 1:
        width = int(rng.integers(2, 6))
        kernel = np.hanning(width + 2)[1:-1]
        for column in range(18):
            f[:, column] = np.convolve(f[:, column], kernel / kernel.sum(), "same")
    if kind == 2:
        f[:, 18] += rng.uniform(-0.4, 0.4)
    f.astype("<f4").tofile(features)
    subprocess.run([tool, "-fargan-synthesis", features, out], check=True)
    return np.fromfile(out, "<i2").astype(np.float32) / 32768


SIMPLE = {"world": world, "griffin-lim": griffin_lim, "lpc": linear_prediction}


def main():
    """Two copies of each training speaker's utterance, one of a held-out speaker's."""
    humans, wave_of = read_store("humans")
    rows, waves = [], []
    with tempfile.TemporaryDirectory() as name:
        for number, human in enumerate(humans[::EVERY]):
            rng = rng_for("copy", human["id"])
            plain = list(SIMPLE)[number % len(SIMPLE)]
            methods = ["fargan", plain] if human["split"] == "train" else [["fargan", plain][number % 2]]
            wave = set_level(wave_of(human))
            for method in methods:
                made = fargan(wave, rng, Path(name)) if method == "fargan" else SIMPLE[method](wave, rng)
                made = np.nan_to_num(np.clip(made, -1, 1)).astype(np.float32)
                if np.abs(made).max() < 1e-3:
                    continue
                rows.append(dict(human, id=f"copy-{method}/{human['id']}", label="synthetic", family=f"copy-{method}", engine=f"copy-{method}",
                                 split="train" if human["split"] == "train" else "heldout-copy"))
                waves.append(made)
    write_store("copies", rows, waves)


if __name__ == "__main__":
    main()
