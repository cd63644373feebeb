"""One-pass SGD with momentum on the linear model, step by step.

With the gradient ``g_t = r_t x_t`` of one sample, ``r_t`` the residual,

    m_t = k_t m_(t-1) + g_t,    w_t = w_(t-1) - a_t g_t - b_t m_t.

This is the scheme of Ferbach et al. 2025 (arXiv 2505.16098) for ``gamma_1 = 1``: their ``Delta`` is
``1 - k_t``, their ``gamma_2`` and ``gamma_3`` are ``a_t`` and ``b_t``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.streams import chunks

# Of the adapted momentum: learned coordinates oscillate, their squares fall faster than t^-DELTA.
DELTA = 4.0


@dataclass(frozen=True)
class Coefficients:
    """``k_t, a_t, b_t`` at every step.

    Attributes
    ----------
    keep, direct, drive : ndarray, shape (T,)
    """

    keep: np.ndarray
    direct: np.ndarray
    drive: np.ndarray


def heavy_ball(factors: np.ndarray, step_size: float, momentum: float) -> Coefficients:
    """Constant ``k_t = momentum``, in [0, 1), and ``b_t = (1 - momentum) eta`` times the factor.

    So long gradients of one sign move the weights as SGD of the step size ``eta`` does. ``factors``
    are the schedule's, shape (T,).
    """
    keep = np.full(len(factors), float(momentum))
    return Coefficients(keep, np.zeros(len(factors)), (1 - momentum) * step_size * factors)


def adapted(factors: np.ndarray, step_size: float, speed: float, alpha: float) -> Coefficients:
    """``k_t = 1 - DELTA/t``, ``a_t = eta`` and ``b_t = speed eta t^(-1/alpha)`` times the factor.

    Their DANA-decaying, with ``kappa_3 = 1/alpha``. ``k_t`` is 0 where it would be negative.
    """
    time = np.arange(1.0, len(factors) + 1)
    keep = np.maximum(0, 1 - DELTA / time)
    return Coefficients(
        keep, step_size * factors, speed * step_size * time ** (-1 / alpha) * factors
    )


def last_risks(
    spectrum: Spectrum,
    lanes: Sequence[Coefficients],
    init: float,
    replicate: int,
    seed: int,
    dtype: str = "float32",
) -> np.ndarray:
    """Excess risk of each lane after all steps, all on the samples of one stream.

    Weights start at ``init^2``. The spectrum's size is the model's. A run that diverges has a risk
    that is infinite or no number.
    """
    samples, size = len(lanes[0].keep), spectrum.size
    weights = np.full((len(lanes), size), init**2, dtype)
    memory = np.zeros_like(weights)
    parts = [
        [np.asarray(part, dtype) for part in (lane.keep, lane.direct, lane.drive)] for lane in lanes
    ]
    for start, x, y in chunks(spectrum, samples, replicate, seed, [samples], dtype):
        here = slice(start, start + len(x))
        for lane, (keep, direct, drive) in enumerate(parts):
            _steps(weights[lane], memory[lane], x, y, keep[here], direct[here], drive[here])
    return spectrum.excess_risk(weights.astype(float))


@numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _steps(w, m, x, y, keep, direct, drive):
    size = len(w)
    for t in range(len(x)):
        row = x[t, :size]
        residual = -y[t]
        for i in range(size):
            residual += row[i] * w[i]
        for i in range(size):
            g = residual * row[i]
            m[i] = keep[t] * m[i] + g
            w[i] -= direct[t] * g + drive[t] * m[i]
