"""Excess risk on data whose true weights nobody knows, and an eigenbasis of their own.

Least squares on ``n`` held-out rows gives weights ``h`` and the covariance ``S``. By the normal
equations the squared error of any ``w`` on these rows exceeds that of ``h`` by
``(w - h)' S (w - h)``, exactly. But ``h`` has fitted the noise of the rows: on average it is below
the best linear predictor by ``c = trace(S^-1 E e^2 x x') / n``, for residuals ``e`` of any law, and
the excess over the best predictor is estimated without bias, for ``w`` of other rows, by

    (w - h)' S (w - h) - c.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quadlaw.data.own_data import DataExponents, estimate_exponents
from quadlaw.sgd.problem import Finite

CHUNK = 4096  # rows that are held in double precision at once


@dataclass(frozen=True)
class Eigenbasis:
    """Centred features along the eigenvectors of their covariance, the first of variance one.

    Attributes
    ----------
    features : callable
        From rows to features.
    means, matrix : arrays
        ``z = (features(x) - means) @ matrix``.
    label_mean, label_scale : float
        Labels less their mean, in units of their standard deviation.
    """

    features: Callable[[np.ndarray], np.ndarray]
    means: np.ndarray
    matrix: np.ndarray
    label_mean: float
    label_scale: float

    @classmethod
    def of(cls, features: Callable, x: np.ndarray, y: np.ndarray) -> "Eigenbasis":
        """Of the rows given."""
        f = features(x)
        means = f.mean(axis=0, dtype=float)
        variances, vectors = np.linalg.eigh(_moments(f) - np.outer(means, means))
        matrix = vectors[:, ::-1] / np.sqrt(variances[-1])
        return cls(features, means, matrix, float(y.mean()), float(y.std()))

    def rows(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows and labels in this basis and these units, float32."""
        z = (self.features(x) - self.means.astype("float32")) @ self.matrix.astype("float32")
        return z, ((y - self.label_mean) / self.label_scale).astype("float32")


@dataclass(frozen=True)
class HeldOut:
    """What held-out rows say of weights.

    Attributes
    ----------
    covariance, best : arrays, shapes (M, M) and (M,)
        ``S`` and ``h``.
    noise_variance : float
        What the best linear predictor leaves of the labels' variance.
    cost, cost_error : float
        ``c``, by which the fitted floor is too low, and the standard error of that.
    meat : array, shape (M, M)
        ``E e^2 x x'``.
    rows : int
    """

    covariance: np.ndarray
    best: np.ndarray
    noise_variance: float
    cost: float
    cost_error: float
    meat: np.ndarray
    rows: int

    @classmethod
    def of(cls, z: np.ndarray, y: np.ndarray) -> "HeldOut":
        """Of held-out rows, more than there are columns."""
        n, size = z.shape
        covariance, best = least_squares(z, y)
        residual = y - z @ best
        square = residual**2 * n / (n - size)  # least squares has shrunk them by that
        meat = _moments(z, square)
        fitted = np.linalg.solve(covariance, meat) / n
        error = np.sqrt(2 * np.trace(fitted @ fitted))
        noise = float(square.mean())
        return cls(covariance, best, noise, np.trace(fitted), error, meat, n)

    def excess(self, weights: np.ndarray) -> np.ndarray:
        """Excess risk of weights of other rows, shape (L, M): shape (L,)."""
        return _form(weights - self.best, self.covariance) - self.cost

    def error(self, weights: np.ndarray) -> np.ndarray:
        """Its standard error, over the draw of held-out rows, shape (L,); of Gaussian inputs."""
        distance = weights - self.best
        spread = 4 * _form(distance, self.meat) + 2 * _form(distance, self.covariance) ** 2
        least = self.cost_error**2  # at the best weights; in the spread, h's own error has it twice
        return np.sqrt(np.maximum(spread / self.rows - least, least))


def _form(weights: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.einsum("li,li->l", weights @ matrix, weights)


def least_squares(z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The covariance of rows without a mean, and the best weights on them."""
    covariance = _moments(z)
    return covariance, np.linalg.solve(covariance, _cross(z, y))


def _moments(z: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Mean of ``weights x x'``, in double precision; the weights are not negative."""
    total = np.zeros((z.shape[1], z.shape[1]))
    for first in range(0, len(z), CHUNK):
        here = z[first : first + CHUNK].astype(float)
        if weights is not None:
            here *= np.sqrt(weights[first : first + CHUNK, None])
        total += here.T @ here  # recognized as symmetric: half of the work
    return total / len(z)


def _cross(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean of ``y x``, in double precision."""
    chunks = range(0, len(z), CHUNK)
    sums = [z[k : k + CHUNK].astype(float).T @ y[k : k + CHUNK].astype(float) for k in chunks]
    return np.sum(sums, axis=0) / len(z)


def measured_problem(z: np.ndarray, y: np.ndarray) -> tuple[DataExponents, Finite]:
    """Exponents, and the spectrum and target themselves, of rows in their eigenbasis.

    Fitted noise makes signals ``lambda_i w_i^2`` too large by the noise variance over the number of
    rows, on average: weights are shrunk so that signals are smaller by that much, or zero.

    Raises
    ------
    ValueError
        As :func:`quadlaw.data.own_data.estimate_exponents`, and if an exponent is missing.
    """
    found = estimate_exponents(z, y).whole()
    covariance, best = least_squares(z, y)
    variances = np.diag(covariance)
    signal = variances * best**2
    kept = np.maximum(signal - found.noise_variance / len(y), 0) / signal
    target = best * np.sqrt(kept)
    return found, Finite(tuple(variances), tuple(target), float(np.sqrt(found.noise_variance)))
