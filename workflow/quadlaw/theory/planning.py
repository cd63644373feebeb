"""What to train with a budget: model size, samples, step size and expected risk of both models.

By the theory, without simulation: expected risk under the default schedule, from the paper's
initial value, at the step size of the least predicted risk
(:func:`quadlaw.theory.tuning.tuned_step`). The quadratic model's steps stay below a quarter of its
stability edge, the linear model's below nine tenths: as far as simulated runs of each stay.

Sizes are searched at ``eta = c D^p`` (:func:`quadlaw.theory.rates.step_size`) with one ``c``, tuned
where ``M = D(T)``; the step size of what is planned is tuned itself.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from quadlaw.base.checks import count, real, require
from quadlaw.sgd.problem import PowerLaw
from quadlaw.theory import predicted_risk, rates, stability_edge, tuned_step
from quadlaw.theory.grids import Nodes
from quadlaw.theory.stability import LARGEST
from quadlaw.theory.tuning import SAFE, coarse, tuned_constant

SHARES = {"quadratic": SAFE, "linear": 0.9}  # of the stability edge: no simulated run diverges
WIDE = 64.0  # sizes that are searched, as a factor about M = D(T)
SATURATED, SLACK = 1024, 0.01  # of so many D(T) a model is as good as any; how near is near enough
FINE = 0.03  # of log M: so near to the best one risk is higher by less than 1e-3
GAIN = 0.05  # a budget that lowers the starting risk by less is too small
ALIKE = 0.01  # the theory's own error
LEAST = 64  # budget from which the two models are compared
NEAR = 3.0  # budgets by this factor to either side of a crossing are planned too
SAFETY = 5e-4  # a risk to reach is planned for lower by this share


def plan(
    problem: PowerLaw,
    *,
    compute: float | None = None,
    samples: float | None = None,
    risk: float | None = None,
) -> dict:
    """The best setting of either model for one of three budgets, and which model to use.

    Parameters
    ----------
    problem : PowerLaw
    compute : float, optional
        ``C``: the model size of the least expected risk with ``M T <= C``.
    samples : float, optional
        ``T``, whole: the smallest model within one per cent of the risk of one of ``1024 D(T)``.
    risk : float, optional
        Excess risk to reach: the least compute for it, to a tenth of a per cent.

    Returns
    -------
    dict
        ``alpha, beta, sigma``, the budget by its name, for ``quadratic`` and ``linear``:
        ``model_size, samples, compute, step_size, share_of_edge, init`` (``v_0``; the linear model
        starts at its square) and ``excess_risk``, or None where the model does not reach ``risk``
        within ``T = 10^15``; then ``use``, the model to use, and ``reason``, a sentence.

    Raises
    ------
    ValueError
        ``key = value: reason``: unless exactly one budget is given, for values out of range, where
        a budget is too small to do better than predicting zero, and for a risk that predicting zero
        has or that neither model reaches within ``T = 10^15``.
    """
    budgets = {"compute": compute, "samples": samples, "risk": risk}
    given = {key: value for key, value in budgets.items() if value is not None}
    require(len(given) == 1, "budget", sorted(given), "must be one of compute, samples and risk")
    ((key, value),) = given.items()
    value = _checked(problem, key, value)
    try:
        plans = {model: PLANS[key](problem, model, value) for model in SHARES}
    except ValueError as fault:  # of a setting on the way: no step size keeps the risk finite
        raise ValueError(f"{key} = {value!r}: no plan, as {fault}") from None
    entries = {model: None if one is None else one.entry() for model, one in plans.items()}
    _require_use(key, value, plans, entries)
    use, reason = _verdict(key, entries)
    result = {"alpha": problem.alpha, "beta": problem.beta, "sigma": problem.sigma, key: value}
    with suppress(ValueError):  # a plan stands, even if none can be made at the crossing
        reason += _crossover(key, plans)
    return result | entries | {"use": use, "reason": reason}


def best_risks(problem: PowerLaw, model: str, compute: Sequence[float]) -> pd.DataFrame:
    """A model's expected risk over a range of compute, in a fraction of :func:`plan`'s time.

    The best size at the middle of the range, and the paper's law ``M ~ D(T)`` through it; one
    constant of the step size. Columns: ``compute, model_size, samples, excess_risk``.

    Raises
    ------
    ValueError
        ``key = value: reason``.
    """
    values = [_checked(problem, "compute", one) for one in compute]
    middle = _by_compute(problem, model, float(np.exp(np.mean(np.log(values)))))
    plans = [middle.costing("compute", one) for one in values]
    return pd.DataFrame(
        {
            "compute": values,
            "model_size": [one.size for one in plans],
            "samples": [one.samples for one in plans],
            "excess_risk": [np.exp(one.log_risk()) for one in plans],
        }
    )


def _checked(problem: PowerLaw, key: str, value: float) -> float:
    if key == "samples":
        value = count(key, value, least=2)
        require(value <= LARGEST, key, value, f"must be at most {LARGEST:g}")
        return value
    value = real(key, value, above=0, reason="must be positive")
    if key == "compute":
        require(value >= 2, key, value, "a model of one parameter takes two samples: at least 2")
        small = min(value / unit_size(problem, model, value) for model in SHARES) <= LARGEST
        require(small, key, value, f"needs more than {LARGEST:g} samples")
    else:
        zero = float(problem.tail(0))
        require(value < zero, key, value, f"is reached without training: zero's is {zero:.6g}")
    return value


@dataclass(frozen=True)
class _Plan:
    """A model of a size on so many samples, and the constant of its step sizes."""

    problem: PowerLaw
    model: str
    constant: float
    size: int
    samples: int

    @classmethod
    def tuned(cls, problem: PowerLaw, model: str, size: float, samples: float) -> "_Plan":
        """With the constant that is best there."""
        size, samples = max(1, round(size)), min(LARGEST, max(2, int(samples)))
        init = setting(problem, size, samples)["init"]
        constant = tuned_constant(problem, model, samples, size, init, SHARES[model])
        return cls(problem, model, constant, size, samples)

    @property
    def compute(self) -> float:
        return float(self.size * self.samples)

    @property
    def rate(self) -> float:
        """``s`` of ``T = D^s``."""
        return float(rates.rate_exponent(self.model, self.problem.alpha, self.problem.beta))

    def at(self, size: float, samples: float) -> "_Plan":
        """Of another size, on other samples, rounded down to whole numbers."""
        return replace(self, size=max(1, int(size)), samples=min(LARGEST, max(2, int(samples))))

    def scaled(self, factor: float) -> "_Plan":
        """At ``factor`` times the samples, the size along the paper's law ``M = D(T)``."""
        return self.at(self.size * factor ** (1 / self.rate), self.samples * factor)

    def costing(self, key: str, value: float) -> "_Plan":
        """:meth:`scaled` to so many ``samples`` or so much ``compute``."""
        factor = value / getattr(self, key)
        return self.scaled(factor if key == "samples" else factor ** (self.rate / (self.rate + 1)))

    def reach(self) -> tuple[float, float]:
        """Logarithms of the factors on the samples that lead to the fewest and the most."""
        return float(np.log(2 / self.samples)), float(np.log(LARGEST / self.samples))

    def step_size(self) -> float:
        """``c D^p``, or the largest one allowed."""
        alpha, beta = self.problem.alpha, self.problem.beta
        dimension = rates.effective_dimension(self.model, alpha, beta, self.samples, self.size)
        eta = float(rates.step_size(self.model, alpha, beta, dimension, self.constant))
        return min(eta, SHARES[self.model] * self.edge)

    def log_risk(self, **options) -> float:
        """Of the expected risk at that step size."""
        here = setting(self.problem, self.size, self.samples) | {"step_size": self.step_size()}
        return float(np.log(predicted_risk(self.model, self.problem, **here, **options)))

    def rough(self) -> float:
        """:meth:`log_risk`, good enough to compare sizes."""
        return self.log_risk(growth=coarse(self.model))

    @property
    def edge(self) -> float:
        return stability_edge(self.problem, self.size, self.model)

    def entry(self) -> dict:
        """What :func:`plan` returns of it, at the step size of the least risk."""
        here = setting(self.problem, self.size, self.samples)
        tuned = tuned_step(self.model, self.problem, share=SHARES[self.model], **here)
        risk = float(np.exp(self.log_risk()))
        if risk < tuned.risk:  # by less than the precision of the search
            tuned = tuned._replace(step_size=self.step_size(), risk=risk)
        return {
            "model_size": self.size, "samples": self.samples, "compute": self.compute,
            "step_size": tuned.step_size, "share_of_edge": float(tuned.step_size / self.edge),
            "init": here["init"], "excess_risk": tuned.risk,
        }  # fmt: skip

    def gains(self, risk: float) -> bool:
        """Whether a risk is well below that of the start."""
        nodes = Nodes.of(self.problem, self.size)
        missing = setting(self.problem, self.size, self.samples)["init"] ** 2 - nodes.target
        start = nodes.count @ (nodes.eigenvalues * missing**2) + self.problem.tail(self.size)
        return bool(risk < (1 - GAIN) * start)


