r"""The law of every coordinate as a Gamma law that moves, in leaps of time.

State of a node: ``A = E u`` and :math:`\rho = \mathrm{Var} u / A^2`, one over the Gamma law's
shape. What moves them are two averages that tails do not dominate, :math:`\log \mathbb{E} u` and
:math:`\mathbb{E} \log u`; their gap :math:`L = \log \mathbb{E} u - \mathbb{E} \log u` is a function
of ``rho`` alone. In continuous time, with ``a, b, c`` of :mod:`quadlaw.theory.stationary`,

.. math::

    d \log\ A = (a - b A (1 + \rho)) dt, \quad d\ \mathbb{E} \log\ u = (a - c^2/2 - b A) dt,
    \quad \text{so} \quad dL = (c^2/2 - b A \rho) dt.

A leap of ``n`` steps alternates between the two, half of it for ``rho``, all of it for ``A``, half
of it for ``rho``, each in closed form while the other rests.
"""

import numba
import numpy as np

# A node's increments are those of a step where 2 e l w* exceeds the first and rho stays below the
# second; else those of continuous time, which err by less than half of 2 e l w*. In wide laws the
# errors of the Gamma law and of continuous time cancel in part: see benchmarks/closures.py.
STEPWISE, NARROW = 0.004, 0.05
HUGE = 1e280
SWEEPS = 2  # over a leap: the first finds the risk at its end, the second uses it


@numba.njit(cache=True, error_model="numpy")
def gap_slope(rho):
    r"""``dL/drho`` of a Gamma law: :math:`k^2 \psi_1(k) - k` at the shape ``k = 1/rho``.

    :math:`L = \log k - \psi(k)`. From 1/2 for narrow laws to 1 for wide ones; the trigamma function
    ``psi_1`` by its recurrence and asymptotic series, to 1e-6.
    """
    k, tail, x = 1 / max(rho, 1e-12), 0.0, 1 / max(rho, 1e-12)
    while x < 5:
        tail += 1 / (x * x)
        x += 1
    y = 1 / (x * x)
    beyond = 0.5 + (1 / 6 - y * (1 / 30 - y / 42)) / x  # x^2 psi_1(x) - x
    return beyond if x == k else k * k * (tail + (x + beyond) * y) - k


@numba.njit(cache=True, error_model="numpy")
def _relax(rho, push, pull, steps):
    """``rho`` after ``drho/dt = (push - pull rho) / L'(rho)`` for ``steps``."""
    if pull <= 0:
        return rho + push / gap_slope(rho) * steps
    done = -np.expm1(-pull / gap_slope(rho) * steps)
    return rho + (push / pull - rho) * done


@numba.njit(cache=True, error_model="numpy")
def _logistic(y, growth, crowding, steps):
    """``y`` after ``dy/dt = y (growth - crowding y)`` for ``steps``; ``growth`` not negative."""
    if growth <= 0:
        return y / (1 + crowding * y * steps)
    full = growth * steps
    if full < 500.0:
        more = np.expm1(full)
        return min(y * (1 + more) / (1 + crowding * y * more / growth), HUGE)
    return min(growth / crowding, HUGE)


@numba.njit(cache=True, error_model="numpy")
def _continuous_leap(mean, rho, lam, target, eta, steps, variance):
    b = 2 * eta * lam
    push = b * eta * variance  # c^2 / 2
    rho = _relax(rho, push, b * mean, steps / 2)
    mean = _logistic(mean, b * target + push / 2, b * (1 + rho), steps)
    return mean, _relax(rho, push, b * mean, steps / 2)


@numba.njit(cache=True, error_model="numpy")
def increments(mean, rho, lam, target, eta, variance):
    r"""Changes of :math:`\log \mathbb{E} u` and of :math:`\mathbb{E} \log u` in one step, if ``u``
    is Gamma-distributed.

    :math:`u \leftarrow u q^2` with :math:`q = 1 - h d z^2 - e \sqrt{l} s z \xi`, ``h = e l``,
    :math:`d = u - w^\ast` and :math:`s^2 = S - l \mathbb{E} d^2`. The first is exact:
    :math:`\mathbb{E} u q^2 / \mathbb{E} u` is a polynomial in moments of ``d`` under the Gamma law
    weighted by ``u``, a Gamma law again. The second is :math:`\mathbb{E} \log q^2` to second order
    in ``1 - q``.
    """
    h, d, spread = eta * lam, mean - target, mean**2 * rho
    tau = eta * h * max(variance - lam * (d * d + spread), 0.0)
    logs = -2 * h * d - 3 * h**2 * (d * d + spread) - tau
    d += mean * rho
    grown = np.log1p(-2 * h * d + 3 * h**2 * (d * d + spread * (1 + rho)) + tau)
    return grown, logs


@numba.njit(cache=True, error_model="numpy")
def _widen(mean, rho, lam, target, eta, steps, variance):
    """``rho`` after ``steps``: relaxing with its increment and the slope of continuous time."""
    grown, logs = increments(mean, rho, lam, target, eta, variance)
    slope = gap_slope(rho)
    rate = 2 * eta * lam * mean / slope
    return max(0.0, rho + (grown - logs) / slope * -np.expm1(-rate * steps) / rate)


@numba.njit(cache=True, error_model="numpy")
def _stepwise_leap(mean, rho, lam, target, eta, steps, variance):
    """A leap with the increments of single steps."""
    if steps == 1:
        grown, logs = increments(mean, rho, lam, target, eta, variance)
        return mean * np.exp(grown), max(0.0, rho + (grown - logs) / gap_slope(rho))
    rho = _widen(mean, rho, lam, target, eta, steps / 2, variance)
    grown, _ = increments(mean, rho, lam, target, eta, variance)
    crowding = 2 * eta * lam * (1 + rho)
    growth = grown + crowding * mean
    if growth > 0:
        mean = _logistic(mean, growth, crowding, steps)
    else:
        mean *= np.exp(grown * steps)
    return mean, _widen(mean, rho, lam, target, eta, steps / 2, variance)


@numba.njit(cache=True, error_model="numpy")
def _leap(state, after, counts, lams, targets, tail, eta, steps, variance):
    """All nodes' ``state`` of shape (2, K) after a leap, into ``after``; the risk there."""
    risk = tail
    for i in range(len(lams)):
        lam, target = lams[i], targets[i]
        A, rho = state[0, i], state[1, i]
        if 2 * eta * lam * max(target, A) > STEPWISE and rho < NARROW:
            A, rho = _stepwise_leap(A, rho, lam, target, eta, steps, variance)
        else:
            A, rho = _continuous_leap(A, rho, lam, target, eta, steps, variance)
        after[0, i], after[1, i] = A, rho
        risk += counts[i] * lam * ((A - target) ** 2 + A * A * rho)
    return risk


@numba.njit(cache=True, error_model="numpy")
def follow(state, counts, lams, targets, tail, noise, etas, lengths, marks):
    """Move ``state`` (rows ``A`` and ``rho``, shape (2, K)) in place.

    ``S`` during a leap is its trapezoid mean over the steps. Returns the risk before the first leap
    and after each, shape (n + 1,), and the state after as many leaps as each of ``marks`` says.
    """
    after, kept = np.empty_like(state), np.empty((len(marks), 2, len(lams)))
    risks = np.empty(len(lengths) + 1)
    A, rho = state
    risks[0] = tail + np.sum(counts * lams * ((A - targets) ** 2 + A * A * rho))
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
