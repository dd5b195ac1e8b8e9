"""A small convolutional net on patches of a high-pass residual, trained from scratch: what a net finds that nobody wrote down.

Five layers, some 40,000 parameters, patches of 64 pixels. The score of a picture is the mean over its four corner patches.
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

PATCH_PX = 64
CHANNELS = (3, 16, 32, 48, 64)
BATCH = 64
RATE = 2e-3
# In grey levels. What goes beyond is edges, which say what is shown and not how it was made.
LARGEST = 8.0


def fit(squares: np.ndarray, generated: np.ndarray, weights: np.ndarray, steps: int, seed: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    """`squares`: pictures x side x side x 3 in bytes. Pictures are drawn by their weight, turned and mirrored at random."""
    draw = np.random.default_rng(seed)
    params = start(draw)
    moments = jax.tree.map(jnp.zeros_like, params), jax.tree.map(jnp.zeros_like, params)
    chances = weights / weights.sum()
    for step in range(1, steps + 1):
        rows = draw.choice(len(squares), BATCH, p=chances)
        tops, lefts = draw.integers(0, squares.shape[1] - PATCH_PX, (2, BATCH))
        patches = np.array([turned(cut(squares[r], y, x), draw) for r, y, x in zip(rows, tops, lefts)])
        rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
        params, moments = update(params, moments, patches, generated[rows].astype(np.float32), step, rate)
    return partial(score, params)


def score(params: list, squares: np.ndarray) -> np.ndarray:
    spots = np.linspace(0, squares.shape[1] - PATCH_PX, 2).astype(int)
    patches = [np.array([cut(square, y, x) for y in spots for x in spots]) for square in squares]
    return np.array([float(jnp.mean(logits(params, one))) for one in patches])


def cut(square: np.ndarray, top: int, left: int) -> np.ndarray:
    return square[top : top + PATCH_PX, left : left + PATCH_PX]


def turned(patch: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    patch = np.rot90(patch, draw.integers(4))
    return patch[:, ::-1] if draw.random() < 0.5 else patch


def start(draw: np.random.Generator) -> list:
    shapes = [(3, 3, before, after) for before, after in zip(CHANNELS, CHANNELS[1:])]
    layers = [(draw.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape), np.zeros(shape[3])) for shape in shapes]
    layers.append((draw.normal(0, 0.01, CHANNELS[-1]), np.zeros(())))
    return jax.tree.map(lambda value: jnp.asarray(value, jnp.float32), layers)


@jax.jit
def logits(params: list, patches: jax.Array) -> jax.Array:
    values = highpass(patches.astype(jnp.float32))
    for number, (kernel, bias) in enumerate(params[:-1]):
        stride = (1, 1) if number == len(params) - 2 else (2, 2)
        values = jax.lax.conv_general_dilated(values, kernel, stride, "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
        values = jax.nn.relu(values)
    kernel, bias = params[-1]
    return values.mean(axis=(1, 2)) @ kernel + bias


def highpass(patches: jax.Array) -> jax.Array:
    """Second differences along both axes (the 3 x 3 kernel of residuals.py), by shifts; the border goes round and is cut off."""
    for axis in (1, 2):
        patches = patches - (jnp.roll(patches, 1, axis) + jnp.roll(patches, -1, axis)) / 2
    return jnp.clip(patches[:, 1:-1, 1:-1], -LARGEST, LARGEST) / LARGEST * 4


@jax.jit
def update(params: list, moments: tuple, patches: jax.Array, truth: jax.Array, step: int, rate: float) -> tuple[list, tuple]:
    """One step of Adam on the logistic loss, with weight decay."""

    def loss(values: list) -> jax.Array:
        guess = logits(values, patches)
        return jnp.mean(jnp.logaddexp(0.0, guess) - truth * guess)

    slopes = jax.grad(loss)(params)
    first = jax.tree.map(lambda old, new: 0.9 * old + 0.1 * new, moments[0], slopes)
    second = jax.tree.map(lambda old, new: 0.99 * old + 0.01 * new**2, moments[1], slopes)

    def moved(value: jax.Array, mean: jax.Array, square: jax.Array) -> jax.Array:
        move = mean / (1 - 0.9**step) / (jnp.sqrt(square / (1 - 0.99**step)) + 1e-8)
        return value - rate * (move + 0.01 * value)

    return jax.tree.map(moved, params, first, second), (first, second)