# --- the best setting for each budget -------------------------------------------------------------


def _by_compute(problem: PowerLaw, model: str, compute: float) -> _Plan:
    unit = unit_size(problem, model, compute)
    return _best_size(_Plan.tuned(problem, model, unit, compute / unit), compute)


def _best_size(plan: _Plan, compute: float) -> _Plan:
    """The model of the least risk at this compute, by Brent's bounded method in ``log M``."""

    def of(log_size):
        size = min(max(1, round(np.exp(log_size))), int(compute / 2))
        return plan.at(size, compute / size)

    unit = unit_size(plan.problem, plan.model, compute)
    low, high = max(1, unit / WIDE, compute / LARGEST), min(compute / 2, unit * WIDE)
    found = scipy.optimize.minimize_scalar(
        lambda x: of(x).rough(), bounds=np.log([low, high]), method="bounded",
        options={"xatol": FINE},
    )  # fmt: skip
    return of(found.x)


def _by_samples(problem: PowerLaw, model: str, samples: int) -> _Plan:
    """The smallest model that is about as good as a very large one."""
    dimension = float(rates.effective_dimension(model, problem.alpha, problem.beta, samples))
    plan = _Plan.tuned(problem, model, dimension, samples)
    largest = min(float(LARGEST), SATURATED * dimension)
    limit = plan.at(largest, samples).rough() + np.log1p(SLACK)

    def excess(log_size):
        return plan.at(np.ceil(np.exp(log_size)), samples).rough() - limit

    root = scipy.optimize.brentq
    found = 0.0 if excess(0.0) <= 0 else root(excess, 0.0, np.log(largest), xtol=FINE / 3)
    while excess(found) > 0:
        found += FINE / 3
    return plan.at(np.ceil(np.exp(found)), samples)


