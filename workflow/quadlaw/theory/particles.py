"""Particles that follow the mean field of quadratic SGD step by step."""

import numba
import numpy as np

from quadlaw.base.kernels import kernel
from quadlaw.base.normals import fill

ESCAPED = 3.0  # e l u beyond which a typical step makes a coordinate grow, whatever its sign


@numba.njit(cache=True, error_model="numpy")
def _balance(values):
    """Give normals exactly zero mean and unit mean square: less sampling error."""
    values -= np.mean(values)
    values /= np.sqrt(np.mean(values**2))


# Inlined, as `follow` would otherwise call one of two copies, whose sums are in different orders:
# that of this kernel when it was just compiled, its own when it came from the cache.
@numba.njit(
    cache=True, error_model="numpy", forceinline=True, fastmath={"contract", "reassoc", "nsz"}
)
def _step(v, x, xi, lam, target, eta, others):
    """Step one coordinate's particles, in place; the sum of their squared errors after it."""
    scale, total = np.sqrt(lam), 0.0
    for p in range(len(v)):
        z = scale * x[p]
        residual = (v[p] * v[p] - target) * z + others * xi[p]
        value = v[p] - eta * residual * z * v[p]
        v[p] = value
        total += (value * value - target) ** 2
    return total


@numba.njit(cache=True, error_model="numpy")
def _replace(v, target, largest):
    """Make of each particle with ``u > largest`` a copy of the last one that stays.

    So the law is that of runs that stay. The sum of squared errors after it, and how many escaped.
    """
    stays = v[np.flatnonzero(v * v < largest)]
    lost = len(v) - len(stays)
    if lost < len(v):
        last = stays[-1]
        for p in range(len(v)):
            if v[p] * v[p] < largest:
                last = v[p]
            v[p] = last
    return np.sum((v * v - target) ** 2), lost


@numba.njit(cache=True, error_model="numpy")
def _moments(v):
    """Mean and mean square of ``u = v^2``, shape (2, K)."""
    result = np.empty((2, len(v)))
    for i in range(len(v)):
        result[0, i], result[1, i] = np.mean(v[i] ** 2), np.mean(v[i] ** 4)
    return result


@kernel(error_model="numpy")
def follow(v, counts, lams, targets, tail, noise, etas, marks, key, draw):
    """Step every particle, ``v`` of shape (K, P), in place.

    All coordinates use the same normals, of the stream ``key``, each from a random offset on (by
    ``draw``), so that no two coordinates' particles stay paired: only the law of each coordinate
    matters. Returns risks of shape (T + 1,), moments after as many steps as each of ``marks`` says,
    shape (len(marks), 2, K), and how many particles escaped, each times its node's count.
    """
    nodes, number = v.shape
    normals, one = np.empty((2, 2 * number)), np.ones(number)
    x, xi = normals[0], normals[1]
    loss, lost = np.empty(nodes), 0.0
    risks, kept = np.empty(len(etas) + 1), np.empty((len(marks), 2, nodes))
    for i in range(nodes):
        loss[i] = lams[i] * np.mean((v[i] ** 2 - targets[i]) ** 2)
    risks[0] = tail + np.sum(counts * loss)
    for t in range(len(etas) + 1):
        for m in np.flatnonzero(marks == t):
            kept[m] = _moments(v)
        if t == len(etas):
            break
        fill(normals[:, :number], one, key, 2 * t, 0)
        for values in (x, xi):
            _balance(values[:number])
            values[number:] = values[:number]
        for i in range(nodes):
            others = np.sqrt(max(0.0, risks[t] + noise - loss[i]))
            a, b = draw.integers(0, number), draw.integers(0, number)
            shifted, other = x[a : a + number], xi[b : b + number]
            total = _step(v[i], shifted, other, lams[i], targets[i], etas[t], others)
            largest = ESCAPED / (etas[t] * lams[i])
            # One particle beyond the largest alone would make the sum greater than this.
            if not total < max(0.0, largest - targets[i]) ** 2:
                total, escaped = _replace(v[i], targets[i], largest)
                lost += counts[i] * escaped
            loss[i] = lams[i] * total / number
        risks[t + 1] = tail + np.sum(counts * loss)
    return risks, kept, lost
