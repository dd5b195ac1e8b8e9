"""What happens to sound on its way: each change takes sound at 24 kHz and gives it at 16 kHz, as a detector gets it."""

import subprocess
from math import gcd

import numpy as np
import soundfile
from scipy.signal import resample_poly

# Chatterbox speaks at this rate.
MADE_HZ, HEARD_HZ = 24_000, 16_000
PCM = ["-c:a", "pcm_s16le"]


# Samples, at the codec's rate, of each block of bytes: for codecs without a header many files are decoded as one.
RAW = {"g722": (1, 2, 16_000), "gsm": (33, 160, 8_000)}


def decode(path, rate):
    wave, given = soundfile.read(path, dtype="float32", always_2d=True)
    return resampled(wave.mean(axis=1), given, rate)


def resampled(wave, given, rate):
    common = gcd(given, rate)
    return wave if given == rate else resample_poly(wave, rate // common, given // common).astype(np.float32)


def recordings(paths, rate, input_options):
    """(path, sound) of each file; `input_options` tell ffmpeg of a codec without a header."""
    if not input_options:
        yield from ((path, decode(path, rate)) for path in paths)
        return
    block, samples, given = RAW[input_options[1]]
    for first in range(0, len(paths), 100):
        some = [(path, path.read_bytes()) for path in paths[first : first + 100]]
        whole, at = ffmpeg(["-i", "-"], b"".join(data for _, data in some), given, input_options), 0
        for path, data in some:
            length = len(data) // block * samples
            yield path, resampled(whole[at : at + length], given, rate)
            at += length


def ffmpeg(source, given, rate, input_options=()):
    command = ["ffmpeg", "-v", "error", "-threads", "1", *input_options, *source, "-ac", "1", "-ar", str(rate), "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout, "<f4").copy()


def coded(wave, options, container, input_options=()):
    """Through an encoder and back."""
    raw = ["-f", "f32le", "-ar", str(MADE_HZ), "-ac", "1"]
    command = ["ffmpeg", "-v", "error", "-threads", "1", *raw, "-i", "-", *options, "-f", container, "-"]
    data = subprocess.run(command, input=wave.astype("<f4").tobytes(), stdout=subprocess.PIPE, check=True).stdout
    return ffmpeg(["-i", "-"], data, HEARD_HZ, input_options)


def plain(wave):
    """In 16 bits, at the other rate."""
    return resampled((np.rint(np.clip(wave, -1, 1) * 32767) / 32767).astype(np.float32), MADE_HZ, HEARD_HZ)


def power(wave):
    return float(np.mean(wave.astype(np.float64) ** 2))


def under(wave, other, db):
    """`other`, this much quieter, is added."""
    return wave + other * np.sqrt(power(wave) / power(other)) * 10 ** (-db / 20)


def faster(wave, factor):
    """As a tape: pitch and time."""
    places = np.arange(int(len(wave) / factor)) * factor
    return np.interp(places, np.arange(len(wave)), wave)


def noise(count, rng):
    return rng.standard_normal(count)


def tune(count, rng, rate=MADE_HZ):
    """Struck notes with four partials, two a second, over three octaves."""
    time, sound = np.arange(count) / rate, np.zeros(count)
    for start in range(0, count, rate // 2):
        pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
        for partial in (1, 2, 3, 4):
            sound[start:] += np.exp(-3 * (time[start:] - time[start])) * np.sin(2 * np.pi * pitch * partial * time[start:]) / partial
    return sound


def of(rng):
    """Every change by its name."""
    at_44 = ["-ar", "44100"]
    return {
        "none (16 kHz)": plain,
        "MP3, 128 kbit/s": lambda x: coded(x, [*at_44, "-c:a", "libmp3lame", "-b:a", "128k"], "mp3"),
        "MP3, 64 kbit/s": lambda x: coded(x, [*at_44, "-c:a", "libmp3lame", "-b:a", "64k"], "mp3"),
        "AAC, 64 kbit/s": lambda x: coded(x, [*at_44, "-c:a", "aac", "-b:a", "64k"], "adts"),
        "Opus, 32 kbit/s": lambda x: coded(x, ["-c:a", "libopus", "-b:a", "32k"], "ogg"),
        "Opus, 24 kbit/s": lambda x: coded(x, ["-c:a", "libopus", "-b:a", "24k"], "ogg"),
        "telephone, 8 kHz A-law": lambda x: coded(x, ["-ar", "8000", "-c:a", "pcm_alaw"], "wav"),
        "telephone, GSM": lambda x: coded(x, ["-ar", "8000", "-c:a", "libgsm"], "gsm", ["-f", "gsm"]),
        "noise, 20 dB below": lambda x: plain(under(x, noise(len(x), rng), 20)),
        "noise, 10 dB below": lambda x: plain(under(x, noise(len(x), rng), 10)),
        "music, 15 dB below": lambda x: plain(under(x, tune(len(x), rng), 15)),
        "music, 10 dB below": lambda x: plain(under(x, tune(len(x), rng), 10)),
        "3 % faster": lambda x: plain(faster(x, 1.03)),
        "3 % slower": lambda x: plain(faster(x, 0.97)),
        "10 % faster": lambda x: plain(faster(x, 1.1)),
        "10 % slower": lambda x: plain(faster(x, 0.9)),
        "10 % faster, pitch kept": lambda x: coded(x, ["-af", "atempo=1.1", *PCM], "wav"),
        "20 dB quieter": lambda x: plain(x * 0.1),
        "six times too loud, clipped": lambda x: plain(np.clip(x * 6, -1, 1)),
        "a piece of 2 s": lambda x: plain(x[MADE_HZ : 3 * MADE_HZ]),
    }
