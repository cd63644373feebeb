r"""Diagonal networks of any depth: expected risk of SGD on :math:`f(x) = \langle x, v^L \rangle`.

The update :math:`v \leftarrow v - e r x v^{L-1}` moves :math:`y = \log v` by a mean-field equation,

.. math::

    dy = (e l (w^\ast - v^L) v^{L-2} - e^2 l S v^{2L-4} / 2) dt + e \sqrt{l S} v^{L-2} dB,

with :math:`S = R + \sigma^2`. For ``L > 2`` it is closed with a normal law of ``y``, whose moments
:math:`\mathbb{E} v^k = \exp(k m + k^2 V / 2)` give the mean ``m`` and the variance ``V``:

.. math::

    dm/dt = F = a - b - c/2, \quad dV/dt = 2 F'(m) V + c, \quad \text{where}

.. math::

    a = e l w^\ast \mathbb{E} v^{L-2}, \quad b = e l \mathbb{E} v^{2L-2}, \quad
    c = e^2 l S \mathbb{E} v^{2L-4}.

Depths 1 and 2 have closures of their own, the linear model's exact one and the quadratic model's.
"""

import numba
import numpy as np
import pandas as pd

from quadlaw.base.checks import count, require
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.sgd.starts import start_weights
from quadlaw.theory import closure, linear, rates
from quadlaw.theory.grids import Nodes, log_steps
from quadlaw.theory.stability import checked_run

GROWTH = 0.12  # length of a leap over the time since the step size last changed
MOVE = 0.1  # of log v within a part of a leap, unless it relaxes to where it stays


@numba.njit(cache=True, error_model="numpy")
def _relaxed(rate, time):
    """``(1 - exp(-rate time)) / rate``."""
    return time if abs(rate * time) < 1e-12 else -np.expm1(-rate * time) / rate


@numba.njit(cache=True, error_model="numpy")
def _moved(m, V, lam, target, eta, steps, variance, depth):
    """Mean and variance of ``log v`` after ``steps``, in parts that hardly move."""
    L, left = depth, steps
    while left > 0:
        a = eta * lam * target * np.exp((L - 2) * m + (L - 2) ** 2 * V / 2)
        b = eta * lam * np.exp((2 * L - 2) * m + (2 * L - 2) ** 2 * V / 2)
        c = eta**2 * lam * variance * np.exp((2 * L - 4) * m + (2 * L - 4) ** 2 * V / 2)
        drift = a - b - c / 2
        pull = (2 * L - 2) * b - (L - 2) * (a - c)
        part = left
        if abs(drift) * left > MOVE and not (pull > 0 and abs(drift) < MOVE * pull):
            part = min(left, MOVE / abs(drift))
        m += drift * _relaxed(pull, part)
        V = V * np.exp(-2 * pull * part) + c * _relaxed(2 * pull, part)
        left -= part
    return m, V


@numba.njit(cache=True, error_model="numpy")
def _leap(state, after, counts, lams, targets, tail, eta, steps, variance, depth):
    """All nodes' ``state``, shape (2, K), after a leap, into ``after``; the risk there."""
    risk = tail
    for i in range(len(lams)):
        m, V = _moved(
            state[0, i], state[1, i], lams[i], targets[i], eta, steps, variance, depth
        )  # fmt: skip
        after[0, i], after[1, i] = m, V
        mean = np.exp(depth * m + depth**2 * V / 2)
        spread = mean**2 * np.expm1(depth**2 * V)
        risk += counts[i] * lams[i] * ((mean - targets[i]) ** 2 + spread)
    return risk


@numba.njit(cache=True, error_model="numpy")
def follow(state, counts, lams, targets, tail, noise, etas, lengths, depth, sweeps):
    """Risk after each leap, shape (n,), from ``state`` (rows ``m`` and ``V``), changed in place.

    ``S`` during a leap is its trapezoid mean over the steps, as of the quadratic model's closure.
    """
    after, risks = np.empty_like(state), np.empty(len(lengths))
    before = _leap(state, after, counts, lams, targets, tail, 0.0, 1, noise, depth)
    for k in range(len(lengths)):
        share = (lengths[k] - 1) / (2 * lengths[k])
        end = before
        for _ in range(1 if lengths[k] == 1 else sweeps):
            variance = noise + (1 - share) * before + share * end
            end = _leap(
                state, after, counts, lams, targets, tail, etas[k], lengths[k], variance, depth
            )  # fmt: skip
        state[:] = after
        risks[k] = before = end
    return risks


def deep_risk(
    problem: PowerLaw,
    *,
    depth: int,
    model_size: int,
    samples: int,
    step_size: float,
    init: float,
    start: str = "uniform",
    schedule: Schedule = TwoPhase(),
    growth: float = GROWTH,
    whole: bool = False,
) -> float | pd.DataFrame:
    r"""Expected excess risk of :math:`\langle x, v^L \rangle` after ``T`` steps.

    Parameters
    ----------
    problem : PowerLaw
    depth : int
        ``L``; 1 and 2 are the linear and the quadratic model.
    model_size, samples : int
        ``M`` and ``T``.
    step_size : float
        ``eta`` of the adaptation phase, below :func:`quadlaw.theory.stability.stability_edge`.
    init : float
        The quadratic model's ``v_0``: a uniform start has :math:`w_0 = v_0^2` at every depth.
    start : {"uniform", "target"}
        See :func:`quadlaw.sgd.starts.start_weights`.
    schedule : Schedule
    growth : float, default 0.12
        Length of the leaps over the time since the step size last changed.
    whole : bool, default False
        Return the trajectory, columns ``time`` and ``excess_risk``, instead of its end.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range, or where the risk diverges.
    """
    L = count("depth", depth)
    size, samples, eta, init = checked_run(
        rates.name_of(L), problem, model_size, samples, step_size, init
    )
    lengths, factors = log_steps(samples, schedule, growth)
    nodes = Nodes.of(problem, size)
    weights = start_weights(start, nodes.target, init)
    risks = _risks(L, problem, nodes, size, weights, eta * factors, lengths)
    bound = 10 * (float(problem.tail(0)) + nodes.count @ (nodes.eigenvalues * weights**2))
    stays = np.all(risks <= bound)
    require(stays, "step_size", eta, "the risk diverges: it or the start must be smaller")
    if not whole:
        return float(risks[-1])
    return pd.DataFrame({"time": np.cumsum(lengths), "excess_risk": risks})


def _risks(L, problem, nodes, size, weights, etas, lengths):
    rest = (
        nodes.count, nodes.eigenvalues, nodes.target,
        float(problem.tail(size)), problem.sigma**2, etas, lengths,
    )  # fmt: skip
    if L == 1:
        counts, lams, target, tail, noise, *time = rest
        return linear.follow((weights - target) ** 2, lams, counts, tail, noise, *time)[1:]
    if L == 2:
        state = np.vstack([weights, np.zeros_like(weights)])
        return closure.follow(state, *rest, np.array([len(lengths)]))[0][1:]
    state = np.vstack([np.log(weights) / L, np.zeros_like(weights)])
    return follow(state, *rest, L, closure.SWEEPS)
