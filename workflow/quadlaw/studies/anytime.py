r"""Linear SGD that does not know how long it will run: decaying steps with averaged weights.

Source: Meterez, Nair, Morwani, Pehlevan and Kakade 2026, "Anytime Pretraining" (arXiv 2602.03702):
steps ``eta t^-gamma`` with ``gamma = max(1 - a/b, 0)`` and averaged weights attain the rate of a
known horizon. Our derivation gives this with ``a = alpha``, the capacity, and ``b = beta``, the
source; with the roles exchanged ``gamma`` would be 0 for the problems that need a decay. By then
the sum of steps is ``tau ~ T^(1 - gamma)``, so that ``D = tau^(1/alpha)`` coordinates are learned.
Their noise is independent at most times, and an average over ``T`` steps leaves ``D/T`` of it,
without a logarithm. What is not learned is ``D^-(beta - 1)``.

* ``beta > alpha``: both are equal for ``D = T^(1/beta)``, hence ``1 - gamma = alpha/beta`` and the
  risk ``T^-(1 - 1/beta)``, which is minimax. A constant step has ``D = T^(1/alpha)``, too many:
  ``T^-(1 - 1/alpha)``.
* ``beta <= alpha``: even the constant step learns fewer, and ``gamma = 0``: the risk is
  ``T^-((beta - 1)/alpha)``. The last iterate keeps the noise of its step, a floor.

Averages are over all iterates, so that a coordinate learned at ``t_i`` leaves ``(t_i/T)^2`` of its
bias; this sums to the same power. The model starts from zero: a start above the targets of the
coordinates not yet learned would be an error of its own. All runs of a problem have one step size,
``SAFE`` of the stability edge, as no horizon is known to tune it for. Theory: the second moments of
averages, exactly (:mod:`quadlaw.theory.rivals.averages`). The quadratic model has no such theory
and is left out.

Runs average ``SNAPSHOTS`` weights, evenly spaced, and so does the theory beside them. Under a
constant step for ``alpha < beta`` so few snapshots leave noise of their own, larger than the rate's
from some ``T`` on. Its exponent is therefore the theory's of the average of all iterates.
"""

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, own_replicates
from quadlaw.fit.estimates import exponents, far_exponents, table
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.run import SNAPSHOTS
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.inverse_power import InversePower
from quadlaw.studies import settings as keys
from quadlaw.theory.linear import STEPWISE
from quadlaw.theory.rivals.averages import averaged_risks
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE

REPORT = (
    "9. Rivals and what came after",
    "Can the step size and the average be chosen without knowing the horizon?",
)
SMOKE = keys.SMALL | {"problems": [{"alpha": 2.0, "beta": 4.0}, {"alpha": 3.0, "beta": 2.0}]}
MODEL = "linear from zero"
AVERAGED, CONSTANT, LAST = "averaged", "averaged, constant step", "last iterate"


class Settings(keys.Fitted):
    """Steps that decay with the time, averaged or not."""

    problems: keys.Problems
    size_factor: keys.SizeFactor = Field(
        4, description="Model size in units of what a constant step can learn by the largest T."
    )

    @model_validator(mode="after")
    def _stepwise(self):
        reason = f"its theory takes every step, at most {STEPWISE}"
        typed.demand(self.samples[-1] <= STEPWISE, "samples", self.samples[-1], reason)
        return self


def decay_power(alpha: float, beta: float) -> float:
    """``gamma = max(1 - alpha/beta, 0)``."""
    return max(0.0, 1 - alpha / beta)


def schedules(alpha: float, beta: float) -> dict[str, InversePower]:
    """By setting; where ``gamma`` is 0, its average is that of the constant step."""
    power = decay_power(alpha, beta)
    some = {AVERAGED: InversePower(power, 1.0), LAST: InversePower(power)}
    return some | ({CONSTANT: InversePower(0.0, 1.0)} if power else {})


def rows(settings: dict) -> pd.DataFrame:
    """One row a problem, schedule and ``T``."""
    return stacked(_rows(one, settings) for one in settings["problems"])


def _rows(one: dict, settings: dict) -> pd.DataFrame:
    alpha, beta, samples = one["alpha"], one["beta"], settings["samples"]
    problem = PowerLaw(alpha, beta, settings["sigma"])
    size = int(np.ceil(settings["size_factor"] * samples[-1] ** (1 / min(alpha, beta))))
    shared = {
        "alpha": alpha, "beta": beta, "sigma": settings["sigma"], "model": MODEL,
        "model_size": size, "step_size": SAFE * stability_edge(problem, size), "init": 1.0,
        "replicates": own_replicates(settings, one),
    }  # fmt: skip
    pairs = [
        {"samples": T, "setting": name, "schedule": schedule.name}
        for name, schedule in schedules(alpha, beta).items()
        for T in samples
    ]
    return pd.DataFrame(pairs).assign(**shared, **IN_LEAPS)


def _averages(row: dict, times: list[int], averaged: list[int] | None) -> pd.DataFrame:
    problem = problem_of(row)
    setting = {key: row[key] for key in ("model_size", "step_size")}
    power = named(row["schedule"]).power
    return averaged_risks(problem, times=times, init=0, power=power, averaged=averaged, **setting)


def snapshots(samples: int) -> list[int]:
    """After which steps the weights of a run are averaged."""
    steps = np.ceil(np.linspace(0, samples, SNAPSHOTS + 1)[1:])
    return sorted({int(step) for step in steps})


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk of what is run."""
    risks = []
    for row in design.to_dict("records"):
        known = _averages(row, [row["samples"]], snapshots(row["samples"]))
        risks.append(known["average" if named(row["schedule"]).averaging else "last"].iloc[0])
    return design.assign(theory=risks)


def _full(theory: pd.DataFrame) -> pd.DataFrame:
    """The theory of the average of all iterates, of each schedule that averages."""
    rows, frames = theory[theory["setting"] != LAST], []
    for _, some in rows.groupby(["alpha", "beta", "setting"]):
        known = _averages(some.iloc[0].to_dict(), sorted(some["samples"].unique()), None)
        risk = known.set_index("samples")["average"]
        frames.append(some.assign(theory=some["samples"].map(risk)))
    return stacked(frames).assign(part="all iterates")


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks beside the theory; exponents, measured and of the average of all iterates."""
    runs, theory = tables["runs"], tables["theory"]
    found = exponents(runs, "sample exponent", window=settings["window"], theory=theory)
    full = _full(theory)
    curves = [measured_curves(runs, theory).assign(part="runs"), full]
    return stacked(curves), table([*found, *far_exponents(full, against="T")])