def _by_risk(problem: PowerLaw, model: str, risk: float) -> _Plan | None:
    """The least compute; None where it takes more than ``LARGEST`` samples.

    In turn the best size at a compute, and the compute along the paper's law for the size at which
    the risk is reached; at last the samples, with the theory's finer leaps.
    """
    target = np.log(risk) + np.log1p(-SAFETY)
    rate = float(rates.rate_exponent(model, problem.alpha, problem.beta))
    log_samples = -np.log(risk) * rate / (problem.beta - 1)
    samples = float(np.exp(np.clip(log_samples, np.log(2), np.log(LARGEST))))
    plan = _Plan.tuned(problem, model, samples ** (1 / rate), samples)
    for _ in range(2):
        plan = _best_size(_Plan.tuned(problem, model, plan.size, plan.samples), plan.compute)
        path = plan.scaled
        factor = _zero(lambda x, path=path: path(np.exp(x)).rough() - target, *plan.reach())
        if factor == np.inf:
            return None
        plan = plan.scaled(np.exp(factor))

    def missing(x):
        return plan.at(plan.size, plan.samples * np.exp(x)).log_risk() - target

    factor = np.exp(_zero(missing, *plan.reach()))
    return None if factor == np.inf else plan.at(plan.size, np.ceil(plan.samples * factor))


