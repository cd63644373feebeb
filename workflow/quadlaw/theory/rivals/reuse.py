r"""Risks of what is learned from ``n`` fixed samples, used as often as one likes.

As long as few coordinates are learned, ``k << n``, each sees its own target through noise alone:

.. math::

    y_i = w^\ast_i + \sqrt{(\sigma^2 + R) / (n l_i)} \, \xi_i, \qquad
    R = \mathrm{tail}(M) + \sum_i l_i \, \mathbb{E} (f_i(y_i) - w^\ast_i)^2,

with :math:`\xi_i` standard normal. What is not learned yet, ``R``, acts as further noise, and ``R``
is found self-consistently. A learner is its ``f_i``:

* a linear one, from ``w_0``, keeps the share ``1 - g_i`` of where it started,
  :math:`f_i = y_i + (1 - g_i) (w_0 - y_i)`. Gradient descent has
  :math:`g_i = 1 - \exp(-l_i \tau)` after the time :math:`\tau`, step size times steps. Ridge
  regression towards ``w_0`` has :math:`g_i = l_i / (l_i + \mu)`, and its formula is the known
  deterministic equivalent at the penalty :math:`\mu (1 - \sum_i g_i / n)` (Cheng and Montanari,
  arXiv 2210.08571);
* the quadratic model moves as :math:`\dot u_i = 2 l_i u_i (y_i - u_i)`, which is solved.

For linear learners this is :math:`R = (B + \sigma^2 V)/(1 - V)`, with the bias
:math:`B = \mathrm{tail}(M) + \sum_i l_i (1 - g_i)^2 (w^\ast_i - w_0)^2` and
:math:`V = \sum_i g_i^2 / n`. SGD whose steps decay is near to gradient descent at the same
:math:`\tau`; what its own noise adds is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.theory.grids import log_steps
from quadlaw.theory.tuning import TunedStep, least_risk, tuned_step

NODES = 24  # of the Gauss-Hermite rule over the noise
ROUNDS, PRECISION = 100, 1e-6  # of the self-consistent risk
GROWTH = 0.05  # of leaps in which the factors of a schedule are added up
SPACING, MOST = 4, 10**14  # of the sample sizes at which one pass is computed, and the largest
WIDE, LOOKS = 1e2, 25  # how far from its rate a best time or penalty may lie; times looked at


@dataclass(frozen=True)
class FixedSamples:
    """``n`` samples of a problem, and models of ``M`` coordinates that start at ``w_0 = v_0^2``.

    Attributes
    ----------
    problem : PowerLaw
    model_size, samples : int
        ``M`` and ``n``.
    init : float
        ``v_0``.
    """

    problem: PowerLaw
    model_size: int
    samples: int
    init: float

    @cached_property
    def _coordinates(self) -> tuple[np.ndarray, np.ndarray, float]:
        size = self.model_size
        return (
            self.problem.eigenvalues(size),
            self.problem.target(size),
            float(self.problem.tail(size)),
        )

    def gradient_descent(self, time: float) -> float:
        r"""``R`` of the linear model after the time :math:`\tau`, infinite beyond ``V = 1``."""
        eigenvalues = self._coordinates[0]
        return self._linear(-np.expm1(-eigenvalues * time))

    def ridge(self, penalty: float) -> float:
        r"""``R`` of ridge regression at the effective penalty :math:`\mu`."""
        eigenvalues = self._coordinates[0]
        return self._linear(eigenvalues / (eigenvalues + penalty))

    def _linear(self, learned: np.ndarray) -> float:
        eigenvalues, target, tail = self._coordinates
        error = (1 - learned) * (target - self.init**2)
        bias, variance = tail + np.sum(eigenvalues * error**2), np.sum(learned**2) / self.samples
        if variance >= 1:
            return np.inf
        return float((bias + self.problem.sigma**2 * variance) / (1 - variance))

    def plain_penalty(self, penalty: float) -> float:
        r"""The penalty of ridge regression on the samples whose effective one is :math:`\mu`."""
        eigenvalues = self._coordinates[0]
        share = np.sum(eigenvalues / (eigenvalues + penalty)) / self.samples
        return float(penalty * (1 - share))

    def quadratic(self, time: float) -> float:
        r"""``R`` of the quadratic model after the time :math:`\tau`."""
        eigenvalues, target, tail = self._coordinates
        noise, weights = np.polynomial.hermite_e.hermegauss(NODES)
        weights = weights / weights.sum()
        risk = tail + eigenvalues @ target**2
        for _ in range(ROUNDS):
            scale = np.sqrt((self.problem.sigma**2 + risk) / (self.samples * eigenvalues))
            seen = target[:, None] + scale[:, None] * noise
            error = logistic(self.init**2, seen, 2 * eigenvalues[:, None] * time) - target[:, None]
            before, risk = risk, float(tail + eigenvalues @ (error**2 @ weights))
            if abs(risk / before - 1) < PRECISION:
                break
        return risk


def logistic(start: float, seen: np.ndarray, time: np.ndarray) -> np.ndarray:
    """``u`` after ``time`` of ``u' = u (seen - u)`` from a ``start`` above 0; elementwise."""
    fall = np.exp(-np.abs(seen) * time)
    size = np.maximum(np.abs(seen), 1e-12)
    grown = -np.expm1(-size * time) / size  # of sizes near zero: the time
    above = start / (fall + start * grown)
    below = start * fall / (1 + start * grown)
    return np.where(seen > 0, above, below)


