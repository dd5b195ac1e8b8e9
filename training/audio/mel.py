"""Filter banks; that of librosa (Slaney's scale, areas made equal), on which the pretrained networks were trained."""

import numpy as np


def to_mel(hz):
    hz = np.asarray(hz, np.float64)
    return np.where(hz < 1000, hz * 3 / 200, 15 + np.log(np.maximum(hz, 1) / 1000) * 27 / np.log(6.4))


def to_hz(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def triangles(edges, fft, rate):
    """Bands [len(edges) - 2, fft / 2 + 1] that rise from one edge (Hz) to 1 at the next and fall to the one after."""
    bins = np.fft.rfftfreq(fft, 1 / rate)
    up = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    down = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(up, down))


def mel_matrix(bands, fft, rate, highest=None):
    """Triangles [bands, fft / 2 + 1] of equal area, float32."""
    edges = to_hz(np.linspace(0, to_mel(highest or rate / 2), bands + 2))
    return (triangles(edges, fft, rate) * (2 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)
