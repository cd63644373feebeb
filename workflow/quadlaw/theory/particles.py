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
def follow(v, counts, eigenvalues, target, tail, noise, etas, draw):
    """Step every particle, ``v`` of shape (K, P), in place; risks, shape (T + 1,), and escapes.

    All coordinates use the same normals, each from a random offset on, so that no two coordinates'
    particles stay paired: only the law of each coordinate matters. A particle that escapes, as
    single runs of SGD do, becomes a copy of its neighbour and is counted: the law is that of runs
    that stay.
    """
    nodes, particles = v.shape
    x, xi = np.empty(2 * particles), np.empty(2 * particles)
    loss, lost = np.empty(nodes), 0
    risks = np.empty(len(etas) + 1)
    for i in range(nodes):
        loss[i] = eigenvalues[i] * np.mean((v[i] ** 2 - target[i]) ** 2)
    risks[0] = tail + np.sum(counts * loss)
    for t in range(len(etas)):
        for values in (x, xi):
            _balanced(values[:particles], draw)
            values[particles:] = values[:particles]
        for i in range(nodes):
            scale = eigenvalues[i] ** 0.5
            rest = np.sqrt(max(0.0, risks[t] + noise - loss[i]))
            first, second = draw.integers(0, particles), draw.integers(0, particles)
            total = 0.0
            for p in range(particles):
                z = scale * x[first + p]
                residual = (v[i, p] ** 2 - target[i]) * z + rest * xi[second + p]
                v[i, p] -= etas[t] * residual * z * v[i, p]
                if not etas[t] * eigenvalues[i] * v[i, p] ** 2 < ESCAPED:
                    v[i, p] = v[i, p - 1]
                    lost += 1
                total += (v[i, p] ** 2 - target[i]) ** 2
            loss[i] = eigenvalues[i] * total / particles
        risks[t + 1] = tail + np.sum(counts * loss)
    return risks, lost
