"""How label noise changes the risk, its exponent, and which coordinates adaptation keeps.

Three designs. ``tuned``: at the theory's best step size for each noise, the exponent in ``T``.
``constant``: one step size for all noises and no decay. Coordinate ``i`` then survives only if
``w*_i > eta S / 2`` (:mod:`quadlaw.theory.stationary`), so that for ``alpha < beta`` the number of
those that do falls as ``(eta S)^(-2 / (beta - alpha))``.

**Without noise** the bias alone is left. At ``tuned`` steps it has the exponent of the noisy risk,
as steps fall as ``D^((alpha - beta)/2)`` for ``alpha < beta``, with ``D = T^(1/beta)``. Only noise
asks for that. In the part ``free`` steps do not fall: coordinate ``i`` is learned once ``eta
lambda_i w*_i T ~ i^-((alpha + beta)/2) T`` is of order one, up to ``T^(2/(alpha + beta))`` of them,
so that the risk has the exponent ``(2 beta - 2)/(alpha + beta)`` on either side of ``alpha =
beta``. The variable is ``T`` for ``alpha < beta``: the time to grow has the logarithm ``log(w*_i /
v_0^2)``, which does not grow with ``i`` there. For ``alpha > beta`` it does, as in ``T / L``.
"""

import numpy as np
import pandas as pd
from pydantic import model_validator

from quadlaw.base import typed
from quadlaw.base.tables import select, stacked
from quadlaw.fit.curves import measured_curves, with_divergence
from quadlaw.fit.designs import IN_LEAPS, IN_STEPS, curve_rows
from quadlaw.fit.estimates import exponents, log_ratio, table
from quadlaw.fit.fitting import curve_exponent, fit_power_law
from quadlaw.sgd.problem import PowerLaw, problem_of
from quadlaw.sgd.schedules.constant import Constant
from quadlaw.sgd.train import GROWN
from quadlaw.studies import settings as keys
from quadlaw.theory import rates, stability_edge
from quadlaw.theory.stationary import surviving_share

SMOKE = keys.SMALL | {
    "sigmas": [0.0, 1.0],
    "survival": {"samples": 4096, "replicates": 6},
}
REPORT = (
    "6. Limits and broken assumptions",
    "Does the level of label noise change the exponents, and does it kill coordinates at a "
    "fixed step size?",
)


class Survival(typed.Settings):
    """Runs at one constant step size and several noises."""

    alpha: keys.Alpha
    beta: keys.Beta
    sigmas: typed.several(
        keys.Sigma, "Standard deviations of the label noise.",
        f"must list at least three standard deviations, {keys.RISING}", rising=True, least=3,
    )  # fmt: skip
    step_size: keys.StepSize
    samples: keys.SampleSize
    model_size: keys.ModelSize
    init: keys.Init
    replicates: keys.Replicates

    @model_validator(mode="after")
    def _related(self):
        reason = "must lie below beta, or it is not the last coordinates that die out"
        typed.demand(self.alpha < self.beta, "alpha", self.alpha, reason)
        for sigma in self.sigmas:
            keys.check_step("step_size", self.model_dump() | {"sigma": sigma}, self.step_size)
        return self


class Settings(keys.Curves):
    """Label noise."""

    problems: keys.Pairs
    sigmas: keys.Sigmas
    step_factors: keys.StepFactors = [1.0]
    survival: Survival


SHARE = 0.125  # of the edge; at a quarter and sigma = 2, a fifth of runs diverge within 2^18 steps
TUNED, FREE, CONSTANT = "tuned", "free", "constant"
FREELY = "no noise, steps that do not fall"
MORE_NOISE = "log risk with most noise over the one with least, over theory's"


def rows(settings: dict) -> pd.DataFrame:
    """Rows with the labels ``setting`` (``sigma = ...``) and ``part``."""
    frames = [
        curve_rows(
            settings | {"sigma": sigma}, one, "quadratic", share=SHARE, part=TUNED, **IN_LEAPS
        )
        for one in settings["problems"]
        for sigma in settings["sigmas"]
    ]
    frames += [_free(one, settings) for one in settings["problems"] if one["alpha"] < one["beta"]]
    survival = dict(settings["survival"])
    for sigma in survival.pop("sigmas"):
        row = (
            survival
            | {"sigma": sigma, "schedule": Constant().name, "model": "quadratic"}
            | IN_STEPS
        )
        frames.append(pd.DataFrame([row]).assign(step_factor=1.0, init_scale=np.nan, part=CONSTANT))
    design = stacked(frames)
    names = [f"sigma = {sigma:g}" for sigma in design["sigma"]]
    return design.assign(setting=np.where(design["part"] == FREE, FREELY, names))