def learned(problem: PowerLaw, samples: float) -> float:
    r"""``(n / sigma^2)^(1 / min(beta, 2 alpha + 1))`` coordinates, which ridge regression learns.

    These are the most of all learners; the others learn as many up to :math:`\beta = 2 \alpha + 1`.
    """
    return (samples / problem.sigma**2) ** (1 / min(problem.beta, 2 * problem.alpha + 1))


def slowest(problem: PowerLaw, samples: float, model: str) -> float:
    """The time in which ``k = (n / sigma^2)^(1/beta)`` coordinates are learned, by the rates.

    ``k^alpha``, for the quadratic model ``k^((alpha + beta)/2)``.
    """
    speed = problem.alpha if model == "linear" else (problem.alpha + problem.beta) / 2
    return (samples / problem.sigma**2) ** (speed / problem.beta)


def clock(schedule: Schedule, steps: int) -> float:
    """The time of a run at step size 1: its steps, less where the schedule's factor is smaller."""
    lengths, factors = log_steps(steps, schedule, GROWTH)
    return float(lengths @ factors)


def best_time(risk_at: Callable[[float], float], rate: float, largest: float = np.inf) -> TunedStep:
    """The time, or penalty, of the least risk, within a factor ``WIDE`` of its ``rate``.

    At most ``largest``; ``step_size`` of the result is the time. The quadratic model's risk has
    more than one minimum: the least of a coarse grid is refined.
    """
    top = min(rate * WIDE, largest)
    grid = np.geomspace(min(rate, top) / WIDE, top, LOOKS)
    best = grid[np.argmin([risk_at(time) for time in grid])]
    ratio = grid[1] / grid[0]
    return least_risk(risk_at, min(best * ratio, top), best / ratio)


def fresh_samples(
    model: str, problem: PowerLaw, lowest: float, *, model_size: int, init: float, share: float,
    first: int,
) -> Callable[[np.ndarray], np.ndarray]:  # fmt: skip
    """``f(risk)``: how many fresh samples one pass needs for a risk, by theory.

    One pass has its best step size up to ``share`` of the edge. ``f`` interpolates in logarithms
    from ``first`` samples to as many as the risk ``lowest`` takes, or ``MOST``.
    """
    risks, samples = [], first
    while samples <= MOST and (not risks or risks[-1] > lowest):
        run = {"model_size": model_size, "samples": samples, "init": init, "share": share}
        risks.append(tuned_step(model, problem, **run).risk)
        samples *= SPACING
    known = np.log(first) + np.log(SPACING) * np.arange(len(risks))
    falling = -np.log(risks)
    return lambda risk: np.exp(np.interp(-np.log(risk), falling, known))
