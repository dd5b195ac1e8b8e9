"""What every reader asks of shapes and numbers."""

import numpy as np

from ..refused import Refused

MAX_AXES = 8
# More values than any net of this project has; a file that claims more is wrong or hostile.
MAX_VALUES = 1 << 33


def count(shape: object, what: str) -> int:
    """How many values a shape holds; refuses what is no shape."""
    if not isinstance(shape, (list, tuple)) or len(shape) > MAX_AXES or not all(type(n) is int and n >= 0 for n in shape):
        raise Refused(f"the shape of {what} is no list of up to {MAX_AXES} lengths")
    total = 1
    for side in shape:
        total *= side
        if total > MAX_VALUES:
            raise Refused(f"the shape of {what} asks for too many values")
    return total


def bfloat16_to_float32(bits: np.ndarray) -> np.ndarray:
    """The upper half of a float32, given as 16-bit integers."""
    return (bits.astype(np.uint32) << 16).view(np.float32)
