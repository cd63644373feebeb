"""Which coordinates survive a constant step size: simulation beside the stationary law."""

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from quadlaw.problem import PowerLaw
from quadlaw.schedules import TwoPhase
from quadlaw.sgd import log_spaced, trajectory
from quadlaw.theory.stationary import ALIVE, surviving_share


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