def _zero(falling: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function is zero, from 0 outwards; an infinity if that is not in between."""
    up = falling(0.0) > 0
    near, step, end = 0.0, 1.0, high if up else low
    while near != end:
        far = min(end, near + step) if up else max(end, near - step)
        if (falling(far) > 0) != up:
            return scipy.optimize.brentq(falling, near, far, xtol=SAFETY)
        near, step = far, 2 * step
    return np.inf if up else -np.inf


PLANS = {"compute": _by_compute, "samples": _by_samples, "risk": _by_risk}


# --- which model ----------------------------------------------------------------------------------


def _require_use(key: str, value: float, plans: dict, entries: dict) -> None:
    """Refuse a budget that is too small for anything, or for which nothing is needed."""
    reached = [model for model, entry in entries.items() if entry]
    require(len(reached) > 0, key, value, f"neither model reaches it within T = {LARGEST:g}")
    useful = any(plans[model].gains(entries[model]["excess_risk"]) for model in reached)
    few = f"too small: training lowers no model's starting risk by {GAIN:.0%}"
    require(useful, key, value, "is reached almost without training" if key == "risk" else few)


def _verdict(key: str, entries: dict) -> tuple[str, str]:
    """Which model costs less, and by how much."""
    cost, name = ("compute", "compute") if key == "risk" else ("excess_risk", "expected risk")
    costs = {model: entry[cost] for model, entry in entries.items() if entry}
    use = min(costs, key=costs.get)
    (other,) = set(entries) - {use}
    if other not in costs:
        return use, f"the {other} model does not reach the risk within T = {LARGEST:g}"
    mine, others = (f"its {name} of {costs[use]:.4g}", f"the {other} model's {costs[other]:.4g}")
    less = 1 - costs[use] / costs[other]
    if less < ALIKE:
        return use, f"{mine} differs from {others} by less than the theory's error: either will do"
    return use, f"{mine} is {less:.1%} below {others}"


def _crossover(key: str, plans: dict) -> str:
    """From where on the quadratic model wins; sizes along the paper's law, planned anew there."""
    if None in plans.values():
        return ""
    quadratic, linear = plans["quadratic"], plans["linear"]
    if quadratic.rate >= linear.rate:
        return "; for alpha <= beta both models have the same exponent"
    cost = "samples" if key == "samples" else "compute"
    first = _crossing(cost, quadratic, linear)
    if not 0 < first < np.inf:
        return f"; it stays ahead up to T = {LARGEST:g}" if first > 0 else ""
    there = [PLANS[cost](one.problem, one.model, round(first)) for one in (quadratic, linear)]
    place = _crossing(cost, *there)
    place = place if 0 < place < np.inf else first
    if _crosses_again(cost, quadratic, linear, place):
        return "; the two risks cross more than once, as so few coordinates are learned"
    return f"; the quadratic model wins from {cost} of about {place:.0e} on"


def _crosses_again(cost: str, quadratic: _Plan, linear: _Plan, place: float) -> bool:
    """Whether plans at this budget, or on either side of the crossing, contradict it.

    Laws cross once. Where a handful of coordinates are learned, risks fall in steps about them.
    """
    own = getattr(quadratic, cost)
    pairs = {own: (quadratic, linear.costing(cost, own))}
    for budget in (place / NEAR, place * NEAR):
        if LEAST <= budget <= LARGEST:
            pair = (PLANS[cost](one.problem, one.model, round(budget)) for one in pairs[own])
            pairs[budget] = tuple(pair)
    behind = {budget: np.subtract(*(one.rough() for one in pair)) for budget, pair in pairs.items()}
    return any(behind[budget] * np.sign(budget - place) > ALIKE for budget in behind)


def _crossing(cost: str, quadratic: _Plan, linear: _Plan) -> float:
    """The compute or samples of equal risk, sizes along the paper's law through both plans."""
    pair = quadratic, linear
    here = np.log(getattr(quadratic, cost))

    def behind(x):  # the quadratic model, less and less
        return np.subtract(*(one.costing(cost, np.exp(here + x)).rough() for one in pair))

    most = np.log(LARGEST)
    if cost == "compute":
        most = min(np.log(one.compute) + (1 + 1 / one.rate) * one.reach()[1] for one in pair)
    return float(np.exp(here + _zero(behind, min(0.0, np.log(LEAST) - here), most - here)))


def unit_size(problem: PowerLaw, model: str, compute: float) -> float:
    """``C^(1/(s + 1))``, where ``M = D(T)``."""
    return compute ** (1 / (rates.rate_exponent(model, problem.alpha, problem.beta) + 1))


def setting(problem: PowerLaw, size: int, samples: int) -> dict:
    """``samples, model_size, init``: ``v_0`` by the rule for the quadratic model's ``D``."""
    alpha, beta = problem.alpha, problem.beta
    dimension = rates.effective_dimension("quadratic", alpha, beta, samples, size)
    init = float(rates.initial_value(alpha, beta, dimension))
    return {"samples": samples, "model_size": size, "init": init}
