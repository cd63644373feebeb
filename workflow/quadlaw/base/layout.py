"""Arrays laid out for vector instructions.

Rows begin on cache lines, as a vector that crosses one takes twice as long to load and store. They
hold an odd number of lines, as rows a power of two apart compete for the same places in the cache.
They end in zeros, so that a sweep over whole vectors needs no rest of single numbers.
"""

import numpy as np

LINE = 64  # bytes of a cache line
WHOLE = 32  # numbers that a sweep takes at once


def whole(size: int) -> int:
    """The least multiple of ``WHOLE`` that is not less than ``size``."""
    return -(-size // WHOLE) * WHOLE


def rows(count: int, size: int, dtype: str) -> np.ndarray:
    """Zeros of shape (count, m) for ``count`` rows of ``size`` numbers; ``m > whole(size)``."""
    item = np.dtype(dtype).itemsize
    width = whole(size) + 3 * LINE // item
    memory = np.zeros(count * width * item + LINE, np.uint8)
    start = -memory.ctypes.data % LINE
    return memory[start : start + count * width * item].view(dtype).reshape(count, width)
