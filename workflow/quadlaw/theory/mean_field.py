"""The quadratic model's mean field: each coordinate sees the others only through the risk.

A coordinate's parameter moves as ``v <- v (1 - e r x)`` with ``r = (v^2 - w*) x + s xi``, where
``x ~ N(0, l)`` and ``xi ~ N(0, 1)``, and ``s^2 = R + sigma^2 - l E (v^2 - w*)^2`` is what all other
coordinates, the tail and the noise add to the residual. The risk
``R = sum_i l_i E (v_i^2 - w*_i)^2 + tail(M)`` closes the loop: nothing is fitted.
"""

from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd

from quadlaw.checks import count, real, require
from quadlaw.problem import PowerLaw
from quadlaw.schedules import TwoPhase
from quadlaw.theory.grids import Nodes, log_steps, whole_steps
from quadlaw.theory.linear import stability_edge, trajectory_frame

GROWTH = 0.05  # of the closure's leaps
PARTICLES = 2048  # a coordinate, in each batch of the accurate method
BATCHES = 4  # independent systems of particles, whose spread gives the error
HUGE = 1e280
ESCAPED = 3.0  # e l u beyond which a typical step makes a coordinate grow, whatever its sign


@dataclass(frozen=True)
class MeanField:
    """What the mean field says at the end of a run.

    Attributes
    ----------
    risk, error : float
        Excess risk; its standard error over batches of particles (nan for the closure, whose error
        is no sampling error).
    escaped : float
        Share of the runs that would have diverged, as the particles tell it (nan for the closure).
    trajectory : DataFrame
        ``time, excess_risk``.
    coordinates : DataFrame
        ``index, count, target, mean, variance`` of ``v_i^2``, one row a node.
    """

    risk: float
    error: float
    escaped: float
    trajectory: pd.DataFrame
    coordinates: pd.DataFrame

    @property
    def effective_dimension(self) -> float:
        """How many coordinates have ``E v_i^2 > w*_i / 2``."""
        grown = self.coordinates["mean"] > self.coordinates["target"] / 2
        return float(self.coordinates.loc[grown, "count"].sum())


@numba.njit(cache=True, error_model="numpy")
def _logistic(y, growth, crowding, steps):
    """``y`` after ``dy/dt = y (growth - crowding y)`` for ``steps``; ``growth`` positive."""
    full = growth * steps
    if full < 500.0:
        more = np.expm1(full)
        return min(y * (1 + more) / (1 + crowding * y * more / growth), HUGE)
    return min(growth / crowding, HUGE)


@numba.njit(cache=True, error_model="numpy")
def _closure_leap(mean, spread, eigenvalues, target, eta, steps, variance):
    """Move ``A = E u`` and ``g = E u^2 / A^2`` of one node by ``steps`` at a constant ``S``.

    ``dA = A (a - b g A)`` and ``dg = g (c^2 + 2 b A - 2 b A g)`` (Gamma closure): each a logistic
    equation while the other rests, so half a leap of ``g``, one of ``A``, half a one of ``g``.
    """
    a = 2 * eta * eigenvalues * target + eta**2 * eigenvalues * variance
    b, c2 = 2 * eta * eigenvalues, 4 * eta**2 * eigenvalues * variance
    if a <= 0 or steps == 0:
        return mean, spread
    spread = _logistic(spread, c2 + 2 * b * mean, 2 * b * mean, steps / 2)
    mean = _logistic(mean, a, b * spread, steps)
    return mean, _logistic(spread, c2 + 2 * b * mean, 2 * b * mean, steps / 2)


@numba.njit(cache=True, error_model="numpy")
def _closure_run(mean, spread, counts, eigenvalues, target, tail, noise, etas, lengths):
    """Risk before the first leap and after each; ``mean`` and ``spread`` change in place."""
    risks = np.empty(len(lengths) + 1)
    risks[0] = tail + np.sum(
        counts * eigenvalues * (mean**2 * spread - target * (2 * mean - target))
    )
    for k in range(len(lengths)):
        share = (lengths[k] - 1) / (2 * lengths[k])
        after = risks[k]
        for _ in range(3):  # the mean risk over the leap depends on the risk after it
            variance = noise + (1 - share) * risks[k] + share * after
            after = tail
            for i in range(len(mean)):
                A, g = _closure_leap(
                    mean[i], spread[i], eigenvalues[i], target[i], etas[k], lengths[k], variance
                )
                after += counts[i] * eigenvalues[i] * (A * A * g - target[i] * (2 * A - target[i]))
        for i in range(len(mean)):
            mean[i], spread[i] = _closure_leap(
                mean[i], spread[i], eigenvalues[i], target[i], etas[k], lengths[k], variance
            )
        risks[k + 1] = after
    return risks


@numba.njit(cache=True, error_model="numpy")
def _balanced(values, draw):
    """Fill with normals of exactly zero mean and unit mean square: less sampling error."""
    for p in range(len(values)):
        values[p] = draw.standard_normal()
    values -= np.mean(values)
    values /= np.sqrt(np.mean(values**2))


