"""One-pass sign descent and Adam on the linear model, step by step, in either of two bases.

With the gradient ``g = r x`` of one sample, sign descent moves every weight by ``eta sign(g_i)``,
and Adam (Kingma and Ba 2015) by ``eta m_i / sqrt(v_i)``, of moving averages of ``g`` and ``g^2``
over the last ``1 / (1 - BETAS)`` steps, corrected for their start at zero. Neither knows how to
rotate. In the *eigenbasis* features are the inputs. In the *mixed* basis they are the inputs'
Walsh-Hadamard transform, so that each holds all inputs, and all have the same variance.
"""

import numba
import numpy as np

from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.streams import chunks

EIGENBASIS, MIXED = "eigenbasis", "mixed"
BETAS = 0.9, 0.999  # of Adam, the usual ones


@numba.njit(cache=True, error_model="numpy")
def mix(rows):
    """Orthonormal Walsh-Hadamard transform of each row, in place; their length is a power of 2."""
    size = rows.shape[1]
    scale = 1 / np.sqrt(size)
    for row in rows:
        half = 1
        while half < size:
            for start in range(0, size, 2 * half):
                for i in range(start, start + half):
                    one, other = row[i], row[i + half]
                    row[i], row[i + half] = one + other, one - other
            half *= 2
        for i in range(size):
            row[i] *= scale


def last_risk(
    spectrum: Spectrum,
    etas: np.ndarray,
    replicate: int,
    seed: int,
    *,
    adam: bool = False,
    basis: str = EIGENBASIS,
    dtype: str = "float32",
) -> float:
    """Excess risk after one step of each size in ``etas``, from zero.

    In the mixed basis the spectrum's size is a power of 2.
    """
    state = np.zeros((3, spectrum.size), dtype)  # weights, and Adam's two averages
    for start, x, y in chunks(spectrum, len(etas), replicate, seed, [len(etas)], dtype):
        features = np.ascontiguousarray(x[:, : spectrum.size])
        if basis == MIXED:
            mix(features)
        here = np.asarray(etas[start : start + len(x)], dtype)
        if adam:
            _adam(*state, features, y, here, start)
        else:
            _sign(state[0], features, y, here)
    weights = state[:1].astype(float)
    if basis == MIXED:
        mix(weights)
    return float(spectrum.excess_risk(weights[0]))


# Inlined, so that its sums are in one order, from the cache or just compiled.
@numba.njit(
    cache=True, error_model="numpy", forceinline=True, fastmath={"contract", "reassoc", "nsz"}
)
def _residual(w, row, y):
    residual = -y
    for i in range(len(w)):
        residual += row[i] * w[i]
    return residual


@numba.njit(cache=True, error_model="numpy")
def _sign(w, x, y, etas):
    for t in range(len(x)):
        step = np.copysign(etas[t], _residual(w, x[t], y[t]))
        for i in range(len(w)):
            w[i] -= np.copysign(np.float32(1), x[t, i]) * step


@numba.njit(cache=True, error_model="numpy")
def _adam(w, m, v, x, y, etas, done):
    kept, squares = np.float32(BETAS[0]), np.float32(BETAS[1])
    one = np.float32(1)
    for t in range(len(x)):
        r, time = _residual(w, x[t], y[t]), done + t + 1
        fill = np.float32(np.sqrt(1 - BETAS[1] ** time) / (1 - BETAS[0] ** time))
        for i in range(len(w)):
            g = r * x[t, i]
            m[i] = kept * m[i] + (one - kept) * g
            v[i] = squares * v[i] + (one - squares) * g * g
            if v[i] > 0:
                w[i] -= etas[t] * fill * m[i] / np.sqrt(v[i])
