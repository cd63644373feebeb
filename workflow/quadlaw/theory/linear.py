r"""The linear model's expected risk, exactly: its second moments close.

With Gaussian inputs, :math:`m_i = \mathbb{E} (w_i - w^\ast_i)^2` follows

.. math::

    m_i \leftarrow (1 - 2 e l_i + 2 e^2 l_i^2) m_i + e^2 l_i (R + \sigma^2), \quad
    R = \sum_i l_i m_i + \mathrm{tail}(M)

where ``e`` is the step size of that step and ``l_i`` the eigenvalue: the fourth moment of a
Gaussian, ``E x_i^2 x_j^2 = l_i l_j (1 + 2 delta_ij)``, is all that it takes.
"""

from collections.abc import Sequence

import numba
import numpy as np
import pandas as pd

from quadlaw.base.checks import real, require
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory.grids import Nodes, log_steps, whole_steps
from quadlaw.theory.stability import checked_run

STEPWISE = 10**7  # longest run that is followed step by step
GROWTH = 0.02  # length of a leap over the time since the step size last changed


@numba.njit(cache=True, error_model="numpy")
def _leap(m, eigenvalues, counts, tail, noise, eta, steps, risk):
    """Take ``steps`` steps at once, in place, and return the risk after them.

    At a risk ``r`` that stays, ``m -> q^n m + (1 - q^n) / (1 - q) e^2 l (r + sigma^2)`` is exact.
    The risk moves, and ``r`` is its mean over the steps by the trapezoid rule,
    ``R + (n - 1) / (2 n) (R' - R)``, with ``R'`` the risk after them: linear in ``R'``, so solved.
    """
    share = (steps - 1) / (2 * steps)
    kept, gain = 0.0, 0.0
    for i in range(len(m)):
        lam = eigenvalues[i]
        loss = 2 * eta * lam * (1 - eta * lam)
        power = np.exp(steps * np.log1p(-loss)) if loss < 1 else (1 - loss) ** steps
        filled = (1 - power) / loss if loss > 0 else float(steps)
        kept += counts[i] * lam * power * m[i]
        gain += counts[i] * lam * filled * eta**2 * lam
    after = (tail + kept + gain * (noise + (1 - share) * risk)) / (1 - share * gain)
    source = noise + (1 - share) * risk + share * after
    for i in range(len(m)):
        lam = eigenvalues[i]
        loss = 2 * eta * lam * (1 - eta * lam)
        power = np.exp(steps * np.log1p(-loss)) if loss < 1 else (1 - loss) ** steps
        filled = (1 - power) / loss if loss > 0 else float(steps)
        m[i] = power * m[i] + filled * eta**2 * lam * source
    return after


@numba.njit(cache=True, error_model="numpy")
def follow(m, eigenvalues, counts, tail, noise, etas, lengths):
    """Risk before the first leap and after each, shape (n + 1,), from second moments ``m``.

    ``m`` changes in place. ``tail`` is the risk that training does not change.
    """
    risks = np.empty(len(lengths) + 1)
    risks[0] = tail + np.sum(counts * eigenvalues * m)
    for k in range(len(lengths)):
        risks[k + 1] = _leap(m, eigenvalues, counts, tail, noise, etas[k], lengths[k], risks[k])
    return risks


def linear_risk(
    problem: PowerLaw | Finite,
    *,
    model_size: int,
    samples: int,
    step_size: float,
    init: float,
    schedule: Schedule = TwoPhase(),
    method: str = "auto",
    growth: float = GROWTH,
    whole: bool = False,
) -> float | pd.DataFrame:
    """Expected excess risk of the linear model after ``T`` steps.

    Parameters
    ----------
    problem : PowerLaw or Finite
    model_size : int
        ``M``.
    samples : int
        ``T``, at least 2.
    step_size : float
        ``eta`` of the adaptation phase, below :func:`quadlaw.theory.stability.stability_edge`.
    init : float
        ``v_0``, not negative; the model starts at :math:`w_0 = v_0^2`.
    schedule : Schedule
    method : {"auto", "steps", "leaps"}
        ``steps`` is exact: every step, every coordinate. ``leaps`` takes time in leaps that grow
        with the time since the step size last changed, over quadrature nodes. ``auto`` takes steps
        up to :math:`T = 10^7` if the model has at most :math:`10^4` coordinates.
    growth : float, default 0.02
        Of the leaps; at the default, the error is below 1e-3.
    whole : bool, default False
        Return the trajectory, columns ``time`` and ``excess_risk``, instead of its end.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range.
    """
    size, samples, eta, start = checked_run("linear", problem, model_size, samples, step_size, init)
    require(method in ("auto", "steps", "leaps"), "method", method, "auto, steps or leaps")
    if method == "auto":
        method = "steps" if samples <= STEPWISE and size <= 10**4 else "leaps"
    beyond = method == "steps" and samples > STEPWISE
    require(not beyond, "samples", samples, f"step by step, at most {STEPWISE}")
    lengths, factors = (
        whole_steps(samples, schedule)
        if method == "steps"
        else log_steps(samples, schedule, real("growth", growth, above=0, reason="positive"))
    )
    nodes = Nodes.of(problem, size, exact=method == "steps")
    moments = (start**2 - nodes.target) ** 2
    risks = follow(
        moments,
        nodes.eigenvalues,
        nodes.count,
        float(problem.tail(size)),
        problem.sigma**2,
        eta * factors,
        lengths,
    )
    if not whole:
        return float(risks[-1])
    return trajectory_frame(lengths, risks)


def trajectory_frame(lengths: Sequence[int], risks: np.ndarray) -> pd.DataFrame:
    """Columns ``time`` and ``excess_risk``, before the first leap and after each."""
    time = np.concatenate([[0], np.cumsum(lengths)])
    return pd.DataFrame({"time": time, "excess_risk": risks})
