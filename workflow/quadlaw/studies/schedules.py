"""What the step-size schedule does to the risk and its exponent.

All schedules start from the same step size, the theory's best one for the default schedule:
nothing else varies. ``step_factors`` tell what other step sizes would give. Runs are in leaps
(:mod:`quadlaw.sgd.leaps`).

Beside the paper's rate, what is expected comes from the noise that the last steps leave. Its
variance in coordinate ``i`` is ``eta_t`` at the time that the coordinate still remembers, some
``1 / (eta_t l_i)`` steps before the end, with ``l_i = lambda_i w*_i`` (``lambda_i`` for the linear
model); its risk is ``l_i`` times as much.

* *constant*: ``eta``, a floor at the constant ``eta`` of ``alpha > beta``. An average over the
  last iterates, whose noise is independent at most times, takes it away;
* *decay as* ``(1 - t/T)^p``: ``eta (eta l_i T)^(-p/(p + 1))``, ``p = 1`` for linear decay and 2 for
  the cosine. Where the first coordinates dominate, at ``eta ~ D^q`` and ``D = T^(1/s)``, the
  exponent cannot exceed ``(p - q/s)/(p + 1)``: 1/2 for linear decay and ``alpha >= beta``;
* *halved* ``log2 T`` *times*: ``1/T``, up to a logarithm.

The variable of the largest term, which claims are against, follows. For ``alpha > beta`` it is what
was not reached, under any schedule: the quadratic model escapes after a logarithm, ``T / L``.
For ``alpha < beta`` it is noise, with the logarithm of the halvings, ``T / log2 T``, or without,
``T``, under the smooth schedules (``v_0^2 ~ w*_D`` leaves ``D`` no logarithm to escape by).
"""

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit import designs
from quadlaw.fit.curves import measured_curves, median_with_interval, with_divergence
from quadlaw.fit.estimates import exponents, table
from quadlaw.models import PAPER
from quadlaw.sgd.schedules import named
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.studies import settings as keys

SMOKE = keys.SMALL | {
    "step_factors": [1.0],
    "many": 12,
}
REPORT = (
    "5. Step sizes and schedules",
    "Does it matter when and how the step size decays?",
)


class Settings(keys.Curves):
    """Step-size schedules."""

    schedules: keys.Schedules
    step_factors: keys.StepFactors = [1.0]
    many: keys.Many

    @model_validator(mode="after")
    def _compared(self):
        reason = f"must hold {DEFAULT}, with which the others are compared"
        typed.demand(DEFAULT in self.schedules, "schedules", self.schedules, reason)
        return self


DEFAULT = TwoPhase().name
KEYS = ["model", "alpha", "beta", "step_factor"]


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the label ``setting``, the schedule's name.

    A floor stands in the first coordinates alone and is as noisy as one of them: where one is
    claimed, runs are ``many``.
    """
    rows = stacked(
        designs.curve_rows(settings, one, model, **designs.IN_LEAPS)
        for one in settings["problems"]
        for model in PAPER
    )
    floor = (rows["schedule"] == Constant().name) & (rows["alpha"] > rows["beta"])
    floor &= (rows["model"] == "quadratic") & (rows["step_factor"] == 1)
    rows["replicates"] = rows["replicates"].mask(floor, settings["many"])
    return rows.assign(setting=rows["schedule"])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The theory at the reported step size, of the schedules that return the last iterate."""
    last = ~design["schedule"].map(lambda name: named(name).averaging > 0)
    asked = last & (design["step_factor"] == 1)
    return stacked([designs.predicted(design[asked]), design[~asked].assign(theory=np.nan)])


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks by schedule; at the largest ``T``, over the default's (``final``); exponents."""
    runs, theory = tables["runs"], tables["theory"]
    averaged = runs["setting"].map(lambda name: named(name).averaging > 0)
    window = settings["window"]
    rows = [
        *exponents(runs[~averaged], "sample exponent", window=window, theory=theory),
        *exponents(runs[averaged], "sample exponent", window=window),
    ]
    curves = measured_curves(runs, theory).assign(part="risk")
    return stacked([curves, final(curves, runs)]), table(rows)


def final(curves: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Risk over the default schedule's at the same step size and largest ``T``, as ``curves``.

    ``risk`` is the median of the ratio over replicates.
    """
    last = runs[runs["samples"] == runs["samples"].max()]
    frames = []
    for key, some in with_divergence(last).groupby(KEYS):
        wide = some.pivot(index="replicate", columns="schedule", values="risk")
        ratio = wide.div(wide[DEFAULT], axis="index")
        table = ratio.apply(lambda one: median_with_interval(one.dropna())).T.reset_index()
        here = curves[(curves[[*KEYS, "samples"]] == [*key, last["samples"].iloc[0]]).all(axis=1)]
        known = here.set_index("schedule")["theory"]
        table["theory"] = table["schedule"].map(known / known[DEFAULT])
        frames.append(table.assign(**dict(zip(KEYS, key, strict=True)), part="final"))
    return stacked(frames)
