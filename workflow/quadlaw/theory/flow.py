r"""Signed squares without noise, in any basis: the gradient flow of :math:`w = v_{+}^2 - v_{-}^2`.

With the covariance ``H`` of the features and their correlation ``b`` with the label, the expected
step moves ``v+-`` by ``-+ e v+- (H w - b)``. In the time ``t``, the sum of the step sizes, and with
``v+- = v_0 exp(+-s)``,

.. math::

    ds/dt = b - H w, \quad w = 2 v_0^2 \sinh(2 s), \quad \text{so that} \quad
    dw/dt = 2 \sqrt{w^2 + 4 v_0^4} (b - H w).

Wherever a weight has grown, it learns at the rate ``2 |w|``: fast in a basis in which the target
has few large entries, and like linear SGD in one in which all of them are alike.
"""

import numpy as np
import scipy

from quadlaw.sgd.bases import blockwise
from quadlaw.sgd.problem import Finite
from quadlaw.sgd.schedules import Schedule
from quadlaw.theory.grids import log_steps
from quadlaw.theory.linear import GROWTH
from quadlaw.theory.stability import stability_edge

RELATIVE, ABSOLUTE = 1e-3, 1e-4  # tolerances of s
LEAST = 1e-13  # of the largest eigenvalue: smaller ones are rounding errors


def signed_flow(
    covariance: np.ndarray, correlation: np.ndarray, init: float, times: np.ndarray
) -> np.ndarray:
    """Weights at rising ``times`` from ``v+ = v- = init``, shape (times, M).

    From 0 they stay there.

    Parameters
    ----------
    covariance : ndarray, shape (blocks, k, k)
        The diagonal blocks of ``H``.
    correlation : ndarray, shape (M,)
        ``b``.
    """
    unit = 2 * init**2
    if unit == 0:
        return np.zeros((len(times), len(correlation)))
    several = len(covariance) > 1
    whole = scipy.sparse.block_diag(covariance, format="csc") if several else covariance[0]

    def change(_, s):
        return correlation - whole @ (unit * np.sinh(2 * s))

    def jacobian(_, s):
        return -(whole * (2 * unit * np.cosh(2 * s)))

    if len(covariance) > 1:  # a sparse matrix, whose product with a row stays sparse

        def jacobian(_, s):
            scaled = whole.copy()
            scaled.data *= np.repeat(-2 * unit * np.cosh(2 * s), np.diff(whole.indptr))
            return scaled

    found = scipy.integrate.solve_ivp(
        change, (0.0, times[-1]), np.zeros(len(correlation)), method="BDF", jac=jacobian,
        t_eval=times, rtol=RELATIVE, atol=ABSOLUTE,
    )  # fmt: skip
    return unit * np.sinh(2 * found.y.T)


def training_time(samples: int, schedule: Schedule) -> float:
    """The sum of a schedule's factors: the time ``t`` that a run takes, over its step size."""
    lengths, factors = log_steps(samples, schedule, GROWTH)
    return float(lengths @ factors)


def linearized_edge(covariance: np.ndarray, weights: np.ndarray) -> float:
    """The stability edge of signed squares near the weights ``w``.

    There they are linear SGD with the rates ``D = 2 |w|``: a linear model whose features have the
    covariance :math:`D^{1/2} H D^{1/2}`, given in blocks as ``H``.
    """
    root = np.sqrt(2 * np.abs(weights)).reshape(len(covariance), -1)
    scaled = root[:, :, None] * covariance * root[:, None, :]
    values = np.linalg.eigvalsh(scaled).ravel()
    values = values[values > LEAST * values.max()]
    return stability_edge(Finite(tuple(values), (1.0,) * len(values)), len(values))


def turned(blocks: np.ndarray, eigenvalues: np.ndarray) -> np.ndarray:
    """``A Lambda A^T`` in blocks, for ``A`` in blocks."""
    seen = eigenvalues[: blocks.shape[0] * blocks.shape[2]].reshape(len(blocks), 1, -1)
    return (blocks * seen) @ blocks.swapaxes(1, 2)


def quadratic_form(covariance: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """:math:`w^T H w` of each row of weights."""
    size = weights.shape[1]
    return np.sum(weights * blockwise(weights, covariance, size), axis=1)