@numba.njit(cache=True, error_model="numpy")
def _particles_run(v, counts, eigenvalues, target, tail, noise, etas, draw):
    """Step every particle, ``v`` of shape (K, P), in place; the risk before and after each step.

    All coordinates use the same normals, each from a random offset on, so that no two coordinates'
    particles stay paired: only the law of each coordinate matters. A particle that escapes, as
    single runs of SGD do, becomes a copy of its neighbour and is counted: the law is that of runs
    that stay.
    """
    nodes, particles = v.shape
    x, xi = np.empty(2 * particles), np.empty(2 * particles)
    loss, lost = np.empty(nodes), 0
    risks = np.empty(len(etas) + 1)
    for i in range(nodes):
        loss[i] = eigenvalues[i] * np.mean((v[i] ** 2 - target[i]) ** 2)
    risks[0] = tail + np.sum(counts * loss)
    for t in range(len(etas)):
        for values in (x, xi):
            _balanced(values[:particles], draw)
            values[particles:] = values[:particles]
        for i in range(nodes):
            scale = eigenvalues[i] ** 0.5
            rest = np.sqrt(max(0.0, risks[t] + noise - loss[i]))
            first, second = draw.integers(0, particles), draw.integers(0, particles)
            total = 0.0
            for p in range(particles):
                z = scale * x[first + p]
                residual = (v[i, p] ** 2 - target[i]) * z + rest * xi[second + p]
                v[i, p] -= etas[t] * residual * z * v[i, p]
                if not etas[t] * eigenvalues[i] * v[i, p] ** 2 < ESCAPED:
                    v[i, p] = v[i, p - 1]
                    lost += 1
                total += (v[i, p] ** 2 - target[i]) ** 2
            loss[i] = eigenvalues[i] * total / particles
        risks[t + 1] = tail + np.sum(counts * loss)
    return risks, lost


def _closure(problem, size, init, eta, noise, samples, schedule, growth):
    lengths, factors = log_steps(samples, schedule, growth)
    nodes = Nodes.of(problem, size)
    mean, spread = np.full(len(nodes.index), init**2), np.ones(len(nodes.index))
    risks = _closure_run(
        mean, spread, nodes.count, nodes.eigenvalues, nodes.target,
        float(problem.tail(size)), noise, eta * factors, lengths,
    )  # fmt: skip
    return nodes, mean, mean**2 * (spread - 1), lengths, risks, np.nan, np.nan


def _accurate(problem, size, init, eta, noise, samples, schedule, particles):
    lengths, factors = whole_steps(samples, schedule)
    nodes = Nodes.of(problem, size)
    runs, weights, lost = [], [], 0
    for batch in range(BATCHES):
        v = np.full((len(nodes.index), particles), init)
        risks, escaped = _particles_run(
            v, nodes.count, nodes.eigenvalues, nodes.target,
            float(problem.tail(size)), noise, eta * factors, np.random.default_rng(batch),
        )  # fmt: skip
        runs.append(risks)
        lost += escaped
        weights.append(v**2)
    u, last = np.concatenate(weights, axis=1), np.array([run[-1] for run in runs])
    error = last.std(ddof=1) / np.sqrt(BATCHES)
    return (
        nodes,
        u.mean(axis=1),
        u.var(axis=1),
        lengths,
        np.mean(runs, axis=0),
        error,
        lost / (BATCHES * particles),
    )


def mean_field(
    problem: PowerLaw,
    *,
    model_size: int,
    samples: int,
    step_size: float,
    init: float,
    schedule: TwoPhase = TwoPhase(),
    method: str = "closure",
    growth: float = GROWTH,
    particles: int = PARTICLES,
) -> MeanField:
    """The mean field of quadratic SGD after ``T`` steps.

    Parameters
    ----------
    problem : PowerLaw
    model_size, samples : int
        ``M`` and ``T``, at least 2.
    step_size, init : float
        ``eta`` of the adaptation phase, and ``v_0``; both positive.
    schedule : TwoPhase
    method : {"closure", "accurate"}
        ``accurate`` follows particles of every node step by step and converges to the mean field;
        ``closure`` closes the moments as a Gamma law's and leaps in logarithmic time.
    growth : float, default 0.05
        Length of the closure's leaps over the time since the step size last changed.
    particles : int, default 2048
        A coordinate, in each of four batches.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range, or where the risk diverges.
    """
    size, samples = count("model_size", model_size), count("samples", samples, least=2)
    eta = real("step_size", step_size, above=0, reason="must be positive")
    zero = "must be positive: zero is a fixed point of the quadratic model"
    start = real("init", init, above=0, reason=zero)
    require(method in ("closure", "accurate"), "method", method, "must be closure or accurate")
    edge = stability_edge(problem, size, "quadratic")
    require(eta < edge, "step_size", eta, f"beyond {edge:.6g} the risk at the target grows forever")
    noise = problem.sigma**2
    if method == "closure":
        growth = real("growth", growth, above=0, reason="must be positive")
        found = _closure(problem, size, start, eta, noise, samples, schedule, growth)
    else:
        particles = count("particles", particles, least=16)
        found = _accurate(problem, size, start, eta, noise, samples, schedule, particles)
    nodes, mean, variance, lengths, risks, error, escaped = found
    limit = 10 * max(risks[0], float(problem.tail(0)))
    require(risks[-1] <= limit, "step_size", eta, "the risk diverges: a smaller one is needed")
    coordinates = pd.DataFrame(
        {"index": nodes.index, "count": nodes.count, "target": nodes.target,
         "mean": mean, "variance": variance}
    )  # fmt: skip
    frame = trajectory_frame(lengths, risks)
    return MeanField(float(risks[-1]), float(error), float(escaped), frame, coordinates)


def mean_field_risk(problem: PowerLaw, *, whole: bool = False, **settings) -> float | pd.DataFrame:
    """Excess risk of :func:`mean_field` with the same settings; ``whole`` gives its trajectory."""
    result = mean_field(problem, **settings)
    return result.trajectory if whole else result.risk
