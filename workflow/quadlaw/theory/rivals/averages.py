r"""Averaged weights of linear SGD: their expected risk, exactly.

Given the past, the error :math:`e = w - w^\ast` of coordinate ``i`` is :math:`(1 - \eta l_i) e` on
average after a step. With :math:`b` the sum of the errors that are averaged, the moments
:math:`m = \mathbb{E} e^2` (:mod:`quadlaw.theory.linear`), :math:`c = \mathbb{E} e b` and
:math:`\mathbb{E} b^2` therefore close. A step makes :math:`c' = (1 - \eta l_i) c`, and an iterate
that joins the sum

.. math::

    \mathbb{E} b'^2 = \mathbb{E} b^2 + 2 c' + m', \quad c'' = c' + m'.

The average of ``n`` iterates has the risk
:math:`\sum_i l_i \mathbb{E} b_i^2 / n^2 + \mathrm{tail}(M)`.
"""

from collections.abc import Sequence

import numba
import numpy as np
import pandas as pd

from quadlaw.base.checks import count, require, several
from quadlaw.sgd.problem import PowerLaw
from quadlaw.theory.grids import Nodes
from quadlaw.theory.linear import STEPWISE
from quadlaw.theory.stability import checked_run


@numba.njit(cache=True, error_model="numpy")
def _follow(m, lam, counts, tail, noise, etas, joins, times):
    """Risks of the last iterate and of the average at each of ``times``, shape (2, n)."""
    c, square = np.zeros_like(m), np.zeros_like(m)
    found, seen, joined = np.empty((2, len(times))), 0, 0
    risk = tail + np.sum(counts * lam * m)
    for t in range(times[-1]):
        eta, source = etas[t], noise + risk
        risk, joined = tail, joined + joins[t]
        for i in range(len(m)):
            step = eta * lam[i]
            m[i] = (1 - 2 * step + 2 * step**2) * m[i] + eta * step * source
            c[i] *= 1 - step
            if joins[t]:
                square[i] += 2 * c[i] + m[i]
                c[i] += m[i]
            risk += counts[i] * lam[i] * m[i]
        if t + 1 == times[seen]:
            found[0, seen] = risk
            found[1, seen] = tail + np.sum(counts * lam * square) / joined**2
            seen += 1
    return found


def averaged_risks(
    problem: PowerLaw,
    *,
    model_size: int,
    times: Sequence[int],
    step_size: float,
    init: float,
    power: float = 0.0,
    averaged: Sequence[int] | None = None,
) -> pd.DataFrame:
    """Expected excess risk of linear SGD with the steps ``step_size (1 + t)^-power``.

    Parameters
    ----------
    problem : PowerLaw
    model_size : int
        ``M``.
    times : sequence of int
        In rising order, at most 10^7: every step is taken.
    step_size, init : float
        ``eta`` of the first step and ``v_0``; the model starts at ``v_0^2``.
    power : float, default 0
        Of the decay, from 0 to below 1.
    averaged : sequence of int, optional
        After which steps iterates are averaged, the first of ``times`` or an earlier one among
        them; by default after all.

    Returns
    -------
    DataFrame
        ``samples, last, average``: the risk of the last iterate, and of the average so far.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range.
    """
    times = [count("times", time) for time in several("times", times)]
    require(times == sorted(set(times)), "times", times, "must rise")
    require(times[-1] <= STEPWISE, "times", times[-1], f"step by step, at most {STEPWISE}")
    require(0 <= power < 1, "power", power, "lies in [0, 1)")
    size, _, eta, start = checked_run(
        "linear", problem, model_size, max(2, times[-1]), step_size, init
    )
    nodes = Nodes.of(problem, size)
    joins = np.full(times[-1], averaged is None)
    if averaged is not None:
        averaged = [count("averaged", time) for time in several("averaged", averaged)]
        require(max(averaged) <= times[-1], "averaged", max(averaged), "lies beyond the last time")
        joins[np.array(averaged) - 1] = True
    require(joins[: times[0]].any(), "averaged", averaged, "holds no step up to the first time")
    etas = eta * (1.0 + np.arange(times[-1])) ** -power
    last, average = _follow(
        (start**2 - nodes.target) ** 2, nodes.eigenvalues, nodes.count,
        float(problem.tail(size)), problem.sigma**2, etas, joins, np.array(times),
    )  # fmt: skip
    return pd.DataFrame({"samples": times, "last": last, "average": average})
