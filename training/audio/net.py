"""The net: spectrum, band means removed, a small CNN, one logit.

Everything from the wave on is part of the net (and of the exported graph), so that
whoever runs it needs no signal processing.
"""

import numpy as np
import torch
from torch import nn

WINDOW = 48_000  # 3 s at 16 kHz
FFT, HOP, BANDS = 512, 160, 80
LOWEST_HZ, HIGHEST_HZ = 60.0, 6_900.0  # G.722, through which much of the human speech came, ends at 7 kHz
FLOOR = 3e-5
SCALE = 0.4


BINS = int(HIGHEST_HZ * FFT / 16_000) + 2  # bins above the highest band are not computed


def dft_kernel():
    """Windowed cosine rows, then sine rows: [2 * BINS, 1, FFT]."""
    n = np.arange(FFT)
    bins = np.arange(BINS)[:, None]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / FFT)
    angle = 2 * np.pi * bins * n / FFT
    return np.concatenate([np.cos(angle) * window, -np.sin(angle) * window])[:, None].astype(np.float32)


def band_matrix():
    """Overlapping triangles on a linear scale: [BANDS, BINS]."""
    hz = np.arange(BINS) * 16_000 / FFT
    edges = np.linspace(LOWEST_HZ, HIGHEST_HZ, BANDS + 2)
    step = edges[1] - edges[0]
    return np.maximum(0, 1 - np.abs(hz - edges[1:-1, None]) / step).astype(np.float32)


class Front(nn.Module):
    """wave [n, 48000] -> log band levels with each band's mean removed [n, 1, BANDS, frames]."""

    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", torch.from_numpy(dft_kernel()))
        self.register_buffer("bands", torch.from_numpy(band_matrix()))

    def levels(self, wave):
        """Log band levels [n, BANDS, frames]."""
        parts = nn.functional.conv1d(wave[:, None], self.kernel, stride=HOP)
        power = parts[:, :BINS] ** 2 + parts[:, BINS:] ** 2
        return torch.log(torch.matmul(self.bands, power) + FLOOR)

    def forward(self, wave):
        levels = self.levels(wave)
        return ((levels - levels.mean(dim=2, keepdim=True)) * SCALE)[:, None]


def block(inputs, outputs, kernel, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Body(nn.Module):
    """levels [n, 1, BANDS, frames] -> logit [n, 1]."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(block(1, 16, 5, 2), block(16, 32, 3, 2), block(32, 48, 3, 2), block(48, 64, 3, 1), block(64, 64, 3, 1))
        self.hidden = nn.Linear(2 * 64 * 10, 48)
        self.logit = nn.Linear(48, 1)
        self.drop = nn.Dropout(0.3)

    def forward(self, levels):
        x = self.blocks(levels)
        x = torch.cat([x.mean(dim=3), x.amax(dim=3)], dim=1).flatten(1)
        return self.logit(self.drop(torch.relu(self.hidden(self.drop(x)))))
