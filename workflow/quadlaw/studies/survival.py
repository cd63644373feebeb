"""Which coordinates survive a constant step size: simulation beside the stationary law."""

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from quadlaw.fit import estimates
from quadlaw.sgd.problem import PowerLaw
from quadlaw.sgd.run import log_spaced, trajectory
from quadlaw.sgd.schedules.two_phase import TwoPhase
from quadlaw.theory.stationary import ALIVE, surviving_share


def survival(settings: dict, *, seed: int, dtype: str) -> pd.DataFrame:
    """Which coordinates of each run are alive after ``T`` steps at a constant step size.

    Parameters
    ----------
    settings : dict
        ``alpha, beta, sigma, model_size, samples, init, coordinates, replicates, step_sizes``. All
        step sizes see the same samples.

    Returns
    -------
    DataFrame
        ``step_size, replicate, coordinate, target, alive``; ``scaled_target = w*_i / (eta S)``
        with ``variance``, ``S``: the mean risk at the end plus ``sigma^2``; ``diverged``.
    """
    problem = PowerLaw(*(settings[key] for key in ("alpha", "beta", "sigma")))
    coordinates = log_spaced(settings["model_size"], settings["coordinates"])[1:].tolist()
    names = ("model_size", "samples", "init", "replicates")
    risk, weights = trajectory(
        problem, step_size=settings["step_sizes"], coordinates=coordinates,
        times=[settings["samples"]], seed=seed, dtype=dtype, schedule=TwoPhase(adaptation=1.0),
        **{name: settings[name] for name in names},
    )  # fmt: skip
    stays = risk[np.isfinite(risk["excess_risk"])]
    variance = stays.groupby("step_size")["excess_risk"].mean() + problem.sigma**2
    table = weights[["step_size", "replicate", "coordinate", "target"]].assign(
        variance=weights["step_size"].map(variance),
        alive=weights["weight"] > ALIVE * weights["target"],
        diverged=weights["weight"].isna(),
    )
    scaled = table["target"] / (table["step_size"] * table["variance"])
    return table.assign(scaled_target=scaled)


def shares(alive: pd.DataFrame) -> pd.DataFrame:
    """Share of runs in which each coordinate is alive, of the runs that did not diverge.

    ``alive`` as from :func:`survival`. Columns: ``step_size, coordinate, target, variance,
    scaled_target, diverged_share``; ``share`` with its 95 % interval ``ci_low, ci_high`` (Clopper
    and Pearson 1934); ``predicted`` by the stationary Gamma law; ``replicates`` that stayed.
    """
    from scipy.stats import binomtest  # takes half a second

    keys = ["step_size", "coordinate", "target", "variance", "scaled_target"]
    diverged = alive.groupby("step_size")["diverged"].mean()
    table = alive[~alive["diverged"]].groupby(keys)["alive"].agg(["sum", "count"]).reset_index()
    intervals = [
        binomtest(int(some), int(every)).proportion_ci()
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

    ``alive`` as from :func:`survival`. A rising curve is fitted to the shares (isotonic regression,
    weighted by runs) and read off at one half in ``log``. The interval is a bootstrap over
    replicates, drawn as a whole: the coordinates of a run depend on one another, and so do the step
    sizes, which share their samples. Columns: those of :mod:`quadlaw.fit.estimates`.
    """
    stays = alive[~alive["diverged"]]
    wide = stays.pivot(index="scaled_target", columns="replicate", values="alive").astype(float)
    log_target, lives = np.log(wide.index.to_numpy()), wide.to_numpy()

    def half(chosen):
        runs = np.isfinite(lives[:, chosen]).sum(axis=1)
        seen = runs > 0
        share = np.nansum(lives[:, chosen], axis=1)[seen] / runs[seen]
        rising = isotonic_regression(share, weights=runs[seen]).x
        above = int(np.argmax(rising >= 0.5))
        pair = slice(max(above - 1, 0), above + 1)
        return float(np.exp(np.interp(0.5, rising[pair], log_target[seen][pair])))

    replicates = wide.shape[1]
    row = {"quantity": "half-survival target", "model": "quadratic", "against": "eta S"}
    row |= {"estimate": half(np.arange(replicates))}
    row |= estimates.ends(estimates.resampled(replicates, half), replicates)
    return estimates.table([row])
