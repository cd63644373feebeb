"""What rescaling by the target gains: three learners that start from half of it.

Linearized at the target, the quadratic model is linear SGD on the features ``sqrt(w*_i) x_i``
(:mod:`quadlaw.studies.linearized`). These have the eigenvalues ``lambda_i w*_i`` and the target
``sqrt(w*_i)``, which is again a power law, of ``(alpha + beta) / 2`` in place of ``alpha`` and of
the same ``beta``. From ``w_0 = w*/2`` every coordinate has the same share of its bias to lose. With
``a = alpha`` for plain linear SGD, and ``a = (alpha + beta) / 2`` for the rescaled one and the
quadratic model, ``k = (eta T)^(1/a)`` coordinates lose it in ``T`` steps, and

    risk ~ k^-(beta - 1) + sigma^2 k log T / T.

The sum is least where ``k^beta = T / log T``.

* ``alpha > beta``: then ``a > beta``, and even the largest stable step, a constant, gives a smaller
  ``k``. The bias limits: the risk falls as ``T^-p`` with ``p = (beta - 1)/a``. No logarithm comes
  in, as the step size is constant for half of the samples.
* ``alpha <= beta``: then ``a <= beta``, and a step ``eta ~ k^a / T`` gives that ``k``. So the
  exponent is ``1 - 1/beta`` for all three, against ``T / log T``.

So the rescaling is what makes the quadratic model faster, and only for ``alpha > beta``. Each
learner has at each ``T`` the step size of its least theory risk, up to ``SAFE`` of its stability
edge. Theory: the linear model's second moments, exactly, and the quadratic model's closure. At
``alpha = beta`` the target is flat, and the two linear learners are the same runs.
"""

import numpy as np
import pandas as pd

from quadlaw.base.tables import stacked
from quadlaw.fit import points
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, by_learner, own_replicates
from quadlaw.fit.estimates import exponents, table
from quadlaw.sgd.problem import PowerLaw, Spectrum
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys
from quadlaw.studies.linearized import PLAIN, QUADRATIC, RESCALED, RISK, ratios
from quadlaw.theory import rates
from quadlaw.theory.deep import deep_risk
from quadlaw.theory.stability import stability_edge
from quadlaw.theory.tuning import SAFE, least_risk

SMOKE = keys.SMALL | {
    "problems": [{"alpha": 4.0, "beta": 2.0}, {"alpha": 2.0, "beta": 3.0}],
}
REPORT = (
    "3. Two phases",
    "What does the rescaling by the target gain where there is bias to remove?",
)


class Settings(keys.Curves):
    """Three learners from half of the target: quadratic, linear on rescaled features, linear."""


START = {"start": "target", "init": 0.5**0.5}  # w_0 = v_0^2 = w*/2
COARSE = 0.5  # growth of leaps good enough to compare step sizes


def rows(settings: dict) -> pd.DataFrame:
    """Rows of every problem and ``learner``; a linear one's model is ``linear``."""
    return stacked(
        _curve(one, learner, settings)
        for one in settings["problems"]
        for learner in (QUADRATIC, RESCALED, PLAIN)
    )


def _curve(one: dict, learner: str, settings: dict) -> pd.DataFrame:
    """A learner's rows: ``M = ceil(size_factor D)``, ``D`` the quadratic model's."""
    samples = np.array(settings["samples"])
    dimension = rates.effective_dimension(QUADRATIC, one["alpha"], one["beta"], samples)
    sizes = np.ceil(settings["size_factor"] * dimension).astype(int)
    return pd.DataFrame({"samples": samples, "model_size": sizes}).assign(
        alpha=one["alpha"], beta=one["beta"], sigma=settings["sigma"],
        replicates=own_replicates(settings, one),
        model=QUADRATIC if learner == QUADRATIC else PLAIN, learner=learner,
        part=RISK, setting="from half of the target", schedule=TwoPhase().name, **START, **IN_LEAPS,
    )  # fmt: skip


def seen_by(row: dict) -> PowerLaw:
    """The problem in the features of the row's ``learner``."""
    alpha, beta = row["alpha"], row["beta"]
    capacity = (alpha + beta) / 2 if row["learner"] == RESCALED else alpha
    return PowerLaw(capacity, beta, row["sigma"])


def with_steps(rows: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """The step size of the least theory risk of each row."""
    return rows.assign(step_size=[_best_step(row) for row in rows.to_dict("records")])


def _best_step(row: dict) -> float:
    """Up to ``SAFE`` of the edge; at ``1/T`` of that nothing is learned."""
    largest = SAFE * stability_edge(seen_by(row), row["model_size"], row["model"])

    def risk_at(eta):
        return _risk(row | {"step_size": eta}, growth=COARSE)

    return least_risk(risk_at, largest, largest / row["samples"]).step_size


def _risk(row: dict, **options) -> float:
    setting = {key: row[key] for key in ("model_size", "samples", "step_size", *START)}
    depth, schedule = rates.depth_of(row["model"]), named(row["schedule"])
    return deep_risk(seen_by(row), depth=depth, schedule=schedule, **setting, **options)


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Last risks, each lane on the problem of its learner, which ``model`` names then."""
    runs = []
    for lane in point["lanes"]:
        problem = seen_by(point | lane)
        alone = point | {"lanes": [lane], "alpha": problem.alpha}
        ours = listed if problem.alpha == point["alpha"] else None
        runs.append(points.run_point(alone, seed, dtype, ours))
    return by_learner(stacked(runs).assign(alpha=point["alpha"]))


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Expected risk."""
    return by_learner(design.assign(theory=[_risk(row) for row in design.to_dict("records")]))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Medians beside the theory; exponents of risks, and of ratios to the quadratic model's."""
    runs, theory, window = tables["runs"], tables["theory"], settings["window"]
    found = [*exponents(runs, "sample exponent", window=window, theory=theory)]
    for learner in (RESCALED, PLAIN):
        ratio, known = (
            ratios(some, learner, QUADRATIC).assign(model=f"{learner}/{QUADRATIC}", **IN_LEAPS)
            for some in (runs, theory)
        )
        found += exponents(
            ratio, "ratio exponent", window=window, value="ratio",
            theory=known, theory_value="ratio",
        )  # fmt: skip
    return measured_curves(runs, theory), table(found)