def _free(one: dict, settings: dict) -> pd.DataFrame:
    """Without noise, at ``SHARE`` of the edge for all ``T``; sizes and starts to match."""
    alpha, beta = one["alpha"], one["beta"]
    rows = curve_rows(settings | {"sigma": 0.0}, one, "quadratic", part=FREE, **IN_LEAPS)
    learned = rows["samples"] ** rates.front_exponent(alpha, beta)
    sizes = np.ceil(settings["size_factor"] * learned).astype(int)
    problem = PowerLaw(alpha, beta, 0.0)
    steps = [SHARE * stability_edge(problem, size, "quadratic") for size in sizes]
    init = rates.initial_value(alpha, beta, learned)
    return rows.drop(columns="tuning").assign(model_size=sizes, step_size=steps, init=init)


def results(tables: dict, settings: dict) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Median risks by noise and ``T``; mean numbers of survivors; exponents."""
    runs, theory = tables["runs"], tables["theory"]
    curve, constant = runs[runs["part"] != CONSTANT], runs[runs["part"] == CONSTANT]
    rows = list(exponents(curve, "sample exponent", window=settings["window"], theory=theory))
    rows += [_more_noise(one, runs, theory) for one in settings["problems"]]
    rows.append(_survival(constant))
    left = constant[~constant["diverged"]].groupby(["part", "setting"])["learned"]
    survivors = left.agg(survivors="mean", survivors_error="sem").reset_index()
    curves = measured_curves(runs, theory).merge(survivors, on=["part", "setting"], how="left")
    return curves, table(rows)


def _more_noise(one: dict, runs: pd.DataFrame, theory: pd.DataFrame) -> dict:
    """The risk with the most noise beside the one with the least, at the largest ``T``."""
    where = {"alpha": one["alpha"], "beta": one["beta"], "part": TUNED}
    runs, theory = with_divergence(select(runs, **where)), select(theory, **where)
    runs, theory = (some[some["samples"] == some["samples"].max()] for some in (runs, theory))
    values = [some.to_numpy() for _, some in runs.groupby("sigma")["risk"]]
    known = theory.sort_values("sigma")["theory"].to_numpy()
    found = log_ratio(values[-1], values[0], known[-1] / known[0], paired=False)
    series = {key: runs[key].iloc[0] for key in ("model", "alpha", "beta", "method")}
    return series | found | {"quantity": MORE_NOISE}


def _survival(runs: pd.DataFrame) -> dict:
    """Exponent of the number of survivors in ``eta S``, with ``S`` the mean risk and the noise."""
    runs = runs[~runs["diverged"]]
    groups = [some for _, some in runs.groupby("sigma")]
    scale = [
        some["step_size"].iloc[0] * (some["excess_risk"].mean() + some["sigma"].iloc[0] ** 2)
        for some in groups
    ]
    fit = fit_power_law(scale, [some["learned"].clip(lower=0.5).to_numpy() for some in groups])
    problem = problem_of(runs.iloc[0])
    expected = [expected_survivors(problem, runs["model_size"].iloc[0], x) for x in scale]
    return {
        **runs.iloc[0][["model", "alpha", "beta"]].to_dict(),
        "quantity": "surviving coordinates exponent",
        "against": "eta S",
        "estimate": fit.exponent,
        "ci_low": fit.ci_low,
        "ci_high": fit.ci_high,
        "theory": curve_exponent(scale, expected, fit.window),
        "window_low": fit.window[0],
        "window_high": fit.window[1],
        "points": fit.points,
    }


def expected_survivors(problem: PowerLaw, size: int, scale: float) -> float:
    """Expected number of coordinates with ``v_i^2 > w*_i / 2`` by the stationary law.

    ``scale`` is ``eta S``.
    """
    return float(surviving_share(problem.target(size), scale, 1.0, above=GROWN).sum())
