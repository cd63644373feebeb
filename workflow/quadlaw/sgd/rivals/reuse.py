"""Fixed samples, used more than once: SGD in epochs, gradient descent and ridge regression."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quadlaw.base.layout import rows
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.streams import chunks, stream_key
from quadlaw.sgd.train import Sample

TOGETHER = 1 << 22  # bytes of short epochs that are passed on at once: the last-level cache


def fixed_samples(
    spectrum: Spectrum, samples: int, replicate: int, seed: int, dtype: str
) -> tuple[np.ndarray, np.ndarray]:
    """``x, y`` of ``n`` samples, those of one pass: :func:`quadlaw.sgd.streams.chunks`."""
    x, y = rows(samples, spectrum.size, dtype), np.empty(samples, dtype)
    for start, some, labels in chunks(spectrum, samples, replicate, seed, [samples], dtype):
        x[start : start + len(labels)], y[start : start + len(labels)] = some, labels
    return x, y


def epochs(
    spectrum: Spectrum, x: np.ndarray, y: np.ndarray, number: int, replicate: int, seed: int
) -> Iterator[Sample]:
    """A stream of ``number`` passes over the samples, for :func:`quadlaw.sgd.train.train`.

    The first pass is in order, and so it is that of one-pass SGD. Each later one is in a random
    order, a function of the key of the samples.
    """
    n, key = len(y), stream_key(spectrum, len(y), replicate, seed)
    draw = np.random.default_rng([*key])
    yield 0, x, y
    together = max(1, min(number - 1, TOGETHER // x.strides[0] // n))
    room = rows(together * n, spectrum.size, x.dtype.name)
    for done in range(1, number, together):
        count = min(together, number - done)
        order = draw.permuted(np.tile(np.arange(n), (count, 1)), axis=1).ravel()
        some = np.take(x, order, axis=0, out=room[: len(order)], mode="clip")  # unbuffered
        yield done * n, some, y[order]


@dataclass(frozen=True)
class LeastSquares:
    """The linear model on fixed samples, from ``w_0``: closed forms in the samples' eigenbasis.

    Attributes
    ----------
    start : float
        ``w_0``, the same for all coordinates.
    eigenvalues : ndarray, shape (M,)
        ``s``, of the second moments of the samples.
    vectors : ndarray, shape (M, M)
    pull : ndarray, shape (M,)
        The mean of ``(y - <x, w_0>) x``, in the eigenbasis.
    """

    start: float
    eigenvalues: np.ndarray
    vectors: np.ndarray
    pull: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray, size: int, start: float) -> "LeastSquares":
        """Of samples of which ``size`` coordinates are seen."""
        x = x[:, :size].astype(float)
        eigenvalues, vectors = np.linalg.eigh(x.T @ x / len(y))
        pull = x.T @ (y - start * x.sum(axis=1)) / len(y)
        return cls(start, np.maximum(eigenvalues, 1e-300), vectors, vectors.T @ pull)

    def gradient_descent(self, time: float) -> np.ndarray:
        """Weights after ``time``, the step size times the steps, in the limit of small steps."""
        s = self.eigenvalues
        return self.start + self.vectors @ (-np.expm1(-s * time) / s * self.pull)

    def ridge(self, penalty: float) -> np.ndarray:
        """Weights of least mean square error over two plus half of ``penalty |w - w_0|^2``."""
        return self.start + self.vectors @ (self.pull / (self.eigenvalues + penalty))
