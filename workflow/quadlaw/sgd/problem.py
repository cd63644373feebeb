"""The regression problem: a power-law spectrum with a power-law target.

Eigenvalues ``lambda_i = i^-alpha`` and target ``w*_i = i^((alpha - beta) / 2)``, so that
coordinate ``i`` carries the signal ``lambda_i (w*_i)^2 = i^-beta`` (Ding et al. 2025,
arXiv 2502.09106, Assumption 3.3, with the constants set to one).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import zeta

from quadlaw.base.checks import count, real, require


@dataclass(frozen=True)
class Spectrum:
    """A problem as far as a model of size ``M`` can see it.

    Attributes
    ----------
    alpha, beta, sigma : float
        The problem's parameters; they label results and key the random streams.
    eigenvalues : ndarray, shape (M,)
        Variances ``lambda_i`` of the independent Gaussian input coordinates.
    target : ndarray, shape (M,)
        Weights ``w*_i`` of the true predictor.
    tail : ndarray, shape (M + 1,)
        ``tail[k] = sum_{i > k} lambda_i (w*_i)^2`` over the *infinite* input: the risk that no
        model of size ``k`` can avoid.
    noise : callable, default np.positive
        Standard normals as label noise over ``sigma``, elementwise: as they are, or of another law.
    """

    alpha: float
    beta: float
    sigma: float
    eigenvalues: np.ndarray
    target: np.ndarray
    tail: np.ndarray
    noise: Callable[[np.ndarray], np.ndarray] = np.positive

    @property
    def size(self) -> int:
        """Number of coordinates listed."""
        return len(self.eigenvalues)

    def head(self, size: int) -> "Spectrum":
        """The same problem seen by a model of ``size`` coordinates (at most ``self.size``)."""
        require(1 <= size <= self.size, "model_size", size, f"the spectrum lists {self.size}")
        eigenvalues, target = self.eigenvalues[:size], self.target[:size]
        return replace(self, eigenvalues=eigenvalues, target=target, tail=self.tail[: size + 1])

    def excess_risk(self, weights: np.ndarray) -> np.ndarray:
        """``sum_i lambda_i (w_i - w*_i)^2`` over all coordinates, those beyond ``M`` being zero.

        Of linear predictors with ``weights``, shape (..., M) and float64; shape (...).
        """
        return (weights - self.target) ** 2 @ self.eigenvalues + self.tail[-1]

    def to_frame(self) -> pd.DataFrame:
        """One row a coordinate: ``alpha, beta, sigma, index, eigenvalue, target, tail``.

        ``index`` counts from 1; ``tail`` is what lies beyond that coordinate.
        """
        return pd.DataFrame(
            {
                "alpha": self.alpha,
                "beta": self.beta,
                "sigma": self.sigma,
                "index": np.arange(1, self.size + 1),
                "eigenvalue": self.eigenvalues,
                "target": self.target,
                "tail": self.tail[1:],
            }
        )

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> "Spectrum":
        """Inverse of :meth:`to_frame`."""
        eigenvalues, target = frame["eigenvalue"].to_numpy(), frame["target"].to_numpy()
        first_tail = frame["tail"].iloc[0] + eigenvalues[0] * target[0] ** 2
        tail = np.concatenate([[first_tail], frame["tail"].to_numpy()])
        return cls(*frame[["alpha", "beta", "sigma"]].iloc[0], eigenvalues, target, tail)


@dataclass(frozen=True)
class PowerLaw:
    """Linear regression with power-law covariance and target.

    Parameters
    ----------
    alpha : float
        Capacity exponent, above 1: ``lambda_i = i^-alpha``.
    beta : float
        Source exponent, above 1: ``lambda_i (w*_i)^2 = i^-beta``.
    sigma : float, default 0.5
        Standard deviation of the label noise, not negative.

    Raises
    ------
    ValueError
        For parameters outside of these ranges, or not finite.

    Notes
    -----
    The input ``x_i = sqrt(lambda_i) z_i`` is infinite-dimensional. The part beyond a model's size
    ``M`` reaches that model only as one Gaussian of variance ``tail(M)``, so nothing is truncated.
    """

    alpha: float
    beta: float
    sigma: float = 0.5

    def __post_init__(self):
        trace = "must exceed 1, or the trace sum_i i^-alpha of the covariance is infinite"
        signal = "must exceed 1, or the signal's variance sum_i i^-beta is infinite"
        object.__setattr__(self, "alpha", real("alpha", self.alpha, above=1, reason=trace))
        object.__setattr__(self, "beta", real("beta", self.beta, above=1, reason=signal))
        sigma = real("sigma", self.sigma, above=-np.inf, reason="")
        require(sigma >= 0, "sigma", self.sigma, "a standard deviation must not be negative")
        object.__setattr__(self, "sigma", sigma)

    def at(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``lambda`` and ``w*`` at real indices."""
        index = np.asarray(index, dtype=float)
        return index**-self.alpha, index ** ((self.alpha - self.beta) / 2)

    def eigenvalues(self, size: int) -> np.ndarray:
        """``lambda_i = i^-alpha``, shape ``(size,)``."""
        return self.at(np.arange(1, count("model_size", size) + 1))[0]

    def target(self, size: int) -> np.ndarray:
        """``w*_i = i^((alpha - beta) / 2)``, shape ``(size,)``."""
        return self.at(np.arange(1, count("model_size", size) + 1))[1]

    def tail(self, size: int | np.ndarray) -> float | np.ndarray:
        """``sum_{i > size} i^-beta``, the Hurwitz zeta function ``zeta(beta, size + 1)``."""
        return zeta(self.beta, np.asarray(size) + 1.0)

    def spectrum(self, size: int) -> Spectrum:
        """The problem seen by a model of ``size`` coordinates."""
        return Spectrum(
            self.alpha,
            self.beta,
            self.sigma,
            self.eigenvalues(size),
            self.target(size),
            self.tail(np.arange(size + 1)),
        )


