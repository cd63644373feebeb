"""Particles that follow the mean field of quadratic SGD step by step."""

import numba
import numpy as np

ESCAPED = 3.0  # e l u beyond which a typical step makes a coordinate grow, whatever its sign


@numba.njit(cache=True, error_model="numpy")
def _balanced(values, draw):
    """Fill with normals of exactly zero mean and unit mean square: less sampling error."""
    for p in range(len(values)):
        values[p] = draw.standard_normal()
    values -= np.mean(values)
    values /= np.sqrt(np.mean(values**2))


@numba.njit(cache=True, error_model="numpy")
def _step(v, x, xi, lam, target, eta, others):
    """Step one coordinate's particles, in place; their loss after it, and how many escaped.

    A particle that escapes, as single runs of SGD do, becomes a copy of its neighbour: the law is
    that of runs that stay.
    """
    scale, total, lost = np.sqrt(lam), 0.0, 0
    for p in range(len(v)):
        z = scale * x[p]
        residual = (v[p] ** 2 - target) * z + others * xi[p]
        v[p] -= eta * residual * z * v[p]
        if not eta * lam * v[p] ** 2 < ESCAPED:
            v[p] = v[p - 1]
            lost += 1
        total += (v[p] ** 2 - target) ** 2
    return lam * total / len(v), lost


@numba.njit(cache=True, error_model="numpy")
def _moments(v):
    """Mean and mean square of ``u = v^2``, shape (2, K)."""
    result = np.empty((2, len(v)))
    for i in range(len(v)):
        result[0, i], result[1, i] = np.mean(v[i] ** 2), np.mean(v[i] ** 4)
    return result


@numba.njit(cache=True, error_model="numpy")
def follow(v, counts, lams, targets, tail, noise, etas, marks, draw):
    """Step every particle, ``v`` of shape (K, P), in place.

    All coordinates use the same normals, each from a random offset on, so that no two coordinates'
    particles stay paired: only the law of each coordinate matters. Returns risks of shape (T + 1,),
    moments after as many steps as each of ``marks`` says, shape (len(marks), 2, K), and how many
    particles escaped.
    """
    nodes, number = v.shape
    x, xi = np.empty(2 * number), np.empty(2 * number)
    loss, lost = np.empty(nodes), 0
    risks, kept = np.empty(len(etas) + 1), np.empty((len(marks), 2, nodes))
    for i in range(nodes):
        loss[i] = lams[i] * np.mean((v[i] ** 2 - targets[i]) ** 2)
    risks[0] = tail + np.sum(counts * loss)
    for t in range(len(etas) + 1):
        for m in np.flatnonzero(marks == t):
            kept[m] = _moments(v)
        if t == len(etas):
            break
        for values in (x, xi):
            _balanced(values[:number], draw)
            values[number:] = values[:number]
        for i in range(nodes):
            others = np.sqrt(max(0.0, risks[t] + noise - loss[i]))
            a, b = draw.integers(0, number), draw.integers(0, number)
            shifted, other = x[a : a + number], xi[b : b + number]
            loss[i], escaped = _step(v[i], shifted, other, lams[i], targets[i], etas[t], others)
            lost += escaped
        risks[t + 1] = tail + np.sum(counts * loss)
    return risks, kept, lost
