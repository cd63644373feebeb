"""Weights of either sign: does the law need ``w = v^2``, which is positive?

*Signed*, ``w = v+^2 - v-^2`` from ``f = 0``, and *two-layer*, ``w = u v`` with ``u_0 = 4 v_0``, can
learn a target of any signs. With ``v+- = (u +- v)/2`` they are one model from two starts. A step is

    v+ <- v+ (1 - eta r x),    v- <- v- (1 + eta r x),

so that the product ``v+ v-`` hardly moves: what grows leaves the other to die out. A positive
weight is then the quadratic model's with the ``v_0`` of ``v+``, a negative one its mirror image
with that of ``v-``. The theory drawn is the quadratic model's mean field from these starts. At the
end, the other half is what the product leaves, ``v-^2 = (v+_0 v-_0)^2 / v+^2``: it counts in
coordinates that have hardly grown, where the quadratic model's start ``w_0 > 0`` is on the side of
a positive target and theirs is not. Nothing is fitted.

The linear model starts from zero, where signs make no difference to it. The quadratic model on the
target of alternating signs is the control: it cannot learn half of it.
"""

import numpy as np
import pandas as pd

from quadlaw.base.tables import stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves
from quadlaw.fit.designs import IN_LEAPS, curve_rows
from quadlaw.fit.estimates import exponents, table
from quadlaw.models import PAPER, named
from quadlaw.sgd import schedules
from quadlaw.sgd.problem import problem_of
from quadlaw.sgd.views import SIGNS
from quadlaw.studies import settings as keys
from quadlaw.theory import mean_field

SMOKE = keys.SMALL
REPORT = (
    "8. Beyond the paper",
    "Does the law hold for weights and targets of either sign?",
)


class Settings(keys.Curves):
    """Weights of either sign."""


LINEAR = "linear from zero"
HALVES = ("signed", "two-layer")  # models of two halves


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``signs`` and ``setting``, the same: signs of the target."""
    return stacked(
        _curves(one, settings).assign(signs=signs, setting=signs)
        for one in settings["problems"]
        for signs in SIGNS
    )


def _curves(one: dict, settings: dict) -> pd.DataFrame:
    """All that are made of squares have the quadratic model's settings."""
    quadratic, linear = (curve_rows(settings, one, model, **IN_LEAPS) for model in PAPER)
    squares = [quadratic.assign(model=name) for name in ("quadratic", *HALVES)]
    return stacked([*squares, linear.assign(model=LINEAR)])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The theory, missing for the quadratic model on a target that it cannot learn."""
    known = designs.predicted(design[~design["model"].isin(HALVES)])["theory"]
    theory = known.mask((design["model"] == "quadratic") & (design["signs"] == "alternating"))
    halves = design[design["model"].isin(HALVES)]
    ours = pd.Series([_two_halves(row) for row in halves.to_dict("records")], halves.index)
    return design.assign(theory=theory.combine_first(ours))


def _two_halves(row: dict) -> float:
    """Risk of a model of two halves: each sign of target has a share of the coordinates."""
    plus, minus = (float(v) for v in named(row["model"]).start(row["init"]))
    if row["signs"] == "positive":
        return _growing(row, plus, minus)
    return (_growing(row, plus, minus) + _growing(row, minus, plus)) / 2


def _growing(row: dict, grows: float, dies: float) -> float:
    """The mean field of the half that grows, less what the other one leaves, by their starts."""
    problem = problem_of(row)
    setting = {key: row[key] for key in ("model_size", "samples", "step_size")}
    field = mean_field(problem, init=grows, schedule=schedules.named(row["schedule"]), **setting)
    last = field.coordinates
    u = last["mean"]
    left = np.minimum((grows * dies) ** 2 / u, u * (dies / grows) ** 2)
    error, eigenvalues = u - last["target"], last["index"] ** -problem.alpha
    return field.risk + float((last["count"] * eigenvalues) @ ((error - left) ** 2 - error**2))


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks beside the theory; exponents in ``T``."""
    runs, theory = tables["runs"], tables["theory"]
    rows = exponents(runs, "sample exponent", window=settings["window"], theory=theory)
    return measured_curves(runs, theory), table(list(rows))
