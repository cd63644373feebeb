"""The theory against many runs, and against every setting of three studies.

Single settings have ``alpha`` above, at and below ``beta``, little and much noise, small and large
steps. Each is held against both methods of the mean field: particles, which are exact but for
sampling, and the closure of the moments, which all other figures draw.
"""

import numpy as np
import pandas as pd
from pydantic import model_validator
from scipy.special import stdtrit

from quadlaw.base import typed
from quadlaw.base.tables import stacked
from quadlaw.fit import estimates
from quadlaw.fit.estimates import SERIES
from quadlaw.sgd.problem import problem_of
from quadlaw.sgd.schedules import named
from quadlaw.studies import settings as keys
from quadlaw.theory import mean_field

READS = ("sample_scaling", "model_scaling", "spectral_mismatch")
SMALL = {"model_size": 16, "samples": 256, "sigma": 0.5, "init": 0.5}
SMOKE = {
    "replicates": 40,
    "settings": [
        {"alpha": 2.0, "beta": 3.0, "step_size": 0.125, **SMALL},
        {"alpha": 2.5, "beta": 1.5, "step_size": 0.05, **SMALL},
    ],
}
REPORT = (
    "7. Theory against simulation",
    "Is the theory without fitted constants right about every setting of three studies?",
)
SETTING = ["alpha", "beta", "sigma", "model_size", "samples", "step_size", "init"]
SIMULATED = ["mean", "mean_error", "diverged_share", "replicates", "method"]


class Setting(typed.Settings):
    """One setting, simulated and predicted."""

    alpha: keys.Alpha
    beta: keys.Beta
    sigma: keys.Sigma
    model_size: keys.ModelSize
    samples: keys.SampleSize
    step_size: keys.StepSize
    init: keys.Init

    @model_validator(mode="after")
    def _stable(self):
        keys.check_step("step_size", self.model_dump(), self.step_size)
        return self


class Settings(typed.Settings):
    """Single settings at which the mean field is held against many runs."""

    replicates: keys.Replicates = 400
    settings: typed.several(
        Setting, "Settings of one simulation each.", "must list at least one setting, none twice"
    )


def rows(settings: dict) -> pd.DataFrame:
    """The settings, all of the quadratic model, numbered by ``place``."""
    return pd.DataFrame(settings["settings"]).assign(
        place=range(len(settings["settings"])), model="quadratic",
        schedule=settings["schedule"], replicates=settings["replicates"],
    )  # fmt: skip


def extra(settings: dict) -> dict:
    """The particles."""
    particles = sum(one["samples"] ** 0.5 for one in settings["settings"])
    return {"theory": {"particles": particles}}


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """Both methods: ``accurate`` with ``accurate_error`` and ``escaped_share``; ``closure``."""
    found = [_both_methods(row) for row in design.to_dict("records")]
    return design.assign(**pd.DataFrame(found, index=design.index))


def _both_methods(row: dict) -> dict:
    problem = problem_of(row)
    rest = {key: row[key] for key in SETTING[3:]} | {"schedule": named(row["schedule"])}
    accurate = mean_field(problem, method="accurate", **rest)
    return {
        "accurate": accurate.risk,
        "accurate_error": accurate.error,
        "escaped_share": accurate.escaped,
        "closure": mean_field(problem, method="closure", **rest).risk,
    }


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of studies (``part`` is ``studies``) and single settings; the mean of their errors."""
    single = compared(tables["runs"], tables["theory"])
    curves = [_means(tables[name]).assign(study=name, part="studies") for name in READS]
    return stacked([*curves, single.assign(part="settings")]), mean_field_error(single)


def _means(curves: pd.DataFrame) -> pd.DataFrame:
    """Simulated means beside the theory, of a study's table of curves.

    ``half_width`` is that of the mean's 95 % interval, by Student's law.
    """
    risks = curves[curves["part"] == "risk"].rename(columns={"theory": "predicted"})
    risks = risks[[*SERIES, *SETTING[3:], *SIMULATED, "predicted"]]
    stayed = np.round(risks["replicates"] * (1 - risks["diverged_share"]))
    return risks.assign(half_width=risks["mean_error"] * stdtrit(stayed - 1, 0.975))


def compared(runs: pd.DataFrame, theory: pd.DataFrame) -> pd.DataFrame:
    """One row a setting: the mean risk of runs that stay, its error, and both predictions."""
    stays = runs[~runs["diverged"]].groupby("place")["excess_risk"]
    measured = stays.agg(simulated="mean", simulated_error="sem")
    share = runs.groupby("place")["diverged"].mean().rename("diverged_share")
    return theory.merge(measured.join(share), on="place", validate="1:1").sort_values("place")


def mean_field_error(settings: pd.DataFrame) -> pd.DataFrame:
    """Mean over settings of ``log(particles / simulation)``, each weighted by its precision.

    ``settings`` as from :func:`compared`; the interval is 1.96 standard errors of the Monte-Carlo
    means of both. Columns: those of :mod:`quadlaw.fit.estimates`.
    """
    error = np.log(settings["accurate"] / settings["simulated"])
    variance = (settings["simulated_error"] / settings["simulated"]) ** 2
    variance += (settings["accurate_error"] / settings["accurate"]) ** 2
    mean, half = np.average(error, weights=1 / variance), 1.96 / np.sqrt(np.sum(1 / variance))
    row = {"quantity": "log of particles over simulation", "model": "quadratic"}
    ends = {"estimate": mean, "ci_low": mean - half, "ci_high": mean + half}
    return estimates.table([row | ends])
