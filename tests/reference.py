"""Slow and obvious: what the fast code must agree with."""

import numpy as np

from quadlaw.sgd.streams import chunks


def samples_of(spectrum, samples, replicate, seed):
    """The whole stream at once: ``x`` of shape (T, M) and ``y`` of shape (T,), in float64."""
    whole = chunks(spectrum, samples, replicate, seed, [samples], "float64")
    parts = [(x[:, : spectrum.size].copy(), y) for _, x, y in whole]  # the next chunk overwrites x
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])


def step_sizes(eta, samples, adaptation=0.5):
    """The two-phase schedule, one step after the other."""
    constant = int(adaptation * samples * (1 + 2 * np.finfo(float).eps))
    rest = max(2, samples - constant)
    stage = int(np.ceil(rest / np.log2(rest)))
    result, current = [], eta
    for t in range(samples):
        if t > constant and (t - constant) % stage == 0:
            current /= 2
        result.append(current)
    return result


def sgd(model, x, y, eta, init, size):
    """Weights after one pass over the samples."""
    if model == "quadratic":
        v = np.full(size, float(init))
        for x_t, y_t, eta_t in zip(x[:, :size], y, step_sizes(eta, len(y)), strict=True):
            residual = np.sum(x_t * v**2) - y_t
            v = v - eta_t * residual * x_t * v
        return v**2
    w = np.full(size, float(init) ** 2)
    for x_t, y_t, eta_t in zip(x[:, :size], y, step_sizes(eta, len(y)), strict=True):
        residual = np.sum(x_t * w) - y_t
        w = w - eta_t * residual * x_t
    return w


def excess_risk(problem, weights):
    """Population risk above the noise, the tail summed by the problem's own zeta function."""
    size = len(weights)
    error = weights - problem.target(size)
    return np.sum(problem.eigenvalues(size) * error**2) + problem.tail(size)


def linear_risk(problem, size, samples, eta, init, noise=True):
    """Expected risk of the linear model: its second moments close for Gaussian inputs.

    ``m_i <- (1 - 2 e l_i + 2 e^2 l_i^2) m_i + e^2 l_i (R + sigma^2)``; without ``noise`` the last
    term is left out, which makes the answer wrong.
    """
    eigenvalues, target = problem.eigenvalues(size), problem.target(size)
    moments = (init**2 - target) ** 2
    for e in step_sizes(eta, samples):
        risk = np.sum(eigenvalues * moments) + problem.tail(size)
        decay = 1 - 2 * e * eigenvalues + 2 * (e * eigenvalues) ** 2
        moments = decay * moments + noise * e**2 * eigenvalues * (risk + problem.sigma**2)
    return np.sum(eigenvalues * moments) + problem.tail(size)
