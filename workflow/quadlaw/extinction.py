"""Which coordinates survive a constant step size: simulation beside the stationary law."""

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from quadlaw import estimates
from quadlaw.problem import PowerLaw
from quadlaw.schedules import TwoPhase
from quadlaw.sgd import log_spaced, trajectory
from quadlaw.theory.stationary import ALIVE, surviving_share

RESAMPLES = 1000


def survival(settings: dict, step_size: float, *, seed: int, dtype: str) -> pd.DataFrame:
    """Share of runs in which each coordinate is alive after ``T`` steps at a constant step size.

    Parameters
    ----------
    settings : dict
        ``alpha, beta, sigma, model_size, samples, init, coordinates, replicates``.

    Returns
    -------
    DataFrame
        ``step_size, coordinate, target, variance`` (``S``: the mean risk plus ``sigma^2``),
        ``scaled_target = w*_i / (eta S)``, ``share`` with its 95 % interval ``ci_low, ci_high``
        (Clopper and Pearson 1934), ``predicted`` by the stationary Gamma law,
        ``diverged_share, replicates``.
    """
    from scipy.stats import binomtest  # takes half a second

    problem = PowerLaw(*(settings[key] for key in ("alpha", "beta", "sigma")))
    coordinates = log_spaced(settings["model_size"], settings["coordinates"])[1:].tolist()
    names = ("model_size", "samples", "init", "replicates")
    risk, weights = trajectory(
        problem, step_size=step_size, coordinates=coordinates, times=[settings["samples"]],
        seed=seed, dtype=dtype, schedule=TwoPhase(adaptation=1.0),
        **{name: settings[name] for name in names},
    )  # fmt: skip
    variance = risk.loc[np.isfinite(risk["excess_risk"]), "excess_risk"].mean() + problem.sigma**2
    alive = weights[weights["weight"].notna()]
    alive = alive.assign(alive=alive["weight"] > ALIVE * alive["target"])
    table = alive.groupby(["coordinate", "target"])["alive"].agg(["sum", "count"]).reset_index()
    intervals = [
        binomtest(int(some), int(every)).proportion_ci()
        for some, every in zip(table["sum"], table["count"], strict=True)
    ]
    scaled = table["target"] / (step_size * variance)
    return pd.DataFrame(
        {
            "step_size": step_size,
            "coordinate": table["coordinate"],
            "target": table["target"],
            "variance": variance,
            "scaled_target": scaled,
            "share": table["sum"] / table["count"],
            "ci_low": [interval.low for interval in intervals],
            "ci_high": [interval.high for interval in intervals],
            "predicted": surviving_share(table["target"], step_size, variance),
            "diverged_share": 1 - np.isfinite(risk["excess_risk"]).mean(),
            "replicates": table["count"],
        }
    )


def half_survival(table: pd.DataFrame) -> pd.DataFrame:
    """The scaled target ``w*_i / (eta S)`` at which half of the runs survive, all steps pooled.

    ``table`` as from :func:`survival`. A rising curve is fitted to the shares (isotonic regression,
    weighted by runs) and read off at one half in ``log``; the interval is a bootstrap of the
    binomial counts. Columns: those of :mod:`quadlaw.estimates`.
    """
    table = table.sort_values("scaled_target")
    log_target, runs = np.log(table["scaled_target"].to_numpy()), table["replicates"].to_numpy()

    def half(shares):
        rising = isotonic_regression(shares, weights=runs).x
        above = int(np.argmax(rising >= 0.5))
        pair = slice(max(above - 1, 0), above + 1)
        return float(np.exp(np.interp(0.5, rising[pair], log_target[pair])))

    share, draw = table["share"].to_numpy(), np.random.default_rng(0)
    again = [half(draw.binomial(runs, share) / runs) for _ in range(RESAMPLES)]
    low, high = np.quantile(again, [0.025, 0.975])
    row = {"quantity": "half-survival target", "model": "quadratic", "against": "eta S"}
    return estimates.table([row | {"estimate": half(share), "ci_low": low, "ci_high": high}])
