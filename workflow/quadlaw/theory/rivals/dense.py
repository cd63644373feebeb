r"""Gradient flow of a trained dense layer, :math:`f(x) = v^T A x / g`, on the population.

With the balance of :mod:`quadlaw.sgd.rivals.dense` and :math:`n = |v|^2`, the weights follow

.. math::

    \frac{du}{dt} = (1 + n) \Lambda (w^\ast - u)
        + \frac{g^2 u u^T}{1 + n} \Lambda (w^\ast - u).

In the time :math:`d\tau = (1 + n) dt` every coordinate relaxes at its own rate, but for one scalar
:math:`p = g^2 \langle u, \Lambda (w^\ast - u) \rangle / (1 + n)^2` that all of them share:

.. math::

    du_i / d\tau = \lambda_i w^\ast_i - (\lambda_i - p) u_i.

So the layer is the linear model on a clock of its own. The clock makes the exponents. With
:math:`s = (\beta - 1) / \alpha`, coordinates up to :math:`k = \tau^{1/\alpha}` are learned, and

* for ``s < 1`` (a hard task) :math:`n \sim g |u| \sim k^{(\alpha - \beta + 1)/2} =
  \tau^{(1 - s)/2}` grows without bound: :math:`\tau \sim t^{2/(1 + s)}`, and the risk
  :math:`\tau^{-s}` falls as :math:`t^{-2s/(1 + s)}`;
* for ``s > 1`` (an easy task) ``|u|`` and the clock's pace stay finite: :math:`t^{-s}`, as in the
  linear model.

These are the exponents of Bordelon, Atanasov and Pehlevan (arXiv 2409.17858), whose capacity is our
``alpha`` and whose source is our ``s``. They are in the time ``t``, the steps at one step size.
"""

import math

import numpy as np
import pandas as pd

from quadlaw.base.checks import count, real, require
from quadlaw.base.kernels import kernel
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.rivals.dense import grown
from quadlaw.theory.grids import Nodes
from quadlaw.theory.stability import stability_edge

FIRST, GROWTH = 1e-3, 0.02  # the first step of tau, and of each later one the share of tau
SWEEPS, ACCURACY = 30, 1e-9  # of the scalar p


@kernel(error_model="numpy")
def _moved(before, after, counts, lams, targets, length, pull, richness):
    """Weights ``after`` a step at a constant ``p``; that number and ``n`` at its end."""
    norm = push = 0.0
    for i in range(len(lams)):
        rate = lams[i] - pull
        lost = -math.expm1(-rate * length)
        filled = length if abs(rate * length) < 1e-12 else lost / rate
        after[i] = (1 - lost) * before[i] + filled * lams[i] * targets[i]
        norm += counts[i] * after[i] ** 2
        push += counts[i] * after[i] * lams[i] * (targets[i] - after[i])
    n = grown(norm, richness)
    return richness**2 * push / (1 + n) ** 2, n


@kernel(error_model="numpy")
def follow(counts, lams, targets, tail, richness, taus):
    """``t``, risk and ``n`` at each of ``taus``, the first of which is 0: shape (3, n).

    ``p`` is implicit, its own value at the end of a step, found by the secant method.
    """
    u, after = np.zeros_like(lams), np.zeros_like(lams)
    path, pull = np.zeros((3, len(taus))), 0.0
    path[1, 0] = tail + np.sum(counts * lams * targets**2)
    for k in range(1, len(taus)):
        length, one = taus[k] - taus[k - 1], pull
        found, n = _moved(u, after, counts, lams, targets, length, one, richness)
        gap, pull = found - one, (found + one) / 2
        for _ in range(SWEEPS):
            found, n = _moved(u, after, counts, lams, targets, length, pull, richness)
            last, gap = gap, found - pull
            if abs(gap) <= ACCURACY * abs(pull) or gap == last:
                break
            one, pull = pull, pull - gap * (pull - one) / (gap - last)
        u[:] = after
        pace = (1 / (1 + path[2, k - 1]) + 1 / (1 + n)) / 2
        path[0, k], path[2, k] = path[0, k - 1] + pace * length, n
        path[1, k] = tail + np.sum(counts * lams * (u - targets) ** 2)
    return path


def dense_flow(
    problem: PowerLaw, *, model_size: int, time: float, richness: float, exact: bool = False
) -> pd.DataFrame:
    """The flow from ``v = 0`` up to a ``time`` or a little beyond.

    Parameters
    ----------
    problem : PowerLaw
    model_size : int
        ``M``, the number of inputs that the network sees.
    time : float
        The sum of the step sizes, above 0.
    richness : float
        ``g``, above 0.
    exact : bool, default False
        Whether each coordinate has a node of its own.

    Returns
    -------
    DataFrame
        ``time, excess_risk, growth``, the last one ``n``, in rising time from 0 on.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range.
    """
    size, end = count("model_size", model_size), real("time", time, above=0, reason="positive")
    g = real("richness", richness, above=0, reason="positive; towards 0 it is the linear model")
    nodes = Nodes.of(problem, size, exact=exact)
    # Faster than the clock of the whole target it never runs, up to the little that u overshoots.
    last = 2 * end * (1 + grown(float(nodes.count @ nodes.target**2), g))
    steps = max(2, int(np.ceil(np.log(last / FIRST) / np.log1p(GROWTH))))
    taus = np.concatenate([[0.0], np.geomspace(min(FIRST, last / 2), last, steps)])
    path = follow(
        nodes.count, nodes.eigenvalues, nodes.target, float(problem.tail(size)), g, taus
    )  # fmt: skip
    stop = np.searchsorted(path[0], end) + 1
    return pd.DataFrame(path[:, :stop].T, columns=["time", "excess_risk", "growth"])


def at_time(flow: pd.DataFrame, time: float, column: str = "excess_risk") -> float:
    """A column of :func:`dense_flow` at a time above 0, between its rows in logarithms."""
    known = flow.iloc[1:]
    return float(np.exp(np.interp(np.log(time), np.log(known["time"]), np.log(known[column]))))


def dense_step(
    problem: PowerLaw, *, model_size: int, samples: int, share: float, richness: float
) -> float:
    r"""The step size that is a ``share`` of the stability edge at the end of ``T`` steps.

    The layer is linear SGD at ``1 + n`` times the step, so that the edge is the linear model's over
    ``1 + n``: it falls as the layer grows. The term along ``u`` is left out. It adds less and less,
    as :math:`\sum_i \lambda_i u_i^2` stays finite while ``n`` and ``|u|`` grow.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range.
    """
    require(0 < share < 1, "share", share, "a share of the edge lies between 0 and 1")
    largest = share * stability_edge(problem, model_size)
    flow = dense_flow(
        problem, model_size=model_size, time=largest * count("samples", samples), richness=richness
    ).iloc[1:]
    needed = flow["time"] * (1 + flow["growth"]) / largest  # T that ends at that time: it rises
    return float(np.exp(np.interp(np.log(samples), np.log(needed), np.log(flow["time"])))) / samples
