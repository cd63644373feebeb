"""The step size of the least predicted risk."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy

from quadlaw.base.checks import require
from quadlaw.models import named
from quadlaw.models.model import Model
from quadlaw.sgd.problem import Finite, PowerLaw
from quadlaw.sgd.schedules import Schedule
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory import rates
from quadlaw.theory.deep import deep_risk
from quadlaw.theory.grids import Nodes
from quadlaw.theory.linear import linear_risk
from quadlaw.theory.mean_field import mean_field_risk
from quadlaw.theory.stability import checked_run, stability_edge

SMALLEST, LARGEST = 2.0**-8, 2.0**3  # constants c of the step size c D^p that are tried
# Of the stability edge. At a quarter of it none of 100 simulated quadratic runs of 2^17 steps
# diverged, for four problems; at half of it, 4 to 47 did. Linear runs stay up to nine tenths.
SAFE = 0.25
NUDGE = 0.1  # in log eta: whether risk falls towards the largest step size
QUARTER = np.log(4)
PRECISION = 0.05  # of log eta: so near to the best one risk is higher by some 1e-4


def coarse(model: str) -> float:
    """Growth of leaps that is good enough to compare step sizes."""
    return 0.12 if named(model).theory == "linear" else 0.5


class TunedStep(NamedTuple):
    """``step_size``, its predicted ``risk``, and whether it is the largest one allowed."""

    step_size: float
    risk: float
    at_limit: bool


def _linear(model: Model, problem: PowerLaw | Finite, *, init: float, **settings) -> float:
    """From ``init``, or from zero if the model starts there."""
    first = init if np.any(model.start(init)[0]) else 0.0
    return linear_risk(problem, method="leaps", init=first, **settings)


def _mean_field(model: Model, problem: PowerLaw | Finite, *, init: float, **settings) -> float:
    """Of the quadratic model, from the start of the first of the features: the one that grows."""
    first = float(model.start(model.checked_init(init))[0])
    return mean_field_risk(problem, method="closure", init=first, **settings)


def _halved(model: Model, problem: PowerLaw | Finite, *, samples: int, **settings) -> float:
    """Of a model whose weights see half of the samples each."""
    return _mean_field(model, problem, samples=samples // 2, **settings)


def _deep(model: Model, problem: PowerLaw | Finite, **settings) -> float:
    return deep_risk(problem, depth=model.depth, **settings)


# What predicts a model's risk, by its ``theory``: called with the model, the problem and settings.
SOLVERS = {
    "linear": _linear,
    "mean field": _mean_field,
    "mean field of half of the samples": _halved,
    "deep": _deep,
}


def predicted_risk(model: str, problem: PowerLaw | Finite, **settings) -> float:
    """Excess risk of a model by its fast method; ``settings`` as of the solvers.

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range, or if the model has no theory.
    """
    known = named(model)
    require(known.theory is not None, "model", model, "has no theory")
    names = ", ".join(SOLVERS)
    require(known.theory in SOLVERS, "model", model, f"its theory must be one of {names}")
    return SOLVERS[known.theory](known, problem, **settings)


def tuned_step(
    model: str,
    problem: PowerLaw | Finite,
    *,
    model_size: int,
    samples: int,
    init: float,
    schedule: Schedule = TwoPhase(),
    share: float = SAFE,
) -> TunedStep:
    r"""Step size of the least predicted risk, and that risk.

    Over steps :math:`c D^p` as in :func:`quadlaw.theory.rates.step_size`, with ``c`` from 2^-8 to 8
    and at most ``share`` of the stability edge, a quarter by default. For :math:`\alpha \geq \beta`
    the risk often still falls at that limit: predicted risk, which is that of runs that stay, would
    fall further where single runs diverge. Noise that is loud enough to kill the strongest
    coordinate of the quadratic model sets a limit, too (:func:`loudest_step`).

    Raises
    ------
    ValueError
        ``key = value: reason`` for a value out of its range.
    """
    alpha, beta = problem.alpha, problem.beta
    dimension = rates.effective_dimension(model, alpha, beta, samples, model_size)
    unit = float(rates.step_size(model, alpha, beta, dimension))
    edge = share * stability_edge(problem, model_size, model)
    largest = min(LARGEST, edge / unit, loudest_step(model, problem, model_size) / unit)
    checked_run(model, problem, model_size, samples, unit * largest, init)
    common = {"model_size": model_size, "samples": samples, "init": init, "schedule": schedule}

    def roughly(eta):
        return predicted_risk(model, problem, step_size=eta, growth=coarse(model), **common)

    found = least_risk(roughly, unit * largest, unit * min(SMALLEST, largest / 2))
    require(np.isfinite(found.risk), "init", init, "the risk diverges at every step size")
    return found._replace(risk=predicted_risk(model, problem, step_size=found.step_size, **common))


def loudest_step(model: str, problem: PowerLaw | Finite, model_size: int) -> float:
    r""":math:`w^\ast / \sigma^2` of the coordinate with most signal, at depth 2; else infinite.

    Half of the step size at which label noise alone kills it
    (:func:`quadlaw.theory.stationary.extinction_threshold`). Near that one, runs lose it by chance,
    which the mean field does not see. It binds for :math:`\sigma` of some 4 and more.
    """
    if rates.depth_of(model) != 2 or problem.sigma == 0:
        return np.inf
    nodes = Nodes.of(problem, model_size)
    strongest = np.argmax(nodes.eigenvalues * nodes.target**2)
    return float(abs(nodes.target[strongest])) / problem.sigma**2


def least_risk(risk_at: Callable[[float], float], largest: float, smallest: float) -> TunedStep:
    r"""The step size of the least ``risk_at(eta)``, which raises ``ValueError`` where it diverges.

    ``largest`` if risk still falls there, else by Brent's bounded method in :math:`\log \eta`. If
    that meets no finite risk, it goes on about the first of a quarter of the largest, a quarter of
    that, and so on, that has one; the risk is infinite if none has.
    """

    def log_risk(log_eta):
        try:
            return np.log(risk_at(np.exp(log_eta)))
        except ValueError:  # the risk diverges: as bad as it gets
            return np.inf

    limit = np.log(largest)
    risk, best = log_risk(limit), limit
    at_limit = bool(risk < log_risk(limit - NUDGE))
    if not at_limit:
        bounds = (np.log(smallest), limit)
        risk, best = _bounded(log_risk, bounds)
        quarters = np.arange(limit - QUARTER, bounds[0], -QUARTER) if np.isinf(risk) else []
        finite = next((one for one in quarters if np.isfinite(log_risk(one))), None)
        if finite is not None:
            about = max(bounds[0], finite - QUARTER), finite + QUARTER
            risk, best = _bounded(log_risk, about)
    return TunedStep(float(np.exp(best)), float(np.exp(risk)), at_limit)


def _bounded(
    log_risk: Callable[[float], float], bounds: tuple[float, float]
) -> tuple[float, float]:
    """The least value by Brent's bounded method, and where it is."""
    found = scipy.optimize.minimize_scalar(
        log_risk, bounds=bounds, method="bounded", options={"xatol": PRECISION}
    )
    return found.fun, found.x


def tuned_constant(
    problem: PowerLaw, model: str, samples: int, size: int, init: float, share: float = SAFE
) -> float:
    r"""The ``c`` of :math:`\eta = c D^p` (:func:`quadlaw.theory.rates.step_size`) of least theory
    risk.

    Under the default schedule, at most ``share`` of the stability edge, by default a quarter.
    """
    tuned = tuned_step(model, problem, model_size=size, samples=samples, init=init, share=share)
    dimension = rates.effective_dimension(model, problem.alpha, problem.beta, samples, size)
    return tuned.step_size / float(rates.step_size(model, problem.alpha, problem.beta, dimension))
