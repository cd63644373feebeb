r"""Risk of steps along the mean gradient of ``B`` samples: ``T`` samples make ``T / B`` steps.

Linear model, exactly. The mean of ``B`` products :math:`x x^\top` has the fourth moment of one of
them with its connected part over ``B``. So with ``h = e l_i``

.. math::

    m_i \leftarrow (1 - 2 h + (1 + 1/B) h^2) m_i + e^2 l_i (R + \sigma^2) / B,

which is the recursion of :mod:`quadlaw.theory.linear` at ``B = 1``. The batch divides what is
random in a step, and leaves the descent as it is.

Quadratic model, by the closure of :mod:`quadlaw.theory.closure`, whose noise is
:math:`S = R + \sigma^2`; the batch makes it ``S / B``. Counts, tail and noise over ``B`` do that,
as they enter in ``S`` alone. Left out: ``(1 - 1/B) h^2`` of the first coordinates.
"""

import numba
import numpy as np

from quadlaw.base.checks import count, require
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory import closure, rates
from quadlaw.theory.grids import Nodes, log_steps
from quadlaw.theory.tuning import SAFE, SMALLEST, TunedStep, least_risk

GROWTH = {"linear": 0.05, "quadratic": 0.12}  # length of leaps
COARSE = 1.0  # the same, good enough to compare step sizes


def batch_edge(problem: PowerLaw, model_size: int, model: str, batch: int) -> float:
    r"""The step size from which the linear recursion at this batch grows without bound.

    It contracts if and only if every ``(1 + 1/B) h < 2`` and
    :math:`\sum_i (h / B) / (2 - (1 + 1/B) h) < 1`. From one sample a step to the whole gradient it
    grows by a constant factor, to 2 over the largest eigenvalue. The quadratic model's is that of
    eigenvalues :math:`l_i w^\ast_i` at twice the step size.
    """
    nodes, depth = Nodes.of(problem, model_size), rates.depth_of(model)
    lams = nodes.eigenvalues * depth * nodes.target ** (2 - 2 / depth)
    much = 1 + 1 / batch
    low, high = 0.0, 2 / (much * lams.max())
    for _ in range(60):  # bisection to the last bits
        middle = (low + high) / 2
        gain = np.sum(nodes.count * middle * lams / (2 - much * middle * lams)) / batch
        low, high = (middle, high) if gain < 1 else (low, middle)
    return low


@numba.njit(cache=True, error_model="numpy")
def _follow(m, lams, counts, tail, noise, batch, etas, lengths):
    """The risk after all leaps, at the mean risk of each as in :mod:`quadlaw.theory.linear`."""
    risk = tail + np.sum(counts * lams * m)
    for k in range(len(etas)):
        eta, steps = etas[k], lengths[k]
        share = (steps - 1) / (2 * steps)
        loss = eta * lams * (2 - (1 + 1 / batch) * eta * lams)
        power = np.where(loss < 1, np.exp(steps * np.log1p(-np.minimum(loss, 0.5))), 0.0)
        power = np.where(loss < 0.5, power, np.abs(1 - loss) ** steps)
        filled = np.where(loss > 0, (1 - power) / loss, steps) * eta**2 * lams / batch
        kept, gain = np.sum(counts * lams * power * m), np.sum(counts * lams * filled)
        after = (tail + kept + gain * (noise + (1 - share) * risk)) / (1 - share * gain)
        m = power * m + filled * (noise + (1 - share) * risk + share * after)
        risk = after
    return risk


def batch_risk(
    model: str,
    problem: PowerLaw,
    *,
    model_size: int,
    samples: int,
    batch: int,
    step_size: float,
    init: float,
    schedule: Schedule = TwoPhase(),
    growth: float | None = None,
) -> float:
    """Expected excess risk after ``T // B`` steps of ``B`` samples.

    Parameters
    ----------
    model : {"linear", "quadratic"}
    batch : int
        ``B``, at most half of the samples.
    model_size, samples, step_size, init, schedule
        As of :func:`quadlaw.theory.linear.linear_risk`; the schedule is over the steps.
    growth : float, optional
        Of leaps, by default that of ``GROWTH``.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a batch out of its range, or where the risk diverges.
    """
    steps = samples // count("batch", batch)
    require(steps >= 2, "batch", batch, f"{samples} samples make fewer than two steps")
    nodes = Nodes.of(problem, model_size)
    lengths, factors = log_steps(steps, schedule, growth or GROWTH[model])
    tail, noise, etas = float(problem.tail(model_size)), problem.sigma**2, step_size * factors
    if model == "linear":
        moments = (init**2 - nodes.target) ** 2
        known = nodes.eigenvalues, nodes.count, tail, noise
        risk = _follow(moments, *known, float(batch), etas, lengths)
    else:
        state = np.vstack([np.full(len(nodes.index), init**2), np.zeros(len(nodes.index))])
        known = nodes.count / batch, nodes.eigenvalues, nodes.target, tail / batch, noise / batch
        risk = batch * closure.follow(state, *known, etas, lengths, np.empty(0, np.int64))[0][-1]
    stays = risk <= 10 * float(problem.tail(0))
    require(stays, "step_size", step_size, "the risk diverges: it or the start must be smaller")
    return float(risk)


def tuned_batch(model: str, problem: PowerLaw, **settings) -> TunedStep:
    """Step size of least risk, up to ``SAFE`` of the edge at this batch; ``settings`` as above."""
    edge = batch_edge(problem, settings["model_size"], model, settings["batch"])

    def roughly(eta):
        return batch_risk(model, problem, step_size=eta, growth=COARSE, **settings)

    limit, smallest = SAFE * edge, SAFE * edge * SMALLEST**3
    found = least_risk(roughly, limit, smallest)
    if found.at_limit:  # all may be learned there, and the risk be flat
        found = min(found, least_risk(roughly, limit / 64, smallest), key=lambda one: one.risk)
    return found._replace(risk=batch_risk(model, problem, step_size=found.step_size, **settings))
