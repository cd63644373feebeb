r"""The quadratic model's coordinates at a constant step size: which survive, and where they settle.

With :math:`u = v_i^2` and :math:`S = R + \sigma^2`, SGD is to second order in the step size ``e``
the stochastic logistic (Verhulst) equation

.. math::

    du = u (a - b u) dt + c u dB, \quad a = 2 e l w^\ast + e^2 l S, \quad
    b = 2 e l, \quad c^2 = 4 e^2 l S.

Its stationary density is proportional to :math:`u^{2 a / c^2 - 2} \exp(-2 b u / c^2)`: a Gamma law
of shape :math:`2 a / c^2 - 1 = w^\ast / (e S) - 1/2` and scale :math:`c^2 / (2 b) = e S`. It exists
where the shape is positive; else :math:`\log u` drifts to minus infinity and the coordinate dies
out.
"""

import numpy as np
import scipy
from scipy.special import gammaincc

from quadlaw.base.checks import require

ALIVE = 0.1  # a coordinate is alive where v_i^2 > ALIVE w*_i


def extinction_threshold(step_size, variance):
    r"""``eta S / 2``: coordinates of a smaller target ``w*`` die out; arrays allowed.

    ``variance`` is ``S``, the excess risk plus :math:`\sigma^2`. It is where the growth rate of
    :math:`\log u`, :math:`a - c^2 / 2 = 2 \eta l (w^\ast - \eta S / 2)`, changes its sign.
    """
    return np.asarray(step_size) * variance / 2


def stationary_law(target: float, step_size: float, variance: float):
    r"""The Gamma law of :math:`v_i^2` at a constant step size, as a frozen SciPy distribution.

    Its mean is :math:`w^\ast - \eta S / 2`, its variance :math:`\eta S (w^\ast - \eta S / 2)`.

    Raises
    ------
    ValueError
        Where the coordinate dies out, so that no such law exists.
    """
    scale = step_size * variance
    require(scale > 0, "step_size", step_size, "without steps or noise nothing is stationary")
    threshold = float(extinction_threshold(step_size, variance))
    require(target > threshold, "target", target, f"dies out: not above eta S / 2 = {threshold:g}")
    return scipy.stats.gamma(target / scale - 0.5, scale=scale)


def surviving_share(target, step_size, variance, above: float = ALIVE) -> np.ndarray:
    r"""Share of runs with ``v_i^2 > above * w*_i`` under :func:`stationary_law`; arrays allowed.

    It depends on :math:`w^\ast / (\eta S)` alone, and is 0 below the threshold, where all die out.
    """
    with np.errstate(divide="ignore"):  # without steps or noise all survive
        scaled = np.asarray(target, dtype=float) / (np.asarray(step_size) * variance)
    shape = np.where(scaled > 0.5, np.minimum(scaled, 1e12) - 0.5, np.nan)
    return np.where(
        scaled > 0.5,
        gammaincc(shape, above * np.minimum(scaled, 1e12)),
        np.where(np.isnan(scaled), np.nan, 0.0),
    )
