"""The publisher's own encoder and decoder: `resemble-perth` 1.0.1, as it is.

It asks for torchaudio and librosa, of which it uses two transforms and a resampler; these are put in their place here by what torch and scipy have,
so that Debian's python3-torch is enough.
"""

import sys
import types
from math import gcd

import torch
from scipy.signal import resample_poly

RATE = 32_000


class Spectrogram(torch.nn.Module):
    """Complex, centred, with reflected ends: torchaudio's defaults."""

    def __init__(self, n_fft, win_length, hop_length, window_fn, normalized, power=None):
        super().__init__()
        self.settings = dict(n_fft=n_fft, hop_length=hop_length, win_length=win_length)
        self.register_buffer("window", window_fn(win_length))

    def forward(self, wave):
        return torch.stft(wave, center=True, pad_mode="reflect", return_complex=True, window=self.window, **self.settings)


class InverseSpectrogram(Spectrogram):
    def forward(self, spectrum):
        return torch.istft(spectrum, center=True, window=self.window, **self.settings)


class TimeStretch(torch.nn.Module):
    """Never used; the checkpoint holds its numbers."""

    def __init__(self, n_freq, hop_length):
        super().__init__()
        self.register_buffer("phase_advance", torch.zeros(n_freq, 1))


def resample(wave, orig_sr, target_sr, **_):
    common = gcd(orig_sr, target_sr)
    return resample_poly(wave, target_sr // common, orig_sr // common).astype("float32")


def stand_in(name, **content):
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module


def load():
    """The publisher's watermarker."""
    torch.set_num_threads(1)
    stand_in("torchaudio")
    stand_in("torchaudio.transforms", Spectrogram=Spectrogram, InverseSpectrogram=InverseSpectrogram, TimeStretch=TimeStretch)
    stand_in("librosa", resample=resample)
    from perth.perth_net.perth_net_implicit.perth_watermarker import PerthImplicitWatermarker
    return PerthImplicitWatermarker()


def mark(watermarker, wave, rate):
    return watermarker.apply_watermark(wave, sample_rate=rate)


@torch.no_grad()
def decode(watermarker, wave, rate):
    """The mean answer, not rounded; not a number where the sound is silent."""
    return float(watermarker.get_watermark(wave, sample_rate=rate, round=False))