def problem_of(row: Mapping) -> PowerLaw:
    """The power law of a row's ``alpha, beta, sigma``."""
    return PowerLaw(row["alpha"], row["beta"], row["sigma"])


def setting_of(row: Mapping) -> dict:
    """What a model, its run and their theory are told of a row, besides problem and schedule."""
    return {key: row[key] for key in ("model_size", "samples", "step_size", "init")}


@dataclass(frozen=True)
class Finite:
    """Linear regression with eigenvalues and a target of one's own, and finitely many inputs.

    Parameters
    ----------
    eigenvalues, target : sequence of float, length d
        ``lambda_i > 0`` and ``w*_i``.
    sigma : float, default 0.5
        Standard deviation of the label noise, not negative.
    beta : float, default 0
        A label: together with ``alpha = 0`` and ``sigma`` it keys the random streams.

    Raises
    ------
    ValueError
        ``key = value: reason``.
    """

    eigenvalues: tuple[float, ...]
    target: tuple[float, ...]
    sigma: float = 0.5
    beta: float = 0.0
    alpha = 0.0

    def __post_init__(self):
        same = len(self.eigenvalues) == len(self.target) > 0
        sizes = [len(self.eigenvalues), len(self.target)]
        require(same, "target", sizes, "must be as many as eigenvalues, at least one")
        for value in self.eigenvalues:
            real("eigenvalues", value, above=0, reason="a variance is positive")
        for value in self.target:
            real("target", value, above=-np.inf, reason="")
        require(
            real("sigma", self.sigma, above=-np.inf, reason="") >= 0,
            "sigma",
            self.sigma,
            "a standard deviation must not be negative",
        )

    @property
    def size(self) -> int:
        """``d``."""
        return len(self.target)

    def at(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``lambda`` and ``w*`` at the whole indices, counted from 1."""
        place = np.asarray(index).astype(int) - 1
        return np.array(self.eigenvalues)[place], np.array(self.target)[place]

    def tail(self, size: int | np.ndarray) -> float | np.ndarray:
        """``sum_{i > size} lambda_i (w*_i)^2``."""
        signal = np.array(self.eigenvalues) * np.square(self.target)
        beyond = np.concatenate([np.cumsum(signal[::-1])[::-1], [0.0]])
        return beyond[np.minimum(size, self.size)]

    def spectrum(self, size: int) -> Spectrum:
        """The problem seen by a model of ``size`` coordinates, at most ``d``."""
        reason = f"the problem has {self.size} coordinates"
        require(1 <= size <= self.size, "model_size", size, reason)
        eigenvalues, target = self.at(np.arange(1, size + 1))
        tail = self.tail(np.arange(size + 1))
        return Spectrum(self.alpha, self.beta, self.sigma, eigenvalues, target, tail)
