"""The two moments of every coordinate's Gamma law, in leaps of time.

State of a node: ``A = E u`` and ``g = E u^2 / A^2``. In one step at a constant ``S = R + sigma^2``,
``log A`` and ``log g`` change by increments that the Gamma law closes. A leap of ``n`` steps
alternates between the two, half of it for ``g``, all of it for ``A``, half of it for ``g``: while
one rests, the other follows the logistic equation that has the increment and its slope.
"""

import numba
import numpy as np

# 2 e l w* from which a node's increments are those of a step; below, those of continuous time,
# which err by less than half of it.
STEPWISE = 0.004
# Beyond this spread a step's fourth moment sits in tails that no run visits, and may grow without
# bound: increments of continuous time, where nothing does.
WIDE = 1.15
HUGE = 1e280
SWEEPS = 2  # over a leap: the first finds the risk at its end, the second uses it
NUDGE = 1e-6  # relative change of the state that measures the slope of an increment


@numba.njit(cache=True, error_model="numpy")
def _logistic(y, growth, crowding, steps):
    """``y`` after ``dy/dt = y (growth - crowding y)`` for ``steps``; ``growth`` positive."""
    full = growth * steps
    if full < 500.0:
        more = np.expm1(full)
        return min(y * (1 + more) / (1 + crowding * y * more / growth), HUGE)
    return min(growth / crowding, HUGE)


@numba.njit(cache=True, error_model="numpy")
def _continuous_leap(mean, spread, lam, target, eta, steps, variance):
    """``dA = A (a - b g A)``, ``dg = g (c^2 + 2 b A - 2 b A g)``: logistic as they stand."""
    a = 2 * eta * lam * target + eta**2 * lam * variance
    b, c2 = 2 * eta * lam, 4 * eta**2 * lam * variance
    spread = _logistic(spread, c2 + 2 * b * mean, 2 * b * mean, steps / 2)
    mean = _logistic(mean, a, b * spread, steps)
    return mean, _logistic(spread, c2 + 2 * b * mean, 2 * b * mean, steps / 2)


@numba.njit(cache=True, error_model="numpy")
def increments(mean, spread, lam, target, eta, variance):
    """Change of ``log A`` and of ``log g`` in one step, exactly if ``u`` is Gamma-distributed.

    ``u <- u q^2`` with ``q = 1 - h d z^2 - e sqrt(l) s z xi``, ``h = e l``, ``d = u - w*`` and
    ``s^2 = S - l E d^2``. The moments ``E u q^2 / E u`` and ``E u^2 q^4 / E u^2`` are polynomials
    in moments of ``d`` under the Gamma law weighted by ``u`` and by ``u^2``: Gamma laws again.
    """
    h, rho = eta * lam, spread - 1
    others = variance - lam * (mean * mean * spread - target * (2 * mean - target))
    tau = eta * h * max(others, 0.0)
    d, var = mean * (1 + rho) - target, mean**2 * rho * (1 + rho)
    second = -2 * h * d + 3 * h**2 * (d * d + var) + tau
    d, var, scale = mean * (1 + 2 * rho) - target, mean**2 * rho * (1 + 2 * rho), mean * rho
    skew, tails = 2 * var * scale, 3 * var**2 + 6 * var * scale**2
    d2, d3 = d * d + var, d * (d * d + 3 * var) + skew
    d4 = d * d * (d * d + 6 * var) + 4 * d * skew + tails
    fourth = -4 * h * d + 18 * h**2 * d2 + 6 * tau - 60 * h**3 * d3 - 36 * h * d * tau
    fourth += 105 * h**4 * d4 + 90 * h**2 * d2 * tau + 9 * tau**2
    grown = np.log1p(second)
    return grown, np.log1p(fourth) - 2 * grown


@numba.njit(cache=True, error_model="numpy")
def _matched(y, increment, slope, steps):
    """A logistic leap of ``y`` whose ``d log y`` begins with the given increment and slope."""
    if increment <= slope or slope >= 0:
        return y * np.exp(increment * steps)
    return _logistic(y, increment - slope, -slope / y, steps)


@numba.njit(cache=True, error_model="numpy")
def _spread_leap(mean, spread, lam, target, eta, steps, variance):
    here = increments(mean, spread, lam, target, eta, variance)[1]
    there = increments(mean, spread * (1 + NUDGE), lam, target, eta, variance)[1]
    return _matched(spread, here, (there - here) / NUDGE, steps)


@numba.njit(cache=True, error_model="numpy")
def _stepwise_leap(mean, spread, lam, target, eta, steps, variance):
    """A leap with the increments of single steps; one step is exact."""
    if steps == 1:
        grown, widened = increments(mean, spread, lam, target, eta, variance)
        return mean * np.exp(grown), spread * np.exp(widened)
    spread = _spread_leap(mean, spread, lam, target, eta, steps / 2, variance)
    here = increments(mean, spread, lam, target, eta, variance)[0]
    there = increments(mean * (1 + NUDGE), spread, lam, target, eta, variance)[0]
    mean = _matched(mean, here, (there - here) / NUDGE, steps)
    return mean, _spread_leap(mean, spread, lam, target, eta, steps / 2, variance)


@numba.njit(cache=True, error_model="numpy")
def _leap(state, after, counts, lams, targets, tail, eta, steps, variance):
    """All nodes' ``state`` of shape (2, K) after a leap, into ``after``; the risk there."""
    risk = tail
    for i in range(len(lams)):
        lam, target = lams[i], targets[i]
        A, g = state[0, i], state[1, i]
        if 2 * eta * lam * max(target, A) > STEPWISE and g < WIDE:
            A, g = _stepwise_leap(A, g, lam, target, eta, steps, variance)
        else:
            A, g = _continuous_leap(A, g, lam, target, eta, steps, variance)
        after[0, i], after[1, i] = A, g
        risk += counts[i] * lam * (A * A * g - target * (2 * A - target))
    return risk


@numba.njit(cache=True, error_model="numpy")
def follow(state, counts, lams, targets, tail, noise, etas, lengths, marks):
    """Move ``state`` (rows ``A`` and ``g``, shape (2, K)) in place.

    ``S`` during a leap is its trapezoid mean over the steps. Returns the risk before the first leap
    and after each, shape (n + 1,), and the state after as many leaps as each of ``marks`` says.
    """
    after, kept = np.empty_like(state), np.empty((len(marks), 2, len(lams)))
    risks = np.empty(len(lengths) + 1)
    A, g = state
    risks[0] = tail + np.sum(counts * lams * (A * A * g - targets * (2 * A - targets)))
    for k in range(len(lengths) + 1):
        for m in np.flatnonzero(marks == k):
            kept[m] = state
        if k == len(lengths):
            break
        share = (lengths[k] - 1) / (2 * lengths[k])
        end = risks[k]
        for _ in range(1 if lengths[k] == 1 else SWEEPS):
            variance = noise + (1 - share) * risks[k] + share * end
            end = _leap(state, after, counts, lams, targets, tail, etas[k], lengths[k], variance)
        state[:] = after
        risks[k + 1] = end
    return risks, kept
