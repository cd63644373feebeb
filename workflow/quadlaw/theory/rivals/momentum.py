r"""Exact second moments of the linear model with momentum.

Of the scheme in :mod:`quadlaw.sgd.rivals.momentum`, coordinate by coordinate, with ``e = w - w*``:
the input is Gaussian, so that :math:`P = E e^2`, :math:`Q = E e m` and :math:`S = E m^2` close.
Given weight and momentum, :math:`E g = \lambda e` and
:math:`E g^2 = \lambda (R + \sigma^2) + 2 \lambda^2 e^2`, where ``R`` is the risk. The coordinates
meet in ``R`` alone.
"""

import numba
import numpy as np

from quadlaw.base.checks import require
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.momentum import Coefficients
from quadlaw.theory.grids import Nodes


def momentum_risk(
    problem: PowerLaw,
    coefficients: Coefficients,
    *,
    model_size: int,
    init: float,
    exact: bool = False,
) -> float:
    """Expected excess risk after all steps, from ``w_0 = init^2`` and no momentum.

    Coordinates beyond the first 64 are grouped (:class:`quadlaw.theory.grids.Nodes`), unless it is
    to be ``exact``.

    Raises
    ------
    ValueError
        If the risk diverges.
    """
    nodes = Nodes.of(problem, model_size, exact=exact)
    parts = coefficients.keep, coefficients.direct, coefficients.drive
    tail, noise = float(problem.tail(model_size)), problem.sigma**2
    error = init**2 - nodes.target
    risk = _follow(error**2, nodes.eigenvalues, nodes.count, tail, noise, *parts)
    require(np.isfinite(risk), "coefficients", parts[2][0], "the risk diverges")
    return float(risk)


@numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _follow(square, eigenvalues, counts, tail, noise, keep, direct, drive):
    """The last risk; ``square`` is ``P`` at first, and changes in place.

    A step is ``e' = e - p g - q m`` and ``m' = k m + g``, with ``p = a + b`` and ``q = b k``.
    """
    product, momentum = np.zeros_like(square), np.zeros_like(square)
    risk = tail + np.sum(counts * eigenvalues * square)
    for t in range(len(keep)):
        k, p, q, source, risk = (
            keep[t],
            direct[t] + drive[t],
            drive[t] * keep[t],
            risk + noise,
            tail,
        )
        for i in range(len(square)):
            lam, P, Q, S = eigenvalues[i], square[i], product[i], momentum[i]
            G = lam * source + 2 * lam * lam * P
            square[i] = P * (1 - 2 * p * lam) - 2 * q * (1 - p * lam) * Q + p * p * G + q * q * S
            product[i] = lam * P - p * G + (k - p * k * lam - q * lam) * Q - q * k * S
            momentum[i] = k * k * S + 2 * k * lam * Q + G
            risk += counts[i] * lam * square[i]
    return risk
