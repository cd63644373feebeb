"""Which coordinates survive a constant step size: simulation beside the stationary law.

At a constant step size ``eta`` the noise of SGD lets coordinate ``i`` of the quadratic model
survive only if ``w*_i > eta S / 2``, where ``S`` is the risk plus the noise's variance
(:mod:`quadlaw.theory.stationary`). All step sizes see the same samples.

That multiplicative noise drives weights to zero, and that a network collapses to fewer of them, was
known: stochastic collapse (Chen et al. 2023, arXiv 2306.04251). For diagonal networks, what SGD
prefers and where it ends was found by Pesme et al. (2021, arXiv 2106.09524). The threshold and its
relation to the paper's step size are worked out here.
"""

import numpy as np
import pandas as pd
import scipy
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.fit import estimates
from quadlaw.fit.points import replicates_of, spectrum_of
from quadlaw.sgd.problem import Spectrum
from quadlaw.sgd.run import follow_lanes, log_spaced
from quadlaw.sgd.schedules import TwoPhase, named
from quadlaw.studies import settings as keys
from quadlaw.theory.stationary import ALIVE, surviving_share

SMOKE = {
    "model_size": 32,
    "coordinates": 16,
    "samples": 4096,
    "step_sizes": [0.05, 0.1],
    "replicates": 12,
}
REPORT = (
    "7. Theory against simulation",
    "Which coordinates survive the noise of a constant step size?",
)


class Settings(typed.Settings):
    """Runs at constant step sizes."""

    alpha: keys.Alpha
    beta: keys.Beta
    sigma: keys.Sigma
    model_size: keys.ModelSize
    samples: keys.SampleSize
    init: keys.Init
    step_sizes: typed.several(
        keys.positive("Step size eta."), "Step sizes, all constant.",
        "must list at least one step size, none twice",
    )  # fmt: skip
    coordinates: keys.Followed = 40
    replicates: keys.Replicates = 128

    @model_validator(mode="after")
    def _related(self):
        for number, eta in enumerate(self.step_sizes):
            keys.check_step(f"step_sizes[{number}]", self.model_dump(), eta)
        reason = f"the model has only {self.model_size}"
        typed.demand(self.coordinates <= self.model_size, "coordinates", self.coordinates, reason)
        return self


def rows(settings: dict) -> pd.DataFrame:
    """One row a step size."""
    shared = {key: value for key, value in settings.items() if key != "step_sizes"}
    lanes = pd.DataFrame({"step_size": settings["step_sizes"]})
    constant = TwoPhase(adaptation=1.0).name
    return lanes.assign(**shared | {"model": "quadratic", "schedule": constant})


def extra(settings: dict) -> dict:
    """Looks at weights."""
    runs = settings["replicates"] * len(settings["step_sizes"])
    return {"sgd_runs": {"looks": runs * settings["coordinates"]}}


def run_point(point: dict, seed: int, dtype: str, listed: Spectrum | None = None) -> pd.DataFrame:
    """Which coordinates of each run are alive after ``T`` steps.

    Columns: ``step_size, replicate, coordinate, target, alive, excess_risk, sigma``.
    """
    lanes, samples, first = point["lanes"], point["samples"], point["lanes"][0]
    coordinates = log_spaced(first["model_size"], first["coordinates"])[1:]
    risk, weights = follow_lanes(
        spectrum_of(point, first["model_size"], listed), pd.DataFrame(lanes), samples,
        coordinates=coordinates, times=[samples], replicates=replicates_of(point), seed=seed,
        schedule=named(point["schedule"]), dtype=dtype,
    )  # fmt: skip
    keys = ["step_size", "replicate"]
    table = weights[[*keys, "coordinate", "target", "weight", "sigma"]]
    table = table.merge(risk[[*keys, "excess_risk"]], on=keys, validate="m:1")
    return table.assign(alive=table["weight"] > ALIVE * table["target"])


def predicted(design: pd.DataFrame) -> pd.DataFrame:
    """The law needs the variance that is measured: it is drawn, see :func:`shares`."""
    return design


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shares of survivors; the target at which half of the runs survive."""
    alive = with_variance(tables["runs"])
    return shares(alive), half_survival(alive)


def with_variance(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs with ``scaled_target = w*_i / (eta S)``, ``variance`` and ``diverged``.

    ``variance`` is ``S``: the mean risk at the end plus ``sigma^2``.
    """
    each = runs.drop_duplicates(["step_size", "replicate"])
    stays = each[np.isfinite(each["excess_risk"])]
    mean = stays.groupby("step_size")["excess_risk"].mean()
    variance = runs["step_size"].map(mean) + runs["sigma"] ** 2
    scaled = runs["target"] / (runs["step_size"] * variance)
    diverged = runs["weight"].isna()
    return runs.assign(variance=variance, scaled_target=scaled, diverged=diverged)


def shares(alive: pd.DataFrame) -> pd.DataFrame:
    """Share of runs in which each coordinate is alive, of the runs that did not diverge.

    ``alive`` as from :func:`with_variance`. Columns: ``step_size, coordinate, target, variance,
    scaled_target, diverged_share``; ``share`` with its 95 % interval ``ci_low, ci_high`` (Clopper
    and Pearson 1934); ``predicted`` by the stationary Gamma law; ``replicates`` that stayed.
    """
    keys = ["step_size", "coordinate", "target", "variance", "scaled_target"]
    diverged = alive.groupby("step_size")["diverged"].mean()
    table = alive[~alive["diverged"]].groupby(keys)["alive"].agg(["sum", "count"]).reset_index()
    intervals = [
        scipy.stats.binomtest(int(some), int(every)).proportion_ci()
        for some, every in zip(table["sum"], table["count"], strict=True)
    ]
    return table[keys].assign(
        share=table["sum"] / table["count"],
        ci_low=[interval.low for interval in intervals],
        ci_high=[interval.high for interval in intervals],
        predicted=surviving_share(table["target"], table["step_size"], table["variance"]),
        diverged_share=table["step_size"].map(diverged),
        replicates=table["count"],
    )


def half_survival(alive: pd.DataFrame) -> pd.DataFrame:
    """The scaled target ``w*_i / (eta S)`` at which half of the runs survive, all steps pooled.

    ``alive`` as from :func:`with_variance`. A rising curve is fitted to the shares (isotonic
    regression, weighted by runs) and read off at one half in ``log``. The interval is a bootstrap
    over replicates, drawn as a whole: the coordinates of a run depend on one another, and so do
    the step sizes, which share their samples. Columns: those of :mod:`quadlaw.fit.estimates`.
    """
    stays = alive[~alive["diverged"]]
    wide = stays.pivot(index="scaled_target", columns="replicate", values="alive").astype(float)
    log_target, lives = np.log(wide.index.to_numpy()), wide.to_numpy()

    def half(chosen):
        runs = np.isfinite(lives[:, chosen]).sum(axis=1)
        seen = runs > 0
        share = np.nansum(lives[:, chosen], axis=1)[seen] / runs[seen]
        rising = scipy.optimize.isotonic_regression(share, weights=runs[seen]).x
        above = int(np.argmax(rising >= 0.5))
        pair = slice(max(above - 1, 0), above + 1)
        return float(np.exp(np.interp(0.5, rising[pair], log_target[seen][pair])))

    replicates = wide.shape[1]
    row = {"quantity": "half-survival target", "model": "quadratic", "against": "eta S"}
    row |= {"estimate": half(np.arange(replicates))}
    row |= estimates.ends(estimates.resampled(replicates, half), replicates)
    return estimates.table([row])
