"""Features of a Matern kernel, whose eigenvalues fall as a power of the index.

In ``d`` dimensions the eigenvalues of the kernel of smoothness ``nu`` fall as ``i^-(1 + 2 nu/d)``
(its native space is a Sobolev space of order ``nu + d/2``), so that ``nu`` sets ``alpha``.

Features come from landmarks (Nystroem's method): ``f(x) = K^(-1/2) k(x)`` with the kernel's values
``k`` at the landmarks and ``K`` among them, so that ``<f(x), f(x')>`` is the kernel wherever one of
the two is a landmark, and their eigenvalues are the kernel's as far as the landmarks reach. As many
random Fourier features would span far fewer directions: most of them are smooth, and nearly
combinations of each other.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import cdist, pdist

from quadlaw.base.checks import require

CHUNK = 1024  # rows at once: what they need stays in the cache
# k(r) by smoothness, for distances in units of the bandwidth.
MATERN: dict[float, Callable[[np.ndarray], np.ndarray]] = {
    0.5: lambda r: np.exp(-r),
    1.5: lambda r: (1 + 3**0.5 * r) * np.exp(-(3**0.5) * r),
    2.5: lambda r: (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r),
}


def matern(distance: np.ndarray, smoothness: float) -> np.ndarray:
    """The kernel at distances in units of the bandwidth; it is one at zero.

    Raises
    ------
    ValueError
        Unless the smoothness is 0.5, 1.5 or 2.5.
    """
    known = ", ".join(map(str, MATERN))
    require(smoothness in MATERN, "smoothness", smoothness, f"must be one of {known}")
    return MATERN[smoothness](distance)


def bandwidth(x: np.ndarray) -> float:
    """The median distance between rows (the median heuristic)."""
    return float(np.median(pdist(x)))


def nystroem(
    landmarks: np.ndarray, smoothness: float, size: int
) -> Callable[[np.ndarray], np.ndarray]:
    """The ``size`` leading features: a function of rows, shapes (n, d) to (n, size), float32."""
    width = bandwidth(landmarks)
    values, vectors = np.linalg.eigh(matern(cdist(landmarks, landmarks) / width, smoothness))
    least = len(values) * np.finfo(float).eps * values[-1]
    require(size <= np.sum(values > least), "size", size, "the landmarks have no such rank")
    leading = slice(-1, -size - 1, -1)
    root = (vectors[:, leading] / np.sqrt(values[leading])).astype("float32")

    def features(x: np.ndarray) -> np.ndarray:
        result = np.empty((len(x), size), "float32")
        for first in range(0, len(x), CHUNK):
            here = slice(first, first + CHUNK)
            distance = (cdist(x[here], landmarks) / width).astype("float32")
            result[here] = matern(distance, smoothness) @ root
        return result

    return features
