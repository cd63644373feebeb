"""The learning front: when each coordinate of the quadratic model has grown."""

import numpy as np
import pandas as pd

from quadlaw.exponents import fit_row
from quadlaw.fitting import fit_power_law
from quadlaw.theory import rates

PROBLEM = ["model", "alpha", "beta", "sigma"]
GROWN = 0.5  # a coordinate has grown when v_i^2 / w*_i first exceeds this


def weight_curves(weights: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles over replicates of ``v_i^2 / w*_i``, by problem, time and coordinate.

    ``weights`` as from :func:`quadlaw.experiments.run_trajectory`. Columns: the problem,
    ``step_size, init, samples, adaptation_steps, time, coordinate, ratio, quartile_low,
    quartile_high``.
    """
    settings = ["step_size", "init", "samples", "adaptation_steps"]
    ratio = (weights["weight"] / weights["target"]).fillna(np.inf)  # nan: a diverged run
    grouped = weights.assign(ratio=ratio).groupby([*PROBLEM, *settings, "time", "coordinate"])[
        "ratio"
    ]
    quartiles = grouped.quantile([0.25, 0.5, 0.75], interpolation="nearest").unstack()
    quartiles.columns = ["quartile_low", "ratio", "quartile_high"]
    return quartiles.reset_index()


def growth_times(weights: pd.DataFrame) -> pd.DataFrame:
    """First time at which ``v_i^2 > w*_i / 2``, by problem, coordinate and replicate.

    Only coordinates that start below and that grew within the adaptation phase in every replicate:
    the others' times are cut off by the end of that phase. Columns: the problem, ``step_size,
    coordinate, replicate, time``.
    """
    keys = [*PROBLEM, "step_size", "coordinate"]
    grown = weights["weight"] > GROWN * weights["target"]
    started = weights[grown & (weights["time"] == 0)]
    early = weights[grown & (weights["time"] <= weights["adaptation_steps"])]
    first = early.groupby([*keys, "replicate"])["time"].min().reset_index()
    whole = first.groupby(keys)["replicate"].transform("size") == weights["replicate"].nunique()
    return first[whole & ~first["coordinate"].isin(started["coordinate"])]


def front_exponents(weights: pd.DataFrame, window: tuple[float, float]) -> pd.DataFrame:
    """``p`` of ``eta t_i ~ i^p``: how long coordinates ``i`` in ``window`` take to grow.

    The prediction ``(alpha + beta) / 2`` is the front ``i ~ (eta t)^(2/(alpha + beta))`` read the
    other way round. All coordinates share their streams.
    """
    rows = []
    for key, some in growth_times(weights).groupby([*PROBLEM, "step_size"]):
        series = dict(zip([*PROBLEM, "step_size"], key, strict=True))
        groups = list(some.sort_values("replicate").groupby("coordinate")["time"])
        times = [series["step_size"] * time.to_numpy() for _, time in groups]
        fit = fit_power_law([i for i, _ in groups], times, window=window, paired=True)
        predicted = 1 / rates.front_exponent(series["alpha"], series["beta"])
        rows.append(fit_row(series, "growth time exponent", "i", predicted, fit))
    return pd.DataFrame(rows)
