r"""One-pass SGD on a trained dense layer: the two-layer linear network :math:`f(x) = v^T A x / g`.

The layers start from :math:`A_0^T A_0 = 1` (as wide as it likes) and :math:`v_0 = 0`. The richness
``g`` is that of Bordelon, Atanasov and Pehlevan (arXiv 2409.17858): towards 0 the network becomes
linear SGD. A step along ``e = y - f(x)``, of the size ``h``, is

.. math::

    A \leftarrow A + h g e v x^T, \quad v \leftarrow v + h g e A x.

It moves the weights :math:`u = A^T v / g` by :math:`h e (A^T A + |v|^2) x`, up to a term in
:math:`h^2`. Small steps keep the layers balanced, :math:`A A^T - v v^T = A_0 A_0^T`, whatever the
samples are. So :math:`A^T A = 1 + q q^T` with ``q`` along ``u``, and

.. math::

    u \leftarrow u + h e \left((1 + n) x + \frac{g^2 \langle x, u \rangle}{1 + n} u\right),
    \quad n (1 + n) = g^2 |u|^2, \quad n = |v|^2 = |q|^2.

This closes: a step takes ``M`` operations instead of the square of ``M``. Steps that are not small
lose the balance, by about the step size in units of the stability edge (``tests/test_dense.py``).
"""

import math

import numba
import numpy as np


@numba.njit(cache=True, error_model="numpy")
def grown(norm: float, richness: float) -> float:
    r""":math:`n = |v|^2` of balanced layers, from :math:`|u|^2`."""
    return (math.sqrt(1 + 4 * richness**2 * norm) - 1) / 2


@numba.njit(cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def train_dense(
    weights: np.ndarray, x: np.ndarray, y: np.ndarray, steps: np.ndarray, richness: float
) -> None:
    """Train balanced networks on shared samples, in place.

    Parameters
    ----------
    weights : ndarray, shape (L, M)
        ``u`` of each network.
    x, y : ndarray, shapes (n, at least M) and (n,)
        The samples.
    steps : ndarray, shape (L,)
        Step size of each.
    richness : float
        ``g``.
    """
    for lane in range(len(steps)):
        u = weights[lane]
        for t in range(len(y)):
            f = norm = 0.0
            for i in range(len(u)):
                f += x[t, i] * u[i]
                norm += u[i] * u[i]
            n, move = grown(norm, richness), steps[lane] * (y[t] - f)
            along_u, along_x = 1 + move * richness**2 * f / (1 + n), move * (1 + n)
            for i in range(len(u)):
                u[i] = along_u * u[i] + along_x * x[t, i]
