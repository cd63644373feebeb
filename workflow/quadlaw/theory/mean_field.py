r"""The quadratic model's mean field: each coordinate sees the others only through the risk.

A coordinate's parameter moves as ``v <- v (1 - e r x)`` with :math:`r = (v^2 - w^\ast) x + s \xi`,
where ``x ~ N(0, l)`` and ``xi ~ N(0, 1)``, and
:math:`s^2 = R + \sigma^2 - l \mathbb{E} (v^2 - w^\ast)^2` is what all other coordinates, the tail
and the noise add to the residual. The risk
:math:`R = \sum_i l_i \mathbb{E} (v_i^2 - w^\ast_i)^2 + \mathrm{tail}(M)` closes the loop: nothing
is fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from quadlaw.base.checks import count, real, require, several
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory.closure import follow as follow_moments
from quadlaw.theory.grids import Nodes, log_steps, whole_steps
from quadlaw.theory.linear import STEPWISE, trajectory_frame
from quadlaw.theory.particles import follow as follow_particles
from quadlaw.theory.stability import checked_run

GROWTH = 0.12  # of the closure's leaps
PARTICLES = 3072  # a coordinate, in each batch of the accurate method
BATCHES = 4  # independent systems of particles, whose spread gives the error


@dataclass(frozen=True)
class MeanField:
    """What the mean field says at the end of a run.

    Attributes
    ----------
    risk, error : float
        Excess risk; its standard error over batches of particles (nan for the closure, whose error
        is no sampling error).
    escaped : float
        Expected number of escapes in one run: the share of particles that escaped, summed over its
        coordinates (nan for the closure).
    trajectory : DataFrame
        ``time, excess_risk``.
    coordinates : DataFrame
        ``time, index, count, target, mean, variance`` of :math:`v_i^2`, one row a time and node.
    """

    risk: float
    error: float
    escaped: float
    trajectory: pd.DataFrame
    coordinates: pd.DataFrame

    @property
    def effective_dimension(self) -> float:
        r"""How many coordinates have :math:`\mathbb{E} v_i^2 > w^\ast_i / 2` at the last of the
        times.
        """
        last = self.coordinates[self.coordinates["time"] == self.coordinates["time"].max()]
        return float(last.loc[last["mean"] > last["target"] / 2, "count"].sum())


def _closure(problem, nodes, size, init, etas, marks, lengths):
    state = np.vstack([np.full(len(nodes.index), init**2), np.zeros(len(nodes.index))])
    risks, kept = follow_moments(
        state, nodes.count, nodes.eigenvalues, nodes.target,
        float(problem.tail(size)), problem.sigma**2, etas, lengths, marks,
    )  # fmt: skip
    mean, rho = kept[:, 0], kept[:, 1]
    return risks, mean, mean**2 * rho, np.nan, np.nan


def _accurate(problem, nodes, size, init, etas, marks, number):
    runs, moments, lost = [], [], 0
    for batch in range(BATCHES):
        v = np.full((len(nodes.index), number), init)
        risks, kept, escaped = follow_particles(
            v, nodes.count, nodes.eigenvalues, nodes.target,
            float(problem.tail(size)), problem.sigma**2, etas, marks,
            np.array([batch, 0, 0, 0], np.uint32), np.random.default_rng(batch),
        )  # fmt: skip
        runs.append(risks)
        moments.append(kept)
        lost += escaped
    mean, square = np.mean(moments, axis=0).transpose(1, 0, 2)
    error = np.std([run[-1] for run in runs], ddof=1) / np.sqrt(BATCHES)
    return np.mean(runs, axis=0), mean, square - mean**2, error, lost / (BATCHES * number)


def _chosen(method, samples, schedule, growth, particles) -> tuple:
    """Lengths of a method's leaps, the step-size factors there, and what solves it."""
    require(method in ("closure", "accurate"), "method", method, "must be closure or accurate")
    if method == "closure":
        growth = real("growth", growth, above=0, reason="must be positive")
        lengths, factors = log_steps(samples, schedule, growth)
        return lengths, factors, partial(_closure, lengths=lengths)
    number = count("particles", particles, least=16)
    require(samples <= STEPWISE, "samples", samples, f"step by step, at most {STEPWISE}")
    return *whole_steps(samples, schedule), partial(_accurate, number=number)


def _require_bounded(problem, eta, risks, escaped) -> None:
    limit = 10 * max(risks[0], float(problem.tail(0)))
    stays = np.all(risks <= limit) and not escaped > 0.5
    require(stays, "step_size", eta, "the risk diverges: it or the start must be smaller")


def _coordinates(nodes, times, mean, variance) -> pd.DataFrame:
    """One row a time and node."""
    every = {"index": nodes.index, "count": nodes.count, "target": nodes.target}
    frame = pd.DataFrame({name: np.tile(column, len(times)) for name, column in every.items()})
    frame.insert(0, "time", np.repeat(times, len(nodes.index)))
    return frame.assign(mean=mean.ravel(), variance=variance.ravel())


def _marks(clock, times) -> np.ndarray:
    """Number of leaps after which to look at the coordinates: the first to reach each time."""
    steps = [count("times", time, least=0) for time in several("times", times)]
    require(max(steps) <= clock[-1], "times", max(steps), "lies beyond samples")
    return np.unique(np.searchsorted(clock, steps))


def mean_field(
    problem: PowerLaw | Finite,
    *,
    model_size: int,
    samples: int,
    step_size: float,
    init: float,
    schedule: Schedule = TwoPhase(),
    method: str = "closure",
    times: Sequence[int] | None = None,
    growth: float = GROWTH,
    particles: int = PARTICLES,
) -> MeanField:
    """The mean field of quadratic SGD after ``T`` steps.

    Parameters
    ----------
    problem : PowerLaw or Finite
    model_size, samples : int
        ``M`` and ``T``, at least 2.
    step_size, init : float
        ``eta`` of the adaptation phase, and ``v_0``; both positive.
    schedule : Schedule
    method : {"closure", "accurate"}
        ``accurate`` follows particles of every node step by step and converges to the mean field;
        ``closure`` closes the moments as a Gamma law's and leaps in logarithmic time.
    times : sequence of int, optional
        When to look at the coordinates, in steps; the closure takes the end of the leap. By default
        after the last step.
    growth : float, default 0.12
        Length of the closure's leaps over the time since the step size last changed.
    particles : int, default 3072
        A coordinate, in each of four batches.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range, or where the risk diverges.
    """
    size, samples, eta, start = checked_run(
        "quadratic", problem, model_size, samples, step_size, init
    )
    lengths, factors, solve = _chosen(method, samples, schedule, growth, particles)
    nodes, clock = Nodes.of(problem, size), np.concatenate([[0], np.cumsum(lengths)])
    marks = _marks(clock, [samples] if times is None else times)
    found = solve(problem, nodes, size, start, eta * factors, marks)
    risks, mean, variance, error, escaped = found
    _require_bounded(problem, eta, risks, escaped)
    coordinates = _coordinates(nodes, clock[marks], mean, variance)
    frame = trajectory_frame(lengths, risks)
    return MeanField(float(risks[-1]), float(error), float(escaped), frame, coordinates)


def mean_field_risk(
    problem: PowerLaw | Finite, *, whole: bool = False, **settings
) -> float | pd.DataFrame:
    """Excess risk of :func:`mean_field` with the same settings; ``whole`` gives its trajectory."""
    result = mean_field(problem, **settings)
    return result.trajectory if whole else result.risk
