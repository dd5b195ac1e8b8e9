"""What the pixels of a still picture say without any encoder: noise residuals and frequencies.

    python residuals.py FOLDER

Writes FOLDER/residuals.npz for the rows of stills.py: `vectors` (co-occurrences of high-pass residuals after Fridrich and Kodovsky's
rich models, 2012), `spectrum` (ring averages, peaks and autocorrelation, after Durall 2020 and Corvi 2023) and `squares`, from
which both are taken: the middle 256 pixels unscaled, the same number for every picture. What is smaller is mirrored at its edge.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import convolve, median_filter
from stills import stills

SIDE_PX = 256
BLOCK_PX = 64
KERNELS = (
    np.array([[-1, 1]]),
    np.array([[1, -2, 1]]) / 2,
    np.array([[-1, 2, -1], [2, -4, 2], [-1, 2, -1]]) / 4,
    np.array([[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]]) / 12,
)
STEPS = (1.0, 3.0)  # of rounding, in grey levels
REACH = 2  # rounded residuals are cut off here, so that three neighbours have 125 combinations
LAGS = 9


def main(folder: Path) -> None:
    found, squares, residuals, spectra = [], [], [], []
    for row, picture in stills(folder):
        square = middle(picture)
        found.append(row)
        squares.append(square)
        residuals.append(residual(square))
        spectra.append(spectrum(square))
    np.savez(folder / "residuals.npz", rows=np.array(found), squares=np.array(squares), vectors=np.array(residuals, np.float32),
             spectrum=np.array(spectra, np.float32))  # fmt: skip


def middle(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture)
    short = [max(0, SIDE_PX - side) for side in pixels.shape[:2]]
    pixels = np.pad(pixels, [*((gap // 2, gap - gap // 2) for gap in short), (0, 0)], "symmetric")
    top, left = ((side - SIDE_PX) // 2 for side in pixels.shape[:2])
    return pixels[top : top + SIDE_PX, left : left + SIDE_PX]


def grey(square: np.ndarray) -> np.ndarray:
    return square @ np.array([0.299, 0.587, 0.114])


def residual(square: np.ndarray) -> np.ndarray:
    """Co-occurrences of three neighbours along rows and columns, and the spread and peakedness of each residual."""
    light, features = grey(square), []
    for kernel in KERNELS:
        across, down = convolve(light, kernel), convolve(light, kernel.T)
        for step in STEPS:
            features.append(triples(across, step) + triples(down.T, step))
        size = np.abs(across).mean() + 1e-3
        features.append([np.log(size), np.log(across.std() + 1e-3), np.log(np.median(np.abs(across)) / size + 1e-2)])
    colours = [convolve(square[..., channel].astype(float), KERNELS[2]).ravel() for channel in range(3)]
    with np.errstate(invalid="ignore"):
        likeness = np.nan_to_num(np.corrcoef(colours)[np.triu_indices(3, 1)], nan=1.0)
    return np.concatenate([*features, likeness])


def triples(values: np.ndarray, step: float) -> np.ndarray:
    """Roots of the shares of the 125 combinations, those that differ by sign or direction alone taken together."""
    level = np.clip(np.rint(values / step), -REACH, REACH).astype(int) + REACH
    wide = 2 * REACH + 1
    codes = (level[:, :-2] * wide + level[:, 1:-1]) * wide + level[:, 2:]
    share = np.bincount(codes.ravel(), minlength=wide**3).reshape(wide, wide, wide) / codes.size
    share = share + share[::-1, ::-1, ::-1]
    share = share + share.transpose(2, 1, 0)
    return np.sqrt(share.ravel()[: wide**3 // 2 + 1])


def spectrum(square: np.ndarray) -> np.ndarray:
    """Shape, not strength: of the picture and of its residual, the mean is taken off."""
    light = grey(square)
    noise = light - median_filter(light, 3)
    power, noise_power = block_power(light), block_power(noise)
    rings = [ring - ring.mean() for ring in (ring_means(power), ring_means(noise_power))]
    return np.concatenate([*rings, peaks(noise_power), autocorrelation(noise)])


def block_power(values: np.ndarray) -> np.ndarray:
    """Log power, zero frequency in the middle, averaged over half-overlapping Hann-windowed blocks."""
    window = np.outer(np.hanning(BLOCK_PX), np.hanning(BLOCK_PX))
    starts = range(0, SIDE_PX - BLOCK_PX + 1, BLOCK_PX // 2)
    blocks = np.array([values[y : y + BLOCK_PX, x : x + BLOCK_PX] for y in starts for x in starts])
    blocks = (blocks - blocks.mean(axis=(1, 2), keepdims=True)) * window
    return np.log(np.fft.fftshift(np.mean(np.abs(np.fft.fft2(blocks)) ** 2, axis=0)) + 1.0)


def ring_means(power: np.ndarray) -> np.ndarray:
    y, x = np.indices(power.shape) - BLOCK_PX // 2
    ring = np.rint(np.hypot(x, y)).astype(int).ravel()
    return (np.bincount(ring, power.ravel()) / np.bincount(ring))[1 : BLOCK_PX * 45 // 64]


def peaks(power: np.ndarray) -> np.ndarray:
    """How far the frequencies that are multiples of 1/8 stand out: the traces of upsampling, and of JPEG's blocks."""
    stands_out = power - median_filter(power, 5, mode="wrap")
    at = np.arange(0, BLOCK_PX // 2 + 1, BLOCK_PX // 8)
    rows, columns = np.meshgrid((BLOCK_PX // 2 + at) % BLOCK_PX, (BLOCK_PX // 2 + at) % BLOCK_PX, indexing="ij")
    return stands_out[rows, columns].ravel()[1:]


def autocorrelation(noise: np.ndarray) -> np.ndarray:
    power = np.abs(np.fft.fft2(noise - noise.mean())) ** 2
    lags = np.fft.ifft2(power).real
    lags = (lags + np.roll(lags[:, ::-1], 1, axis=1)) / 2
    return (lags / (lags[0, 0] + 1e-6))[:LAGS, :LAGS].ravel()[1:]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: residuals.py FOLDER")
    main(Path(sys.argv[1]))
