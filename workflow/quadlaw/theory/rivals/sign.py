r"""Second moments of sign descent on the linear model, by a Gaussian closure.

The residual and a feature are jointly Gaussian, so that
:math:`E\,\mathrm{sign}(r x_i) = (2/\pi) \arcsin \rho_i` with their correlation :math:`\rho_i`, and
:math:`E\,\mathrm{sign}(x_i)\,\mathrm{sign}(x_j)` is the same function of the features' correlation
(Xiao, Marshall, Agarwala, Paquette 2024, arXiv 2411.12135). With :math:`S = R + \sigma^2` and
:math:`\rho_i` about its root mean square, each square error ``P`` obeys in one step

.. math:: P' = P - (4/\pi) \eta\, g\, a\, P / \sqrt{S} + \eta^2 \kappa,
    \qquad g = \arcsin(\rho) / \rho.

In the eigenbasis :math:`a = \sqrt{\lambda_i}`, :math:`\kappa = 1` and
:math:`\rho^2 = \lambda_i P_i / S`. In the mixed basis all features have the variance
:math:`d = \sum \lambda / M`, and the transform makes the covariance of the signs diagonal too:
:math:`a = \lambda_i / \sqrt{d}`, :math:`\kappa_i` are its eigenvalues, of sum ``M``, and
:math:`\rho^2 = \sum \lambda^2 P / (M d S)` for all.
"""

from functools import lru_cache

import numba
import numpy as np

from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.sign import MIXED, mix
from quadlaw.sgd.schedules import Schedule
from quadlaw.theory.grids import log_steps

GROWTH = 0.05  # length of a leap over the time since the step size last changed
ROUNDS = 3  # of finding the mean risk over a leap


@lru_cache(maxsize=64)
def sign_variances(alpha: float, size: int) -> np.ndarray:
    """Eigenvalues of the covariance of the mixed features' signs, of sum ``M``, shape (M,)."""
    first = np.arange(1.0, size + 1)[None] ** -alpha
    mix(first)  # the first row of the features' covariance, in units of sqrt(M)
    row = 2 / np.pi * np.arcsin(np.clip(first / first[0, 0], -1, 1))
    mix(row)
    return np.maximum(row[0] * np.sqrt(size), 0)


def sign_risk(
    problem: PowerLaw,
    *,
    model_size: int,
    samples: int,
    step_size: float,
    basis: str,
    schedule: Schedule,
    growth: float = GROWTH,
) -> float:
    """Expected excess risk of sign descent after ``T`` steps from zero, in leaps.

    ``basis`` is that of :mod:`quadlaw.sgd.rivals.sign`; in the mixed one ``M`` is a power of 2.
    """
    eigenvalues, square = problem.eigenvalues(model_size), problem.target(model_size) ** 2
    drift, variance = np.sqrt(eigenvalues), np.ones(model_size)
    if basis == MIXED:
        drift = eigenvalues / np.sqrt(eigenvalues.mean())
        variance = sign_variances(problem.alpha, model_size)
    lengths, factors = log_steps(samples, schedule, growth)
    floor, noise = float(problem.tail(model_size)), problem.sigma**2
    return _follow(
        square, eigenvalues, drift, variance, basis == MIXED, floor, noise,
        step_size * factors, lengths,
    )  # fmt: skip


@numba.njit(cache=True, error_model="numpy")
def _bend(square):
    """``arcsin(rho) / rho`` at ``rho^2``."""
    rho = min(1.0, np.sqrt(square))
    return np.arcsin(rho) / rho if rho > 0.01 else 1.0


@numba.njit(cache=True, error_model="numpy")
def _follow(P, eigenvalues, drift, variance, mixed, floor, noise, etas, lengths):
    """The risk after leaps in which ``S`` is the geometric mean of its ends."""
    after, trace = np.empty_like(P), np.sum(eigenvalues)
    risk = floor + np.sum(eigenvalues * P)
    for k in range(len(lengths)):
        eta, steps, S, new = etas[k], lengths[k], risk + noise, risk
        for _ in range(ROUNDS):
            shared = _bend(np.sum(eigenvalues**2 * P) / (trace * S)) if mixed else 1.0
            new = floor
            for i in range(len(P)):
                bend = shared if mixed else _bend(eigenvalues[i] * P[i] / S)
                rate = 4 / np.pi * eta * drift[i] * bend / np.sqrt(S)
                lost = -np.expm1(-rate * steps)
                after[i] = P[i] * (1 - lost) + eta * eta * variance[i] * lost / rate
                new += eigenvalues[i] * after[i]
            S = np.sqrt((risk + noise) * (new + noise))
        P[:], risk = after, new
    return risk
